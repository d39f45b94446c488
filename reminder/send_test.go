package reminder_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"yibao/identity"
	"yibao/reminder"
)

// twoFallen has one user with two units and a pending delivery on each of two links.
func twoFallen(t *testing.T, cfg reminder.Config) *rig {
	r := newRig(t, cfg)
	r.grant(2)
	r.put()
	_, err := r.Put(context.Background(), r.caller, "u-2", reminder.Setting{Threshold: 5000})
	r.check(err)
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	r.world.SetBalance("u-2", 1)
	_, err = r.EvaluateDue(context.Background())
	r.check(err)
	return r
}

// allAccepted checks that both messages arrived, one after the other.
func (r *rig) allAccepted() {
	r.t.Helper()
	open, finished := r.deliveries()
	if len(open) != 0 || len(finished) != 2 || len(r.world.Sends()) != 2 || r.world.SentInParallel() {
		r.t.Fatalf("%d open, %d finished, %d sends, in parallel: %v", len(open), len(finished), len(r.world.Sends()), r.world.SentInParallel())
	}
	for _, d := range finished {
		if d.State != reminder.DeliveryAccepted {
			r.t.Fatalf("%s/%s", d.State, d.Reason)
		}
	}
}

// While one process sends to a user, no other does.
func TestOneSenderToAUser(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	other := r.start(nil, nil)
	r.world.SetScript(func(request) reminder.Outcome {
		n, err := other.SendDue(context.Background())
		if n != 0 || err != nil {
			t.Errorf("the other served %d users, %v", n, err)
		}
		return reminder.Outcome{Kind: reminder.OutcomeAccepted}
	})
	_, err := r.SendDue(context.Background())
	r.check(err)
	r.allAccepted()
}

// A lease that would end during the next send is renewed before it.
func TestLeaseIsRenewed(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	other := r.start(nil, nil)
	sends := 0
	r.world.SetScript(func(request) reminder.Outcome {
		if sends++; sends == 1 {
			r.world.Advance(2*time.Minute - time.Millisecond)
			return reminder.Outcome{Kind: reminder.OutcomeAccepted}
		}
		r.world.Advance(time.Second) // past the first lease
		n, err := other.SendDue(context.Background())
		if n != 0 || err != nil {
			t.Errorf("the other served %d users, %v", n, err)
		}
		return reminder.Outcome{Kind: reminder.OutcomeAccepted}
	})
	_, err := r.SendDue(context.Background())
	r.check(err)
	r.allAccepted()
}

// A holder whose lease has ended, and is another's by now, sends no further message.
func TestTheRenewedLeaseIsAnothers(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	r.world.SetScript(func(request) reminder.Outcome {
		r.world.Advance(3 * time.Minute)
		next := r.start(nth(1, "deliveries_done.find", kill), nil) // the lease is its own
		_, _ = next.SendDue(context.Background())
		return reminder.Outcome{Kind: reminder.OutcomeAccepted}
	})
	_, err := r.SendDue(context.Background())
	r.check(err)
	if n := len(r.world.Sends()); n != 1 {
		t.Errorf("%d sends", n)
	}
	r.world.SetScript(nil)
	r.later(3 * time.Minute)
	r.allAccepted()
}

// A holder that slept longer than its lease, just before it writes "sending", finds the message sent by the next one.
func TestSleptOverItsLease(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	r.grant(1)
	sleeper := r.start(nth(1, "deliveries.get", func() error {
		r.later(3 * time.Minute)
		return nil
	}), nil)
	_, err := sleeper.SendDue(context.Background())
	r.check(err)
	r.allAccepted()
	if q := r.quota(); q.Free != 1 || len(q.Reserved) != 0 {
		t.Errorf("quota %+v", q)
	}
}

