package records

import (
	"cmp"
	"slices"
	"time"

	"yibao/balance"
	"yibao/balance/chart"
)

// ChartQuery asks for a chart of rows by month.
type ChartQuery struct {
	// From and To are inclusive; "" is the first day of the month eleven months before To, and today. A month of which
	// only some days lie in the range has the rows of these.
	From, To      balance.Day
	InsuranceType string // "" for all; the ledger's rows tell none
	By            By     // of SpendingChart
	Language      string // of the names, "zh" or "en"
}

// Chart is a chart of rows by month of Asia/Shanghai. A month without rows is 0 only where the list is complete for that
// month, by the region's own word; any other is a gap, and so is one with a row whose sum is not given.
type Chart struct {
	Chart    *chart.Chart
	From, To balance.Day
	// Coverage is Complete if every finished month is, and Unsupported if Amounts is AmountsNotGiven.
	Coverage balance.Coverage
	Amounts  Amounts
	Meta     Meta
	Stale    bool // a part of it is older than it should be, since the region gives no answer now
	Cause    error
}

// Amounts says whether rows have sums.
type Amounts string

// The values of Amounts.
const (
	AmountsGiven    Amounts = "given"
	AmountsNotGiven Amounts = "not_given" // there are rows, and none has a sum
)

// month is the days of one category, both ends inclusive and inside the range.
type month struct {
	label       string // "2026-11"
	first, last balance.Day
}

// months are the categories of a chart.
type months struct {
	from, to, today balance.Day
	list            []month
}

// defaultMonths is the length of a chart whose query has no beginning.
const defaultMonths = 12

func newMonths(q ChartQuery, today balance.Day) (m months, err error) {
	m = months{to: cmp.Or(q.To, today), today: today}
	end := m.to.Start()
	if end.IsZero() {
		return m, balance.ErrRange
	}
	first := time.Date(end.Year(), end.Month()+1-defaultMonths, 1, 12, 0, 0, 0, balance.Shanghai)
	m.from = cmp.Or(q.From, balance.DayOf(first))
	if m.from.Start().IsZero() || m.from > m.to || m.from > today || year(m.to)-year(m.from) >= maxYears {
		return m, balance.ErrRange
	}
	for day := m.from; day <= m.to; {
		one := month{label: day.Month(), first: day, last: min(day.MonthEnd(), m.to)}
		m.list = append(m.list, one)
		day = one.last.Add(1)
	}
	return m, nil
}

// years are those to ask for: none that is still to come.
func (m months) years() []string { return years(m.from, min(m.to, m.today)) }

// at is the number of the month that a row belongs to; -1 for one outside the range.
func (m months) at(when time.Time) int {
	day := balance.DayOf(when)
	if day < m.from || day > m.to {
		return -1
	}
	return m.of(day.Month())
}

// of is the number of a month by its label, -1 outside the range.
func (m months) of(label string) int {
	return slices.IndexFunc(m.list, func(one month) bool { return one.label == label })
}

// table adds rows up: a column for each key, a line for each month.
type table struct {
	months  months
	meta    Meta
	columns map[string]*column
	covered []bool // a row of an earlier month is about this one, too: nothing is missing
}

type column struct {
	fen     []*int64
	unknown []bool // a row's sum is not given
}

func newTable(m months, meta Meta) *table {
	return &table{months: m, meta: meta, columns: map[string]*column{}, covered: make([]bool, len(m.list))}
}

// add adds a sum to a month; nil is a sum that is not given. A month of -1 is none of the chart's.
func (t *table) add(key string, month int, fen *balance.Fen) {
	if month < 0 {
		return
	}
	c := t.columns[key]
	if c == nil {
		c = &column{fen: make([]*int64, len(t.months.list)), unknown: make([]bool, len(t.months.list))}
		t.columns[key] = c
	}
	if fen == nil {
		c.unknown[month] = true
		return
	}
	if c.fen[month] == nil {
		c.fen[month] = new(int64)
	}
	*c.fen[month] += int64(*fen)
}

// whole says whether nothing of the month is missing, by the region's own word. A row that could not be read may be of any
// month.
func (t *table) whole(one month) bool {
	return t.meta.Coverage == balance.Complete && one.last <= t.meta.CompleteTo
}

// draw finishes the columns, in the order of the names, and makes the chart of them. A column without any known sum is left
// out.
func (t *table) draw(title [2]string, stack string, names []named, language string) *Chart {
	lang := 0
	if language == "en" {
		lang = 1
	}
	result := &Chart{From: t.months.from, To: t.months.to, Coverage: t.coverage(), Amounts: AmountsGiven, Meta: t.meta}
	c := &chart.Chart{Title: title[lang], Empty: [2]string{"所选时间内暂无记录", "There are no records for this time."}[lang],
		Language: [2]string{"zh", "en"}[lang], Unit: "CNY"}
	for _, one := range t.months.list {
		c.Categories = append(c.Categories, one.label)
	}
	for _, n := range names {
		if fen := t.finish(n.key); fen != nil {
			c.Series = append(c.Series, chart.Series{Key: n.key, Name: n.name[lang], Kind: chart.Bar, Stack: stack, Fen: fen})
			c.Summary = append(c.Summary, summary(n.key, n.name[lang], fen))
		}
	}
	result.Chart = c
	return result
}

// named is the key of a column with its name in both languages.
type named struct {
	key  string
	name [2]string
}

// finish returns the sums of a column; nil if none is known.
func (t *table) finish(key string) []*int64 {
	c := t.columns[key]
	if c == nil {
		return nil
	}
	some := false
	for i, one := range t.months.list {
		switch {
		case c.unknown[i]:
			c.fen[i] = nil
		case c.fen[i] != nil:
			some = true
		case t.whole(one) && !t.covered[i]:
			c.fen[i] = new(int64)
		}
	}
	if !some {
		return nil
	}
	return c.fen
}

func (t *table) coverage() balance.Coverage {
	if t.meta.Coverage != balance.Complete {
		return balance.Partial
	}
	for i, one := range t.months.list {
		if one.last < t.months.today && !t.whole(one) {
			return balance.Partial
		}
		for _, c := range t.columns {
			if c.unknown[i] {
				return balance.Partial
			}
		}
	}
	return balance.Complete
}

// summary has the total of the months that are known, the lowest and the highest of them.
func summary(key, name string, fen []*int64) chart.Summary {
	s := chart.Summary{Key: key, Name: name, Total: new(int64)}
	for _, f := range fen {
		if f == nil {
			continue
		}
		*s.Total += *f
		if s.Min == nil || *f < *s.Min {
			s.Min = f
		}
		if s.Max == nil || *f > *s.Max {
			s.Max = f
		}
	}
	return s
}

// distinct leaves one row of each place, as the pages of a list do.
func (g *gathered[T]) distinct(l list[T]) *gathered[T] {
	g.rows = distinct(g.rows, l.place)
	return g
}

// drawn says of a chart where its rows come from.
func (g *gathered[T]) drawn(c *Chart) *Chart {
	c.Stale, c.Cause = g.stale, g.cause
	return c
}
