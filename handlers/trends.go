package handlers

import (
	"context"
	"errors"

	"yibao/balance"
	"yibao/balance/chart"
	"yibao/handlers/web"
)

// TrendRange is what a trend is about.
type TrendRange struct {
	LinkID
	From      dayText      `query:"from" maxLength:"10" example:"2026-10-23"`
	To        dayText      `query:"to" maxLength:"10" example:"2026-11-21"`
	Step      balance.Step `query:"step" enum:"auto,day,week,month" default:"auto"`
	Timezone  string       `query:"timezone" enum:"Asia/Shanghai" default:"Asia/Shanghai"`
	Gaps      balance.Gaps `query:"gaps" enum:"null,carry" default:"null"`
	Insurance string       `query:"insurance" maxLength:"6" pattern:"^[0-9]*$" example:"310"`
}

type (
	trendInput struct {
		TrendRange
		ChartFormat
	}
	trendPictureInput struct {
		TrendRange
		PictureTheme
	}
)

type trendMeta struct {
	Unit     string            `json:"unit" example:"CNY"`
	Step     balance.Step      `json:"step" enum:"day,week,month" example:"week"`
	Gaps     balance.Gaps      `json:"gaps" enum:"null,carry" example:"null"`
	Timezone string            `json:"timezone" enum:"Asia/Shanghai" example:"Asia/Shanghai"`
	AsOf     moment            `json:"as_of,omitempty"`
	Coverage balance.Coverage  `json:"coverage" enum:"complete,partial,unsupported" example:"complete"`
	Notices  []noticeView      `json:"notices"`
	Account  balance.Existence `json:"account" enum:"yes,no,unknown" example:"yes"`
	Since    balance.Day       `json:"since" format:"date" example:"2026-09-01"`
	From     balance.Day       `json:"from" format:"date" example:"2026-10-23"`
	To       balance.Day       `json:"to" format:"date" example:"2026-11-21"`
	Summary  []summaryView     `json:"summary"`
}

type summaryView struct {
	Key        string      `json:"key" example:"personal"`
	Name       string      `json:"name" example:"个人账户"`
	MinFen     balance.Fen `json:"min_fen" example:"9800"`
	MaxFen     balance.Fen `json:"max_fen" example:"12050"`
	OpeningFen balance.Fen `json:"opening_fen" example:"12050"`
	ClosingFen balance.Fen `json:"closing_fen" example:"9800"`
}

func (s *server) getTrend(ctx context.Context, in *trendInput) (*out[chartView[trendMeta]], error) {
	trend, err := s.trend(ctx, in.TrendRange)
	if err != nil {
		return nil, err
	}
	l := web.LanguageOf(ctx)
	return answer(chartView[trendMeta]{
		Meta: trendMeta{
			Unit: trend.Unit, Step: trend.Step, Gaps: trend.Gaps, Timezone: trend.Timezone, AsOf: stamp(trend.AsOf),
			Coverage: trend.Coverage, Notices: s.trendNotices(trend, l), Account: trend.Account, Since: trend.Since,
			From: trend.From, To: trend.To,
			Summary: each(trend.Summary, func(one balance.Summary) summaryView {
				return summaryView{one.Key, one.Name, one.Min, one.Max, one.Opening, one.Closing}
			}),
		},
		Format: in.Format, Chart: trend.Chart().Encode(chart.Format(in.Format)),
	}), nil
}

func (s *server) trendPicture(ctx context.Context, in *trendPictureInput) (*picture, error) {
	trend, err := s.trend(ctx, in.TrendRange)
	if err != nil {
		return nil, err
	}
	return drawn(trend.Chart(), s.trendNotices(trend, web.LanguageOf(ctx)), in.Theme), nil
}

func (s *server) trend(ctx context.Context, in TrendRange) (*balance.Trend, error) {
	query := balance.TrendQuery{Step: in.Step, Gaps: in.Gaps, InsuranceType: in.Insurance, Language: web.LanguageOf(ctx).Short()}
	if err := readDays(in.From, in.To, &query.From, &query.To); err != nil {
		return nil, err
	}
	trend, err := s.Balances.Trend(ctx, web.CallerOf(ctx), in.ID, query)
	if errors.Is(err, balance.ErrRange) {
		return nil, rangeFailure(in.From, in.To)
	}
	return trend, err
}

// readDays reads the first and the last day of a request; the error names the one that is none.
func readDays(from, to dayText, first, last *balance.Day) error {
	for _, day := range []struct {
		name string
		text dayText
		day  *balance.Day
	}{{"from", from, first}, {"to", to, last}} {
		if day.text == "" {
			continue
		}
		parsed, err := balance.ParseDay(string(day.text))
		if err != nil {
			return &web.Failure{Public: errRange, Field: day.name}
		}
		*day.day = parsed
	}
	return nil
}

// rangeFailure refuses days that make no range. If only one was given, the error names it.
func rangeFailure(from, to dayText) error {
	switch {
	case to == "":
		return &web.Failure{Public: errRange, Field: "from"}
	case from == "":
		return &web.Failure{Public: errRange, Field: "to"}
	}
	return errRange
}
