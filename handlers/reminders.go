package handlers

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

type putReminderInput struct {
	PathID
	Body struct {
		ThresholdFen  thresholdFen `json:"threshold_fen" doc:"余额低于此金额时提醒（分）" example:"10000"`
		MarginFen     *marginFen   `json:"margin_fen,omitempty" doc:"余额回升超过提醒金额多少后重新生效（分）" example:"1000"`
		InsuranceType string       `json:"insurance_type,omitempty" maxLength:"6" pattern:"^[0-9]*$" patternDescription:"digits" doc:"险种代码；省略为有个人账户的险种" example:"310"`
		Template      string       `json:"template,omitempty" maxLength:"64" doc:"消息模板，见 GET /v1/templates" example:"low_balance"`
		ShowAmount    bool         `json:"show_amount,omitempty" doc:"消息中是否显示余额（会出现在锁屏上）" example:"false"`
		QuietHours    *quietHours  `json:"quiet_hours,omitempty"`
		// Consent is not needed where the link's own consent already covers regular reading.
		Consent *reminderConsent `json:"consent,omitempty" doc:"绑定时未同意定期查询余额的，须在此同意"`
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

// bounded shows bounds in the document without having Huma check them: it would only say "too small", where the domain's
// own error says what the bounds are.
func bounded(least, most balance.Fen) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Format: "int64", Extensions: map[string]any{"minimum": least, "maximum": most}}
}

type quietHours struct {
	Start string `json:"start" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"HH:MM" doc:"开始（含），北京时间" example:"22:00"`
	End   string `json:"end" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"HH:MM" doc:"结束（不含）；可以跨过午夜" example:"07:00"`
}

type reminderConsent struct {
	Version string `json:"version" minLength:"1" maxLength:"64" doc:"同意定期查询余额的说明版本" example:"2026-11"`
}

type reminderView struct {
	ThresholdFen   balance.Fen        `json:"threshold_fen" example:"10000"`
	Threshold      string             `json:"threshold" example:"¥100.00"`
	MarginFen      balance.Fen        `json:"margin_fen" example:"1000"`
	InsuranceType  string             `json:"insurance_type" example:"310"`
	InsuranceName  string             `json:"insurance_name" example:"职工医保"`
	Template       string             `json:"template" example:"low_balance"`
	ShowAmount     bool               `json:"show_amount"`
	QuietHours     *quietHours        `json:"quiet_hours,omitempty"`
	State          reminder.RuleState `json:"state" enum:"new,armed,below" doc:"new 尚未判断；armed 生效中；below 已低于提醒金额"`
	AlreadyBelow   bool               `json:"already_below" doc:"设置时余额已低于提醒金额；回升后才会再提醒"`
	LastReason     reminder.Reason    `json:"last_reason,omitempty" example:"above_line"`
	LastReasonText string             `json:"last_reason_text,omitempty" doc:"最近一次判断的结果，可直接展示" example:"余额不低于提醒金额"`
	EvaluatedAt    moment             `json:"evaluated_at,omitempty"`
	NextCheckAt    moment             `json:"next_check_at"`
	CreatedAt      moment             `json:"created_at"`
	Quota          *quotaView         `json:"quota,omitempty" doc:"该消息模板的订阅次数"`
}

func (s *server) putReminder(ctx context.Context, in *putReminderInput) (*out[reminderView], error) {
	body := &in.Body
	if q := body.QuietHours; q != nil && q.Start == q.End {
		return nil, fail(errQuiet) // all day or never? The domain's word for "none" would drop them without a word
	}
	setting := reminder.Setting{
		Threshold: balance.Fen(body.ThresholdFen), Margin: (*balance.Fen)(body.MarginFen), InsuranceType: body.InsuranceType,
		Template: body.Template, ShowAmount: body.ShowAmount, Quiet: body.QuietHours.minutes(),
	}
	if body.Consent != nil {
		if body.Consent.Version != s.Consent.Version {
			return nil, fail(errConsent) // the text that was agreed to is not the one in force
		}
		setting.ConsentVersion = body.Consent.Version
	}
	rule, err := s.Reminders.Put(ctx, callerOf(ctx), in.ID, setting)
	if err != nil {
		return nil, err
	}
	return answer(s.reminder(ctx, rule)), nil
}

