package balance

import (
	"context"
	"errors"
	"testing"

	"yibao/identity"
)

func TestLinkedIsDueAtOnceAndSafeToRepeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	schedule, ok := w.store.schedule(subject)
	if !ok || !schedule.DueAt.Equal(start) {
		t.Fatalf("%+v, %v", schedule, ok)
	}
	w.clock.add(cacheFor)
	if err := w.Linked(context.Background(), "user-1", w.caller.Links[0]); err != nil {
		t.Fatal(err)
	}
	if again, _ := w.store.schedule(subject); again != schedule {
		t.Errorf("a repeated call moved %+v to %+v", schedule, again)
	}
}

func TestUnlinkedKeepsWhatOthersSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	left := []identity.Slot{{LinkID: "link-9", Region: region}}
	if err := w.Unlinked(context.Background(), "user-1", w.caller.Links[0], left); err != nil {
		t.Fatal(err)
	}
	if !w.store.kept(subject) || !w.cache.Contains(subject) {
		t.Error("another link's history was deleted")
	}
}

func TestUnlinkedDeletesAndIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	elsewhere := []identity.Slot{{LinkID: "link-9", Region: "990200"}}
	w.store.hook(func(op string) error {
		if op == "delete" {
			return errDown
		}
		return nil
	})
	if err := w.Unlinked(context.Background(), "user-1", w.caller.Links[0], elsewhere); !errors.Is(err, errDown) {
		t.Errorf("a deletion that failed: %v", err)
	}
	w.store.hook(nil)
	for range 2 {
		if err := w.Unlinked(context.Background(), "user-1", w.caller.Links[0], elsewhere); err != nil {
			t.Fatal(err)
		}
		if w.store.kept(subject) || w.cache.Contains(subject) {
			t.Error("something is left")
		}
	}
}

func TestALinkMadeDuringAnUnlinkingKeepsItsSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ending := w.people.slots[0]
	w.store.hook(func(op string) error {
		if op == "delete" {
			// Another user's link takes its slot and its (already there) schedule just before we delete.
			w.people.setSlots(ending, identity.Slot{LinkID: "link-2", Region: region})
		}
		return nil
	})
	if err := w.Unlinked(context.Background(), "user-1", w.caller.Links[0], nil); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.store.schedule(subject); !ok {
		t.Error("the new link lost its daily reading")
	}
}

func TestUnlinkedNeedsToKnowTheSlots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.err = errDown
	if err := w.Unlinked(context.Background(), "user-1", w.caller.Links[0], nil); !errors.Is(err, errDown) {
		t.Error(err)
	}
}
