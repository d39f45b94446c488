package handlers

import (
	"maps"

	"yibao/balance/chart"
	"yibao/handlers/web"
)

// chartFields explain the fields of charts.go, and of the formats in package chart.
var chartFields = formats(web.Fields{
	"/v1/insured/{id}/charts/flow":              with(monthQueryFields, map[string]text{"format": textFlowFormat}),
	"/v1/insured/{id}/charts/flow.svg":          with(monthQueryFields, map[string]text{"theme": textTheme}),
	"/v1/insured/{id}/charts/spending":          with(monthQueryFields, map[string]text{"format": textBarFormat, "by": textBy, "insurance": textChartInsurance}),
	"/v1/insured/{id}/charts/spending.svg":      with(monthQueryFields, map[string]text{"theme": textTheme, "by": textBy, "insurance": textChartInsurance}),
	"/v1/insured/{id}/charts/contributions":     with(monthQueryFields, map[string]text{"format": textBarFormat, "insurance": textChartInsurance}),
	"/v1/insured/{id}/charts/contributions.svg": with(monthQueryFields, map[string]text{"theme": textTheme, "insurance": textChartInsurance}),
	"MonthsMeta": {
		"unit":       {"图表的货币单位（金额为元）", "Currency of the chart (its amounts are in yuan)"},
		"step":       {"步长：月", "Width of the steps: a month"},
		"timezone":   {"月份所属时区", "Time zone of the months"},
		"as_of":      {"数据时间，以医保系统为准", "Time of the data, by the medical-insurance system"},
		"fetched_at": {"取得数据的时间", "When the data was fetched"},
		"source":     {"数据来源", "Where the data is from"},
		"freshness":  {"fresh 最新；stale 为最近一次取得的数据", "fresh, or stale: the last good answer"},
		"coverage": {
			"complete：已结束的月份记录完整，没有记录的月份为 0。partial：部分月份的记录可能未到齐，没有记录的月份为 null。" +
				"unsupported：参保地不提供金额",
			"complete: nothing is missing of the months that are over, and one without records is 0. partial: records of some months may be " +
				"missing, and one without any is null. unsupported: the region gives no amounts",
		},
		"complete_to": {"参保地确认记录完整的截止日期；未提供时不出现", "Day up to which the region says that nothing is missing; absent where it does not say"},
		"amounts":     {"given 有金额；not_given 参保地不提供金额，图表没有曲线", "given, or not_given: the region gives no amounts, and the chart has no series"},
		"notices":     {"应向用户展示的提示；没有时为空", "What the user should be told about the chart; empty where there is nothing"},
		"from":        {"图表的起始日期", "First day of the chart"},
		"to":          {"图表的截止日期", "Last day of the chart"},
		"summary":     {"各系列的汇总", "Summary of each series"},
	},
	"TotalView": {
		"key":       {"系列的键，与图表数据一致", "Key of the series, as in the chart"},
		"name":      {"系列名称", "Name of the series"},
		"total_fen": {"已知各月合计（分）", "Sum of the months that are known, in fen"},
		"min_fen":   {"最低的一个月（分）", "Lowest month, in fen"},
		"max_fen":   {"最高的一个月（分）", "Highest month, in fen"},
	},
	"PlainChart":  {"categories": textCategories, "series": textSeries},
	"PlainSeries": {"key": textKey, "name": textName, "data": textData},
	"UChart":      {"categories": textCategories, "series": textSeries},
	"USeries":     {"name": textName, "data": textData},
	"EchartsOption": {
		"color":  {"各系列的颜色，色觉障碍者也可区分", "Colours of the series, which the colour-blind can tell apart"},
		"legend": {"图例；仅一条曲线时不出现", "The legend; absent where there is only one series"},
		"grid":   {"绘图区域", "Where the chart is drawn"},
		"xAxis":  {"横轴", "The horizontal axis"}, "yAxis": {"纵轴", "The vertical axis"}, "series": textSeries,
	},
	"EchartsGrid": {"left": {"左侧留白（像素），用于显示金额", "Pixels on the left, for the amounts"}},
	"EchartsAxis": {
		"type": {"坐标轴类型：横轴 category，纵轴 value", "Kind of the axis: category for the horizontal one, value for the vertical one"},
		"data": textCategories,
	},
	"EchartsSeries": {
		"name": textName, "data": textData,
		"type":          {"line 折线，bar 柱形", "Kind of the series: a line, or bars"},
		"stack":         {"相同的柱形堆叠显示；折线没有此项", "Bars with the same one stand on one another; absent for lines"},
		"showAllSymbol": {"显示每个数据点，单个记录因此可见；仅折线有此项", "Of lines: draws a dot for each amount, so that one alone can be seen"},
		"symbol":        {"数据点形状", "Shape of the dots"},
		"symbolSize":    {"数据点大小（像素）", "Width of the dots in pixels"},
	},
	"F2Row": {
		"date":  {"横轴的日期：日、周一或月份", "A category of the chart: a day, the Monday of a week, or a month"},
		"value": {"金额（元）；null 表示没有数据", "Amount in yuan; null means that there is no figure"},
		"type":  textName,
	},
})

