package balance_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

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
		if err := w.Linked(context.Background(), "user-1", w.link); err != nil {
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
	if err := w.Unlinked(context.Background(), "user-1", w.link, left); err != nil || w.kept() != 0 {
		t.Errorf("%v, %d documents", err, w.kept())
	}
}

// The last link ends during the question, before and after each command of it in turn, and in either process. Store and
// memory must be empty.
func TestNothingIsLeftOfALinkThatEndsDuringTheQuestion(t *testing.T) {
	t.Parallel()
	for _, here := range []bool{true, false} { // from another process our memory learns nothing
		for _, goes := range []bool{true, false} {
			for place, total := 0, 1; place < total; place++ {
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
				total = passed()
				if gone := goes && place == 0; gone != errors.Is(err, identity.ErrNoSuchLink) || !gone && (err != nil || amount(t, got) != 12050) {
					t.Errorf("%v %v at %d: the caller was linked when asking: %+v, %v", here, goes, place, got, err)
				}
				if w.kept() != 0 {
					t.Errorf("%v %v at %d: something is left in the store", here, goes, place)
				}
				if last := place == total-1; (here || !last) && w.remembers() {
					t.Errorf("%v %v at %d: something is left in memory", here, goes, place)
				}
			}
		}
	}
}

// chain is something that a process does to a subject. The link may end, another may begin, and the process may be killed
// at any place among its commands.
type chain struct {
	prepare func(w *world) // past all hooks
	run     func(w *world) error
	repeat  bool // is it repeated after a kill?
	ended   bool // has the link ended already?
}

var chains = map[string]chain{
	"a question": {run: func(w *world) error {
		_, err := w.current()
		return err
	}},
	"a daily visit": {run: collect},
	"a last visit":  {prepare: leave, run: collect, ended: true},
	"an unlinking": {prepare: leave, run: func(w *world) error {
		left, err := w.peek.LeavePerson(context.Background(), w.link.PersonID, w.link.ID) // leaving again is no error
		w.must(err)
		return w.Unlinked(context.Background(), "user-1", w.link, left)
	}, repeat: true, ended: true},
}

func collect(w *world) error {
	_, err := w.CollectDue(context.Background())
	return err
}

// leave takes a reading and leaves the slot of the link.
func leave(w *world) {
	_, err := w.another().Fresh(context.Background(), w.subject)
	w.must(err)
	_, err = w.peek.LeavePerson(context.Background(), w.link.PersonID, w.link.ID)
	w.must(err)
}

// play runs the chain with its events, and afterwards what a program that goes on does. It returns how many places the
// chain had, and how many documents it left to the last visit.
func (c chain) play(t rapid.TB, name string, end, begin, kill int) (places, left int) {
	w := newWorld(t)
	w.db.SetTwice(false) // a lost race adds places of the same kind
	w.stay()
	if c.prepare != nil {
		c.prepare(w)
	}
	ended, begun := c.ended, false
	events := map[int]func(){}
	at := func(place int, do func()) {
		if before := events[place]; before != nil {
			events[place] = func() { before(); do() }
			return
		}
		events[place] = do
	}
	at(end, func() {
		ended = true
		w.must(w.end(w.link, w.second))
	})
	at(begin, func() {
		begun = true
		w.begin(person, "link-2")
	})
	passed := w.places(script(kill, events))
	err := c.run(w)
	if places = passed(); kill != never && kill < places {
		places = kill + 1
	}
	if c.repeat && err != nil {
		w.with(func(*balance.Deps) {})
		w.must(c.run(w))
	}
	left = w.kept()
	w.clock.Advance(lastVisit)
	_, err = w.another().CollectDue(context.Background())
	w.must(err)
	_, scheduled := w.schedules()[w.subject]
	linked := !ended || begun
	if scheduled != linked || linked && !begun && w.point(today) == nil || !linked && w.kept() != 0 {
		t.Errorf("%s, end at %d, begin at %d, kill at %d: linked %v, scheduled %v, point %v, %d documents",
			name, end, begin, kill, linked, scheduled, w.point(today), w.kept())
	}
	if linked {
		left = 0
	}
	return places, left
}

// The link ends, or has ended and another begins, before any command of a chain, and the process is killed before or after
// any later command, or another link begins there: a subject with a link is read daily, and nothing stays of one without.
func TestLinksThatEndAndBeginDuringAChain(t *testing.T) {
	t.Parallel()
	for name, c := range chains {
		places, _ := c.play(t, name, never, never, never)
		places += 4 // a late deletion
		left := 0
		play := func(end, begin, kill int) {
			_, n := c.play(t, name, end, begin, kill)
			left += n
		}
		for kill := range places {
			play(never, never, kill)
			for first := 0; first <= kill; first += 2 { // after a command is before the next one
				if c.ended {
					play(never, first, kill)
					continue
				}
				play(first, never, kill)
				if kill%2 == 0 {
					play(first, kill, never)
				}
			}
		}
		if left == 0 && !c.repeat {
			t.Errorf("%s: nothing was ever left to the last visit: the test tests nothing", name)
		}
	}
}

// All three at once, at random.
func TestLinksThatEndAndBeginBeforeAKill(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(chains))).Draw(t, "chain")
		place := rapid.IntRange(0, 30)
		chains[name].play(t, name, place.Draw(t, "end"), place.Draw(t, "begin"), place.Draw(t, "kill"))
	})
}
