package balance_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
)

type query = balance.TrendQuery

// put stores points of the subject.
func (w *world) put(points ...point) {
	var readings []balance.Reading
	for _, p := range points {
		at := p.day.Start().Add(6 * time.Hour)
		readings = append(readings, balance.Reading{
			PersonID: w.subject.PersonID, Region: region, InsuranceType: p.insurance, Account: p.account,
			AsOf: at, FetchedAt: at.Add(time.Second),
		})
	}
	w.must(w.peek.RecordReadings(context.Background(), readings))
}

func (w *world) linkedOn(day balance.Day) { w.caller.Links[0].Since = day.Start().Add(9 * time.Hour) }

func (w *world) trend(t *testing.T, q query) *balance.Trend {
	t.Helper()
	trend, err := w.Trend(context.Background(), w.caller, "link-1", q)
	if err != nil {
		t.Fatal(err)
	}
	return trend
}

// show writes a series as text: "1.00 - 3.00".
func show(values []*balance.Fen) string {
	var words []string
	for _, v := range values {
		word := "-"
		if v != nil {
			word = v.String()
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestTrendAuthorisesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	commands := w.commands()
	for _, q := range []query{{}, {From: "nonsense"}} {
		if _, err := w.Trend(context.Background(), &identity.Caller{}, "link-1", q); !errors.Is(err, identity.ErrNoSuchLink) {
			t.Error(err)
		}
	}
	if w.commands() != commands {
		t.Error("the store was read for a stranger")
	}
}

func TestTrendChecksTheRange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := []struct {
		query query
		want  error
	}{
		{query{}, nil},
		{query{From: today, To: today}, nil},
		{query{From: "2026-11-22"}, balance.ErrRange},
		{query{From: "2026-11-22", To: "2026-11-30"}, balance.ErrRange},
		{query{From: "2026-11-01", To: "2026-11-30"}, nil}, // days to come are empty
		{query{From: "2026-11-21", To: "2026-11-20"}, balance.ErrRange},
		{query{From: "2026-02-29"}, balance.ErrRange},
		{query{To: "2026-13-01"}, balance.ErrRange},
		{query{From: "20261101"}, balance.ErrRange},
		{query{Step: "hour"}, balance.ErrRange},
		{query{Gaps: "zero"}, balance.ErrRange},
		{query{From: "2016-11-22"}, nil},                                       // ten years less a day
		{query{From: "2016-11-21"}, balance.ErrRange},                          // ten years and a day
		{query{From: "2025-11-21", Step: balance.StepDay}, nil},                // 366 days
		{query{From: "2025-11-20", Step: balance.StepDay}, balance.ErrTooMany}, // 367
		{query{From: "2016-11-22", Step: balance.StepWeek}, balance.ErrTooMany},
		{query{From: "2016-11-22", Step: balance.StepMonth}, nil},
		{query{From: "2016-11-22", Step: balance.StepAuto}, nil},
		{query{From: "1940-06-02", To: "1940-06-05"}, nil}, // with a midnight that Shanghai's clocks left out
	}
	for _, c := range cases {
		trend, err := w.Trend(context.Background(), w.caller, "link-1", c.query)
		if !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.query, err, c.want)
		}
		if err == nil && len(trend.Categories) > 366 {
			t.Errorf("%+v: %d points", c.query, len(trend.Categories))
		}
	}
}

func TestTrendPicksTheStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for days, want := range map[int]balance.Step{1: balance.StepDay, 92: balance.StepDay, 93: balance.StepWeek, 732: balance.StepWeek, 733: balance.StepMonth, 3652: balance.StepMonth} {
		if got := w.trend(t, query{From: today.Add(1 - days)}); got.Step != want {
			t.Errorf("%d days are drawn by %s", days, got.Step)
		}
	}
}

func TestTrendDefaultsToThirtyDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(point{"310", today, known(12050)})
	got := w.trend(t, query{})
	if got.From != "2026-10-23" || got.To != today || len(got.Categories) != 30 || got.Categories[29] != "2026-11-21" {
		t.Errorf("%s to %s, %d categories", got.From, got.To, len(got.Categories))
	}
	// Linked today: one point, and the chart says since when.
	if got.Since != today || show(got.Series[0].Fen[28:]) != "- 120.50" || got.Coverage != balance.Complete {
		t.Errorf("%+v", got)
	}
	if got.Unit != "CNY" || got.Timezone != "Asia/Shanghai" || got.Gaps != balance.GapsNull || got.Account != balance.AccountYes {
		t.Errorf("%+v", got)
	}
	if want := today.Start().Add(6 * time.Hour); !got.AsOf.Equal(want) {
		t.Errorf("as of %v", got.AsOf)
	}
	if got = w.trend(t, query{To: "2026-11-20"}); got.From != "2026-10-22" {
		t.Errorf("from %s", got.From)
	}
}

