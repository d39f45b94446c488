package reminder_test

import (
	"context"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
	"yibao/reminder/remindertest"
)

func TestOutcomes(t *testing.T) {
	t.Parallel()
	accepted := reminder.Outcome{Kind: reminder.OutcomeAccepted, MessageID: "m1", Code: "0"}
	busy := reminder.Outcome{Kind: reminder.OutcomeRetry, Code: "-1", Reason: reminder.ReasonBusy}
	tests := []struct {
		name     string
		outcomes []reminder.Outcome
		state    reminder.DeliveryState
		reason   reminder.Reason
		free     int
		sends    int
	}{
		{"accepted", []reminder.Outcome{accepted}, reminder.DeliveryAccepted, "", 2, 1},
		{"busy, then accepted", []reminder.Outcome{busy, busy, accepted}, reminder.DeliveryAccepted, "", 2, 3},
		{"busy for ever", []reminder.Outcome{busy}, reminder.DeliveryDropped, reminder.ReasonBusy, 3, 8},
		{"template refused", []reminder.Outcome{{Kind: reminder.OutcomePermanent, Reason: reminder.ReasonBadTemplate}},
			reminder.DeliveryRefused, reminder.ReasonBadTemplate, 3, 1},
		{"text refused", []reminder.Outcome{{Kind: reminder.OutcomePermanent, Reason: reminder.ReasonBadText}},
			reminder.DeliveryRefused, reminder.ReasonBadText, 3, 1},
		{"not subscribed after all", []reminder.Outcome{{Kind: reminder.OutcomePermanent, Code: "43101", Reason: reminder.ReasonNotSubscribed}},
			reminder.DeliveryRefused, reminder.ReasonNotSubscribed, 0, 1},
		{"unknown", []reminder.Outcome{{Kind: reminder.OutcomeUnknown}}, reminder.DeliveryUnknown, reminder.ReasonLostAnswer, 2, 1},
		{"unheard-of", []reminder.Outcome{{Kind: "odd"}}, reminder.DeliveryUnknown, reminder.ReasonLostAnswer, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigConfig())
			r.grant(3)
			r.put()
			r.answer(tt.outcomes...)
			r.fall(100)
			for range 40 {
				r.later(30 * time.Minute)
			}
			r.expect(tt.state, tt.reason, tt.free, 0)
			if n := len(r.world.Sends()); n != tt.sends || r.last().Attempts != tt.sends {
				t.Errorf("%d sends, %d attempts, want %d", n, r.last().Attempts, tt.sends)
			}
			if r.last().EndedAt.IsZero() {
				t.Error("no end")
			}
		})
	}
}

func TestRetryWaits(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: 5 * time.Minute},
		reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy},
		reminder.Outcome{Kind: reminder.OutcomeAccepted})
	r.fall(100)
	r.expect(reminder.DeliveryPending, reminder.ReasonBusy, 1, 0) // the unit is free meanwhile
	r.later(5*time.Minute - time.Second)
	r.expect(reminder.DeliveryPending, reminder.ReasonBusy, 1, 0)
	r.later(time.Second)
	if d := r.last(); d.Attempts != 2 || d.NotBefore.Sub(r.world.Now()) != 40*time.Second {
		t.Fatalf("%d attempts, next in %v", d.Attempts, d.NotBefore.Sub(r.world.Now()))
	}
	r.later(40 * time.Second)
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
}

func TestNoQuotaWaitsForASubscription(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.fall(100)
	r.expect(reminder.DeliveryPending, reminder.ReasonNoQuota, 0, 0)
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

// A grant that comes between the failed reservation and the putting off has nothing to wake; it must be seen all the same.
func TestGrantDuringPuttingOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	granted := false
	service, _ := r.start(func(call string) remindertest.Fault {
		if call == "UpdateDelivery" && !granted {
			granted = true
			r.grant(1)
		}
		return remindertest.None
	})
	_, err := service.EvaluateDue(context.Background())
	r.check(err)
	_, err = service.SendDue(context.Background())
	r.check(err)
	if !granted {
		t.Fatal("nothing was put off")
	}
	r.pass()
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
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
	open, _ := r.store.All()
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
		{"recovered and fell: the later fall speaks", func(r *rig) {
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
			r.fall(100) // at 13:00
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

// A postponed message says what is true when it leaves.
func TestPostponedMessageIsRefreshed(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put(func(s *reminder.Setting) { s.ShowAmount = true })
	r.fall(4000)
	if b := r.last().Message.Balance; b == nil || *b != 4000 {
		t.Fatalf("decided upon %v", b)
	}
	r.world.Advance(time.Minute)
	r.world.SetBalance("u-1", 3000)
	r.grant(1)
	r.pass()
	sends := r.world.Sends()
	if len(sends) != 1 || sends[0].Message.Balance == nil || *sends[0].Message.Balance != 3000 || !sends[0].Message.AsOf.Equal(r.world.Now()) {
		t.Errorf("sent %+v", sends)
	}
}

// A delivery that was due all the time, but found no worker or a busy platform, is as old as one that was put off.
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
				t.Errorf("%s: told %v, it is %v", name, *sends[0].Message.Balance, balanceNow)
			}
		}
	}
}

