package reminder_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"yibao/balance"
	"yibao/reminder"
	"yibao/reminder/remindertest"
)

// atCall plans one fault at the nth call of a process.
func atCall(n int, fault remindertest.Fault, hit *string) func(string) remindertest.Fault {
	calls := 0
	return func(call string) remindertest.Fault {
		calls++
		if calls-1 != n {
			return remindertest.None
		}
		*hit = call
		return fault
	}
}

// TestEveryCrashPoint runs fall, recovery, fall, recovery, fall with one fault at each outside call in turn: no fall
// may be lost or have two messages, and no unit of quota may be lost.
func TestEveryCrashPoint(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Parallel = 1 // one call after the other: the nth is the same in every run
	for fault := remindertest.KillBefore; int(fault) < remindertest.Faults; fault++ {
		for n := 0; ; n++ {
			r, hit := crashRun(t, cfg, n, fault)
			if hit == "" {
				if n < 60 {
					t.Errorf("only %d calls: the scenario is not run", n)
				}
				break
			}
			checkCrashRun(t, r, fmt.Sprintf("fault %d at call %d (%s)", fault, n, hit), hit == "Send")
		}
	}
}

func crashRun(t *testing.T, cfg reminder.Config, n int, fault remindertest.Fault) (*rig, string) {
	r := newRig(t, cfg)
	r.grant(5)
	r.put()
	hit := ""
	service, process := r.start(atCall(n, fault, &hit))
	pass := func() {
		if process.Dead() {
			service, process = r.start(nil)
		}
		_, _ = service.EvaluateDue(context.Background()) // the fault's error is expected
		_, _ = service.SendDue(context.Background())
	}
	for _, fen := range []balance.Fen{4000, 9000, 3000, 9000, 2000} {
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", fen)
		for range 8 { // more than one lease and one unknown message
			pass()
			r.world.Advance(5 * time.Minute)
		}
	}
	return r, hit
}

func checkCrashRun(t *testing.T, r *rig, name string, atSend bool) {
	t.Helper()
	open, finished := r.store.All()
	rule := r.rule()
	if rule.Episode != 3 || rule.Outbox != nil || len(open) != 0 || len(finished) != 3 {
		t.Fatalf("%s: episode %d, outbox %v, %d open, %d finished", name, rule.Episode, rule.Outbox, len(open), len(finished))
	}
	messages := map[time.Time]int{}
	for _, sent := range r.world.Sends() {
		messages[sent.Message.AsOf]++
		if messages[sent.Message.AsOf] > 1 {
			t.Fatalf("%s: two messages", name)
		}
	}
	unknown := 0
	for _, d := range finished {
		switch {
		case d.State == reminder.DeliveryUnknown:
			unknown++
		case d.State != reminder.DeliveryAccepted || messages[d.Message.AsOf] != 1:
			t.Fatalf("%s: %s/%s, %d messages", name, d.State, d.Reason, messages[d.Message.AsOf])
		}
	}
	if q := r.quota(); q.Free != 2 || len(q.Reserved) != 0 {
		t.Fatalf("%s: quota %+v", name, q)
	}
	// A delivery is unknown only if its request was on the way, or if the answer of a write around it was lost.
	if unknown > 1 || (atSend && unknown != 1) {
		t.Fatalf("%s: %d unknown", name, unknown)
	}
}

// If the sender is killed before it writes "sending", the message is sent after the restart. If it is killed after that, the
// message is unknown and never sent again.
func TestCrashBeforeSendingIsNotUnknown(t *testing.T) {
	t.Parallel()
	for fault, want := range map[remindertest.Fault]reminder.DeliveryState{
		remindertest.KillBefore: reminder.DeliveryAccepted,
		remindertest.KillAfter:  reminder.DeliveryUnknown,
		remindertest.FailBefore: reminder.DeliveryAccepted,
		remindertest.FailAfter:  reminder.DeliveryAccepted, // it identifies its own write
	} {
		r := newRig(t, rigConfig())
		r.grant(1)
		r.put()
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", 1)
		_, err := r.EvaluateDue(context.Background())
		r.check(err)
		first := true
		service, _ := r.start(func(call string) remindertest.Fault {
			if call == "UpdateDelivery" && first {
				first = false
				return fault
			}
			return remindertest.None
		})
		_, _ = service.SendDue(context.Background())
		for range 3 {
			r.later(3 * time.Minute)
		}
		if d := r.last(); d.State != want {
			t.Errorf("fault %d: %s, want %s", fault, d.State, want)
		}
		if q := r.quota(); q.Free != 0 || len(q.Reserved) != 0 {
			t.Errorf("fault %d: quota %+v", fault, q)
		}
	}
}

// insertFirst writes in the wrong order: the delivery before the rule's state, without an outbox.
func insertFirst(r *rig, crash bool) {
	ctx := context.Background()
	rule := r.rule()
	fen := balance.Fen(0)
	answer, err := r.world.Fresh(ctx, balance.Subject{PersonID: "u-1", Region: remindertest.Region})
	r.check(err)
	fen = *answer.Enrolments[0].Account.Balance
	below := fen < rule.Threshold
	if below && rule.State == reminder.StateArmed {
		r.check(r.store.InsertDelivery(ctx, reminder.Delivery{
			ID: reminder.DeliveryID(rule.ID, rule.Episode+1), UserID: "u", LinkID: "u-1", NotBefore: r.world.Now(),
			Message: reminder.Message{AsOf: answer.AsOf},
		}))
		if crash {
			return
		}
		rule.Episode++
	}
	_, err = r.store.UpdateRule(ctx, "u-1", func(current *reminder.Rule) error {
		current.Episode, current.State = rule.Episode, reminder.StateArmed
		if below {
			current.State = reminder.StateBelow
		}
		return nil
	})
	r.check(err)
}

// TestInsertFirstLosesAFall shows why the rule's state, with the message in its outbox, is written before the delivery. In
// the other order a crash between the two leaves the rule undecided. If the balance recovers before the restart, the next
// fall gets the key of the first one, and its insertion does nothing.
func TestInsertFirstLosesAFall(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	for i, fen := range []balance.Fen{4000, 9000, 3000} {
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", fen)
		insertFirst(r, i == 0)
	}
	if open, _ := r.store.All(); len(open) != 1 {
		t.Fatalf("%d deliveries of 2 falls: the wrong order loses none", len(open))
	}
}

// TestStateFirstKeepsBothFalls does the same in the right order.
func TestStateFirstKeepsBothFalls(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"UpdateRule", "InsertDelivery"} {
		r := newRig(t, rigConfig())
		r.grant(2)
		r.put()
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", 4000)
		service, process := r.start(func(c string) remindertest.Fault {
			if c == call {
				return remindertest.KillAfter
			}
			return remindertest.None
		})
		_, _ = service.EvaluateDue(context.Background())
		if !process.Dead() {
			t.Fatal("was not killed")
		}
		r.fall(9000)
		r.fall(3000)
		open, finished := r.store.All()
		if len(open)+len(finished) != 2 {
			t.Errorf("killed after %s: %d open, %d finished", call, len(open), len(finished))
		}
	}
}
