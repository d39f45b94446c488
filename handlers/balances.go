package handlers

import (
	"context"
	"errors"
	"time"

	"yibao/balance"
)

type balanceView struct {
	Meta       balanceMeta     `json:"meta"`
	Enrolments []enrolmentView `json:"enrolments"`
}

type balanceMeta struct {
	AsOf         moment               `json:"as_of" doc:"数据时间（医保系统）"`
	FetchedAt    moment               `json:"fetched_at" doc:"获取时间"`
	AgeSeconds   int                  `json:"age_seconds" doc:"距数据获取的秒数" example:"12"`
	Source       string               `json:"source" example:"fsi/1101"`
	Completeness balance.Completeness `json:"completeness" enum:"complete,partial,stale,unsupported" doc:"完整；部分未知；暂用上次结果；该地区不提供"`
}

type enrolmentView struct {
	InsuranceType string         `json:"insurance_type" doc:"险种代码（insutype）" example:"310"`
	InsuranceName string         `json:"insurance_name" example:"职工医保"`
	Status        balance.Status `json:"status" example:"active"`
	StatusName    string         `json:"status_name" example:"正常参保"`
	Region        string         `json:"region" doc:"参保地" example:"330100"`
	RegionName    string         `json:"region_name" example:"示例市"`
	Employer      string         `json:"employer,omitempty" example:"示例单位"`
	EnrolledOn    string         `json:"enrolled_on,omitempty" example:"2010-03-01"`
	PausedOn      string         `json:"paused_on,omitempty"`
	Account       accountView    `json:"personal_account"`
}

// accountView has an amount only when there is one: what is not known is absent, never 0.
type accountView struct {
	Exists    balance.Existence `json:"exists" enum:"yes,no,unknown" doc:"是否有个人账户"`
	AmountFen *balance.Fen      `json:"amount_fen,omitempty" doc:"余额（分）；未知时不出现" example:"123450"`
	Amount    string            `json:"amount,omitempty" doc:"余额；未知时不出现" example:"¥1,234.50"`
	Text      string            `json:"text" doc:"可以直接展示的文字" example:"¥1,234.50"`
}

