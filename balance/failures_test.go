package balance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
)

const (
	window = time.Minute      // two failures within it begin a pause
	pause  = 10 * time.Second // a subject that failed twice is not asked about again
)

// A second try at once asks again. After that the upstream's failure is repeated for a pause.
func TestAFailureOfASubjectIsRemembered(t *testing.T) {
	t.Parallel()
	for err, remembered := range map[error]bool{
		balance.ErrMalformed: true, balance.ErrUpstream: true, balance.ErrTimeout: false, balance.ErrNotEnrolled: false,
	} {
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
		if _, fresh := w.fresh(); fresh != err || w.upstream.count() != 2 {
			t.Errorf("%v: a worker got %v after %d questions", err, fresh, w.upstream.count())
		}
		w.clock.Advance(pause)
		want(3, "when the while is over")
		want(3, "and at once again")
		w.clock.Advance(pause)
		w.upstream.set(w.answering(5))
		if got, err := w.current(); err != nil || amount(t, got) != 5 {
			t.Errorf("after it was over: %+v, %v", got, err)
		}
	}
}

// A good answer ends the memory of failures, also within their window.
func TestAGoodAnswerEndsTheMemoryOfAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *balance.Config) { c.DisplayAge = 0 })
	for n, err := range []error{balance.ErrUpstream, nil, balance.ErrUpstream, balance.ErrUpstream} {
		w.clock.Advance(time.Second)
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
			if err != nil {
				return nil, err
			}
			return w.answering(5)(ctx, claim)
		})
		if _, _ = w.current(); w.upstream.count() != n+1 {
			t.Errorf("%d questions, want %d", w.upstream.count(), n+1)
		}
	}
}

// Two failures far apart begin no pause: the person may try again at once after each.
func TestFailuresFarApartAreNotRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.fail(balance.ErrUpstream)
	for day := range 3 {
		if _, err := w.current(); !errors.Is(err, balance.ErrUpstream) || w.upstream.count() != day+1 {
			t.Errorf("day %d: %v after %d questions", day, err, w.upstream.count())
		}
		w.clock.Advance(48 * time.Hour)
	}
	w.clock.Advance(-48 * time.Hour)
	if _, err := w.current(); !errors.Is(err, balance.ErrUpstream) || w.upstream.count() != 4 {
		t.Errorf("at once again: %v after %d questions", err, w.upstream.count())
	}
	w.clock.Advance(window)
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
	w.clock.Advance(20 * time.Minute) // too old to show, good enough to decide
	w.upstream.fail(balance.ErrMalformed)
	for range 3 {
		if got, err := w.current(); err != nil || !got.Stale {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := w.fresh(); err != nil || amount(t, got) != 12050 {
		t.Errorf("%+v, %v", got, err)
	}
	asked := w.upstream.count()
	if _, _ = w.current(); w.upstream.count() != asked {
		t.Fatal("no failure is remembered: the test tests nothing")
	}
	w.stay()
	w.must(w.end(w.link, w.Service))
	if _, _ = w.current(); w.upstream.count() != asked+1 {
		t.Error("a failure is remembered after the last link has ended")
	}
}

// The last link to a subject ends during a question that fails.
func TestAFailureIsNotRememberedAfterTheLastLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stay()
	w.upstream.set(func(context.Context, identity.Claim) (*balance.Answer, error) {
		if w.upstream.count() == 1 {
			w.must(w.end(w.link, w.Service))
		}
		return nil, balance.ErrMalformed
	})
	for range 4 {
		_, _ = w.current()
	}
	if w.upstream.count() != 3 { // the first failure does not count
		t.Errorf("%d questions, want 3", w.upstream.count())
	}
}
