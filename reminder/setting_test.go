package reminder_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

func enrolment(insurance string, exists balance.Existence, n *balance.Fen) balance.Enrolment {
	return balance.Enrolment{InsuranceType: insurance, Status: balance.StatusActive, Account: balance.PersonalAccount{Exists: exists, Balance: n}}
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  reminder.Setting
		edit func(*rig)
		want error
	}{
		{"threshold too low", reminder.Setting{Threshold: 99}, nil, reminder.ErrThreshold},
		{"threshold negative", reminder.Setting{Threshold: -5000}, nil, reminder.ErrThreshold},
		{"threshold too high", reminder.Setting{Threshold: 100_000_001}, nil, reminder.ErrThreshold},
		{"margin negative", reminder.Setting{Threshold: 100, Margin: fen(-1)}, nil, reminder.ErrMargin},
		{"margin too high", reminder.Setting{Threshold: 100, Margin: fen(100_000_001)}, nil, reminder.ErrMargin},
		{"quiet hours", reminder.Setting{Threshold: 100, Quiet: reminder.QuietHours{Start: 1440}}, nil, reminder.ErrQuietHours},
		{"no such template", reminder.Setting{Threshold: 100, Template: "other"}, nil, reminder.ErrNoTemplate},
		{"region", reminder.Setting{Threshold: 100}, func(r *rig) { r.world.SetAttended(true) }, reminder.ErrUnattended},
		{"consent", reminder.Setting{Threshold: 100}, func(r *rig) { r.caller.Links[0].Consent.Unattended = false }, reminder.ErrNoConsent},
		{"no such enrolment", reminder.Setting{Threshold: 100, InsuranceType: "390"}, nil, reminder.ErrNoAccount},
		{"not an insurance", reminder.Setting{Threshold: 100, InsuranceType: "<b>"}, func(r *rig) { r.world.SetDown(true) }, reminder.ErrNoAccount},
		{"no account", reminder.Setting{Threshold: 100, InsuranceType: "310"}, func(r *rig) {
			r.world.SetEnrolments("u-1", enrolment("310", balance.AccountNo, nil))
		}, reminder.ErrNoAccount},
		{"no account at all", reminder.Setting{Threshold: 100}, func(r *rig) {
			r.world.SetEnrolments("u-1", enrolment("390", balance.AccountNo, nil))
		}, reminder.ErrNoAccount},
		{"link", reminder.Setting{Threshold: 100}, func(r *rig) { r.caller.Links = nil }, identity.ErrNoSuchLink},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigConfig())
			if tt.edit != nil {
				tt.edit(r)
			}
			if _, err := r.Put(context.Background(), r.caller, "u-1", tt.set); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if len(r.rules()) != 0 {
				t.Error("something was written")
			}
		})
	}
}

func TestPutChoosesTheInsurance(t *testing.T) {
	t.Parallel()
	paused := enrolment("391", balance.AccountYes, fen(9000))
	paused.Status = balance.StatusPaused
	tests := []struct {
		name       string
		enrolments []balance.Enrolment
		want       string
		reason     reminder.Reason
	}{
		{"only one with an account", []balance.Enrolment{enrolment("310", balance.AccountNo, nil), enrolment("390", balance.AccountYes, fen(9000))}, "390", reminder.ReasonAbove},
		{"employees' of two", []balance.Enrolment{enrolment("390", balance.AccountYes, fen(9000)), enrolment("310", balance.AccountYes, fen(9000))}, "310", reminder.ReasonAbove},
		{"active of two", []balance.Enrolment{paused, enrolment("390", balance.AccountYes, fen(9000))}, "390", reminder.ReasonAbove},
		{"paused only", []balance.Enrolment{paused}, "391", reminder.ReasonNotActive},
		{"may exist", []balance.Enrolment{enrolment("390", balance.AccountUnknown, nil)}, "390", reminder.ReasonAccountUnknown},
		{"yes before may", []balance.Enrolment{enrolment("310", balance.AccountUnknown, nil), enrolment("390", balance.AccountYes, nil)}, "390", reminder.ReasonBalanceUnknown},
	}
	for _, tt := range tests {
		r := newRig(t, rigConfig())
		r.world.SetEnrolments("u-1", tt.enrolments...)
		if rule := r.put(); rule.InsuranceType != tt.want || rule.LastReason != tt.reason {
			t.Errorf("%s: %s, %s", tt.name, rule.InsuranceType, rule.LastReason)
		}
	}
}

func TestPutDefaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	rule := r.put()
	if rule.Margin != 1000 || rule.Template != "low_balance" || rule.InsuranceType != "310" || rule.UserID != r.caller.UserID ||
		rule.Region != "990100" || rule.Episode != 0 || len(rule.ID) < 20 || rule.DueAt.Sub(r.world.Now()) != time.Hour {
		t.Errorf("got %+v", rule)
	}
	if rule := r.put(func(s *reminder.Setting) { s.Margin = fen(0) }); rule.Margin != 0 {
		t.Errorf("margin %v", rule.Margin)
	}
}

func TestDefaultMargin(t *testing.T) {
	t.Parallel()
	if rule := newRig(t, rigConfig()).put(); rule.Margin != 1000 {
		t.Errorf("nothing configured is %v", rule.Margin)
	}
	for _, configured := range []balance.Fen{0, 1, 2500} {
		cfg := rigConfig()
		cfg.DefaultMargin = configured
		if rule := newRig(t, cfg).put(); rule.Margin != configured {
			t.Errorf("%v is %v", configured, rule.Margin)
		}
	}
}

func TestPutWhileBelowWaitsForRecovery(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.world.SetBalance("u-1", 100)
	if rule := r.put(); rule.State != reminder.StateBelow || rule.LastReason != reminder.ReasonAlreadyBelow {
		t.Fatalf("got %+v", rule)
	}
	r.later(time.Hour)
	r.fall(5999) // not yet threshold + margin
	r.fall(100)
	if open, finished := r.deliveries(); len(open)+len(finished) != 0 {
		t.Fatal("a message without a fall")
	}
	r.fall(6000)
	r.fall(100)
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
}

// Without an answer of the upstream the rule is set all the same and evaluated soon.
func TestPutWithUpstreamDown(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.world.SetDown(true)
	rule := r.put()
	if rule.State != reminder.StateNew || rule.LastReason != reminder.ReasonNotFresh || rule.InsuranceType != "310" {
		t.Fatalf("got %+v", rule)
	}
	r.world.SetDown(false)
	r.later(15 * time.Minute)
	if rule := r.rule(); rule.State != reminder.StateArmed {
		t.Errorf("got %+v", rule)
	}
}

// A new threshold during an outage of the upstream must not change the watched insurance.
func TestPutWithUpstreamDownKeepsTheInsurance(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.world.SetEnrolments("u-1", enrolment("390", balance.AccountYes, fen(9000)))
	first := r.put()
	r.world.SetDown(true)
	if rule := r.put(func(s *reminder.Setting) { s.Threshold = 200 }); rule.InsuranceType != "390" || rule.ID != first.ID {
		t.Errorf("got %+v", rule)
	}
}

// The same, but the rule is deleted meanwhile: nothing of it is left in the new one.
func TestPutWithUpstreamDownAfterADeletion(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.world.SetEnrolments("u-1", enrolment("390", balance.AccountYes, fen(9000)))
	r.put()
	r.world.SetDown(true)
	service := r.start(nth(1, "rules.replace", func() error { return r.Delete(context.Background(), r.caller, "u-1") }), nil)
	rule, err := service.Put(context.Background(), r.caller, "u-1", reminder.Setting{Threshold: 200})
	r.check(err)
	if rule.InsuranceType != "310" {
		t.Errorf("got %+v", rule)
	}
}

// before is a process with a cached answer from before the fall.
type before struct {
	*world
	answer *balance.Answer
}

func (b *before) Fresh(context.Context, balance.Subject) (*balance.Answer, error) {
	return b.answer.Clone(), nil
}

