package reminder_test

import (
	"context"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// A postponed message has the balance of the time when it leaves.
func TestPostponedMessageIsRefreshed(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put(func(s *reminder.Setting) { s.ShowAmount = true })
	r.fall(4000)
	if b := r.last().Message.Balance; b == nil || *b != 4000 {
		t.Fatalf("decided on %v", b)
	}
	r.world.Advance(time.Minute)
	r.world.SetBalance("u-1", 3000)
	r.grant(1)
	r.pass()
	sends := r.world.Sends()
	if len(sends) != 1 || sends[0].Message.Balance == nil || *sends[0].Message.Balance != 3000 || !sends[0].Message.AsOf.Equal(r.world.Now()) {
		t.Errorf("sent %+v", sends)
	}
	if m := r.last().Message; m.Balance == nil || *m.Balance != 3000 || !m.AsOf.Equal(r.world.Now()) {
		t.Errorf("kept %+v", m)
	}
}

// A delivery that found no worker or a busy platform is as old as a postponed one.
func TestLateMessageIsAskedAgain(t *testing.T) {
	t.Parallel()
	busy := reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: 10 * time.Minute}
	for name, delay := range map[string]func(*rig){
		"no worker for a night": func(r *rig) {
			r.world.Advance(time.Hour)
			r.world.SetBalance("u-1", 100)
			_, err := r.EvaluateDue(context.Background())
			r.check(err)
			r.world.Advance(10 * time.Hour)
		},
		"platform busy": func(r *rig) {
			r.answer(busy, reminder.Outcome{Kind: reminder.OutcomeAccepted})
			r.fall(100)
			r.world.Advance(time.Hour)
		},
	} {
		for balanceNow, want := range map[balance.Fen]reminder.DeliveryState{
			9000: reminder.DeliveryDropped, 70: reminder.DeliveryAccepted,
		} {
			r := newRig(t, rigConfig())
			r.grant(1)
			r.put(func(s *reminder.Setting) { s.ShowAmount = true })
			delay(r)
			r.world.SetBalance("u-1", balanceNow)
			before := len(r.world.Sends())
			_, err := r.SendDue(context.Background())
			r.check(err)
			if d := r.last(); d.State != want {
				t.Errorf("%s, now %v: %s/%s", name, balanceNow, d.State, d.Reason)
			}
			if sends := r.world.Sends()[before:]; len(sends) > 0 && *sends[0].Message.Balance != balanceNow {
				t.Errorf("%s: sent %v, it is %v", name, *sends[0].Message.Balance, balanceNow)
			}
		}
	}
}

func TestRecheckJustBeforeTheSend(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	link := func(edit func(*identity.Link)) func(*rig) {
		return func(r *rig) { r.editLink(edit) }
	}
	tests := []struct {
		name   string
		change func(*rig)
		reason reminder.Reason
	}{
		{"consent withdrawn", link(func(l *identity.Link) { l.Consent.Unattended = false }), reminder.ReasonNoConsent},
		{"rule deleted", func(r *rig) { r.check(r.Delete(ctx, r.caller, "u-1")) }, reminder.ReasonRuleOff},
		{"rule new", func(r *rig) { r.check(r.Delete(ctx, r.caller, "u-1")); r.put() }, reminder.ReasonRuleOff},
		{"other threshold", func(r *rig) { r.put(func(s *reminder.Setting) { s.Threshold = 200 }) }, reminder.ReasonRuleOff},
		{"recovered, and fell again since", func(r *rig) {
			r.world.Advance(time.Hour)
			r.world.SetBalance("u-1", 9000)
			_, err := r.EvaluateDue(ctx)
			r.check(err)
			r.world.SetBalance("u-1", 100) // the next evaluation makes it a message of its own
		}, reminder.ReasonRecovered},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigConfig())
			r.put()
			r.fall(100)
			r.expect(reminder.DeliveryPending, reminder.ReasonNoQuota, 0, 0)
			tt.change(r)
			r.grant(1)
			r.pass()
			r.expect(reminder.DeliveryDropped, tt.reason, 1, 0)
			if len(r.world.Sends()) != 0 {
				t.Error("sent")
			}
		})
	}
}

// The owner changed their mind about lock screens after the fall.
func TestAmountIsTakenOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put(func(s *reminder.Setting) { s.ShowAmount = true })
	r.fall(100)
	r.put()
	r.grant(1)
	r.pass()
	if sends := r.world.Sends(); len(sends) != 1 || sends[0].Message.Balance != nil || r.last().Message.Balance != nil {
		t.Errorf("sent %+v, kept %+v", sends, r.last().Message)
	}
}

