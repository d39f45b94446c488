package reminder

import (
	"time"

	"yibao/balance"
	"yibao/identity"
)

// Facts are the inputs of a decision beside the rule.
type Facts struct {
	// Link is the rule's link as it is now; nil if it is gone.
	Link *identity.Link
	// Unattended says whether the region allows questions without a waiting person.
	Unattended bool
	// Answer is the upstream's fresh answer; nil without one. If the upstream does not know the person, the answer has no
	// enrolment.
	Answer *balance.Answer
	// Busy is the time until which the region must not be asked, if that is why there is no answer.
	Busy time.Time
}

// Decision is the result of Decide. Reason is never empty.
type Decision struct {
	State   RuleState // the rule's state from now on
	Reason  Reason
	Fire    bool
	Balance balance.Fen // the balance used, if the reason is about one
	AsOf    time.Time   // of that balance
	Busy    time.Time   // that of the facts, if the reason is ReasonRegionBusy
}

// Decide decides about a rule. It fires only on a fall below the threshold: the rule was armed by a balance at or above it,
// the answer is fresh, the enrolment active, its personal account exists and its balance is known. A missing fact never
// changes the state, so the fall is found once the fact is known. During the cooldown the rule stays armed, so a fall that
// lasts fires when the cooldown ends.
func Decide(rule Rule, facts Facts, now time.Time, cfg Config) Decision {
	if reason := forbidden(rule, facts); reason != "" {
		return Decision{State: rule.State, Reason: reason}
	}
	if facts.Answer == nil && !facts.Busy.IsZero() {
		return Decision{State: rule.State, Reason: ReasonRegionBusy, Busy: facts.Busy}
	}
	fen, reason := watched(rule, facts.Answer, now, cfg)
	if reason != "" {
		return Decision{State: rule.State, Reason: reason}
	}
	d := Decision{Balance: fen, AsOf: facts.Answer.AsOf}
	d.State, d.Reason = next(rule, fen, now, cfg)
	d.Fire = d.Reason == ReasonFired
	return d
}

// forbidden returns the reason for which the upstream must not be asked for the rule, or "".
func forbidden(rule Rule, facts Facts) Reason {
	switch {
	case facts.Link == nil || facts.Link.State != identity.LinkActive:
		return ReasonLinkEnded
	case !consented(rule, *facts.Link):
		return ReasonNoConsent
	case !facts.Unattended:
		return ReasonUnattended
	}
	return ""
}

// consented says whether the owner agreed to unattended reading: for the link, or for reminders alone with the rule, unless
// it was withdrawn for the link since.
func consented(rule Rule, link identity.Link) bool {
	return link.UnattendedAllowed() || rule.Consent.Unattended && !link.UnattendedWithdrawn(rule.Consent.At)
}

// watched returns the balance that the rule watches, or the reason for which it is not known.
func watched(rule Rule, answer *balance.Answer, now time.Time, cfg Config) (balance.Fen, Reason) {
	if answer == nil || answer.Stale || now.Sub(answer.FetchedAt) > cfg.DecisionAge {
		return 0, ReasonNotFresh
	}
	enrolment := balance.Standing(answer.Enrolments, rule.InsuranceType, rule.Region)
	switch {
	case enrolment == nil:
		return 0, ReasonNoEnrolment
	case enrolment.Status == balance.StatusUnknown:
		return 0, ReasonStatusUnknown
	case enrolment.Status != balance.StatusActive:
		return 0, ReasonNotActive
	case enrolment.Account.Exists == balance.AccountNo:
		return 0, ReasonNoAccount
	case enrolment.Account.Exists != balance.AccountYes:
		return 0, ReasonAccountUnknown
	case enrolment.Account.Balance == nil:
		return 0, ReasonBalanceUnknown
	case beforeFall(rule, *enrolment.Account.Balance, answer.FetchedAt):
		return 0, ReasonNotFresh
	}
	return *enrolment.Account.Balance, ""
}

// beforeFall says whether a balance is older than the rule's last fall. Every process caches its own answers, so one of
// them may still have a balance from before the fall. It would look like a recovery: the message would be dropped, or the
// same fall would fire twice.
func beforeFall(rule Rule, fen balance.Fen, fetched time.Time) bool {
	return fetched.Before(rule.FiredAt) && fen >= rule.Threshold
}

// next is the state machine: the effect of a known balance on the rule's state.
func next(rule Rule, fen balance.Fen, now time.Time, cfg Config) (RuleState, Reason) {
	below := fen < rule.Threshold
	switch rule.State {
	case StateArmed:
		switch {
		case !below:
			return StateArmed, ReasonAbove
		case rule.Episode > 0 && now.Before(rule.FiredAt.Add(cfg.Cooldown)): // in episode 0 FiredAt is an earlier rule's
			return StateArmed, ReasonCooldown
		}
		return StateBelow, ReasonFired
	case StateBelow:
		if fen >= rule.Threshold+rule.Margin {
			return StateArmed, ReasonRearmed
		}
		return StateBelow, ReasonStillBelow
	}
	if below { // new: the owner sees it in the rule and gets no message
		return StateBelow, ReasonAlreadyBelow
	}
	return StateArmed, ReasonAbove
}
