package reminder_test

import (
	"context"
	"testing"
	"time"

	"yibao/reminder/remindertest"
)

func TestUnlinked(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.fall(100)
	for range 2 { // safe to repeat
		r.check(r.Linked(context.Background(), "u", r.caller.Links[0]))
		r.check(r.Unlinked(context.Background(), "u", r.caller.Links[0], nil))
	}
	open, finished := r.store.All()
	if len(open)+len(finished)+len(r.store.Rules()) != 0 {
		t.Errorf("%d open, %d finished, %d rules", len(open), len(finished), len(r.store.Rules()))
	}
}

// An evaluation between the two deletions of an unlinking must find no rule, or its delivery would stay.
func TestUnlinkedDeletesTheRuleFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	deletions := 0
	service, _ := r.start(func(string) remindertest.Fault {
		if deletions++; deletions == 2 {
			_, err := r.EvaluateDue(context.Background())
			r.check(err)
		}
		return remindertest.None
	})
	r.check(service.Unlinked(context.Background(), "u", r.caller.Links[0], nil))
	if open, finished := r.store.All(); deletions != 2 || len(open)+len(finished) != 0 {
		t.Errorf("%d deletions, %d open, %d finished", deletions, len(open), len(finished))
	}
}
