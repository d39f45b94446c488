package balance

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"yibao/config/setting"
	"yibao/identity"
)

func (w *world) collectOnce(t *testing.T, want int) Schedule {
	t.Helper()
	n, err := w.CollectDue(context.Background())
	if err != nil || n != want {
		t.Fatalf("went through %d, %v; want %d", n, err, want)
	}
	schedule, _ := w.store.schedule(subject)
	return schedule
}

func TestADayHasOneReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	schedule := w.collectOnce(t, 1)
	first := Day("2026-11-22").Start().Add(6 * time.Hour)
	if schedule.DueAt.Before(first) || !schedule.DueAt.Before(first.Add(2*time.Hour)) || schedule.Failures != 0 {
		t.Fatalf("next due %+v", schedule)
	}
	w.collectOnce(t, 0)
	for n := range 3 {
		w.clock.add(schedule.DueAt.Sub(w.clock.now()))
		w.upstream.set(w.answering(int64(n)))
		next := w.collectOnce(t, 1)
		if next.DueAt.Sub(schedule.DueAt) != 24*time.Hour {
			t.Errorf("due %v after %v", next.DueAt, schedule.DueAt)
		}
		if got := w.store.balanceOn(subject, "310", DayOf(w.clock.now())); got == nil || *got != Fen(n) {
			t.Errorf("day %d: %v", n, got)
		}
		schedule = next
	}
	if w.upstream.count() != 4 {
		t.Errorf("%d questions for 4 days", w.upstream.count())
	}
}

func TestAReadingUsesAFreshAnswerOfTheSameDayOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.collectOnce(t, 1)
	if w.upstream.count() != 1 {
		t.Error("asked although the day's answer is minutes old")
	}
	// Five minutes around midnight: the answer is young, but yesterday's.
	w.clock.add(Day("2026-11-22").Start().Add(-3 * time.Minute).Sub(w.clock.now()))
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.clock.add(5 * time.Minute)
	w.store.schedules[subject] = Schedule{Subject: subject, DueAt: w.clock.now()}
	w.collectOnce(t, 1)
	if w.store.balanceOn(subject, "310", "2026-11-22") == nil {
		t.Error("the new day has no point")
	}
}

func TestAReadingNeedsConsentAndTheRegion(t *testing.T) {
	t.Parallel()
	slot := identity.Slot{LinkID: "link-1", Region: region}
	consenting := slot
	consenting.Unattended = true
	elsewhere := consenting
	elsewhere.Region = "990200"
	cases := map[string]struct {
		slots  []identity.Slot
		closed bool
		reads  int
	}{
		"consent":                    {slots: []identity.Slot{slot, consenting}, reads: 1},
		"no consent":                 {slots: []identity.Slot{slot}},
		"consent for another region": {slots: []identity.Slot{slot, elsewhere}},
		"a region that is closed":    {slots: []identity.Slot{consenting}, closed: true},
	}
	for name, c := range cases {
		w := newWorld(t)
		w.people.setSlots(c.slots...)
		w.regions = regions(!c.closed)
		schedule := w.collectOnce(t, 1)
		if w.upstream.count() != c.reads {
			t.Errorf("%s: %d questions", name, w.upstream.count())
		}
		if DayOf(schedule.DueAt) != "2026-11-22" || schedule.Failures != 0 {
			t.Errorf("%s: %+v", name, schedule)
		}
	}
}

func TestAScheduleWithoutALinkIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.people.setSlots()
	w.collectOnce(t, 1)
	if w.store.kept(subject) || w.cache.Contains(subject) {
		t.Error("something is left")
	}
}

func TestFailuresBackOffUntilTheNextDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.fail(ErrUpstream)
	next := w.nextDaily(subject, start)
	for n, wait := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour} {
		schedule := w.collectOnce(t, 1)
		if got := schedule.DueAt.Sub(w.clock.now()); got != wait || schedule.Failures != n+1 {
			t.Fatalf("failure %d waits %v: %+v", n+1, got, schedule)
		}
		w.clock.add(wait)
	}
	// 15¾ hours on it is a quarter to midnight: the next retry would lie beyond the next day's reading.
	if schedule := w.collectOnce(t, 1); !schedule.DueAt.Equal(next) || schedule.Failures != 0 {
		t.Errorf("%+v, want due %v", schedule, next)
	}
	w.clock.add(next.Sub(w.clock.now()))
	w.upstream.set(w.answering(1))
	if schedule := w.collectOnce(t, 1); schedule.Failures != 0 {
		t.Errorf("after a success: %+v", schedule)
	}
}

