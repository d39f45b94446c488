package reminder_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// TestEveryCrashPoint runs fall, recovery, fall with one fault at each outside call in turn, which are all database
// commands and the sends: no fall may be lost or have two messages, and no unit of quota may be lost.
func TestEveryCrashPoint(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(fmt.Sprintf("%+v", f), func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				r, hit := crashRun(t, f, n)
				if hit == "" {
					if n < 100 {
						t.Errorf("only %d calls: the scenario is not run", n)
					}
					break
				}
				checkCrashRun(t, r, fmt.Sprintf("at call %d (%s)", n, hit), hit == "send")
			}
		})
	}
}

func crashRun(t *testing.T, f fault, n int) (*rig, string) {
	cfg := rigConfig()
	cfg.Parallel = 1 // one call after the other: the nth is the same in every run
	r := newRig(t, cfg)
	r.grant(5)
	r.put()
	hit := ""
	process := r.start(f.hooks(n, &hit))
	for _, fen := range []balance.Fen{4000, 9000, 3000} {
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", fen)
		for pass := 0; pass == 0 || pass < 8 && hit != ""; pass++ { // more than one lease and one unknown message
			if process.dead.Load() {
				process = r.start(nil, nil)
			}
			_, _ = process.EvaluateDue(context.Background()) // the fault's error is expected
			_, _ = process.SendDue(context.Background())
			if hit != "" { // an outage ends with its pass
				process.before, process.after = nil, nil
			}
			r.world.Advance(5 * time.Minute)
		}
	}
	return r, hit
}

