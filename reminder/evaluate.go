package reminder

import (
	"context"
	"errors"
	"time"

	"yibao/balance"
)

// errChanged tells an update that the document is no longer what was decided upon: somebody else was faster.
var errChanged = errors.New("reminder: changed meanwhile")

// EvaluateDue is one pass of the first worker: it claims rules that are due, finishes what a crash left, asks, decides
// and hands over. It returns how many it claimed: fewer than a fill means that the rest is in other hands. One rule's
// failure does not keep the others from being evaluated.
func (s *Service) EvaluateDue(ctx context.Context) (int, error) {
	now := s.now()
	// Write 1: DueAt moves to the end of the lease. After a crash anywhere below the rule is simply due again then. A
	// stop does not cut the claims short, and what was claimed before an error is evaluated too.
	rules, err := s.Store.ClaimDueRules(context.WithoutCancel(ctx), now, now.Add(s.cfg.Lease), s.cfg.Batch)
	failed := s.each(len(rules), func(i int) error {
		failure := s.evaluate(ctx, rules[i])
		if ctx.Err() != nil {
			s.unclaim(ctx, rules[i])
		}
		return failure
	})
	return len(rules), errors.Join(failed, err)
}

// unclaim makes a rule that a stop kept from being evaluated due at once, for the next process. One that was evaluated
// or claimed by another is due at another time by now and stays so. A failure or a crash leaves the rule to its lease.
func (s *Service) unclaim(ctx context.Context, claimed *Rule) {
	_, _ = s.Store.UpdateRule(context.WithoutCancel(ctx), claimed.LinkID, func(current *Rule) error {
		if !sameRule(current, claimed) || !current.DueAt.Equal(claimed.DueAt) {
			return errChanged
		}
		current.DueAt = s.now()
		return nil
	})
}

// evaluate takes one claimed rule through asking, deciding and handing over.
func (s *Service) evaluate(ctx context.Context, rule *Rule) error {
	if rule.Outbox != nil { // left over by a crash: finish it before the next fall can overwrite it
		finished, err := s.handOver(ctx, rule)
		if err != nil || finished == nil {
			return err
		}
		rule = finished
	}
	facts, err := s.facts(ctx, rule)
	if err != nil {
		return err
	}
	if facts.Link == nil { // a rule set while its link was ending: nothing else would ever delete it
		return s.forget(ctx, rule.LinkID)
	}
	if ctx.Err() != nil { // stopping: what could not be asked because of that is no finding
		return nil
	}
	ctx = context.WithoutCancel(ctx) // what is decided from here on is also written and handed over
	now := s.now()
	decision := Decide(*rule, facts, now, s.cfg)
	// Write 2: state, episode and message in one update. Before it nothing has happened; after it the fall cannot be
	// forgotten, because the outbox is found by the next claim, nor be decided twice, because the state has moved.
	decided, err := s.Store.UpdateRule(ctx, rule.LinkID, func(current *Rule) error {
		if !sameRule(current, rule) {
			return errChanged
		}
		s.apply(current, facts, decision, now)
		return nil
	})
	if errors.Is(err, errChanged) || errors.Is(err, ErrNotFound) {
		return nil // set anew, deleted, or evaluated by another process meanwhile
	}
	if err != nil {
		return err
	}
	s.Observe("evaluation", decision.Reason)
	if decided.Outbox == nil {
		return nil
	}
	_, err = s.handOver(ctx, decided)
	return err
}

// facts gathers what Decide needs. The upstream is asked only when the rule may be acted upon.
func (s *Service) facts(ctx context.Context, rule *Rule) (Facts, error) {
	_, link, err := s.link(ctx, rule.UserID, rule.LinkID)
	if err != nil {
		return Facts{}, err
	}
	facts := Facts{Link: link, Unattended: s.Regions.Region(rule.Region).Unattended}
	if standing(*rule, facts) != "" {
		return facts, nil
	}
	facts.Answer = s.ask(ctx, balance.Subject{PersonID: rule.PersonID, Region: rule.Region})
	return facts, nil
}

// ask returns a fresh answer, or nil where none is to be had. That the person is not enrolled, or goes by another name
// there, is an answer: one without an enrolment.
func (s *Service) ask(ctx context.Context, subject balance.Subject) *balance.Answer {
	answer, err := s.Balances.Fresh(ctx, subject)
	switch {
	case errors.Is(err, balance.ErrNotEnrolled), errors.Is(err, balance.ErrMismatch):
		now := s.now()
		return &balance.Answer{FetchedAt: now, AsOf: now, Completeness: balance.Complete}
	case err != nil:
		return nil
	}
	return answer
}

