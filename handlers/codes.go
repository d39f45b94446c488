package handlers

import (
	"yibao/balance/records"
	"yibao/handlers/web"
)

// Names of the codes that rows carry. A code of the national tables has its own name; another has that of its group, with the
// code itself behind it.

var visitTexts = map[string]text{
	string(records.VisitOutpatient): {"门诊", "Outpatient"},
	string(records.VisitInpatient):  {"住院", "Inpatient"},
	string(records.VisitPharmacy):   {"药店购药", "Pharmacy"},
	string(records.VisitOther):      {"其他", "Other"},
}

// visitCodes is med_type.
var visitCodes = map[string]text{
	"11": {"普通门诊", "Outpatient"}, "12": {"门诊挂号", "Registration"}, "13": {"急诊", "Emergency"},
	"14": {"门诊慢特病", "Outpatient, chronic or special disease"}, "21": {"普通住院", "Inpatient"}, "2101": {"普通住院", "Inpatient"},
	"2102": {"单病种住院", "Inpatient, single disease"}, "22": {"外伤住院", "Inpatient, injury"}, "23": {"转外就医住院", "Inpatient, referred elsewhere"},
	"24": {"急诊转住院", "Inpatient, from emergency"}, "41": {"药店购药", "Pharmacy"}, "51": {"生育门诊", "Outpatient, maternity"},
	"52": {"生育住院", "Inpatient, maternity"}, "53": {"计划生育手术", "Family-planning surgery"},
}

var whereTexts = map[string]text{
	string(records.WhereLocal):    {"本地", "In the area"},
	string(records.WhereProvince): {"省内异地", "Elsewhere in the province"},
	string(records.WhereCountry):  {"跨省异地", "In another province"},
	string(records.WhereUnknown):  {"未提供", "Not given"},
}

var settlementTexts = map[string]text{
	string(records.SettlementValid):    {"有效", "Valid"},
	string(records.SettlementReversed): {"已退费", "Refunded"},
	string(records.SettlementReversal): {"退费", "Refund"},
	string(records.SettlementVoid):     {"无效", "Void"},
}

var sumsTexts = map[string]text{
	string(records.SumsAgree):   {"各项支付合计与总费用一致", "The parts make the total"},
	string(records.SumsDiffer):  {"各项支付合计与总费用不一致，请向参保地医保经办机构核实", "The parts do not make the total; please ask the local medical-insurance office"},
	string(records.SumsUnknown): {"部分金额未提供，无法核对", "Some of the parts are not given, so they cannot be compared"},
}

var gradeTexts = map[string]text{
	string(records.GradeA):       {"甲类", "Class A"},
	string(records.GradeB):       {"乙类", "Class B"},
	string(records.GradeC):       {"丙类（自费）", "Class C (not covered)"},
	string(records.GradeUnknown): {"未提供", "Not given"},
}

var entryTexts = map[string]text{
	string(records.EntryCredit):   {"划入", "Credited"},
	string(records.EntryInterest): {"利息", "Interest"},
	string(records.EntrySpent):    {"医保消费", "Spent"},
	string(records.EntryRefund):   {"退款、退收", "Refund or taken back"},
	string(records.EntryTransfer): {"转移、继承", "Transfer or inheritance"},
	string(records.EntryPremium):  {"代缴保费", "Contribution paid"},
	string(records.EntryCarry):    {"年度结转", "Carried to the next year"},
	string(records.EntryOther):    {"其他", "Other"},
}

// entryCodes is acct_incexpd_type.
var entryCodes = map[string]text{
	"101": {"每月划入", "Monthly credit"}, "102": {"年度利息", "Yearly interest"}, "103": {"利息", "Interest"},
	"104": {"退收", "Taken back by the fund"}, "106": {"继承转入", "Inherited"}, "107": {"转入", "Transferred in"}, "108": {"预划入", "Credited in advance"},
	"109": {"保险退费", "Refund"}, "110": {"特殊调整", "Adjustment"}, "111": {"补记", "Entered later"}, "112": {"一次性注入", "One-off credit"},
	"113": {"上年结转", "Carried from last year"}, "201": {"医保消费", "Spent"}, "202": {"账户返还", "Paid out to the person"},
	"203": {"账户清退", "Account closed out"}, "204": {"账户做实", "Made real"}, "205": {"代缴保费", "Contribution paid"},
	"206": {"结转下年", "Carried to next year"}, "207": {"转出", "Transferred out"}, "208": {"继承转出", "To an heir"},
}

var contributionTexts = map[string]text{
	string(records.ContributionRegular):  {"正常缴费", "Regular"},
	string(records.ContributionBack):     {"补缴", "Paid later"},
	string(records.ContributionRefund):   {"退费", "Refund"},
	string(records.ContributionInjected): {"注入个人账户", "Into the account"},
	string(records.ContributionOther):    {"其他", "Other"},
}

// contributionCodes is clct_type.
var contributionCodes = map[string]text{
	"10": {"正常缴费", "Regular"}, "11": {"个人部分", "Personal part"}, "20": {"退费", "Refund"}, "36": {"统筹划入个人账户", "From the fund into the account"},
	"40": {"个人账户注入", "Into the account"}, "41": {"个人账户预划", "Into the account in advance"}, "60": {"单位预缴", "Prepaid by the employer"},
	"991": {"居民退费", "Refund to a resident"}, "992": {"缓缴", "Deferred"},
}

