package store_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/memory"
	"yibao/store/storetest"
)

// clocked opens a store with its clock at the time behind the pointer.
func clocked(t testing.TB, d *storetest.Database, now *time.Time) *store.Store {
	return d.Open(t, func(o *store.Options) { o.Now = func() time.Time { return *now } })
}

// TestClockRanAhead: work that was put off by a clock that ran ahead comes when it would have come by a right clock, give or
// take the time until it was seen; and leases, blocks and sessions end when they should.
func TestClockRanAhead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, d *storetest.Database) { testClockRanAhead(t, d, 24*time.Hour) })
	for _, jump := range []time.Duration{61 * time.Second, 3 * time.Minute, 400 * 24 * time.Hour} {
		testClockRanAhead(t, &storetest.Database{Keys: memory.Keys(), Memory: memory.NewServer()}, jump)
	}
}

func testClockRanAhead(t *testing.T, d *storetest.Database, jump time.Duration) {
	ctx, id := t.Context(), jump.String()
	ahead, now := start.Add(jump), start
	fast, s := clocked(t, d, &ahead), clocked(t, d, &now)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(jump, err)
		}
	}
	person := balance.Subject{PersonID: id, Region: "990100"}
	_, err := fast.PutRule(ctx, id, func(*reminder.Rule) (*reminder.Rule, error) {
		return &reminder.Rule{LinkID: id, DueAt: ahead.Add(time.Hour), FiredAt: ahead, CreatedAt: start.Add(-time.Hour),
			Consent: identity.Consent{At: ahead}}, nil
	})
	must(err)
	must(fast.SetDue(ctx, person, ahead.Add(15*time.Minute)))
	must(fast.InsertDelivery(ctx, reminder.Delivery{ID: id, UserID: id, State: reminder.DeliveryPending, NotBefore: ahead,
		CreatedAt: ahead, ExpiresAt: ahead.Add(72 * time.Hour)}))
	must(fast.InsertAttempt(ctx, identity.Attempt{ID: id, State: identity.AttemptProved, UpdatedAt: ahead}))
	u, err := fast.SignedIn(ctx, identity.PlatformAccount{Platform: identity.WeChat, AppID: "a", OpenID: id}, ahead)
	must(err)
	_, err = fast.UpdateUser(ctx, u.ID, func(u *identity.PlatformUser) error {
		u.Links = []identity.Link{{ID: id, State: identity.LinkEnding, EndedAt: ahead}}
		return nil
	})
	must(err)
	if got, err := fast.LeaseUser(ctx, id, "dead", ahead, ahead.Add(2*time.Minute)); err != nil || !got {
		t.Fatal(got, err)
	}
	_, err = fast.UpdateQuota(ctx, id, "t", func(q *reminder.Quota) error {
		q.Unknown["d"] = ahead.Add(10 * time.Minute)
		return nil
	})
	must(err)
	must(fast.UpdateCounter(ctx, id, func(c *identity.Counter) error {
		c.Hits = []identity.Hit{{Op: "o", At: ahead}}
		return nil
	}))
	must(fast.InsertSession(ctx, identity.Session{ID: id, UserID: u.ID, CreatedAt: ahead, ExpiresAt: ahead.Add(2 * time.Hour)}))

	if n, err := s.Mend(ctx); err != nil || n != 5 {
		t.Errorf("%v: mended %d, %v", jump, n, err)
	}
	if n, err := s.Mend(ctx); err != nil || n != 0 {
		t.Errorf("%v: mended again %d, %v", jump, n, err)
	}
	// At once.
	told, err := s.UsersWithDue(ctx, now, 10)
	must(err)
	open, err := s.OpenDeliveries(ctx, id)
	must(err)
	if len(told) != 1 || len(open) != 1 || open[0].NotBefore.After(now) || !open[0].ExpiresAt.Equal(now.Add(72*time.Hour)) {
		t.Errorf("%v: deliveries of %v, %+v", jump, told, open)
	}
	if _, err := s.Session(ctx, id); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("%v: a session that would last too long: %v", jump, err)
	}
	must(s.UpdateCounter(ctx, id, func(c *identity.Counter) error {
		if c.Hits[0].At.After(now) {
			t.Errorf("%v: hit at %v", jump, c.Hits[0].At)
		}
		return nil
	}))
	unknownUntil := func() (until time.Time) {
		_, err := s.UpdateQuota(ctx, id, "t", func(q *reminder.Quota) error { until = q.Unknown["d"]; return errOwn })
		if err != errOwn {
			t.Error(err)
		}
		return until
	}
	if until := unknownUntil(); !until.Equal(now.Add(10 * time.Minute)) {
		t.Errorf("%v: blocked until %v", jump, until)
	}
	// After the lease.
	for _, want := range []bool{false, true} {
		if got, err := s.LeaseUser(ctx, id, "next", now, now.Add(2*time.Minute)); err != nil || got != want {
			t.Errorf("%v: leased %t, %v", jump, got, err)
		}
		now = now.Add(2*time.Minute + time.Second)
	}
	attempts, err := s.UnfinishedAttempts(ctx, []identity.AttemptState{identity.AttemptProved}, now.Add(-30*time.Second), 10)
	must(err)
	users, err := s.UsersWithDueLinks(ctx, now, 10)
	must(err)
	if len(attempts) == 0 || attempts[0].UpdatedAt.After(now) || len(users) == 0 {
		t.Errorf("%v: attempts %v, users with due links %v", jump, attempts, users)
	}
	if until := unknownUntil(); !until.Equal(start.Add(10 * time.Minute)) {
		t.Errorf("%v: the block begins anew with each look: %v", jump, until)
	}
	// At their time.
	now = start.Add(15 * time.Minute)
	schedules, err := s.ClaimDue(ctx, now, 10, func(balance.Schedule) time.Time { return now.AddDate(2, 0, 0) })
	must(err)
	now = start.Add(time.Hour)
	rules, err := s.ClaimDueRules(ctx, now, now.AddDate(2, 0, 0), 10)
	must(err)
	if len(schedules) != 1 || len(rules) != 1 || !rules[0].FiredAt.Equal(start) {
		t.Fatalf("%v: schedules %v, rules %v", jump, schedules, rules)
	}
	if r := rules[0]; !r.Consent.At.Equal(ahead) || !r.CreatedAt.Equal(start.Add(-time.Hour)) {
		t.Errorf("%v: a consent, or a time of the past, was moved: %+v", jump, r)
	}
}

