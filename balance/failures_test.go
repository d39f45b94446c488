package balance

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A second try at once asks again. After that the upstream's failure is repeated for a pause.
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
		w.clock.add(failurePause)
		want(3, "when the while is over")
		want(3, "and at once again")
		w.clock.add(failurePause)
		w.upstream.set(w.answering(5))
		if got, err := w.current(); err != nil || amount(t, got) != 5 || w.failures.Len() != 0 {
			t.Errorf("after it was over: %+v, %v, %d remembered", got, err, w.failures.Len())
		}
	}
}

// Two failures far apart begin no pause: the person may try again at once after each.
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
	w.clock.add(-48 * time.Hour)
	if _, err := w.current(); !errors.Is(err, ErrUpstream) || w.upstream.count() != 4 {
		t.Errorf("at once again: %v after %d questions", err, w.upstream.count())
	}
	w.clock.add(failureWindow)
	w.upstream.set(w.answering(5))
	if got, err := w.current(); err != nil || amount(t, got) != 5 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A remembered failure hides no fresh answer in memory, such as a worker's. It is removed with the last link.
func TestARememberedFailureHidesNoAnswerAndGoesWithTheLink(t *testing.T) {
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
	if w.failures.Len() != 0 {
		t.Error("a failure is remembered after the last link has ended")
	}
}