// The next holder makes a send that outlives its lease unknown. The late outcome changes nothing.
func TestSendOutlivesItsLease(t *testing.T) {
	t.Parallel()
	for _, outcome := range []reminder.OutcomeKind{reminder.OutcomeAccepted, reminder.OutcomeRetry, reminder.OutcomePermanent, reminder.OutcomeUnknown} {
		r := newRig(t, rigConfig())
		r.grant(2)
		r.put()
		other := r.start(nil, nil)
		r.world.SetScript(func(request) reminder.Outcome {
			r.world.Advance(3 * time.Minute)
			_, err := other.SendDue(context.Background())
			r.check(err)
			return reminder.Outcome{Kind: outcome, Reason: reminder.ReasonBusy}
		})
		r.fall(1)
		r.later(time.Hour)
		r.expect(reminder.DeliveryUnknown, reminder.ReasonLostAnswer, 1, 0)
		if len(r.world.Sends()) != 1 {
			t.Errorf("%s: %d sends", outcome, len(r.world.Sends()))
		}
	}
}

// The link ends during the send: none of its data stays, and the unit is settled all the same.
func TestUnlinkedDuringTheSend(t *testing.T) {
	t.Parallel()
	for outcome, free := range map[reminder.OutcomeKind]int{
		reminder.OutcomeAccepted: 0, reminder.OutcomeUnknown: 0, reminder.OutcomePermanent: 1, reminder.OutcomeRetry: 1,
	} {
		r := newRig(t, rigConfig())
		r.grant(1)
		r.put()
		r.world.SetScript(func(request) reminder.Outcome {
			r.check(r.Unlinked(context.Background(), r.caller.UserID, r.caller.Links[0], nil))
			return reminder.Outcome{Kind: outcome, Reason: reminder.ReasonBusy}
		})
		r.fall(1)
		open, finished := r.deliveries()
		if q := r.quota(); q.Free != free || len(q.Reserved) != 0 || len(open)+len(finished) != 0 {
			t.Errorf("%s: quota %+v, %d open, %d finished", outcome, q, len(open), len(finished))
		}
	}
}

// A delivery that was deleted just before the send is not looked for again and again.
func TestADeletedDeliveryIsNotInsistedOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	_, err := r.EvaluateDue(context.Background())
	r.check(err)
	looks := 0
	service := r.start(func(call string) error {
		if call == "deliveries.get" {
			looks++
			return r.Unlinked(context.Background(), r.caller.UserID, r.caller.Links[0], nil)
		}
		return nil
	}, nil)
	_, err = service.SendDue(context.Background())
	r.check(err)
	if looks != 1 || len(r.world.Sends()) != 0 || r.quota().Free != 1 {
		t.Errorf("%d looks, %d sends, quota %+v", looks, len(r.world.Sends()), r.quota())
	}
}

// The link ends between a delivery's end and its moving away.
func TestUnlinkedBeforeTheMove(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Parallel = 1 // the delivery of u-1 comes first
	r := twoFallen(t, cfg)
	service := r.start(nth(3, "deliveries.get", func() error { // after "sending" and the outcome
		r.check(r.Unlinked(context.Background(), r.caller.UserID, r.caller.Links[0], nil))
		return nil
	}), nil)
	service.db.SetTwice(false)
	_, err := service.SendDue(context.Background())
	r.check(err)
	if open, finished := r.deliveries(); len(open) != 0 || len(finished) != 1 || finished[0].LinkID != "u-2" || len(r.quota().Reserved) != 0 {
		t.Errorf("%d open, finished %+v, quota %+v", len(open), finished, r.quota())
	}
}

// The same, but the next holder is killed before it settles and finishes the unknown message. A late retry must not bring
// the message back.
func TestSendOutlivesItsLeaseAndTheNextHolder(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(2)
	r.put()
	other := r.start(nth(1, "quotas.get", kill), nil)
	r.world.SetScript(func(request) reminder.Outcome {
		r.world.Advance(3 * time.Minute)
		_, _ = other.SendDue(context.Background()) // killed
		return reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy}
	})
	r.fall(1)
	r.later(time.Hour)
	r.expect(reminder.DeliveryUnknown, reminder.ReasonLostAnswer, 1, 0)
	if len(r.world.Sends()) != 1 {
		t.Errorf("%d sends", len(r.world.Sends()))
	}
}

