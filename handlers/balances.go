package handlers

import (
	"context"
	"encoding/hex"
	"errors"
	"hash/fnv"
	"strconv"
	"time"

	"yibao/balance"
	"yibao/handlers/web"
)

type balanceView struct {
	Meta       balanceMeta     `json:"meta"`
	Enrolments []enrolmentView `json:"enrolments"`
}

type balanceMeta struct {
	AsOf         moment               `json:"as_of"`
	FetchedAt    moment               `json:"fetched_at"`
	AgeSeconds   int                  `json:"age_seconds" example:"12"`
	Source       string               `json:"source" example:"fsi/1101"`
	Completeness balance.Completeness `json:"completeness" enum:"complete,partial,stale,unsupported" example:"complete"`
	StaleReason  balance.StaleReason  `json:"stale_reason,omitempty" enum:"throttled,no_answer"`
	StaleText    string               `json:"stale_text,omitempty"`
}

type enrolmentView struct {
	ID            string         `json:"id" example:"8c736521b1e2f0a4"`
	Primary       bool           `json:"primary" example:"true"`
	InsuranceType string         `json:"insurance_type" example:"310"`
	InsuranceName string         `json:"insurance_name" example:"职工医保"`
	Status        balance.Status `json:"status" example:"active"`
	StatusName    string         `json:"status_name" example:"正常参保"`
	Region        string         `json:"region" example:"330100"`
	RegionName    string         `json:"region_name" example:"示例市"`
	Employer      string         `json:"employer,omitempty" example:"示例单位"`
	EnrolledOn    string         `json:"enrolled_on,omitempty" example:"2010-03-01"`
	PausedOn      string         `json:"paused_on,omitempty"`
	Account       accountView    `json:"personal_account"`
}

// accountView has an amount only if it is known. An unknown amount is absent, never 0.
type accountView struct {
	Exists    balance.Existence `json:"exists" enum:"yes,no,unknown" example:"yes"`
	AmountFen *balance.Fen      `json:"amount_fen,omitempty" example:"123450"`
	Amount    string            `json:"amount,omitempty" example:"¥1,234.50"`
	Text      string            `json:"text" example:"¥1,234.50"`
}

