package store_test

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"yibao/balance"
	"yibao/store"
	"yibao/store/storetest"
)

var subject = balance.Subject{PersonID: "p", Region: "990100"}

func reading(at time.Time, insurance string, fen balance.Fen) balance.Reading {
	return balance.Reading{
		PersonID: subject.PersonID, Region: subject.Region, InsuranceType: insurance,
		Account: balance.PersonalAccount{Exists: balance.AccountYes, Balance: &fen}, AsOf: at, FetchedAt: at, Source: "test",
	}
}

func TestReadings(t *testing.T) { storetest.Each(t, testReadings) }

func testReadings(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	unknown := reading(start.AddDate(0, 0, -1), "390", 0)
	unknown.Account = balance.PersonalAccount{Exists: balance.AccountUnknown}
	readings := []balance.Reading{
		reading(start, "310", 500), unknown,
		reading(start.Add(time.Hour), "310", 700),    // later on the same day: stays
		reading(start.Add(-time.Hour), "310", 900),   // earlier on the same day
		reading(start.AddDate(0, -1, 0), "310", 300), // another month
		reading(start.AddDate(-1, -1, 0), "310", 1),  // before the range
	}
	for range 2 { // safe to repeat
		if err := s.RecordReadings(t.Context(), readings); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Reads()
	points, err := s.Points(t.Context(), subject, balance.DayOf(start).Add(-364), balance.DayOf(start))
	if err != nil || s.Reads()-before != 1 {
		t.Fatal("one query for a year:", s.Reads()-before, err)
	}
	if len(points) != 2 || len(points["310"]) != 2 || len(points["390"]) != 1 {
		t.Fatalf("%+v", points)
	}
	if first, last := points["310"][0], points["310"][1]; *first.Account.Balance != 300 || *last.Account.Balance != 700 ||
		last.Day != "2026-11-21" || !last.FetchedAt.Equal(start.Add(time.Hour)) || last.Source != "test" {
		t.Errorf("%+v", points["310"])
	}
	if p := points["390"][0]; p.Account.Balance != nil || p.Account.Exists != balance.AccountUnknown {
		t.Errorf("not known: %+v", p)
	}
	if none, err := s.Points(t.Context(), subject, "2026-11-21", "2026-11-20"); err != nil || len(none) != 0 {
		t.Error("the wrong way round:", none, err)
	}
}

// TestAKnownBalanceOfTheDayStays: later that day the balance is not known, of this insurance only; writing all again, or
// the other way round, changes nothing.
func TestAKnownBalanceOfTheDayStays(t *testing.T) { storetest.Each(t, testAKnownBalanceOfTheDayStays) }

func testAKnownBalanceOfTheDayStays(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	later := start.Add(time.Hour)
	unread, other, none := reading(later, "310", 0), reading(later, "390", 800), reading(later.Add(time.Hour), "310", 0)
	unread.Account.Balance = nil
	none.Account = balance.PersonalAccount{Exists: balance.AccountNo}
	known := []balance.Reading{reading(start, "310", 12050), reading(start, "390", 700)}
	record := func(readings ...balance.Reading) map[string][]balance.Point {
		t.Helper()
		if err := s.RecordReadings(t.Context(), readings); err != nil {
			t.Fatal(err)
		}
		points, err := s.Points(t.Context(), subject, balance.DayOf(start), balance.DayOf(start))
		if err != nil || len(points["310"]) != 1 {
			t.Fatal(points, err)
		}
		return points
	}
	record(unread, other) // on an empty day there is nothing better
	for range 2 {
		points := record(known...)
		if p := points["310"][0]; p.Account.Balance == nil || *p.Account.Balance != 12050 || !p.FetchedAt.Equal(start) {
			t.Errorf("the figure of the day: %+v", p)
		}
		if p := points["390"]; len(p) != 1 || *p[0].Account.Balance != 800 {
			t.Errorf("the other insurance: %+v", p)
		}
		record(unread, other)
	}
	if p := record(none)["310"][0]; p.Account.Exists != balance.AccountNo || p.Account.Balance != nil {
		t.Errorf("an account that is no more: %+v", p)
	}
}

// TestConcurrentReadings: different days of one month at once; none is lost.
func TestConcurrentReadings(t *testing.T) { storetest.Each(t, testConcurrentReadings) }

func testConcurrentReadings(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 6)
	each(stores, func(i int, s *store.Store) {
		if err := s.RecordReadings(t.Context(), []balance.Reading{reading(start.AddDate(0, 0, -i), "310", balance.Fen(i))}); err != nil {
			t.Error(err)
		}
	})
	points, err := stores[0].Points(t.Context(), subject, "2026-11-01", "2026-11-30")
	if err != nil || len(points["310"]) != 6 {
		t.Error(points, err)
	}
}

func TestAnswers(t *testing.T) { storetest.Each(t, testAnswers) }

func testAnswers(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	if _, err := s.LastAnswer(t.Context(), subject); err != balance.ErrNotFound {
		t.Error(err)
	}
	fen := balance.Fen(12345)
	answer := &balance.Answer{
		Enrolments: []balance.Enrolment{{InsuranceType: "310", Employer: "测试单位", Account: balance.PersonalAccount{Exists: balance.AccountYes, Balance: &fen}}},
		AsOf:       start, FetchedAt: start, Source: "test", Coverage: balance.Complete,
	}
	earlier := answer.Clone()
	earlier.FetchedAt, earlier.Source = start.Add(-time.Minute), "earlier"
	for _, a := range []*balance.Answer{answer, earlier, answer} {
		if err := s.SaveAnswer(t.Context(), subject, a); err != nil {
			t.Fatal(err)
		}
		if got, err := s.LastAnswer(t.Context(), subject); err != nil || !reflect.DeepEqual(got, answer) {
			t.Errorf("%+v %v", got, err)
		}
	}
}