// After the message of a fall the owner sets the threshold anew, through a process with an answer from before the fall. The
// fall must have no second message. Such a process must not drop the message of another fall either.
func TestABalanceFromBeforeTheFallIsNoRecovery(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(2)
	r.put()
	old, err := r.world.Fresh(context.Background(), balance.Subject{PersonID: "u-1"})
	r.check(err)
	elsewhere := r.start(nil, nil)
	elsewhere.Balances = &before{r.world, old}

	r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy}, reminder.Outcome{Kind: reminder.OutcomeAccepted})
	r.world.Advance(10 * time.Minute)
	r.world.SetBalance("u-1", 100)
	_, err = r.store.UpdateRule(context.Background(), "u-1", func(rule *reminder.Rule) error {
		rule.DueAt = r.world.Now()
		return nil
	})
	r.check(err)
	r.pass()
	r.world.Advance(time.Minute)
	_, err = elsewhere.SendDue(context.Background())
	r.check(err)
	if d := r.last(); d.State != reminder.DeliveryPending || d.Reason != reminder.ReasonNotFresh {
		t.Fatalf("%s/%s", d.State, d.Reason)
	}
	for _, line := range []balance.Fen{5000, 4000} {
		rule, err := elsewhere.Put(context.Background(), r.caller, "u-1", reminder.Setting{Threshold: line})
		r.check(err)
		if rule.State != reminder.StateNew || rule.LastReason != reminder.ReasonNotFresh || rule.FiredAt.IsZero() {
			t.Errorf("got %+v", rule)
		}
	}
	r.put()
	for range 4 {
		r.later(15 * time.Minute)
	}
	if d := r.last(); d.State != reminder.DeliveryAccepted || d.Episode != 1 {
		t.Errorf("%s/%s of fall %d", d.State, d.Reason, d.Episode)
	}
}

// The owner deletes the rule, or watches another insurance for a moment, after the message of a fall. A process that caches
// a balance from before the fall must not arm the new rule with it.
func TestANewRuleIsNotArmedByABalanceFromBeforeTheFall(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	both := func(employees balance.Fen) []balance.Enrolment {
		return []balance.Enrolment{enrolment("310", balance.AccountYes, &employees), enrolment("390", balance.AccountYes, fen(9000))}
	}
	for name, forget := range map[string]func(*rig, *reminder.Service){
		"deleted":           func(r *rig, s *reminder.Service) { r.check(s.Delete(ctx, r.caller, "u-1")) },
		"another threshold": func(r *rig, s *reminder.Service) { r.check(s.Delete(ctx, r.caller, "u-1")) },
		"another insurance": func(r *rig, s *reminder.Service) {
			rule, err := s.Put(ctx, r.caller, "u-1", reminder.Setting{Threshold: 5000, InsuranceType: "390"})
			r.check(err)
			if rule.State != reminder.StateArmed { // that insurance has not fallen
				r.t.Fatalf("got %+v", rule)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigConfig())
			r.grant(2)
			r.world.SetEnrolments("u-1", both(10000)...)
			r.put()
			r.world.Advance(50 * time.Minute)
			old, err := r.world.Fresh(ctx, balance.Subject{PersonID: "u-1"})
			r.check(err)
			elsewhere := r.start(nil, nil)
			elsewhere.Balances = &before{r.world, old}
			r.world.Advance(10 * time.Minute)
			r.world.SetEnrolments("u-1", both(100)...)
			r.pass()
			r.expect(reminder.DeliveryAccepted, "", 1, 0)
			r.world.Advance(time.Minute)

			forget(r, elsewhere.Service)
			set := reminder.Setting{Threshold: 5000, InsuranceType: "310"}
			if name == "another threshold" {
				set.Threshold = 3000
			}
			rule, err := elsewhere.Put(ctx, r.caller, "u-1", set)
			r.check(err)
			if rule.State != reminder.StateNew || rule.LastReason != reminder.ReasonNotFresh || rule.Episode != 0 {
				t.Errorf("got %+v", rule)
			}
			r.world.Advance(15 * time.Minute)
			_, err = elsewhere.EvaluateDue(ctx) // with the same old balance
			r.check(err)
			for range 4 {
				r.later(15 * time.Minute)
			}
			if rule := r.rule(); rule.State != reminder.StateBelow || rule.LastReason != reminder.ReasonAlreadyBelow || len(r.world.Sends()) != 1 {
				t.Errorf("%s, %s, %d sends", rule.State, rule.LastReason, len(r.world.Sends()))
			}
		})
	}
}

