package balance

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"yibao/identity"
)

// The link ends after the last look at the store and before the flight lands.
func TestAFlightThatWasDroppedIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer, err := w.answering(1)(context.Background(), identity.Claim{})
	if err != nil {
		t.Fatal(err)
	}
	f := &flight{done: make(chan struct{}), result: &kept{answer: answer}}
	w.flights[subject] = f
	if err := w.Unlinked(context.Background(), "user-1", w.caller.Links[0], nil); err != nil {
		t.Fatal(err)
	}
	w.land(subject, f, true)
	w.land(subject, &flight{done: make(chan struct{}), dropped: true, err: ErrMalformed}, false)
	if w.kept.Contains(subject) || w.failed.Contains(subject) || w.flying(subject) != nil {
		t.Error("the answer stays in memory")
	}
}

// Between a reader's look into memory and its question, another's flight may land.
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

// Whoever tries again at once is asked for again, once; who then goes on is told what the upstream said, for a while.
func TestAFailureOfASubjectIsRemembered(t *testing.T) {
	t.Parallel()
	for err, remembered := range map[error]bool{ErrMalformed: true, ErrUpstream: true, ErrTimeout: false, ErrNotEnrolled: false} {
		w := newWorld(t)
		want := func(questions int, when string) {
			t.Helper()
			if got, gotErr := w.current(); !errors.Is(gotErr, err) || w.upstream.count() != questions {
				t.Errorf("%v, %s: %+v, %v after %d questions, want %d", err, when, got, gotErr, w.upstream.count(), questions)
			}
		}
		w.upstream.fail(err)
		want(1, "first")
		want(2, "tried again")
		if !remembered {
			want(3, "and again")
			continue
		}
		want(2, "and again")
		if _, fresh := w.Fresh(context.Background(), subject); fresh != err || w.upstream.count() != 2 {
			t.Errorf("%v: a worker got %v after %d questions", err, fresh, w.upstream.count())
		}
		w.clock.add(sickFor)
		want(3, "when the while is over")
		want(3, "and at once again")
		w.clock.add(sickFor)
		w.upstream.set(w.answering(5))
		if got, err := w.current(); err != nil || amount(t, got) != 5 || w.failed.Len() != 0 {
			t.Errorf("after it was over: %+v, %v, %d remembered", got, err, w.failed.Len())
		}
	}
}

// Two failures far apart are no sick record: the person may try again at once after each.
func TestFailuresFarApartAreNotRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.fail(ErrUpstream)
	for day := range 3 {
		if _, err := w.current(); !errors.Is(err, ErrUpstream) || w.upstream.count() != day+1 {
			t.Errorf("day %d: %v after %d questions", day, err, w.upstream.count())
		}
		w.clock.add(48 * time.Hour)
	}
	w.clock.add(retriesWithin - 48*time.Hour)
	w.upstream.set(w.answering(5))
	if got, err := w.current(); err != nil || amount(t, got) != 5 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A fresh answer in memory, such as a worker's, is served whatever failed before; a failure goes with the last link.
func TestWhatIsRememberedHidesNoAnswerAndIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.clock.add(20 * time.Minute) // too old to show, good enough to decide
	w.upstream.fail(ErrMalformed)
	for range 3 {
		if got, err := w.current(); err != nil || got.Completeness != Stale {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := w.Fresh(context.Background(), subject); err != nil || amount(t, got) != 12050 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := w.Unlinked(context.Background(), "user-1", w.caller.Links[0], nil); err != nil {
		t.Fatal(err)
	}
	if w.failed.Len() != 0 {
		t.Error("something is remembered of a person nobody is linked to")
	}
}
