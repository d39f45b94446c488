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
	LinkID
	Body struct {
		ThresholdFen  thresholdFen `json:"threshold_fen" doc:"提醒金额（分）：余额低于此金额时提醒｜Threshold in fen: the user is told when the balance falls below it" example:"10000"`
		MarginFen     *marginFen   `json:"margin_fen,omitempty" doc:"回升金额（分）：余额回升至提醒金额加此金额后，提醒重新生效；省略为系统默认值｜The reminder is on again once the balance is this much in fen above the threshold; the default if left out" example:"1000"`
		InsuranceType string       `json:"insurance_type,omitempty" maxLength:"6" pattern:"^[0-9]*$" patternDescription:"digits" doc:"险种代码；省略为有个人账户的险种｜Code of the insurance; one with a personal account if left out" example:"310"`
		Template      string       `json:"template,omitempty" maxLength:"64" doc:"消息模板的 name，见 GET /v1/templates；省略为第一个｜The name of a message template, see GET /v1/templates; the first if left out" example:"low_balance"`
		ShowAmount    bool         `json:"show_amount,omitempty" doc:"消息中是否显示余额（会出现在锁屏上）；仅对可显示余额的模板有效｜May the message show the balance (it appears on lock screens)? Matters only to templates that have a place for it, see shows_amount of GET /v1/templates" example:"false"`
		QuietHours    *quietHours  `json:"quiet_hours,omitempty" doc:"免打扰时段，其间的消息延后发送；省略为不设｜Quiet hours: messages wait until they end; none if left out"`
		// Consent is not needed where the link's own consent already covers regular reading.
		Consent *reminderConsent `json:"consent,omitempty" doc:"绑定时未同意定期查询余额的，须在此同意｜Consent to regular reading, where the link was made without"`
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
	Start string `json:"start" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"HH:MM" doc:"开始（含），北京时间｜Start of the quiet hours, inclusive, Beijing time" example:"22:00"`
	End   string `json:"end" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"HH:MM" doc:"结束（不含），北京时间；可以跨过午夜，不能与开始相同｜End of the quiet hours, exclusive, Beijing time; may lie after midnight, and is not the same as start" example:"07:00"`
}

type reminderConsent struct {
	Version string `json:"version" minLength:"1" maxLength:"64" doc:"已同意的授权说明版本，须为现行版本｜Version of the text that is agreed to; must be the one in force" example:"2026-11"`
}

type reminderView struct {
	ThresholdFen   balance.Fen        `json:"threshold_fen" doc:"提醒金额（分）｜Threshold in fen" example:"10000"`
	Threshold      string             `json:"threshold" doc:"提醒金额，可直接展示｜Threshold as text" example:"¥100.00"`
	MarginFen      balance.Fen        `json:"margin_fen" doc:"回升金额（分）：余额回升至提醒金额加此金额后，提醒重新生效｜Margin in fen: the reminder is on again once the balance is this much above the threshold" example:"1000"`
	InsuranceType  string             `json:"insurance_type" doc:"险种代码｜Code of the insurance" example:"310"`
	InsuranceName  string             `json:"insurance_name" doc:"险种名称｜Name of the insurance" example:"职工医保"`
	Template       string             `json:"template" doc:"消息模板的 name｜Name of the message template" example:"low_balance"`
	ShowAmount     bool               `json:"show_amount" doc:"消息中是否显示余额｜May the message show the balance?" example:"false"`
	QuietHours     *quietHours        `json:"quiet_hours,omitempty" doc:"免打扰时段；未设时不出现｜Quiet hours; absent without any"`
	State          reminder.RuleState `json:"state" enum:"new,armed,below" doc:"new 尚未判断；armed 生效中；below 已低于提醒金额，回升后重新生效｜State of the reminder. new: not judged yet; armed: on; below: below the threshold, on again after recovery" example:"armed"`
	AlreadyBelow   bool               `json:"already_below" doc:"设置时余额已低于提醒金额；回升后才会再提醒｜The balance was below the threshold when the reminder was set; the balance must recover first" example:"false"`
	LastReason     reminder.Reason    `json:"last_reason,omitempty" doc:"最近一次判断的结果；尚未判断时不出现｜What the last evaluation of the reminder came to; absent before the first" example:"above_line"`
	LastReasonText string             `json:"last_reason_text,omitempty" doc:"最近一次判断的结果，可直接展示；尚未判断时不出现｜What the last evaluation of the reminder came to, in words that can be shown; absent before the first" example:"余额不低于提醒金额"`
	EvaluatedAt    moment             `json:"evaluated_at,omitempty" doc:"最近一次判断的时间；尚未判断时不出现｜When the reminder was last evaluated; absent before the first time"`
	NextCheckAt    moment             `json:"next_check_at" doc:"下次判断的时间｜When the reminder is next evaluated" example:"2026-11-21T09:00:00+08:00"`
	CreatedAt      moment             `json:"created_at" doc:"设置时间｜When the reminder was set" example:"2026-11-20T19:30:00+08:00"`
	Quota          *quotaView         `json:"quota,omitempty" doc:"该提醒的消息模板的订阅次数；暂时无法读取时不出现｜Subscriptions to the reminder's message template; absent when they cannot be read just now"`
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

func (s *server) getReminder(ctx context.Context, in *LinkID) (*out[reminderView], error) {
	rule, err := s.Reminders.Get(ctx, callerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.reminder(ctx, rule)), nil
}

func (s *server) deleteReminder(ctx context.Context, in *LinkID) (*struct{}, error) {
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
	ID         string                 `json:"id" doc:"提醒记录编号｜Id of the notification"`
	State      reminder.DeliveryState `json:"state" enum:"pending,sending,accepted,refused,unknown,dropped" doc:"提醒的发送状态；accepted 指平台已接收，unknown 不再重发｜State of the notification; accepted means by the platform, unknown is never sent again" example:"accepted"`
	StateText  string                 `json:"state_text" doc:"发送状态的说明，可直接展示｜State of the notification in words that can be shown" example:"已发送"`
	Reason     reminder.Reason        `json:"reason,omitempty" doc:"处于该状态的原因；无特别原因时不出现｜Why the notification is in its state; absent where nothing is to be said"`
	ReasonText string                 `json:"reason_text,omitempty" doc:"处于该状态的原因，可直接展示；无特别原因时不出现｜Why the notification is in its state, in words that can be shown; absent where nothing is to be said"`
	Template   string                 `json:"template" doc:"消息模板的 name｜Name of the message template" example:"low_balance"`
	CreatedAt  moment                 `json:"created_at" doc:"决定提醒的时间｜When the notification was decided on"`
	EndedAt    moment                 `json:"ended_at,omitempty" doc:"发送结束的时间；未结束时不出现｜When the sending of the notification was over; absent before" example:"2026-11-21T08:00:01+08:00"`
}

type deliveriesView struct {
	Deliveries []deliveryView `json:"deliveries" doc:"由新到旧，最多 50 条｜Newest first, 50 at most"`
}

const shownDeliveries = 50

func (s *server) listDeliveries(ctx context.Context, in *LinkID) (*out[deliveriesView], error) {
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
	Name        string        `json:"name" doc:"模板名称，设置提醒时使用｜Our name of the template, for setting a reminder" example:"low_balance"`
	TemplateID  string        `json:"template_id" doc:"平台的模板编号，用于订阅授权与上报｜The platform's id of the template, for subscribing and for reporting it" example:"TEMPLATE-ID"`
	Kind        reminder.Kind `json:"kind" enum:"one_time,long_term" doc:"one_time 一次性订阅，每次授权可发送一条；long_term 长期订阅｜Kind of the template. one_time: each grant allows one message; long_term: a grant allows many" example:"one_time"`
	Title       string        `json:"title" doc:"模板标题｜Title of the template" example:"余额提醒"`
	ShowsAmount bool          `json:"shows_amount" doc:"消息能否显示余额｜Has the template a place for the balance?" example:"true"`
	Free        int           `json:"free" doc:"该模板剩余的订阅次数｜How many messages of the template are allowed still" example:"1"`
}

type templatesView struct {
	Templates []templateView `json:"templates" doc:"本小程序的消息模板｜Message templates of this mini-program"`
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
		return templateView{t.Name, t.TemplateID, t.Kind, t.Title, t.ShowsAmount, free[t.Name]}
	})}), nil
}

