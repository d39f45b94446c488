package balance_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/identity"
)

// model is a trend's input, drawn at random.
type model struct {
	query  query
	self   bool
	start  balance.Day // of the link
	since  balance.Day // that it may see
	points map[balance.Day]balance.PersonalAccount
}

func drawModel(t *rapid.T) model {
	m := model{
		points: map[balance.Day]balance.PersonalAccount{}, self: rapid.Bool().Draw(t, "self"),
		start: today.Add(-rapid.IntRange(0, 900).Draw(t, "start")),
	}
	m.query.From = today.Add(-rapid.IntRange(0, 1200).Draw(t, "from"))
	m.query.To = m.query.From.Add(rapid.IntRange(0, 1300).Draw(t, "days"))
	m.query.Step = rapid.SampledFrom([]balance.Step{"", balance.StepAuto, balance.StepDay, balance.StepWeek, balance.StepMonth}).Draw(t, "step")
	m.query.Gaps = rapid.SampledFrom([]balance.Gaps{"", balance.GapsNull, balance.GapsCarry}).Draw(t, "gaps")
	for range rapid.IntRange(0, 40).Draw(t, "points") {
		account := balance.PersonalAccount{Exists: rapid.SampledFrom([]balance.Existence{balance.AccountYes, balance.AccountYes, balance.AccountNo, balance.AccountUnknown}).Draw(t, "exists")}
		if rapid.IntRange(0, 4).Draw(t, "known") > 0 {
			account.Balance = fen(rapid.Int64Range(-500, 500).Draw(t, "fen"))
		}
		m.points[today.Add(-rapid.IntRange(0, 1250).Draw(t, "day"))] = account
	}
	m.since = m.start
	for day := range m.points {
		if m.self {
			m.since = min(m.since, day)
		}
	}
	return m
}

// figure says whether the account has a known balance.
func figure(a balance.PersonalAccount) bool {
	return a.Exists == balance.AccountYes && a.Balance != nil
}

// span is the days of a category, without regard to the range.
func span(label string, step balance.Step) (first, last balance.Day) {
	switch step {
	case balance.StepWeek:
		return balance.Day(label), balance.Day(label).Add(6)
	case balance.StepMonth:
		first, last = balance.Day(label+"-01"), balance.Day(label+"-28")
		for last.Add(1).Month() == label {
			last = last.Add(1)
		}
		return first, last
	}
	return balance.Day(label), balance.Day(label)
}

func TestTrendNeverInvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		w.linkedOn(m.start)
		w.caller.Links[0].Relation = identity.Parent
		if m.self {
			w.caller.Links[0].Relation = identity.Self
		}
		w.must(w.peek.DeleteReadings(context.Background(), w.subject))
		var points []point
		for day, account := range m.points {
			points = append(points, point{"310", day, account})
		}
		w.put(points...)
		got, err := w.Trend(context.Background(), w.caller, "link-1", m.query)
		if errors.Is(err, balance.ErrTooMany) && m.query.Step != "" && m.query.Step != balance.StepAuto {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got.Since != m.since {
			t.Fatalf("since %s, want %s", got.Since, m.since)
		}
		m.check(t, got)
		m.checkSummary(t, got)
		byDay, err := w.Trend(context.Background(), w.caller, "link-1", m.byDay())
		// An account that ended within its only category may show by days alone.
		if err == nil && len(got.Series) > 0 && !slices.Equal(byDay.Summary, got.Summary) {
			t.Fatalf("of %+v by %s: %+v, by day %+v", m, got.Step, got.Summary, byDay.Summary)
		}
	})
}

// byDay is the same question by days.
func (m model) byDay() query {
	q := m.query
	q.Step = balance.StepDay
	return q
}

// checkSummary compares a chart's summary with its figures; longer steps may hide the lowest and highest days.
func (m model) checkSummary(t *rapid.T, got *balance.Trend) {
	for i, s := range got.Series {
		var shown []balance.Fen
		for _, value := range s.Fen {
			if value != nil {
				shown = append(shown, *value)
			}
		}
		sum := got.Summary[i]
		if sum.Min > slices.Min(shown) || sum.Max < slices.Max(shown) || sum.Closing != shown[len(shown)-1] {
			t.Fatalf("%+v does not sum up %v", sum, shown)
		}
		if got.Step == balance.StepDay && (sum.Min != slices.Min(shown) || sum.Max != slices.Max(shown) || sum.Opening != shown[0]) {
			t.Fatalf("%+v does not sum up %v", sum, shown)
		}
	}
}

func (m model) check(t *rapid.T, got *balance.Trend) {
	if len(got.Categories) == 0 || len(got.Categories) > 366 || !slices.IsSorted(got.Categories) {
		t.Fatalf("%d categories", len(got.Categories))
	}
	next := m.query.From
	for _, label := range got.Categories {
		first, last := span(label, got.Step)
		if next < first || next > last {
			t.Fatalf("no category has %s", next)
		}
		next = last.Add(1)
	}
	if next <= m.query.To {
		t.Fatalf("no category has %s", next)
	}
	for _, s := range got.Series {
		if len(s.Fen) != len(got.Categories) {
			t.Fatalf("%d values for %d categories", len(s.Fen), len(got.Categories))
		}
		for i, value := range s.Fen {
			m.checkValue(t, got, got.Categories[i], value)
		}
	}
}

// checkValue finds the expected value the slow way: back from the end of the category, day by day.
func (m model) checkValue(t *rapid.T, got *balance.Trend, label string, value *balance.Fen) {
	first, last := span(label, got.Step)
	first, last = max(first, m.query.From), min(last, m.query.To)
	lowest := max(first, m.since)
	var want *balance.Fen
	for day := last; day >= lowest && want == nil; day = day.Add(-1) {
		if a := m.points[day]; figure(a) {
			want = a.Balance
		}
	}
	if want == nil && got.Gaps == balance.GapsCarry && last >= m.since && first <= today {
		lowest = max(m.query.From.Add(-31), m.since)
		for day := last; day >= lowest && want == nil && m.points[day].Exists != balance.AccountNo; day = day.Add(-1) {
			if a := m.points[day]; figure(a) {
				want = a.Balance
			}
		}
	}
	if !same(value, want) {
		t.Fatalf("%s of %+v is %s, want %s", label, m, show([]*balance.Fen{value}), show([]*balance.Fen{want}))
	}
}
