package linking_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
)

func TestWrongCodesUseUpTheTries(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	right := w.phones.Last(phoneA)
	if got, err := w.linking.Prove(t.Context(), c, a.ID, code("12345")); !errors.Is(err, linking.ErrCodeWrong) || got.Tries != 0 {
		t.Errorf("what is no code cost a try: %v", err)
	}
	for i := range 5 {
		got, err := w.linking.Prove(t.Context(), c, a.ID, code(wrong(right)))
		if !errors.Is(err, linking.ErrCodeWrong) || w.linking.TriesLeft(got) != 4-i {
			t.Fatalf("try %d: %d left, %v", i, w.linking.TriesLeft(got), err)
		}
	}
	if _, err := w.linking.Prove(t.Context(), c, a.ID, code(right)); !errors.Is(err, identity.ErrAttemptOver) {
		t.Errorf("the right code after five wrong ones: %v", err)
	}
	if got, _ := w.linking.Attempt(t.Context(), c, a.ID); got.State != identity.AttemptFailed || got.Reason != identity.FailedTries {
		t.Errorf("%s %s", got.State, got.Reason)
	}
	if _, err := w.linking.Resend(t.Context(), c, a.ID); !errors.Is(err, identity.ErrAttemptOver) {
		t.Errorf("resend: %v", err)
	}
}

// TestTappedTwice sends the right code twice at once: neither is told that the attempt is over.
func TestTappedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	sent := w.phones.Last(phoneA)
	w.before(func(command string) error {
		if command == "link_attempts.replace" { // the second has read the attempt, and is about to reserve a try
			w.before(nil)
			first, err := w.another().Prove(t.Context(), c, a.ID, code(sent))
			if err != nil || first.State != identity.AttemptLinked {
				t.Errorf("the first: %+v, %v", first, err)
			}
		}
		return nil
	})
	second, err := w.linking.Prove(t.Context(), c, a.ID, code(sent))
	if err != nil || second.State != identity.AttemptLinked || second.LinkID == "" {
		t.Errorf("the second: %+v, %v", second, err)
	}
	for _, counter := range w.contents().Counters {
		if strings.HasPrefix(counter.Key, "wrong:") && len(counter.Hits) != 0 {
			t.Error("a right code was counted as a wrong one")
		}
	}
}

func TestParallelGuessesOnManyReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.WrongPerPair = 1000 })
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	right := w.phones.Last(phoneA)
	var mu sync.Mutex
	answers := map[error]int{}
	var wg sync.WaitGroup
	for range 4 {
		replica := w.another()
		for range 10 {
			wg.Go(func() {
				_, err := replica.Prove(t.Context(), c, a.ID, code(wrong(right)))
				mu.Lock()
				answers[err]++
				mu.Unlock()
			})
		}
	}
	wg.Wait()
	if answers[linking.ErrCodeWrong] != 5 || answers[identity.ErrAttemptOver] != 35 {
		t.Errorf("answers %v", answers)
	}
}

func TestPairLockHitsOnePairOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.SendsPerPair = 100 })
	c := w.caller("user-1")
	for range 2 {
		a := w.start(t, c, personA)
		for range 5 {
			if _, err := w.linking.Prove(t.Context(), c, a.ID, code(wrong(w.phones.Last(phoneA)))); !errors.Is(err, linking.ErrCodeWrong) {
				t.Fatal(err)
			}
		}
		w.clock.Advance(time.Minute)
	}
	var limit *identity.LimitError
	_, err := w.linking.Start(t.Context(), c, request(personA))
	if !errors.As(err, &limit) || limit.RetryAfter != 24*time.Hour-2*time.Minute {
		t.Errorf("the pair is not locked: %v %+v", err, limit)
	}
	w.link(t, "user-1", personB, phoneB) // the same user, another person
	w.link(t, "user-2", personA, phoneA) // another user, the same person
	w.clock.Advance(24 * time.Hour)
	w.link(t, "user-1", personA, phoneA) // a day later
}

func TestPairLockStopsAnOpenAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.WrongPerPair = 3 })
	c := w.caller("user-1")
	a, b := w.start(t, c, personA), w.start(t, c, personA)
	codes := w.phones.Inbox()
	for range 3 {
		_, _ = w.linking.Prove(t.Context(), c, a.ID, code(wrong(codes[0].Code)))
	}
	var limit *identity.LimitError
	if _, err := w.linking.Prove(t.Context(), c, b.ID, code(codes[1].Code)); !errors.As(err, &limit) {
		t.Errorf("got %v", err)
	}
}

func TestRightAndExpiredCodesAreNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.WrongPerPair = 1 })
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	w.clock.Advance(5 * time.Minute)
	if _, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); !errors.Is(err, linking.ErrCodeExpired) {
		t.Fatalf("got %v", err)
	}
	for range 2 {
		l := w.link(t, "user-1", personA, phoneA)
		if err := w.linking.Unlink(t.Context(), w.caller("user-1"), l.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestResend(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	first := w.phones.Last(phoneA)
	w.clock.Advance(59 * time.Second)
	_, err := w.linking.Resend(t.Context(), c, a.ID)
	var soon *identity.TooSoonError
	if !errors.Is(err, identity.ErrTooSoon) || !errors.As(err, &soon) || soon.RetryAfter != time.Second {
		t.Errorf("after 59 s: %v", err)
	}
	w.clock.Advance(time.Second)
	for left := 1; left >= 0; left-- {
		got, err := w.linking.Resend(t.Context(), c, a.ID)
		if err != nil || w.linking.SendsLeft(got) != left {
			t.Fatalf("%v, %d left, want %d", err, w.linking.SendsLeft(got), left)
		}
		w.linking.Wait()
		w.clock.Advance(time.Minute)
	}
	if _, err := w.linking.Resend(t.Context(), c, a.ID); !errors.Is(err, identity.ErrNoSendsLeft) {
		t.Errorf("a fourth code: %v", err)
	}
	last := w.phones.Last(phoneA)
	if first != last {
		if _, err := w.linking.Prove(t.Context(), c, a.ID, code(first)); !errors.Is(err, linking.ErrCodeWrong) {
			t.Errorf("the old code still works: %v", err)
		}
	}
	if got, err := w.linking.Prove(t.Context(), c, a.ID, code(last)); err != nil || got.State != identity.AttemptLinked {
		t.Errorf("the last code: %v", err)
	}
}

func TestAttemptExpires(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	if got := w.linking.ExpiresIn(a); got != 900 {
		t.Errorf("expires in %d", got)
	}
	w.clock.Advance(15 * time.Minute)
	if _, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); !errors.Is(err, identity.ErrAttemptOver) {
		t.Errorf("prove: %v", err)
	}
	if _, err := w.linking.Resend(t.Context(), c, a.ID); !errors.Is(err, identity.ErrAttemptOver) {
		t.Errorf("resend: %v", err)
	}
	got, err := w.linking.Attempt(t.Context(), c, a.ID)
	if err != nil || got.Reason != identity.FailedExpired || w.linking.ExpiresIn(got) != 0 || w.linking.SendsLeft(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	w.clock.Advance(time.Second)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored := w.contents().Attempts[0]
	if stored.Reason != identity.FailedExpired || stored.Claim.IDNumber != "" || stored.Challenge.CodeHash != nil {
		t.Errorf("after a pass: %s", stored.Reason)
	}
}

func TestStartLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*linking.Config)
		other  func(*world) (*identity.Caller, linking.Request) // what the limit must not hit
	}{
		"user": {
			func(c *linking.Config) { c.StartsPerUser = 2 },
			func(w *world) (*identity.Caller, linking.Request) { return w.caller("user-2"), request(nobody) },
		},
		"address": {
			func(c *linking.Config) { c.StartsPerAddress = 2 },
			func(w *world) (*identity.Caller, linking.Request) {
				r := request(nobody)
				r.Address = "192.0.2.2"
				return w.caller("user-1"), r
			},
		},
		"sends of pair": {
			func(c *linking.Config) { c.SendsPerPair = 2 },
			func(w *world) (*identity.Caller, linking.Request) { return w.caller("user-2"), request(nobody) },
		},
	} {
		w := newWorld(c.change)
		for range 2 {
			w.start(t, w.caller("user-1"), nobody)
		}
		var limit *identity.LimitError
		wait := 24 * time.Hour
		if name == "address" {
			wait = 10 * time.Minute
		}
		if _, err := w.linking.Start(t.Context(), w.caller("user-1"), request(nobody)); !errors.As(err, &limit) ||
			limit.RetryAfter != wait {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(w.contents().Attempts); n != 2 {
			t.Errorf("%s: %d attempts stored", name, n)
		}
		caller, r := c.other(w)
		if _, err := w.linking.Start(t.Context(), caller, r); err != nil {
			t.Errorf("%s: hit another: %v", name, err)
		}
		w.linking.Wait()
	}
}