var errOwn = errors.New("own")

// TestClocksThatAreLetIn: documents of a clock that is ahead within the bound stay as they are.
func TestClocksThatAreLetIn(t *testing.T) { storetest.Each(t, testClocksThatAreLetIn) }

func testClocksThatAreLetIn(t *testing.T, d *storetest.Database) {
	ahead, now := start.Add(2*store.ClockBound), start
	fast, s := clocked(t, d, &ahead), clocked(t, d, &now)
	if err := fast.SetDue(t.Context(), subject, ahead.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, err := fast.LeaseUser(t.Context(), "u", "other", ahead, ahead.Add(2*time.Minute)); err != nil || !got {
		t.Fatal(got, err)
	}
	if n, err := s.Mend(t.Context()); err != nil || n != 0 {
		t.Error(n, err)
	}
	now = now.Add(3*time.Minute - time.Second)
	if got, err := s.LeaseUser(t.Context(), "u", "h", now, now.Add(time.Hour)); err != nil || got {
		t.Error("another's lease was taken:", got, err)
	}
}

// TestOwnClockBehind: a process with a wrong clock mends nothing, breaks no lease, and claims nothing.
func TestOwnClockBehind(t *testing.T) {
	t.Parallel()
	s, client := memory.New()
	behind := func() time.Time { return time.Now().Add(-150 * time.Second) }
	late := memory.Open(client.Connect(), func(o *store.Options) { o.Now, o.Machine = behind, behind })
	now := time.Now()
	if err := s.SetDue(t.Context(), subject, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.InsertDelivery(t.Context(), delivery("d", "u", now.Add(-time.Hour))); err != nil {
		t.Fatal(err)
	}
	if got, err := s.LeaseUser(t.Context(), "u", "h", now, now.Add(2*time.Minute)); err != nil || !got {
		t.Fatal(got, err)
	}
	if got, err := late.LeaseUser(t.Context(), "u", "late", behind(), behind().Add(2*time.Minute)); err != nil || got {
		t.Error("broke a lease:", got, err)
	}
	if n, err := late.Mend(t.Context()); n != 0 || !errors.Is(err, store.ErrClock) {
		t.Error("mended:", n, err)
	}
	if claimed, err := late.ClaimDue(t.Context(), now, 1, hourLater); len(claimed) != 0 || !errors.Is(err, store.ErrClock) || !errors.Is(err, identity.ErrStore) {
		t.Error("claimed:", claimed, err)
	}
	if users, err := late.UsersWithDue(t.Context(), now, 1); len(users) != 0 || !errors.Is(err, store.ErrClock) {
		t.Error("claimed:", users, err)
	}
	if claimed, err := s.ClaimDue(t.Context(), now, 1, hourLater); len(claimed) != 1 || err != nil {
		t.Error("others are kept from it:", claimed, err)
	}
}

// TestJumpingClocks lets the clock of a worker jump about while it claims a rule and a lease again and again. As soon as
// the clock is right for good, the rule has its turn within its interval, and the lease is free within its own length.
func TestJumpingClocks(t *testing.T) {
	t.Parallel()
	const interval, lease, mendEvery = 5 * time.Minute, 2 * time.Minute, 15 * time.Second
	rapid.Check(t, func(t *rapid.T) {
		now, jump := start, time.Duration(0)
		s, client := memory.New(func(o *store.Options) { o.Now = func() time.Time { return now.Add(jump) } })
		ctx := t.Context()
		claim := func() int {
			at := now.Add(jump)
			claimed, err := s.ClaimDueRules(ctx, at, at.Add(interval), 1)
			if err != nil {
				t.Fatal(err)
			}
			return len(claimed)
		}
		_, err := s.PutRule(ctx, "l", func(*reminder.Rule) (*reminder.Rule, error) { return &reminder.Rule{LinkID: "l", DueAt: now}, nil })
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "seconds")) * time.Second)
			jump = rapid.SampledFrom([]time.Duration{0, time.Minute, 3 * time.Minute, time.Hour, 24 * time.Hour, 365 * 24 * time.Hour}).Draw(t, "jump")
			claim()
			at := now.Add(jump)
			if _, err := s.LeaseUser(ctx, "u", "dead", at, at.Add(lease)); err != nil {
				t.Fatal(err)
			}
		}
		jump = 0
		right := memory.Open(client.Connect(), func(o *store.Options) { o.Now = func() time.Time { return now } })
		_, _ = right.LeaseUser(ctx, "u", "next", now, now.Add(time.Second))
		turns, leased := 0, false
		for end := now.Add(interval + 2*store.ClockBound); !now.After(end); now = now.Add(mendEvery) {
			if _, err := right.Mend(ctx); err != nil {
				t.Fatal(err)
			}
			turns += claim()
			if now.Add(mendEvery).After(end.Add(lease-interval)) && !leased {
				if leased, err = right.LeaseUser(ctx, "u", "next", now, now.Add(time.Second)); err != nil || !leased {
					t.Fatal("the lease is not free:", err)
				}
			}
		}
		if turns == 0 {
			t.Fatal("the rule had no turn")
		}
	})
}
