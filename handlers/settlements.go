package handlers

import (
	"context"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web"
)

type institutionView struct {
	Code  string `json:"code" example:"H99010000001"`
	Name  string `json:"name" example:"示例医院"`
	Level string `json:"level,omitempty" example:"03"`
}

func viewInstitution(i records.Institution) institutionView { return institutionView(i) }

// settlementView is one bill. A sum that is not given is null, never 0.
type settlementView struct {
	ID            string                  `json:"id" example:"S9901002611000042"`
	InsuranceType string                  `json:"insurance_type" example:"310"`
	InsuranceName string                  `json:"insurance_name" example:"职工医保"`
	At            moment                  `json:"at"`
	Institution   institutionView         `json:"institution"`
	Kind          records.VisitKind       `json:"kind" enum:"outpatient,inpatient,pharmacy,other" example:"outpatient"`
	Code          string                  `json:"code" example:"11"`
	Label         string                  `json:"label" example:"普通门诊"`
	Where         records.Where           `json:"where" enum:"local,in_province,out_of_province,unknown" example:"local"`
	WhereLabel    string                  `json:"where_label" example:"本地"`
	OutOfArea     *bool                   `json:"out_of_area" example:"false"`
	Total         *balance.Fen            `json:"total_fen" example:"25000"`
	Fund          *balance.Fen            `json:"fund_fen" example:"18000"`
	Account       *balance.Fen            `json:"account_fen" example:"5000"`
	MutualAid     *balance.Fen            `json:"mutual_aid_fen"`
	Cash          *balance.Fen            `json:"cash_fen" example:"2000"`
	Hospital      *balance.Fen            `json:"hospital_fen"`
	Deductible    *balance.Fen            `json:"deductible_fen" example:"0"`
	Sums          records.Sums            `json:"sums" enum:"agree,differ,unknown" example:"agree"`
	SumsText      string                  `json:"sums_text" example:"各项支付合计与总费用一致"`
	State         records.SettlementState `json:"state" enum:"valid,reversed,reversal,void" example:"valid"`
	StateLabel    string                  `json:"state_label" example:"有效"`
	Pair          string                  `json:"pair,omitempty" example:"S9901002611000043"`
}

var aboutSettlements = text{
	"每次在医院、药店使用医保结算的记录，以及费用由谁支付：基金支付由医保基金承担，个人账户支付来自您的医保个人账户，家庭共济支付来自亲属的个人账户，" +
		"现金支付由您自付，医院负担由医院承担。起付线是总费用中须先由个人承担的部分，已包含在其他各项中。退费与原结算成对显示。未提供的金额不显示为0。异地就医的记录可能晚几天出现。",
	"Each time a hospital or pharmacy settled with the medical insurance, and who paid which part: the insurance funds, your own account, a relative's account, " +
		"you in cash, or the hospital itself. The deductible is what you bear first; it is within the other parts. A refund is shown with the bill that it " +
		"takes back. A sum that is not given is not shown as 0. Bills from elsewhere may arrive some days later.",
}

var settlementList = list[records.Settlement, settlementView]{
	name: "settlements", about: aboutSettlements,
	view: func(_ *server, b *records.Settlement, l web.Language) settlementView {
		return settlementView{
			ID: b.ID, InsuranceType: b.InsuranceType, InsuranceName: insuranceName(b.InsuranceType, l), At: stamp(b.At),
			Institution: viewInstitution(b.Institution), Kind: b.Kind, Code: b.Code,
			Label: nameOf(visitCodes, b.Code, visitTexts, string(b.Kind), l),
			Where: b.Where, WhereLabel: whereTexts[string(b.Where)][l], OutOfArea: outOfArea(b.Where), Total: b.Total, Fund: b.Fund,
			Account: b.Account, MutualAid: b.MutualAid, Cash: b.Cash, Hospital: b.Hospital, Deductible: b.Deductible,
			Sums: b.Sums(), SumsText: sumsTexts[string(b.Sums())][l],
			State: b.State, StateLabel: settlementTexts[string(b.State)][l], Pair: b.Pair,
		}
	},
	columns: []column[settlementView]{
		{text{"结算编号", "Bill"}, func(v *settlementView) string { return v.ID }},
		{text{"结算时间", "Time"}, func(v *settlementView) string { return string(v.At) }},
		{text{"险种", "Insurance"}, func(v *settlementView) string { return v.InsuranceName }},
		{text{"医药机构", "Institution"}, func(v *settlementView) string { return v.Institution.Name }},
		{text{"类别", "Kind"}, func(v *settlementView) string { return v.Label }},
		{text{"就医地", "Place"}, func(v *settlementView) string { return v.WhereLabel }},
		{text{"总费用（元）", "Total (CNY)"}, func(v *settlementView) string { return yuan(v.Total) }},
		{text{"基金支付（元）", "Funds (CNY)"}, func(v *settlementView) string { return yuan(v.Fund) }},
		{text{"个人账户支付（元）", "Account (CNY)"}, func(v *settlementView) string { return yuan(v.Account) }},
		{text{"家庭共济支付（元）", "Relative's account (CNY)"}, func(v *settlementView) string { return yuan(v.MutualAid) }},
		{text{"现金支付（元）", "Cash (CNY)"}, func(v *settlementView) string { return yuan(v.Cash) }},
		{text{"医院负担（元）", "Hospital's share (CNY)"}, func(v *settlementView) string { return yuan(v.Hospital) }},
		{text{"其中起付线（元）", "Deductible in it (CNY)"}, func(v *settlementView) string { return yuan(v.Deductible) }},
		{text{"金额核对", "Sums"}, func(v *settlementView) string { return v.SumsText }},
		{text{"状态", "State"}, func(v *settlementView) string { return v.StateLabel }},
		{text{"对应的结算", "Belongs to"}, func(v *settlementView) string { return v.Pair }},
	},
}