// TestAddressesAreSlowedByNetworkAndSite: an IPv6 /64 counts as one address, its /48 as eight, and both are free again
// after ten minutes.
func TestAddressesAreSlowedByNetworkAndSite(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.StartsPerAddress = 2 })
	users := 0
	starts := func(address string) error {
		users++
		r := request(nobody)
		r.Address = address
		_, err := w.linking.Start(t.Context(), w.caller(fmt.Sprint("user-", users)), r)
		w.linking.Wait()
		return err
	}
	var limit *identity.LimitError
	for i, network := range []string{"2001:db8:1:%x::%x", "2001:db8:2:%x::%x"} {
		for n := range 16 {
			if err := starts(fmt.Sprintf(network, n/2, n)); err != nil {
				t.Fatalf("site %d, start %d: %v", i, n, err)
			}
		}
		if err := starts(fmt.Sprintf(network, 7, 99)); !errors.As(err, &limit) {
			t.Errorf("the network has no limit: %v", err)
		}
		if err := starts(fmt.Sprintf(network, 99, 99)); !errors.As(err, &limit) || limit.RetryAfter > 10*time.Minute {
			t.Errorf("the site has no limit, or is shut: %v", err)
		}
	}
	w.clock.Advance(10 * time.Minute)
	if err := starts("2001:db8:1:7::1"); err != nil {
		t.Errorf("ten minutes later: %v", err)
	}
}

// TestRefusedStartsCostTheAddressNothing: strangers behind the same address do not pay for what was refused, whyever.
func TestRefusedStartsCostTheAddressNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.StartsPerAddress, c.LinksPerUser = 2, 1 })
	w.link(t, "user-1", personA, phoneA)
	for range 5 {
		if _, err := w.linking.Start(t.Context(), w.caller("user-1"), request(personB)); !errors.Is(err, identity.ErrLinkLimit) {
			t.Fatal(err)
		}
	}
	w.start(t, w.caller("user-2"), personA)
}

// TestRefusedStartsCostNobody has one user refused a hundred times by one limit: the other limits stand as before.
func TestRefusedStartsCostNobody(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*linking.Config){
		"user":    func(c *linking.Config) { c.StartsPerUser = 2 },
		"address": func(c *linking.Config) { c.StartsPerAddress = 2 },
		"sends":   func(c *linking.Config) { c.SendsPerPair = 2 },
		"wrong":   func(c *linking.Config) { c.WrongPerPair = 1 },
	} {
		w := newWorld(change)
		c := w.caller("user-1")
		w.start(t, c, nobody)
		a := w.start(t, c, nobody)
		if name == "wrong" {
			if _, err := w.linking.Prove(t.Context(), c, a.ID, code("000000")); !errors.Is(err, linking.ErrCodeWrong) {
				t.Fatal(err)
			}
		}
		before := hits(w)
		var limit *identity.LimitError
		for range 100 {
			if _, err := w.linking.Start(t.Context(), c, request(nobody)); !errors.As(err, &limit) {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if after := hits(w); !maps.Equal(before, after) {
			t.Errorf("%s: refused starts were counted: %v, before %v", name, after, before)
		}
	}
}

// TestStartsAtOnceKeepEveryLimit starts many attempts at once on several replicas, which pass the first look together.
func TestStartsAtOnceKeepEveryLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) {
		c.SendsPerPair, c.StartsPerUser, c.StartsPerAddress, c.SendsPerPhone = 4, 5, 7, 1000
	})
	callers := []*identity.Caller{w.caller("user-1"), w.caller("user-2")}
	var wg sync.WaitGroup
	for i := range 60 {
		who, claim := callers[i%2], []identity.Claim{personA, personB, nobody}[i%3]
		wg.Go(func() {
			l := w.another()
			_, _ = l.Start(t.Context(), who, request(claim))
			l.Wait()
		})
	}
	wg.Wait()
	attempts := len(w.contents().Attempts)
	if attempts == 0 || attempts > 7 {
		t.Errorf("%d attempts", attempts)
	}
	sums := map[string]int{}
	for key, n := range hits(w) {
		kind := strings.Join(strings.SplitN(key, ":", 3)[:2], ":")
		if strings.HasPrefix(key, "sends:") && kind != "sends:phone" {
			kind = "pair"
		}
		sums[kind] += n
	}
	for _, kind := range []string{"starts:user", "starts:address", "pair"} {
		if sums[kind] != attempts {
			t.Errorf("%s: %d counted for %d attempts", kind, sums[kind], attempts)
		}
	}
}

