package balance

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// model is a trend's input, drawn at random.
type model struct {
	query  TrendQuery
	since  Day
	points map[Day]PersonalAccount
}

func drawModel(t *rapid.T) model {
	m := model{points: map[Day]PersonalAccount{}, since: today.Add(-rapid.IntRange(0, 900).Draw(t, "since"))}
	m.query.From = today.Add(-rapid.IntRange(0, 1200).Draw(t, "from"))
	m.query.To = m.query.From.Add(rapid.IntRange(0, 1300).Draw(t, "days"))
	m.query.Step = rapid.SampledFrom([]Step{"", StepAuto, StepDay, StepWeek, StepMonth}).Draw(t, "step")
	m.query.Gaps = rapid.SampledFrom([]Gaps{"", GapsNull, GapsCarry}).Draw(t, "gaps")
	for range rapid.IntRange(0, 40).Draw(t, "points") {
		account := PersonalAccount{Exists: rapid.SampledFrom([]Existence{AccountYes, AccountYes, AccountNo, AccountUnknown}).Draw(t, "exists")}
		if rapid.IntRange(0, 4).Draw(t, "known") > 0 {
			account.Balance = fen(rapid.Int64Range(-500, 500).Draw(t, "fen"))
		}
		m.points[today.Add(-rapid.IntRange(0, 1250).Draw(t, "day"))] = account
	}
	return m
}

// span is the days of a category, without regard to the range.
func span(label string, step Step) (first, last Day) {
	switch step {
	case StepWeek:
		return Day(label), Day(label).Add(6)
	case StepMonth:
		return Day(label + "-01"), Day(label + "-01").monthEnd()
	}
	return Day(label), Day(label)
}

func TestTrendNeverInvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		w.linkedOn(m.since)
		w.store.mu.Lock()
		delete(w.store.points, subject)
		w.store.mu.Unlock()
		for day, account := range m.points {
			w.put("310", day, account.Exists, account.Balance)
		}
		got, err := w.Trend(context.Background(), w.caller, "link-1", m.query)
		if errors.Is(err, ErrTooMany) && m.query.Step != "" && m.query.Step != StepAuto {
			return
		}
		if err != nil {
			t.Fatal(err)
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
func (m model) byDay() TrendQuery {
	q := m.query
	q.Step = StepDay
	return q
}

// checkSummary compares a chart's summary with its figures; longer steps may hide the lowest and highest days.
func (m model) checkSummary(t *rapid.T, got *Trend) {
	for i, s := range got.Series {
		var shown []Fen
		for _, value := range s.Fen {
			if value != nil {
				shown = append(shown, *value)
			}
		}
		sum := got.Summary[i]
		if sum.Min > slices.Min(shown) || sum.Max < slices.Max(shown) || sum.Closing != shown[len(shown)-1] {
			t.Fatalf("%+v does not sum up %v", sum, shown)
		}
		if got.Step == StepDay && (sum.Min != slices.Min(shown) || sum.Max != slices.Max(shown) || sum.Opening != shown[0]) {
			t.Fatalf("%+v does not sum up %v", sum, shown)
		}
	}
}

func (m model) check(t *rapid.T, got *Trend) {
	if len(got.Categories) == 0 || len(got.Categories) > maxPoints || !slices.IsSorted(got.Categories) {
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
func (m model) checkValue(t *rapid.T, got *Trend, label string, value *Fen) {
	first, last := span(label, got.Step)
	first, last = max(first, m.query.From), min(last, m.query.To)
	lowest := max(first, m.since)
	var want *Fen
	for day := last; day >= lowest && want == nil; day = day.Add(-1) {
		if a := m.points[day]; a.known() {
			want = a.Balance
		}
	}
	if want == nil && got.Gaps == GapsCarry && last >= m.since && first <= today {
		lowest = max(m.query.From.Add(-lookBackDays), m.since)
		for day := last; day >= lowest && want == nil && m.points[day].Exists != AccountNo; day = day.Add(-1) {
			if a := m.points[day]; a.known() {
				want = a.Balance
			}
		}
	}
	if !same(value, want) {
		t.Fatalf("%s of %+v is %s, want %s", label, m, show([]*Fen{value}), show([]*Fen{want}))
	}
}