func checkCrashRun(t *testing.T, r *rig, name string, atSend bool) {
	t.Helper()
	open, finished := r.deliveries()
	rule := r.rule()
	if rule.Episode != 2 || rule.Outbox != nil || len(open) != 0 || len(finished) != 2 {
		t.Fatalf("%s: episode %d, outbox %v, %d open, %d finished", name, rule.Episode, rule.Outbox, len(open), len(finished))
	}
	messages := map[string]int{}
	for _, sent := range r.world.Sends() {
		messages[sent.Delivery]++
		if messages[sent.Delivery] > 1 {
			t.Fatalf("%s: two messages", name)
		}
	}
	unknown := 0
	for _, d := range finished {
		switch {
		case d.State == reminder.DeliveryUnknown:
			unknown++
		case d.State != reminder.DeliveryAccepted || messages[d.ID] != 1:
			t.Fatalf("%s: %s/%s, %d messages", name, d.State, d.Reason, messages[d.ID])
		}
	}
	if q := r.quota(); q.Free != 3 || len(q.Reserved) != 0 {
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
	const replace = "deliveries.replace"
	for name, tt := range map[string]struct {
		before, after hook
		want          reminder.DeliveryState
	}{
		"killed before": {nth(1, replace, kill), nil, reminder.DeliveryAccepted},
		"killed after":  {nil, nth(1, replace, kill), reminder.DeliveryUnknown},
		"lost before":   {nth(1, replace, lose), nil, reminder.DeliveryAccepted},
		"lost after":    {nil, nth(1, replace, lose), reminder.DeliveryAccepted}, // the store finds its own write
		"and its look":  {nth(2, "deliveries.get", lose), nth(1, replace, lose), reminder.DeliveryAccepted},
	} {
		r := newRig(t, rigConfig())
		r.grant(1)
		r.put()
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", 1)
		_, err := r.EvaluateDue(context.Background())
		r.check(err)
		process := r.start(tt.before, tt.after)
		process.db.SetTwice(false)
		_, _ = process.SendDue(context.Background())
		for range 3 {
			r.later(3 * time.Minute)
		}
		if d := r.last(); d.State != tt.want {
			t.Errorf("%s: %s, want %s", name, d.State, tt.want)
		}
		if q := r.quota(); q.Free != 0 || len(q.Reserved) != 0 {
			t.Errorf("%s: quota %+v", name, q)
		}
	}
}

// insertFirst writes in the wrong order: the delivery before the rule's state, without an outbox.
func insertFirst(r *rig, crash bool) {
	ctx := context.Background()
	rule := r.rule()
	fen := balance.Fen(0)
	answer, err := r.world.Fresh(ctx, balance.Subject{PersonID: "u-1", Region: region})
	r.check(err)
	fen = *answer.Enrolments[0].Account.Balance
	below := fen < rule.Threshold
	if below && rule.State == reminder.StateArmed {
		r.check(r.store.InsertDelivery(ctx, reminder.Delivery{
			ID: reminder.DeliveryID(rule.ID, rule.Episode+1), UserID: r.caller.UserID, LinkID: "u-1", NotBefore: r.world.Now(),
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
	if open, _ := r.deliveries(); len(open) != 1 {
		t.Fatalf("%d deliveries of 2 falls: the wrong order loses none", len(open))
	}
}

// TestStateFirstKeepsBothFalls does the same in the right order.
func TestStateFirstKeepsBothFalls(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"rules.replace", "deliveries.insert"} {
		r := newRig(t, rigConfig())
		r.grant(2)
		r.put()
		r.world.Advance(time.Hour)
		r.world.SetBalance("u-1", 4000)
		n := map[string]int{"rules.replace": 2, "deliveries.insert": 1}[call] // the rule's first is the claim
		process := r.start(nil, nth(n, call, kill))
		process.db.SetTwice(false)
		_, _ = process.EvaluateDue(context.Background())
		if !process.dead.Load() {
			t.Fatal("was not killed")
		}
		fallen := r.world.Now()
		r.fall(9000)
		if d := r.last(); !d.CreatedAt.Equal(fallen) || d.ExpiresAt.Sub(fallen) != r.cfg.DeliveryTTL {
			t.Errorf("killed after %s: the fall of %v was created at %v, expires at %v", call, fallen, d.CreatedAt, d.ExpiresAt)
		}
		r.fall(3000)
		open, finished := r.deliveries()
		if len(open)+len(finished) != 2 {
			t.Errorf("killed after %s: %d open, %d finished", call, len(open), len(finished))
		}
	}
}

// TestUnlinkedAtEveryCall ends a link wholly before or after each outside call of a process that sends its message: none
// of the link's data stays once Unlinked was called again after the longest lease, as linking does, and no unit is lost.
func TestUnlinkedAtEveryCall(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			cfg := rigConfig()
			cfg.Parallel = 1
			r := newRig(t, cfg)
			r.grant(3)
			r.put()
			r.world.Advance(time.Hour)
			r.world.SetBalance("u-1", 1)
			ended := ""
			unlink := func() {
				r.check(r.Unlinked(context.Background(), r.caller.UserID, r.caller.Links[0], nil))
			}
			meanwhile := nth(n, "", func() error {
				ended = "ended"
				r.editLink(func(l *identity.Link) { l.State = identity.LinkEnding })
				unlink()
				return nil
			})
			process := r.start(meanwhile, nil)
			if after {
				process = r.start(nil, meanwhile)
			}
			_, _ = process.EvaluateDue(context.Background())
			_, _ = process.SendDue(context.Background())
			if ended == "" {
				break
			}
			r.later(5 * time.Minute)
			unlink()
			open, finished := r.deliveries()
			if len(open)+len(finished)+len(r.rules()) != 0 {
				t.Fatalf("after %v, call %d: %d open, %d finished, %d rules", after, n, len(open), len(finished), len(r.rules()))
			}
			_, err := r.Put(context.Background(), r.caller, "u-2", reminder.Setting{Threshold: 5000})
			r.check(err)
			r.world.SetBalance("u-2", 1)
			r.later(time.Hour)
			if sends, q := len(r.world.Sends()), r.quota(); q.Free != 3-sends || len(q.Reserved) != 0 || sends == 0 {
				t.Fatalf("after %v, call %d: %d sends, quota %+v", after, n, sends, q)
			}
		}
	}
}
