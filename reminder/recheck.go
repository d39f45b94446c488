package reminder

import (
	"context"
	"errors"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// verdict is what the check just before a send comes to. With none of gone, drop and putOff set, the message may go.
type verdict struct {
	gone   bool // the link has ended: nothing of it may stay
	drop   bool
	putOff time.Time
	reason Reason

	recipient Recipient
	template  Template
	message   Message
}

// recheck looks at everything again that may have changed between the decision and now.
func (r *round) recheck(ctx context.Context, d *Delivery) (verdict, error) {
	now := r.now()
	user, link, err := r.link(ctx, d.UserID, d.LinkID)
	if err != nil {
		return verdict{}, err
	}
	if link == nil || link.State != identity.LinkActive { // inserted after the unlinking had deleted the others
		return verdict{gone: true}, nil
	}
	rule, err := r.Store.Rule(ctx, d.LinkID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return verdict{}, err
	}
	waited := r.waited(d, now)
	if reason := void(d, link, rule, waited, now); reason != "" {
		return verdict{drop: true, reason: reason}, nil
	}
	v := verdict{message: d.Message, recipient: Recipient{
		App: d.App, OpenID: user.Account.OpenID, UserID: user.Account.UserID,
	}}
	if !rule.ShowAmount {
		v.message.Balance = nil // the owner has changed their mind about lock screens
	}
	template, ok := r.template(d.Platform, d.App, d.Template)
	if !ok || r.Senders[d.Platform] == nil { // a mistake in the configuration; may be mended before it expires
		v.putOff, v.reason = now.Add(r.cfg.CheckEvery), ReasonBadTemplate
		return v, nil
	}
	v.template = template
	if end := rule.Quiet.NotBefore(now); end.After(now) {
		v.putOff, v.reason = end, ReasonQuietHours
		return v, nil
	}
	if waited {
		r.stillBelow(ctx, rule, &v)
	}
	return v, nil
}

// waited says whether so much may have changed since the decision that its balance must not be told unasked: the
// delivery was put off, or tried before, or found no worker for longer than a balance counts as fresh.
func (r *round) waited(d *Delivery, now time.Time) bool {
	return d.Postponed || d.Attempts > 0 || now.Sub(d.CreatedAt) > r.cfg.DecisionAge
}

// void says why a delivery must not be sent any more; "" when it may. A nil rule is one that was deleted.
func void(d *Delivery, link *identity.Link, rule *Rule, waited bool, now time.Time) Reason {
	switch {
	case !now.Before(d.ExpiresAt):
		return ReasonExpired
	case rule == nil || rule.ID != d.RuleID || rule.Threshold != d.Message.Threshold:
		return ReasonRuleOff // deleted, set anew, or another line than the message speaks of
	case !consented(*rule, *link):
		return ReasonNoConsent
	case waited && (rule.State == StateArmed || rule.Episode != d.Episode):
		return ReasonRecovered // it has been above the line since; a later fall has its own message
	}
	return ""
}

// stillBelow asks again for a message that had to wait: one about a balance that has recovered would be wrong. A balance
// that cannot be had fresh puts the message off once more.
func (r *round) stillBelow(ctx context.Context, rule *Rule, v *verdict) {
	answer := r.ask(ctx, balance.Subject{PersonID: rule.PersonID, Region: rule.Region})
	now := r.now()
	fen, reason := known(*rule, answer, now, r.cfg)
	switch {
	case reason != "":
		v.putOff, v.reason = now.Add(r.askAgain(reason)), reason
	case fen >= rule.Threshold:
		v.drop, v.reason = true, ReasonRecovered
	default:
		v.message.AsOf = answer.AsOf
		if rule.ShowAmount {
			v.message.Balance = &fen
		}
	}
}

// drop ends a delivery that must not be sent. A unit that it may still hold from an earlier try is given back by close.
func (r *round) drop(ctx context.Context, d *Delivery, reason Reason) error {
	attempts := d.Attempts
	over, err := r.Store.UpdateDelivery(ctx, d.ID, func(current *Delivery) error {
		if current.State != DeliveryPending || current.Attempts != attempts {
			return errChanged
		}
		current.State, current.Reason, current.EndedAt = DeliveryDropped, reason, r.now()
		return nil
	})
	if errors.Is(err, errChanged) || errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r.Observe("delivery", reason)
	return r.close(ctx, over)
}

// putOff moves a pending delivery to a later time, but never past its end: there it is dropped as expired.
func (r *round) putOff(ctx context.Context, d *Delivery, until time.Time, reason Reason) error {
	attempts := d.Attempts
	_, err := r.Store.UpdateDelivery(ctx, d.ID, func(current *Delivery) error {
		if current.State != DeliveryPending || current.Attempts != attempts {
			return errChanged
		}
		current.NotBefore, current.Reason = earlier(until, current.ExpiresAt), reason
		current.Postponed = true
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return unlessChanged(err)
}

// awaitQuota puts the delivery off until the user subscribes again: Report pulls it forward. A report that came between
// the failed reservation and the putting off has found nothing to pull, so the quota is read once more after it.
func (r *round) awaitQuota(ctx context.Context, d *Delivery) error {
	if err := r.putOff(ctx, d, r.now().Add(r.cfg.CheckEvery), ReasonNoQuota); err != nil {
		return err
	}
	quota, err := r.Store.Quota(ctx, d.UserID, d.Template)
	if err != nil || quota.Free <= 0 {
		return err
	}
	return r.pull(ctx, d.ID)
}

// pull makes a delivery due that waits for quota.
func (s *Service) pull(ctx context.Context, id string) error {
	_, err := s.Store.UpdateDelivery(ctx, id, func(current *Delivery) error {
		if current.State != DeliveryPending || current.Reason != ReasonNoQuota {
			return errChanged
		}
		current.NotBefore = s.now()
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return unlessChanged(err)
}
