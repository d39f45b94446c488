package handlers

import (
	"context"
	"errors"
	"time"

	"yibao/balance"
)

type balanceView struct {
	Meta       balanceMeta     `json:"meta" doc:"数据的时间、来源与完整程度｜Time, source and completeness of the figures"`
	Enrolments []enrolmentView `json:"enrolments" doc:"参保信息，每个险种一项｜Enrolments, one for each insurance"`
}

type balanceMeta struct {
	AsOf         moment               `json:"as_of" doc:"数据时间（医保系统）｜Time of the figures, by the medical-insurance system"`
	FetchedAt    moment               `json:"fetched_at" doc:"数据的获取时间｜When the figures were fetched"`
	AgeSeconds   int                  `json:"age_seconds" doc:"数据获取至今的秒数｜Seconds since the figures were fetched" example:"12"`
	Source       string               `json:"source" doc:"数据来源：接口与交易编号｜Where the figures come from: interface and transaction" example:"fsi/1101"`
	Completeness balance.Completeness `json:"completeness" enum:"complete,partial,stale,unsupported" doc:"complete 完整；partial 部分未知；stale 暂用上次结果；unsupported 该地区不提供｜complete: all known; partial: some figure is not known; stale: the last good answer; unsupported: the region does not provide it" example:"complete"`
}

type enrolmentView struct {
	InsuranceType string         `json:"insurance_type" doc:"险种代码（insutype）｜Code of the insurance (insutype)" example:"310"`
	InsuranceName string         `json:"insurance_name" doc:"险种名称｜Name of the insurance" example:"职工医保"`
	Status        balance.Status `json:"status" doc:"参保状态｜State of the enrolment" example:"active"`
	StatusName    string         `json:"status_name" doc:"参保状态名称｜Name of the state of the enrolment" example:"正常参保"`
	Region        string         `json:"region" doc:"参保地行政区划代码｜Code of the region enrolled in" example:"330100"`
	RegionName    string         `json:"region_name" doc:"参保地名称；未开通的地区为其代码｜Name of the region enrolled in; its code where the region is not among the regions offered" example:"示例市"`
	Employer      string         `json:"employer,omitempty" doc:"参保单位｜Employer" example:"示例单位"`
	EnrolledOn    string         `json:"enrolled_on,omitempty" doc:"参保日期｜Day of enrolment" example:"2010-03-01"`
	PausedOn      string         `json:"paused_on,omitempty" doc:"暂停参保日期｜Day since which the enrolment is paused"`
	Account       accountView    `json:"personal_account" doc:"个人账户｜Personal account"`
}

// accountView has an amount only when there is one: what is not known is absent, never 0.
type accountView struct {
	Exists    balance.Existence `json:"exists" enum:"yes,no,unknown" doc:"是否有个人账户：yes 有；no 无；unknown 未知｜Is there a personal account? yes, no, or unknown" example:"yes"`
	AmountFen *balance.Fen      `json:"amount_fen,omitempty" doc:"个人账户余额（分）；未知或无个人账户时不出现｜Balance of the account in fen; absent when it is not known or there is no account" example:"123450"`
	Amount    string            `json:"amount,omitempty" doc:"个人账户余额，可直接展示；未知或无个人账户时不出现｜Balance of the account as text; absent when it is not known or there is no account" example:"¥1,234.50"`
	Text      string            `json:"text" doc:"个人账户余额或其说明，可直接展示｜The balance of the account, or why there is none to show, in words that can be shown" example:"¥1,234.50"`
}

// getBalance is the route that is asked most.
func (s *server) getBalance(ctx context.Context, in *LinkID) (*out[balanceView], error) {
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
	LinkID
	From      string         `query:"from" maxLength:"10" doc:"起始日期（含）；省略为截止日期前 29 天｜First day, inclusive; 29 days before the last one if left out" example:"2026-10-23"`
	To        string         `query:"to" maxLength:"10" doc:"截止日期（含）；省略为今天｜Last day, inclusive; today if left out" example:"2026-11-21"`
	Step      balance.Step   `query:"step" enum:"auto,day,week,month" default:"auto" doc:"横轴步长：day 日；week 周，以周一的日期表示，首个可能早于 from；month 月；auto 按范围选择｜Width of the steps: day; week, named by its Monday, the first of which may lie before from; month; auto chooses by the range"`
	Gaps      balance.Gaps   `query:"gaps" enum:"null,carry" default:"null" doc:"无余额记录的日期：null 留空；carry 沿用之前的余额｜Days without a balance on record: null leaves them empty; carry shows the balance before them"`
	Format    balance.Format `query:"format" enum:"series,echarts,f2,ucharts" default:"series" doc:"图表库的数据格式｜Chart library whose data format is wanted"`
	Insurance string         `query:"insurance" maxLength:"6" pattern:"^[0-9]*$" patternDescription:"digits" doc:"险种代码；省略为全部有个人账户的险种｜Code of the insurance; all with a personal account if left out" example:"310"`
}

