package handlers

import "yibao/handlers/web"

// linkingFields explain the fields of linking.go.
var linkingFields = web.Fields{
	"/v1/link-attempts/{id}": {
		"id": {
			"绑定申请编号，即 POST /v1/link-attempts 返回的 id",
			"Id of the link attempt: the id that POST /v1/link-attempts answered",
		},
	},
	"/v1/link-attempts/{id}/others/{other}": {
		"other": {
			"要解除的绑定的编号，即本次申请的 others 中的 id",
			"Id of the link to be removed: an id from the attempt's others",
		},
	},
	"StartLinkInputBody": {
		"region":    {"参保地行政区划代码，见 GET /v1/regions", "Code of the region enrolled in, see GET /v1/regions"},
		"name":      {"参保人姓名", "Name of the insured person"},
		"id_type":   {"证件类型（psn_cert_type），01 为居民身份证", "Type of ID (psn_cert_type); 01 is the resident ID card"},
		"id_number": {"证件号码", "Number of the ID"},
		"relation": {
			"参保人是用户的：self 本人；spouse 配偶；parent 父母；child 子女；other 其他",
			"What the person is to the user",
		},
		"method":  {"身份核验方式，见 GET /v1/regions", "Way to verify, see GET /v1/regions"},
		"consent": {"用户的同意", "What the user agrees to"},
	},
	"LinkConsent": {
		"version": {
			"已同意的授权说明版本，须为现行版本",
			"Version of the text that is agreed to; must be the one in force",
		},
		"unattended": {
			"是否同意系统定期查询余额（每日记录与余额提醒需要）",
			"May the balance be read regularly without being asked for? Daily records and reminders need it",
		},
		"guardian": {
			"以监护人身份同意（参保人未满十四周岁时需要）",
			"Is the consent given as guardian? Needed for a person under 14",
		},
	},
	"AttemptView": {
		"id": {"绑定申请编号，用于 /v1/link-attempts/{id}", "Id of the attempt, for /v1/link-attempts/{id}"},
		"state": {
			"waiting 等待验证码或密码；proving 核验中，请稍后查看；full 本人已核验，但绑定数量已达上限，须先解除 others 中的绑定；" +
				"linked 已绑定；failed 未成功，见 reason",
			"State of the attempt. waiting: for the code or password; proving: being confirmed, look again shortly; full: proved by the " +
				"person, but as many accounts as allowed are linked, and one of others must be removed; linked: done; failed: see reason",
		},
		"method":     {"身份核验方式", "Way of verifying"},
		"message":    {"可直接展示给用户的说明", "Explanation that can be shown to the user"},
		"reason":     {"未成功的原因；仅在 failed 时出现", "Why the attempt failed; absent unless it did"},
		"insured_id": {"参保人编号；仅在 linked 时出现", "Id of the insured person; absent until linked"},
		"sends_left": {"还可以发送几次验证码", "How many more codes can be sent"},
		"tries_left": {"还可以输错几次", "How many more wrong codes are allowed"},
		"expires_in": {"本次申请的剩余秒数", "Seconds left for this attempt"},
		"code_expires_in": {
			"最近一次验证码的剩余秒数；没有验证码时不出现",
			"Seconds for which the last code is good; absent where there is none",
		},
		"resend_in": {
			"多少秒后可以重新发送验证码，0 表示现在可以；不能再发送时不出现",
			"Seconds until another code can be asked for, 0 for now; absent where none can be",
		},
		"poll_in": {
			"多少秒后再查询进度；无需查询时不出现",
			"Seconds after which to ask for the progress; absent where nothing is to be waited for",
		},
		"others": {
			"他人对本人的绑定，可逐一解除；仅在 full 时出现",
			"Links of others to the person, each of which can be removed; absent unless full",
		},
	},
	"OtherView": {
		"id":       {"编号，仅在本次申请中有效", "Id, of use in this attempt only"},
		"platform": {"绑定所在平台：wechat 微信；alipay 支付宝", "Platform of the account"},
		"relation": {
			"绑定人声明的关系，即参保人是绑定人的：self 本人；spouse 配偶；parent 父母；child 子女；other 其他",
			"What the person is to that user, as the user says",
		},
		"since": {"绑定时间", "Linked since"},
	},
}
