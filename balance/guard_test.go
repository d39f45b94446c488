package balance

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"yibao/identity"
)

func TestTheQuestionEndsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.upstream.set(func(ctx context.Context, _ identity.Claim) (*Answer, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		begun := time.Now()
		if _, err := w.current(); !errors.Is(err, ErrTimeout) {
			t.Error(err)
		}
		if took := time.Since(begun); took != 15*time.Second {
			t.Errorf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := w.Current(ctx, w.caller, "link-1"); !errors.Is(err, ErrTimeout) || !errors.Is(err, ErrNoReading) {
			t.Errorf("the caller's own deadline: %v", err)
		}
		w.Wait()
	})
}

func TestSlotsBoundARegionAndWorkersNeverTakeAPersonsSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Slots, c.UnattendedSlots = 2, 1 })
		release := make(chan struct{})
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*Answer, error) {
			<-release
			return w.answering(1)(ctx, claim)
		})
		for i := range 5 {
			id := fmt.Sprint("p", i)
			w.people.persons[id] = identity.Person{ID: id}
			w.caller.Links = append(w.caller.Links, identity.Link{ID: id, PersonID: id, Region: region})
		}
		go func() { _, _ = w.Fresh(context.Background(), Subject{"p0", region}) }()
		synctest.Wait()
		if _, err := w.Fresh(context.Background(), Subject{"p1", region}); !errors.Is(err, ErrBusy) {
			t.Errorf("a second worker: %v", err)
		}
		for _, id := range []string{"p1", "p2"} {
			go func() { _, _ = w.Current(context.Background(), w.caller, id) }()
		}
		synctest.Wait()
		if w.upstream.count() != 3 {
			t.Errorf("%d questions under way, want one of a worker and two of persons", w.upstream.count())
		}
		if _, err := w.Current(context.Background(), w.caller, "p3"); !errors.Is(err, ErrBusy) {
			t.Errorf("a third person: %v", err)
		}
		// A worker that meets a person's question joins it, with or without a free slot.
		joined := make(chan error)
		go func() {
			_, err := w.Fresh(context.Background(), Subject{"p1", region})
			joined <- err
		}()
		time.Sleep(w.cfg.AskTimeout/5 + time.Second) // longer than anyone waits for a slot
		close(release)
		if err := <-joined; err != nil {
			t.Error(err)
		}
		w.Wait()
		if _, err := w.Current(context.Background(), w.caller, "p4"); err != nil {
			t.Errorf("after all slots were given back: %v", err)
		}
	})
}

func TestTheBreakerCountsSilenceNotRefusals(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{ErrUpstream, ErrNotEnrolled, ErrMismatch, ErrUnsupported} {
		w := newWorld(t)
		w.upstream.fail(refusal)
		for range 30 {
			_, _ = w.current()
			w.clock.add(failurePause)
		}
		if w.upstream.count() != 30 {
			t.Errorf("%v: %d of 30 questions were asked", refusal, w.upstream.count())
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.upstream.fail(ErrTimeout)
		for range 30 {
			if _, err := w.current(); !errors.Is(err, ErrTimeout) {
				t.Fatal(err)
			}
		}
		if w.upstream.count() != breakerFailures {
			t.Errorf("%d questions to a silent region", w.upstream.count())
		}
		w.caller.Links = append(w.caller.Links, identity.Link{ID: "link-2", PersonID: subject.PersonID, Region: "990200"})
		if _, _ = w.Current(context.Background(), w.caller, "link-2"); w.upstream.count() != breakerFailures+1 {
			t.Error("one region's breaker holds for another")
		}
		time.Sleep(breakerDelay)
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
		w := newWorld(t, func(c *Config) { c.Slots = 1 })
		w.upstream.fail(ErrTimeout)
		for range breakerFailures {
			_, _ = w.current()
		}
		if !w.guardOf(region).attended.TryAcquirePermit() {
			t.Fatal("no slot is free")
		}
		begun := time.Now()
		if _, err := w.current(); !errors.Is(err, errOpen) || time.Since(begun) != 0 {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// withOthers links the caller to n more persons; each link has its person's id.
func (w *world) withOthers(n int) (ids []string) {
	for i := range n {
		id := fmt.Sprint("p", i)
		w.people.persons[id] = identity.Person{ID: id, Names: map[string]string{region: id}}
		w.caller.Links = append(w.caller.Links, identity.Link{ID: id, PersonID: id, Region: region})
		ids = append(ids, id)
	}
	return ids
}

// A loop of an hour over one unreadable record asks the upstream every few seconds at most and opens no breaker.
func TestOneUnreadableRecordOpensNoBreaker(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(w *world) error{
		"a person": func(w *world) error { _, err := w.current(); return err },
		"a worker": func(w *world) error { _, err := w.Fresh(context.Background(), subject); return err },
	} {
		w := newWorld(t)
		other := w.withOthers(1)[0]
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*Answer, error) {
			if claim.Name != other {
				return nil, ErrMalformed
			}
			return w.answering(5)(ctx, claim)
		})
		for range 3600 {
			if err := read(w); !errors.Is(err, ErrMalformed) {
				t.Fatalf("%s: %v", name, err)
			}
			w.clock.add(time.Second)
		}
		if n, most := w.upstream.count(), int(time.Hour/failurePause)+1; n > most {
			t.Errorf("%s: %d questions in an hour, want %d at most", name, n, most)
		}
		if got, err := w.Current(context.Background(), w.caller, other); err != nil || amount(t, got) != 5 {
			t.Errorf("%s: another person of the region: %+v, %v", name, got, err)
		}
	}
}

// Noise for several persons opens the breaker, for persons with an earlier failure too.
func TestNoiseForManyOpensTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.upstream.fail(ErrMalformed)
		others := w.withOthers(breakerFailures)
		for range 3 {
			for _, id := range others {
				_, _ = w.Current(context.Background(), w.caller, id)
			}
		}
		if w.upstream.count() != breakerFailures {
			t.Errorf("%d questions to a region that sends noise", w.upstream.count())
		}
		time.Sleep(breakerDelay)
		w.clock.add(failurePause)
		for range 3 {
			for _, id := range others { // the first trial is noise again
				_, _ = w.Current(context.Background(), w.caller, id)
			}
		}
		if w.upstream.count() != breakerFailures+1 {
			t.Errorf("%d questions after the delay, want one", w.upstream.count()-breakerFailures)
		}
	})
}
