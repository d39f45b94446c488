package reminder_test

import (
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

var noon = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC) // 12:00 in Asia/Shanghai

var decideConfig = reminder.Config{Cooldown: 24 * time.Hour, DecisionAge: 30 * time.Minute}

func fen(n int64) *balance.Fen {
	f := balance.Fen(n)
	return &f
}

// factsWith has an active link and a fresh answer with one active enrolment of that balance.
func factsWith(n int64) reminder.Facts {
	return reminder.Facts{
		Link:       &identity.Link{ID: "l", State: identity.LinkActive, Consent: identity.Consent{Unattended: true}},
		Unattended: true,
		Answer: &balance.Answer{FetchedAt: noon, AsOf: noon, Coverage: balance.Complete, Enrolments: []balance.Enrolment{{
			InsuranceType: "310", Status: balance.StatusActive, Region: "990100",
			Account: balance.PersonalAccount{Exists: balance.AccountYes, Balance: fen(n)},
		}}},
	}
}

func ruleIn(state reminder.RuleState) reminder.Rule {
	return reminder.Rule{ID: "r", LinkID: "l", Region: "990100", InsuranceType: "310", Threshold: 5000, Margin: 1000, State: state}
}

func TestDecideByBalance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		state   reminder.RuleState
		fen     int64
		firedAt time.Time
		want    reminder.RuleState
		reason  reminder.Reason
	}{
		{"new above", reminder.StateNew, 5001, time.Time{}, reminder.StateArmed, reminder.ReasonAbove},
		{"new at the threshold", reminder.StateNew, 5000, time.Time{}, reminder.StateArmed, reminder.ReasonAbove},
		{"new below", reminder.StateNew, 4999, time.Time{}, reminder.StateBelow, reminder.ReasonAlreadyBelow},
		{"unheard-of state counts as new", "other", 4999, time.Time{}, reminder.StateBelow, reminder.ReasonAlreadyBelow},
		{"armed at the threshold", reminder.StateArmed, 5000, time.Time{}, reminder.StateArmed, reminder.ReasonAbove},
		{"armed below fires", reminder.StateArmed, 4999, time.Time{}, reminder.StateBelow, reminder.ReasonFired},
		{"armed at zero fires", reminder.StateArmed, 0, time.Time{}, reminder.StateBelow, reminder.ReasonFired},
		{"armed negative fires", reminder.StateArmed, -1, time.Time{}, reminder.StateBelow, reminder.ReasonFired},
		{"in cooldown stays armed", reminder.StateArmed, 4999, noon.Add(-24*time.Hour + 1), reminder.StateArmed, reminder.ReasonCooldown},
		{"above in cooldown", reminder.StateArmed, 5000, noon.Add(-time.Hour), reminder.StateArmed, reminder.ReasonAbove},
		{"fires when cooldown ends", reminder.StateArmed, 4999, noon.Add(-24 * time.Hour), reminder.StateBelow, reminder.ReasonFired},
		{"below stays", reminder.StateBelow, 4000, time.Time{}, reminder.StateBelow, reminder.ReasonStillBelow},
		{"within the margin is still below", reminder.StateBelow, 5999, time.Time{}, reminder.StateBelow, reminder.ReasonStillBelow},
		{"re-arms at threshold + margin", reminder.StateBelow, 6000, time.Time{}, reminder.StateArmed, reminder.ReasonRearmed},
	}
	earlier := ruleIn(reminder.StateArmed)
	earlier.FiredAt = noon.Add(-time.Hour) // of a rule before this one
	if d := reminder.Decide(earlier, factsWith(4999), noon, decideConfig); !d.Fire {
		t.Errorf("another rule's cooldown: %+v", d)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rule := ruleIn(tt.state)
			rule.FiredAt = tt.firedAt
			rule.Episode = 1 // there was a fall; it matters to the cooldown alone
			d := reminder.Decide(rule, factsWith(tt.fen), noon, decideConfig)
			if d.State != tt.want || d.Reason != tt.reason || d.Fire != (tt.reason == reminder.ReasonFired) {
				t.Errorf("got %+v, want %s/%s", d, tt.want, tt.reason)
			}
			if d.Balance != balance.Fen(tt.fen) || !d.AsOf.Equal(noon) {
				t.Errorf("decided upon %v of %v", d.Balance, d.AsOf)
			}
		})
	}
}

