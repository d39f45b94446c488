package linking_test

import (
	"testing"
	"time"

	"yibao/identity"
)

// TestCommandsOfALink counts the database commands of a proof, a renewal and an unlink; -v shows them. More than these
// need a reason. One command of each asks for the database's time, by which changes are ordered.
func TestCommandsOfALink(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.db.SetTwice(false)
	c := w.caller("user-1")
	proof := func() func() {
		w.clock.Advance(time.Minute)
		a := w.start(t, c, personA)
		sent := code(w.phones.Last(phoneA))
		return func() {
			if got, err := w.linking.Prove(t.Context(), c, a.ID, sent); err != nil || got.State != identity.AttemptLinked {
				t.Fatalf("%+v, %v", got, err)
			}
		}
	}
	for _, step := range []struct {
		name string
		do   func()
		most int
	}{
		{"new proof", proof(), 22},
		{"renewal", proof(), 18},
		{"unlink", func() {
			if err := w.linking.Unlink(t.Context(), c, w.caller("user-1").Links[0].ID); err != nil {
				t.Fatal(err)
			}
		}, 9},
		{"clean-up", func() {
			w.clock.Advance(time.Minute)
			if err := w.linking.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, 9},
	} {
		w.db.ResetCounts()
		step.do()
		n := total(w.db.Counts())
		t.Logf("%s: %d commands %v", step.name, n, w.db.Counts())
		if n > step.most {
			t.Errorf("%s: %d commands, at most %d before", step.name, n, step.most)
		}
	}
}
