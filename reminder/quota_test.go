package reminder_test

import (
	"context"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

var notSubscribed = reminder.Outcome{Kind: reminder.OutcomePermanent, Code: "43101", Reason: reminder.ReasonNotSubscribed}

// The user subscribes again during a send that the platform refuses for want of a subscription: the message goes next.
func TestGrantDuringARefusedSend(t *testing.T) {
	t.Parallel()
	for kind, want := range map[reminder.Kind]int{reminder.OneTime: 0, reminder.LongTerm: 1} {
		r := newRig(t, rigConfig(), func(d *reminder.Deps) { d.Templates[0].Kind = kind })
		r.grant(3)
		r.put()
		r.world.SetScript(func(request) reminder.Outcome {
			r.grant(1)
			r.world.SetScript(nil)
			return notSubscribed
		})
		r.fall(100)
		r.pass() // at once: no clock moves
		r.expect(reminder.DeliveryAccepted, "", want, 0)
	}
}

// A refusal for want of a subscription voids the quota, and the message waits for the next grant.
func TestNotSubscribedWaitsForAGrant(t *testing.T) {
	t.Parallel()
	for kind, want := range map[reminder.Kind]int{reminder.OneTime: 0, reminder.LongTerm: 1} {
		r := newRig(t, rigConfig(), func(d *reminder.Deps) { d.Templates[0].Kind = kind })
		r.grant(3)
		r.put()
		r.answer(notSubscribed, reminder.Outcome{Kind: reminder.OutcomeAccepted})
		r.fall(100)
		r.expect(reminder.DeliveryPending, reminder.ReasonNotSubscribed, 0, 0)
		r.grant(1)
		r.pass()
		r.expect(reminder.DeliveryAccepted, "", want, 0)
	}
}

// A client that reports grants which the platform does not know costs a send each, and never more than any message.
func TestNeverSubscribedEnds(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	r := newRig(t, cfg)
	r.put()
	r.answer(notSubscribed)
	r.fall(100)
	for range cfg.MaxAttempts + 2 {
		r.grant(1)
		r.pass()
	}
	r.expect(reminder.DeliveryRefused, reminder.ReasonNotSubscribed, 2, 0)
	if n := len(r.world.Sends()); n != cfg.MaxAttempts {
		t.Error(n, "sends")
	}
}

// A unit that comes back after a retry is one of a one-time template, within the limit. A long-term grant is no unit.
func TestAUnitComesBack(t *testing.T) {
	t.Parallel()
	for kind, want := range map[reminder.Kind]int{reminder.OneTime: 2, reminder.LongTerm: 1} {
		cfg := rigConfig()
		cfg.MaxFree = 2
		r := newRig(t, cfg, func(d *reminder.Deps) { d.Templates[0].Kind = kind })
		r.grant(2)
		r.put()
		r.world.SetScript(func(request) reminder.Outcome {
			r.grant(1)
			return reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy}
		})
		r.fall(100)
		r.expect(reminder.DeliveryPending, reminder.ReasonBusy, want, 0)
	}
}

// The last refusal was written down before a crash. The next holder does not know what was granted since the send: the
// platform's count, none, is right.
func TestRefusalLeftByACrash(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.MaxAttempts = 1
	r := newRig(t, cfg)
	r.grant(3)
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	_, err := r.EvaluateDue(context.Background())
	r.check(err)
	r.answer(notSubscribed)
	killed := r.start(nth(2, "quotas.get", kill), nil) // before it settles
	killed.db.SetTwice(false)
	_, _ = killed.SendDue(context.Background())
	refused := r.world.Now()
	r.later(3 * time.Minute)
	r.expect(reminder.DeliveryRefused, reminder.ReasonNotSubscribed, 0, 0)
	if d := r.last(); !d.EndedAt.Equal(refused) {
		t.Errorf("refused at %v, ended at %v", refused, d.EndedAt)
	}
}

func TestTheLastUnknownMessageBlocks(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.world.Advance(time.Hour)
	now := r.world.Now()
	_, err := r.store.UpdateQuota(context.Background(), r.caller.UserID, lowBalance, func(q *reminder.Quota) error {
		q.Unknown["a"], q.Unknown["b"], q.Unknown["c"] = now.Add(time.Minute), now.Add(9*time.Minute), now.Add(5*time.Minute)
		return nil
	})
	r.check(err)
	r.world.SetBalance("u-1", 1)
	r.pass()
	r.expect(reminder.DeliveryPending, reminder.ReasonUnknownBefore, 1, 0)
	if wait := r.last().NotBefore.Sub(now); wait != 9*time.Minute {
		t.Errorf("waits %v", wait)
	}
}