// getBalance is the route that is asked most.
func (s *server) getBalance(ctx context.Context, in *LinkID) (*out[balanceView], error) {
	found, err := s.Balances.Current(ctx, web.CallerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	l := web.LanguageOf(ctx)
	age := s.Now().Sub(found.FetchedAt)
	view := balanceView{
		Meta: balanceMeta{
			AsOf: stamp(found.AsOf), FetchedAt: stamp(found.FetchedAt), AgeSeconds: max(int(age/time.Second), 0),
			Source: found.Source, Completeness: found.Completeness, StaleReason: found.Because, StaleText: staleTexts[found.Because][l],
		},
		Enrolments: make([]enrolmentView, len(found.Enrolments)),
	}
	link, err := web.CallerOf(ctx).Link(in.ID)
	if err != nil {
		return nil, err
	}
	for i := range found.Enrolments {
		e := &found.Enrolments[i]
		view.Enrolments[i] = s.enrolment(e, l)
		view.Enrolments[i].ID = enrolmentID(found.Enrolments[:i], e)
		view.Enrolments[i].Primary = e == balance.Standing(found.Enrolments, e.InsuranceType, link.Region)
	}
	return answer(view), nil
}

// enrolmentID tells a person's enrolments apart, and stays while the state or the money changes. It is made of what the
// answer shows; of several that are alike in that, the later ones in the answer's order are numbered.
func enrolmentID(before []balance.Enrolment, e *balance.Enrolment) string {
	same := 1
	for i := range before {
		b := &before[i]
		if b.InsuranceType == e.InsuranceType && b.Region == e.Region && b.Employer == e.Employer {
			same++
		}
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(e.InsuranceType + "\n" + e.Region + "\n" + e.Employer)) // never fails, as hash.Hash promises
	id := hex.EncodeToString(h.Sum(nil))
	if same > 1 {
		id += "-" + strconv.Itoa(same)
	}
	return id
}

func (s *server) enrolment(e *balance.Enrolment, l web.Language) enrolmentView {
	return enrolmentView{
		InsuranceType: e.InsuranceType, InsuranceName: balance.InsuranceName(e.InsuranceType, l.Short()),
		Status: e.Status, StatusName: balance.StatusName(e.Status, l.Short()),
		Region: e.Region, RegionName: s.Regions.Name(e.Region), Employer: e.Employer,
		EnrolledOn: e.EnrolledOn, PausedOn: e.PausedOn, Account: viewAccount(e.Account, l),
	}
}

func viewAccount(a balance.PersonalAccount, l web.Language) accountView {
	switch {
	case a.Exists == balance.AccountNo:
		return accountView{Exists: a.Exists, Text: textNoAccount[l]}
	case a.Exists == balance.AccountYes && a.Balance != nil:
		shown := a.Balance.Display()
		return accountView{Exists: a.Exists, AmountFen: a.Balance, Amount: shown, Text: shown}
	case a.Exists == balance.AccountYes:
		return accountView{Exists: a.Exists, Text: textBalanceUnknown[l]}
	}
	return accountView{Exists: balance.AccountUnknown, Text: textAccountUnknown[l]}
}

type trendInput struct {
	LinkID
	From      string         `query:"from" maxLength:"10" example:"2026-10-23"`
	To        string         `query:"to" maxLength:"10" example:"2026-11-21"`
	Step      balance.Step   `query:"step" enum:"auto,day,week,month" default:"auto"`
	Gaps      balance.Gaps   `query:"gaps" enum:"null,carry" default:"null"`
	Format    balance.Format `query:"format" enum:"series,echarts,f2,ucharts" default:"series"`
	Insurance string         `query:"insurance" maxLength:"6" pattern:"^[0-9]*$" patternDescription:"digits" example:"310"`
}

type trendView struct {
	Meta  trendMeta `json:"meta"`
	Chart any       `json:"chart" example:"{\"categories\":[\"2026-10-19\",\"2026-10-26\",\"2026-11-02\",\"2026-11-09\",\"2026-11-16\"],\"series\":[{\"key\":\"personal\",\"name\":\"个人账户\",\"data\":[120.5,118,112.3,110,98]}]}"`
}

type trendMeta struct {
	Unit         string               `json:"unit" example:"CNY"`
	Step         balance.Step         `json:"step" enum:"day,week,month" example:"week"`
	Gaps         balance.Gaps         `json:"gaps" enum:"null,carry" example:"null"`
	Timezone     string               `json:"timezone" example:"Asia/Shanghai"`
	AsOf         moment               `json:"as_of,omitempty"`
	Completeness balance.Completeness `json:"completeness" enum:"complete,partial,unsupported" example:"complete"`
	Account      balance.Existence    `json:"account" enum:"yes,no,unknown" example:"yes"`
	Since        balance.Day          `json:"since" example:"2026-09-01"`
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
	query, err := in.query(web.LanguageOf(ctx))
	if err != nil {
		return nil, err
	}
	trend, err := s.Balances.Trend(ctx, web.CallerOf(ctx), in.ID, query)
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

// query reads the days and takes over the rest.
func (in *trendInput) query(l web.Language) (balance.TrendQuery, error) {
	query := balance.TrendQuery{Step: in.Step, Gaps: in.Gaps, InsuranceType: in.Insurance, Language: l.Short()}
	for _, day := range []struct {
		name, text string
		day        *balance.Day
	}{{"from", in.From, &query.From}, {"to", in.To, &query.To}} {
		if day.text == "" {
			continue
		}
		parsed, err := balance.ParseDay(day.text)
		if err != nil {
			return query, &web.Failure{Public: errRange, Field: day.name}
		}
		*day.day = parsed
	}
	return query, nil
}

// badRange refuses days that make no range. If only one was given, the error names it.
func (in *trendInput) badRange() error {
	switch {
	case in.To == "":
		return &web.Failure{Public: errRange, Field: "from"}
	case in.From == "":
		return &web.Failure{Public: errRange, Field: "to"}
	}
	return errRange
}