func TestMissingTemplateIsPostponed(t *testing.T) {
	t.Parallel()
	for _, missing := range []func(*reminder.Deps){
		func(d *reminder.Deps) { d.Templates = nil },
		func(d *reminder.Deps) { d.Senders = nil },
	} {
		r := newRig(t, rigConfig())
		r.grant(1)
		r.put()
		r.deps = missing
		r.Service = r.start(nil, nil).Service
		r.fall(100)
		if d := r.last(); d.State != reminder.DeliveryPending || d.Reason != reminder.ReasonBadTemplate {
			t.Fatalf("%s/%s", d.State, d.Reason)
		}
		r.deps = nil // corrected
		r.Service = r.start(nil, nil).Service
		r.later(time.Hour)
		r.expect(reminder.DeliveryAccepted, "", 0, 0)
	}
}

func TestQuietHoursPostpone(t *testing.T) {
	t.Parallel()
	night := func(s *reminder.Setting) { s.Quiet = reminder.QuietHours{Start: 13 * 60, End: 17 * 60} }
	tests := []struct {
		name   string
		during func(*rig)
		state  reminder.DeliveryState
		reason reminder.Reason
		sends  int
	}{
		{"still below", func(*rig) {}, reminder.DeliveryAccepted, "", 1},
		{"recovered a little", func(r *rig) { r.world.SetBalance("u-1", 5000) }, reminder.DeliveryDropped, reminder.ReasonRecovered, 0},
		{"recovered and fell: the later fall has the message", func(r *rig) {
			r.fall(9000)
			r.fall(100)
		}, reminder.DeliveryAccepted, "", 1},
		{"upstream down", func(r *rig) { r.world.SetDown(true) }, reminder.DeliveryPending, reminder.ReasonNotFresh, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigConfig())
			r.grant(2)
			r.put(night)
			r.world.Advance(time.Hour) // to 13:00
			r.world.SetBalance("u-1", 100)
			_, err := r.EvaluateDue(context.Background()) // the decision already knows of the quiet hours
			r.check(err)
			if d := r.last(); d.State != reminder.DeliveryPending || d.Reason != reminder.ReasonQuietHours || !d.NotBefore.Equal(shanghai(21, 17, 0)) {
				t.Fatalf("got %+v", d)
			}
			tt.during(r)
			for r.world.Now().Before(shanghai(21, 17, 0)) {
				if n := len(r.world.Sends()); n != 0 {
					t.Fatalf("%d sends in quiet hours", n)
				}
				r.later(30 * time.Minute)
			}
			if d := r.last(); d.State != tt.state || d.Reason != tt.reason || len(r.world.Sends()) != tt.sends {
				t.Errorf("%s/%s, %d sends", d.State, d.Reason, len(r.world.Sends()))
			}
		})
	}
}

// A message that waited for the end of the quiet hours is asked about again, also if the wait was short.
func TestShortQuietHours(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put(func(s *reminder.Setting) { s.Quiet = reminder.QuietHours{Start: 12*60 + 30, End: 13*60 + 20} })
	r.fall(100) // at 13:00
	r.world.SetBalance("u-1", 9000)
	r.world.Advance(20 * time.Minute)
	_, err := r.SendDue(context.Background())
	r.check(err)
	r.expect(reminder.DeliveryDropped, reminder.ReasonRecovered, 1, 0)
}

func TestLinkGoneLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*rig){
		"link": func(r *rig) {
			r.editUser(func(u *identity.PlatformUser) { u.Links = u.Links[1:] })
		},
		"ended": func(r *rig) { r.editLink(func(l *identity.Link) { l.State = identity.LinkEnded }) },
		"user":  func(r *rig) { r.removeUser() },
		// The unlinking under way has deleted the rule and the deliveries before this one was inserted.
		"ending": func(r *rig) {
			r.editLink(func(l *identity.Link) { l.State = identity.LinkEnding })
			r.check(r.store.DeleteRule(context.Background(), "u-1"))
		},
	} {
		r := newRig(t, rigConfig())
		r.put()
		r.fall(100)
		remove(r)
		if name != "ending" { // both workers delete by themselves
			r.world.Advance(time.Hour)
			_, err := r.EvaluateDue(context.Background())
			r.check(err)
			if open, _ := r.deliveries(); len(open)+len(r.rules()) != 0 {
				t.Errorf("%s: %d open, %d rules after an evaluation", name, len(open), len(r.rules()))
			}
		}
		r.later(time.Hour)
		if len(r.world.Sends()) != 0 {
			t.Errorf("%s: sent", name)
		}
		open, finished := r.deliveries()
		if len(open)+len(finished)+len(r.rules()) != 0 {
			t.Errorf("%s: %d open, %d finished, %d rules", name, len(open), len(finished), len(r.rules()))
		}
	}
}
