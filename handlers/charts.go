package handlers

import (
	"context"
	"errors"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yibao/balance"
	"yibao/balance/chart"
	"yibao/balance/records"
	"yibao/handlers/web"
	"yibao/identity"
)

// dayText is a day as a request writes it.
type dayText string

// Schema says that it is a date but lets Huma not check it: the domain's own error names the range.
func (dayText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Extensions: map[string]any{"format": "date"}}
}

// chartFormat is one of the formats of package chart.
type chartFormat chart.Format

// Schema lists the formats.
func (chartFormat) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, e := range chart.Encoders {
		s.Enum = append(s.Enum, string(e.Format))
	}
	return s
}

// ChartFormat and PictureTheme are what a request says about the form of a chart, and of a picture.
type (
	ChartFormat struct {
		Format chartFormat `query:"format" default:"series"`
	}
	PictureTheme struct {
		Theme chart.Theme `query:"theme" enum:"auto,light,dark" default:"auto"`
	}
)

// chartView has the chart in the format asked for, and says which one that is. The document has a schema for each.
type chartView[M any] struct {
	Meta   M           `json:"meta"`
	Format chartFormat `json:"format"`
	Chart  any         `json:"chart"`
}

// Schema is one of the schemas of the formats, told apart by "format". They are named after the meta: trendMeta gives
// SeriesTrend, EChartsTrend … and, for all of them, TrendView.
func (chartView[M]) Schema(r huma.Registry) *huma.Schema {
	const prefix = "#/components/schemas/"
	meta := reflect.TypeFor[M]()
	name := strings.TrimSuffix(meta.Name(), "Meta")
	name = strings.ToUpper(name[:1]) + name[1:]
	union := &huma.Schema{Discriminator: &huma.Discriminator{PropertyName: "format", Mapping: map[string]string{}}}
	for _, e := range chart.Encoders {
		of := e.Name + name
		r.Map()[of] = &huma.Schema{
			Type: huma.TypeObject, Required: []string{"meta", "format", "chart"},
			Properties: map[string]*huma.Schema{
				"meta":   r.Schema(meta, true, ""),
				"format": {Type: huma.TypeString, Enum: []any{e.Format}, Examples: []any{e.Format}},
				"chart":  r.Schema(reflect.TypeOf(e.Encode(&chart.Chart{})), true, ""),
			},
		}
		union.OneOf = append(union.OneOf, &huma.Schema{Ref: prefix + of})
		union.Discriminator.Mapping[string(e.Format)] = prefix + of
	}
	r.Map()[name+"View"] = union
	return &huma.Schema{Ref: prefix + name + "View"}
}

// svg is the media type of pictures.
const svg = "image/svg+xml"

// picture is an answer that is an SVG picture. Its own style sheet is the only thing that may run in it.
type picture struct {
	Type   string `header:"Content-Type"`
	Policy string `header:"Content-Security-Policy"`
	Body   []byte
}

