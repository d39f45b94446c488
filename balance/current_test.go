package balance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"yibao/identity"
)

func amount(t *testing.T, a *Answer) Fen {
	t.Helper()
	if a == nil || len(a.Enrolments) == 0 || a.Enrolments[0].Account.Balance == nil {
		t.Fatalf("no figure in %+v", a)
	}
	return *a.Enrolments[0].Account.Balance
}

func TestCurrentAuthorisesBeforeAnything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	ops, calls, reads := w.store.count(), w.upstream.count(), w.people.reads
	stranger := &identity.Caller{UserID: "user-2"}
	for _, caller := range []*identity.Caller{stranger, w.caller} {
		if _, err := w.Current(context.Background(), caller, "link-of-somebody"); !errors.Is(err, identity.ErrNoSuchLink) {
			t.Errorf("an unknown link: %v", err)
		}
	}
	if _, err := w.Current(context.Background(), stranger, "link-1"); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("a foreign link: %v", err)
	}
	if w.store.count() != ops || w.upstream.count() != calls || w.people.reads != reads {
		t.Error("something was asked for a caller without the link")
	}
}

func TestCurrentAsksWithThePersonsOwnClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	want := identity.Claim{Region: region, Name: "测试甲", IDType: "01", IDNumber: "000000000000000001"}
	if w.upstream.claims[0] != want {
		t.Errorf("asked for %+v", w.upstream.claims[0])
	}
}

func TestARegionIsAskedByItsOwnSpellingOfTheName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person := w.people.persons[subject.PersonID]
	person.Names = map[string]string{region: "测·试甲", "990200": "测试·甲"}
	w.people.persons[subject.PersonID] = person
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	if got := w.upstream.claims[0].Name; got != "测·试甲" {
		t.Errorf("asked for %s", got)
	}
}

func TestCurrentServesFreshAnswersFromMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	ops, reads := w.store.count(), w.people.reads
	w.upstream.set(w.answering(1))
	w.clock.add(10 * time.Minute)
	got, err := w.current()
	if err != nil || amount(t, got) != 12050 || got.Completeness != Complete {
		t.Errorf("%+v, %v", got, err)
	}
	if w.store.count() != ops || w.people.reads != reads || w.upstream.count() != 1 {
		t.Error("a fresh answer was read from somewhere else than memory")
	}
	w.clock.add(time.Second)
	if got, err = w.current(); err != nil || amount(t, got) != 1 {
		t.Errorf("an old answer was served: %+v, %v", got, err)
	}
}

func TestAnswersAreCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.current()
	if err != nil {
		t.Fatal(err)
	}
	*first.Enrolments[0].Account.Balance = 1
	first.Enrolments[0].Status = StatusEnded
	second, _ := w.current()
	second.Source = "changed"
	*second.Enrolments[0].Account.Balance = 2
	second, _ = w.current()
	fresh, err := w.Fresh(context.Background(), subject)
	if err != nil || amount(t, second) != 12050 || amount(t, fresh) != 12050 || second.Enrolments[0].Status != StatusActive || second.Source != "fsi/1101" {
		t.Errorf("a caller changed another's answer: %+v %+v %v", second, fresh, err)
	}
}

func TestAnswersOfPersonsAndRegionsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.set(func(_ context.Context, claim identity.Claim) (*Answer, error) {
		a, err := w.answering(int64(len(claim.Name))*100)(nil, claim)
		if claim.Region != region {
			*a.Enrolments[0].Account.Balance += 7
		}
		return a, err
	})
	w.people.persons["person-2"] = identity.Person{ID: "person-2", Names: map[string]string{region: "测试乙丙", "990200": "测试乙丙"}}
	w.caller.Links = append(w.caller.Links,
		identity.Link{ID: "link-2", PersonID: "person-2", Region: region},
		identity.Link{ID: "link-3", PersonID: "person-2", Region: "990200"})
	for range 2 {
		for link, want := range map[string]Fen{"link-1": 900, "link-2": 1200, "link-3": 1207} {
			got, err := w.Current(context.Background(), w.caller, link)
			if err != nil || amount(t, got) != want {
				t.Errorf("%s: %+v, %v; want %d", link, got, err, want)
			}
		}
	}
}

func TestALastGoodAnswerStandsIn(t *testing.T) {
	t.Parallel()
	for _, why := range []error{ErrUpstream, ErrTimeout, ErrMalformed, ErrBusy, errDown, fmt.Errorf("adapter: %w", context.DeadlineExceeded)} {
		w := newWorld(t)
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		w.upstream.fail(why)
		w.clock.add(time.Hour)
		got, err := w.current()
		if err != nil || got.Completeness != Stale || amount(t, got) != 12050 || !got.FetchedAt.Equal(start) {
			t.Errorf("%v: from memory %+v, %v", why, got, err)
		}
		w.cache.Purge()
		got, err = w.current()
		if err != nil || got.Completeness != Stale || amount(t, got) != 12050 {
			t.Errorf("%v: from the store %+v, %v", why, got, err)
		}
		w.clock.add(failurePause)
		w.upstream.set(w.answering(777))
		if got, err = w.current(); err != nil || got.Completeness != Complete || amount(t, got) != 777 {
			t.Errorf("%v: after it was over %+v, %v", why, got, err)
		}
	}
}

