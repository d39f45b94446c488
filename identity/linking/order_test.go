package linking_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
)

// TestChangesAreRecordedFirst: a replica that polls between a change and its record would keep the old links in memory.
func TestChangesAreRecordedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.db.SetTwice(false)
	recorded := 0
	w.before(func(command string) error {
		if command == "platform_users.replace" && len(w.db.IDs("changes")) == recorded {
			t.Error("the user changes before the change is recorded")
		}
		return nil
	})
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	if _, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); err != nil {
		t.Fatal(err)
	}
	if recorded = len(w.db.IDs("changes")); recorded != 1 {
		t.Errorf("%d changes of one link", recorded)
	}
	if err := w.linking.Unlink(t.Context(), c, w.caller("user-1").Links[0].ID); err != nil {
		t.Fatal(err)
	}
	if n := len(w.db.IDs("changes")); n != 2 {
		t.Errorf("%d changes of a link and its end", n)
	}
}

// TestOrderOfALink: the slot is there before the link, and the link before the followers are told.
func TestOrderOfALink(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	w.before(func(command string) error {
		if command == "changes.insert" && len(w.contents().Slots) != 1 {
			t.Error("the link is written before its slot")
		}
		return nil
	})
	w.followers.during = func() {
		if len(w.caller("user-1").Links) != 1 {
			t.Error("the followers are told before the link is written")
		}
	}
	if got, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); err != nil || got.State != identity.AttemptLinked {
		t.Fatalf("%+v, %v", got, err)
	}
}

// TestSlotIsLeftBeforeFollowersDelete: of two last links that end at once, the later one must find that none is left.
func TestSlotIsLeftBeforeFollowersDelete(t *testing.T) {
	t.Parallel()
	w := newWorld()
	old, other := w.link(t, "user-1", personA, phoneA), w.link(t, "user-2", personA, phoneA)
	w.followers.during = func() {
		slots := w.contents().Slots
		if slices.ContainsFunc(slots, func(s identity.Slot) bool { return s.LinkID == old.ID }) || len(slots) != 1 ||
			slots[0].LinkID != other.ID {
			t.Errorf("the followers delete while the slot is there: %+v", slots)
		}
		if len(w.caller("user-1").Links) != 0 {
			t.Error("the followers delete while the link is visible")
		}
	}
	if err := w.linking.Unlink(t.Context(), w.caller("user-1"), old.ID); err != nil {
		t.Fatal(err)
	}
	if w.followers.during != nil {
		t.Error("the followers were not told")
	}
}

// TestCodeIsStoredBeforeItLeaves: never do more messages leave than were counted.
func TestCodeIsStoredBeforeItLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.db.SetAfter(named(func(command string) error {
		if command == "link_attempts.replace" && len(w.phones.Inbox()) > 0 {
			t.Error("the code left before it was stored")
		}
		return nil
	}))
	w.start(t, w.caller("user-1"), personA)
	if len(w.phones.Inbox()) != 1 {
		t.Error("no code left")
	}
}

// TestRunsOfOneAttemptDoNotMeet: while a run may be under way, no other begins; after its lease one does.
func TestRunsOfOneAttemptDoNotMeet(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	w.registry.Fail(errors.New("down"))
	if _, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); err != nil {
		t.Fatal(err)
	}
	asked := w.registry.Asked()
	for _, step := range []struct {
		wait time.Duration
		want int
	}{{29 * time.Second, 0}, {time.Second, 1}, {29 * time.Second, 1}, {time.Second, 2}} {
		w.clock.Advance(step.wait)
		if _, err := w.another().Prove(t.Context(), c, a.ID, linking.Answer{}); err != nil {
			t.Fatal(err)
		}
		if n := w.registry.Asked() - asked; n != step.want {
			t.Errorf("asked %d times, want %d", n, step.want)
		}
	}
}

// TestLimitsAreKeptAtOnce proves many links at once, of one user and to one person, on as many processes.
func TestLimitsAreKeptAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.LinksPerPerson, c.SendsPerPhone, c.SendsPerPhoneHourly = 3, 1000, 1000 })
	w.db.SetTwice(false)
	done := make(chan error, 8)
	for i := range 8 {
		who := w.caller(string(rune('a' + i)))
		a := w.start(t, who, personA)
		sent, l := w.phones.Last(phoneA), w.another()
		go func() {
			_, err := l.Prove(t.Context(), who, a.ID, code(sent))
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := len(w.contents().Slots); n != 3 {
		t.Errorf("%d links to one person", n)
	}
}
