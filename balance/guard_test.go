package balance_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"yibao/balance"
	"yibao/identity"
)

const (
	opens = 5               // questions without a readable answer, of the last ten, that open a region's breaker
	delay = 5 * time.Second // until it allows a trial
)

func TestTheQuestionEndsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.upstream.set(func(ctx context.Context, _ identity.Claim) (*balance.Answer, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		begun := time.Now()
		if _, err := w.current(); !errors.Is(err, balance.ErrTimeout) {
			t.Error(err)
		}
		if took := time.Since(begun); took != 15*time.Second {
			t.Errorf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := w.Current(ctx, w.caller, "link-1"); !errors.Is(err, balance.ErrTimeout) || !errors.Is(err, balance.ErrNoReading) {
			t.Errorf("the caller's own deadline: %v", err)
		}
		w.Wait()
	})
}

func TestSlotsBoundARegionAndWorkersNeverTakeAPersonsSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *balance.Config) { c.Slots, c.UnattendedSlots = 2, 1 })
		ids, release := w.others(5), make(chan struct{})
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
			<-release
			return w.answering(1)(ctx, claim)
		})
		fresh := func(id string) error {
			_, err := w.Fresh(context.Background(), w.subjectOf(id))
			return err
		}
		go func() { _ = fresh(ids[0]) }()
		synctest.Wait()
		if err := fresh(ids[1]); !errors.Is(err, balance.ErrBusy) {
			t.Errorf("a second worker: %v", err)
		}
		for _, id := range ids[1:3] {
			go func() { _, _ = w.read(id) }()
		}
		synctest.Wait()
		if w.upstream.count() != 3 {
			t.Errorf("%d questions under way, want one of a worker and two of persons", w.upstream.count())
		}
		if _, err := w.read(ids[3]); !errors.Is(err, balance.ErrBusy) {
			t.Errorf("a third person: %v", err)
		}
		// A worker that meets a person's question joins it, with or without a free slot.
		joined := make(chan error)
		go func() { joined <- fresh(ids[1]) }()
		time.Sleep(w.cfg.AskTimeout/5 + time.Second) // longer than anyone waits for a slot
		close(release)
		if err := <-joined; err != nil {
			t.Error(err)
		}
		w.Wait()
		if _, err := w.read(ids[4]); err != nil {
			t.Errorf("after all slots were given back: %v", err)
		}
	})
}

func TestTheBreakerCountsSilenceNotRefusals(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{balance.ErrUpstream, balance.ErrNotEnrolled, balance.ErrMismatch, balance.ErrUnsupported} {
		w := newWorld(t)
		w.upstream.fail(refusal)
		for range 30 {
			_, _ = w.current()
			w.clock.Advance(pause)
		}
		if w.upstream.count() != 30 {
			t.Errorf("%v: %d of 30 questions were asked", refusal, w.upstream.count())
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.upstream.fail(balance.ErrTimeout)
		for range 30 {
			if _, err := w.current(); !errors.Is(err, balance.ErrTimeout) {
				t.Fatal(err)
			}
		}
		if w.upstream.count() != opens {
			t.Errorf("%d questions to a silent region", w.upstream.count())
		}
		elsewhere := person
		elsewhere.Region = other
		w.caller.Links = append(w.caller.Links, w.begin(elsewhere, "link-2"))
		if _, _ = w.read("link-2"); w.upstream.count() != opens+1 {
			t.Error("one region's breaker holds for another")
		}
		time.Sleep(delay)
		w.upstream.set(w.answering(5))
		if got, err := w.current(); err != nil || amount(t, got) != 5 {
			t.Errorf("after the delay: %+v, %v", got, err)
		}
	})
}

// While the breaker is open, callers do not wait for a slot.
func TestAnOpenBreakerFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *balance.Config) { c.Slots = 1 })
		slow := w.others(1)[0]
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
			if claim.Name == slow {
				<-ctx.Done()
			}
			return nil, balance.ErrTimeout
		})
		go func() { _, _ = w.read(slow) }() // takes the one slot
		synctest.Wait()
		for range opens {
			if _, err := w.fresh(); !errors.Is(err, balance.ErrTimeout) {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		if _, err := w.current(); !errors.Is(err, balance.ErrTimeout) || time.Since(begun) != 0 {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		w.Wait()
	})
}

