package handlers

import "yibao/handlers/web"

// contributionFields explain the fields of contributions.go.
var contributionFields = web.Fields{
	"/v1/insured/{id}/contributions": params(map[string]text{
		"kind": {"缴费类别", "Kind of contribution"}, "insurance_type": paramInsurance,
	}, paramPage, paramDays, paramSums),
	"ListViewContributionView": pageFields,
	"ContributionView": {
		"id":               {"缴费编号；医保系统没有编号时由记录内容生成", "Id of the contribution; made of the row where the region has none"},
		"insurance_type":   {"险种代码（insutype）", "Code of the insurance (insutype)"},
		"insurance_name":   {"险种名称", "Name of the insurance"},
		"from":             {"费款所属期起，yyyy-MM", "First month that it is for, yyyy-MM"},
		"to":               {"费款所属期止，yyyy-MM", "Last month that it is for, yyyy-MM"},
		"kind":             {"缴费类别", "Kind of contribution"},
		"code":             {"缴费类型代码（clct_type），原样", "Code of the kind (clct_type), as it came"},
		"label":            {"缴费类型名称", "Name of the kind"},
		"paid":             {"paid 已缴；unpaid 未缴；unknown 未提供", "Was it paid? unknown: not given"},
		"paid_label":       {"缴费状态名称", "Was it paid, in words"},
		"paid_on":          {"到账日期；未提供时不出现", "Day on which it was paid; absent where not given"},
		"base_fen":         {"缴费基数（分）；null 表示未提供", "Base of the contribution in fen; null: not given"},
		"employer_fen":     {"单位缴费（分）；null 表示未提供", "The employer's part in fen; null: not given"},
		"personal_fen":     {"个人缴费（分）；null 表示未提供", "The person's part in fen; null: not given"},
		"subsidy_fen":      {"财政补助（分）；null 表示未提供", "From public funds, in fen; null: not given"},
		"total_fen":        {"合计（分）；null 表示未提供", "Total in fen; null: not given"},
		"into_account_fen": {"划入个人账户（分）；null 表示未提供", "What went into the personal account, in fen; null: not given"},
		"missing_months": {
			"与上一次缴费之间没有缴费记录的月份，yyyy-MM；按月缴费的险种才有，没有时为空",
			"Months without a contribution between the paid one before and this, yyyy-MM; of insurances paid by the month; empty where there are none",
		},
		"missing_years": {
			"与上一次缴费之间没有缴费记录的年份；按年缴费的居民医保才有，没有时为空",
			"Years without a contribution between the paid one before and this; of residents' insurance, paid by the year; empty where there are none",
		},
	},
}
