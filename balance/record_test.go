package balance

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"yibao/identity"
)

func TestAFigureOfTheDayOutlivesAnAnswerWithoutOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.upstream.set(func(ctx context.Context, claim identity.Claim) (*Answer, error) {
		a, err := w.answering(0)(ctx, claim)
		a.Enrolments[0].Account.Balance = nil
		other := a.Enrolments[0]
		other.InsuranceType, other.Account = "390", PersonalAccount{Exists: AccountUnknown}
		a.Enrolments = append(a.Enrolments, other)
		return a, err
	})
	w.clock.add(9 * time.Hour)
	if got, err := w.current(); err != nil || got.Enrolments[0].Account.Balance != nil {
		t.Fatalf("what is known now is not told: %+v, %v", got, err)
	}
	points, err := w.store.Points(context.Background(), subject, "2026-11-21", "2026-11-21")
	if err != nil || len(points["310"]) != 1 || len(points["390"]) != 1 {
		t.Fatalf("%+v, %v", points, err)
	}
	if p := points["310"][0]; !same(p.Account.Balance, fen(12050)) || !p.FetchedAt.Equal(start) {
		t.Errorf("the day's figure is lost: %+v", p)
	}
	if points["390"][0].Account.Exists != AccountUnknown {
		t.Errorf("another insurance: %+v", points["390"])
	}
}

func TestAGoodAnswerIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	if got := w.store.balanceOn(subject, "310", "2026-11-21"); got == nil || *got != 12050 {
		t.Errorf("the day's point is %v", got)
	}
	if a, err := w.store.LastAnswer(context.Background(), subject); err != nil || a.Completeness != Complete {
		t.Errorf("the last answer is %+v, %v", a, err)
	}
}

func TestAStoreThatFailsHidesNoAnswer(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{"scheduled", "record", "save"} {
		w := newWorld(t)
		w.store.hook(func(op string) error {
			if op == broken {
				return errDown
			}
			return nil
		})
		if got, err := w.current(); err != nil || amount(t, got) != 12050 || got.Completeness != Complete {
			t.Errorf("%s: %+v, %v", broken, got, err)
		}
		if k, ok := w.cache.Get(subject); !ok || k.recorded != (broken == "save") {
			t.Errorf("%s: kept %v, %+v", broken, ok, k)
		}
	}
}

func TestATimeThatIsMissingIsNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.set(func(context.Context, identity.Claim) (*Answer, error) { return &Answer{Completeness: Complete}, nil })
	got, err := w.current()
	if err != nil || !got.FetchedAt.Equal(start) || !got.AsOf.Equal(start) {
		t.Errorf("%+v, %v", got, err)
	}
}

// The last link ends during the question, just before each call of the store in turn. Store and memory must be empty.
func TestNothingIsLeftOfALinkThatEndsDuringTheQuestion(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"ask", "scheduled", "record", "save"} {
		for _, elsewhere := range []bool{false, true} { // in another process our memory learns nothing
			w := newWorld(t)
			w.unlinkAt(moment, elsewhere)
			if got, err := w.current(); err != nil || amount(t, got) != 12050 {
				t.Errorf("%s: the caller was linked when asking: %+v, %v", moment, got, err)
			}
			if w.store.kept(subject) {
				t.Errorf("%s, elsewhere %v: something is left in the store", moment, elsewhere)
			}
			if w.cache.Contains(subject) {
				t.Errorf("%s, elsewhere %v: something is left in memory", moment, elsewhere)
			}
		}
	}
}

// A question killed after its writes leaves readings of a subject without a link. The clean-up deletes them and its own
// schedule, and keeps the data of a subject that is linked again.
func TestTheCleanUpDeletesTheWritesOfAKilledQuestion(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		w := newWorld(t)
		elsewhere := NewService(defaults(), w.deps())
		w.store.hook(func(op string) error {
			if op != "record" {
				return nil
			}
			w.store.hook(nil)
			err := elsewhere.Unlinked(context.Background(), "user-1", w.caller.Links[0], nil)
			w.store.hook(func(op string) error { // the read of the schedule after the writes never comes
				if op == "scheduled" {
					return errDown
				}
				return nil
			})
			return err
		})
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		w.store.hook(nil)
		if !w.store.kept(subject) {
			t.Fatal("nothing was left: the test tests nothing")
		}
		w.people.setSlots()
		if again {
			link := w.caller.Links[0]
			w.people.setSlots(identity.Slot{LinkID: link.ID, Region: region})
			if err := w.Linked(context.Background(), "user-1", link); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.add(cleanUpAfter)
		if _, err := w.CollectDue(context.Background()); err != nil {
			t.Fatal(err)
		}
		if w.store.kept(subject) != again || (w.store.balanceOn(subject, "310", "2026-11-21") != nil) != again {
			t.Errorf("linked again %v: kept %v", again, w.store.kept(subject))
		}
		for of := range w.store.schedules {
			if of != subject {
				t.Errorf("the schedule of the clean-up is left: %v", of)
			}
		}
	}
}

// unlinkAt ends the link once, just before the named moment.
func (w *world) unlinkAt(moment string, elsewhere bool) {
	unlink := func() {
		service := w.Service
		if elsewhere {
			service = NewService(defaults(), w.deps())
		}
		w.store.hook(nil)
		if err := service.Unlinked(context.Background(), "user-1", w.caller.Links[0], nil); err != nil {
			panic(err)
		}
	}
	if moment == "ask" {
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*Answer, error) {
			unlink()
			return w.answering(12050)(ctx, claim)
		})
		return
	}
	w.store.hook(func(op string) error {
		if op == moment {
			unlink()
		}
		return nil
	})
}

func TestALateDeletionThatFailsIsNotAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.hook(func(op string) error {
		switch op {
		case "save":
			w.store.mu.Lock()
			delete(w.store.schedules, subject)
			w.store.mu.Unlock()
		case "delete":
			return errors.New("down")
		}
		return nil
	})
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	if w.cache.Contains(subject) {
		t.Error("in memory although no link is left")
	}
}

// A new link is visible before its schedule is there. A deletion by record would race with the making of the schedule.
func TestAnAnswerWithoutAScheduleIsNeitherStoredNorDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delete(w.store.schedules, subject)
	w.store.ops = nil
	if got, err := w.current(); err != nil || amount(t, got) != 12050 {
		t.Fatalf("%+v, %v", got, err)
	}
	if !slices.Equal(w.store.ops, []string{"scheduled"}) || w.cache.Contains(subject) {
		t.Errorf("calls %v, in memory %v", w.store.ops, w.cache.Contains(subject))
	}
}
