package handlers

import "yibao/handlers/web"

// trendFields explain the fields of trends.go.
var trendFields = web.Fields{
	"/v1/insured/{id}/charts/trend":     with(trendQueryFields, map[string]text{"format": textLineFormat}),
	"/v1/insured/{id}/charts/trend.svg": with(trendQueryFields, map[string]text{"theme": textTheme}),
	"TrendMeta": {
		"unit":     {"图表的货币单位（金额为元）", "Currency of the chart (its amounts are in yuan)"},
		"step":     {"实际采用的步长", "Step that the chart has"},
		"gaps":     {"无余额记录的日期如何显示", "How days without a balance on record are shown"},
		"timezone": {"图表日期所属时区", "Time zone of the chart's days"},
		"as_of":    {"最近一次余额记录的时间；没有余额记录时不出现", "Time of the last balance on record; absent without one"},
		"coverage": {
			"complete：自 since 起，已结束的步长（日、周、月）均有余额记录；since 之前、尚未结束和未来的步长可以为 null，" +
				"gaps=carry 沿用的余额不算记录。partial：有缺失，或无法确认是否有个人账户。unsupported：无个人账户",
			"complete: every finished step (day, week or month) from since on has a reading of its own; steps before since, " +
				"the one that today is in and those to come may be null, and a balance carried on (gaps=carry) is no reading. " +
				"partial: some finished step lacks one, or it is not known whether there is an account. unsupported: there is no " +
				"personal account",
		},
		"notices": {"应向用户展示的提示；没有时为空", "What the user should be told about the chart; empty where there is nothing"},
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

// trendQueryFields explain what a request asks for.
var trendQueryFields = map[string]text{
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
	"insurance": {
		"险种代码；省略为全部有个人账户的险种",
		"Code of the insurance; all with a personal account if left out",
	},
	"timezone": textTimezone,
}
