package handlers

import "yibao/handlers/web"

// claimFields explain the fields of claims.go.
var claimFields = web.Fields{
	"/v1/insured/{id}/claims": params(map[string]text{
		"state": {"进度", "State of the claim"}, "institution": paramInstitution,
	}, paramPage, paramDays, paramSums),
	"ListViewClaimView": pageFields,
	"ClaimView": {
		"id":           {"受理编号", "Id of the claim"},
		"institution":  {"医药机构", "Institution"},
		"state":        {"进度", "State of the claim"},
		"state_label":  {"进度名称", "Name of the state"},
		"code":         {"经办机构的状态代码，原样", "Code of the step, as the office has it"},
		"label":        {"经办机构的说明，原样；未提供时为空", "The office's own words, as they came; empty where not given"},
		"since":        {"进入当前步骤的时间", "When the present step began"},
		"days_in_step": {"在当前步骤已停留的天数；已办结的为 null", "Days in the present step; null once nothing more is to come"},
		"next_step":    {"接下来的安排或需要做的事，可直接展示给用户", "What comes next or is to be done, in words that can be shown to the user"},
		"submitted":    {"提交时间；未提供时不出现", "When it was handed in; absent where not given"},
		"opinion":      {"退回或不予报销的原因；未提供时不出现", "Why it was returned or refused; absent where not given"},
		"total_fen":    {"总费用（分）；null 表示未提供", "Total in fen; null: not given"},
		"paid_fen":     {"报销金额（分）；null 表示未提供", "What the fund pays, in fen; null: not given"},
		"steps":        {"各步骤，由早到晚；地区只提供当前步骤时为空", "The steps, the earliest first; empty where the region tells the present one alone"},
	},
	"StepView": {
		"at":          {"时间", "When the step began"},
		"state":       {"进度", "State of the claim then"},
		"state_label": {"进度名称", "Name of that state"},
		"code":        {"经办机构的状态代码，原样", "Code of that step, as the office has it"},
		"label":       {"经办机构的说明，原样；未提供时为空", "The office's own words then; empty where not given"},
		"opinion":     {"意见；未提供时不出现", "Opinion of the office; absent where not given"},
	},
}