func TestTrendSeries(t *testing.T) {
	t.Parallel()
	for name, c := range trendCases {
		w := newWorld(t)
		w.linkedOn(c.since)
		w.put(c.points...)
		got := w.trend(t, c.query)
		if labels := strings.Join(got.Categories, " "); c.labels != "" && labels != c.labels {
			t.Errorf("%s: categories %s", name, labels)
		}
		if len(got.Series) != len(c.want) || got.Series == nil || len(got.Summary) != len(c.want) {
			t.Errorf("%s: %d series", name, len(got.Series))
		}
		for _, s := range got.Series {
			if show(s.Fen) != c.want[s.Key] {
				t.Errorf("%s: %s is %s, want %s", name, s.Key, show(s.Fen), c.want[s.Key])
			}
		}
		if got.Coverage != c.coverage || got.Account != c.account || got.Since != c.since {
			t.Errorf("%s: %s, account %s, since %s", name, got.Coverage, got.Account, got.Since)
		}
	}
}

// Another's link sees readings from its own start on, a self link all that are kept of the person.
func TestASelfLinkSeesAllReadingsOfThePerson(t *testing.T) {
	t.Parallel()
	first, carry := balance.Day("2026-09-30"), balance.GapsCarry
	for name, c := range map[string]struct {
		relation identity.Relation
		start    balance.Day
		query    query
		want     string // "": no series
		since    balance.Day
		complete balance.Coverage
	}{
		"another's":                    {identity.Parent, "2026-11-20", query{From: "2026-11-17"}, "- - - 4.00 -", "2026-11-20", balance.Complete},
		"another's, carried":           {identity.Parent, "2026-11-20", query{From: "2026-11-17", Gaps: carry}, "- - - 4.00 4.00", "2026-11-20", balance.Complete},
		"self":                         {identity.Self, "2026-11-20", query{From: "2026-11-17"}, "- 2.00 - 4.00 -", first, balance.Partial},
		"self, carried":                {identity.Self, "2026-11-20", query{From: "2026-11-17", Gaps: carry}, "1.00 2.00 2.00 4.00 4.00", first, balance.Partial},
		"self, before the readings":    {identity.Self, "2026-11-20", query{From: "2026-09-28", To: "2026-09-30"}, "- - 9.00", first, balance.Complete},
		"self, carried into the start": {identity.Self, "2026-11-20", query{From: "2026-10-01", To: "2026-10-02", Gaps: carry}, "9.00 9.00", first, balance.Partial},
		"self, by another insurance":   {identity.Self, "2026-11-20", query{From: "2026-11-17", InsuranceType: "390"}, "", first, balance.Partial},
		"self, linked before all":      {identity.Self, "2026-09-01", query{From: "2026-09-28", To: "2026-09-30"}, "- - 9.00", "2026-09-01", balance.Partial},
	} {
		w := newWorld(t)
		w.linkedOn(c.start)
		w.put(point{"310", first, known(900)}, point{"310", "2026-10-30", known(100)}, point{"310", "2026-11-18", known(200)},
			point{"310", "2026-11-20", known(400)})
		w.caller.Links[0].Relation = c.relation
		got, drawn := w.trend(t, c.query), ""
		if len(got.Series) > 0 {
			drawn = show(got.Series[0].Fen)
		}
		if drawn != c.want || got.Since != c.since || got.Coverage != c.complete {
			t.Errorf("%s: %q since %s, %s", name, drawn, got.Since, got.Coverage)
		}
	}
	w := newWorld(t)
	w.caller.Links[0].Relation = identity.Self
	if got := w.trend(t, query{From: today}); got.Since != today || len(got.Series) != 0 {
		t.Errorf("without a reading: %+v", got)
	}
}

func TestTrendPassesTheStoresErrorOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fail("readings.")
	for _, relation := range []identity.Relation{identity.Parent, identity.Self} {
		w.caller.Links[0].Relation = relation
		if _, err := w.Trend(context.Background(), w.caller, "link-1", query{}); !errors.Is(err, identity.ErrStore) {
			t.Error(err)
		}
	}
}

func TestTrendSummary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linkedOn("2026-11-01")
	w.put(point{"310", "2026-11-17", known(500)}, point{"310", "2026-11-18", known(-100)}, point{"310", "2026-11-19", known(900)},
		point{"310", "2026-11-20", known(300)})
	want := balance.Summary{Key: "personal", Name: "个人账户", Min: -100, Max: 900, Opening: 500, Closing: 300}
	for _, step := range []balance.Step{balance.StepDay, balance.StepWeek, balance.StepMonth} { // the lowest figure is the same at every step
		if got := w.trend(t, query{From: "2026-11-16", Step: step}).Summary; len(got) != 1 || got[0] != want {
			t.Errorf("by %s: %+v", step, got)
		}
	}
}

func TestSeriesAreNamedInTheLanguageAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linkedOn("2026-11-01")
	w.put(point{"310", "2026-11-20", known(500)})
	name := func(language string) string {
		return w.trend(t, query{From: "2026-11-16", Language: language}).Series[0].Name
	}
	if zh, en := name(""), name("en"); zh != "个人账户" || en != "Personal account" {
		t.Errorf("%q, %q", zh, en)
	}
	w.put(point{"390", "2026-11-20", known(500)})
	if zh, en := name("zh"), name("en"); zh != "个人账户（职工医保）" || en != "Personal account (Employee basic medical insurance)" {
		t.Errorf("%q, %q", zh, en)
	}
}

func TestTodaysReadingIsOnTheChart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	if got := w.trend(t, query{From: today}); len(got.Series) != 1 || show(got.Series[0].Fen) != "120.50" {
		t.Errorf("%+v", got)
	}
}
