package balance_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"yibao/balance"
	"yibao/config/setting"
	"yibao/identity"
)

const day = 24 * time.Hour

func (w *world) collectOnce(t *testing.T, want int) balance.Schedule {
	t.Helper()
	n, err := w.CollectDue(context.Background())
	if err != nil || n != want {
		t.Fatalf("went through %d, %v; want %d", n, err, want)
	}
	return w.schedule()
}

// until moves the clock.
func (w *world) until(at time.Time) { w.clock.Advance(at.Sub(w.clock.Now())) }

func TestADayHasOneReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	schedule := w.collectOnce(t, 1)
	first := balance.Day("2026-11-22").Start().Add(6 * time.Hour)
	if schedule.DueAt.Before(first) || !schedule.DueAt.Before(first.Add(2*time.Hour)) || schedule.Failures != 0 {
		t.Fatalf("next due %+v", schedule)
	}
	w.collectOnce(t, 0)
	for n := range 3 {
		w.until(schedule.DueAt)
		w.upstream.set(w.answering(int64(n)))
		next := w.collectOnce(t, 1)
		if next.DueAt.Sub(schedule.DueAt) != day {
			t.Errorf("due %v after %v", next.DueAt, schedule.DueAt)
		}
		if got := w.point(balance.DayOf(w.clock.Now())); !same(got, fen(int64(n))) {
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
	w.until(balance.Day("2026-11-22").Start().Add(-3 * time.Minute))
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Minute)
	w.must(w.peek.SetDue(context.Background(), w.subject, w.clock.Now()))
	w.collectOnce(t, 1)
	if w.point("2026-11-22") == nil {
		t.Error("the new day has no point")
	}
}

// An answer may be half an hour old for a daily reading.
func TestAReadingUsesNoOldAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(30*time.Minute + time.Second)
	w.upstream.set(w.answering(7))
	if w.collectOnce(t, 1); !same(w.point(today), fen(7)) {
		t.Errorf("the day's point is %v", w.point(today))
	}
}

func TestAReadingNeedsConsentAndTheRegion(t *testing.T) {
	t.Parallel()
	elsewhere := person
	elsewhere.Region = other
	for name, c := range map[string]struct {
		prepare func(w *world)
		reads   int
	}{
		"consent of another link": {func(w *world) { w.join(person, "link-2", true) }, 1},
		"no consent":              {func(*world) {}, 0},
		"consent for another region": {func(w *world) {
			w.join(elsewhere, "link-2", true)
		}, 0},
		"consent of another link, withdrawn": {func(w *world) {
			w.join(person, "link-2", true)
			w.editLinks(func(links []identity.Link) []identity.Link {
				links[len(links)-1].Reading = identity.Consent{At: start}
				return links
			})
		}, 0},
		"given later": {func(w *world) {
			w.editLinks(func(links []identity.Link) []identity.Link {
				links[0].Reading = identity.Consent{At: start, Unattended: true}
				return links
			})
		}, 1},
		"a slot whose link ends": {func(w *world) {
			w.join(person, "link-2", true)
			w.editLinks(func(links []identity.Link) []identity.Link {
				links[len(links)-1].End(start)
				return links
			})
		}, 0},
		"a region that is closed": {func(w *world) {
			w.join(person, "link-2", true)
			w.with(func(d *balance.Deps) { d.Regions = regions(false) })
		}, 0},
	} {
		w := newWorld(t)
		w.join(person, "link-1", false)
		c.prepare(w)
		schedule := w.collectOnce(t, 1)
		if w.upstream.count() != c.reads {
			t.Errorf("%s: %d questions", name, w.upstream.count())
		}
		if balance.DayOf(schedule.DueAt) != "2026-11-22" || schedule.Failures != 0 {
			t.Errorf("%s: %+v", name, schedule)
		}
	}
}

func TestFailuresBackOffUntilTheNextDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *balance.Config) { c.DailySpread = 0 })
	w.upstream.fail(balance.ErrUpstream)
	next := balance.Day("2026-11-22").Start().Add(6 * time.Hour)
	for n, wait := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour} {
		schedule := w.collectOnce(t, 1)
		if got := schedule.DueAt.Sub(w.clock.Now()); got != wait || schedule.Failures != n+1 {
			t.Fatalf("failure %d waits %v: %+v", n+1, got, schedule)
		}
		w.clock.Advance(wait)
	}
	// 15¾ hours on it is a quarter to midnight: the next retry would lie beyond the next day's reading.
	if schedule := w.collectOnce(t, 1); !schedule.DueAt.Equal(next) || schedule.Failures != 0 {
		t.Errorf("%+v, want due %v", schedule, next)
	}
	w.until(next)
	w.upstream.set(w.answering(1))
	if schedule := w.collectOnce(t, 1); schedule.Failures != 0 {
		t.Errorf("after a success: %+v", schedule)
	}
}

// An outage of days: every day is tried as often as the first, at every daily time.
func TestEveryDayOfAnOutageIsTriedAlike(t *testing.T) {
	t.Parallel()
	for at := time.Duration(0); at < 2*day; at += 90 * time.Minute {
		w := newWorld(t, func(c *balance.Config) { c.DailyAt, c.DailySpread = setting.TimeOfDay(at), 0 })
		w.upstream.fail(balance.ErrUpstream)
		w.until(today.Start().Add(at % day))
		if !w.clock.Now().After(start) {
			w.clock.Advance(day)
		}
		for n := range 4 {
			before, ends := w.upstream.count(), w.clock.Now().Add(day)
			for w.clock.Now().Before(ends) {
				w.until(w.collectOnce(t, 1).DueAt)
			}
			if tries := w.upstream.count() - before; tries != 7 || !w.clock.Now().Equal(ends) {
				t.Errorf("daily time %v, day %d: %d tries, then due %v after the next one", at, n+1, tries, w.clock.Now().Sub(ends))
			}
		}
	}
}

