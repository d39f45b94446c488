package balance

import (
	"context"
	"testing"
	"testing/synctest"

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
	if w.kept.Contains(subject) || w.flying(subject) != nil {
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
