package balance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"yibao/balance"
	"yibao/identity"
)

func amount(t *testing.T, a *balance.Answer) balance.Fen {
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
	commands, calls := w.commands(), w.upstream.count()
	stranger := &identity.Caller{UserID: "user-2"}
	for _, caller := range []*identity.Caller{stranger, w.caller} {
		if _, err := w.Current(context.Background(), caller, "link-of-another"); !errors.Is(err, identity.ErrNoSuchLink) {
			t.Errorf("an unknown link: %v", err)
		}
	}
	if _, err := w.Current(context.Background(), stranger, "link-1"); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("a foreign link: %v", err)
	}
	if w.commands() != commands || w.upstream.count() != calls {
		t.Error("something was asked for a caller without the link")
	}
}

func TestCurrentAsksWithThePersonsOwnClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	if w.upstream.claims[0] != person {
		t.Errorf("asked for %+v", w.upstream.claims[0])
	}
}

func TestARegionIsAskedByItsOwnSpellingOfTheName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for in, name := range map[string]string{region: "测·试甲", other: "测试·甲"} {
		claim := person
		claim.Region, claim.Name = in, name
		w.join(claim, "link-in-"+in, true)
	}
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
	commands := w.commands()
	w.upstream.set(w.answering(1))
	w.clock.Advance(10 * time.Minute)
	got, err := w.current()
	if err != nil || amount(t, got) != 12050 || got.Stale || got.Coverage != balance.Complete {
		t.Errorf("%+v, %v", got, err)
	}
	if w.commands() != commands || w.upstream.count() != 1 {
		t.Error("a fresh answer was read from somewhere else than memory")
	}
	w.clock.Advance(time.Second)
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
	first.Enrolments[0].Status = balance.StatusEnded
	second, _ := w.current()
	second.Source = "changed"
	*second.Enrolments[0].Account.Balance = 2
	second, _ = w.current()
	fresh, err := w.fresh()
	if err != nil || amount(t, second) != 12050 || amount(t, fresh) != 12050 ||
		second.Enrolments[0].Status != balance.StatusActive || second.Source != "fsi/1101" {
		t.Errorf("a caller changed another's answer: %+v %+v %v", second, fresh, err)
	}
}

func TestAnswersOfPersonsAndRegionsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.set(func(_ context.Context, claim identity.Claim) (*balance.Answer, error) {
		a := answer(int64(len(claim.Name))*100, w.clock.Now())
		if claim.Region != region {
			*a.Enrolments[0].Account.Balance += 7
		}
		return a, nil
	})
	second := identity.Claim{Region: region, Name: "测试乙丙", IDType: "01", IDNumber: "000000000000000002"}
	w.caller.Links = append(w.caller.Links, w.begin(second, "link-2"))
	second.Region = other
	w.caller.Links = append(w.caller.Links, w.begin(second, "link-3"))
	for range 2 {
		for link, want := range map[string]balance.Fen{"link-1": 900, "link-2": 1200, "link-3": 1207} {
			got, err := w.read(link)
			if err != nil || amount(t, got) != want {
				t.Errorf("%s: %+v, %v; want %d", link, got, err, want)
			}
		}
	}
}

func TestALastGoodAnswerStandsIn(t *testing.T) {
	t.Parallel()
	for _, why := range []error{
		balance.ErrUpstream, balance.ErrTimeout, balance.ErrMalformed, balance.ErrBusy, errDown,
		fmt.Errorf("adapter: %w", context.DeadlineExceeded),
	} {
		w := newWorld(t)
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		w.upstream.fail(why)
		w.clock.Advance(time.Hour)
		got, err := w.current()
		if err != nil || !got.Stale || got.Because != balance.StaleNoAnswer || amount(t, got) != 12050 || !got.FetchedAt.Equal(start) {
			t.Errorf("%v: from memory %+v, %v", why, got, err)
		}
		w.with(func(*balance.Deps) {}) // a process that remembers nothing
		got, err = w.current()
		if err != nil || !got.Stale || amount(t, got) != 12050 || !got.FetchedAt.Equal(start) {
			t.Errorf("%v: from the store %+v, %v", why, got, err)
		}
		w.upstream.set(w.answering(777))
		if got, err = w.current(); err != nil || got.Stale || got.Coverage != balance.Complete || amount(t, got) != 777 {
			t.Errorf("%v: after it was over %+v, %v", why, got, err)
		}
	}
}

