package store

import (
	"context"
	"time"

	"yibao/reminder"
)

// ruleTexts is the masked name in the outbox.
func ruleTexts(r *reminder.Rule) (string, map[string]*string) {
	if r.Outbox == nil {
		return r.LinkID, nil
	}
	outbox := *r.Outbox // sealed in the document alone
	r.Outbox = &outbox
	return r.LinkID, map[string]*string{"outbox": &outbox.Message.MaskedName}
}

// Rule returns the rule of a link, or reminder.ErrNotFound.
func (s *Store) Rule(ctx context.Context, linkID string) (*reminder.Rule, error) {
	return s.rules.get(ctx, linkID)
}

// PutRule inserts or changes the rule of a link; fn gets nil for a rule that is not there.
func (s *Store) PutRule(ctx context.Context, linkID string, fn func(*reminder.Rule) (*reminder.Rule, error)) (*reminder.Rule, error) {
	return s.rules.change(ctx, linkID, fn)
}

// UpdateRule changes the rule of a link by fn; reminder.ErrNotFound for one that is gone.
func (s *Store) UpdateRule(ctx context.Context, linkID string, fn func(*reminder.Rule) error) (*reminder.Rule, error) {
	return s.rules.update(ctx, linkID, fn)
}

// DeleteRule removes the rule of a link; removing what is gone is no error.
func (s *Store) DeleteRule(ctx context.Context, linkID string) error {
	_, err := s.rules.deleteOne(ctx, linkID)
	return err
}

// ClaimDueRules claims up to limit rules, of those that are longest due at now, by moving their due time to leaseUntil,
// which must be later than now. On an error those claimed so far come back with it.
func (s *Store) ClaimDueRules(ctx context.Context, now, leaseUntil time.Time, limit int) ([]*reminder.Rule, error) {
	return claimDue(ctx, s.rules, now, limit, func(r *reminder.Rule) { r.DueAt = leaseUntil })
}