// formats adds the answers of every format.
func formats(fields web.Fields) web.Fields {
	for _, e := range chart.Encoders {
		fields[e.Name+"Trend"], fields[e.Name+"Months"] = chartParts, chartParts
	}
	return fields
}

// with joins explanations.
func with(fields, more map[string]text) map[string]text {
	all := maps.Clone(fields)
	maps.Copy(all, more)
	return all
}

// monthQueryFields explain what a request asks for.
var monthQueryFields = map[string]text{
	"from":     {"起始日期（含）；省略为截止日期所在月之前第 11 个月的 1 日。范围不超过五个自然年", "First day, inclusive; the first of the eleventh month before the last if left out. The range may touch five calendar years"},
	"to":       {"截止日期（含）；省略为今天", "Last day, inclusive; today if left out"},
	"step":     {"横轴步长：month 月", "Width of the steps: month"},
	"timezone": textTimezone,
}

// chartParts explain an answer in each format.
var chartParts = map[string]text{
	"meta":   {"图表的范围、完整程度与汇总", "Range, coverage and summary of the chart"},
	"format": {"图表库的数据格式，与请求一致", "Format of the chart, as asked for"},
	"chart": {
		"所选图表库的数据，可直接使用：echarts 传入 setOption；f2 作为 Chart 的 data；ucharts 作为 categories 与 series。金额单位为元，" +
			"null 表示没有数据",
		"Data for the chosen chart library, ready to use: echarts takes it with setOption, f2 as the data of Chart, ucharts as " +
			"categories and series. Amounts are in yuan, null means that there is no figure",
	},
}

var (
	textCategories = text{"横轴的日期：日、周一或月份", "Categories of the chart: days, Mondays of weeks, or months"}
	textSeries     = text{"各曲线", "The series of the chart"}
	textKey        = text{"曲线的键，与 meta.summary 一致", "Key of the series, as in meta.summary"}
	textName       = text{"曲线名称", "Name of the series"}
	textData       = text{"各日期的金额（元）；null 表示没有数据，并非 0", "Amounts in yuan, one for each category; null means that there is no figure, which is not 0"}
)

var (
	textTimezone       = text{"图表日期所属时区；医保系统按北京时间记账，故仅此一个", "Time zone of the chart's days; the medical-insurance systems keep Beijing time, so there is only this one"}
	textTheme          = text{"图片配色：auto 跟随系统；light 浅色；dark 深色", "Colours of the picture: auto follows the reader's system; light; dark"}
	textBy             = text{"颜色的含义：kind 就诊类别；institution 机构（费用最高的五家，其余合并）", "What the colours are: kind of visit, or institution (the five with the highest sums; the others are one)"}
	textChartInsurance = text{"险种代码；省略为全部险种", "Code of the insurance; all if left out"}
	textBarFormat      = text{
		"图表库的数据格式，均为堆叠柱形：echarts 已设置；f2 用 Interval 并设 adjust=\"stack\"；ucharts 用 type: column 并设 extra.column.type: stack",
		"Chart library whose data format is wanted. All are stacked bars: echarts is told so; f2 needs Interval with adjust=\"stack\", ucharts type column with extra.column.type stack",
	}
	textFlowFormat = text{
		"图表库的数据格式，支出为负：echarts 已设置为堆叠柱形；f2 用 Interval 并设 adjust=\"stack\"；ucharts 用 type: column（不支持负值堆叠，保持默认的 group）",
		"Chart library whose data format is wanted; what went out lies below zero. echarts is told to stack bars; f2 needs Interval with adjust=\"stack\", " +
			"ucharts type column in its default group, since it does not stack what is below zero",
	}
	textLineFormat = text{
		"图表库的数据格式。前后均无余额记录的单个记录不成线：echarts 已设置显示数据点；f2 除 Line 外还需 Point；ucharts 默认显示数据点" +
			"（勿设 dataPointShape: false）",
		"Chart library whose data format is wanted. A balance with none on record before and after it makes no line: " +
			"echarts is told to draw it, f2 needs Point besides Line, ucharts draws it unless dataPointShape is false",
	}
)