func TestAnswersAboutNowAreNoFailure(t *testing.T) {
	t.Parallel()
	for _, err := range []error{balance.ErrNotEnrolled, balance.ErrMismatch, balance.ErrUnsupported} {
		w := newWorld(t)
		w.upstream.fail(err)
		if schedule := w.collectOnce(t, 1); schedule.Failures != 0 || balance.DayOf(schedule.DueAt) != "2026-11-22" {
			t.Errorf("%v: %+v", err, schedule)
		}
	}
}

// An answer that could not be recorded, whichever command failed, is recorded at the next try and not asked for again.
func TestAReadingThatIsNotRecordedIsAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fail("readings.")
	if schedule := w.collectOnce(t, 1); schedule.Failures != 1 {
		t.Fatalf("%+v", schedule)
	}
	w.fail()
	w.clock.Advance(15 * time.Minute)
	if schedule := w.collectOnce(t, 1); schedule.Failures != 0 || w.point(today) == nil {
		t.Errorf("%+v", schedule)
	}
	if w.upstream.count() != 1 {
		t.Error("the answer in hand was asked for again")
	}
}

func TestAPersonThatCannotBeReadBacksOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fail("persons.")
	if schedule := w.collectOnce(t, 1); schedule.Failures != 1 {
		t.Errorf("%+v", schedule)
	}
}

// A worker that is killed before or after any of its commands leaves a subject that another one reads when the lease is
// over.
func TestAKillLeavesTheSubjectToBeReadAgain(t *testing.T) {
	t.Parallel()
	walk(func(kill int) (places int) {
		w := newWorld(t)
		passed := w.places(script(kill, nil))
		_, _ = w.CollectDue(context.Background())
		places = passed()
		claimed, second := w.schedule().DueAt.After(start), w.another()
		n, err := second.CollectDue(context.Background())
		if (n == 0) != claimed || err != nil {
			t.Errorf("killed at %d: the lease does not hold: %d, %v", kill, n, err)
		}
		w.clock.Advance(time.Hour)
		if _, err := second.CollectDue(context.Background()); err != nil {
			t.Errorf("killed at %d: %v", kill, err)
		}
		if w.point(today) == nil || balance.DayOf(w.schedule().DueAt) != "2026-11-22" {
			t.Errorf("killed at %d: point %v, %+v", kill, w.point(today), w.schedule())
		}
		return places
	})
}

// The lease outlasts a batch of the slowest questions: no other worker asks the same.
func TestTheLeaseCoversABatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *balance.Config) { c.UnattendedSlots = 1 })
		w.others(3)
		begun := time.Now()
		clock := func(d *balance.Deps) { d.Now = func() time.Time { return start.Add(time.Since(begun)) } }
		w.with(clock)
		second := w.process(w.peek, clock)
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
			time.Sleep(w.cfg.AskTimeout - time.Second)
			return w.answering(1)(ctx, claim)
		})
		var done atomic.Bool
		go func() {
			w.collectOnce(t, 4)
			done.Store(true)
		}()
		for synctest.Wait(); !done.Load(); synctest.Wait() {
			if n, err := second.CollectDue(context.Background()); n != 0 || err != nil {
				t.Fatalf("%d subjects under way were claimed after %v: %v", n, time.Since(begun), err)
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(begun); took < 4*(w.cfg.AskTimeout-time.Second) {
			t.Errorf("done after %v: the test tests nothing", took)
		}
	})
}

func TestAPassGoesThroughAllThatAreDueAFewAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *balance.Config) { c.UnattendedSlots = 3 })
	var now, most atomic.Int32
	w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		return w.answering(1)(ctx, claim)
	})
	w.others(99)
	w.collectOnce(t, 100)
	if w.upstream.count() != 100 || most.Load() > 3 {
		t.Errorf("%d questions, %d at once", w.upstream.count(), most.Load())
	}
	days := map[time.Time]bool{}
	for _, s := range w.schedules() {
		days[s.DueAt] = true
	}
	if len(days) < 90 {
		t.Errorf("100 subjects are due at only %d moments", len(days))
	}
}

func TestErrorsOfTheStoreEndThePass(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]bool{"before the claim": true, "after it": false} {
		w := newWorld(t)
		w.before(func(command string) error {
			if command == "persons.find" {
				broken = true
			}
			if broken && command[:9] == "schedules" {
				return errDown
			}
			return nil
		})
		if _, err := w.CollectDue(context.Background()); !errors.Is(err, identity.ErrStore) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRunFinishesTheQuestionUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.with(func(d *balance.Deps) { d.Now = time.Now })
		w.upstream.set(func(context.Context, identity.Claim) (*balance.Answer, error) {
			time.Sleep(5 * time.Second)
			return answer(1, time.Now()), nil
		})
		w.must(w.peek.SetDue(context.Background(), w.subject, time.Now().Add(30*time.Second)))
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
		if w.point(balance.DayOf(time.Now())) == nil {
			t.Error("the question under way was not recorded before Run returned")
		}
		if schedule := w.schedule(); !schedule.DueAt.Before(time.Now().Add(time.Hour)) || schedule.Failures != 0 {
			t.Errorf("a subject whose reading was stopped is not left to its lease: %+v", schedule)
		}
	})
}

func TestRunGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.fail("schedules.")
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		synctest.Wait()
		w.fail()
		time.Sleep(w.cfg.CollectEvery)
		synctest.Wait()
		if w.upstream.count() != 1 {
			t.Error("no reading after the store came back")
		}
		cancel()
		<-ended
	})
}
