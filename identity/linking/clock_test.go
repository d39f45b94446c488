package linking_test

import (
	"errors"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
)

// ranAhead is a world whose clock ran a day ahead while the test did something, and is right again.
func ranAhead(t *testing.T, w *world, do func()) {
	t.Helper()
	const jump = 24 * time.Hour
	w.clock.Advance(jump)
	do()
	w.clock.Advance(-jump)
	if _, err := w.peek.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestProvedByAClockThatRanAhead: the attempt is finished after its lease, not a day later.
func TestProvedByAClockThatRanAhead(t *testing.T) {
	t.Parallel()
	w := newWorld()
	who := w.caller("user-1")
	var a *identity.Attempt
	ranAhead(t, w, func() {
		a = w.start(t, who, personA)
		w.registry.Fail(errors.New("down"))
		if got, err := w.linking.Prove(t.Context(), who, a.ID, code(w.phones.Last(phoneA))); err != nil || got.State != identity.AttemptProved {
			t.Fatal(got, err)
		}
	})
	w.registry.Fail(nil)
	w.clock.Advance(31 * time.Second)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := w.linking.Attempt(t.Context(), who, a.ID); err != nil || got.State != identity.AttemptLinked {
		t.Error(got, err)
	}
}

// TestEndedByAClockThatRanAhead: the person may be linked again at once, and the link is cleaned up in time.
func TestEndedByAClockThatRanAhead(t *testing.T) {
	t.Parallel()
	w := newWorld()
	link := w.link(t, "user-1", personA, phoneA)
	ranAhead(t, w, func() {
		if err := w.linking.Unlink(t.Context(), w.caller("user-1"), link.ID); err != nil {
			t.Fatal(err)
		}
	})
	w.clock.Advance(31 * time.Second)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, u := range w.contents().Users {
		for _, l := range u.Links {
			if l.State != identity.LinkEnded {
				t.Error("not cleaned up:", l.State)
			}
		}
	}
	w.clock.Advance(time.Minute) // no code so soon after the first
	w.link(t, "user-1", personA, phoneA)
}

// TestCodeOfAClockThatRanAhead lives no longer than any other, and the next one may be asked for as soon as ever.
func TestCodeOfAClockThatRanAhead(t *testing.T) {
	t.Parallel()
	w := newWorld()
	who := w.caller("user-1")
	var a *identity.Attempt
	ranAhead(t, w, func() { a = w.start(t, who, personA) })
	first := w.phones.Last(phoneA)
	w.clock.Advance(w.config.CodeTTL + time.Second)
	if _, err := w.linking.Prove(t.Context(), who, a.ID, code(first)); !errors.Is(err, linking.ErrCodeExpired) {
		t.Error(err)
	}
	if _, err := w.linking.Resend(t.Context(), who, a.ID); err != nil {
		t.Error(err)
	}
	w.linking.Wait()
	w.clock.Advance(w.config.AttemptTTL)
	if _, err := w.linking.Prove(t.Context(), who, a.ID, code(w.phones.Last(phoneA))); !errors.Is(err, identity.ErrAttemptOver) {
		t.Error("the attempt lives too long:", err)
	}
}

// TestLimitsAfterAClockRanAhead: a limit reached by a clock that ran ahead counts for a day from when it is met.
func TestLimitsAfterAClockRanAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.StartsPerUser = 1 })
	who := w.caller("user-1")
	ranAhead(t, w, func() { w.start(t, who, personA) })
	start := func() error {
		_, err := w.linking.Start(t.Context(), who, request(personB))
		w.linking.Wait()
		return err
	}
	var limit *identity.LimitError
	if err := start(); !errors.As(err, &limit) || limit.RetryAfter > 24*time.Hour {
		t.Error(err, limit)
	}
	w.clock.Advance(24*time.Hour + time.Second)
	if err := start(); err != nil {
		t.Error(err)
	}
}
