package handlers

import "yibao/handlers/web"

// settlementFields explain the fields of settlements.go.
var settlementFields = web.Fields{
	"/v1/insured/{id}/settlements": params(map[string]text{
		"kind":        {"就诊类别", "Kind of visit"},
		"institution": paramInstitution, "insurance_type": paramInsurance,
	}, paramPage, paramDays, paramSums),
	"ListViewSettlementView": pageFields,
	"SettlementView": {
		"id":             {"结算编号", "Id of the bill"},
		"insurance_type": {"险种代码（insutype）；未提供时为空", "Code of the insurance (insutype); empty where not given"},
		"insurance_name": {"险种名称；未提供时为空", "Name of the insurance; empty where not given"},
		"at":             {"结算时间", "When it was settled"},
		"institution":    {"医药机构", "Institution"},
		"kind":           {"就诊类别", "Kind of visit"},
		"code":           {"医疗类别代码（med_type），原样", "Code of the kind of visit (med_type), as it came"},
		"label":          {"医疗类别名称", "Name of the kind of visit"},
		"where":          {"就医地：local 本地；in_province 省内异地；out_of_province 跨省异地；unknown 未提供", "Where it was settled"},
		"where_label":    {"就医地，可直接展示", "Where it was settled, in words"},
		"out_of_area":    {"是否异地就医；null 表示未提供", "Was it settled out of the person's area? null: not given"},
		"total_fen":      {"总费用（分）；null 表示未提供", "Total in fen; null: not given"},
		"fund_fen":       {"各项基金支付合计（分）；null 表示未提供", "Paid by all insurance funds together, in fen; null: not given"},
		"account_fen":    {"本人个人账户支付（分）；null 表示未提供", "Paid from the person's own account, in fen; null: not given"},
		"mutual_aid_fen": {"家庭共济支付，来自亲属的个人账户（分）；null 表示未提供", "Paid from a relative's account (mutual aid), in fen; null: not given"},
		"cash_fen":       {"现金支付（分）；null 表示未提供", "Paid in cash, in fen; null: not given"},
		"hospital_fen":   {"医院负担（分）；null 表示未提供", "The hospital's own share in fen; null: not given"},
		"deductible_fen": {"起付线（分），已包含在以上各项中；null 表示未提供", "The deductible in fen, which is within the parts above; null: not given"},
		"sums": {
			"各项支付合计与总费用是否一致：agree 一致；differ 不一致；unknown 部分金额未提供，无法核对",
			"Do the parts make the total, to the fen? unknown: a part that is needed is not given",
		},
		"sums_text": {"核对结果的说明，可直接展示", "The same in words that can be shown"},
		"state": {
			"valid 有效；reversed 已退费；reversal 退费（金额为负）；void 医保系统标记为无效",
			"valid; reversed: taken back; reversal: takes another one back, its sums are negative; void: the medical-insurance system says that it does not count",
		},
		"state_label": {"状态名称", "Name of the state"},
		"pair":        {"与之成对的退费或原结算的编号；没有或未找到时不出现", "Id of the bill that takes it back, or that it takes back; absent where there is none or it was not found"},
	},
	"/v1/insured/{id}/settlements/{bill}":       {"bill": {"结算编号", "Id of the bill"}},
	"/v1/insured/{id}/settlements/{bill}/lines": params(nil, paramPage),
	"ListViewLineView":                          pageFields,
	"LineView": {
		"id":          {"明细编号", "Id of the item"},
		"at":          {"费用发生时间；未提供时不出现", "When it was given; absent where not told"},
		"name":        {"医保目录名称", "Name in the insurance's catalogue"},
		"code":        {"医保目录编码", "Code in the insurance's catalogue"},
		"grade":       {"目录等级：A 甲类；B 乙类；C 丙类（自费）；unknown 未提供", "Class in the catalogue; C is not covered, unknown is not given"},
		"grade_label": {"目录等级名称", "Name of the class"},
		"quantity":    {"数量，原样", "Quantity, as it came"},
		"price_fen":   {"单价（分）；null 表示未提供或不足一分", "Price in fen; null: not given, or not a whole number of fen"},
		"sum_fen":     {"金额（分）；null 表示未提供", "Sum in fen; null: not given"},
		"self_pay":    {"先行自付比例，原样，如 0.1；未提供时不出现", "Share that the person pays first, as it came, such as 0.1; absent where not given"},
	},
}