// drawn draws a chart with its notices below.
func drawn(c *chart.Chart, notices []noticeView, theme chart.Theme) *picture {
	c.Notes = each(notices, func(n noticeView) string { return n.Message })
	return &picture{svg, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox", c.SVG(theme)}
}

// MonthRange is what a chart of rows is about.
type MonthRange struct {
	LinkID
	From     dayText `query:"from" maxLength:"10" example:"2025-12-01"`
	To       dayText `query:"to" maxLength:"10" example:"2026-11-21"`
	Step     string  `query:"step" enum:"month" default:"month"`
	Timezone string  `query:"timezone" enum:"Asia/Shanghai" default:"Asia/Shanghai"`
}

// ChartInsurance and ChartColours choose among the rows, and what the colours are.
type (
	ChartInsurance struct {
		Insurance string `query:"insurance" maxLength:"6" pattern:"^[0-9]*$" example:"310"`
	}
	ChartColours struct {
		By records.By `query:"by" enum:"kind,institution" default:"kind"`
	}
)

type (
	flowInput struct {
		MonthRange
		ChartFormat
	}
	flowPictureInput struct {
		MonthRange
		PictureTheme
	}
	spendingInput struct {
		MonthRange
		ChartInsurance
		ChartColours
		ChartFormat
	}
	spendingPictureInput struct {
		MonthRange
		ChartInsurance
		ChartColours
		PictureTheme
	}
	contributionsChartInput struct {
		MonthRange
		ChartInsurance
		ChartFormat
	}
	contributionsPictureInput struct {
		MonthRange
		ChartInsurance
		PictureTheme
	}
)

type monthsMeta struct {
	Unit       string           `json:"unit" example:"CNY"`
	Step       string           `json:"step" enum:"month" example:"month"`
	Timezone   string           `json:"timezone" enum:"Asia/Shanghai" example:"Asia/Shanghai"`
	AsOf       moment           `json:"as_of"`
	FetchedAt  moment           `json:"fetched_at"`
	Source     string           `json:"source" example:"fsi/5203"`
	Freshness  freshness        `json:"freshness" enum:"fresh,stale" example:"fresh"`
	Coverage   balance.Coverage `json:"coverage" enum:"complete,partial,unsupported" example:"complete"`
	CompleteTo balance.Day      `json:"complete_to,omitempty" format:"date" example:"2026-10-31"`
	Amounts    records.Amounts  `json:"amounts" enum:"given,not_given" example:"given"`
	Notices    []noticeView     `json:"notices"`
	From       balance.Day      `json:"from" format:"date" example:"2025-12-01"`
	To         balance.Day      `json:"to" format:"date" example:"2026-11-21"`
	Summary    []totalView      `json:"summary"`
}

type totalView struct {
	Key      string `json:"key" example:"in"`
	Name     string `json:"name" example:"收入"`
	TotalFen int64  `json:"total_fen" example:"276000"`
	MinFen   int64  `json:"min_fen" example:"23000"`
	MaxFen   int64  `json:"max_fen" example:"23000"`
}

// byMonth is a method of RowCharts.
type byMonth func(context.Context, *identity.Caller, string, records.ChartQuery) (*records.Chart, error)

func (s *server) getFlow(ctx context.Context, in *flowInput) (*out[chartView[monthsMeta]], error) {
	return s.months(ctx, s.RowCharts.FlowChart, in.MonthRange, records.ChartQuery{}, in.Format)
}

func (s *server) flowPicture(ctx context.Context, in *flowPictureInput) (*picture, error) {
	return s.monthsPicture(ctx, s.RowCharts.FlowChart, in.MonthRange, records.ChartQuery{}, in.Theme)
}

func (s *server) getSpending(ctx context.Context, in *spendingInput) (*out[chartView[monthsMeta]], error) {
	return s.months(ctx, s.RowCharts.SpendingChart, in.MonthRange, records.ChartQuery{InsuranceType: in.Insurance, By: in.By}, in.Format)
}

func (s *server) spendingPicture(ctx context.Context, in *spendingPictureInput) (*picture, error) {
	return s.monthsPicture(ctx, s.RowCharts.SpendingChart, in.MonthRange, records.ChartQuery{InsuranceType: in.Insurance, By: in.By}, in.Theme)
}

func (s *server) getContributionsChart(ctx context.Context, in *contributionsChartInput) (*out[chartView[monthsMeta]], error) {
	return s.months(ctx, s.RowCharts.ContributionsChart, in.MonthRange, records.ChartQuery{InsuranceType: in.Insurance}, in.Format)
}

func (s *server) contributionsPicture(ctx context.Context, in *contributionsPictureInput) (*picture, error) {
	return s.monthsPicture(ctx, s.RowCharts.ContributionsChart, in.MonthRange, records.ChartQuery{InsuranceType: in.Insurance}, in.Theme)
}

func (s *server) months(ctx context.Context, of byMonth, in MonthRange, q records.ChartQuery, format chartFormat) (*out[chartView[monthsMeta]], error) {
	c, err := s.ofMonths(ctx, of, in, q)
	if err != nil {
		return nil, err
	}
	age := fresh
	if c.Stale {
		age = stale
	}
	return answer(chartView[monthsMeta]{
		Meta: monthsMeta{
			Unit: c.Chart.Unit, Step: in.Step, Timezone: in.Timezone, AsOf: stamp(c.Meta.AsOf), FetchedAt: stamp(c.Meta.FetchedAt),
			Source: c.Meta.Source, Freshness: age, Coverage: c.Coverage, CompleteTo: c.Meta.CompleteTo, Amounts: c.Amounts,
			Notices: monthNotices(c, web.LanguageOf(ctx)), From: c.From, To: c.To,
			Summary: each(c.Chart.Summary, func(one chart.Summary) totalView {
				return totalView{one.Key, one.Name, *one.Total, *one.Min, *one.Max} // a series has a sum
			}),
		},
		Format: format, Chart: c.Chart.Encode(chart.Format(format)),
	}), nil
}

func (s *server) monthsPicture(ctx context.Context, of byMonth, in MonthRange, q records.ChartQuery, theme chart.Theme) (*picture, error) {
	c, err := s.ofMonths(ctx, of, in, q)
	if err != nil {
		return nil, err
	}
	notices := monthNotices(c, web.LanguageOf(ctx))
	if c.Amounts == records.AmountsNotGiven {
		notices = nil // the picture is that sentence
	}
	return drawn(c.Chart, notices, theme), nil
}

func (s *server) ofMonths(ctx context.Context, of byMonth, in MonthRange, q records.ChartQuery) (c *records.Chart, err error) {
	if err = readDays(in.From, in.To, &q.From, &q.To); err != nil {
		return nil, err
	}
	q.Language = web.LanguageOf(ctx).Short()
	c, err = of(ctx, web.CallerOf(ctx), in.ID, q)
	if errors.Is(err, balance.ErrRange) {
		return nil, rangeFailure(in.From, in.To)
	}
	return c, err
}

// monthNotices say what is not as one would expect of a chart of rows. The list is never nil.
func monthNotices(c *records.Chart, l web.Language) []noticeView {
	list := []noticeView{}
	at := stamp(c.Meta.AsOf)
	switch {
	case c.Stale && errors.Is(c.Cause, balance.ErrThrottled):
		list = append(list, notice(noticeThrottled, at, l))
	case c.Stale:
		list = append(list, notice(noticeStale, at, l))
	}
	switch {
	case c.Amounts == records.AmountsNotGiven:
		list = append(list, notice(noticeNoAmounts, at, l))
	case c.Coverage != balance.Complete && c.Meta.Coverage == balance.Complete && c.Meta.CompleteTo != "":
		list = append(list, completeNotice(c.Meta.CompleteTo, l))
	case c.Coverage != balance.Complete:
		list = append(list, notice(noticeRecent, at, l))
	}
	return list
}