// An outage of days: every day is tried as often as the first, at every daily time.
func TestEveryDayOfAnOutageIsTriedAlike(t *testing.T) {
	t.Parallel()
	for at := time.Duration(0); at < 48*time.Hour; at += 90 * time.Minute {
		w := newWorld(t, func(c *Config) { c.DailyAt, c.DailySpread = setting.TimeOfDay(at), 0 })
		w.upstream.fail(ErrUpstream)
		w.clock.add(w.nextDaily(subject, start).Sub(start))
		for day := range 4 {
			before, ends := w.upstream.count(), w.clock.now().Add(24*time.Hour)
			for w.clock.now().Before(ends) {
				schedule := w.collectOnce(t, 1)
				w.clock.add(schedule.DueAt.Sub(w.clock.now()))
			}
			if tries := w.upstream.count() - before; tries != 7 || !w.clock.now().Equal(ends) {
				t.Errorf("daily time %v, day %d: %d tries, then due %v after the next one", at, day+1, tries, w.clock.now().Sub(ends))
			}
		}
	}
}

func TestAnswersAboutNowAreNoFailure(t *testing.T) {
	t.Parallel()
	for _, err := range []error{ErrNotEnrolled, ErrMismatch, ErrUnsupported} {
		w := newWorld(t)
		w.upstream.fail(err)
		if schedule := w.collectOnce(t, 1); schedule.Failures != 0 || DayOf(schedule.DueAt) != "2026-11-22" {
			t.Errorf("%v: %+v", err, schedule)
		}
	}
}

func TestAReadingThatIsNotRecordedIsAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.hook(func(op string) error {
		if op == "record" {
			return errDown
		}
		return nil
	})
	if schedule := w.collectOnce(t, 1); schedule.Failures != 1 {
		t.Fatalf("%+v", schedule)
	}
	w.store.hook(nil)
	w.clock.add(15 * time.Minute)
	if schedule := w.collectOnce(t, 1); schedule.Failures != 0 || w.store.balanceOn(subject, "310", "2026-11-21") == nil {
		t.Errorf("%+v", schedule)
	}
	if w.upstream.count() != 1 {
		t.Error("the answer in hand was asked for again")
	}
}

func TestAPersonOrSlotsThatCannotBeReadBackOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.err = errDown
	if schedule := w.collectOnce(t, 1); schedule.Failures != 1 {
		t.Errorf("%+v", schedule)
	}
	w = newWorld(t)
	w.people.persons = nil
	if schedule := w.collectOnce(t, 1); schedule.Failures != 1 {
		t.Errorf("a person deleted before the slots: %+v", schedule)
	}
}

// A worker that is killed after any of its store calls leaves a subject that another one reads when the lease is over.
func TestAKillLeavesTheSubjectToBeReadAgain(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"scheduled", "record", "save", "schedule"} {
		w := newWorld(t)
		dead := false
		w.store.hook(func(op string) error {
			dead = dead || op == moment
			if dead {
				return errDown // no write of the dead reaches the store any more
			}
			return nil
		})
		_, _ = w.CollectDue(context.Background())
		w.store.hook(nil)
		second := NewService(w.cfg, w.deps())
		if n, err := second.CollectDue(context.Background()); n != 0 || err != nil {
			t.Errorf("%s: the lease does not hold: %d, %v", moment, n, err)
		}
		w.clock.add(time.Hour)
		if n, err := second.CollectDue(context.Background()); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", moment, n, err)
		}
		if w.store.balanceOn(subject, "310", "2026-11-21") == nil {
			t.Errorf("%s: the day has no point", moment)
		}
		if schedule, _ := w.store.schedule(subject); DayOf(schedule.DueAt) != "2026-11-22" {
			t.Errorf("%s: %+v", moment, schedule)
		}
	}
}

func TestAPassGoesThroughAllThatAreDueAFewAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.UnattendedSlots = 3 })
	var now, most atomic.Int32
	w.upstream.set(func(ctx context.Context, claim identity.Claim) (*Answer, error) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		return w.answering(1)(ctx, claim)
	})
	for i := range 99 {
		id := fmt.Sprint("p", i)
		w.people.persons[id] = identity.Person{ID: id}
		w.people.slots = append(w.people.slots, identity.Slot{LinkID: id, Region: region, Unattended: true})
		w.store.schedules[Subject{id, region}] = Schedule{Subject: Subject{id, region}, DueAt: start}
	}
	w.collectOnce(t, 100)
	if w.upstream.count() != 100 || most.Load() > 3 {
		t.Errorf("%d questions, %d at once", w.upstream.count(), most.Load())
	}
	days := map[time.Time]bool{}
	for _, s := range w.store.schedules {
		days[s.DueAt] = true
	}
	if len(days) < 90 {
		t.Errorf("100 subjects are due at only %d moments", len(days))
	}
}

func TestErrorsOfTheStoreEndThePass(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{"claim", "schedule"} {
		w := newWorld(t)
		w.store.hook(func(op string) error {
			if op == broken {
				return errDown
			}
			return nil
		})
		if _, err := w.CollectDue(context.Background()); !errors.Is(err, errDown) {
			t.Errorf("%s: %v", broken, err)
		}
	}
}