// Each replica keeps answers in memory; the store holds the latest of all. Of the two the later one stands in.
func TestTheLaterOfTwoLastGoodAnswersStandsIn(t *testing.T) {
	t.Parallel()
	stored := func(w *world, balance int64, fetched time.Duration) *Answer {
		a, _ := w.answering(balance)(context.Background(), identity.Claim{})
		a.FetchedAt = start.Add(fetched)
		return a
	}
	for name, c := range map[string]struct {
		store func(w *world)
		want  Fen
	}{
		"another replica's later one": {func(w *world) { w.store.answers[subject] = stored(w, 555, time.Hour) }, 555},
		"an earlier one":              {func(w *world) { w.store.answers[subject] = stored(w, 555, -time.Hour) }, 12050},
		"none":                        {func(w *world) { delete(w.store.answers, subject) }, 12050},
		"a store that fails": {func(w *world) {
			w.store.answers[subject] = stored(w, 555, time.Hour)
			w.store.hook(func(op string) error {
				if op == "last" {
					return errDown
				}
				return nil
			})
		}, 12050},
	} {
		w := newWorld(t)
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		c.store(w)
		w.upstream.fail(ErrTimeout)
		w.clock.add(2 * time.Hour)
		for range 2 {
			if got, err := w.current(); err != nil || amount(t, got) != c.want || got.Completeness != Stale {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		if k, _ := w.cache.Get(subject); k.answer.Completeness != Complete {
			t.Errorf("%s: the answer in memory was changed", name)
		}
	}
}

func TestAnswersAboutNowAreNotCovered(t *testing.T) {
	t.Parallel()
	for _, why := range []error{ErrNotEnrolled, ErrMismatch, ErrUnsupported} {
		w := newWorld(t)
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		w.upstream.fail(fmt.Errorf("adapter: %w", why))
		w.clock.add(time.Hour)
		if got, err := w.current(); got != nil || err != why {
			t.Errorf("%v: %+v, %v", why, got, err)
		}
	}
}

func TestNothingKnownIsAnError(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]error{
		ErrTimeout: ErrTimeout, ErrUpstream: ErrUpstream, ErrMalformed: ErrMalformed,
		errDown: ErrMalformed, context.DeadlineExceeded: ErrTimeout,
	} {
		w := newWorld(t)
		w.upstream.fail(err)
		if got, err := w.current(); got != nil || !errors.Is(err, ErrNoReading) || !errors.Is(err, want) {
			t.Errorf("%v: %+v, %v", want, got, err)
		}
	}
	w := newWorld(t)
	w.upstream.fail(nil) // no answer and no error
	w.store.hook(func(op string) error {
		if op == "last" {
			return errDown
		}
		return nil
	})
	if got, err := w.current(); got != nil || !errors.Is(err, ErrMalformed) || errors.Is(err, errDown) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAPersonWhoIsGoneIsNoLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.clock.add(time.Hour)
	w.people.persons = nil
	if got, err := w.current(); got != nil || !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("%+v, %v", got, err)
	}
	w.people.err = identity.ErrStore
	if got, err := w.current(); err != nil || got.Completeness != Stale {
		t.Errorf("with the store down: %+v, %v", got, err)
	}
}

func TestFreshIsNeverStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.Fresh(context.Background(), subject); err != nil {
		t.Fatal(err)
	}
	w.upstream.fail(ErrTimeout)
	w.clock.add(30 * time.Minute)
	if got, err := w.Fresh(context.Background(), subject); err != nil || got.Completeness != Complete {
		t.Errorf("within the age for decisions: %+v, %v", got, err)
	}
	w.clock.add(time.Second)
	if got, err := w.Fresh(context.Background(), subject); got != nil || !errors.Is(err, ErrTimeout) {
		t.Errorf("beyond it: %+v, %v", got, err)
	}
	w.regions = regions(false)
	if _, err := w.Fresh(context.Background(), subject); !errors.Is(err, ErrUnsupported) {
		t.Errorf("in a region that allows no unattended questions: %v", err)
	}
}

// An adapter's text may hold personal data and stays out of the log. The store's text is safe and is logged, once.
func TestTheLogHoldsTheStoresCausesAndNoTextOfTheUpstream(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newWorld(t)
	w.log = slog.New(slog.NewTextHandler(&out, nil))
	w.upstream.fail(errors.New("测试甲 000000000000000001"))
	_, _ = w.current()
	w.upstream.set(func(context.Context, identity.Claim) (*Answer, error) { panic("测试甲 000000000000000001") })
	_, _ = w.current()
	if log := out.String(); strings.Contains(log, "测试甲") || strings.Contains(log, "000000000000000001") ||
		strings.Count(log, "balance_ask_failed") != 2 || strings.Count(log, "msg=balance_upstream_panic region=990100 type=string at=") != 1 {
		t.Error(log)
	}
	out.Reset()
	w.clock.add(failurePause)
	w.upstream.set(w.answering(1))
	w.store.hook(func(op string) error { return fmt.Errorf("%s: %w", op, errDown) })
	_, _ = w.CollectDue(context.Background())
	_, _ = w.current()
	w.store.hook(func(op string) error {
		if op == "save" {
			panic("测试甲")
		}
		return nil
	})
	w.clock.add(time.Hour)
	_, _ = w.current()
	want := []string{`balance_not_recorded region=990100 cause="scheduled: fake: down"`, "msg=balance_ask_panic region=990100 type=string at="}
	for _, line := range want {
		if strings.Count(out.String(), line) != 1 {
			t.Errorf("%s is not there once: %s", line, out.String())
		}
	}
}