// A loop of an hour over one unreadable record asks the upstream every few seconds at most and opens no breaker.
func TestOneUnreadableRecordOpensNoBreaker(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(w *world) (*balance.Answer, error){"a person": (*world).current, "a worker": (*world).fresh} {
		w := newWorld(t)
		second := w.others(1)[0]
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
			if claim.Name != second {
				return nil, balance.ErrMalformed
			}
			return w.answering(5)(ctx, claim)
		})
		for range 3600 {
			if _, err := read(w); !errors.Is(err, balance.ErrMalformed) {
				t.Fatalf("%s: %v", name, err)
			}
			w.clock.Advance(time.Second)
		}
		if n, most := w.upstream.count(), int(time.Hour/pause)+1; n > most {
			t.Errorf("%s: %d questions in an hour, want %d at most", name, n, most)
		}
		if got, err := w.read(second); err != nil || amount(t, got) != 5 {
			t.Errorf("%s: another person of the region: %+v, %v", name, got, err)
		}
	}
}

// Noise for several persons opens the breaker, for persons with an earlier failure too.
func TestNoiseForManyOpensTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.upstream.fail(balance.ErrMalformed)
		ids := w.others(opens)
		readAll := func() {
			for range 3 {
				for _, id := range ids {
					_, _ = w.read(id)
				}
			}
		}
		readAll()
		if w.upstream.count() != opens {
			t.Errorf("%d questions to a region that sends noise", w.upstream.count())
		}
		time.Sleep(delay)
		w.clock.Advance(pause)
		readAll() // the first trial is noise again
		if w.upstream.count() != opens+1 {
			t.Errorf("%d questions after the delay, want one", w.upstream.count()-opens)
		}
	})
}

// TestAThrottledRegionIsLeftAlone: people get the last good figure with its reason, workers come back at the end, and nothing
// calls the region down.
func TestAThrottledRegionIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	others := w.others(20)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	until := w.clock.Now().Add(10 * time.Minute)
	w.upstream.fail(&balance.ThrottledError{Until: until})
	before := w.upstream.count()

	got, err := w.current()
	if err != nil || !got.Stale || got.Because != balance.StaleThrottled || amount(t, got) != 12050 {
		t.Errorf("a person with a figure: %+v, %v", got, err)
	}
	if _, err := w.read(others[0]); !errors.Is(err, balance.ErrThrottled) || errors.Is(err, balance.ErrTimeout) {
		t.Errorf("a person without: %v", err)
	}
	if _, err := w.Fresh(context.Background(), w.subjectOf(others[1])); !errors.Is(err, balance.ErrThrottled) {
		t.Errorf("a worker: %v", err)
	}
	w.collectOnce(t, 21)
	for subject, schedule := range w.schedules() {
		if schedule.DueAt.Before(until) || schedule.DueAt.Sub(until) > time.Second || schedule.Failures != 0 {
			t.Errorf("%s is due at %s after %d failures", subject.PersonID, schedule.DueAt, schedule.Failures)
		}
	}
	w.collectOnce(t, 0)
	if n := w.upstream.count() - before; n != 1 {
		t.Errorf("%d questions of a throttled region", n)
	}

	w.upstream.set(w.answering(100))
	w.until(until.Add(time.Second))
	if got, err := w.current(); err != nil || got.Stale || got.Coverage != balance.Complete || got.Because != "" {
		t.Errorf("after the end: %+v, %v", got, err)
	}
	w.collectOnce(t, 21)
}

// TestBeingThrottledIsNotBeingDown: a dozen such answers in a row open no breaker.
func TestBeingThrottledIsNotBeingDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 * opens {
		w.upstream.fail(&balance.ThrottledError{Until: w.clock.Now().Add(time.Second)})
		if _, err := w.current(); !errors.Is(err, balance.ErrThrottled) {
			t.Fatal(err)
		}
		w.clock.Advance(time.Second)
	}
	w.upstream.set(w.answering(100))
	if got, err := w.current(); err != nil || amount(t, got) != 100 {
		t.Errorf("%+v, %v", got, err)
	}
}
