package handlers

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yibao/balance"
	"yibao/handlers/web"
	"yibao/identity"
	"yibao/reminder"
)

type putReminderInput struct {
	LinkID
	Body struct {
		ThresholdFen  thresholdFen `json:"threshold_fen" example:"10000"`
		MarginFen     *marginFen   `json:"margin_fen,omitempty" example:"1000"`
		InsuranceType string       `json:"insurance_type,omitempty" maxLength:"6" pattern:"^[0-9]*$" example:"310"`
		Template      string       `json:"template,omitempty" maxLength:"64" example:"low_balance"`
		ShowAmount    bool         `json:"show_amount,omitempty" example:"false"`
		QuietHours    *quietHours  `json:"quiet_hours,omitempty"`
		// Consent is not needed where the link's own consent already covers regular reading.
		Consent *reminderConsent `json:"consent,omitempty"`
	}
}

// The amounts of a reminder, with the bounds that the domain sets.
type (
	thresholdFen balance.Fen
	marginFen    balance.Fen
)

// Schema names the bounds.
func (thresholdFen) Schema(huma.Registry) *huma.Schema {
	return bounded(reminder.MinThreshold, reminder.MaxThreshold)
}

// Schema names the bounds.
func (marginFen) Schema(huma.Registry) *huma.Schema { return bounded(0, reminder.MaxThreshold) }

// bounded shows bounds in the document but lets Huma not check them: Huma would only say "too small", the domain's own
// error names the bounds.
func bounded(least, most balance.Fen) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Format: "int64", Extensions: map[string]any{"minimum": least, "maximum": most}}
}

type quietHours struct {
	Start string `json:"start" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"22:00"`
	End   string `json:"end" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"07:00"`
}

// quietHoursView is the same in an answer.
type quietHoursView quietHours

type reminderConsent struct {
	Version string `json:"version" minLength:"1" maxLength:"64" example:"2026-11"`
}

type reminderView struct {
	ThresholdFen   balance.Fen        `json:"threshold_fen" example:"10000"`
	Threshold      string             `json:"threshold" example:"¥100.00"`
	MarginFen      balance.Fen        `json:"margin_fen" example:"1000"`
	InsuranceType  string             `json:"insurance_type" example:"310"`
	InsuranceName  string             `json:"insurance_name" example:"职工医保"`
	Template       string             `json:"template" example:"low_balance"`
	ShowAmount     bool               `json:"show_amount" example:"false"`
	QuietHours     *quietHoursView    `json:"quiet_hours,omitempty"`
	State          reminder.RuleState `json:"state" enum:"new,armed,below" example:"armed"`
	AlreadyBelow   bool               `json:"already_below" example:"false"`
	LastReason     reminder.Reason    `json:"last_reason,omitempty" example:"above_line"`
	LastReasonText string             `json:"last_reason_text,omitempty" example:"余额不低于提醒金额"`
	EvaluatedAt    moment             `json:"evaluated_at,omitempty"`
	NextCheckAt    moment             `json:"next_check_at" example:"2026-11-21T09:00:00+08:00"`
	CreatedAt      moment             `json:"created_at" example:"2026-11-20T19:30:00+08:00"`
	Quota          *quotaView         `json:"quota,omitempty"`
	Reachable      *bool              `json:"reachable,omitempty" example:"true"`
	Notices        []noticeView       `json:"notices"`
}

func (s *server) putReminder(ctx context.Context, in *putReminderInput) (*out[reminderView], error) {
	body := &in.Body
	if q := body.QuietHours; q != nil && q.Start == q.End {
		return nil, errQuiet // all day or never? To the domain they would mean "none"
	}
	setting := reminder.Setting{
		Threshold: balance.Fen(body.ThresholdFen), Margin: (*balance.Fen)(body.MarginFen), InsuranceType: body.InsuranceType,
		Template: body.Template, ShowAmount: body.ShowAmount, Quiet: body.QuietHours.minutes(),
	}
	if body.Consent != nil {
		if body.Consent.Version != s.Consent.Version {
			return nil, errConsent // not the text in force
		}
		setting.ConsentVersion = body.Consent.Version
	}
	rule, err := s.Reminders.Put(ctx, web.CallerOf(ctx), in.ID, setting)
	if err != nil {
		return nil, err
	}
	return answer(s.reminder(ctx, rule)), nil
}