func TestDailyTimesAreADayApartAndInTheSpread(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, who, now := drawDaily(t)
		next := s.nextDaily(who, now)
		if wait := next.Sub(now); wait <= 0 || wait > 24*time.Hour {
			t.Fatalf("read at %v, and next at %v", now, next)
		}
		begins := DayOf(next).Start().Add(time.Duration(s.cfg.DailyAt))
		if into := (next.Sub(begins) + 24*time.Hour) % (24 * time.Hour); into > s.cfg.DailySpread {
			t.Fatalf("%v is not within %v of %v", next, s.cfg.DailySpread, begins)
		}
		if again := s.nextDaily(who, next); again.Sub(next) != 24*time.Hour {
			t.Fatalf("%v, then %v", next, again)
		}
	})
}

// Every day has its reading, even if the worker is late, also past midnight.
func TestEveryDayIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, who, now := drawDaily(t)
		due := s.nextDaily(who, now)
		for n := range 10 {
			late := time.Duration(rapid.Int64Range(0, int64(24*time.Hour)-1).Draw(t, "late"))
			next := s.nextDaily(who, due.Add(late))
			if next.Sub(due) != 24*time.Hour {
				t.Fatalf("day %d: due %v, read %v later, due again %v", n, due, late, next)
			}
			due = next
		}
	})
}

// drawDaily draws when readings are taken, a subject, and a moment.
func drawDaily(t *rapid.T) (*Service, Subject, time.Time) {
	minutes := rapid.IntRange(0, 24*60)
	cfg := defaults()
	cfg.DailyAt = setting.TimeOfDay(minutes.Draw(t, "at")) * setting.TimeOfDay(time.Minute)
	cfg.DailySpread = time.Duration(minutes.Draw(t, "spread")) * time.Minute
	s := NewService(cfg, Deps{})
	who := Subject{rapid.String().Draw(t, "person"), region}
	return s, who, start.Add(time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "now")))
}

func TestDailyTimesAroundMidnight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ slot, read, next string }{
		{"06:30", "21 08:00", "22 06:30"},
		{"06:30", "21 05:00", "21 06:30"},
		{"22:00", "21 22:00", "22 22:00"},
		{"02:00", "21 23:59", "22 02:00"},
		{"23:59", "22 00:03", "22 23:59"}, // the reading of the 21st came late
		{"23:30", "22 01:15", "22 23:30"}, // the upstream is away around midnight: else the 22nd would have none
		{"00:00", "22 00:00", "23 00:00"},
	} {
		slot, err := time.Parse("15:04", c.slot)
		if err != nil {
			t.Fatal(err)
		}
		at := func(text string) time.Time {
			t, _ := time.ParseInLocation("2006-01-02 15:04", "2026-11-"+text, Shanghai)
			return t
		}
		sinceMidnight := slot.Sub(slot.Truncate(24 * time.Hour))
		for _, daily := range []time.Duration{sinceMidnight, sinceMidnight + 24*time.Hour} { // as if spread past midnight
			cfg := defaults()
			cfg.DailyAt, cfg.DailySpread = setting.TimeOfDay(daily), 0
			s := NewService(cfg, Deps{})
			if got := s.nextDaily(subject, at(c.read)); !got.Equal(at(c.next)) {
				t.Errorf("daily time %s, read on %s: next %v, want %s", c.slot, c.read, got, c.next)
			}
		}
	}
}

func TestBackoffNeverOverflows(t *testing.T) {
	t.Parallel()
	for _, failures := range []int{-1, 0, 1, 7, 8, 64, 1 << 40} {
		if wait := backoff(failures); wait < firstRetry || wait > 48*time.Hour {
			t.Errorf("%d failures wait %v", failures, wait)
		}
	}
}

func TestRunFinishesTheQuestionUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.Service.now = time.Now
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*Answer, error) {
			time.Sleep(5 * time.Second)
			a, err := w.answering(1)(ctx, claim)
			a.FetchedAt = time.Now()
			return a, err
		})
		w.store.schedules[subject] = Schedule{Subject: subject, DueAt: time.Now().Add(30 * time.Second)}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		time.Sleep(time.Minute + 2*time.Second)
		synctest.Wait()
		if w.upstream.count() != 1 {
			t.Fatalf("%d questions after a minute", w.upstream.count())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if w.store.balanceOn(subject, "310", DayOf(time.Now())) == nil {
			t.Error("the question under way was not recorded before Run returned")
		}
		if schedule, _ := w.store.schedule(subject); !schedule.DueAt.Before(time.Now().Add(time.Hour)) || schedule.Failures != 0 {
			t.Errorf("a subject whose reading was stopped is not left to its lease: %+v", schedule)
		}
	})
}

func TestRunGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var broken atomic.Bool
		broken.Store(true)
		w.store.hook(func(op string) error {
			if op == "claim" && broken.Load() {
				return errDown
			}
			return nil
		})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		synctest.Wait()
		broken.Store(false)
		time.Sleep(w.cfg.CollectEvery)
		synctest.Wait()
		if w.upstream.count() != 1 {
			t.Error("no reading after the store came back")
		}
		cancel()
		<-ended
	})
}