// outOfArea is nil where the upstream does not say where a bill was settled.
func outOfArea(w records.Where) *bool {
	if w == records.WhereUnknown || w == "" {
		return nil
	}
	out := w != records.WhereLocal
	return &out
}

// insuranceName is "" for a row that does not tell its insurance.
func insuranceName(code string, l web.Language) string {
	if code == "" {
		return ""
	}
	return balance.InsuranceName(code, l.Short())
}

// yuan is a sum in a sheet; what is not given is an empty cell.
func yuan(fen *balance.Fen) string {
	if fen == nil {
		return ""
	}
	return fen.String()
}

type settlementsInput struct {
	RowsInput
	Kind          records.VisitKind `query:"kind" enum:"outpatient,inpatient,pharmacy,other"`
	Institution   string            `query:"institution" maxLength:"100" example:"示例医院"`
	InsuranceType string            `query:"insurance_type" maxLength:"6" pattern:"^[0-9]*$" example:"310"`
}

func (s *server) listSettlements(ctx context.Context, in *settlementsInput) (*listOut[listView[settlementView]], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	q.Kind, q.Institution, q.InsuranceType = string(in.Kind), in.Institution, in.InsuranceType
	found, err := rowsOf(ctx, s, &in.ListInput, &settlementList, q, func(q records.Query) (*records.Page[records.Settlement], error) {
		return s.Records.Settlements(ctx, web.CallerOf(ctx), in.ID, q)
	})
	return found, in.badRange(err)
}

// lineView is one item of a bill.
type lineView struct {
	ID         string        `json:"id" example:"1"`
	At         moment        `json:"at,omitempty"`
	Name       string        `json:"name" example:"阿莫西林胶囊"`
	Code       string        `json:"code" example:"XJ01CAA040E001010100001"`
	Grade      records.Grade `json:"grade" enum:"A,B,C,unknown" example:"A"`
	GradeLabel string        `json:"grade_label" example:"甲类"`
	Quantity   string        `json:"quantity" example:"2"`
	Price      *balance.Fen  `json:"price_fen" example:"1250"`
	Sum        *balance.Fen  `json:"sum_fen" example:"2500"`
	SelfPay    string        `json:"self_pay,omitempty" example:"0.1"`
}

var aboutLines = text{
	"这笔结算包含的药品和服务项目。甲类按规定报销，乙类须先自付一部分再按规定报销，丙类不在报销范围内。",
	"The drugs and services of this bill. Class A is covered by the rules, of class B you pay a share first, class C is not covered.",
}

var lineList = list[records.Line, lineView]{
	name: "lines", about: aboutLines,
	view: func(_ *server, r *records.Line, l web.Language) lineView {
		return lineView{ID: r.ID, At: stamp(r.At), Name: r.Name, Code: r.Code, Grade: r.Grade, GradeLabel: gradeTexts[string(r.Grade)][l],
			Quantity: r.Quantity, Price: r.Price, Sum: r.Sum, SelfPay: r.SelfPay}
	},
	columns: []column[lineView]{
		{text{"项目", "Item"}, func(v *lineView) string { return v.Name }},
		{text{"医保编码", "Code"}, func(v *lineView) string { return v.Code }},
		{text{"等级", "Class"}, func(v *lineView) string { return v.GradeLabel }},
		{text{"数量", "Quantity"}, func(v *lineView) string { return v.Quantity }},
		{text{"单价（元）", "Price (CNY)"}, func(v *lineView) string { return yuan(v.Price) }},
		{text{"金额（元）", "Sum (CNY)"}, func(v *lineView) string { return yuan(v.Sum) }},
		{text{"先行自付比例", "Own share first"}, func(v *lineView) string { return v.SelfPay }},
		{text{"发生时间", "Time"}, func(v *lineView) string { return string(v.At) }},
	},
}

type linesInput struct {
	ListInput
	PageInput
	Bill string `path:"bill" maxLength:"128" example:"S9901002611000042"`
}

func (s *server) listLines(ctx context.Context, in *linesInput) (*listOut[listView[lineView]], error) {
	return rowsOf(ctx, s, &in.ListInput, &lineList, records.Query{Limit: in.Limit, Cursor: in.Cursor}, func(q records.Query) (*records.Page[records.Line], error) {
		return s.Records.Lines(ctx, web.CallerOf(ctx), in.ID, in.Bill, q)
	})
}
