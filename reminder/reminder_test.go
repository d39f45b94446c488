package reminder_test

import (
	"context"
	"testing"
	"time"
)

func TestUnlinked(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.fall(100)
	for range 2 { // safe to repeat
		r.check(r.Linked(context.Background(), r.caller.UserID, r.caller.Links[0]))
		r.check(r.Unlinked(context.Background(), r.caller.UserID, r.caller.Links[0], nil))
	}
	open, finished := r.deliveries()
	if len(open)+len(finished)+len(r.rules()) != 0 {
		t.Errorf("%d open, %d finished, %d rules", len(open), len(finished), len(r.rules()))
	}
}

// An evaluation between the two deletions of an unlinking must find no rule, or its delivery would stay.
func TestUnlinkedDeletesTheRuleFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	evaluated := false
	process := r.start(nth(2, "", func() error {
		evaluated = true
		_, err := r.EvaluateDue(context.Background())
		return err
	}), nil)
	r.check(process.Unlinked(context.Background(), r.caller.UserID, r.caller.Links[0], nil))
	if open, finished := r.deliveries(); !evaluated || len(open)+len(finished) != 0 {
		t.Errorf("evaluated: %v, %d open, %d finished", evaluated, len(open), len(finished))
	}
}
