package handlers

import "yibao/handlers/web"

// trendFields explain the fields of trends.go, and of the charts in package balance.
var trendFields = web.Fields{
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
		"format": {
			"图表库的数据格式。前后均无余额记录的单个记录不成线：echarts 已设置显示数据点；f2 除 Line 外还需 Point；ucharts 默认显示数据点" +
				"（勿设 dataPointShape: false）",
			"Chart library whose data format is wanted. A balance with none on record before and after it makes no line: " +
				"echarts is told to draw it, f2 needs Point besides Line, ucharts draws it unless dataPointShape is false",
		},
		"insurance": {
			"险种代码；省略为全部有个人账户的险种",
			"Code of the insurance; all with a personal account if left out",
		},
	},
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
	"SeriesTrend": trendOf, "EChartsTrend": trendOf, "F2Trend": trendOf, "UChartsTrend": trendOf,
	"PlainChart":  {"categories": textCategories, "series": textSeries},
	"PlainSeries": {"key": textKey, "name": textName, "data": textData},
	"UChart":      {"categories": textCategories, "series": textSeries},
	"USeries":     {"name": textName, "data": textData},
	"EchartsOption": {
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
		"name": textName, "type": {"曲线类型", "Kind of the series"}, "data": textData,
		"showAllSymbol": {"显示每个数据点，单个记录因此可见", "Draws a dot for each amount, so that one alone can be seen"},
		"symbol":        {"数据点形状", "Shape of the dots"},
		"symbolSize":    {"数据点大小（像素）", "Width of the dots in pixels"},
	},
	"F2Row": {
		"date":  {"横轴的日期：日、周一或月份", "A category of the chart: a day, the Monday of a week, or a month"},
		"value": {"金额（元）；null 表示无余额记录", "Amount in yuan; null means no balance on record"},
		"type":  textName,
	},
}

// trendOf explains the chart in each format.
var trendOf = map[string]text{
	"meta":   {"图表的范围、完整程度与汇总", "Range, coverage and summary of the chart"},
	"format": {"图表库的数据格式，与请求一致", "Format of the chart, as asked for"},
	"chart": {
		"所选图表库的数据，可直接使用：echarts 传入 setOption；f2 作为 Chart 的 data；ucharts 作为 categories 与 series。金额单位为元，" +
			"null 表示无余额记录",
		"Data for the chosen chart library, ready to use: echarts takes it with setOption, f2 as the data of Chart, ucharts as " +
			"categories and series. Amounts are in yuan, null means no balance on record",
	},
}

var (
	textCategories = text{"横轴的日期：日、周一或月份", "Categories of the chart: days, Mondays of weeks, or months"}
	textSeries     = text{"各曲线", "The series of the chart"}
	textKey        = text{"曲线的键，与 meta.summary 一致", "Key of the series, as in meta.summary"}
	textName       = text{"曲线名称", "Name of the series"}
	textData       = text{"各日期的金额（元）；null 表示无余额记录", "Amounts in yuan, one for each category; null means no balance on record"}
)
