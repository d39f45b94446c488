package handlers

import "yibao/handlers/web"

// balanceFields explain the fields of balances.go.
var balanceFields = web.Fields{
	"BalanceView": {
		"meta": {"数据的时间、来源与完整程度", "Time, source and completeness of the figures"},
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
		"completeness": {
			"complete 完整；partial 部分未知；stale 暂用上次结果；unsupported 该地区不提供",
			"complete: all known; partial: some figure is not known; stale: the last good answer; unsupported: the region " +
				"does not provide it",
		},
		"stale_reason": {
			"暂用上次结果的原因：throttled 医保系统要求减少查询；no_answer 医保系统暂无有效答复；仅在 stale 时出现",
			"Why the answer is the last good one: throttled, the medical-insurance system asks for fewer questions; no_answer, " +
				"it gives no usable answer; only with stale",
		},
		"stale_text": {"暂用上次结果的说明，可直接展示；仅在 stale 时出现", "The reason in words that can be shown; only with stale"},
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
	"/v1/insured/{id}/charts/trend": {
		"from": {"起始日期（含）；省略为截止日期前 29 天", "First day, inclusive; 29 days before the last one if left out"},
		"to":   {"截止日期（含）；省略为今天", "Last day, inclusive; today if left out"},
		"step": {
			"横轴步长：day 日；week 周，以周一的日期表示，首个可能早于 from；month 月；auto 按范围选择",
			"Width of the steps: day; week, named by its Monday, the first of which may lie before from; month; auto chooses " +
				"by the range",
		},
		"gaps": {
			"无余额记录的日期：null 留空；carry 沿用之前的余额",
			"Days without a balance on record: null leaves them empty; carry shows the balance before them",
		},
		"format": {"图表库的数据格式", "Chart library whose data format is wanted"},
		"insurance": {
			"险种代码；省略为全部有个人账户的险种",
			"Code of the insurance; all with a personal account if left out",
		},
	},
	"TrendView": {
		"meta": {"图表的范围、完整程度与汇总", "Range, completeness and summary of the chart"},
		"chart": {
			"所选图表库的数据，可直接使用；金额单位为元，null 表示无余额记录",
			"Data for the chosen chart library, ready to use; amounts are in yuan, null means no balance on record",
		},
	},
	"TrendMeta": {
		"unit":     {"图表的货币单位（金额为元）", "Currency of the chart (its amounts are in yuan)"},
		"step":     {"实际采用的步长", "Step that the chart has"},
		"gaps":     {"无余额记录的日期如何显示", "How days without a balance on record are shown"},
		"timezone": {"图表日期所属时区", "Time zone of the chart's days"},
		"as_of":    {"最近一次余额记录的时间；没有余额记录时不出现", "Time of the last balance on record; absent without one"},
		"completeness": {
			"complete：自 since 起，已结束的步长（日、周、月）均有余额记录；since 之前、尚未结束和未来的步长可以为 null，" +
				"gaps=carry 沿用的余额不算记录。partial：有缺失，或无法确认是否有个人账户。unsupported：无个人账户",
			"complete: every finished step (day, week or month) from since on has a reading of its own; steps before since, " +
				"the one that today is in and those to come may be null, and a balance carried on (gaps=carry) is no reading. " +
				"partial: some finished step lacks one, or it is not known whether there is an account. unsupported: there is no " +
				"personal account",
		},
		"account": {"是否有个人账户：yes 有；no 无；unknown 未知", "Is there a personal account? yes, no, or unknown"},
		"since":   {"可查看记录的起始日期", "First day whose balances the user may see"},
		"from":    {"图表的起始日期", "First day of the chart"},
		"to":      {"图表的截止日期", "Last day of the chart"},
		"summary": {"各曲线的汇总", "Summary of each series"},
	},
	"SummaryView": {
		"key":         {"曲线的键，与图表数据一致", "Key of the series, as in the chart"},
		"name":        {"曲线名称", "Name of the series"},
		"min_fen":     {"最低余额（分）", "Lowest balance in fen"},
		"max_fen":     {"最高余额（分）", "Highest balance in fen"},
		"opening_fen": {"期初余额（分）", "First balance shown, in fen"},
		"closing_fen": {"期末余额（分）", "Last balance shown, in fen"},
	},
}