// A missing fact or permission changes no state and fires nothing.
func TestDecideChangesNothing(t *testing.T) {
	t.Parallel()
	account := func(exists balance.Existence, b *balance.Fen) func(*reminder.Facts, *reminder.Rule) {
		return func(f *reminder.Facts, _ *reminder.Rule) {
			f.Answer.Enrolments[0].Account = balance.PersonalAccount{Exists: exists, Balance: b}
		}
	}
	status := func(s balance.Status) func(*reminder.Facts, *reminder.Rule) {
		return func(f *reminder.Facts, _ *reminder.Rule) { f.Answer.Enrolments[0].Status = s }
	}
	tests := []struct {
		name   string
		reason reminder.Reason
		edit   func(*reminder.Facts, *reminder.Rule)
	}{
		{"link gone", reminder.ReasonLinkEnded, func(f *reminder.Facts, _ *reminder.Rule) { f.Link = nil }},
		{"link ending", reminder.ReasonLinkEnded, func(f *reminder.Facts, _ *reminder.Rule) { f.Link.State = identity.LinkEnding }},
		{"no consent", reminder.ReasonNoConsent, func(f *reminder.Facts, _ *reminder.Rule) { f.Link.Consent.Unattended = false }},
		{"region attended only", reminder.ReasonUnattended, func(f *reminder.Facts, _ *reminder.Rule) { f.Unattended = false }},
		{"no answer", reminder.ReasonNotFresh, func(f *reminder.Facts, _ *reminder.Rule) { f.Answer = nil }},
		{"stale", reminder.ReasonNotFresh, func(f *reminder.Facts, _ *reminder.Rule) { f.Answer.Stale = true }},
		{"too old", reminder.ReasonNotFresh, func(f *reminder.Facts, _ *reminder.Rule) { f.Answer.FetchedAt = noon.Add(-30*time.Minute - 1) }},
		{"not enrolled at all", reminder.ReasonNoEnrolment, func(f *reminder.Facts, _ *reminder.Rule) { f.Answer.Enrolments = nil }},
		{"other insurance", reminder.ReasonNoEnrolment, func(_ *reminder.Facts, r *reminder.Rule) { r.InsuranceType = "390" }},
		{"status none", reminder.ReasonNotActive, status(balance.StatusNone)},
		{"paused", reminder.ReasonNotActive, status(balance.StatusPaused)},
		{"invalid", reminder.ReasonNotActive, status(balance.StatusInvalid)},
		{"ended", reminder.ReasonNotActive, status(balance.StatusEnded)},
		{"status unknown", reminder.ReasonStatusUnknown, status(balance.StatusUnknown)},
		{"no account", reminder.ReasonNoAccount, account(balance.AccountNo, nil)},
		{"no account though a figure", reminder.ReasonNoAccount, account(balance.AccountNo, fen(0))},
		{"account unknown", reminder.ReasonAccountUnknown, account(balance.AccountUnknown, nil)},
		{"account unknown, zero", reminder.ReasonAccountUnknown, account(balance.AccountUnknown, fen(0))},
		{"existence missing", reminder.ReasonAccountUnknown, account("", fen(0))},
		{"balance unknown", reminder.ReasonBalanceUnknown, account(balance.AccountYes, nil)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, state := range []reminder.RuleState{reminder.StateNew, reminder.StateArmed, reminder.StateBelow} {
				rule, facts := ruleIn(state), factsWith(0)
				tt.edit(&facts, &rule)
				d := reminder.Decide(rule, facts, noon, decideConfig)
				if d.State != state || d.Reason != tt.reason || d.Fire {
					t.Errorf("%s: got %+v, want %s", state, d, tt.reason)
				}
			}
		})
	}
}

// A balance from before the fall, cached by another process, is no recovery. A balance below the threshold counts at any
// age.
func TestDecideOnABalanceFromBeforeTheFall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fen     int64
		fetched time.Duration // from the fall
		state   reminder.RuleState
		reason  reminder.Reason
	}{
		{9000, -time.Minute, reminder.StateBelow, reminder.ReasonNotFresh},
		{5000, -time.Minute, reminder.StateBelow, reminder.ReasonNotFresh},
		{4999, -time.Minute, reminder.StateBelow, reminder.ReasonStillBelow},
		{9000, 0, reminder.StateArmed, reminder.ReasonRearmed},
		{9000, time.Minute, reminder.StateArmed, reminder.ReasonRearmed},
	} {
		rule, facts := ruleIn(reminder.StateBelow), factsWith(tt.fen)
		rule.FiredAt = noon.Add(-10 * time.Minute)
		facts.Answer.FetchedAt = rule.FiredAt.Add(tt.fetched)
		if d := reminder.Decide(rule, facts, noon, decideConfig); d.State != tt.state || d.Reason != tt.reason {
			t.Errorf("%+v: got %+v", tt, d)
		}
	}
}

