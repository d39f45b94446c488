package handlers

import (
	"context"
	"time"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web"
)

// claimView is a bill that was handed in by hand, and where it has come to.
type claimView struct {
	ID          string             `json:"id" example:"B9901002611000009"`
	Institution institutionView    `json:"institution"`
	State       records.ClaimState `json:"state" enum:"submitted,accepted,in_review,returned,approved,refused,paying,paid,failed,unknown" example:"in_review"`
	StateLabel  string             `json:"state_label" example:"审核中"`
	Code        string             `json:"code" example:"4"`
	Label       string             `json:"label" example:"经办初审通过"`
	Since       moment             `json:"since"`
	DaysInStep  *int               `json:"days_in_step" example:"3"`
	NextStep    string             `json:"next_step" example:"医保经办机构正在审核，暂时无需操作"`
	Submitted   moment             `json:"submitted,omitempty"`
	Opinion     string             `json:"opinion,omitempty" example:"缺少费用明细清单"`
	Total       *balance.Fen       `json:"total_fen" example:"120000"`
	Paid        *balance.Fen       `json:"paid_fen" example:"66000"`
	Steps       []stepView         `json:"steps"`
}

type stepView struct {
	At         moment             `json:"at"`
	State      records.ClaimState `json:"state" enum:"submitted,accepted,in_review,returned,approved,refused,paying,paid,failed,unknown" example:"accepted"`
	StateLabel string             `json:"state_label" example:"已受理"`
	Code       string             `json:"code" example:"11"`
	Label      string             `json:"label" example:"已受理，待寄送票据原件"`
	Opinion    string             `json:"opinion,omitempty" example:"缺少费用明细清单"`
}

var aboutClaims = text{
	"未能直接结算、需手工提交票据申请报销（零星报销）的进度。每条显示当前步骤、已停留的天数和接下来的安排。",
	"Claims for bills that could not be settled on the spot and were handed in by hand. Each says its present step, the days in it, and what comes next.",
}

var claimList = list[records.Claim, claimView]{
	name: "claims", about: aboutClaims, view: viewClaim,
	columns: []column[claimView]{
		{text{"受理编号", "Claim"}, func(v *claimView) string { return v.ID }},
		{text{"提交时间", "Submitted"}, func(v *claimView) string { return string(v.Submitted) }},
		{text{"医药机构", "Institution"}, func(v *claimView) string { return v.Institution.Name }},
		{text{"进度", "State"}, func(v *claimView) string { return v.StateLabel }},
		{text{"经办机构的说明", "The office's words"}, func(v *claimView) string { return v.Label }},
		{text{"进入当前步骤的时间", "Since"}, func(v *claimView) string { return string(v.Since) }},
		{text{"意见", "Opinion"}, func(v *claimView) string { return v.Opinion }},
		{text{"总费用（元）", "Total (CNY)"}, func(v *claimView) string { return yuan(v.Total) }},
		{text{"报销金额（元）", "Paid back (CNY)"}, func(v *claimView) string { return yuan(v.Paid) }},
	},
}

func viewClaim(s *server, c *records.Claim, l web.Language) claimView {
	v := claimView{
		ID: c.ID, Institution: viewInstitution(c.Institution), State: c.State, StateLabel: claimTexts[string(c.State)][l], Code: c.Code,
		Label: c.Label, Since: stamp(c.Since), NextStep: claimNext[string(c.State)][l], Submitted: stamp(c.Submitted), Opinion: c.Opinion,
		Total: c.Total, Paid: c.Paid, Steps: each(c.Steps, func(p records.Step) stepView {
			return stepView{stamp(p.At), p.State, claimTexts[string(p.State)][l], p.Code, p.Label, p.Opinion}
		}),
	}
	if !c.State.Over() {
		days := daysBetween(c.Since, s.Now())
		v.DaysInStep = &days
	}
	return v
}

// daysBetween counts the midnights in Beijing between two times; none where the first is the later.
func daysBetween(since, now time.Time) int {
	from, to := balance.DayOf(since).Start(), balance.DayOf(now).Start()
	return max(int((to.Sub(from)+12*time.Hour)/(24*time.Hour)), 0)
}

type claimsInput struct {
	RowsInput
	State       records.ClaimState `query:"state" enum:"submitted,accepted,in_review,returned,approved,refused,paying,paid,failed,unknown"`
	Institution string             `query:"institution" maxLength:"100" example:"示例医院"`
}

func (s *server) listClaims(ctx context.Context, in *claimsInput) (*listOut[listView[claimView]], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	q.Kind, q.Institution = string(in.State), in.Institution
	found, err := rowsOf(ctx, s, &in.ListInput, &claimList, q, func(q records.Query) (*records.Page[records.Claim], error) {
		return s.Records.Claims(ctx, web.CallerOf(ctx), in.ID, q)
	})
	return found, in.badRange(err)
}
