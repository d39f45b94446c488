package reminder_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// Every evaluation writes its reason into the rule and observes it.
func TestEvaluationReasons(t *testing.T) {
	t.Parallel()
	enrol := func(e balance.Enrolment) func(*rig) { return func(r *rig) { r.world.SetEnrolments("u-1", e) } }
	paused := enrolment("310", balance.AccountYes, fen(1))
	paused.Status = balance.StatusPaused
	tests := []struct {
		change func(*rig)
		want   reminder.Reason
	}{
		{func(*rig) {}, reminder.ReasonAbove},
		{func(r *rig) { r.world.SetBalance("u-1", 1) }, reminder.ReasonFired},
		{func(r *rig) { r.world.SetDown(true) }, reminder.ReasonNotFresh},
		{func(r *rig) { r.world.SetAttended(true) }, reminder.ReasonUnattended},
		{enrol(paused), reminder.ReasonNotActive},
		{enrol(enrolment("390", balance.AccountYes, fen(1))), reminder.ReasonNoEnrolment},
		{enrol(enrolment("310", balance.AccountNo, nil)), reminder.ReasonNoAccount},
		{enrol(enrolment("310", balance.AccountUnknown, fen(0))), reminder.ReasonAccountUnknown},
		{enrol(enrolment("310", balance.AccountYes, nil)), reminder.ReasonBalanceUnknown},
		{func(r *rig) {
			r.editLink(func(l *identity.Link) { l.Consent.Unattended = false })
		}, reminder.ReasonNoConsent},
		{func(r *rig) {
			r.editLink(func(l *identity.Link) { l.State = identity.LinkEnding })
		}, reminder.ReasonLinkEnded},
	}
	for _, tt := range tests {
		t.Run(string(tt.want), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			seen := map[reminder.Reason]int{}
			r := newRig(t, rigConfig(), func(d *reminder.Deps) {
				d.Observe = func(kind string, reason reminder.Reason) {
					mu.Lock()
					defer mu.Unlock()
					if kind == "evaluation" {
						seen[reason]++
					}
				}
			})
			before := r.put()
			tt.change(r)
			asked := r.world.asked
			r.later(time.Hour)
			rule := r.rule()
			forbidden := tt.want == reminder.ReasonNoConsent || tt.want == reminder.ReasonLinkEnded || tt.want == reminder.ReasonUnattended
			if forbidden == (r.world.asked > asked) {
				t.Errorf("%d questions", r.world.asked-asked)
			}
			if rule.LastReason != tt.want || seen[tt.want] != 1 || len(seen) != 1 || !rule.EvaluatedAt.Equal(r.world.Now()) {
				t.Errorf("%s, seen %v", rule.LastReason, seen)
			}
			if tt.want != reminder.ReasonFired && rule.State != before.State {
				t.Errorf("state became %s", rule.State)
			}
		})
	}
}

// refusing is an upstream with one error for every question.
type refusing struct {
	*world
	err error
}

func (u *refusing) Fresh(context.Context, balance.Subject) (*balance.Answer, error) {
	return nil, u.err
}

// "Not enrolled" is an answer: it has its own reason, and the next question is not sooner.
func TestNotEnrolledIsAnAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want reminder.Reason
		next time.Duration
		put  error
	}{
		{balance.ErrNotEnrolled, reminder.ReasonNoEnrolment, time.Hour, reminder.ErrNoAccount},
		{fmt.Errorf("wrapped: %w", balance.ErrMismatch), reminder.ReasonNoEnrolment, time.Hour, reminder.ErrNoAccount},
		{balance.ErrTimeout, reminder.ReasonNotFresh, 15 * time.Minute, nil},
	} {
		r := newRig(t, rigConfig())
		r.put()
		r.fall(100) // waits for a subscription
		r.grant(1)
		r.Balances = &refusing{r.world, tt.err}
		r.later(time.Hour)
		if rule := r.rule(); rule.LastReason != tt.want || rule.State != reminder.StateBelow || rule.DueAt.Sub(r.world.Now()) != tt.next {
			t.Errorf("%v: rule %s, %s, next in %v", tt.err, rule.State, rule.LastReason, rule.DueAt.Sub(r.world.Now()))
		}
		if d := r.last(); d.State != reminder.DeliveryPending || d.Reason != tt.want || d.NotBefore.Sub(r.world.Now()) != tt.next {
			t.Errorf("%v: delivery %s, %s, next in %v", tt.err, d.State, d.Reason, d.NotBefore.Sub(r.world.Now()))
		}
		if _, err := r.Put(context.Background(), r.caller, "u-2", reminder.Setting{Threshold: 5000}); !errors.Is(err, tt.put) {
			t.Errorf("%v: put %v", tt.err, err)
		}
	}
}