type trendView struct {
	Meta  trendMeta `json:"meta" doc:"图表的范围、完整程度与汇总｜Range, completeness and summary of the chart"`
	Chart any       `json:"chart" doc:"所选图表库的数据，可直接使用；金额单位为元，null 表示无余额记录｜Data for the chosen chart library, ready to use; amounts are in yuan, null means no balance on record" example:"{\"categories\":[\"2026-10-19\",\"2026-10-26\",\"2026-11-02\",\"2026-11-09\",\"2026-11-16\"],\"series\":[{\"key\":\"personal\",\"name\":\"个人账户\",\"data\":[120.5,118,112.3,110,98]}]}"`
}

type trendMeta struct {
	Unit         string               `json:"unit" doc:"图表的货币单位（金额为元）｜Currency of the chart (its amounts are in yuan)" example:"CNY"`
	Step         balance.Step         `json:"step" enum:"day,week,month" doc:"实际采用的步长｜Step that the chart has" example:"week"`
	Gaps         balance.Gaps         `json:"gaps" enum:"null,carry" doc:"无余额记录的日期如何显示｜How days without a balance on record are shown" example:"null"`
	Timezone     string               `json:"timezone" doc:"图表日期所属时区｜Time zone of the chart's days" example:"Asia/Shanghai"`
	AsOf         moment               `json:"as_of,omitempty" doc:"最近一次余额记录的时间；没有余额记录时不出现｜Time of the last balance on record; absent without one"`
	Completeness balance.Completeness `json:"completeness" enum:"complete,partial,unsupported" doc:"complete：自 since 起，已结束的步长（日、周、月）均有余额记录；since 之前、尚未结束和未来的步长可以为 null，gaps=carry 沿用的余额不算记录。partial：有缺失，或无法确认是否有个人账户。unsupported：无个人账户｜complete: every finished step (day, week or month) from since on has a reading of its own; steps before since, the one that today is in and those to come may be null, and a balance carried on (gaps=carry) is no reading. partial: some finished step lacks one, or it is not known whether there is an account. unsupported: there is no personal account" example:"complete"`
	Account      balance.Existence    `json:"account" enum:"yes,no,unknown" doc:"是否有个人账户：yes 有；no 无；unknown 未知｜Is there a personal account? yes, no, or unknown" example:"yes"`
	Since        balance.Day          `json:"since" doc:"可查看记录的起始日期｜First day whose balances the user may see" example:"2026-09-01"`
	From         balance.Day          `json:"from" doc:"图表的起始日期｜First day of the chart" example:"2026-10-23"`
	To           balance.Day          `json:"to" doc:"图表的截止日期｜Last day of the chart" example:"2026-11-21"`
	Summary      []summaryView        `json:"summary" doc:"各曲线的汇总｜Summary of each series"`
}

type summaryView struct {
	Key        string      `json:"key" doc:"曲线的键，与图表数据一致｜Key of the series, as in the chart" example:"personal"`
	Name       string      `json:"name" doc:"曲线名称｜Name of the series" example:"个人账户"`
	MinFen     balance.Fen `json:"min_fen" doc:"最低余额（分）｜Lowest balance in fen" example:"9800"`
	MaxFen     balance.Fen `json:"max_fen" doc:"最高余额（分）｜Highest balance in fen" example:"12050"`
	OpeningFen balance.Fen `json:"opening_fen" doc:"期初余额（分）｜First balance shown, in fen" example:"12050"`
	ClosingFen balance.Fen `json:"closing_fen" doc:"期末余额（分）｜Last balance shown, in fen" example:"9800"`
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