func (s *server) getReminder(ctx context.Context, in *PathID) (*out[reminderView], error) {
	rule, err := s.Reminders.Get(ctx, callerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.reminder(ctx, rule)), nil
}

func (s *server) deleteReminder(ctx context.Context, in *PathID) (*struct{}, error) {
	return nil, s.Reminders.Delete(ctx, callerOf(ctx), in.ID)
}

func (s *server) reminder(ctx context.Context, r *reminder.Rule) reminderView {
	l := callOf(ctx).language
	view := reminderView{
		ThresholdFen: r.Threshold, Threshold: r.Threshold.Display(), MarginFen: r.Margin,
		InsuranceType: r.InsuranceType, InsuranceName: balance.InsuranceName(r.InsuranceType, l.short()),
		Template: r.Template, ShowAmount: r.ShowAmount, QuietHours: viewQuiet(r.Quiet),
		State: r.State, AlreadyBelow: r.LastReason == reminder.ReasonAlreadyBelow,
		LastReason: r.LastReason, EvaluatedAt: stamp(r.EvaluatedAt), NextCheckAt: stamp(r.DueAt),
		CreatedAt: stamp(r.CreatedAt), Quota: s.quotaOf(ctx, r.Template),
	}
	if r.LastReason != "" {
		view.LastReasonText = reasonText(reasonTexts, string(r.LastReason), l)
	}
	return view
}

// quotaOf finds the quota of one template. The rule itself is there already, so a quota that cannot be read just now is
// left out.
func (s *server) quotaOf(ctx context.Context, template string) *quotaView {
	quotas, err := s.Reminders.Quotas(ctx, callerOf(ctx))
	if err != nil {
		return nil
	}
	for _, q := range quotas {
		if q.Template == template {
			view := viewQuota(q)
			return &view
		}
	}
	return nil
}

// minutes reads hours that the schema has checked; nil means none.
func (q *quietHours) minutes() reminder.QuietHours {
	if q == nil {
		return reminder.QuietHours{}
	}
	return reminder.QuietHours{Start: clockMinutes(q.Start), End: clockMinutes(q.End)}
}

// clockMinutes reads "22:30" as minutes since midnight.
func clockMinutes(clock string) int {
	hours, _ := strconv.Atoi(clock[:2])
	minutes, _ := strconv.Atoi(clock[3:])
	return hours*60 + minutes
}

func viewQuiet(q reminder.QuietHours) *quietHours {
	if q.Start == q.End {
		return nil
	}
	return &quietHours{Start: clockText(q.Start), End: clockText(q.End)}
}

func clockText(minutes int) string {
	return time.Time{}.Add(time.Duration(minutes) * time.Minute).Format("15:04")
}

type deliveryView struct {
	ID         string                 `json:"id"`
	State      reminder.DeliveryState `json:"state" enum:"pending,sending,accepted,refused,unknown,dropped" doc:"pending 待发送；sending 发送中；accepted 平台已接收；refused 平台拒绝；unknown 结果未知，不再重发；dropped 未发送"`
	StateText  string                 `json:"state_text" example:"已发送"`
	Reason     reminder.Reason        `json:"reason,omitempty"`
	ReasonText string                 `json:"reason_text,omitempty" doc:"原因说明，可直接展示"`
	Template   string                 `json:"template" example:"low_balance"`
	CreatedAt  moment                 `json:"created_at"`
	EndedAt    moment                 `json:"ended_at,omitempty"`
}

type deliveriesView struct {
	Deliveries []deliveryView `json:"deliveries" doc:"由新到旧，最多 50 条"`
}

const shownDeliveries = 50