var paidTexts = map[string]text{
	string(records.PaidYes):     {"已缴", "Paid"},
	string(records.PaidNo):      {"未缴", "Not paid"},
	string(records.PaidUnknown): {"未提供", "Not given"},
}

var claimTexts = map[string]text{
	string(records.ClaimSubmitted): {"已提交", "Submitted"},
	string(records.ClaimAccepted):  {"已受理", "Accepted"},
	string(records.ClaimInReview):  {"审核中", "In review"},
	string(records.ClaimReturned):  {"已退回", "Returned"},
	string(records.ClaimApproved):  {"审核通过", "Approved"},
	string(records.ClaimRefused):   {"不予报销", "Refused"},
	string(records.ClaimPaying):    {"拨付中", "Being paid"},
	string(records.ClaimPaid):      {"已拨付", "Paid"},
	string(records.ClaimFailed):    {"拨付退回", "Payment came back"},
	string(records.ClaimUnknown):   {"未识别的状态", "A state that is not known"},
}

// claimNext say what comes next, and what the person can do.
var claimNext = map[string]text{
	string(records.ClaimSubmitted): {"申请已提交，等待医保经办机构受理，暂时无需操作", "The claim waits to be accepted by the medical-insurance office. There is nothing to do for now."},
	string(records.ClaimAccepted):  {"申请已受理，请按经办机构的要求提交票据原件，随后进入审核", "The claim was accepted. Hand in the original bills as the office asks; then it is reviewed."},
	string(records.ClaimInReview):  {"医保经办机构正在审核，暂时无需操作", "The medical-insurance office is reviewing the claim. There is nothing to do for now."},
	string(records.ClaimReturned):  {"申请被退回，请查看退回原因，补齐材料后重新提交", "The claim was returned. Please see the reason, complete the papers and hand them in again."},
	string(records.ClaimApproved):  {"审核已通过，等待拨付，请留意报销款到账", "The claim was approved and will be paid. Please watch your bank account."},
	string(records.ClaimRefused):   {"本次申请不予报销，请查看原因；如有异议，可拨打12393医保服务热线或向经办机构咨询", "The claim was refused. Please see the reason; if you disagree, call the medical-insurance hotline 12393 or ask the office."},
	string(records.ClaimPaying):    {"正在拨付，请留意报销款到账", "The money is on its way. Please watch your bank account."},
	string(records.ClaimPaid):      {"报销款已拨付，本次报销已办结", "The money was paid. The claim is finished."},
	string(records.ClaimFailed):    {"报销款被银行退回，请向医保经办机构核对收款账户", "The bank returned the payment. Please check the bank account with the medical-insurance office."},
	string(records.ClaimUnknown):   {"暂时无法识别当前进度，请以医保经办机构的说明为准，也可拨打12393医保服务热线咨询", "The present step is not known here. Please ask the medical-insurance office, or call the hotline 12393."},
}

var accumulatedTexts = map[string]text{
	string(records.AccumulatedVisits):     {"就诊次数", "Visits"},
	string(records.AccumulatedTotal):      {"医疗总费用", "Total cost"},
	string(records.AccumulatedInScope):    {"政策范围内费用", "Cost within the rules"},
	string(records.AccumulatedDeductible): {"已用起付线", "Deductible used"},
	string(records.AccumulatedPool):       {"统筹基金支付", "Paid by the pooled fund"},
	string(records.AccumulatedAccount):    {"个人账户支付", "Paid from the account"},
	string(records.AccumulatedSubsidy):    {"公务员医疗补助支付", "Paid by the civil servants' subsidy"},
	string(records.AccumulatedLarge):      {"大额医疗补助支付", "Paid by the large-amount subsidy"},
	string(records.AccumulatedIllness):    {"大病保险支付", "Paid by the serious-illness insurance"},
	string(records.AccumulatedAid):        {"医疗救助支付", "Paid by medical aid"},
	string(records.AccumulatedOther):      {"其他", "Other"},
}

var designatedTexts = map[string]text{
	string(records.DesignatedInstitution): {"定点医药机构", "Designated institution"},
	string(records.DesignatedDisease):     {"门诊慢特病登记", "Registered chronic or special disease"},
}

var flagTexts = map[string]text{
	string(records.FlagRepeated): {"{day}在同一机构有两笔金额相同的结算，每笔{one}。如只就诊或购药一次，请向该机构核对。",
		"On {day} there are two bills of {one} at one institution. If there was one visit only, please ask the institution."},
	string(records.FlagHigh): {"{day}的一笔结算为{total}，您此前{n}笔同类结算通常为{usual}（中位数）。如与实际就诊不符，请向该机构核对。",
		"A bill of {day} is {total}; your {n} earlier bills of that kind are usually {usual} (the median). If this does not fit the visit, please ask the institution."},
	string(records.FlagTwoPlace): {"{day}在本地和异地各有一笔结算，合计{total}。如当天未在两地就医，请向该机构核对。",
		"On {day} there is a bill in the area and one elsewhere, {total} together. If you were not in both places that day, please ask the institutions."},
}

// nameOf names a code: by itself, or by its group with the code behind it.
func nameOf(codes map[string]text, code string, groups map[string]text, group string, l web.Language) string {
	if name, ok := codes[code]; ok {
		return name[l]
	}
	name := groups[group][l]
	switch {
	case code == "" || name == "":
		return name + code
	case l == web.English:
		return name + " (" + code + ")"
	}
	return name + "（" + code + "）"
}