// A new rule has no cooldown of an earlier rule's fall, also if answers from before that fall are no longer fresh.
func TestANewRuleHasNoCooldown(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{10 * time.Minute, time.Hour} { // answers from before the fall are fresh, or not
		cfg := rigConfig()
		cfg.Cooldown = 24 * time.Hour
		r := newRig(t, cfg)
		r.grant(2)
		r.put()
		r.fall(100)
		r.world.Advance(wait)
		r.world.SetBalance("u-1", 9000)
		r.check(r.Delete(context.Background(), r.caller, "u-1"))
		if rule := r.put(); rule.State != reminder.StateArmed || rule.FiredAt.IsZero() == (wait < time.Hour) {
			t.Errorf("after %v: %+v", wait, rule)
		}
		r.fall(100)
		if n := len(r.world.Sends()); n != 2 {
			t.Errorf("after %v: %d sends", wait, n)
		}
	}
}

// A message about one insurance never leaves with the balance of another.
func TestPutOfAnotherInsuranceIsAnotherRule(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	both := func(employees, residents balance.Fen) {
		r.world.SetEnrolments("u-1", enrolment("310", balance.AccountYes, &employees), enrolment("390", balance.AccountYes, &residents))
	}
	both(9000, 300)
	show := func(s *reminder.Setting) { s.ShowAmount = true }
	first := r.put(show)
	r.world.Advance(time.Hour)
	both(100, 300)
	r.pass() // waits for a subscription
	other := r.put(show, func(s *reminder.Setting) { s.InsuranceType = "390" })
	if other.ID == first.ID || other.Episode != 0 || other.LastReason != reminder.ReasonAlreadyBelow {
		t.Errorf("got %+v", other)
	}
	r.grant(1)
	r.pass()
	r.expect(reminder.DeliveryDropped, reminder.ReasonRuleOff, 1, 0)
	if sends := r.world.Sends(); len(sends) != 0 {
		t.Errorf("sent %+v", sends)
	}
}

func TestPutWithCancelledRequest(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	service := r.start(nil, nil)
	if _, err := service.Put(ctx, r.caller, "u-1", reminder.Setting{Threshold: 5000}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if calls := service.db.Counts(); len(calls) != 0 {
		t.Errorf("called %v", calls)
	}
}

func TestPutKeepsIDAndEpisode(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(2)
	first := r.put()
	r.fall(100)
	changed := r.put(func(s *reminder.Setting) { s.Threshold = 50 * 100; s.ShowAmount = true })
	if changed.ID != first.ID || changed.Episode != 1 || changed.State != reminder.StateBelow || !changed.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("got %+v", changed)
	}
	if armed := r.put(func(s *reminder.Setting) { s.Threshold = 100 }); armed.State != reminder.StateArmed {
		t.Errorf("got %+v", armed)
	}
	r.check(r.Delete(context.Background(), r.caller, "u-1"))
	if again := r.put(); again.ID == first.ID || again.Episode != 0 {
		t.Errorf("got %+v", again)
	}
}

// New terms between the decision and the handing over keep the outbox.
func TestPutKeepsTheOutbox(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 100)
	killed := r.start(nth(1, "deliveries.insert", kill), nil)
	_, _ = killed.EvaluateDue(context.Background())
	if r.rule().Outbox == nil {
		t.Fatal("no outbox was left")
	}
	r.put(func(s *reminder.Setting) { s.ShowAmount = true })
	r.pass() // at once
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
}

// A consent given with the rule is as provable as one given with the link.
func TestConsentWithTheRuleIsProvable(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig(), func(d *reminder.Deps) {
		d.ConsentHash = "hash of the text"
		d.ConsentProof = func(parts ...string) string { return strings.Join(parts, "|") }
	})
	r.caller.Links[0].Consent.Unattended = false
	rule := r.put(func(s *reminder.Setting) { s.ConsentVersion = "v1" })
	want := identity.Consent{Version: "v1", TextHash: "hash of the text", At: r.world.Now(), Unattended: true,
		Proof: "reminder|" + r.caller.UserID + "|u-1|v1|hash of the text|" + r.world.Now().UTC().Format(time.RFC3339)}
	if rule.Consent != want {
		t.Errorf("got %+v", rule.Consent)
	}
}