type subscriptionInput struct {
	Body struct {
		ReportID string            `json:"report_id" minLength:"1" maxLength:"64" pattern:"^[0-9A-Za-z_-]+$" patternDescription:"letters, digits, - and _" doc:"客户端生成的编号；网络重试时沿用同一编号，不会重复计数｜Id made by the client; repeat it when sending the same report again, and nothing counts twice" example:"f2b6a1f0-5f0e-4f53-9b8e-3c8d0a6d1c11"`
		Results  map[string]string `json:"results" minProperties:"1" maxProperties:"20" doc:"各模板的授权结果：平台的模板编号（template_id，不是 name）→ accept（同意）、reject（拒绝）或 ban（已被平台封禁）；只有 accept 计入订阅次数。微信：wx.requestSubscribeMessage 的结果中各模板编号对应的值，原样上报（不含 errMsg）。支付宝：my.requestSubscribeMessage 返回的是编号列表，须由客户端转换：result.subscribedEntityIds 中的编号报 accept，result.unsubscribedEntityIds 中的编号报 reject；用户取消（behavior 为 cancel）时，传入的编号均报 reject｜What was answered for each template: the platform's template id (template_id, not name) → accept, reject or ban; only accept counts. WeChat: the values that wx.requestSubscribeMessage gives for the ids, as they are (without errMsg). Alipay: my.requestSubscribeMessage gives lists of ids, which the client translates: accept for those in result.subscribedEntityIds, reject for those in result.unsubscribedEntityIds; after a cancel (behavior is cancel) reject for all ids asked for" example:"{\"TEMPLATE-ID\":\"accept\"}"`
	}
}

type quotaView struct {
	Template string `json:"template" doc:"消息模板的 name｜Name of the message template" example:"low_balance"`
	Free     int    `json:"free" doc:"该模板剩余的订阅次数｜How many messages of the template are allowed still" example:"1"`
	Reserved int    `json:"reserved" doc:"该模板正在发送的条数｜How many messages of the template are being sent" example:"0"`
	Unknown  int    `json:"unknown" doc:"该模板结果未知的条数｜How many messages of the template may or may not have arrived" example:"0"`
}

type quotasView struct {
	Quotas []quotaView `json:"quotas" doc:"各消息模板的订阅次数｜Subscriptions to each message template"`
	// Ignored lets a developer see a template id that the server's configuration does not have, and a result that was sent
	// as the platform gave it.
	Ignored []string `json:"ignored,omitempty" doc:"未计入的模板编号：服务端未配置，或授权结果不是已知的取值｜Template ids that did not count: not configured here, or with a result that is no known word"`
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
