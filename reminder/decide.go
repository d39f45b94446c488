package reminder

import (
	"time"

	"yibao/balance"
	"yibao/identity"
)

// Facts is what an evaluation knows beside the rule.
type Facts struct {
	// Link is the rule's link as it stands now; nil when it is gone.
	Link *identity.Link
	// Unattended says whether the region allows questions that nobody is waiting for.
	Unattended bool
	// Answer is what the upstream says; nil when it could not be asked. Where it does not know the person, the answer has
	// no enrolment.
	Answer *balance.Answer
}

// Decision is what came of an evaluation. Reason is never empty.
type Decision struct {
	State   RuleState // the rule's state from now on
	Reason  Reason
	Fire    bool
	Balance balance.Fen // the balance decided upon; only where the reason speaks of one
	AsOf    time.Time   // when that balance was
}

// Decide says what to do about a rule. It fires on a fall below the line only: the rule was armed by a balance at or
// above it, the reading is fresh, the enrolment active, its personal account exists and its balance is known. Whatever
// is not known changes nothing in the state, so the fall is found again once it is known. During the cooldown the rule
// stays armed, so a fall that lasts is told when the cooldown ends.
func Decide(rule Rule, facts Facts, now time.Time, cfg Config) Decision {
	if reason := standing(rule, facts); reason != "" {
		return Decision{State: rule.State, Reason: reason}
	}
	fen, reason := known(rule, facts.Answer, now, cfg)
	if reason != "" {
		return Decision{State: rule.State, Reason: reason}
	}
	d := Decision{Balance: fen, AsOf: facts.Answer.AsOf}
	d.State, d.Reason = next(rule, fen, now, cfg)
	d.Fire = d.Reason == ReasonFired
	return d
}

// standing says why the rule may not be acted upon, before anything is asked of the upstream; "" when it may.
func standing(rule Rule, facts Facts) Reason {
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

// consented says whether the owner agreed that the server reads the balance by itself: with the link, or for reminders
// alone when the rule was set.
func consented(rule Rule, link identity.Link) bool {
	return link.Consent.Unattended || rule.Consent.Unattended
}

// known returns the balance that the rule watches, or why it is not known.
func known(rule Rule, answer *balance.Answer, now time.Time, cfg Config) (balance.Fen, Reason) {
	if answer == nil || answer.Completeness == balance.Stale || now.Sub(answer.FetchedAt) > cfg.DecisionAge {
		return 0, ReasonNotFresh
	}
	enrolment := balance.Standing(answer.Enrolments, rule.InsuranceType, rule.Region)
	switch {
	case enrolment == nil:
		return 0, ReasonNoEnrolment
	case enrolment.Status != balance.StatusActive:
		return 0, ReasonNotActive
	case enrolment.Account.Exists == balance.AccountNo:
		return 0, ReasonNoAccount
	case enrolment.Account.Exists != balance.AccountYes:
		return 0, ReasonAccountUnknown
	case enrolment.Account.Balance == nil:
		return 0, ReasonBalanceUnknown
	case outdated(rule, *enrolment.Account.Balance, answer.FetchedAt):
		return 0, ReasonNotFresh
	}
	return *enrolment.Account.Balance, ""
}

// outdated says that a balance is older than the fall that the rule has told of. Every process keeps answers of its own,
// so one of them may still hold the balance from before the fall, which would look like a recovery: the message would be
// dropped, or the same fall told twice.
func outdated(rule Rule, fen balance.Fen, fetched time.Time) bool {
	return fetched.Before(rule.FiredAt) && fen >= rule.Threshold
}

// next is the state machine: what a known balance does to the rule's state.
func next(rule Rule, fen balance.Fen, now time.Time, cfg Config) (RuleState, Reason) {
	below := fen < rule.Threshold
	switch rule.State {
	case StateArmed:
		switch {
		case !below:
			return StateArmed, ReasonAbove
		case rule.Episode > 0 && now.Before(rule.FiredAt.Add(cfg.Cooldown)): // in episode 0 an earlier rule has told of it
			return StateArmed, ReasonCooldown
		}
		return StateBelow, ReasonFired
	case StateBelow:
		if fen >= rule.Threshold+rule.Margin {
			return StateArmed, ReasonRearmed
		}
		return StateBelow, ReasonStillBelow
	}
	if below { // new: told to the owner by the rule itself, not by a message
		return StateBelow, ReasonAlreadyBelow
	}
	return StateArmed, ReasonAbove
}
