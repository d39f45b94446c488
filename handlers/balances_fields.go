package handlers

import "yibao/handlers/web"

// balanceFields explain the fields of balances.go.
var balanceFields = web.Fields{
	"BalanceView": {
		"meta": {"数据的时间、来源与完整程度", "Time, source and coverage of the figures"},
		"enrolments": {
			"参保信息；同一险种可能有多项（如参保地或单位不同、已终止的参保），以 id 区分",
			"Enrolments. One insurance may have several, as in another region, with another employer, or an ended one; id tells " +
				"them apart",
		},
	},
	"BalanceMeta": {
		"as_of":       {"数据时间（医保系统）", "Time of the figures, by the medical-insurance system"},
		"fetched_at":  {"数据的获取时间", "When the figures were fetched"},
		"age_seconds": {"数据获取至今的秒数", "Seconds since the figures were fetched"},
		"source":      {"数据来源：接口与交易编号", "Where the figures come from: interface and transaction"},
		"freshness": {
			"fresh 当前数据；stale 医保系统暂时无法访问，为最近一次取得的数据",
			"fresh: the present figures; stale: the last good answer, since the medical-insurance system cannot be reached",
		},
		"stale_reason": {
			"非当前数据的原因：throttled 医保系统要求减少查询；no_answer 医保系统暂无有效答复；仅在 stale 时出现",
			"Why the answer is the last good one: throttled, the medical-insurance system asks for fewer questions; no_answer, " +
				"it gives no usable answer; only with stale",
		},
		"coverage": {
			"complete 完整；partial 部分未知；unsupported 该地区不提供。与 freshness 互不影响",
			"complete: all known; partial: some figure is not known; unsupported: the region does not provide it. It says " +
				"nothing about freshness",
		},
		"notices": {"应向用户展示的提示；没有时为空", "What the user should be told about the figures; empty where there is nothing"},
	},
	"EnrolmentView": {
		"id": {"参保信息的标识，在该参保人的各项中唯一", "Identifier of the enrolment, unique among those of the person"},
		"primary": {
			"是否为该险种的主要参保信息；走势图与余额提醒以此项为准",
			"Is it the one of its insurance that counts? Charts and reminders are about this one",
		},
		"insurance_type": {"险种代码（insutype）", "Code of the insurance (insutype)"},
		"insurance_name": {"险种名称", "Name of the insurance"},
		"status":         {"参保状态", "State of the enrolment"},
		"status_name":    {"参保状态名称", "Name of the state of the enrolment"},
		"region":         {"参保地行政区划代码", "Code of the region enrolled in"},
		"region_name": {
			"参保地名称；未开通的地区为其代码",
			"Name of the region enrolled in; its code where the region is not among the regions offered",
		},
		"employer":         {"参保单位", "Employer"},
		"enrolled_on":      {"参保日期", "Day of enrolment"},
		"paused_on":        {"暂停参保日期", "Day since which the enrolment is paused"},
		"personal_account": {"个人账户", "Personal account"},
	},
	"AccountView": {
		"exists": {"是否有个人账户：yes 有；no 无；unknown 未知", "Is there a personal account? yes, no, or unknown"},
		"amount_fen": {
			"个人账户余额（分）；未知或无个人账户时不出现",
			"Balance of the account in fen; absent when it is not known or there is no account",
		},
		"amount": {
			"个人账户余额，可直接展示；未知或无个人账户时不出现",
			"Balance of the account as text; absent when it is not known or there is no account",
		},
		"text": {
			"个人账户余额或其说明，可直接展示",
			"The balance of the account, or why there is none to show, in words that can be shown",
		},
	},
}
