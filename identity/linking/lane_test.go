package linking_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
)

// hangingRegistry hangs 16 s over every question about one region while hangs is set.
type hangingRegistry struct {
	identity.Registry
	hangs *atomic.Bool
	open  *atomic.Int64 // questions that hang
}

func (r hangingRegistry) Match(ctx context.Context, claim identity.Claim) (string, error) {
	if claim.Region == region && r.hangs.Load() {
		r.open.Add(1)
		defer r.open.Add(-1)
		_ = pause(ctx, 16*time.Second)
		return "", identity.ErrUpstreamUnavailable
	}
	return r.Registry.Match(ctx, claim)
}

// TestAHangingRegionHoldsUpNoOther sends a code in one region at the moment it is asked for, though another hangs: first
// while its queue is full of starts, then while Run is stuck with a link that it has to confirm there.
func TestAHangingRegionHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(c *linking.Config) { c.StartsPerAddress = 1000 })
		ahead := time.Until(w.clock.Now())
		w.now = func() time.Time { return time.Now().Add(ahead) }
		elsewhere := personB
		elsewhere.Region = "990200"
		w.registry.Add(elsewhere, phoneB)
		hang := hangingRegistry{w.registry, &atomic.Bool{}, &atomic.Int64{}}
		deps := w.deps(w.open(w.db))
		deps.Registry = hang
		l, err := linking.New(w.config, deps)
		if err != nil {
			t.Fatal(err)
		}
		start := func(who string, claim identity.Claim) *identity.Attempt {
			a, err := l.Start(t.Context(), w.caller(who), request(claim))
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		proved := start("user-1", personA)
		synctest.Wait()
		hang.hangs.Store(true)
		if a, err := l.Prove(t.Context(), w.caller("user-1"), proved.ID, code(w.phones.Last(phoneA))); err != nil || a.State != identity.AttemptProved {
			t.Fatal(a, err)
		}
		for i := range 100 {
			start(fmt.Sprint("crowd-", i), personA)
		}
		start("user-2", elsewhere)
		synctest.Wait() // no time passes
		if w.phones.Last(phoneB) == "" || hang.open.Load() == 0 {
			t.Errorf("%d questions hang, code elsewhere: %q", hang.open.Load(), w.phones.Last(phoneB))
		}
		l.Wait()
		time.Sleep(2 * time.Minute) // the breaker lets trials through
		w.before(stopAt("link_attempts.find"))
		start("user-3", elsewhere)
		synctest.Wait()
		w.before(nil)
		time.Sleep(time.Minute)
		before := len(w.phones.Inbox())
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = l.Run(ctx) })
		synctest.Wait()
		if hang.open.Load() == 0 || len(w.phones.Inbox()) != before+1 {
			t.Errorf("Run: %d questions hang, %d codes left elsewhere", hang.open.Load(), len(w.phones.Inbox())-before)
		}
		stop()
		running.Wait()
		l.Wait()
	})
}

// TestABreakerStopsQuestionsToAHangingRegion: those that are owed meanwhile get their codes once it answers again.
func TestABreakerStopsQuestionsToAHangingRegion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(c *linking.Config) {
			c.CodesPerSecond, c.SendsPerPhone, c.SendsPerPhoneHourly = 1, 1000, 1000
		})
		ahead := time.Until(w.clock.Now())
		w.now = func() time.Time { return time.Now().Add(ahead) }
		hang := hangingRegistry{w.registry, &atomic.Bool{}, &atomic.Int64{}}
		hang.hangs.Store(true)
		deps := w.deps(w.open(w.db))
		deps.Registry = hang
		l, err := linking.New(w.config, deps)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = l.Run(ctx) })
		for i := range 40 {
			if _, err := l.Start(t.Context(), w.caller(fmt.Sprint("user-", i%20)), request(personA)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(40 * time.Second)
		if n := hang.open.Load(); n > 5 { // without it, one a second over 16 s
			t.Errorf("%d questions hang while the breaker is open", n)
		}
		hang.hangs.Store(false)
		time.Sleep(time.Minute)
		if n := len(w.phones.Inbox()); n < 5 {
			t.Errorf("of the codes that were owed %d came", n)
		}
		stop()
		running.Wait()
		l.Wait()
	})
}