func (s *server) listDeliveries(ctx context.Context, in *PathID) (*out[deliveriesView], error) {
	list, err := s.Reminders.Deliveries(ctx, callerOf(ctx), in.ID, shownDeliveries)
	if err != nil {
		return nil, err
	}
	l := callOf(ctx).language
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
	Name       string        `json:"name" example:"low_balance"`
	TemplateID string        `json:"template_id" doc:"平台的模板编号，用于订阅授权"`
	Kind       reminder.Kind `json:"kind" enum:"one_time,long_term"`
	Title      string        `json:"title" example:"余额提醒"`
	Free       int           `json:"free" doc:"剩余订阅次数" example:"1"`
}

type templatesView struct {
	Templates []templateView `json:"templates"`
}

func (s *server) listTemplates(ctx context.Context, _ *none) (*out[templatesView], error) {
	caller := callerOf(ctx)
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
		return templateView{t.Name, t.TemplateID, t.Kind, t.Title, free[t.Name]}
	})}), nil
}

type subscriptionInput struct {
	Body struct {
		ReportID string            `json:"report_id" minLength:"1" maxLength:"64" pattern:"^[0-9A-Za-z_-]+$" patternDescription:"letters, digits, - and _" doc:"客户端生成的编号；网络重试时沿用同一编号，不会重复计数" example:"f2b6a1f0-5f0e-4f53-9b8e-3c8d0a6d1c11"`
		Results  map[string]string `json:"results" minProperties:"1" maxProperties:"20" doc:"各模板的授权结果：平台的模板编号 → accept（同意）、reject（拒绝）或 ban（已被平台封禁）；只有 accept 计入订阅次数。微信：wx.requestSubscribeMessage 的 success 结果中各模板编号对应的值，原样上报（不含 errMsg）。支付宝：my.requestSubscribeMessage 返回的是编号列表，须转换：result.subscribedEntityIds 中的编号报 accept，result.unsubscribedEntityIds 中的编号报 reject；用户取消（behavior 为 cancel）时，所传编号均报 reject"`
	}
}

type quotaView struct {
	Template string `json:"template" example:"low_balance"`
	Free     int    `json:"free" doc:"剩余订阅次数" example:"1"`
	Reserved int    `json:"reserved" doc:"正在发送的条数" example:"0"`
	Unknown  int    `json:"unknown" doc:"结果未知的条数" example:"0"`
}

type quotasView struct {
	Quotas []quotaView `json:"quotas"`
	// Ignored lets a developer see a template id that the server's configuration does not have, and a result that was sent
	// as the platform gave it.
	Ignored []string `json:"ignored,omitempty" doc:"未计入的模板编号：服务端未配置，或授权结果不是已知的取值"`
}

func viewQuota(q reminder.Quota) quotaView {
	return quotaView{q.Template, q.Free, len(q.Reserved), len(q.Unknown)}
}

func (s *server) reportSubscription(ctx context.Context, in *subscriptionInput) (*out[quotasView], error) {
	quotas, err := s.Reminders.Report(ctx, callerOf(ctx), reminder.Report{ID: in.Body.ReportID, Results: in.Body.Results})
	if err != nil {
		return nil, err
	}
	return answer(quotasView{Quotas: each(quotas, viewQuota), Ignored: s.ignored(callerOf(ctx), in.Body.Results)}), nil
}

// knownResults are the words that a template can come with. Only "accept" grants. A platform may add words, so others are
// no error, but they are told.
var knownResults = []string{"accept", "reject", "ban", "filter", "acceptWithAudio"}

// ignored lists the reported template ids that the caller's app does not have, and those with a result that nobody knows.
func (s *server) ignored(c *identity.Caller, results map[string]string) []string {
	templates := s.Reminders.Templates(c.Platform, c.App)
	ids := slices.Sorted(maps.Keys(results))
	return slices.DeleteFunc(ids, func(id string) bool {
		ours := slices.ContainsFunc(templates, func(t reminder.Template) bool { return t.TemplateID == id })
		return ours && slices.Contains(knownResults, results[id])
	})
}