type patchReminderInput struct {
	LinkID
	Body struct {
		ThresholdFen  patched[thresholdFen] `json:"threshold_fen,omitempty" nullable:"false" example:"10000"`
		MarginFen     patched[marginFen]    `json:"margin_fen,omitempty" example:"1000"`
		InsuranceType patched[string]       `json:"insurance_type,omitempty" maxLength:"6" pattern:"^[0-9]*$" example:"310"`
		Template      patched[string]       `json:"template,omitempty" maxLength:"64" example:"low_balance"`
		ShowAmount    patched[bool]         `json:"show_amount,omitempty" example:"true"`
		QuietHours    patched[quietPatch]   `json:"quiet_hours,omitempty"`
		Consent       patched[consentPatch] `json:"consent,omitempty"`
	}
}

// quietPatch changes one end of the quiet hours or both: a merge patch goes into objects.
type quietPatch struct {
	Start patched[string] `json:"start,omitempty" nullable:"false" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"22:00"`
	End   patched[string] `json:"end,omitempty" nullable:"false" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"07:00"`
}

type consentPatch struct {
	Version string `json:"version" minLength:"1" maxLength:"64" example:"2026-11"`
}

// patchReminder changes the fields that are there; null sets the default.
func (s *server) patchReminder(ctx context.Context, in *patchReminderInput) (*out[reminderView], error) {
	rule, err := s.Reminders.Patch(ctx, web.CallerOf(ctx), in.ID, func(set *reminder.Setting) error {
		body := &in.Body
		if body.ThresholdFen.Given && body.ThresholdFen.Value == nil {
			return reminder.ErrThreshold // it has no default
		}
		body.ThresholdFen.apply((*thresholdFen)(&set.Threshold))
		if body.MarginFen.Given {
			set.Margin = (*balance.Fen)(body.MarginFen.Value)
		}
		body.InsuranceType.apply(&set.InsuranceType)
		body.Template.apply(&set.Template)
		body.ShowAmount.apply(&set.ShowAmount)
		if consent := body.Consent; consent.Given {
			set.Given, set.ConsentVersion = identity.Consent{}, ""
			if consent.Value != nil {
				set.ConsentVersion = consent.Value.Version
			}
		}
		if set.ConsentVersion != "" && set.ConsentVersion != s.Consent.Version {
			return identity.ErrConsentMissing // not the text in force
		}
		return patchQuiet(body.QuietHours, &set.Quiet)
	})
	if err != nil {
		return nil, err
	}
	return answer(s.reminder(ctx, rule)), nil
}

func (s *server) getReminder(ctx context.Context, in *LinkID) (*out[reminderView], error) {
	rule, err := s.Reminders.Get(ctx, web.CallerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.reminder(ctx, rule)), nil
}

func (s *server) deleteReminder(ctx context.Context, in *LinkID) (*struct{}, error) {
	return nil, s.Reminders.Delete(ctx, web.CallerOf(ctx), in.ID)
}

func (s *server) reminder(ctx context.Context, r *reminder.Rule) reminderView {
	quotas, err := s.Reminders.Quotas(ctx, web.CallerOf(ctx))
	if err != nil {
		quotas = nil // the rule is shown without
	}
	return s.reminderWith(r, quotas, web.LanguageOf(ctx))
}

