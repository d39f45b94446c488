package reminder

import (
	"context"
	"errors"
	"slices"

	"yibao/identity"
)

// maxReports is how many client reports a quota remembers: far more than a client repeats.
const maxReports = 100

// Report is what the platform's subscribe sheet told the client. It is a hint: a forged "accept" costs one refused send,
// which sets the quota to what the platform knows.
type Report struct {
	ID string // the client's own, so that repeating a report is harmless; 1 to 64 characters
	// Results holds the sheet's answer for each of the platform's template ids. Exactly "accept" grants; "reject" and
	// "ban" withdraw a long-term grant; whatever else a platform may say, now or later, is no grant. Unknown ids are
	// ignored.
	Results map[string]string
}

// The results that mean something.
const (
	resultAccept = "accept"
	resultReject = "reject"
	resultBan    = "ban"
)

// Templates lists the templates of an app, in the order of the configuration.
func (s *Service) Templates(platform identity.Platform, app string) []Template {
	var list []Template
	for _, t := range s.Deps.Templates {
		if t.Platform == platform && t.App == app {
			list = append(list, t)
		}
	}
	return list
}

// template finds one of the app's templates by our name; "" means the first.
func (s *Service) template(platform identity.Platform, app, name string) (Template, bool) {
	for _, t := range s.Templates(platform, app) {
		if name == "" || t.Name == name {
			return t, true
		}
	}
	return Template{}, false
}

// Report counts what the client reports and returns the caller's quotas. A report that was counted already changes
// nothing. Deliveries that waited for quota become due. Errors: ErrReportID.
func (s *Service) Report(ctx context.Context, c *identity.Caller, report Report) ([]Quota, error) {
	if report.ID == "" || len(report.ID) > 64 {
		return nil, ErrReportID
	}
	granted := map[string]bool{}
	for _, t := range s.Templates(c.Platform, c.App) {
		result, told := report.Results[t.TemplateID]
		if !told {
			continue
		}
		// One update counts the grant and remembers the report: a crash or a lost answer cannot part them, and the
		// client's repetition finds the report remembered.
		_, err := s.Store.UpdateQuota(ctx, c.UserID, t.Name, func(q *Quota) error {
			return q.count(report.ID, t.Kind, result, s.cfg.MaxFree)
		})
		if err != nil && !errors.Is(err, ErrReportAgain) {
			return nil, err
		}
		granted[t.Name] = result == resultAccept
	}
	if err := s.wake(ctx, c.UserID, granted); err != nil {
		return nil, err
	}
	return s.Quotas(ctx, c)
}

// count applies one result; ErrReportAgain for a report that was counted already.
func (q *Quota) count(reportID string, kind Kind, result string, most int) error {
	if slices.Contains(q.Reports, reportID) {
		return ErrReportAgain
	}
	q.Reports = append(q.Reports, reportID)
	q.Reports = q.Reports[max(0, len(q.Reports)-maxReports):]
	switch {
	case kind == LongTerm && result == resultAccept:
		q.Free = 1
	case kind == LongTerm && (result == resultReject || result == resultBan):
		q.Free = 0
	case kind == OneTime && result == resultAccept:
		q.Free = max(q.Free, min(q.Free+1, most)) // never fewer, after the limit was lowered
	}
	return nil
}

// wake makes deliveries due that waited for these templates' quota. Left out by a crash, they come at their own time.
func (s *Service) wake(ctx context.Context, userID string, granted map[string]bool) error {
	open, err := s.Store.OpenDeliveries(ctx, userID)
	if err != nil {
		return err
	}
	for _, d := range open {
		if granted[d.Template] && d.State == DeliveryPending && d.Reason == ReasonNoQuota {
			if err := s.pull(ctx, d.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// Quotas returns the caller's quota of every template of their app.
func (s *Service) Quotas(ctx context.Context, c *identity.Caller) ([]Quota, error) {
	var list []Quota
	for _, t := range s.Templates(c.Platform, c.App) {
		quota, err := s.Store.Quota(ctx, c.UserID, t.Name)
		if errors.Is(err, ErrNotFound) {
			quota, err = &Quota{UserID: c.UserID, Template: t.Name}, nil
		}
		if err != nil {
			return nil, err
		}
		quota.prune(s.now())
		list = append(list, *quota)
	}
	return list, nil
}
