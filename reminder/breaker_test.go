package reminder_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yibao/reminder"
)

// crowd has n users, each with one unit and one pending delivery.
func crowd(t *testing.T, cfg reminder.Config, n int) *rig {
	t.Helper()
	r := newRig(t, cfg)
	for i := range n {
		id := fmt.Sprintf("c%03d", i)
		caller := r.addUser(id, 1)
		_, err := r.Put(context.Background(), caller, id+"-1", reminder.Setting{Threshold: 5000})
		r.check(err)
		_, err = r.Report(context.Background(), caller, reminder.Report{
			ID: "r", Results: map[string]string{templateID: "accept"},
		})
		r.check(err)
		r.world.SetBalance(id+"-1", 1)
	}
	r.world.Advance(time.Hour)
	for due := n; due > 0; {
		done, err := r.EvaluateDue(context.Background())
		r.check(err)
		due -= done
	}
	return r
}

// states counts all deliveries by state.
func (r *rig) states() map[reminder.DeliveryState]int {
	count := map[reminder.DeliveryState]int{}
	open, finished := r.deliveries()
	for _, d := range append(open, finished...) {
		count[d.State]++
	}
	return count
}

// An outage that loses the platform's answers costs a few messages. All others arrive once after it.
func TestAnOutageLosesAHandful(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{1, 4} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			t.Parallel()
			cfg := rigConfig()
			cfg.Parallel = parallel
			r := crowd(t, cfg, 500)
			var mu sync.Mutex
			arrived, ill := map[string]int{}, true
			r.world.SetScript(func(sent request) reminder.Outcome {
				mu.Lock()
				defer mu.Unlock()
				arrived[sent.To.OpenID]++ // also while its answers are lost
				if ill {
					return reminder.Outcome{Kind: reminder.OutcomeUnknown, Code: "http/502"}
				}
				return reminder.Outcome{Kind: reminder.OutcomeAccepted}
			})
			work := func(span time.Duration) {
				for end := r.world.Now().Add(span); r.world.Now().Before(end); r.world.Advance(5 * time.Second) {
					for more := true; more; {
						done, err := r.SendDue(context.Background())
						r.check(err)
						more = done == 50
					}
				}
			}
			work(2 * time.Minute)
			open, _ := r.deliveries()
			for _, d := range open {
				if d.State != reminder.DeliveryPending || d.Reason != reminder.ReasonBusy || d.Attempts != 0 {
					t.Fatalf("a postponed delivery is %s/%s after %d attempts", d.State, d.Reason, d.Attempts)
				}
			}
			mu.Lock()
			ill = false
			mu.Unlock()
			work(5 * time.Minute)
			states := r.states()
			lost := states[reminder.DeliveryUnknown]
			if lost > 10 || states[reminder.DeliveryAccepted] != 500-lost {
				t.Errorf("%v", states)
			}
			for to, n := range arrived {
				if n != 1 {
					t.Errorf("%s got %d messages", to, n)
				}
			}
		})
	}
}

// A trial that takes longer than the pause is still one trial; otherwise the pauses would never grow.
func TestASlowTrialIsOneTrial(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Parallel = 4
	r := crowd(t, cfg, 100)
	r.world.SetScript(func(request) reminder.Outcome {
		r.world.Advance(50 * time.Second)
		time.Sleep(time.Millisecond) // time for the others to try
		return reminder.Outcome{Kind: reminder.OutcomeUnknown, Code: "timeout"}
	})
	for end := r.world.Now().Add(time.Hour); r.world.Now().Before(end); r.world.Advance(5 * time.Second) {
		_, err := r.SendDue(context.Background())
		r.check(err)
	}
	if lost := r.states()[reminder.DeliveryUnknown]; lost > 15 {
		t.Errorf("an hour without answers lost %d messages", lost)
	}
}

// Unknown outcomes open the breaker; every answer of the platform, also a refusal, starts the count again.
func TestUnknownOutcomesOpenTheBreaker(t *testing.T) {
	t.Parallel()
	const lost, no, local, later = "lost", "no", "local", "later"
	outcomes := map[string]reminder.Outcome{
		lost:  {Kind: reminder.OutcomeUnknown},
		no:    {Kind: reminder.OutcomePermanent, Reason: reminder.ReasonBadRecipient, Code: "40003"},
		local: {Kind: reminder.OutcomePermanent, Reason: reminder.ReasonBadText, Code: "local/field/thing1"},
		later: {Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: time.Hour},
	}
	for _, tt := range []struct {
		name    string
		answers []string
		sends   int // of ten messages at one moment
	}{
		{"five in a row", []string{lost}, 5},
		{"a refusal between", []string{lost, lost, lost, lost, no, lost}, 10},
		{"our own refusal between", []string{lost, lost, lost, lost, local, lost}, 6},
		{"not sent between", []string{lost, lost, lost, lost, later, lost}, 6},
		{"refused always", []string{no}, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := rigConfig()
			cfg.Parallel = 1
			r := crowd(t, cfg, 10)
			var script []reminder.Outcome
			for _, name := range tt.answers {
				script = append(script, outcomes[name])
			}
			r.answer(script...)
			_, err := r.SendDue(context.Background())
			r.check(err)
			if n := len(r.world.Sends()); n != tt.sends {
				t.Errorf("%d sends", n)
			}
		})
	}
}

// During a long outage the trials become rarer.
func TestTrialsBecomeRarer(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Parallel = 1
	r := crowd(t, cfg, 20)
	r.answer(reminder.Outcome{Kind: reminder.OutcomeUnknown})
	var gaps []time.Duration
	last, sends := r.world.Now(), 0
	for end := last.Add(time.Hour); r.world.Now().Before(end); r.world.Advance(10 * time.Second) {
		_, err := r.SendDue(context.Background())
		r.check(err)
		if n := len(r.world.Sends()); n > sends {
			gaps = append(gaps, r.world.Now().Sub(last))
			last, sends = r.world.Now(), n
		}
	}
	if got := fmt.Sprint(gaps); got != "[0s 30s 1m0s 2m0s 4m0s 8m0s 15m0s 15m0s]" {
		t.Errorf("tries after %s", got)
	}
}

// An inconclusive trial frees its place immediately.
func TestAnInconclusiveTrial(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Parallel = 1
	r := crowd(t, cfg, 10)
	r.answer(reminder.Outcome{Kind: reminder.OutcomeUnknown})
	_, err := r.SendDue(context.Background())
	r.check(err)
	r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: time.Hour})
	r.world.Advance(30 * time.Second)
	_, err = r.SendDue(context.Background())
	r.check(err)
	if n := len(r.world.Sends()); n != 10 {
		t.Errorf("%d sends", n)
	}
}

// Sends that were in flight when the breaker opened belong to the same outage: they do not lengthen the pause.
func TestLateOutcomesDoNotLengthenThePause(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Parallel = 10
	r := crowd(t, cfg, 40)
	var calls atomic.Int32
	all := make(chan struct{})
	r.world.SetScript(func(request) reminder.Outcome {
		switch n := calls.Add(1); {
		case n == 10:
			close(all)
		case n < 10:
			<-all
		}
		return reminder.Outcome{Kind: reminder.OutcomeUnknown}
	})
	_, err := r.SendDue(context.Background())
	r.check(err)
	r.answer(reminder.Outcome{Kind: reminder.OutcomeAccepted})
	before := len(r.world.Sends())
	r.world.Advance(30 * time.Second)
	_, err = r.SendDue(context.Background())
	r.check(err)
	if n := len(r.world.Sends()); before < 10 || n == before {
		t.Errorf("%d sends, then %d", before, n)
	}
}