func TestQuotasLeaveOutOldUnknowns(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.answer(reminder.Outcome{Kind: reminder.OutcomeUnknown})
	r.fall(1)
	for want := 1; want >= 0; want-- {
		quotas, err := r.Quotas(context.Background(), r.caller)
		r.check(err)
		if len(quotas[0].Unknown) != want || quotas[0].Free != 0 {
			t.Errorf("got %+v, want %d unknown", quotas[0], want)
		}
		r.world.Advance(10 * time.Minute)
	}
}

func TestUnknownBlocksTheTemplate(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(3)
	r.put()
	_, err := r.Put(context.Background(), r.caller, "u-2", reminder.Setting{Threshold: 5000})
	r.check(err)
	r.answer(reminder.Outcome{Kind: reminder.OutcomeUnknown}, reminder.Outcome{Kind: reminder.OutcomeAccepted})
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	r.world.SetBalance("u-2", 1)
	r.pass()
	open, _ := r.deliveries()
	if len(open) != 1 || open[0].Reason != reminder.ReasonUnknownBefore || len(r.world.Sends()) != 1 {
		t.Fatalf("%d open, %d sends", len(open), len(r.world.Sends()))
	}
	r.later(10*time.Minute - time.Second)
	if len(r.world.Sends()) != 1 || len(r.quota().Unknown) != 1 {
		t.Fatal("the block ended early")
	}
	r.later(time.Second)
	if len(r.world.Sends()) != 2 {
		t.Fatal("the block did not end")
	}
	if q := r.quota(); q.Free != 1 || len(q.Unknown) != 0 {
		t.Errorf("quota %+v", q)
	}
}

func TestLongTermIsNotUsedUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig(), func(d *reminder.Deps) { d.Templates[0].Kind = reminder.LongTerm })
	r.put()
	r.grant(3)
	for range 3 {
		r.fall(100)
		r.expect(reminder.DeliveryAccepted, "", 1, 0)
		r.fall(balance.Fen(9000))
	}
	r.answer(notSubscribed)
	r.fall(100)
	r.expect(reminder.DeliveryPending, reminder.ReasonNotSubscribed, 0, 0)
}

func TestNoQuotaWaitsForASubscription(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.fall(100)
	r.expect(reminder.DeliveryPending, reminder.ReasonNoQuota, 0, 0)
	report(t, r, "no", "reject")
	if wait := r.last().NotBefore.Sub(r.world.Now()); wait != time.Hour {
		t.Errorf("waits %v after a refusal", wait)
	}
	r.grant(1)
	r.pass() // at once: no clock moves
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
}

func TestNoQuotaExpires(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.DeliveryTTL = 90 * time.Minute // ends between two checks
	r := newRig(t, cfg)
	r.put()
	r.fall(100)
	r.later(90*time.Minute - time.Second)
	r.expect(reminder.DeliveryPending, reminder.ReasonNoQuota, 0, 0)
	r.later(time.Second)
	r.expect(reminder.DeliveryDropped, reminder.ReasonExpired, 0, 0)
	if len(r.world.Sends()) != 0 {
		t.Error("sent without quota")
	}
}

// A grant between the failed reservation and the postponing finds nothing to wake. It must be used all the same.
func TestGrantDuringPostponing(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	granted := false
	service := r.start(nth(1, "deliveries.get", func() error {
		granted = true
		r.grant(1)
		return nil
	}), nil)
	_, err := service.EvaluateDue(context.Background())
	r.check(err)
	_, err = service.SendDue(context.Background())
	r.check(err)
	if !granted {
		t.Fatal("nothing was postponed")
	}
	r.pass()
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
}