// A holder slept longer than its lease, just before it writes "sending". The next one was killed at a later step, and has
// left the delivery open: the first must not take "sending" for its own, and not send what the next one has dropped.
func TestSleptOverAKilledHolder(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]reminder.DeliveryState{
		"send":       reminder.DeliveryUnknown,
		"quotas.get": reminder.DeliveryDropped, // before the delivery is moved away
	} {
		r := newRig(t, rigConfig())
		r.grant(1)
		r.put()
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", 1)
		_, err := r.EvaluateDue(context.Background())
		r.check(err)
		sleeper := r.start(nth(1, "deliveries.get", func() error {
			r.world.Advance(3 * time.Minute)
			if want == reminder.DeliveryDropped {
				r.check(r.Delete(context.Background(), r.caller, "u-1"))
			}
			next := r.start(nth(1, call, kill), nil)
			_, _ = next.SendDue(context.Background())
			return nil
		}), nil)
		_, err = sleeper.SendDue(context.Background())
		r.check(err)
		r.later(3 * time.Minute)
		if d := r.last(); d.State != want || len(r.world.Sends()) != 0 {
			t.Errorf("%s/%s, %d sends, want %s", d.State, d.Reason, len(r.world.Sends()), want)
		}
	}
}

// The answer of the write of an outcome is lost, and the store cannot look for it. The repetition finds it, so the delivery
// is finished at once.
func TestALostOutcomeIsFound(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	_, err := r.EvaluateDue(context.Background())
	r.check(err)
	service := r.start(nth(3, "deliveries.get", lose), nth(2, "deliveries.replace", lose)) // after "sending" the outcome
	service.db.SetTwice(false)
	_, err = service.SendDue(context.Background())
	r.check(err)
	if open, finished := r.deliveries(); len(open) != 0 || len(finished) != 1 {
		t.Errorf("%d open, %d finished", len(open), len(finished))
	}
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
}

// bounded is a platform that notes how long a request may take.
type bounded struct{ limit time.Duration }

func (b *bounded) Send(ctx context.Context, _ reminder.Recipient, _ string, _ reminder.Message) reminder.Outcome {
	deadline, _ := ctx.Deadline()
	b.limit = time.Until(deadline)
	return reminder.Outcome{Kind: reminder.OutcomeAccepted}
}

func TestASendIsBounded(t *testing.T) {
	t.Parallel()
	var platform bounded
	cfg := rigConfig()
	cfg.SendTimeout = time.Minute
	r := newRig(t, cfg, func(d *reminder.Deps) { d.Senders = map[identity.Platform]reminder.Sender{identity.WeChat: &platform} })
	r.grant(1)
	r.put()
	r.fall(1)
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
	if platform.limit <= 0 || platform.limit > time.Minute {
		t.Errorf("a send may take %v", platform.limit)
	}
}

// A holder slept longer than its lease, and the next one got a retry for later. The first must not send before that.
func TestSleptOverARetry(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: time.Hour})
	sleeper := r.start(nth(1, "deliveries.get", func() error {
		r.later(3 * time.Minute)
		return nil
	}), nil)
	_, err := sleeper.SendDue(context.Background())
	r.check(err)
	if n := len(r.world.Sends()); n != 2 {
		t.Errorf("%d sends", n)
	}
	r.answer(reminder.Outcome{Kind: reminder.OutcomeAccepted})
	r.later(time.Hour)
	if _, finished := r.deliveries(); len(finished) != 2 || len(r.quota().Reserved) != 0 || r.quota().Free != 0 {
		t.Errorf("%d finished, quota %+v", len(finished), r.quota())
	}
}