// getBalance is the route that is asked most.
func (s *server) getBalance(ctx context.Context, in *PathID) (*out[balanceView], error) {
	found, err := s.Balances.Current(ctx, callerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	l := callOf(ctx).language
	age := s.Now().Sub(found.FetchedAt)
	view := balanceView{
		Meta: balanceMeta{
			AsOf: stamp(found.AsOf), FetchedAt: stamp(found.FetchedAt), AgeSeconds: max(int(age/time.Second), 0),
			Source: found.Source, Completeness: found.Completeness,
		},
		Enrolments: make([]enrolmentView, len(found.Enrolments)),
	}
	for i := range found.Enrolments {
		view.Enrolments[i] = s.enrolment(&found.Enrolments[i], l)
	}
	return answer(view), nil
}

func (s *server) enrolment(e *balance.Enrolment, l language) enrolmentView {
	return enrolmentView{
		InsuranceType: e.InsuranceType, InsuranceName: balance.InsuranceName(e.InsuranceType, l.short()),
		Status: e.Status, StatusName: balance.StatusName(e.Status, l.short()),
		Region: e.Region, RegionName: s.regionName(e.Region), Employer: e.Employer,
		EnrolledOn: e.EnrolledOn, PausedOn: e.PausedOn, Account: viewAccount(e.Account, l),
	}
}

func viewAccount(a balance.PersonalAccount, l language) accountView {
	switch {
	case a.Exists == balance.AccountNo:
		return accountView{Exists: a.Exists, Text: textNoAccount.in(l)}
	case a.Exists == balance.AccountYes && a.Balance != nil:
		shown := a.Balance.Display()
		return accountView{Exists: a.Exists, AmountFen: a.Balance, Amount: shown, Text: shown}
	case a.Exists == balance.AccountYes:
		return accountView{Exists: a.Exists, Text: textBalanceUnknown.in(l)}
	}
	return accountView{Exists: balance.AccountUnknown, Text: textAccountUnknown.in(l)}
}

type trendInput struct {
	PathID
	From      string         `query:"from" maxLength:"10" doc:"起始日期（含）；省略为截止日期前 29 天" example:"2026-10-23"`
	To        string         `query:"to" maxLength:"10" doc:"截止日期（含）；省略为今天" example:"2026-11-21"`
	Step      balance.Step   `query:"step" enum:"auto,day,week,month" default:"auto" doc:"横轴步长"`
	Gaps      balance.Gaps   `query:"gaps" enum:"null,carry" default:"null" doc:"无余额记录的日期：null 留空；carry 沿用之前的余额"`
	Format    balance.Format `query:"format" enum:"series,echarts,f2,ucharts" default:"series" doc:"图表库的数据格式"`
	Insurance string         `query:"insurance" maxLength:"6" pattern:"^[0-9]*$" patternDescription:"digits" doc:"险种代码；省略为全部有个人账户的险种" example:"310"`
}

type trendView struct {
	Meta  trendMeta `json:"meta"`
	Chart any       `json:"chart" doc:"所选图表库的数据，可直接使用；金额单位为元，null 表示无余额记录"`
}

type trendMeta struct {
	Unit         string               `json:"unit" example:"CNY"`
	Step         balance.Step         `json:"step" enum:"day,week,month"`
	Gaps         balance.Gaps         `json:"gaps" enum:"null,carry"`
	Timezone     string               `json:"timezone" example:"Asia/Shanghai"`
	AsOf         moment               `json:"as_of,omitempty" doc:"最近一次余额记录的时间；没有余额记录时不出现"`
	Completeness balance.Completeness `json:"completeness" enum:"complete,partial,stale,unsupported"`
	Account      balance.Existence    `json:"account" enum:"yes,no,unknown" doc:"是否有个人账户"`
	Since        balance.Day          `json:"since" doc:"从这一天起有记录" example:"2026-11-21"`
	From         balance.Day          `json:"from" example:"2026-10-23"`
	To           balance.Day          `json:"to" example:"2026-11-21"`
	Summary      []summaryView        `json:"summary"`
}

type summaryView struct {
	Key        string      `json:"key" example:"personal"`
	Name       string      `json:"name" example:"个人账户"`
	MinFen     balance.Fen `json:"min_fen" example:"9800"`
	MaxFen     balance.Fen `json:"max_fen" example:"12050"`
	OpeningFen balance.Fen `json:"opening_fen" example:"12050"`
	ClosingFen balance.Fen `json:"closing_fen" example:"9800"`
}

func (s *server) getTrend(ctx context.Context, in *trendInput) (*out[trendView], error) {
	query, err := in.query(callOf(ctx).language)
	if err != nil {
		return nil, err
	}
	trend, err := s.Balances.Trend(ctx, callerOf(ctx), in.ID, query)
	if errors.Is(err, balance.ErrRange) {
		return nil, in.badRange()
	}
	if err != nil {
		return nil, err
	}
	return answer(trendView{
		Meta: trendMeta{
			Unit: trend.Unit, Step: trend.Step, Gaps: trend.Gaps, Timezone: trend.Timezone, AsOf: stamp(trend.AsOf),
			Completeness: trend.Completeness, Account: trend.Account, Since: trend.Since, From: trend.From, To: trend.To,
			Summary: each(trend.Summary, func(one balance.Summary) summaryView {
				return summaryView{one.Key, one.Name, one.Min, one.Max, one.Opening, one.Closing}
			}),
		},
		Chart: trend.Chart(in.Format),
	}), nil
}

// query reads the days.
func (in *trendInput) query(l language) (balance.TrendQuery, error) {
	query := balance.TrendQuery{Step: in.Step, Gaps: in.Gaps, InsuranceType: in.Insurance, Language: l.short()}
	for _, day := range []struct {
		name, text string
		day        *balance.Day
	}{{"from", in.From, &query.From}, {"to", in.To, &query.To}} {
		if day.text == "" {
			continue
		}
		parsed, err := balance.ParseDay(day.text)
		if err != nil {
			return query, &failure{public: errRange, field: day.name}
		}
		*day.day = parsed
	}
	return query, nil
}

// badRange says that days which exist make no range. Where only one was given it is that one; else nobody can tell.
func (in *trendInput) badRange() error {
	switch {
	case in.To == "":
		return &failure{public: errRange, field: "from"}
	case in.From == "":
		return &failure{public: errRange, field: "to"}
	}
	return fail(errRange)
}