// Each replica keeps answers in memory; the store holds the latest of all. Of the two the later one stands in.
func TestTheLaterOfTwoLastGoodAnswersStandsIn(t *testing.T) {
	t.Parallel()
	const soon = 12 * time.Minute // too old to show then, and young enough to decide upon
	for name, c := range map[string]struct {
		unsaved bool // is the answer in memory alone?
		stored  time.Duration
		broken  string
		want    balance.Fen
	}{
		"another replica's later one": {stored: soon, want: 555},
		"an earlier one":              {unsaved: true, stored: -time.Hour, want: 12050},
		"none":                        {unsaved: true, want: 12050},
		"a store that fails":          {stored: soon, broken: "answers.find", want: 12050},
	} {
		w := newWorld(t)
		if c.unsaved {
			w.fail("answers.")
		}
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		if c.stored != 0 {
			w.must(w.peek.SaveAnswer(context.Background(), w.subject, answer(555, start.Add(c.stored))))
		}
		w.fail(c.broken)
		if c.broken == "" {
			w.db.SetBefore(nil)
		}
		w.upstream.fail(balance.ErrTimeout)
		w.clock.Advance(soon)
		for range 2 {
			if got, err := w.current(); err != nil || amount(t, got) != c.want || !got.Stale {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		if got, err := w.fresh(); err != nil || got.Stale || got.Coverage != balance.Complete || amount(t, got) != 12050 {
			t.Errorf("%s: the answer in memory was changed: %+v, %v", name, got, err)
		}
	}
}

func TestAnswersAboutNowAreNotCovered(t *testing.T) {
	t.Parallel()
	for _, why := range []error{balance.ErrNotEnrolled, balance.ErrMismatch, balance.ErrUnsupported} {
		w := newWorld(t)
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		w.upstream.fail(fmt.Errorf("adapter: %w", why))
		w.clock.Advance(time.Hour)
		if got, err := w.current(); got != nil || err != why {
			t.Errorf("%v: %+v, %v", why, got, err)
		}
	}
}

func TestNothingKnownIsAnError(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]error{
		balance.ErrTimeout: balance.ErrTimeout, balance.ErrUpstream: balance.ErrUpstream, balance.ErrMalformed: balance.ErrMalformed,
		errDown: balance.ErrMalformed, context.DeadlineExceeded: balance.ErrTimeout,
	} {
		w := newWorld(t)
		w.upstream.fail(err)
		if got, err := w.current(); got != nil || !errors.Is(err, balance.ErrNoReading) || !errors.Is(err, want) {
			t.Errorf("%v: %+v, %v", want, got, err)
		}
	}
	w := newWorld(t)
	w.upstream.fail(nil) // no answer and no error
	w.fail("answers.find")
	if got, err := w.current(); got != nil || !errors.Is(err, balance.ErrMalformed) || errors.Is(err, identity.ErrStore) {
		t.Errorf("%+v, %v", got, err)
	}
}

// The caller's links were read before the last link ended.
func TestAPersonWhoIsGoneIsNoLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	w.fail("persons.find")
	if got, err := w.current(); err != nil || !got.Stale {
		t.Errorf("with the store down: %+v, %v", got, err)
	}
	w.fail()
	w.must(w.end(w.link, w.second))
	if got, err := w.current(); got != nil || !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestACallerThatGaveUpGetsNoOlderAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
		cancel()
		<-release
		return w.answering(1)(ctx, claim)
	})
	if got, err := w.Current(ctx, w.caller, "link-1"); got != nil || err != context.Canceled {
		t.Errorf("%+v, %v", got, err)
	}
	close(release)
	w.Wait()
}

func TestFreshIsNeverStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.fresh(); err != nil {
		t.Fatal(err)
	}
	w.upstream.fail(balance.ErrTimeout)
	w.clock.Advance(30 * time.Minute)
	if got, err := w.fresh(); err != nil || got.Stale || got.Coverage != balance.Complete {
		t.Errorf("within the age for decisions: %+v, %v", got, err)
	}
	w.clock.Advance(time.Second)
	if got, err := w.fresh(); got != nil || !errors.Is(err, balance.ErrTimeout) {
		t.Errorf("beyond it: %+v, %v", got, err)
	}
	asked := w.upstream.count()
	w.with(func(d *balance.Deps) { d.Regions = regions(false) })
	if _, err := w.fresh(); !errors.Is(err, balance.ErrUnsupported) || w.upstream.count() != asked {
		t.Errorf("in a region that allows no unattended questions: %v", err)
	}
}

