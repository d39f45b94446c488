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
		// A worker that meets a person's question joins it, whatever the slots.
		joined := make(chan error)
		go func() {
			_, err := w.Fresh(context.Background(), Subject{"p1", region})
			joined <- err
		}()
		synctest.Wait()
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
