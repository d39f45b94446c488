package balance

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"yibao/identity"
)

const today = Day("2026-11-21") // a Saturday; its week began on the 16th

// put stores a point of the day; balance nil means that the figure is not known.
func (w *world) put(insurance string, day Day, exists Existence, balance *Fen) {
	at := day.Start().Add(6 * time.Hour)
	_ = w.store.RecordReadings(context.Background(), []Reading{{
		PersonID: subject.PersonID, Region: region, InsuranceType: insurance,
		Account: PersonalAccount{Exists: exists, Balance: balance}, AsOf: at, FetchedAt: at.Add(time.Second),
	}})
}

func (w *world) linkedOn(day Day) { w.caller.Links[0].Since = day.Start().Add(9 * time.Hour) }

func (w *world) trend(t *testing.T, q TrendQuery) *Trend {
	t.Helper()
	trend, err := w.Trend(context.Background(), w.caller, "link-1", q)
	if err != nil {
		t.Fatal(err)
	}
	return trend
}

// show writes a series as text: "1.00 - 3.00".
func show(values []*Fen) string {
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
	ops := w.store.count()
	for _, q := range []TrendQuery{{}, {From: "nonsense"}} {
		if _, err := w.Trend(context.Background(), &identity.Caller{}, "link-1", q); !errors.Is(err, identity.ErrNoSuchLink) {
			t.Error(err)
		}
	}
	if w.store.count() != ops {
		t.Error("the store was read for a stranger")
	}
}

func TestTrendChecksTheRange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := []struct {
		query TrendQuery
		want  error
	}{
		{TrendQuery{}, nil},
		{TrendQuery{From: today, To: today}, nil},
		{TrendQuery{From: "2026-11-22"}, ErrRange},
		{TrendQuery{From: "2026-11-22", To: "2026-11-30"}, ErrRange},
		{TrendQuery{From: "2026-11-01", To: "2026-11-30"}, nil}, // days to come are empty
		{TrendQuery{From: "2026-11-21", To: "2026-11-20"}, ErrRange},
		{TrendQuery{From: "2026-02-29"}, ErrRange},
		{TrendQuery{To: "2026-13-01"}, ErrRange},
		{TrendQuery{From: "20261101"}, ErrRange},
		{TrendQuery{Step: "hour"}, ErrRange},
		{TrendQuery{Gaps: "zero"}, ErrRange},
		{TrendQuery{From: "2016-11-22"}, nil},                       // ten years less a day
		{TrendQuery{From: "2016-11-21"}, ErrRange},                  // ten years and a day
		{TrendQuery{From: "2025-11-21", Step: StepDay}, nil},        // 366 days
		{TrendQuery{From: "2025-11-20", Step: StepDay}, ErrTooMany}, // 367
		{TrendQuery{From: "2016-11-22", Step: StepWeek}, ErrTooMany},
		{TrendQuery{From: "2016-11-22", Step: StepMonth}, nil},
		{TrendQuery{From: "2016-11-22", Step: StepAuto}, nil},
		{TrendQuery{From: "1940-06-02", To: "1940-06-05"}, nil}, // with a midnight that Shanghai's clocks left out
	}
	for _, c := range cases {
		trend, err := w.Trend(context.Background(), w.caller, "link-1", c.query)
		if !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.query, err, c.want)
		}
		if err == nil && len(trend.Categories) > maxPoints {
			t.Errorf("%+v: %d points", c.query, len(trend.Categories))
		}
	}
}

func TestTrendPicksTheStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for days, want := range map[int]Step{1: StepDay, 92: StepDay, 93: StepWeek, 732: StepWeek, 733: StepMonth, 3652: StepMonth} {
		if got := w.trend(t, TrendQuery{From: today.Add(1 - days)}); got.Step != want {
			t.Errorf("%d days are drawn by %s", days, got.Step)
		}
	}
}

func TestTrendDefaultsToThirtyDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("310", today, AccountYes, fen(12050))
	got := w.trend(t, TrendQuery{})
	if got.From != "2026-10-23" || got.To != today || len(got.Categories) != 30 || got.Categories[29] != "2026-11-21" {
		t.Errorf("%s to %s, %d categories", got.From, got.To, len(got.Categories))
	}
	// Linked today: one point, and the chart says since when.
	if got.Since != today || show(got.Series[0].Fen[28:]) != "- 120.50" || got.Completeness != Complete {
		t.Errorf("%+v", got)
	}
	if got.Unit != "CNY" || got.Timezone != "Asia/Shanghai" || got.Gaps != GapsNull || got.Account != AccountYes {
		t.Errorf("%+v", got)
	}
	if want := today.Start().Add(6 * time.Hour); !got.AsOf.Equal(want) {
		t.Errorf("as of %v", got.AsOf)
	}
	if got = w.trend(t, TrendQuery{To: "2026-11-20"}); got.From != "2026-10-22" {
		t.Errorf("from %s", got.From)
	}
}

func TestTrendSeries(t *testing.T) {
	t.Parallel()
	for name, c := range trendCases {
		w := newWorld(t)
		w.linkedOn(c.since)
		for _, p := range c.points {
			w.put(p.insurance, p.day, p.exists, p.balance)
		}
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
		if got.Completeness != c.completeness || got.Account != c.account || got.Since != c.since {
			t.Errorf("%s: %s, account %s, since %s", name, got.Completeness, got.Account, got.Since)
		}
	}
}

func TestASelfLinkSeesWhatThePersonsOwnLinksGathered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linkedOn("2026-11-20")
	person := w.people.persons[subject.PersonID]
	person.SelfSince = Day("2026-11-18").Start()
	w.people.persons[subject.PersonID] = person
	for _, day := range []Day{"2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"} {
		w.put("310", day, AccountYes, fen(100))
	}
	query := TrendQuery{From: "2026-11-17", To: "2026-11-20"}
	if got := w.trend(t, query); show(got.Series[0].Fen) != "- - - 1.00" || got.Since != "2026-11-20" {
		t.Errorf("another's link: %s since %s", show(got.Series[0].Fen), got.Since)
	}
	w.caller.Links[0].Relation = identity.Self
	if got := w.trend(t, query); show(got.Series[0].Fen) != "- 1.00 1.00 1.00" || got.Since != "2026-11-18" {
		t.Errorf("the own link: %s since %s", show(got.Series[0].Fen), got.Since)
	}
	for _, since := range []time.Time{{}, Day("2026-11-21").Start()} {
		person.SelfSince = since
		w.people.persons[subject.PersonID] = person
		if got := w.trend(t, query); got.Since != "2026-11-20" {
			t.Errorf("self since %v: since %s", since, got.Since)
		}
	}
	w.people.persons = nil
	if _, err := w.Trend(context.Background(), w.caller, "link-1", query); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("a person who is gone: %v", err)
	}
	w.people.err = errDown
	if _, err := w.Trend(context.Background(), w.caller, "link-1", query); !errors.Is(err, errDown) {
		t.Errorf("a store that is down: %v", err)
	}
}

func TestTrendPassesTheStoresErrorOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.hook(func(string) error { return errDown })
	if _, err := w.Trend(context.Background(), w.caller, "link-1", TrendQuery{}); !errors.Is(err, errDown) {
		t.Error(err)
	}
}

func TestTrendSummary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linkedOn("2026-11-01")
	for day, balance := range map[Day]int64{"2026-11-17": 500, "2026-11-18": -100, "2026-11-19": 900, "2026-11-20": 300} {
		w.put("310", day, AccountYes, fen(balance))
	}
	want := Summary{Key: "personal", Name: "个人账户", Min: -100, Max: 900, Opening: 500, Closing: 300}
	for _, step := range []Step{StepDay, StepWeek, StepMonth} { // the lowest figure is the same at every step
		if got := w.trend(t, TrendQuery{From: "2026-11-16", Step: step}).Summary; len(got) != 1 || got[0] != want {
			t.Errorf("by %s: %+v", step, got)
		}
	}
}

func TestSeriesAreNamedInTheLanguageAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linkedOn("2026-11-01")
	w.put("310", "2026-11-20", AccountYes, fen(500))
	name := func(language string) string {
		return w.trend(t, TrendQuery{From: "2026-11-16", Language: language}).Series[0].Name
	}
	if zh, en := name(""), name("en"); zh != "个人账户" || en != "Personal account" {
		t.Errorf("%q, %q", zh, en)
	}
	w.put("390", "2026-11-20", AccountYes, fen(500))
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
	if got := w.trend(t, TrendQuery{From: today}); len(got.Series) != 1 || show(got.Series[0].Fen) != "120.50" {
		t.Errorf("%+v", got)
	}
}
