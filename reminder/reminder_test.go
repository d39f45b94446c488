package reminder_test

import (
	"context"
	"testing"
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