func TestDecideOwnConsentOfTheRule(t *testing.T) {
	t.Parallel()
	rule, facts := ruleIn(reminder.StateArmed), factsWith(1)
	facts.Link.Consent.Unattended = false
	rule.Consent = identity.Consent{Version: "2", Unattended: true}
	if d := reminder.Decide(rule, facts, noon, decideConfig); !d.Fire {
		t.Errorf("got %+v", d)
	}
}

// A withdrawal for the link covers a consent that was given with the rule before it, and none that is given later.
func TestDecideAfterUnattendedReadingWasWithdrawn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule, link time.Time // when each word was given; zero: never
		allow      bool      // the link's
		fires      bool
	}{
		"withdrawn":                      {time.Time{}, noon, false, false},
		"withdrawn after the rule's":     {noon.Add(-time.Hour), noon, false, false},
		"withdrawn with the rule's":      {noon, noon, false, false},
		"withdrawn before the rule's":    {noon.Add(time.Hour), noon, false, true},
		"given again":                    {time.Time{}, noon, true, true},
		"given again, after the rule's":  {noon.Add(-time.Hour), noon, true, true},
		"nothing said since it was made": {time.Time{}, time.Time{}, false, true},
	} {
		rule, facts := ruleIn(reminder.StateArmed), factsWith(1)
		facts.Link.Consent.At = noon.Add(-24 * time.Hour)
		if !c.rule.IsZero() {
			rule.Consent = identity.Consent{Version: "1", Unattended: true, At: c.rule}
		}
		facts.Link.Reading = identity.Consent{At: c.link, Unattended: c.allow}
		if d := reminder.Decide(rule, facts, noon, decideConfig); d.Fire != c.fires || !c.fires && d.Reason != reminder.ReasonNoConsent {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// After a move a person has two enrolments of one type. The paused one must not hide the active one and its balance.
func TestDecideWatchesTheActiveEnrolment(t *testing.T) {
	t.Parallel()
	facts := factsWith(9000)
	active := facts.Answer.Enrolments[0]
	active.Region = "110100"
	paused := active
	paused.Status, paused.Region, paused.Account.Balance = balance.StatusPaused, "990100", fen(1)
	without := active
	without.Account = balance.PersonalAccount{Exists: balance.AccountNo}
	home := active
	home.Region, home.Account.Balance = "990100", fen(8000)
	tests := []struct {
		name       string
		enrolments []balance.Enrolment
		want       balance.Fen
	}{
		{"paused first", []balance.Enrolment{paused, active}, 9000},
		{"paused last", []balance.Enrolment{active, paused}, 9000},
		{"without account first", []balance.Enrolment{without, active}, 9000},
		{"own region", []balance.Enrolment{active, home}, 8000},
	}
	for _, tt := range tests {
		facts.Answer.Enrolments = tt.enrolments
		if d := reminder.Decide(ruleIn(reminder.StateArmed), facts, noon, decideConfig); d.Balance != tt.want {
			t.Errorf("%s: watched %v", tt.name, d.Balance)
		}
	}
}

func TestDecideDoesNotLoopInCooldown(t *testing.T) {
	t.Parallel()
	// A fall during the cooldown fires once, when the cooldown ends.
	rule := ruleIn(reminder.StateArmed)
	rule.FiredAt = noon.Add(-time.Hour)
	fired := 0
	for hour := range 48 {
		now := noon.Add(time.Duration(hour) * time.Hour)
		facts := factsWith(100)
		facts.Answer.FetchedAt = now
		d := reminder.Decide(rule, facts, now, decideConfig)
		rule.State = d.State
		if d.Fire {
			fired++
			rule.FiredAt = now
		}
	}
	if fired != 1 {
		t.Errorf("fired %d times", fired)
	}
}

func BenchmarkDecide(b *testing.B) {
	rule, facts := ruleIn(reminder.StateArmed), factsWith(4999)
	b.ReportAllocs()
	for b.Loop() {
		if !reminder.Decide(rule, facts, noon, decideConfig).Fire {
			b.Fatal("did not fire")
		}
	}
}