// An adapter's text may hold personal data and stays out of the log. The store's text is safe and is logged, once.
func TestTheLogHoldsTheStoresCausesAndNoTextOfTheUpstream(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newWorld(t)
	w.with(func(d *balance.Deps) { d.Log = slog.New(slog.NewTextHandler(&out, nil)) })
	w.upstream.fail(errors.New("测试甲 000000000000000001"))
	_, _ = w.current()
	w.upstream.set(func(context.Context, identity.Claim) (*balance.Answer, error) { panic("测试甲 000000000000000001") })
	_, _ = w.current()
	if log := out.String(); strings.Contains(log, "测试甲") || strings.Contains(log, "000000000000000001") ||
		strings.Count(log, "desk_ask_failed") != 2 || strings.Count(log, "msg=desk_upstream_panic region=990100 capability=enrolments type=string at=") != 1 {
		t.Error(log)
	}
	out.Reset()
	w.clock.Advance(time.Minute)
	w.upstream.set(w.answering(1))
	w.fail("readings.insert")
	_, _ = w.current()
	w.before(func(command string) error {
		if command == "answers.replace" {
			panic("测试甲")
		}
		return nil
	})
	w.clock.Advance(time.Hour)
	_, _ = w.current()
	for _, line := range []string{
		`desk_answer_not_kept region=990100 capability=enrolments cause="identity: the store cannot be reached: readings.update: network"`,
		"msg=desk_ask_panic region=990100 capability=enrolments type=string at=",
	} {
		if strings.Count(out.String(), line) != 1 {
			t.Errorf("%s is not there once: %s", line, out.String())
		}
	}
	if strings.Contains(out.String(), "测试甲") {
		t.Error(out.String())
	}
}

// TestAGlanceDoesNotWaitForASlowUpstream: it gives the last good answer after some seconds, while the question goes on, so the
// next call finds its answer. Current waits for it.
func TestAGlanceDoesNotWaitForASlowUpstream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if _, err := w.current(); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Hour)
		w.upstream.set(func(context.Context, identity.Claim) (*balance.Answer, error) {
			time.Sleep(10 * time.Second)
			return answer(777, w.clock.Now()), nil
		})
		began := time.Now()
		got, err := w.Glance(t.Context(), w.caller, w.link.ID)
		if took := time.Since(began); err != nil || !got.Stale || amount(t, got) != 12050 || took != 3*time.Second {
			t.Errorf("%+v, %v after %v", got, err, took)
		}
		if _, err := w.Glance(t.Context(), w.caller, "another's link"); !errors.Is(err, identity.ErrNoSuchLink) {
			t.Errorf("another's link: %v", err)
		}
		if got, err = w.current(); err != nil || got.Stale || amount(t, got) != 777 || time.Since(began) != 10*time.Second {
			t.Errorf("%+v, %v after %v", got, err, time.Since(began))
		}
		if got, err = w.Glance(t.Context(), w.caller, w.link.ID); err != nil || got.Stale || amount(t, got) != 777 {
			t.Errorf("once the answer has come: %+v, %v", got, err)
		}
		w.Wait()
	})
}

// TestAPartialAnswerThatGrowsOldStaysPartial: old is one thing, incomplete another.
func TestAPartialAnswerThatGrowsOldStaysPartial(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.set(func(context.Context, identity.Claim) (*balance.Answer, error) {
		a := answer(12050, w.clock.Now())
		a.Coverage = balance.Partial
		return a, nil
	})
	if got, err := w.current(); err != nil || got.Stale || got.Coverage != balance.Partial {
		t.Errorf("%+v, %v", got, err)
	}
	w.upstream.fail(balance.ErrTimeout)
	w.clock.Advance(time.Hour)
	for _, from := range []string{"memory", "the store"} {
		if got, err := w.current(); err != nil || !got.Stale || got.Coverage != balance.Partial {
			t.Errorf("from %s: %+v, %v", from, got, err)
		}
		w.with(func(*balance.Deps) {})
	}
}
