package handlers

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web"
)

// pooledListView is the year of a person with the pooled fund, an item for each insurance.
type pooledListView struct {
	Items []pooledView  `json:"items"`
	Meta  listMeta      `json:"meta"`
	Quota remainingView `json:"quota"`
	table table
}

// ContentType implements web.Sheet.
func (v pooledListView) ContentType(string) string { return v.table.contentType() }

// Table implements web.Sheet.
func (v pooledListView) Table() [][]string { return v.table }

// pooledView has the figures that everybody asks for by themselves, and all figures as the region tells them. What is not
// told is null, never 0.
type pooledView struct {
	InsuranceType string       `json:"insurance_type" example:"310"`
	InsuranceName string       `json:"insurance_name" example:"职工医保"`
	Year          string       `json:"year" example:"2026"`
	Paid          *balance.Fen `json:"paid_fen" example:"180000"`
	Deductible    *balance.Fen `json:"deductible_fen" example:"20000"`
	Total         *balance.Fen `json:"total_fen" example:"250000"`
	InScope       *balance.Fen `json:"in_scope_fen"`
	Visits        *int64       `json:"visits" example:"7"`
	Figures       []figureView `json:"figures"`
}

type figureView struct {
	Kind       records.AccumulatedKind `json:"kind" enum:"visits,total,in_scope,deductible,pool,account,subsidy,large,illness,aid,other" example:"pool"`
	Label      string                  `json:"label" example:"统筹基金支付"`
	Code       string                  `json:"code" example:"D310101_BIZ11"`
	Visit      string                  `json:"visit,omitempty" example:"11"`
	VisitLabel string                  `json:"visit_label,omitempty" example:"普通门诊"`
	Amount     *balance.Fen            `json:"amount_fen" example:"90000"`
	Count      *int64                  `json:"count"`
}

// remainingView is what is left of the year's limits, where the region tells it.
type remainingView struct {
	State   string           `json:"state" enum:"told,not_told,unavailable" example:"told"`
	Text    string           `json:"text" example:"以下为参保地提供的剩余额度"`
	Left    []leftView       `json:"left"`
	Problem *web.PartProblem `json:"problem,omitempty"`
}

type leftView struct {
	Key    string       `json:"key" example:"outpatient_pool"`
	Name   string       `json:"name" example:"门诊统筹"`
	Amount *balance.Fen `json:"amount_fen" example:"120000"`
}

// limitTexts name the limits by the key that a region's profile gives them; another key is its own name.
var limitTexts = map[string]text{
	"outpatient_pool": {"门诊统筹", "Outpatient care"},
	"chronic_disease": {"门诊慢特病", "Outpatient, chronic or special disease"},
	"two_diseases":    {"高血压、糖尿病门诊用药", "Outpatient drugs for hypertension and diabetes"},
	"family_account":  {"家庭共济账户", "Family account"},
}

type pooledInput struct {
	ListInput
	Year string `query:"year" pattern:"^[0-9]{4}$" maxLength:"4" example:"2026"`
}

func (s *server) getPooled(ctx context.Context, in *pooledInput) (*listOut[pooledListView], error) {
	caller, year, l := web.CallerOf(ctx), in.Year, web.LanguageOf(ctx)
	if year == "" {
		year = balance.DayOf(s.Now()).Month()[:4]
	}
	var figures part[*records.Page[records.Accumulated]]
	var quotas part[*records.Page[records.Quota]]
	var both sync.WaitGroup
	fetch(s, &both, &figures, func() (*records.Page[records.Accumulated], error) {
		return s.Records.Accumulated(ctx, caller, in.ID, year)
	})
	fetch(s, &both, &quotas, func() (*records.Page[records.Quota], error) { return s.Records.Quotas(ctx, caller, in.ID, year) })
	both.Wait()
	switch {
	case errors.Is(figures.err, balance.ErrRange):
		return nil, &web.Failure{Public: errRange, Field: "year"}
	case figures.err != nil:
		return nil, figures.err
	}
	view := pooledListView{Items: byInsurance(figures.value.Rows, l), Meta: metaOf(s, figures.value, aboutPooled, l), Quota: remaining(ctx, quotas)}
	if !in.sheet() {
		return &listOut[pooledListView]{Body: view}, nil
	}
	view.table = view.sheet(l)
	return &listOut[pooledListView]{Disposition: s.fileOf("pooled"), Body: view}, nil
}

