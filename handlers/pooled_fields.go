package handlers

import "yibao/handlers/web"

// pooledFields explain the fields of pooled.go.
var pooledFields = web.Fields{
	"/v1/insured/{id}/pooled": params(map[string]text{"year": {"年度；省略为今年", "The year; this one if left out"}}),
	"PooledListView": {
		"items": {"各险种的本年累计", "The year's figures, an item for each insurance"},
		"meta":  {"数据的时间、来源、完整程度与说明", "Time, source, coverage and explanation of the figures"},
		"quota": {"剩余额度，仅在参保地提供时有金额", "What is left of the year's limits, where the region tells it"},
	},
	"PooledView": {
		"insurance_type": {"险种代码（insutype）", "Code of the insurance (insutype)"},
		"insurance_name": {"险种名称", "Name of the insurance"},
		"year":           {"年度", "The year"},
		"paid_fen":       {"统筹基金本年支付（分）；null 表示未提供", "Paid by the pooled fund this year, in fen; null: not told"},
		"deductible_fen": {"本年已用起付线（分）；null 表示未提供", "Deductible used this year, in fen; null: not told"},
		"total_fen":      {"本年医疗总费用（分）；null 表示未提供", "Total cost of the year in fen; null: not told"},
		"in_scope_fen":   {"本年政策范围内费用（分）；null 表示未提供", "Cost of the year within the rules, in fen; null: not told"},
		"visits":         {"本年就诊次数；null 表示未提供", "Visits this year; null: not told"},
		"figures":        {"参保地提供的全部累计项目；各项之间可能互相包含，请勿相加", "All figures that the region tells; one may be within another, so do not add them up"},
	},
	"FigureView": {
		"kind":        {"累计项目", "What the figure is"},
		"label":       {"累计项目名称", "Name of the figure"},
		"code":        {"累计类别代码（cum_type_code），原样", "Code of the figure (cum_type_code), as it came"},
		"visit":       {"医疗类别代码；不分类别的累计不出现", "Code of the kind of visit; absent where all are together"},
		"visit_label": {"医疗类别名称", "Name of the kind of visit"},
		"amount_fen":  {"金额（分）；null 表示未提供，或该项为次数", "Amount in fen; null: not told, or it is a count"},
		"count":       {"次数；null 表示未提供，或该项为金额", "Count; null: not told, or it is an amount"},
	},
	"RemainingView": {
		"state":   {"told 参保地提供；not_told 参保地未提供；unavailable 暂时无法获取", "told by the region; not told by it; or not to be had at the moment"},
		"text":    {"说明，可直接展示给用户", "The same in words that can be shown to the user"},
		"left":    {"各项剩余额度；未提供时为空", "What is left of each limit; empty where it is not told"},
		"problem": {"暂时无法获取的原因；仅 unavailable 时出现", "Why it cannot be had; only with unavailable"},
	},
	"LeftView": {
		"key":        {"额度的键，由参保地的配置给出", "Key of the limit, as the region's profile has it"},
		"name":       {"额度名称", "Name of the limit"},
		"amount_fen": {"剩余额度（分）；null 表示未提供", "What is left, in fen; null: not told"},
	},
}