// sameRule says whether the rule is still the one that was decided upon.
func sameRule(current, decided *Rule) bool {
	return current.ID == decided.ID &&
		current.State == decided.State &&
		current.Episode == decided.Episode &&
		current.Threshold == decided.Threshold &&
		current.Margin == decided.Margin &&
		current.InsuranceType == decided.InsuranceType &&
		current.Outbox == nil &&
		current.EvaluatedAt.Equal(decided.EvaluatedAt)
}

// apply writes the decision into the rule; pure.
func (s *Service) apply(rule *Rule, facts Facts, d Decision, now time.Time) {
	rule.State, rule.LastReason = d.State, d.Reason
	rule.EvaluatedAt, rule.UpdatedAt = now, now
	rule.DueAt = s.nextDue(rule, d.Reason, now)
	if !d.Fire {
		return
	}
	rule.Episode++
	rule.FiredAt = now
	rule.DueAt = now.Add(s.cfg.Lease) // until the outbox is empty the rule stays due soon
	rule.Outbox = &Outbox{
		Episode:   rule.Episode,
		Message:   s.message(rule, facts.Link.MaskedName, d),
		NotBefore: rule.Quiet.NotBefore(now),
	}
}

// nextDue is the next evaluation: sooner when nothing could be learnt, and at the end of a cooldown.
func (s *Service) nextDue(rule *Rule, reason Reason, now time.Time) time.Time {
	due := now.Add(s.askAgain(reason))
	if reason == ReasonCooldown {
		due = earlier(due, rule.FiredAt.Add(s.cfg.Cooldown))
	}
	return due
}

// askAgain is when the upstream is asked again: soon where it gave no fresh answer.
func (s *Service) askAgain(reason Reason) time.Duration {
	if reason == ReasonNotFresh {
		return s.cfg.CheckEvery / 4
	}
	return s.cfg.CheckEvery
}

func (s *Service) message(rule *Rule, maskedName string, d Decision) Message {
	m := Message{
		Threshold:  rule.Threshold,
		Region:     s.Regions.Name(rule.Region),
		Insurance:  s.InsuranceName(rule.InsuranceType),
		AsOf:       d.AsOf,
		MaskedName: maskedName,
	}
	if rule.ShowAmount {
		fen := d.Balance
		m.Balance = &fen
	}
	return m
}

// handOver turns the outbox into a delivery. It returns the rule with an empty outbox, or nil when somebody else has
// emptied it or the rule is gone.
func (s *Service) handOver(ctx context.Context, rule *Rule) (*Rule, error) {
	// Write 3: the delivery, keyed by rule and episode. A crash before it leaves the outbox to the next claim; a crash
	// after it makes the next claim repeat it, which changes nothing.
	if err := s.Store.InsertDelivery(ctx, s.delivery(rule)); err != nil {
		return nil, err
	}
	episode := rule.Outbox.Episode
	// Write 4: the outbox is emptied, of this episode only. A crash before it repeats write 3.
	cleared, err := s.Store.UpdateRule(ctx, rule.LinkID, func(current *Rule) error {
		if current.ID != rule.ID || current.Outbox == nil || current.Outbox.Episode != episode {
			return errChanged
		}
		current.Outbox = nil
		current.DueAt = s.now().Add(s.cfg.CheckEvery)
		return nil
	})
	if errors.Is(err, errChanged) || errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return cleared, err
}

// delivery makes the delivery of the rule's outbox; the same at every repeat.
func (s *Service) delivery(rule *Rule) Delivery {
	d := Delivery{
		ID:        DeliveryID(rule.ID, rule.Outbox.Episode),
		RuleID:    rule.ID,
		LinkID:    rule.LinkID,
		Episode:   rule.Outbox.Episode,
		UserID:    rule.UserID,
		Platform:  rule.Platform,
		App:       rule.App,
		Template:  rule.Template,
		Message:   rule.Outbox.Message,
		State:     DeliveryPending,
		NotBefore: rule.Outbox.NotBefore,
		CreatedAt: rule.FiredAt,
	}
	d.ExpiresAt = d.CreatedAt.Add(s.cfg.DeliveryTTL)
	if d.NotBefore.After(d.CreatedAt) {
		d.Postponed, d.Reason = true, ReasonQuietHours
	}
	return d
}
