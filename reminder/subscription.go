package reminder

import (
	"context"
	"slices"
	"strings"

	"yibao/identity"
)

// maxReports is how many client reports a quota remembers: far more than a client repeats.
const maxReports = 100

// Report holds the answers of the platform's subscribe sheet, sent by the client. It is a hint: a forged "accept" costs
// one refused send, which sets the quota to the platform's count.
type Report struct {
	ID string // the client's own, so that repeating a report is harmless; 1 to 64 characters
	// Results holds the sheet's answer for each of the platform's template ids, see Grants and KnownResult. "reject" and
	// "ban" withdraw a long-term grant. Unknown ids are ignored.
	Results map[string]string
}

// The results beside those that grant. Only the first two change a quota.
const (
	resultReject = "reject"
	resultBan    = "ban"
	resultFilter = "filter"
)

// Grants says whether the sheet's answer allows messages: "accept", or one of the words that begin so and tell more, as
// acceptWithAudio, acceptWithAlert and acceptWithForcePush of WeChat.
func Grants(result string) bool { return strings.HasPrefix(result, "accept") }

// KnownResult says whether the answer is a word that the platforms are known to give.
func KnownResult(result string) bool {
	return Grants(result) || slices.Contains([]string{resultReject, resultBan, resultFilter}, result)
}

// Report counts the client's report and returns the caller's quotas. A report that was counted already changes nothing.
// Deliveries that waited for quota become due. Errors: ErrReportID.
func (s *Service) Report(ctx context.Context, c *identity.Caller, report Report) ([]Quota, error) {
	if report.ID == "" || len(report.ID) > 64 {
		return nil, ErrReportID
	}
	granted := map[string]bool{}
	for _, t := range s.Templates(c.Platform, c.App) {
		result, reported := report.Results[t.TemplateID]
		if !reported {
			continue
		}
		if !KnownResult(result) {
			s.Log.Warn("subscription_result_unknown", "platform", c.Platform, "app", c.App, "template", t.Name)
		}
		// Write 1: one update counts the grant and remembers the report. After a crash, or if the answer is lost, the
		// client repeats the report, and the templates that counted it already count nothing.
		_, err := s.Store.UpdateQuota(ctx, c.UserID, t.Name, func(q *Quota) error {
			return q.count(report.ID, t.Kind, result, s.cfg.MaxFree)
		})
		if err := unlessChanged(err); err != nil {
			return nil, err
		}
		granted[t.Name] = Grants(result)
	}
	open, err := s.Store.OpenDeliveries(ctx, c.UserID)
	if err != nil {
		return nil, err
	}
	for _, d := range open {
		if granted[d.Template] && d.unsubscribed() {
			// Write 2: after a crash before it the delivery is sent at its own time.
			if err := s.wake(ctx, d.ID); err != nil {
				return nil, err
			}
		}
	}
	return s.Quotas(ctx, c)
}

// count applies one result. It changes nothing, with errChanged, for a report that was counted already.
func (q *Quota) count(reportID string, kind Kind, result string, maxFree int) error {
	if slices.Contains(q.Reports, reportID) {
		return errChanged
	}
	q.Reports = append(q.Reports, reportID)
	q.Reports = q.Reports[max(0, len(q.Reports)-maxReports):]
	switch {
	case kind == LongTerm && Grants(result):
		q.Free = 1
	case kind == LongTerm && (result == resultReject || result == resultBan):
		q.Free = 0
	case kind == OneTime && Grants(result):
		q.Free = max(q.Free, min(q.Free+1, maxFree)) // never fewer, if the limit was lowered
	}
	return nil
}

// wake makes a delivery due that waits for quota.
func (s *Service) wake(ctx context.Context, deliveryID string) error {
	_, err := s.Store.UpdateDelivery(ctx, deliveryID, func(current *Delivery) error {
		if current.State != DeliveryPending || !current.unsubscribed() {
			return errChanged
		}
		current.NotBefore = s.now()
		return nil
	})
	if overtaken(err) {
		return nil
	}
	return err
}

// Quotas returns the caller's quota of every template of their app.
func (s *Service) Quotas(ctx context.Context, c *identity.Caller) ([]Quota, error) {
	var list []Quota
	for _, t := range s.Templates(c.Platform, c.App) {
		quota, err := s.Store.Quota(ctx, c.UserID, t.Name)
		if err != nil {
			return nil, err
		}
		quota.prune(s.now())
		list = append(list, *quota)
	}
	return list, nil
}