// TestKilledStartIsNeverCountedTooLittle ends the process at every database command of a start that the address refuses only
// once the other counts are made, as another start came between.
func TestKilledStartIsNeverCountedTooLittle(t *testing.T) {
	t.Parallel()
	for calls := range 16 {
		w := newWorld(func(c *linking.Config) { c.StartsPerAddress = 1 })
		w.db.SetTwice(false)
		c, rival := w.caller("user-1"), w.caller("user-2")
		seen := 0
		var die func(string) error
		die = func(string) error {
			if seen++; seen == 9 { // the user is counted, and the address was looked at
				w.before(nil)
				w.start(t, rival, personA)
				w.before(die)
			}
			if seen > calls {
				return errKilled
			}
			return nil
		}
		w.before(die)
		_, err := w.linking.Start(t.Context(), c, request(personA))
		w.linking.Wait()
		var limit *identity.LimitError
		if full := errors.As(err, &limit); full != (calls >= 9) {
			t.Errorf("killed after %d calls: %v", calls, err)
		}
		got := w.contents()
		for key, n := range hits(w) {
			over := strings.Contains(key, c.UserID)
			if over && (n > 1 || calls >= 13 && n > 0) || !over && n != len(got.Attempts) {
				t.Errorf("killed after %d calls: %s has %d for %d attempts", calls, key, n, len(got.Attempts))
			}
		}
	}
}

func TestSendsPerPhoneAreSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.SendsPerPhone = 2 })
	for i := range 4 {
		w.start(t, w.caller(fmt.Sprint("user-", i)), personA)
	}
	if n := len(w.phones.Inbox()); n != 2 {
		t.Errorf("%d messages", n)
	}
	for _, a := range w.contents().Attempts {
		if a.State != identity.AttemptWaiting || a.Challenge.Sends != 1 {
			t.Errorf("state %s, %d sends", a.State, a.Challenge.Sends)
		}
	}
}

func TestLinkAgainKeepsTheLinkAndTakesTheConsent(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first := w.link(t, "user-1", personA, phoneA)
	c := w.caller("user-1")
	r := request(personA)
	r.Unattended = false
	a, err := w.linking.Start(t.Context(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	done, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA)))
	if err != nil || done.LinkID != first.ID || done.State != identity.AttemptLinked {
		t.Fatalf("%+v, %v", done, err)
	}
	again, err := w.linking.Prove(t.Context(), c, a.ID, code("000000"))
	if err != nil || again.LinkID != first.ID {
		t.Errorf("asked again: %v", err)
	}
	if slots := w.contents().Slots; len(slots) != 1 || slots[0].LinkID != first.ID || !slots[0].ConsentAt.Equal(w.caller("user-1").Links[0].Consent.At) {
		t.Errorf("slots %+v", slots)
	}
	links := w.caller("user-1").Links
	if len(links) != 1 || links[0].Consent.Unattended || len(w.contents().Slots) != 1 {
		t.Errorf("%d links, %d slots", len(links), len(w.contents().Slots))
	}
}

func TestLinkLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.LinksPerPerson, c.LinksPerUser = 1, 1 })
	w.link(t, "user-1", personA, phoneA)
	if _, err := w.linking.Start(t.Context(), w.caller("user-1"), request(personB)); !errors.Is(err, identity.ErrLinkLimit) {
		t.Errorf("the user's limit: %v", err)
	}
	stale := w.caller("user-1")
	stale.Links = nil
	for who, c := range map[*identity.Caller]identity.Claim{stale: personB, w.caller("user-2"): personA} {
		a := w.start(t, who, c)
		phone := map[identity.Claim]string{personA: phoneA, personB: phoneB}[c]
		got, err := w.linking.Prove(t.Context(), who, a.ID, code(w.phones.Last(phone)))
		if err != nil || got.State != identity.AttemptFailed || got.Reason != identity.FailedLimit {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if c := w.contents(); len(c.Persons) != 1 || len(c.Slots) != 1 {
		t.Errorf("%d persons, %d slots", len(c.Persons), len(c.Slots))
	}
}

// TestLinkAgainWithAllPlacesTaken renews a link of a user, and to a person, that have as many as allowed. Nobody else gets
// a place by it.
func TestLinkAgainWithAllPlacesTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.LinksPerPerson, c.LinksPerUser = 2, 1 })
	first := w.link(t, "user-1", personA, phoneA)
	w.link(t, "user-2", personA, phoneA)
	w.clock.Advance(time.Minute)
	r := request(personA)
	r.Relation = identity.Child
	a, err := w.linking.Start(t.Context(), w.caller("user-1"), r)
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	got, err := w.linking.Prove(t.Context(), w.caller("user-1"), a.ID, code(w.phones.Last(phoneA)))
	if err != nil || got.State != identity.AttemptLinked || got.LinkID != first.ID {
		t.Errorf("got %+v, %v", got, err)
	}
	if l := w.caller("user-1").Links; len(l) != 1 || l[0].Relation != identity.Child {
		t.Errorf("links %+v", l)
	}
	other := w.start(t, w.caller("user-3"), personA)
	got, err = w.linking.Prove(t.Context(), w.caller("user-3"), other.ID, code(w.phones.Last(phoneA)))
	if err != nil || got.Reason != identity.FailedLimit || len(w.contents().Slots) != 2 {
		t.Errorf("one more: %+v, %v; %d slots", got, err, len(w.contents().Slots))
	}
}

// TestAFullUserCannotTryNumbersFreely: that somebody with all places taken may link again tells whom the links are of.
func TestAFullUserCannotTryNumbersFreely(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.LinksPerUser = 1 })
	w.link(t, "user-1", personA, phoneA)
	var limit *identity.LimitError
	for range 30 {
		_, err := w.linking.Start(t.Context(), w.caller("user-1"), request(personB))
		if errors.As(err, &limit) {
			return
		}
		if !errors.Is(err, identity.ErrLinkLimit) {
			t.Fatal(err)
		}
	}
	t.Error("30 numbers could be tried")
}

func TestProvedWaitsForTheUpstream(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then func(*world)
		want identity.AttemptState
		why  string
	}{
		"comes back": {func(w *world) { w.registry.Fail(nil) }, identity.AttemptLinked, ""},
		"knows no more": {func(w *world) { w.registry.Fail(nil); w.registry.Remove(personA) },
			identity.AttemptFailed, identity.FailedChanged},
		"stays away": {func(w *world) { w.clock.Advance(20 * time.Minute) },
			identity.AttemptFailed, identity.FailedUpstream},
	} {
		w := newWorld()
		who := w.caller("user-1")
		a := w.start(t, who, personA)
		w.registry.Fail(errors.New("down"))
		got, err := w.linking.Prove(t.Context(), who, a.ID, code(w.phones.Last(phoneA)))
		if err != nil || got.State != identity.AttemptProved {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		asked := w.registry.Asked()
		if got, err = w.linking.Prove(t.Context(), who, a.ID, code("000000")); err != nil || got.State != identity.AttemptProved ||
			w.registry.Asked() != asked {
			t.Errorf("%s: asked again within the lease: %v", name, err)
		}
		w.clock.Advance(31 * time.Second)
		c.then(w)
		if err := w.linking.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ = w.linking.Attempt(t.Context(), who, a.ID); got.State != c.want || got.Reason != c.why {
			t.Errorf("%s: %s %s", name, got.State, got.Reason)
		}
		if n := len(w.contents().Persons); n != map[bool]int{true: 1}[c.want == identity.AttemptLinked] {
			t.Errorf("%s: %d persons", name, n)
		}
	}
}

