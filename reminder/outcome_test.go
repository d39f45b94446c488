package reminder_test

import (
	"testing"
	"time"

	"yibao/reminder"
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
			reminder.DeliveryPending, reminder.ReasonNoQuota, 0, 1},
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
			if r.last().EndedAt.IsZero() != (tt.state == reminder.DeliveryPending) {
				t.Error("ended at", r.last().EndedAt)
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

// A message that waits for its retry does not leave with another message of the user.
func TestRetryWaitsBesideAnother(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Parallel = 1 // the delivery of u-1 comes first
	r := twoFallen(t, cfg)
	r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: time.Hour},
		reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: time.Minute},
		reminder.Outcome{Kind: reminder.OutcomeAccepted})
	r.pass()
	r.later(time.Minute)
	open, finished := r.deliveries()
	if len(open) != 1 || open[0].LinkID != "u-1" || open[0].Attempts != 1 || len(finished) != 1 || finished[0].LinkID != "u-2" {
		t.Errorf("open %+v, finished %+v", open, finished)
	}
}

// A retry comes at the latest when the message expires, which drops it.
func TestRetryWaitsNoLongerThanTheMessage(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.DeliveryTTL = 90 * time.Minute
	r := newRig(t, cfg)
	r.grant(1)
	r.put()
	r.answer(reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: 5 * time.Hour})
	r.fall(100)
	r.expect(reminder.DeliveryPending, reminder.ReasonBusy, 1, 0)
	r.later(90 * time.Minute)
	r.expect(reminder.DeliveryDropped, reminder.ReasonExpired, 1, 0)
}