func TestSchedules(t *testing.T) { storetest.Each(t, testSchedules) }

func testSchedules(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	day := func(v balance.Schedule) time.Time { return v.DueAt.Add(24 * time.Hour) }
	claim := func(now time.Time, want int) (claimed balance.Schedule) {
		t.Helper()
		all, err := s.ClaimDue(t.Context(), now, 10, day)
		if err != nil || len(all) != want {
			t.Fatalf("at %v: %+v %v", now, all, err)
		}
		for _, claimed = range all {
			if claimed.Subject != subject {
				t.Errorf("%+v", claimed)
			}
		}
		return claimed
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(s.SetDue(t.Context(), subject, start.Add(time.Hour)))
	do(s.SetDue(t.Context(), subject, start)) // the last one counts
	claim(start.Add(-time.Second), 0)
	first := claim(start, 1)
	if !first.DueAt.Equal(start.Add(24*time.Hour)) || first.Failures != 0 {
		t.Errorf("%+v", first)
	}
	claim(start, 0)
	do(s.Reschedule(t.Context(), first, start, 3))
	second := claim(start, 1)
	if second.Failures != 3 {
		t.Errorf("%+v", second)
	}
	do(s.SetDue(t.Context(), subject, start))
	do(s.Reschedule(t.Context(), second, start.Add(48*time.Hour), 4)) // its claim is no longer the last word
	do(s.Unschedule(t.Context(), second))
	third := claim(start, 1)
	if third.Failures != 0 {
		t.Errorf("failures from before it was made due: %+v", third)
	}
	for range 2 {
		do(s.Unschedule(t.Context(), third))
	}
	do(s.Reschedule(t.Context(), third, start, 0)) // what is gone stays gone
	claim(start.Add(96*time.Hour), 0)
}

// TestFirstDay: the first day is looked for in the first month alone, whatever the insurance and the order of writing.
func TestFirstDay(t *testing.T) { storetest.Each(t, testFirstDay) }

func testFirstDay(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	other := reading(start.AddDate(-1, 0, 0), "310", 1)
	other.PersonID = subject.PersonID + "2"
	for _, step := range []struct {
		record balance.Reading
		want   balance.Day
	}{
		{other, ""},
		{reading(start, "310", 1), "2026-11-21"},
		{reading(start.AddDate(0, -2, 0), "310", 1), "2026-09-21"},
		{reading(start.AddDate(0, -2, -1), "390", 1), "2026-09-20"},
		{reading(start.AddDate(0, -1, 0), "310", 1), "2026-09-20"},
	} {
		if err := s.RecordReadings(t.Context(), []balance.Reading{step.record}); err != nil {
			t.Fatal(err)
		}
		if got, err := s.FirstDay(t.Context(), subject); err != nil || got != step.want {
			t.Errorf("%q, %v; want %q", got, err, step.want)
		}
	}
}

// TestDeleteReadingsLeavesOthers: another person whose id begins alike, and the same person in another region.
func TestDeleteReadingsLeavesOthers(t *testing.T) { storetest.Each(t, testDeleteReadingsLeavesOthers) }

func testDeleteReadingsLeavesOthers(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	others := []balance.Subject{{PersonID: "p2", Region: subject.Region}, {PersonID: "p", Region: "990200"}}
	for _, o := range append(others, subject) {
		for _, at := range []time.Time{start, start.AddDate(0, -1, 0)} {
			r := reading(at, "310", 1)
			r.PersonID, r.Region = o.PersonID, o.Region
			if err := s.RecordReadings(t.Context(), []balance.Reading{r}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.SaveAnswer(t.Context(), o, &balance.Answer{FetchedAt: start}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.DeleteReadings(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range append(others, subject) {
		want := 2
		if o == subject {
			want = 0
		}
		points, err := s.Points(t.Context(), o, "2026-10-01", "2026-11-30")
		if _, kept := s.LastAnswer(t.Context(), o); err != nil || len(points["310"]) != want || (kept == nil) != (want > 0) {
			t.Error(o, points, err, kept)
		}
	}
}

// TestConcurrentClaims: eight claimers, each due subject to one of them.
func TestConcurrentClaims(t *testing.T) { storetest.Each(t, testConcurrentClaims) }

func testConcurrentClaims(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 8)
	const n = 12
	for i := range n {
		if err := stores[0].SetDue(t.Context(), subjectOf(i), start); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	claims := map[balance.Subject]int{}
	each(stores, func(_ int, s *store.Store) {
		for range 2 {
			claimed, err := s.ClaimDue(t.Context(), start, 100, hourLater)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			for _, v := range claimed {
				claims[v.Subject]++
			}
			mu.Unlock()
		}
	})
	for who, times := range claims {
		if times != 1 {
			t.Error(who, "claimed", times, "times")
		}
	}
	if len(claims) != n {
		t.Error("claimed:", len(claims))
	}
}

func subjectOf(i int) balance.Subject {
	return balance.Subject{PersonID: string(rune('a' + i)), Region: "990100"}
}

func hourLater(v balance.Schedule) time.Time { return v.DueAt.Add(time.Hour) }