// TestRulesOfAThrottledRegionWaitForItsEnd: rule, message and a new rule are due when the region may be asked again.
func TestRulesOfAThrottledRegionWaitForItsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.fall(100) // waits for a subscription
	r.grant(1)
	until := r.world.Now().Add(7 * time.Hour)
	r.Balances = &refusing{r.world, fmt.Errorf("wrapped: %w", &balance.ThrottledError{Until: until})}
	r.later(time.Hour)
	soon := func(due time.Time) bool { return !due.Before(until) && due.Sub(until) < time.Second }
	if rule := r.rule(); rule.LastReason != reminder.ReasonRegionBusy || rule.State != reminder.StateBelow || !soon(rule.DueAt) {
		t.Errorf("rule %s, %s, due %s", rule.State, rule.LastReason, rule.DueAt)
	}
	if d := r.last(); d.State != reminder.DeliveryPending || d.Reason != reminder.ReasonRegionBusy || !soon(d.NotBefore) {
		t.Errorf("delivery %s, %s, due %s", d.State, d.Reason, d.NotBefore)
	}
	rule, err := r.Put(context.Background(), r.caller, "u-2", reminder.Setting{Threshold: 5000})
	if err != nil || rule.LastReason != reminder.ReasonRegionBusy || !soon(rule.DueAt) {
		t.Errorf("a new rule: %+v, %v", rule, err)
	}
	for range 5 {
		r.later(time.Hour)
	}
	if n := len(r.world.Sends()); n != 0 {
		t.Errorf("%d messages on an old figure", n)
	}
	r.Balances = r.world
	r.later(2 * time.Hour)
	if n := len(r.world.Sends()); n != 1 {
		t.Errorf("%d messages after the end", n)
	}
}

func TestNextEvaluation(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Cooldown = 150 * time.Minute
	r := newRig(t, cfg)
	r.put()
	next := func(want time.Duration, reason reminder.Reason) {
		t.Helper()
		if rule := r.rule(); rule.LastReason != reason || rule.DueAt.Sub(r.world.Now()) != want {
			t.Errorf("%s, next in %v", rule.LastReason, rule.DueAt.Sub(r.world.Now()))
		}
	}
	r.fall(1)
	next(time.Hour, reminder.ReasonFired)
	r.fall(9000)
	next(time.Hour, reminder.ReasonRearmed)
	r.fall(1)
	next(30*time.Minute, reminder.ReasonCooldown)
	r.world.SetDown(true)
	r.later(30 * time.Minute)
	next(15*time.Minute, reminder.ReasonNotFresh)
	r.world.SetDown(false)
	r.later(15 * time.Minute)
	next(time.Hour, reminder.ReasonFired)
}

// A slow process must not act on its read if another one has evaluated the rule since.
func TestSlowEvaluationIsDiscarded(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	overtaken := false
	slow := r.start(nth(1, "rules.get", func() error { // after the decision on ¥0.01
		overtaken = true
		r.world.SetBalance("u-1", 9000)
		r.later(3 * time.Minute)
		return nil
	}), nil)
	_, err := slow.EvaluateDue(context.Background())
	r.check(err)
	if rule := r.rule(); !overtaken || rule.Episode != 0 || rule.State != reminder.StateArmed {
		t.Errorf("got %+v", rule)
	}
}