// The answer of the write of an outcome is lost, and the writer sleeps longer than its lease. Its repetition must not touch
// the next holder's send.
func TestSleptOverTheRepetitionOfAnOutcome(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	_, err := r.EvaluateDue(context.Background())
	r.check(err)
	r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy})
	lookFails := nth(3, "deliveries.get", lose) // where the store looks for its write
	repeats := nth(4, "deliveries.get", func() error {
		r.world.Advance(3 * time.Minute)
		next := r.start(nil, nth(1, "deliveries.replace", kill))
		next.db.SetTwice(false)
		_, _ = next.SendDue(context.Background())
		return nil
	})
	sleeper := r.start(
		func(call string) error { return errors.Join(lookFails(call), repeats(call)) },
		nth(2, "deliveries.replace", lose)) // after "sending" the outcome
	sleeper.db.SetTwice(false)
	_, err = sleeper.SendDue(context.Background())
	r.check(err)
	if d := r.last(); d.State != reminder.DeliverySending || d.Attempts != 2 {
		t.Errorf("%s after %d attempts", d.State, d.Attempts)
	}
	r.later(3 * time.Minute)
	r.expect(reminder.DeliveryUnknown, reminder.ReasonLostAnswer, 0, 0)
}

// A holder that sleeps longer than its lease, just before it postpones, must not change the next holder's retry.
func TestSleptOverAPostponing(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: 5 * time.Hour})
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	_, err := r.EvaluateDue(context.Background())
	r.check(err)
	r.deps = func(d *reminder.Deps) { d.Templates = nil } // the sleeper postpones
	sleeper := r.start(nth(1, "deliveries.get", func() error {
		r.world.Advance(3 * time.Minute)
		_, err := r.SendDue(context.Background())
		return err
	}), nil)
	_, err = sleeper.SendDue(context.Background())
	r.check(err)
	if d := r.last(); d.Reason != reminder.ReasonBusy || d.NotBefore.Sub(r.world.Now()) != 5*time.Hour {
		t.Errorf("%s, next in %v", d.Reason, d.NotBefore.Sub(r.world.Now()))
	}
}

// The next holder finds a delivery in sending; before it writes "unknown", the slow sender writes a retry. That stays.
func TestASlowRetryIsNotUnknown(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	_, err := r.EvaluateDue(context.Background())
	r.check(err)
	found, written, done := make(chan struct{}), make(chan struct{}), make(chan error)
	next := r.start(nth(1, "deliveries.get", func() error {
		close(found)
		<-written
		return nil
	}), nil)
	r.world.SetScript(func(request) reminder.Outcome {
		r.world.Advance(3 * time.Minute)
		go func() {
			_, err := next.SendDue(context.Background())
			done <- err
		}()
		<-found
		return reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy}
	})
	_, err = r.SendDue(context.Background())
	r.check(err)
	close(written)
	r.check(<-done)
	r.expect(reminder.DeliveryPending, reminder.ReasonBusy, 1, 0)
}

// If an unknown message left by a crash cannot be settled, it does not block its template yet; then nothing is sent.
func TestNothingIsSentBeforeTheLeftoversAreSettled(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	killed := r.start(nth(1, "send", kill), nil)
	_, _ = killed.SendDue(context.Background())
	r.world.Advance(3 * time.Minute)
	failing := r.start(nth(1, "quotas.get", lose), nil)
	if _, err := failing.SendDue(context.Background()); !errors.Is(err, identity.ErrStore) || len(r.world.Sends()) != 0 {
		t.Errorf("%v, %d sends", err, len(r.world.Sends()))
	}
	r.pass()
	if open, _ := r.deliveries(); len(open) != 1 || open[0].Reason != reminder.ReasonUnknownBefore || len(r.world.Sends()) != 0 {
		t.Errorf("%d open, %d sends", len(open), len(r.world.Sends()))
	}
}