// reminderWith shows a rule with the quota of its template. If the quotas could not be read, it is not said whether a
// message can reach the user.
func (s *server) reminderWith(r *reminder.Rule, quotas []reminder.Quota, l web.Language) reminderView {
	view := reminderView{
		ThresholdFen: r.Threshold, Threshold: r.Threshold.Display(), MarginFen: r.Margin,
		InsuranceType: r.InsuranceType, InsuranceName: balance.InsuranceName(r.InsuranceType, l.Short()),
		Template: r.Template, ShowAmount: r.ShowAmount, QuietHours: viewQuiet(r.Quiet),
		State: r.State, AlreadyBelow: r.LastReason == reminder.ReasonAlreadyBelow,
		LastReason: r.LastReason, EvaluatedAt: stamp(r.EvaluatedAt), NextCheckAt: stamp(r.DueAt),
		CreatedAt: stamp(r.CreatedAt), Notices: []noticeView{},
	}
	if r.LastReason != "" {
		view.LastReasonText = reasonText(reasonTexts, string(r.LastReason), l)
	}
	at := slices.IndexFunc(quotas, func(q reminder.Quota) bool { return q.Template == r.Template })
	if at < 0 {
		return view
	}
	quota, reachable := viewQuota(quotas[at]), quotas[at].Free > 0
	view.Quota, view.Reachable = &quota, &reachable
	if !reachable {
		view.Notices = append(view.Notices, notice(noticeUnreachable, stamp(s.Now()), l))
	}
	return view
}

// minutes reads hours that the schema has checked; nil means none.
func (q *quietHours) minutes() reminder.QuietHours {
	if q == nil {
		return reminder.QuietHours{}
	}
	return reminder.QuietHours{Start: clockMinutes(q.Start), End: clockMinutes(q.End)}
}

// patchQuiet changes the ends that the patch has. Where no quiet hours are set, it must have both.
func patchQuiet(patch patched[quietPatch], quiet *reminder.QuietHours) error {
	if !patch.Given || patch.Value == nil {
		patched[reminder.QuietHours]{Given: patch.Given}.apply(quiet)
		return nil
	}
	hours := (*quietHours)(viewQuiet(*quiet))
	if hours == nil {
		hours = &quietHours{}
	}
	patch.Value.Start.apply(&hours.Start)
	patch.Value.End.apply(&hours.End)
	if hours.Start == "" || hours.End == "" || hours.Start == hours.End {
		return reminder.ErrQuietHours
	}
	*quiet = hours.minutes()
	return nil
}

// clockMinutes reads "22:30" as minutes since midnight.
func clockMinutes(clock string) int {
	at, _ := time.Parse("15:04", clock) // the schema has checked it
	return at.Hour()*60 + at.Minute()
}

func viewQuiet(q reminder.QuietHours) *quietHoursView {
	if q.Start == q.End {
		return nil
	}
	return &quietHoursView{Start: clockText(q.Start), End: clockText(q.End)}
}

func clockText(minutes int) string {
	return time.Time{}.Add(time.Duration(minutes) * time.Minute).Format("15:04")
}

type deliveryView struct {
	ID         string                 `json:"id"`
	State      reminder.DeliveryState `json:"state" enum:"pending,sending,accepted,refused,unknown,dropped" example:"accepted"`
	StateText  string                 `json:"state_text" example:"已发送"`
	Reason     reminder.Reason        `json:"reason,omitempty"`
	ReasonText string                 `json:"reason_text,omitempty"`
	Template   string                 `json:"template" example:"low_balance"`
	CreatedAt  moment                 `json:"created_at"`
	EndedAt    moment                 `json:"ended_at,omitempty" example:"2026-11-21T08:00:01+08:00"`
}

type deliveriesView struct {
	Deliveries []deliveryView `json:"deliveries"`
}

const shownDeliveries = 50

