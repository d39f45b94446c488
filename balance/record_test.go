package balance

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/identity"
)

func TestOneReadingPerInsurance(t *testing.T) {
	t.Parallel()
	row := func(insurance string, status Status, exists Existence, balance *Fen) Enrolment {
		return Enrolment{InsuranceType: insurance, Status: status, Account: PersonalAccount{Exists: exists, Balance: balance}}
	}
	at := func(e Enrolment, region string) Enrolment { e.Region = region; return e }
	cases := map[string]struct {
		rows []Enrolment
		want []Reading
	}{
		"none": {},
		"no insurance type": {
			rows: []Enrolment{row("", StatusActive, AccountYes, fen(1))},
		},
		"each its own": {
			rows: []Enrolment{row("310", StatusActive, AccountYes, fen(1)), row("390", StatusPaused, AccountNo, nil)},
			want: []Reading{
				{InsuranceType: "310", Status: StatusActive, Account: PersonalAccount{AccountYes, fen(1)}},
				{InsuranceType: "390", Status: StatusPaused, Account: PersonalAccount{AccountNo, nil}},
			},
		},
		"the active one, not the sum": {
			rows: []Enrolment{row("310", StatusEnded, AccountYes, fen(5)), row("390", StatusActive, AccountUnknown, nil), row("310", StatusActive, AccountYes, fen(7))},
			want: []Reading{
				{InsuranceType: "310", Status: StatusActive, Account: PersonalAccount{AccountYes, fen(7)}},
				{InsuranceType: "390", Status: StatusActive, Account: PersonalAccount{AccountUnknown, nil}},
			},
		},
		"active before a figure": {
			rows: []Enrolment{row("310", StatusEnded, AccountYes, fen(5)), row("310", StatusActive, AccountYes, nil)},
			want: []Reading{{InsuranceType: "310", Status: StatusActive, Account: PersonalAccount{AccountYes, nil}}},
		},
		"a figure before none": {
			rows: []Enrolment{row("310", StatusActive, AccountYes, nil), row("310", StatusActive, AccountYes, fen(6))},
			want: []Reading{{InsuranceType: "310", Status: StatusActive, Account: PersonalAccount{AccountYes, fen(6)}}},
		},
		"the link's own region of two": {
			rows: []Enrolment{row("310", StatusActive, AccountYes, fen(5)), at(row("310", StatusActive, AccountYes, fen(6)), region)},
			want: []Reading{{InsuranceType: "310", Status: StatusActive, Account: PersonalAccount{AccountYes, fen(6)}}},
		},
		"the first of equals": {
			rows: []Enrolment{row("310", StatusActive, AccountYes, fen(5)), row("310", StatusActive, AccountYes, fen(6))},
			want: []Reading{{InsuranceType: "310", Status: StatusActive, Account: PersonalAccount{AccountYes, fen(5)}}},
		},
	}
	for name, c := range cases {
		got := Readings(subject, &Answer{Enrolments: c.rows, AsOf: start, FetchedAt: start, Source: "fsi/1101"})
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for i, r := range got {
			w := c.want[i]
			if r.InsuranceType != w.InsuranceType || r.Status != w.Status || r.Account.Exists != w.Account.Exists || !same(r.Account.Balance, w.Account.Balance) {
				t.Errorf("%s: reading %d is %+v", name, i, r)
			}
			if r.PersonID != subject.PersonID || r.Region != region || r.AsOf != start || r.FetchedAt != start || r.Source != "fsi/1101" {
				t.Errorf("%s: reading %d is of something else: %+v", name, i, r)
			}
		}
	}
}

func same(a, b *Fen) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

func TestThePointOfADay(t *testing.T) {
	t.Parallel()
	known, unread := PersonalAccount{AccountYes, fen(12050)}, PersonalAccount{AccountYes, nil}
	none, unknown := PersonalAccount{AccountNo, nil}, PersonalAccount{AccountUnknown, nil}
	for _, c := range []struct {
		morning, evening PersonalAccount
		evenings         bool // which of the two stays
	}{
		{known, PersonalAccount{AccountYes, fen(0)}, true},
		{known, unread, false},
		{known, unknown, false},
		{known, none, true},
		{none, known, true},
		{none, unread, false},
		{none, unknown, false},
		{unread, known, true},
		{unread, unknown, true},
		{unknown, none, true},
	} {
		morning := Point{Day: "2026-11-21", Account: c.morning, FetchedAt: start}
		evening := Point{Day: "2026-11-21", Account: c.evening, FetchedAt: start.Add(10 * time.Hour)}
		if evening.Replaces(morning) != c.evenings || morning.Replaces(evening) == c.evenings {
			t.Errorf("%+v in the morning, %+v in the evening: want the evening's %v", c.morning, c.evening, c.evenings)
		}
		if !morning.Replaces(morning) {
			t.Errorf("%+v cannot be written again", c.morning)
		}
	}
}

// Readings are written by several processes, late and more than once: whatever the order, one and the same stays.
func TestThePointOfADayDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	accounts := []PersonalAccount{
		{AccountYes, fen(12050)}, {AccountYes, fen(0)}, {AccountYes, nil}, {AccountNo, nil}, {AccountUnknown, nil},
	}
	rapid.Check(t, func(t *rapid.T) {
		var points []Point
		for hour, account := range rapid.SliceOfN(rapid.SampledFrom(accounts), 1, 6).Draw(t, "accounts") {
			points = append(points, Point{Account: account, FetchedAt: start.Add(time.Duration(hour) * time.Hour)})
		}
		last := func(points []Point) (stays Point) {
			for i, p := range points {
				if i == 0 || p.Replaces(stays) {
					stays = p
				}
			}
			return stays
		}
		shuffled := rapid.Permutation(points).Draw(t, "order")
		if got, want := last(append(shuffled, shuffled...)), last(points); !got.FetchedAt.Equal(want.FetchedAt) {
			t.Fatalf("%+v stays, want %+v", got, want)
		}
	})
}

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
		if k, ok := w.kept.Get(subject); !ok || k.recorded != (broken == "save") {
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

// The last link ends while the question is under way, just before each of the store's calls in turn: nothing may be left,
// neither in the store nor in memory.
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
			if w.kept.Contains(subject) {
				t.Errorf("%s, elsewhere %v: something is left in memory", moment, elsewhere)
			}
		}
	}
}

// Killed after its writes and before it sees that the last link has ended, a question leaves readings behind. They are
// found by the second look, which then leaves nothing of itself either, and spares a subject that is linked again.
func TestASecondLookDeletesWhatAKilledQuestionLeft(t *testing.T) {
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
			w.store.hook(func(op string) error { // the look at the schedule after the writes never comes
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
			w.people.setSlots(identity.Slot{PersonID: subject.PersonID, LinkID: link.ID, Region: region})
			if err := w.Linked(context.Background(), "user-1", link); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.add(lookAgainAfter)
		if _, err := w.CollectDue(context.Background()); err != nil {
			t.Fatal(err)
		}
		if w.store.kept(subject) != again {
			t.Errorf("linked again %v: kept %v", again, w.store.kept(subject))
		}
		for of := range w.store.schedules {
			if of != subject {
				t.Errorf("the second look is left: %v", of)
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
	if w.kept.Contains(subject) {
		t.Error("kept in memory although nobody is linked")
	}
}
