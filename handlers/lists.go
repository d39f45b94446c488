package handlers

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web"
)

// ListInput is the input of every list behind an account. (Exported as LinkID is.)
type ListInput struct {
	LinkID
	Format listFormat `query:"format" enum:"json,csv" default:"json"`
	Accept string     `header:"Accept" hidden:"true"`
}

// PageInput chooses a page of a list.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"1000" example:"MWRqbHZ4LmE"`
}

// DaysInput chooses rows by day.
type DaysInput struct {
	From dayText `query:"from" maxLength:"10" example:"2026-01-01"`
	To   dayText `query:"to" maxLength:"10" example:"2026-11-21"`
}

// SumInput chooses rows by their sum.
type SumInput struct {
	Min optional[balance.Fen] `query:"min_fen" example:"0"`
	Max optional[balance.Fen] `query:"max_fen" example:"100000"`
}

// RowsInput is the input of a list of rows that have a day and a sum.
type RowsInput struct {
	ListInput
	PageInput
	DaysInput
	SumInput
}

// listFormat is what a list is answered as.
type listFormat string

const formatCSV listFormat = "csv"

// sheet says whether a file is asked for.
func (in *ListInput) sheet() bool { return in.Format == formatCSV || web.WantsSheet(in.Accept) }

// optional is a parameter that may be left out, apart from being zero.
type optional[T any] struct {
	Value T
	set   bool
}

// Schema is that of the value.
func (optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// Receiver is where Huma writes the value.
func (o *optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet is told by Huma whether there was one.
func (o *optional[T]) OnParamSet(set bool, _ any) { o.set = set }

// given is the value, nil where it was left out.
func (o *optional[T]) given() *T {
	if !o.set {
		return nil
	}
	return &o.Value
}

// listView is a page of every list. Its rows are those of one kind.
type listView[V any] struct {
	Items []V      `json:"items"`
	Next  string   `json:"next,omitempty" example:"MWRqbHZ4LmE"`
	Meta  listMeta `json:"meta"`
	table table
}

type listMeta struct {
	AsOf        moment              `json:"as_of"`
	FetchedAt   moment              `json:"fetched_at"`
	AgeSeconds  int                 `json:"age_seconds" example:"12"`
	Source      string              `json:"source" example:"fsi/5203"`
	Freshness   freshness           `json:"freshness" enum:"fresh,stale" example:"fresh"`
	StaleReason balance.StaleReason `json:"stale_reason,omitempty" enum:"throttled,no_answer" example:"no_answer"`
	Coverage    balance.Coverage    `json:"coverage" enum:"complete,partial,unsupported" example:"complete"`
	CompleteTo  balance.Day         `json:"complete_to,omitempty" format:"date" example:"2026-11-18"`
	Total       int                 `json:"total" example:"37"`
	Notices     []noticeView        `json:"notices"`
	Explanation string              `json:"explanation" example:"每次在医院、药店使用医保的结算记录，以及费用由谁支付……"`
}

// table is a list as rows of a sheet; nil while JSON is wanted.
type table [][]string

// ContentType implements web.Sheet.
func (v listView[V]) ContentType(string) string { return v.table.contentType() }

// Table implements web.Sheet.
func (v listView[V]) Table() [][]string { return v.table }

func (t table) contentType() string {
	if t != nil {
		return web.SheetType
	}
	return "application/json"
}

// listOut is an answer as JSON or as a file.
type listOut[B any] struct {
	Disposition string `header:"Content-Disposition"`
	Body        B
}

// list says how rows of one kind are shown.
type list[R, V any] struct {
	name    string // of the file
	about   text
	view    func(*server, *R, web.Language) V
	columns []column[V]
}

// column is one of a list's sheet.
type column[V any] struct {
	title text
	cell  func(*V) string
}

// maxSheet is the most rows of a file. One with fewer than there are would be taken for the whole.
const maxSheet = 5000

// rowsOf answers a list: a page of it, or all of it as a sheet.
func rowsOf[R, V any](ctx context.Context, s *server, in *ListInput, l *list[R, V], q records.Query,
	ask func(records.Query) (*records.Page[R], error)) (*listOut[listView[V]], error) {
	q.All = in.sheet()
	page, err := ask(q)
	if err != nil {
		return nil, err
	}
	if q.All && len(page.Rows) > maxSheet {
		return nil, errTooManyRows
	}
	language := web.LanguageOf(ctx)
	view := listView[V]{Items: make([]V, len(page.Rows)), Next: page.Next, Meta: metaOf(s, page, l.about, language)}
	for i := range page.Rows {
		view.Items[i] = l.view(s, &page.Rows[i], language)
	}
	if !q.All {
		return &listOut[listView[V]]{Body: view}, nil
	}
	view.table = l.sheet(view.Items, view.Meta.AsOf, language)
	return &listOut[listView[V]]{Disposition: s.fileOf(l.name), Body: view}, nil
}

// sheet has a line for the titles and one for each row; the last column says when the figures were true.
func (l *list[R, V]) sheet(items []V, asOf moment, language web.Language) table {
	head := make([]string, 0, len(l.columns)+1)
	for _, c := range l.columns {
		head = append(head, c.title[language])
	}
	t := table{append(head, titleAsOf[language])}
	for i := range items {
		row := make([]string, 0, len(head)+1)
		for _, c := range l.columns {
			row = append(row, c.cell(&items[i]))
		}
		t = append(t, append(row, string(asOf)))
	}
	return t
}

var titleAsOf = text{"数据时间", "As of"}

func (s *server) fileOf(name string) string {
	return `attachment; filename="` + name + "-" + string(balance.DayOf(s.Now())) + `.csv"`
}

// metaOf says how much a page is worth.
func metaOf[R any](s *server, p *records.Page[R], about text, l web.Language) listMeta {
	m := listMeta{
		AsOf: stamp(p.AsOf), FetchedAt: stamp(p.FetchedAt), AgeSeconds: max(int(s.Now().Sub(p.FetchedAt)/time.Second), 0),
		Source: p.Source, Freshness: fresh, Coverage: p.Coverage, CompleteTo: p.CompleteTo, Total: p.Total.Rows, Explanation: about[l],
	}
	if p.Stale {
		m.Freshness, m.StaleReason = stale, balance.StaleNoAnswer
		if errors.Is(p.Cause, balance.ErrThrottled) {
			m.StaleReason = balance.StaleThrottled
		}
	}
	m.Notices = balanceNotices(&balance.Answer{AsOf: p.AsOf, Stale: p.Stale, Because: m.StaleReason, Coverage: p.Coverage}, l)
	if p.CompleteTo != "" {
		m.Notices = append(m.Notices, completeNotice(p.CompleteTo, l))
	}
	return m
}

// query is what the parameters of a list choose.
func (in *RowsInput) query() (records.Query, error) {
	q := records.Query{Limit: in.Limit, Cursor: in.Cursor, Min: in.Min.given(), Max: in.Max.given()}
	return q, readDays(in.From, in.To, &q.From, &q.To)
}

// badRange names the day that makes no range, if only one was given.
func (in *DaysInput) badRange(err error) error {
	if !errors.Is(err, balance.ErrRange) {
		return err
	}
	return rangeFailure(in.From, in.To)
}