func TestFailingFollowerIsToldLater(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	w.followers.err = errors.New("down")
	if got, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); err != nil || got.State != identity.AttemptProved {
		t.Fatalf("%+v, %v", got, err)
	}
	link := w.caller("user-1").Links[0]
	if err := w.linking.Unlink(t.Context(), c, link.ID); err != nil {
		t.Fatalf("unlink: %v", err)
	}
	if len(w.caller("user-1").Links) != 0 {
		t.Error("the link is still seen")
	}
	w.clock.Advance(time.Minute)
	if err := w.linking.Tick(t.Context()); !errors.Is(err, w.followers.err) {
		t.Errorf("a pass with a failing follower: %v", err)
	}
	w.followers.err = nil
	w.clock.Advance(time.Minute)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, _ := w.linking.Attempt(t.Context(), c, a.ID)
	if got.Reason != identity.FailedEnded || len(w.contents().Persons) != 0 || len(w.followers.known) != 0 {
		t.Errorf("%s, %d persons, followers know %d", got.Reason, len(w.contents().Persons), len(w.followers.known))
	}
}

// TestOneNumberTwoHolders: passports of two countries can bear one number. Each holder is a person of its own, with its own
// phone, links and history, in one region or in two, on either platform.
func TestOneNumberTwoHolders(t *testing.T) {
	t.Parallel()
	for _, elsewhere := range []string{region, "990200"} {
		w := newWorld()
		first := identity.Claim{Region: region, Name: "TEST ALPHA", IDType: "08", IDNumber: "E12345678"}
		second := identity.Claim{Region: elsewhere, Name: "TEST BETA", IDType: "08", IDNumber: "E12345678"}
		w.registry.Add(first, phoneA)
		w.registry.Add(second, phoneB)
		one, two := w.link(t, "user-1", first, phoneA), w.link(t, "user-2", second, phoneB)
		if one.PersonID == two.PersonID {
			t.Fatalf("%s: both are one person", elsewhere)
		}
		both := w.link(t, "user-1", second, phoneB) // who acts for the other holder, too
		if both.ID == one.ID || both.PersonID != two.PersonID || len(w.caller("user-1").Links) != 2 {
			t.Errorf("%s: the second holder's proof renewed the first one's link", elsewhere)
		}
		for _, p := range w.contents().Persons {
			want := map[string]string{one.PersonID: first.Name, two.PersonID: second.Name}[p.ID]
			for _, name := range p.Names {
				if name != want {
					t.Errorf("%s: %s is kept of %s", elsewhere, name, want)
				}
			}
		}
		if err := w.linking.Unlink(t.Context(), w.caller("user-1"), one.ID); err != nil {
			t.Fatal(err)
		}
		if !w.followers.shared[two.PersonID] || w.followers.shared[one.PersonID] || len(w.caller("user-2").Links) != 1 {
			t.Errorf("%s: the end of one holder's link hit the other", elsewhere)
		}
	}
}

// TestAChosenKindMultipliesNoGuesses files one passport under every kind of document: the guesses count together.
func TestAChosenKindMultipliesNoGuesses(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.StartsPerUser = 1000 })
	c := w.caller("user-1")
	starts, guesses := 0, 0
	for _, kind := range []string{"02", "03", "04", "05", "06", "08", "09", "10", "11", "12", "90", "91", "99"} {
		for _, name := range []string{"TEST ALPHA", "TEST BETA"} {
			r := request(identity.Claim{Region: region, Name: name, IDType: kind, IDNumber: "E12345678"})
			a, err := w.linking.Start(t.Context(), c, r)
			if err != nil {
				continue
			}
			starts++
			for range 5 {
				if _, err := w.linking.Prove(t.Context(), c, a.ID, code("000000")); errors.Is(err, linking.ErrCodeWrong) {
					guesses++
				}
			}
		}
	}
	w.linking.Wait()
	if starts > w.config.SendsPerPair || guesses > w.config.WrongPerPair || guesses == 0 {
		t.Errorf("%d starts, %d guesses", starts, guesses)
	}
}
