package handlers

import (
	"context"
	"strings"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web"
)

// contributionView is what was paid in for a month or a year. A sum that is not given is null, never 0.
type contributionView struct {
	ID            string                   `json:"id" example:"C9901002611000003"`
	InsuranceType string                   `json:"insurance_type" example:"310"`
	InsuranceName string                   `json:"insurance_name" example:"职工医保"`
	From          string                   `json:"from" example:"2026-10"`
	To            string                   `json:"to" example:"2026-10"`
	Kind          records.ContributionKind `json:"kind" enum:"regular,back,refund,injected,other" example:"regular"`
	Code          string                   `json:"code" example:"10"`
	Label         string                   `json:"label" example:"正常缴费"`
	Paid          records.Paid             `json:"paid" enum:"paid,unpaid,unknown" example:"paid"`
	PaidLabel     string                   `json:"paid_label" example:"已缴"`
	PaidOn        balance.Day              `json:"paid_on,omitempty" format:"date" example:"2026-10-15"`
	Base          *balance.Fen             `json:"base_fen" example:"800000"`
	Employer      *balance.Fen             `json:"employer_fen" example:"64000"`
	Personal      *balance.Fen             `json:"personal_fen" example:"16000"`
	Subsidy       *balance.Fen             `json:"subsidy_fen"`
	Total         *balance.Fen             `json:"total_fen" example:"80000"`
	IntoAccount   *balance.Fen             `json:"into_account_fen" example:"16000"`
	MissingMonths []string                 `json:"missing_months" example:"2026-09"`
	MissingYears  []string                 `json:"missing_years" example:"2025"`
}

var aboutContributions = text{
	"医保缴费记录。职工医保按月缴费，由单位和个人共同承担；两次缴费之间缺少的月份会列出，中断缴费可能影响待遇。居民医保按年缴费，由个人缴费和财政补助组成。地区未提供的金额不显示为0。",
	"What was paid for the insurance. Employees' insurance is paid by the month, by employer and employee; months missing between two paid ones are listed, since a gap may " +
		"affect benefits. Residents' insurance is paid by the year, by the person and from public funds. A sum that the region does not give is not shown as 0.",
}

var contributionList = list[records.Contribution, contributionView]{
	name: "contributions", about: aboutContributions, view: viewContribution,
	columns: []column[contributionView]{
		{text{"险种", "Insurance"}, func(v *contributionView) string { return v.InsuranceName }},
		{text{"费款所属期起", "From month"}, func(v *contributionView) string { return v.From }},
		{text{"费款所属期止", "To month"}, func(v *contributionView) string { return v.To }},
		{text{"类别", "Kind"}, func(v *contributionView) string { return v.Label }},
		{text{"缴费状态", "Paid"}, func(v *contributionView) string { return v.PaidLabel }},
		{text{"到账日期", "Paid on"}, func(v *contributionView) string { return string(v.PaidOn) }},
		{text{"缴费基数（元）", "Base (CNY)"}, func(v *contributionView) string { return yuan(v.Base) }},
		{text{"单位缴费（元）", "Employer (CNY)"}, func(v *contributionView) string { return yuan(v.Employer) }},
		{text{"个人缴费（元）", "Personal (CNY)"}, func(v *contributionView) string { return yuan(v.Personal) }},
		{text{"财政补助（元）", "Public funds (CNY)"}, func(v *contributionView) string { return yuan(v.Subsidy) }},
		{text{"合计（元）", "Total (CNY)"}, func(v *contributionView) string { return yuan(v.Total) }},
		{text{"划入个人账户（元）", "Into the account (CNY)"}, func(v *contributionView) string { return yuan(v.IntoAccount) }},
		{text{"之前未缴的月份或年份", "Not paid before it"}, func(v *contributionView) string { return strings.Join(append(v.MissingMonths, v.MissingYears...), " ") }},
	},
}

func viewContribution(_ *server, c *records.Contribution, l web.Language) contributionView {
	v := contributionView{
		ID: c.ID, InsuranceType: c.InsuranceType, InsuranceName: insuranceName(c.InsuranceType, l), From: c.From, To: c.To, Kind: c.Kind,
		Code: c.Code, Label: nameOf(contributionCodes, c.Code, contributionTexts, string(c.Kind), l), Paid: c.Paid, PaidLabel: paidTexts[string(c.Paid)][l],
		PaidOn: c.PaidOn, Base: c.Base, Employer: c.Employer, Personal: c.Personal, Subsidy: c.Subsidy, Total: c.Total,
		IntoAccount: c.IntoAccount, MissingMonths: []string{}, MissingYears: []string{},
	}
	switch {
	case c.Missing != nil && c.Yearly():
		v.MissingYears = c.Missing
	case c.Missing != nil:
		v.MissingMonths = c.Missing
	}
	return v
}

type contributionsInput struct {
	RowsInput
	Kind          records.ContributionKind `query:"kind" enum:"regular,back,refund,injected,other"`
	InsuranceType string                   `query:"insurance_type" maxLength:"6" pattern:"^[0-9]*$" example:"310"`
}

func (s *server) listContributions(ctx context.Context, in *contributionsInput) (*listOut[listView[contributionView]], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	q.Kind, q.InsuranceType = string(in.Kind), in.InsuranceType
	found, err := rowsOf(ctx, s, &in.ListInput, &contributionList, q, func(q records.Query) (*records.Page[records.Contribution], error) {
		return s.Records.Contributions(ctx, web.CallerOf(ctx), in.ID, q)
	})
	return found, in.badRange(err)
}
