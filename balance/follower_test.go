package balance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
)

const lastVisit = 10 * time.Minute // from the end of the last link to the worker's last visit

func TestLinkedIsDueAtOnceAndSafeToRepeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if schedule := w.schedule(); !schedule.DueAt.Equal(start) {
		t.Fatalf("%+v", schedule)
	}
	w.upstream.fail(balance.ErrUpstream)
	w.collectOnce(t, 1)
	w.clock.Advance(time.Minute)
	w.upstream.set(w.answering(1))
	for range 2 {
		if err := w.Linked(context.Background(), w.user, w.link); err != nil {
			t.Fatal(err)
		}
	}
	if again := w.schedules(); len(again) != 1 || !again[w.subject].DueAt.Equal(w.clock.Now()) || again[w.subject].Failures != 0 {
		t.Errorf("%+v", again)
	}
	w.collectOnce(t, 1)
	w.collectOnce(t, 0)
}

func TestUnlinkedKeepsWhatOthersSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	schedule := w.collectOnce(t, 1)
	second := w.join(person, "link-2", false)
	if err := w.end(w.link, w.Service); err != nil {
		t.Fatal(err)
	}
	if w.kept() != 2 || w.schedule() != schedule || !w.remembers() {
		t.Error("another link's history was deleted")
	}
	w.must(w.end(second, w.Service))
	if w.kept() != 0 {
		t.Error("something is left")
	}
}

func TestUnlinkedDeletesAndIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stay()
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{"schedules.", "answers.delete", "readings.delete"} {
		w.fail(broken)
		if err := w.end(w.link, w.Service); !errors.Is(err, identity.ErrStore) {
			t.Errorf("%s failed: %v", broken, err)
		}
	}
	w.fail()
	for range 2 {
		if err := w.end(w.link, w.Service); err != nil {
			t.Fatal(err)
		}
		if w.kept() != 0 || w.remembers() {
			t.Error("something is left")
		}
	}
}

func TestAScheduleWithoutALinkIsDeleted(t *testing.T) {
	t.Parallel()
	for _, goes := range []bool{true, false} { // does the person go with the link, or stay for another region?
		w := newWorld(t)
		if !goes {
			w.stay()
		}
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.peek.LeavePerson(context.Background(), w.link.PersonID, w.link.ID); err != nil {
			t.Fatal(err)
		}
		w.collectOnce(t, 1)
		if _, scheduled := w.schedules()[w.subject]; scheduled || w.kept() != 0 || w.remembers() {
			t.Error("something is left")
		}
	}
}

// A person whose data no key opens any more is deleted all the same.
func TestUnlinkedNeedsNoPersonalData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	left, err := w.peek.LeavePerson(context.Background(), w.link.PersonID, w.link.ID)
	w.must(err)
	w.fail("persons.")
	if err := w.Unlinked(context.Background(), w.user, w.link, left); err != nil || w.kept() != 0 {
		t.Errorf("%v, %d documents", err, w.kept())
	}
}

// The last link ends during the question, before and after each command of it in turn, and in either process. Store and
// memory must be empty.
func TestNothingIsLeftOfALinkThatEndsDuringTheQuestion(t *testing.T) {
	t.Parallel()
	for _, here := range []bool{true, false} { // from another process our memory learns nothing
		for _, goes := range []bool{true, false} {
			walk(func(place int) (places int) {
				w := newWorld(t)
				if !goes {
					w.stay()
				}
				follower := w.second
				if here {
					follower = w.Service
				}
				passed := w.places(script(never, map[int]func(){place: func() { w.must(w.end(w.link, follower)) }}))
				got, err := w.current()
				places = passed()
				if gone := goes && place == 0; gone != errors.Is(err, identity.ErrNoSuchLink) || !gone && (err != nil || amount(t, got) != 12050) {
					t.Errorf("%v %v at %d: the caller was linked when asking: %+v, %v", here, goes, place, got, err)
				}
				if place == never || place >= places {
					return places // the link has not ended
				}
				if w.kept() != 0 {
					t.Errorf("%v %v at %d: something is left in the store", here, goes, place)
				}
				if last := place == places-1; (here || !last) && w.remembers() {
					t.Errorf("%v %v at %d: something is left in memory", here, goes, place)
				}
				return places
			})
		}
	}
}
