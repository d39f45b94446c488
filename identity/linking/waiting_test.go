package linking_test

import (
	"fmt"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
)

// waits is what a client is told to wait for: until another code, until the code is void, until the attempt is over.
func waits(l *linking.Service, a *identity.Attempt, now time.Time) string {
	show := func(n *int) string {
		if n == nil {
			return "-"
		}
		return fmt.Sprint(*n)
	}
	return show(l.ResendIn(a, now)) + " " + show(l.CodeExpiresIn(a, now)) + " " + fmt.Sprint(l.ExpiresIn(a))
}

// TestWaitsOfAnAttempt: what a client is told to wait for is what the service then allows, and is the same for a person who
// matches, mismatches or does not exist.
func TestWaitsOfAnAttempt(t *testing.T) {
	t.Parallel()
	for kind, claim := range kinds() {
		w := newWorld()
		c := w.caller("user-1")
		a := w.start(t, c, claim)
		for _, step := range []struct {
			pass   time.Duration
			resend bool
			want   string
		}{
			{0, false, "60 300 900"},
			{59 * time.Second, false, "1 241 841"},
			{time.Second, false, "0 240 840"},
			{0, true, "60 300 840"},
			{time.Minute, true, "- 300 780"}, // the last code
			{6 * time.Minute, false, "- 0 420"},
			{7 * time.Minute, false, "- - 0"},
		} {
			w.clock.Advance(step.pass)
			var err error
			if step.resend {
				a, err = w.linking.Resend(t.Context(), c, a.ID)
				w.linking.Wait()
			} else {
				a, err = w.linking.Attempt(t.Context(), c, a.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := waits(w.linking, a, w.clock.Now()); got != step.want {
				t.Errorf("%s after %v: %q, want %q", kind, step.pass, got, step.want)
			}
		}
	}
}

// TestAttemptsUnderWay: the caller's own that can still come to something, newest first.
func TestAttemptsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c, other := w.caller("user-1"), w.caller("user-2")
	first := w.start(t, c, personA)
	sent := code(w.phones.Last(phoneA))
	w.clock.Advance(time.Minute)
	second := w.start(t, c, nobody)
	w.start(t, other, personA)
	ids := func() (list []string) {
		t.Helper()
		found, err := w.linking.Attempts(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range found {
			list = append(list, a.ID)
		}
		return list
	}
	if got := ids(); fmt.Sprint(got) != fmt.Sprint([]string{second.ID, first.ID}) {
		t.Errorf("%v, not %s and %s", got, second.ID, first.ID)
	}
	if _, err := w.linking.Prove(t.Context(), c, first.ID, sent); err != nil {
		t.Fatal(err)
	}
	if got := ids(); fmt.Sprint(got) != fmt.Sprint([]string{second.ID}) {
		t.Errorf("after one was linked: %v", got)
	}
	w.clock.Advance(15 * time.Minute)
	if got := ids(); len(got) != 0 {
		t.Errorf("after the other expired: %v", got)
	}
}
