package reminder

import (
	"context"
	"errors"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// check is the result of a recheck. Without drop and until the message may be sent.
type check struct {
	drop   Reason    // the delivery must be dropped
	until  time.Time // the delivery must be postponed, for the reason
	reason Reason

	recipient Recipient
	template  Template
	message   Message
}

// recheck checks everything again that may have changed between the decision and the send.
func (r *round) recheck(ctx context.Context, d *Delivery) (check, error) {
	now := r.now()
	user, link, err := r.link(ctx, d.UserID, d.LinkID)
	if err != nil {
		return check{}, err
	}
	if link == nil || link.State != identity.LinkActive { // inserted after the unlinking had deleted the others
		return check{drop: ReasonLinkEnded}, nil
	}
	rule, err := r.Store.Rule(ctx, d.LinkID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return check{}, err
	}
	// After a wait the balance may have changed: postponed, sent before, or no worker for longer than an answer is fresh.
	waited := d.Postponed || d.Attempts > 0 || now.Sub(d.CreatedAt) > r.cfg.DecisionAge
	if reason := void(d, link, rule, waited, now); reason != "" {
		return check{drop: reason}, nil
	}
	template, ok := r.template(d.Platform, d.App, d.Template)
	if !ok || r.Senders[d.Platform] == nil { // a mistake in the configuration, which may be corrected in time
		return check{until: now.Add(r.cfg.CheckEvery), reason: ReasonBadTemplate}, nil
	}
	if end := rule.Quiet.NotBefore(now); end.After(now) {
		return check{until: end, reason: ReasonQuietHours}, nil
	}
	message := d.Message
	if waited {
		answer, busy := r.ask(ctx, balance.Subject{PersonID: rule.PersonID, Region: rule.Region})
		now := r.now()
		fen, reason := watched(*rule, answer, now, r.cfg)
		switch {
		case !busy.IsZero():
			return check{until: askableAt(busy), reason: ReasonRegionBusy}, nil
		case reason != "":
			return check{until: now.Add(r.askAgain(reason)), reason: reason}, nil
		case fen >= rule.Threshold:
			return check{drop: ReasonRecovered}, nil
		}
		message.Balance, message.AsOf = &fen, answer.AsOf
	}
	if !rule.ShowAmount { // the owner may have changed this after the decision
		message.Balance = nil
	}
	recipient := Recipient{App: d.App, OpenID: user.Account.OpenID, UserID: user.Account.UserID}
	return check{recipient: recipient, template: template, message: message}, nil
}

// void returns the reason for which a delivery must not be sent any more, or "". A nil rule was deleted.
func void(d *Delivery, link *identity.Link, rule *Rule, waited bool, now time.Time) Reason {
	switch {
	case !now.Before(d.ExpiresAt):
		return ReasonExpired
	case rule == nil || rule.ID != d.RuleID || rule.Threshold != d.Message.Threshold:
		return ReasonRuleOff // deleted, set anew, or with another threshold than the message's
	case !consented(*rule, *link):
		return ReasonNoConsent
	case waited && (rule.State == StateArmed || rule.Episode != d.Episode):
		return ReasonRecovered // the balance was above the threshold since; a later fall has its own message
	}
	return ""
}
