package reminder_test

import (
	"context"
	"testing"
	"time"

	"yibao/identity"
	"yibao/reminder"
	"yibao/reminder/remindertest"
)

// twoFallen has a fall on both links of one user, with two units, both handed over and not yet sent.
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
	open, finished := r.store.All()
	if len(open) != 0 || len(finished) != 2 || len(r.world.Sends()) != 2 || r.world.SentInParallel() {
		r.t.Fatalf("%d open, %d finished, %d sends, in parallel: %v", len(open), len(finished), len(r.world.Sends()), r.world.SentInParallel())
	}
	for _, d := range finished {
		if d.State != reminder.DeliveryAccepted {
			r.t.Fatalf("%s/%s", d.State, d.Reason)
		}
	}
}

// While one process sends to a person, another leaves that person's deliveries alone.
func TestOneSenderToAPerson(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	other, _ := r.start(nil)
	r.world.SetScript(func(remindertest.Sent) reminder.Outcome {
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
	other, _ := r.start(nil)
	sends := 0
	r.world.SetScript(func(remindertest.Sent) reminder.Outcome {
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

// A holder that slept longer than its lease, just before writing "sending", finds the message sent by the next one.
func TestSleptOverItsLease(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	r.grant(1)
	slept := false
	sleeper, _ := r.start(func(call string) remindertest.Fault {
		if call == "UpdateDelivery" && !slept {
			slept = true
			r.later(3 * time.Minute)
		}
		return remindertest.None
	})
	_, err := sleeper.SendDue(context.Background())
	r.check(err)
	r.allAccepted()
	if q := r.quota(); q.Free != 1 || len(q.Reserved) != 0 {
		t.Errorf("quota %+v", q)
	}
}

// A send that outlives its lease is called unknown by the next holder; what it then learns changes nothing any more.
func TestSendOutlivesItsLease(t *testing.T) {
	t.Parallel()
	for _, outcome := range []reminder.OutcomeKind{reminder.OutcomeAccepted, reminder.OutcomeRetry, reminder.OutcomePermanent, reminder.OutcomeUnknown} {
		r := newRig(t, rigConfig())
		r.grant(2)
		r.put()
		other, _ := r.start(nil)
		r.world.SetScript(func(remindertest.Sent) reminder.Outcome {
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
	service, _ := r.start(func(call string) remindertest.Fault {
		if call == "UpdateQuota" {
			return remindertest.KillAfter
		}
		return remindertest.None
	})
	_, _ = service.SendDue(context.Background())
	if q := r.quota(); q.Free != 0 || len(q.Reserved) != 1 {
		t.Fatalf("quota %+v", q)
	}
	return r
}

// A unit held by a delivery that was deleted with its link goes to the next message.
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

// Where the sender itself finds the link gone, the unit is given back at once.
func TestUnitOfAGoneLinkComesBack(t *testing.T) {
	t.Parallel()
	r := reservedThenKilled(t)
	r.world.EditUser("u", func(u *identity.PlatformUser) { u.Links = u.Links[1:] })
	r.world.Advance(3 * time.Minute)
	_, err := r.SendDue(context.Background())
	r.check(err)
	open, finished := r.store.All()
	if q := r.quota(); q.Free != 1 || len(q.Reserved) != 0 || len(open)+len(finished) != 0 {
		t.Errorf("quota %+v, %d open, %d finished", q, len(open), len(finished))
	}
}

// The link ends while its message is on the way: nothing of it stays, and the unit is settled all the same.
func TestUnlinkedDuringTheSend(t *testing.T) {
	t.Parallel()
	for outcome, free := range map[reminder.OutcomeKind]int{
		reminder.OutcomeAccepted: 0, reminder.OutcomeUnknown: 0, reminder.OutcomePermanent: 1, reminder.OutcomeRetry: 1,
	} {
		r := newRig(t, rigConfig())
		r.grant(1)
		r.put()
		r.world.SetScript(func(remindertest.Sent) reminder.Outcome {
			r.check(r.Unlinked(context.Background(), "u", r.caller.Links[0], nil))
			return reminder.Outcome{Kind: outcome, Reason: reminder.ReasonBusy}
		})
		r.fall(1)
		open, finished := r.store.All()
		if q := r.quota(); q.Free != free || len(q.Reserved) != 0 || len(open)+len(finished) != 0 {
			t.Errorf("%s: quota %+v, %d open, %d finished", outcome, q, len(open), len(finished))
		}
	}
}

// The link ends between a delivery's end and its moving away.
func TestUnlinkedBeforeTheMove(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	service, _ := r.start(func(call string) remindertest.Fault {
		if call == "FinishDelivery" {
			r.check(r.Unlinked(context.Background(), "u", r.caller.Links[0], nil))
		}
		return remindertest.None
	})
	_, err := service.SendDue(context.Background())
	r.check(err)
	if _, finished := r.store.All(); len(finished) != 1 || len(r.quota().Reserved) != 0 {
		t.Errorf("%d finished, quota %+v", len(finished), r.quota())
	}
}

// The same, with a next holder that was killed before it could settle and move the unknown message: "try again" must not
// bring it back.
func TestSendOutlivesItsLeaseAndTheNextHolder(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(2)
	r.put()
	other, _ := r.start(func(call string) remindertest.Fault {
		if call == "UpdateQuota" {
			return remindertest.KillBefore
		}
		return remindertest.None
	})
	r.world.SetScript(func(remindertest.Sent) reminder.Outcome {
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

// A holder that slept over its lease, while the next one sent and was told to try again later, must not try before that.
func TestSleptOverARetry(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: time.Hour})
	slept := false
	sleeper, _ := r.start(func(call string) remindertest.Fault {
		if call == "UpdateDelivery" && !slept {
			slept = true
			r.later(3 * time.Minute)
		}
		return remindertest.None
	})
	_, err := sleeper.SendDue(context.Background())
	r.check(err)
	if n := len(r.world.Sends()); n != 2 {
		t.Errorf("%d sends", n)
	}
	r.answer(reminder.Outcome{Kind: reminder.OutcomeAccepted})
	r.later(time.Hour)
	if _, finished := r.store.All(); len(finished) != 2 || len(r.quota().Reserved) != 0 || r.quota().Free != 0 {
		t.Errorf("%d finished, quota %+v", len(finished), r.quota())
	}
}
