package handlers

import (
	"context"
	"errors"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"yibao/balance"
	"yibao/handlers/web"
)

type trendInput struct {
	LinkID
	From      dayText        `query:"from" maxLength:"10" example:"2026-10-23"`
	To        dayText        `query:"to" maxLength:"10" example:"2026-11-21"`
	Step      balance.Step   `query:"step" enum:"auto,day,week,month" default:"auto"`
	Gaps      balance.Gaps   `query:"gaps" enum:"null,carry" default:"null"`
	Format    balance.Format `query:"format" enum:"series,echarts,f2,ucharts" default:"series"`
	Insurance string         `query:"insurance" maxLength:"6" pattern:"^[0-9]*$" example:"310"`
}

// dayText is a day as a request writes it.
type dayText string

// Schema says that it is a date but lets Huma not check it: the domain's own error names the range.
func (dayText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Extensions: map[string]any{"format": "date"}}
}

type trendMeta struct {
	Unit     string            `json:"unit" example:"CNY"`
	Step     balance.Step      `json:"step" enum:"day,week,month" example:"week"`
	Gaps     balance.Gaps      `json:"gaps" enum:"null,carry" example:"null"`
	Timezone string            `json:"timezone" example:"Asia/Shanghai"`
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

// trendView has the chart in the format asked for, and says which one that is. The document has a schema for each.
type trendView struct {
	Meta   trendMeta      `json:"meta"`
	Format balance.Format `json:"format"`
	Chart  any            `json:"chart"`
}

// Schema is one of the schemas of the formats, told apart by "format".
func (trendView) Schema(r huma.Registry) *huma.Schema {
	const name, prefix = "TrendView", "#/components/schemas/"
	union := &huma.Schema{Discriminator: &huma.Discriminator{PropertyName: "format", Mapping: map[string]string{}}}
	for _, format := range balance.Formats {
		of := chartSchemas[format]
		r.Map()[of] = &huma.Schema{
			Type: huma.TypeObject, Required: []string{"meta", "format", "chart"},
			Properties: map[string]*huma.Schema{
				"meta":   r.Schema(reflect.TypeFor[trendMeta](), true, ""),
				"format": {Type: huma.TypeString, Enum: []any{format}, Examples: []any{format}},
				"chart":  r.Schema(reflect.TypeOf((&balance.Trend{}).Chart(format)), true, ""),
			},
		}
		union.OneOf = append(union.OneOf, &huma.Schema{Ref: prefix + of})
		union.Discriminator.Mapping[string(format)] = prefix + of
	}
	r.Map()[name] = union
	return &huma.Schema{Ref: prefix + name}
}

// chartSchemas name the schemas of the answers by format.
var chartSchemas = map[balance.Format]string{
	balance.FormatSeries: "SeriesTrend", balance.FormatECharts: "EChartsTrend",
	balance.FormatF2: "F2Trend", balance.FormatUCharts: "UChartsTrend",
}

func (s *server) trend(trend *balance.Trend, format balance.Format, l web.Language) trendView {
	return trendView{
		Meta: trendMeta{
			Unit: trend.Unit, Step: trend.Step, Gaps: trend.Gaps, Timezone: trend.Timezone, AsOf: stamp(trend.AsOf),
			Coverage: trend.Coverage, Notices: s.trendNotices(trend, l), Account: trend.Account, Since: trend.Since,
			From: trend.From, To: trend.To,
			Summary: each(trend.Summary, func(one balance.Summary) summaryView {
				return summaryView{one.Key, one.Name, one.Min, one.Max, one.Opening, one.Closing}
			}),
		},
		Format: format, Chart: trend.Chart(format),
	}
}

func (s *server) getTrend(ctx context.Context, in *trendInput) (*out[trendView], error) {
	query, err := in.query(web.LanguageOf(ctx))
	if err != nil {
		return nil, err
	}
	trend, err := s.Balances.Trend(ctx, web.CallerOf(ctx), in.ID, query)
	if errors.Is(err, balance.ErrRange) {
		return nil, rangeFailure(in.From, in.To)
	}
	if err != nil {
		return nil, err
	}
	return answer(s.trend(trend, in.Format, web.LanguageOf(ctx))), nil
}

// query reads the days and takes over the rest.
func (in *trendInput) query(l web.Language) (balance.TrendQuery, error) {
	query := balance.TrendQuery{Step: in.Step, Gaps: in.Gaps, InsuranceType: in.Insurance, Language: l.Short()}
	return query, readDays(in.From, in.To, &query.From, &query.To)
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