func TestRecheckJustBeforeTheSend(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	link := func(edit func(*identity.Link)) func(*rig) {
		return func(r *rig) {
			r.world.EditUser("u", func(u *identity.PlatformUser) { edit(&u.Links[0]) })
		}
	}
	tests := []struct {
		name   string
		change func(*rig)
		reason reminder.Reason
	}{
		{"consent withdrawn", link(func(l *identity.Link) { l.Consent.Unattended = false }), reminder.ReasonNoConsent},
		{"rule deleted", func(r *rig) { r.check(r.Delete(ctx, r.caller, "u-1")) }, reminder.ReasonRuleOff},
		{"rule new", func(r *rig) { r.check(r.Delete(ctx, r.caller, "u-1")); r.put() }, reminder.ReasonRuleOff},
		{"other line", func(r *rig) { r.put(func(s *reminder.Setting) { s.Threshold = 200 }) }, reminder.ReasonRuleOff},
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
	if sends := r.world.Sends(); len(sends) != 1 || sends[0].Message.Balance != nil {
		t.Errorf("sent %+v", sends)
	}
}

func TestMissingTemplateIsPutOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.deps = func(d *reminder.Deps) { d.Templates = nil }
	r.Service, _ = r.start(nil)
	r.fall(100)
	if d := r.last(); d.State != reminder.DeliveryPending || d.Reason != reminder.ReasonBadTemplate {
		t.Fatalf("%s/%s", d.State, d.Reason)
	}
	r.deps = nil // mended
	r.Service, _ = r.start(nil)
	r.later(time.Hour)
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
}

func TestLinkGoneLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*rig){
		"link": func(r *rig) {
			r.world.EditUser("u", func(u *identity.PlatformUser) { u.Links = u.Links[1:] })
		},
		"user": func(r *rig) { r.world.RemoveUser("u") },
		// The unlinking is under way and has deleted the rule and the deliveries that it found; this one came after.
		"ending": func(r *rig) {
			r.world.EditUser("u", func(u *identity.PlatformUser) { u.Links[0].State = identity.LinkEnding })
			r.check(r.store.DeleteRule(context.Background(), "u-1"))
		},
	} {
		r := newRig(t, rigConfig())
		r.put()
		r.fall(100)
		remove(r)
		r.later(time.Hour)
		if len(r.world.Sends()) != 0 {
			t.Errorf("%s: sent", name)
		}
		open, finished := r.store.All()
		if len(open)+len(finished)+len(r.store.Rules()) != 0 {
			t.Errorf("%s: %d open, %d finished, %d rules", name, len(open), len(finished), len(r.store.Rules()))
		}
	}
}

func TestUnlinked(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.fall(100)
	for range 2 { // safe to repeat
		r.check(r.Linked(context.Background(), "u", r.caller.Links[0]))
		r.check(r.Unlinked(context.Background(), "u", r.caller.Links[0], nil))
	}
	open, finished := r.store.All()
	if len(open)+len(finished)+len(r.store.Rules()) != 0 {
		t.Errorf("%d open, %d finished, %d rules", len(open), len(finished), len(r.store.Rules()))
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
	r.answer(reminder.Outcome{Kind: reminder.OutcomePermanent, Reason: reminder.ReasonNotSubscribed})
	r.fall(100)
	r.expect(reminder.DeliveryRefused, reminder.ReasonNotSubscribed, 0, 0)
}