func (s *server) listDeliveries(ctx context.Context, in *LinkID) (*out[deliveriesView], error) {
	list, err := s.Reminders.Deliveries(ctx, web.CallerOf(ctx), in.ID, shownDeliveries)
	if err != nil {
		return nil, err
	}
	l := web.LanguageOf(ctx)
	return answer(deliveriesView{each(list, func(d reminder.Delivery) deliveryView {
		view := deliveryView{
			ID: d.ID, State: d.State, StateText: reasonText(deliveryTexts, string(d.State), l), Reason: d.Reason,
			Template: d.Template, CreatedAt: stamp(d.CreatedAt), EndedAt: stamp(d.EndedAt),
		}
		if d.Reason != "" {
			view.ReasonText = reasonText(reasonTexts, string(d.Reason), l)
		}
		return view
	})}), nil
}

type templateView struct {
	Name        string        `json:"name" example:"low_balance"`
	TemplateID  string        `json:"template_id" example:"TEMPLATE-ID"`
	Kind        reminder.Kind `json:"kind" enum:"one_time,long_term" example:"one_time"`
	Title       string        `json:"title" example:"余额提醒"`
	ShowsAmount bool          `json:"shows_amount" example:"true"`
	Free        int           `json:"free" example:"1"`
}

type templatesView struct {
	Templates []templateView `json:"templates"`
}

func (s *server) listTemplates(ctx context.Context, _ *none) (*out[templatesView], error) {
	caller := web.CallerOf(ctx)
	quotas, err := s.Reminders.Quotas(ctx, caller)
	if err != nil {
		return nil, err
	}
	free := map[string]int{}
	for _, q := range quotas {
		free[q.Template] = q.Free
	}
	list := s.Reminders.Templates(caller.Platform, caller.App)
	return answer(templatesView{each(list, func(t reminder.Template) templateView {
		return templateView{t.Name, t.TemplateID, t.Kind, t.Title, t.ShowsAmount, free[t.Name]}
	})}), nil
}

type subscriptionInput struct {
	Body struct {
		ReportID string            `json:"report_id" minLength:"1" maxLength:"64" pattern:"^[0-9A-Za-z_-]+$" example:"f2b6a1f0-5f0e-4f53-9b8e-3c8d0a6d1c11"`
		Results  map[string]string `json:"results" minProperties:"1" maxProperties:"20" example:"{\"TEMPLATE-ID\":\"accept\"}"`
	}
}

type quotaView struct {
	Template string `json:"template" example:"low_balance"`
	Free     int    `json:"free" example:"1"`
	Reserved int    `json:"reserved" example:"0"`
	Unknown  int    `json:"unknown" example:"0"`
}

type quotasView struct {
	Quotas []quotaView `json:"quotas"`
	// Ignored shows a developer template ids that the configuration does not have, and results that are no known word.
	Ignored []string `json:"ignored,omitempty"`
}

func viewQuota(q reminder.Quota) quotaView {
	return quotaView{q.Template, q.Free, len(q.Reserved), len(q.Unknown)}
}

func (s *server) reportSubscription(ctx context.Context, in *subscriptionInput) (*out[quotasView], error) {
	quotas, err := s.Reminders.Report(ctx, web.CallerOf(ctx), reminder.Report{ID: in.Body.ReportID, Results: in.Body.Results})
	if err != nil {
		return nil, err
	}
	return answer(quotasView{Quotas: each(quotas, viewQuota), Ignored: s.ignored(web.CallerOf(ctx), in.Body.Results)}), nil
}

// ignored lists the reported template ids that the caller's app does not have, and those with a result of no known word.
func (s *server) ignored(c *identity.Caller, results map[string]string) []string {
	templates := s.Reminders.Templates(c.Platform, c.App)
	ids := slices.Sorted(maps.Keys(results))
	return slices.DeleteFunc(ids, func(id string) bool {
		ours := slices.ContainsFunc(templates, func(t reminder.Template) bool { return t.TemplateID == id })
		return ours && reminder.KnownResult(results[id])
	})
}
