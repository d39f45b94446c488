package reminder_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"yibao/identity"
	"yibao/reminder"
)

var night = reminder.QuietHours{Start: 22 * 60, End: 7 * 60}

func (r *rig) patch(change func(*reminder.Setting)) *reminder.Rule {
	r.t.Helper()
	rule, err := r.Patch(context.Background(), r.caller, "u-1", func(s *reminder.Setting) error { change(s); return nil })
	r.check(err)
	return rule
}

// TestPatchKeepsWhatItDoesNotName: a patch of one term leaves the others, the consent given with the rule, and the rule's id.
func TestPatchKeepsWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*reminder.Setting){
		"nothing":   func(*reminder.Setting) {},
		"threshold": func(s *reminder.Setting) { s.Threshold = 6000 },
		"margin":    func(s *reminder.Setting) { s.Margin = fen(7) },
		"amount":    func(s *reminder.Setting) { s.ShowAmount = false },
		"quiet":     func(s *reminder.Setting) { s.Quiet = reminder.QuietHours{} },
		"insurance": func(s *reminder.Setting) { s.InsuranceType = "" }, // chosen anew: the same
	} {
		r := newRig(t, rigConfig())
		r.caller.Links[0].Consent.Unattended = false
		before := r.put(func(s *reminder.Setting) {
			s.Margin, s.ShowAmount, s.Quiet, s.ConsentVersion = fen(500), true, night, "1"
		})
		r.world.Advance(time.Minute)
		after := r.patch(change)
		want := reminder.Setting{Threshold: 5000, Margin: fen(500), ShowAmount: true, Quiet: night}
		change(&want)
		if after.Threshold != want.Threshold || after.Margin != *want.Margin || after.ShowAmount != want.ShowAmount || after.Quiet != want.Quiet {
			t.Errorf("%s: %+v", name, after)
		}
		if after.ID != before.ID || after.Consent != before.Consent || after.Template != before.Template || after.InsuranceType != "310" {
			t.Errorf("%s: rule %+v, before %+v", name, after, before)
		}
		if stored := r.rule(); *stored != *after {
			t.Errorf("%s: stored %+v, answered %+v", name, stored, after)
		}
	}
}

// TestPatchPassesOverNoFall: a balance that fell a moment before the patch is still told, unless the patch says when to
// remind.
func TestPatchPassesOverNoFall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*reminder.Setting)
		sends  int
	}{
		"amount":    {func(s *reminder.Setting) { s.ShowAmount = true }, 1},
		"template":  {func(s *reminder.Setting) { s.Template = "" }, 1},
		"consent":   {func(s *reminder.Setting) { s.ConsentVersion = "1" }, 1},
		"threshold": {func(s *reminder.Setting) { s.Threshold = 6000 }, 0},
	} {
		r := newRig(t, rigConfig())
		r.grant(2)
		r.put()
		r.world.SetBalance("u-1", 4000)
		rule := r.patch(c.change)
		if already := rule.LastReason == reminder.ReasonAlreadyBelow; already == (c.sends == 1) {
			t.Errorf("%s: already below: %v", name, already)
		}
		r.later(time.Hour)
		if n := len(r.world.Sends()); n != c.sends {
			t.Errorf("%s: %d messages, want %d", name, n, c.sends)
		}
	}
}

func TestPatchRefuses(t *testing.T) {
	t.Parallel()
	mine := errors.New("the change's own")
	for name, c := range map[string]struct {
		edit   func(*rig)
		change func(*reminder.Setting) error
		want   error
	}{
		"no rule":   {func(r *rig) { r.check(r.Delete(context.Background(), r.caller, "u-1")) }, nil, reminder.ErrNoRule},
		"no link":   {func(r *rig) { r.caller.Links = nil }, nil, identity.ErrNoSuchLink},
		"threshold": {nil, func(s *reminder.Setting) error { s.Threshold = 1; return nil }, reminder.ErrThreshold},
		"own":       {nil, func(*reminder.Setting) error { return mine }, mine},
		"consent": {func(r *rig) { r.caller.Links[0].Consent.Unattended = false },
			func(s *reminder.Setting) error { s.Given = identity.Consent{}; return nil }, reminder.ErrNoConsent},
	} {
		r := newRig(t, rigConfig())
		before := *r.put(func(s *reminder.Setting) { s.ConsentVersion = "1" })
		if c.edit != nil {
			c.edit(r)
		}
		change := c.change
		if change == nil {
			change = func(s *reminder.Setting) error { s.ShowAmount = true; return nil }
		}
		if _, err := r.Patch(context.Background(), r.caller, "u-1", change); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if name != "no rule" && *r.rule() != before {
			t.Errorf("%s: the rule has changed", name)
		}
	}
}

// TestTwoPatchesAtOnce: neither undoes the other, wherever they meet.
func TestTwoPatchesAtOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*reminder.Setting){
		"amount":    func(s *reminder.Setting) { s.ShowAmount = true },
		"threshold": func(s *reminder.Setting) { s.Threshold = 6000 },
	} {
		r := newRig(t, rigConfig())
		r.put()
		met := false
		process := r.start(func(name string) error {
			if name == "rules.replace" && !met {
				met = true
				r.patch(func(s *reminder.Setting) { s.Quiet = night })
			}
			return nil
		}, nil)
		_, err := process.Patch(context.Background(), r.caller, "u-1", func(s *reminder.Setting) error { change(s); return nil })
		r.check(err)
		want := reminder.Setting{Threshold: 5000}
		change(&want)
		if rule := r.rule(); !met || rule.Quiet != night || rule.ShowAmount != want.ShowAmount || rule.Threshold != want.Threshold {
			t.Errorf("%s: %v, %+v", name, met, rule)
		}
	}
}
