package handlers

import (
	"maps"

	"yibao/handlers/web"
)

// listFields explain the fields of lists.go, and the parameters that lists share.
var listFields = web.Fields{
	"ListMeta": {
		"as_of":       {"数据时间（医保系统）；医保系统未提供时为获取时间", "Time of the rows, by the medical-insurance system; when they were fetched where it gives none"},
		"fetched_at":  {"数据的获取时间", "When the rows were fetched"},
		"age_seconds": {"数据获取至今的秒数", "Seconds since the rows were fetched"},
		"source":      {"数据来源：接口与交易编号", "Where the rows come from: interface and transaction"},
		"freshness": {
			"fresh 当前数据；stale 医保系统暂时无法访问，为最近一次取得的数据",
			"fresh: the present rows; stale: the last good answer, since the medical-insurance system cannot be reached",
		},
		"stale_reason": {
			"非当前数据的原因：throttled 医保系统要求减少查询；no_answer 医保系统暂无有效答复；仅在 stale 时出现",
			"Why the answer is the last good one: throttled, the medical-insurance system asks for fewer questions; no_answer, it gives no usable answer; only with stale",
		},
		"coverage":    {"complete 完整；partial 部分记录无法识别，未列出或缺少金额", "complete: all rows; partial: some rows could not be read and are left out, or lack a sum"},
		"complete_to": {"该日及以前的记录已收录完整，之后的可能尚未传到；地区未说明时不出现", "Day up to which nothing is missing; later rows may not have arrived yet. Absent where the region does not say"},
		"total":       {"符合条件的记录数（所有页）", "Number of rows that fit, on all pages"},
		"notices":     {"应向用户展示的提示；没有时为空", "What the user should be told about the rows; empty where there is nothing"},
		"explanation": {"这些记录是什么，可直接展示给用户", "What these rows are, in words that can be shown to the user"},
	},
	"InstitutionView": {
		"code":  {"医药机构编码", "Code of the institution"},
		"name":  {"医药机构名称", "Name of the institution"},
		"level": {"医院等级代码（hosp_lv）；未提供时不出现", "Level of the hospital (hosp_lv); absent where not given"},
	},
}

// pageFields explain a page of rows.
var pageFields = map[string]text{
	"items": {"本页的记录，由新到旧", "Rows of the page, the newest first"},
	"next":  {"下一页的 cursor；最后一页不出现", "cursor of the next page; absent on the last one"},
	"meta":  {"记录的时间、来源、完整程度与说明", "Time, source, coverage and explanation of the rows"},
}

var (
	paramFormat = map[string]text{
		"format": {
			"csv：以 CSV 文件返回符合条件的全部记录（UTF-8，最多 5000 行，金额单位为元，未提供的为空），忽略 limit 和 cursor；与 Accept: text/csv 相同",
			"csv: all rows that fit as a CSV file (UTF-8, at most 5000 rows, amounts in yuan, empty where not given); limit and cursor are ignored. The same as Accept: text/csv",
		},
	}
	paramPage = map[string]text{
		"limit":  {"每页记录数", "Rows of a page"},
		"cursor": {"上一页返回的 next；省略为第一页", "next of the page before; the first page if left out"},
	}
	paramDays = map[string]text{
		"from": {"起始日期（含）；省略为截止日期当年的1月1日", "First day, inclusive; the first of January of the last day's year if left out"},
		"to":   {"截止日期（含）；省略为今天", "Last day, inclusive; today if left out"},
	}
	paramSums = map[string]text{
		"min_fen": {"最低金额（分，含）；未提供金额的记录不符合", "Lowest sum in fen, inclusive; rows whose sum is not given do not fit"},
		"max_fen": {"最高金额（分，含）；未提供金额的记录不符合", "Highest sum in fen, inclusive; rows whose sum is not given do not fit"},
	}
	paramInstitution = text{"医药机构编码，或名称的一部分", "Code of the institution, or a part of its name"}
	paramInsurance   = text{"险种代码；省略为全部险种", "Code of the insurance; all if left out"}
)

// params joins the parameters of a list.
func params(own map[string]text, shared ...map[string]text) map[string]text {
	all := maps.Clone(own)
	if all == nil {
		all = map[string]text{}
	}
	for _, some := range append(shared, paramFormat) {
		maps.Copy(all, some)
	}
	return all
}
