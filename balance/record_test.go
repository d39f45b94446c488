package balance_test

import (
	"context"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
)

func TestAFigureOfTheDayOutlivesAnAnswerWithoutOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
		a, err := w.answering(0)(ctx, claim)
		a.Enrolments[0].Account.Balance = nil
		second := a.Enrolments[0]
		second.InsuranceType, second.Account = "390", unknown
		a.Enrolments = append(a.Enrolments, second)
		return a, err
	})
	w.clock.Advance(9 * time.Hour)
	if got, err := w.current(); err != nil || got.Enrolments[0].Account.Balance != nil {
		t.Fatalf("the present answer is not told: %+v, %v", got, err)
	}
	points, err := w.peek.Points(context.Background(), w.subject, today, today)
	if err != nil || len(points["310"]) != 1 || len(points["390"]) != 1 {
		t.Fatalf("%+v, %v", points, err)
	}
	if p := points["310"][0]; !same(p.Account.Balance, fen(12050)) || !p.FetchedAt.Equal(start) {
		t.Errorf("the day's figure is lost: %+v", p)
	}
	if points["390"][0].Account.Exists != balance.AccountUnknown {
		t.Errorf("another insurance: %+v", points["390"])
	}
}

func TestAGoodAnswerIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	if got := w.point(today); !same(got, fen(12050)) {
		t.Errorf("the day's point is %v", got)
	}
	if a, err := w.peek.LastAnswer(context.Background(), w.subject); err != nil || a.Coverage != balance.Complete {
		t.Errorf("the last answer is %+v, %v", a, err)
	}
}

// The store fails at any one place after the question was asked. The worker records a missing reading without asking.
func TestAStoreThatFailsHidesNoAnswer(t *testing.T) {
	t.Parallel()
	walk(func(place int) (places int) {
		w := newWorld(t)
		passed := w.places(func(here int) error {
			if w.upstream.count() > 0 && here == place {
				return errDown
			}
			return nil
		})
		got, err := w.current()
		places = passed()
		if err != nil || amount(t, got) != 12050 || got.Stale || got.Coverage != balance.Complete {
			t.Errorf("at %d: %+v, %v", place, got, err)
		}
		w.collectOnce(t, 1)
		if !w.remembers() || w.point(today) == nil || w.upstream.count() != 1 {
			t.Errorf("at %d: point %v after %d questions", place, w.point(today), w.upstream.count())
		}
		return places
	})
}

func TestATimeThatIsMissingIsNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.set(func(context.Context, identity.Claim) (*balance.Answer, error) {
		return &balance.Answer{Coverage: balance.Complete}, nil
	})
	got, err := w.current()
	if err != nil || !got.FetchedAt.Equal(start) || !got.AsOf.Equal(start) {
		t.Errorf("%+v, %v", got, err)
	}
}

// The last link ended during the question, before its first write.
func TestAnAnswerWithoutALinkIsNotWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stay()
	w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
		w.must(w.end(w.link, w.second))
		return w.answering(12050)(ctx, claim)
	})
	if got, err := w.current(); err != nil || amount(t, got) != 12050 {
		t.Errorf("the caller was linked when asking: %+v, %v", got, err)
	}
	for command := range w.db.Counts() {
		if command != "persons.find" {
			t.Errorf("sent %s", command)
		}
	}
	if w.remembers() {
		t.Error("in memory although no link is left")
	}
}

func TestALateDeletionThatFailsIsNotAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stay()
	ended := false
	w.before(func(command string) error {
		switch {
		case command == "answers.find" && !ended:
			ended = true
			w.must(w.end(w.link, w.second))
		case command == "answers.delete":
			return errDown
		}
		return nil
	})
	if got, err := w.current(); err != nil || amount(t, got) != 12050 {
		t.Errorf("%+v, %v", got, err)
	}
	w.db.SetBefore(nil)
	if w.kept() == 0 || w.remembers() {
		t.Errorf("in memory although no link is left, or the test tests nothing: %d documents", w.kept())
	}
}
