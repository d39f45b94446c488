package balance

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"yibao/identity"
)

// The link ends after the last read of the store and before the flight lands.
func TestAnAnswerIsNotCachedAfterTheLastLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer, err := w.answering(1)(context.Background(), identity.Claim{})
	if err != nil {
		t.Fatal(err)
	}
	f := &flight{done: make(chan struct{}), result: &cached{answer: answer}}
	w.flights[subject] = f
	if err := w.Unlinked(context.Background(), "user-1", w.caller.Links[0], nil); err != nil {
		t.Fatal(err)
	}
	w.land(subject, f, true)
	w.land(subject, &flight{done: make(chan struct{}), unlinked: true, err: ErrMalformed}, false)
	if w.cache.Contains(subject) || w.failures.Contains(subject) || w.flying(subject) != nil {
		t.Error("the answer stays in memory")
	}
}

// Another caller's flight may land between a caller's read of the memory and its question.
func TestAnAnswerThatHasComeMeanwhileIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.UnattendedSlots = 1 })
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		if k, err := w.ask(context.Background(), subject, start); err != nil || k.answer == nil {
			t.Errorf("%+v, %v", k, err)
		}
		for range 3 { // each takes the one slot and must give it back
			if k, err := w.askUnattended(context.Background(), subject, start); err != nil || k.answer == nil {
				t.Errorf("%+v, %v", k, err)
			}
		}
		if w.upstream.count() != 1 {
			t.Errorf("%d questions", w.upstream.count())
		}
	})
}

func TestAThousandReadersAreOneQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked, release := make(chan struct{}), make(chan struct{})
	w.upstream.set(func(ctx context.Context, claim identity.Claim) (*Answer, error) {
		close(asked) // a second question would panic here
		<-release
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return w.answering(12050)(ctx, claim)
	})
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() {
		_, err := w.Current(ctx, w.caller, "link-1")
		gone <- err
	}()
	<-asked
	var group sync.WaitGroup
	errs := make(chan error, 1000)
	for i := range 999 {
		group.Go(func() {
			ask := w.current
			if i%3 == 0 {
				ask = func() (*Answer, error) { return w.Fresh(context.Background(), subject) }
			}
			got, err := ask()
			if err == nil && *got.Enrolments[0].Account.Balance != 12050 {
				err = errDown
			}
			errs <- err
		})
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who gave up got %v", err)
	}
	close(release)
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatalf("a caller was harmed by one who gave up: %v", err)
		}
	}
	if w.upstream.count() != 1 {
		t.Errorf("%d questions", w.upstream.count())
	}
}

func TestAPanickingAdapterIsMalformed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.set(func(context.Context, identity.Claim) (*Answer, error) { panic("private text") })
	if _, err := w.current(); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
	w.upstream.set(w.answering(1))
	w.store.hook(func(string) error { panic("private text") })
	if _, err := w.Fresh(context.Background(), subject); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
}

func TestOldAnswersLeaveMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	other := Subject{"person-2", region}
	w.people.persons["person-2"] = identity.Person{ID: "person-2"}
	w.store.schedules[other] = Schedule{Subject: other}
	w.clock.add(cacheFor + time.Second)
	if _, err := w.Fresh(context.Background(), other); err != nil {
		t.Fatal(err)
	}
	if w.cache.Contains(subject) || !w.cache.Contains(other) {
		t.Error("an answer that is not read stays")
	}
}
