package handlers

import "yibao/handlers/web"

// homeFields explain the fields of home.go.
var homeFields = web.Fields{
	"HomeView": {
		"user":     {"当前用户", "The user"},
		"persons":  {"已绑定的参保人及其余额和提醒", "The linked insured persons, each with balance and reminder"},
		"attempts": {"进行中的绑定申请", "Link attempts under way"},
	},
	"HomePersonView": {
		"insured":  {"参保人", "The insured person"},
		"balance":  {"余额", "The balance"},
		"reminder": {"余额提醒", "The reminder"},
	},
	"HomeBalanceView": {
		"state": {
			"ok 见 figures；unavailable 暂时无法获取，见 problem",
			"State of the balance. ok: see figures; unavailable: it cannot be had just now, see problem",
		},
		"figures": {"余额，同 GET /v1/insured/{id}/balance；仅在 ok 时出现", "The balance as of GET /v1/insured/{id}/balance; only when ok"},
		"problem": {"无法获取余额的原因；仅在 unavailable 时出现", "Why the balance cannot be had; only when unavailable"},
	},
	"HomeReminderView": {
		"state": {
			"set 已设置，见 setting；none 未设置；unavailable 暂时无法获取，见 problem",
			"State of the reminder. set: see setting; none: no reminder; unavailable: it cannot be had just now, see problem",
		},
		"setting": {"提醒，同 GET /v1/insured/{id}/reminder；仅在 set 时出现", "The reminder as of GET /v1/insured/{id}/reminder; only when set"},
		"problem": {"无法获取提醒的原因；仅在 unavailable 时出现", "Why the reminder cannot be had; only when unavailable"},
	},
	"HomeAttemptsView": {
		"state": {
			"ok 见 open；unavailable 暂时无法获取，见 problem",
			"State of the attempts. ok: see open; unavailable: they cannot be had just now, see problem",
		},
		"open":    {"进行中的绑定申请，由新到旧", "Attempts under way, newest first"},
		"problem": {"无法获取绑定申请的原因；仅在 unavailable 时出现", "Why the attempts cannot be had; only when unavailable"},
	},
}