// byInsurance makes an item of the figures of each insurance, in the order in which they came.
func byInsurance(rows []records.Accumulated, l web.Language) []pooledView {
	items, at := []pooledView{}, map[string]int{}
	for i := range rows {
		row := &rows[i]
		n, found := at[row.InsuranceType]
		if !found {
			n = len(items)
			at[row.InsuranceType] = n
			items = append(items, pooledView{InsuranceType: row.InsuranceType, InsuranceName: insuranceName(row.InsuranceType, l), Year: row.Year})
		}
		items[n].add(row, l)
	}
	return items
}

// add adds a figure. One of all visits together is shown by itself, too; figures are never summed, since nobody says which of
// them is within another.
func (v *pooledView) add(row *records.Accumulated, l web.Language) {
	f := figureView{Kind: row.Kind, Label: nameOf(nil, "", accumulatedTexts, string(row.Kind), l), Code: row.Code, Visit: row.Visit,
		Amount: row.Fen, Count: row.Count}
	if row.Visit != "" {
		f.VisitLabel = nameOf(visitCodes, row.Visit, visitTexts, string(records.VisitOther), l)
	}
	v.Figures = append(v.Figures, f)
	if row.Visit != "" {
		return
	}
	switch row.Kind {
	case records.AccumulatedPool:
		if row.Code == "D310101" || row.Code == "D390101" {
			v.Paid = row.Fen
		}
	case records.AccumulatedDeductible:
		v.Deductible = row.Fen
	case records.AccumulatedTotal:
		v.Total = row.Fen
	case records.AccumulatedInScope:
		v.InScope = row.Fen
	case records.AccumulatedVisits:
		v.Visits = row.Count
	}
}

func remaining(ctx context.Context, found part[*records.Page[records.Quota]]) remainingView {
	l := web.LanguageOf(ctx)
	switch {
	case errors.Is(found.err, balance.ErrUnsupported), found.err == nil && len(found.value.Rows) == 0:
		return remainingView{State: "not_told", Text: textQuotaNotTold[l], Left: []leftView{}}
	case found.err != nil:
		return remainingView{State: partUnavailable, Text: textQuotaFailed[l], Left: []leftView{}, Problem: web.PartOf(ctx, found.err)}
	}
	return remainingView{State: "told", Text: textQuotaTold[l], Left: each(found.value.Rows, func(q records.Quota) leftView {
		return leftView{q.Key, nameOf(limitTexts, q.Key, nil, "", l), q.Left}
	})}
}

// sheet has a line for each figure, then one for each limit.
func (v *pooledListView) sheet(l web.Language) table {
	t := table{{titleInsurance[l], titleYear[l], titleFigure[l], titleVisit[l], titleAmount[l], titleCount[l], titleAsOf[l]}}
	for _, item := range v.Items {
		for _, f := range item.Figures {
			count := ""
			if f.Count != nil {
				count = strconv.FormatInt(*f.Count, 10)
			}
			t = append(t, []string{item.InsuranceName, item.Year, f.Label, f.VisitLabel, yuan(f.Amount), count, string(v.Meta.AsOf)})
		}
	}
	for _, left := range v.Quota.Left {
		t = append(t, []string{"", "", titleLeft[l] + left.Name, "", yuan(left.Amount), "", string(v.Meta.AsOf)})
	}
	return t
}

var (
	textQuotaTold    = text{"以下为参保地提供的剩余额度", "What is left, as the region tells it"}
	textQuotaNotTold = text{"参保地未提供剩余额度", "The region does not tell what is left"}
	textQuotaFailed  = text{"暂时无法获取剩余额度，请稍后再查看", "What is left cannot be had at the moment. Please look again later."}

	titleInsurance = text{"险种", "Insurance"}
	titleYear      = text{"年度", "Year"}
	titleFigure    = text{"项目", "Figure"}
	titleVisit     = text{"就诊类别", "Kind of visit"}
	titleAmount    = text{"金额（元）", "Amount (CNY)"}
	titleCount     = text{"次数", "Count"}
	titleLeft      = text{"剩余额度：", "Left: "}
)

var aboutPooled = text{
	"统筹基金是参保人共同的医保基金，由它支付的费用不从您的个人账户扣除。以下为本年度累计：起付线是须先由个人承担的部分，达到后统筹基金才开始支付。剩余额度仅在参保地提供时显示。",
	"The pooled fund belongs to all insured persons together; what it pays is not taken from your own account. These are the figures of the year. " +
		"The deductible is what you bear before the fund begins to pay. What is left of a limit is shown only where the region tells it.",
}