// A report that is slow to wake a delivery must not touch what another process has made of it.
func TestSlowReport(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]hook{
		"postponed": nil, // by a retry
		"sending":   nth(1, "send", kill),
	} {
		r := newRig(t, rigConfig())
		r.put()
		r.fall(100) // waits for a subscription
		r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: 5 * time.Hour})
		var written reminder.Delivery
		slow := r.start(nth(1, "deliveries.get", func() error {
			r.world.Advance(time.Hour)
			_, _ = r.start(before, nil).SendDue(context.Background())
			written = r.last()
			r.world.Advance(time.Minute)
			return nil
		}), nil)
		_, err := slow.Report(context.Background(), r.caller, reminder.Report{ID: "1", Results: map[string]string{templateID: "accept"}})
		r.check(err)
		if d := r.last(); written.Attempts != 1 || !d.NotBefore.Equal(written.NotBefore) {
			t.Errorf("%s: %+v became %+v", name, written, d)
		}
	}
}

// reservedThenKilled leaves one unit reserved for a pending delivery of u-1.
func reservedThenKilled(t *testing.T) *rig {
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	_, err := r.Put(context.Background(), r.caller, "u-2", reminder.Setting{Threshold: 5000})
	r.check(err)
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	_, err = r.EvaluateDue(context.Background())
	r.check(err)
	killed := r.start(nil, nth(1, "quotas.replace", kill))
	killed.db.SetTwice(false)
	_, _ = killed.SendDue(context.Background())
	if q := r.quota(); q.Free != 0 || len(q.Reserved) != 1 {
		t.Fatalf("quota %+v", q)
	}
	return r
}

// The unit of a delivery that was deleted with its link goes to the next message.
func TestUnitOfADeletedDeliveryComesBack(t *testing.T) {
	t.Parallel()
	r := reservedThenKilled(t)
	r.check(r.Unlinked(context.Background(), "u", r.caller.Links[0], nil))
	r.world.SetBalance("u-2", 1)
	r.later(time.Hour)
	if q := r.quota(); q.Free != 0 || len(q.Reserved) != 0 || len(r.world.Sends()) != 1 {
		t.Errorf("quota %+v, %d sends", q, len(r.world.Sends()))
	}
}

// If the sender itself finds the link gone, it gives the unit back at once.
func TestUnitOfAGoneLinkComesBack(t *testing.T) {
	t.Parallel()
	r := reservedThenKilled(t)
	r.editUser(func(u *identity.PlatformUser) { u.Links = u.Links[1:] })
	r.world.Advance(3 * time.Minute)
	_, err := r.SendDue(context.Background())
	r.check(err)
	open, finished := r.deliveries()
	if q := r.quota(); q.Free != 1 || len(q.Reserved) != 0 || len(open)+len(finished) != 0 {
		t.Errorf("quota %+v, %d open, %d finished", q, len(open), len(finished))
	}
}

// A reserved unit stays that of its delivery while that is postponed.
func TestUnitOfAPostponedDeliveryStays(t *testing.T) {
	t.Parallel()
	r := reservedThenKilled(t)
	r.put(func(s *reminder.Setting) { s.Quiet = reminder.QuietHours{Start: 13 * 60, End: 17 * 60} })
	r.later(3 * time.Minute)
	r.expect(reminder.DeliveryPending, reminder.ReasonQuietHours, 0, 1)
	r.world.SetBalance("u-2", 1)
	r.later(time.Hour)
	r.expect(reminder.DeliveryPending, reminder.ReasonQuietHours, 0, 1)
	open, _ := r.deliveries()
	if len(open) != 2 || open[1].Reason != reminder.ReasonNoQuota || len(r.world.Sends()) != 0 {
		t.Errorf("open %+v, %d sends", open, len(r.world.Sends()))
	}
}

// A unit is not given back before a lease is over, even if its delivery is gone: its holder may be slow.
func TestAYoungUnitOfADeletedDeliveryStays(t *testing.T) {
	t.Parallel()
	r := reservedThenKilled(t)
	r.check(r.Unlinked(context.Background(), "u", r.caller.Links[0], nil))
	r.world.Advance(time.Minute)
	r.world.SetBalance("u-2", 1)
	_, err := r.store.UpdateRule(context.Background(), "u-2", func(rule *reminder.Rule) error {
		rule.DueAt = r.world.Now()
		return nil
	})
	r.check(err)
	r.later(time.Minute) // the killed holder's lease is over, its unit as old as a lease
	open, _ := r.deliveries()
	if q := r.quota(); len(open) != 1 || open[0].Reason != reminder.ReasonNoQuota || q.Free != 0 || len(q.Reserved) != 1 {
		t.Errorf("%d open, quota %+v", len(open), q)
	}
}