// A decision holds for the very rule that it was made on, whatever time the change was made at. A claim is no change: the
// decision of a process that is slower than its lease would never be written otherwise.
func TestADecisionIsForTheRuleThatWasRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(*reminder.Rule)
		episode int64
	}{
		"threshold": {func(rule *reminder.Rule) { rule.Threshold = 100 }, 0},
		"margin":    {func(rule *reminder.Rule) { rule.Margin = 100 }, 0},
		"insurance": {func(rule *reminder.Rule) { rule.InsuranceType = "390" }, 0},
		"state":     {func(rule *reminder.Rule) { rule.State = reminder.StateBelow }, 0},
		"id":        {func(rule *reminder.Rule) { rule.ID = "another" }, 0},
		"claimed":   {func(rule *reminder.Rule) { rule.DueAt = noon.Add(24 * time.Hour) }, 1},
	} {
		r := newRig(t, rigConfig())
		r.put()
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", 1)
		service := r.start(nth(1, "rules.get", func() error {
			_, err := r.store.UpdateRule(context.Background(), "u-1", func(rule *reminder.Rule) error {
				tt.change(rule)
				return nil
			})
			return err
		}), nil)
		_, err := service.EvaluateDue(context.Background())
		r.check(err)
		if rule := r.rule(); rule.Episode != tt.episode {
			t.Errorf("%s: %+v", name, rule)
		}
	}
}

// The names of region and insurance come from outside.
func TestMessageNames(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig(), func(d *reminder.Deps) {
		d.InsuranceName = func(code string) string { return "insurance " + code }
	})
	r.put()
	r.fall(1)
	if m := r.last().Message; m.Region != regionName || m.Insurance != "insurance 310" {
		t.Errorf("got %+v", m)
	}
}

func TestFallHasOneMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(2)
	if rule := r.put(); rule.State != reminder.StateArmed || rule.LastReason != reminder.ReasonAbove {
		t.Fatalf("got %+v", rule)
	}
	r.fall(4900)
	r.expect(reminder.DeliveryAccepted, "", 1, 0)
	if d := r.last(); d.Message.Balance != nil { // it was not asked for
		t.Errorf("kept %+v", d.Message)
	}
	for range 5 {
		r.later(time.Hour)
	}
	if rule := r.rule(); rule.State != reminder.StateBelow || rule.LastReason != reminder.ReasonStillBelow {
		t.Errorf("got %+v", rule)
	}
	sends := r.world.Sends()
	if len(sends) != 1 {
		t.Fatalf("%d sends", len(sends))
	}
	m := sends[0].Message
	if m.Balance != nil || m.Threshold != 5000 || m.MaskedName != "测*甲" || sends[0].To.OpenID != "open-u" {
		t.Errorf("sent %+v", sends[0])
	}
	r.fall(6000) // recovers
	r.fall(10)
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
	if n := len(r.world.Sends()); n != 2 {
		t.Errorf("%d sends", n)
	}
}

// A process that is slow between its last two writes must not empty the outbox of a later fall, or of a later rule.
func TestSlowHandOverKeepsTheNextOutbox(t *testing.T) {
	t.Parallel()
	for episode, recovery := range map[int64]func(*rig){
		2: func(r *rig) { r.fall(9000) },
		1: func(r *rig) {
			r.check(r.Delete(context.Background(), r.caller, "u-1"))
			r.world.SetBalance("u-1", 9000)
			r.put()
		},
	} {
		r := newRig(t, rigConfig())
		r.put()
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", 1)
		slow := r.start(nth(2, "rules.get", func() error { // the first is the decision
			r.later(3 * time.Minute)
			recovery(r)
			r.world.Advance(time.Hour)
			r.world.SetBalance("u-1", 1)
			killed := r.start(nth(1, "deliveries.insert", kill), nil)
			_, _ = killed.EvaluateDue(context.Background())
			return nil
		}), nil)
		slow.db.SetTwice(false)
		_, err := slow.EvaluateDue(context.Background())
		r.check(err)
		if rule := r.rule(); rule.Outbox == nil || rule.Outbox.Episode != episode {
			t.Errorf("got %+v", rule)
		}
	}
}
