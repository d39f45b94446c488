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
		AsOf:       start, FetchedAt: start, Source: "test", Completeness: balance.Complete,
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
	for _, due := range []time.Time{start, start.Add(time.Hour)} {
		if err := s.EnsureSchedule(t.Context(), subject, due); err != nil {
			t.Fatal(err)
		}
	}
	next := func(v balance.Schedule) time.Time { return v.DueAt.Add(24 * time.Hour) }
	for _, step := range []struct {
		now  time.Time
		want int
	}{{start.Add(-time.Second), 0}, {start, 1}, {start, 0}} {
		claimed, err := s.ClaimDue(t.Context(), step.now, 10, next)
		if err != nil || len(claimed) != step.want {
			t.Fatalf("at %v: %+v %v", step.now, claimed, err)
		}
		if step.want == 1 && (claimed[0].Subject != subject || !claimed[0].DueAt.Equal(start.Add(24*time.Hour))) {
			t.Errorf("%+v", claimed[0])
		}
	}
	moved := balance.Schedule{Subject: subject, DueAt: start, Failures: 3}
	if err := s.SetSchedule(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	if claimed, err := s.ClaimDue(t.Context(), start, 10, next); err != nil || len(claimed) != 1 || claimed[0].Failures != 3 {
		t.Error(claimed, err)
	}
	if err := s.RecordReadings(t.Context(), []balance.Reading{reading(start, "310", 1)}); err != nil {
		t.Fatal(err)
	}
	if on, err := s.Scheduled(t.Context(), subject); err != nil || !on {
		t.Error(on, err)
	}
	for range 2 {
		if err := s.DeleteSubject(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetSchedule(t.Context(), moved); err != nil {
		t.Error("gone:", err)
	}
	if on, err := s.Scheduled(t.Context(), subject); err != nil || on {
		t.Error("a subject that was gone came back:", on, err)
	}
	if points, err := s.Points(t.Context(), subject, "2026-11-01", "2026-11-30"); err != nil || len(points) != 0 {
		t.Error("readings left:", points, err)
	}
}

// TestDeleteSubjectLeavesOthers: another person whose id begins alike, and the same person in another region.
func TestDeleteSubjectLeavesOthers(t *testing.T) { storetest.Each(t, testDeleteSubjectLeavesOthers) }

func testDeleteSubjectLeavesOthers(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	others := []balance.Subject{{PersonID: "p2", Region: subject.Region}, {PersonID: "p", Region: "990200"}}
	for _, o := range append(others, subject) {
		r := reading(start, "310", 1)
		r.PersonID, r.Region = o.PersonID, o.Region
		if err := s.RecordReadings(t.Context(), []balance.Reading{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteSubject(t.Context(), subject); err != nil {
		t.Fatal(err)
	}
	for _, o := range others {
		if points, err := s.Points(t.Context(), o, "2026-11-01", "2026-11-30"); err != nil || len(points) != 1 {
			t.Error(o, points, err)
		}
	}
}

// TestConcurrentClaims: eight claimers, each due subject to one of them.
func TestConcurrentClaims(t *testing.T) { storetest.Each(t, testConcurrentClaims) }

func testConcurrentClaims(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 8)
	const n = 12
	for i := range n {
		if err := stores[0].EnsureSchedule(t.Context(), subjectOf(i), start); err != nil {
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
