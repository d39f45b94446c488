package handlers

import "yibao/handlers/web"

// reminderFields explain the fields of reminders.go.
var reminderFields = web.Fields{
	"PutReminderInputBody": {
		"threshold_fen": {
			"提醒金额（分）：余额低于此金额时提醒",
			"Threshold in fen: the user is told when the balance falls below it",
		},
		"margin_fen": {
			"回升金额（分）：余额回升至提醒金额加此金额后，提醒重新生效；省略为系统默认值",
			"The reminder is on again once the balance is this much in fen above the threshold; the default if left out",
		},
		"insurance_type": {
			"险种代码；省略为有个人账户的险种",
			"Code of the insurance; one with a personal account if left out",
		},
		"template": {
			"消息模板的 name，见 GET /v1/templates；省略为第一个",
			"The name of a message template, see GET /v1/templates; the first if left out",
		},
		"show_amount": {
			"消息中是否显示余额（会出现在锁屏上）；仅对可显示余额的模板有效",
			"May the message show the balance (it appears on lock screens)? Matters only to templates that have a place for " +
				"it, see shows_amount of GET /v1/templates",
		},
		"quiet_hours": {
			"免打扰时段，其间的消息延后发送；省略为不设",
			"Quiet hours: messages wait until they end; none if left out",
		},
		"consent": {
			"绑定时未同意定期查询余额的，须在此同意",
			"Consent to regular reading, where the link was made without",
		},
	},
	"PatchReminderInputBody": {
		"threshold_fen":  {"提醒金额（分）；省略则不变", "Threshold in fen; stays if left out"},
		"margin_fen":     {"回升金额（分）；省略则不变，null 恢复默认值", "Margin in fen; stays if left out, null for the default"},
		"insurance_type": {"险种代码；省略则不变，null 为有个人账户的险种", "Code of the insurance; stays if left out, null for one with a personal account"},
		"template":       {"消息模板的 name；省略则不变，null 为第一个", "The name of a message template; stays if left out, null for the first"},
		"show_amount":    {"消息中是否显示余额；省略则不变，null 为不显示", "May the message show the balance? Stays if left out, null for no"},
		"quiet_hours":    {"免打扰时段；省略则不变，null 取消", "Quiet hours; stay if left out, null for none"},
		"consent": {
			"同意定期查询余额；省略则不变，null 撤回随提醒作出的同意",
			"Consent to regular reading; stays if left out, null withdraws the one given with the reminder",
		},
	},
	"QuietPatch": {
		"start": {"开始（含），北京时间；省略则不变", "Start of the quiet hours, inclusive, Beijing time; stays if left out"},
		"end":   {"结束（不含），北京时间；省略则不变", "End of the quiet hours, exclusive, Beijing time; stays if left out"},
	},
	"ConsentPatch": {
		"version": {
			"已同意的授权说明版本，须为现行版本",
			"Version of the text that is agreed to; must be the one in force",
		},
	},
	"QuietHours": {
		"start": {"开始（含），北京时间", "Start of the quiet hours, inclusive, Beijing time"},
		"end": {
			"结束（不含），北京时间；可以跨过午夜，不能与开始相同",
			"End of the quiet hours, exclusive, Beijing time; may lie after midnight, and is not the same as start",
		},
	},
	"QuietHoursView": {
		"start": {"免打扰开始（含），北京时间", "Start of the quiet hours, inclusive, Beijing time"},
		"end":   {"免打扰结束（不含），北京时间", "End of the quiet hours, exclusive, Beijing time"},
	},
	"ReminderConsent": {
		"version": {
			"已同意的授权说明版本，须为现行版本",
			"Version of the text that is agreed to; must be the one in force",
		},
	},
	"ReminderView": {
		"threshold_fen": {"提醒金额（分）", "Threshold in fen"},
		"threshold":     {"提醒金额，可直接展示", "Threshold as text"},
		"margin_fen": {
			"回升金额（分）：余额回升至提醒金额加此金额后，提醒重新生效",
			"Margin in fen: the reminder is on again once the balance is this much above the threshold",
		},
		"insurance_type": {"险种代码", "Code of the insurance"},
		"insurance_name": {"险种名称", "Name of the insurance"},
		"template":       {"消息模板的 name", "Name of the message template"},
		"show_amount":    {"消息中是否显示余额", "May the message show the balance?"},
		"quiet_hours":    {"免打扰时段；未设时不出现", "Quiet hours; absent without any"},
		"state": {
			"new 尚未判断；armed 生效中；below 已低于提醒金额，回升后重新生效",
			"State of the reminder. new: not judged yet; armed: on; below: below the threshold, on again after recovery",
		},
		"already_below": {
			"设置时余额已低于提醒金额；回升后才会再提醒",
			"The balance was below the threshold when the reminder was set; the balance must recover first",
		},
		"last_reason": {
			"最近一次判断的结果；尚未判断时不出现",
			"What the last evaluation of the reminder came to; absent before the first",
		},
		"last_reason_text": {
			"最近一次判断的结果，可直接展示；尚未判断时不出现",
			"What the last evaluation of the reminder came to, in words that can be shown; absent before the first",
		},
		"evaluated_at": {
			"最近一次判断的时间；尚未判断时不出现",
			"When the reminder was last evaluated; absent before the first time",
		},
		"next_check_at": {"下次判断的时间", "When the reminder is next evaluated"},
		"created_at":    {"设置时间", "When the reminder was set"},
		"quota": {
			"该提醒的消息模板的订阅次数；暂时无法读取时不出现",
			"Subscriptions to the reminder's message template; absent when they cannot be read just now",
		},
		"reachable": {
			"目前能否向用户发送提醒消息；暂时无法确认时不出现",
			"Can a reminder be sent to the user at present? Absent when that is not known just now",
		},
		"notices": {"应向用户展示的提示；没有时为空", "What the user should be told about the reminder; empty where there is nothing"},
	},
	"DeliveryView": {
		"id": {"提醒记录编号", "Id of the notification"},
		"state": {
			"提醒的发送状态；accepted 指平台已接收，unknown 不再重发",
			"State of the notification; accepted means by the platform, unknown is never sent again",
		},
		"state_text": {"发送状态的说明，可直接展示", "State of the notification in words that can be shown"},
		"reason": {
			"处于该状态的原因；无特别原因时不出现",
			"Why the notification is in its state; absent where nothing is to be said",
		},
		"reason_text": {
			"处于该状态的原因，可直接展示；无特别原因时不出现",
			"Why the notification is in its state, in words that can be shown; absent where nothing is to be said",
		},
		"template":   {"消息模板的 name", "Name of the message template"},
		"created_at": {"决定提醒的时间", "When the notification was decided on"},
		"ended_at":   {"发送结束的时间；未结束时不出现", "When the sending of the notification was over; absent before"},
	},
	"DeliveriesView": {
		"deliveries": {"由新到旧，最多 50 条", "Newest first, 50 at most"},
	},
	"TemplateView": {
		"name": {"模板名称，设置提醒时使用", "Our name of the template, for setting a reminder"},
		"template_id": {
			"平台的模板编号，用于订阅授权与上报",
			"The platform's id of the template, for subscribing and for reporting it",
		},
		"kind": {
			"one_time 一次性订阅，每次授权可发送一条；long_term 长期订阅",
			"Kind of the template. one_time: each grant allows one message; long_term: a grant allows many",
		},
		"title":        {"模板标题", "Title of the template"},
		"shows_amount": {"消息能否显示余额", "Has the template a place for the balance?"},
		"free":         {"该模板剩余的订阅次数", "How many messages of the template are allowed still"},
	},
	"TemplatesView": {
		"templates": {"本小程序的消息模板", "Message templates of this mini-program"},
	},
	"SubscriptionInputBody": {
		"report_id": {
			"客户端生成的编号；网络重试时沿用同一编号，不会重复计数",
			"Id made by the client; repeat it when sending the same report again, and nothing counts twice",
		},
		"results": {
			"各模板的授权结果：平台的模板编号（template_id，不是 name）→ accept（同意）、reject（拒绝）或 " +
				"ban（已被平台封禁）；只有 accept 计入订阅次数。微信：wx.requestSubscribeMessage 的结果中各模板编号对应的值，" +
				"原样上报（不含 errMsg）。支付宝：my.requestSubscribeMessage 返回的是编号列表，须由客户端转换：" +
				"result.subscribedEntityIds 中的编号报 accept，result.unsubscribedEntityIds 中的编号报 reject；" +
				"用户取消（behavior 为 cancel）时，传入的编号均报 reject",
			"What was answered for each template: the platform's template id (template_id, not name) → accept, reject or ban; " +
				"only accept counts. WeChat: the values that wx.requestSubscribeMessage gives for the ids, as they are (without " +
				"errMsg). Alipay: my.requestSubscribeMessage gives lists of ids, which the client translates: accept for those " +
				"in result.subscribedEntityIds, reject for those in result.unsubscribedEntityIds; after a cancel (behavior is " +
				"cancel) reject for all ids asked for",
		},
	},
	"QuotaView": {
		"template": {"消息模板的 name", "Name of the message template"},
		"free":     {"该模板剩余的订阅次数", "How many messages of the template are allowed still"},
		"reserved": {"该模板正在发送的条数", "How many messages of the template are being sent"},
		"unknown":  {"该模板结果未知的条数", "How many messages of the template may or may not have arrived"},
	},
	"QuotasView": {
		"quotas": {"各消息模板的订阅次数", "Subscriptions to each message template"},
		"ignored": {
			"未计入的模板编号：服务端未配置，或授权结果不是已知的取值",
			"Template ids that did not count: not configured here, or with a result that is no known word",
		},
	},
}
