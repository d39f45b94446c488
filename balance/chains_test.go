package balance_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"yibao/balance"
)

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
		return w.Unlinked(context.Background(), w.user, w.link, left)
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

// play runs the chain with its events and the kill. Then it repeats the chain if it must be, and takes the last visit, in
// other processes. It returns how many places there were, and how many documents were left to the last visit.
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
		_, err := w.second.CollectDue(context.Background()) // too early for a last visit
		w.must(err)
	})
	at(begin, func() {
		begun = true
		w.begin(person, "link-2")
	})
	passed := w.places(script(kill, events))
	err := c.run(w)
	places = passed()
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
