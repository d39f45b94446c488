package reminder

import (
	"context"
	"errors"
	"time"

	"yibao/balance"
)

// EvaluateDue is one pass of the first worker: it claims due rules and evaluates each. It returns the number of claimed
// rules; fewer than a full pass means that other processes have the rest. One rule's failure stops no other.
func (s *Service) EvaluateDue(ctx context.Context) (int, error) {
	now := s.now()
	// Write 1: DueAt moves to the end of the lease. After a crash anywhere below the rule is simply due again then. A
	// stop does not interrupt the claims, and rules claimed before an error are evaluated too.
	rules, err := s.Store.ClaimDueRules(context.WithoutCancel(ctx), now, now.Add(s.cfg.Lease), s.cfg.Batch)
	failed := s.each(len(rules), func(i int) error {
		failure := s.evaluate(ctx, rules[i])
		if ctx.Err() != nil {
			s.release(ctx, rules[i])
		}
		return failure
	})
	return len(rules), errors.Join(failed, err)
}

// release makes a claimed rule due at once for the next process, if a stop kept it from being evaluated. A rule that was
// evaluated, or claimed by another process, has another due time by now and keeps it. If the write fails, the lease runs
// out.
func (s *Service) release(ctx context.Context, claimed *Rule) {
	_, _ = s.Store.UpdateRule(context.WithoutCancel(ctx), claimed.LinkID, func(current *Rule) error {
		if !current.DueAt.Equal(claimed.DueAt) {
			return errChanged
		}
		current.DueAt = s.now()
		return nil
	})
}

// evaluate asks about one claimed rule, decides, and hands a message over.
func (s *Service) evaluate(ctx context.Context, rule *Rule) error {
	if rule.Outbox != nil { // left by a crash; the next fall must not overwrite it
		handedOver, err := s.handOver(ctx, rule)
		if err != nil || handedOver == nil {
			return err
		}
		rule = handedOver
	}
	user, link, err := s.link(ctx, rule.UserID, rule.LinkID)
	if err != nil {
		return err
	}
	if link == nil { // the rule was set while its link was ending; nothing else would delete it
		return s.deleteAll(ctx, rule.LinkID)
	}
	facts := Facts{Link: link, Unattended: s.Regions.Region(rule.Region).Unattended}
	if forbidden(*rule, facts) == "" {
		facts.Answer, facts.Busy = s.ask(ctx, balance.Subject{PersonID: rule.PersonID, Region: rule.Region})
	}
	if ctx.Err() != nil { // a stop interrupts the question: its failure is no finding
		return nil
	}
	ctx = context.WithoutCancel(ctx) // a decision is also written and handed over
	now := s.now()
	decision := Decide(*rule, facts, now, s.cfg)
	// Write 2: state, episode and message in one update. A crash before it changes nothing. After it the fall is not
	// lost, because the next claim finds the outbox, and not decided twice, because the state has changed.
	decided, err := s.Store.UpdateRule(ctx, rule.LinkID, func(current *Rule) error {
		if !sameRule(current, rule) {
			return errChanged
		}
		current.UserID = user.ID // another since, if the user has become part of that one: its quota counts
		s.apply(decision, current, link.MaskedName, now)
		return nil
	})
	if overtaken(err) {
		return nil // set anew, deleted, or evaluated by another process
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

// sameRule says whether the rule is unchanged since it was read for the decision. Its due time may differ: another process
// may have claimed it since.
func sameRule(current, read *Rule) bool {
	c := *current
	c.DueAt = read.DueAt
	return c == *read
}

// apply writes the decision into the rule; pure.
func (s *Service) apply(d Decision, rule *Rule, maskedName string, now time.Time) {
	rule.State, rule.LastReason, rule.EvaluatedAt = d.State, d.Reason, now
	rule.DueAt = s.nextDue(rule, d, now)
	if !d.Fire {
		return
	}
	rule.Episode++
	rule.FiredAt = now
	rule.DueAt = now.Add(s.cfg.Lease) // due soon until the outbox is empty
	rule.Outbox = &Outbox{Episode: rule.Episode, NotBefore: rule.Quiet.NotBefore(now), Message: Message{
		Threshold:  rule.Threshold,
		Region:     s.Regions.Name(rule.Region),
		Insurance:  s.InsuranceName(rule.InsuranceType),
		AsOf:       d.AsOf,
		MaskedName: maskedName,
	}}
	if rule.ShowAmount {
		rule.Outbox.Message.Balance = &d.Balance
	}
}

// nextDue is the time of the next evaluation: sooner without a fresh answer, at the end of a cooldown, and when the region may
// be asked again.
func (s *Service) nextDue(rule *Rule, d Decision, now time.Time) time.Time {
	due := now.Add(s.askAgain(d.Reason))
	switch d.Reason {
	case ReasonCooldown:
		due = earlier(due, rule.FiredAt.Add(s.cfg.Cooldown))
	case ReasonRegionBusy:
		due = askableAt(d.Busy)
	}
	return due
}

// askableAt is when a region that is busy until then is asked again: the store cuts times to milliseconds.
func askableAt(busy time.Time) time.Time { return busy.Add(time.Millisecond) }

// askAgain is the wait before the next question: shorter without a fresh answer.
func (s *Service) askAgain(reason Reason) time.Duration {
	if reason == ReasonNotFresh {
		return s.cfg.CheckEvery / 4
	}
	return s.cfg.CheckEvery
}

// handOver turns the outbox into a delivery. It returns the rule with an empty outbox, or nil if another process has
// emptied it or the rule is gone.
func (s *Service) handOver(ctx context.Context, rule *Rule) (*Rule, error) {
	episode := rule.Outbox.Episode
	d := Delivery{
		ID:        DeliveryID(rule.ID, episode),
		RuleID:    rule.ID,
		LinkID:    rule.LinkID,
		Episode:   episode,
		UserID:    rule.UserID,
		Platform:  rule.Platform,
		App:       rule.App,
		Template:  rule.Template,
		Message:   rule.Outbox.Message,
		State:     DeliveryPending,
		NotBefore: rule.Outbox.NotBefore,
		CreatedAt: rule.FiredAt,
		ExpiresAt: rule.FiredAt.Add(s.cfg.DeliveryTTL),
	}
	if d.NotBefore.After(d.CreatedAt) {
		d.Postponed, d.Reason = true, ReasonQuietHours
	}
	// Write 3: the delivery, keyed by rule and episode. A crash before it leaves the outbox to the next claim. After a
	// crash behind it the next claim repeats it, which changes nothing.
	if err := s.Store.InsertDelivery(ctx, d); err != nil {
		return nil, err
	}
	// Write 4: the outbox of this episode is emptied. After a crash before it the next claim repeats write 3.
	cleared, err := s.Store.UpdateRule(ctx, rule.LinkID, func(current *Rule) error {
		if current.ID != rule.ID || current.Outbox == nil || current.Outbox.Episode != episode {
			return errChanged
		}
		current.Outbox = nil
		current.DueAt = s.now().Add(s.cfg.CheckEvery)
		return nil
	})
	if overtaken(err) {
		return nil, nil
	}
	return cleared, err
}
