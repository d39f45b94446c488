package reminder

import (
	"context"
	"errors"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// RuleState is the position of a rule towards its threshold.
type RuleState string

// The states of a rule.
const (
	// StateNew: not evaluated since it was set. If the balance is below already, the owner sees it and no message is sent.
	StateNew RuleState = "new"
	// StateArmed: the balance was at or above the threshold; a fall below it fires.
	StateArmed RuleState = "armed"
	// StateBelow: fired, or set while below; waits for threshold + margin.
	StateBelow RuleState = "below"
)

// Rule is a reminder rule with its state and its outbox. It is one document, so a decision and its state are one write.
type Rule struct {
	LinkID   string            `bson:"_id"`     // the document's key: one rule to a link
	ID       string            `bson:"rule_id"` // random, new for every new rule; part of delivery ids
	UserID   string            `bson:"user_id"`
	PersonID string            `bson:"person_id"`
	Region   string            `bson:"region"`
	Platform identity.Platform `bson:"platform"`
	App      string            `bson:"app"`
	Template string            `bson:"template"` // our name of the message template

	InsuranceType string           `bson:"insurance"` // of the watched enrolment
	Threshold     balance.Fen      `bson:"threshold_fen"`
	Margin        balance.Fen      `bson:"margin_fen"`  // re-arm at Threshold + Margin
	ShowAmount    bool             `bson:"show_amount"` // may the message show the amount? (messages appear on lock screens)
	Quiet         QuietHours       `bson:"quiet"`
	Consent       identity.Consent `bson:"consent"`

	State       RuleState `bson:"state"`
	Episode     int64     `bson:"episode"`  // number of falls so far; never decreases
	FiredAt     time.Time `bson:"fired_at"` // of the last fall; in episode 0 of a fall for which an earlier rule of the link sent a message
	LastReason  Reason    `bson:"last_reason"`
	EvaluatedAt time.Time `bson:"evaluated_at"`
	DueAt       time.Time `bson:"due_at"` // next evaluation; a claim moves it forward
	Outbox      *Outbox   `bson:"outbox"`
	CreatedAt   time.Time `bson:"created_at"`
}

// Outbox is a decided message that has no delivery yet.
type Outbox struct {
	Episode int64   `bson:"episode"`
	Message Message `bson:"message"`
	// NotBefore is the end of the quiet hours, or the time of decision.
	NotBefore time.Time `bson:"not_before"`
}

// Message is the content of a notification before a template shapes it. It has no full name.
type Message struct {
	Balance    *balance.Fen `bson:"balance_fen"` // nil unless the owner chose to show amounts
	Threshold  balance.Fen  `bson:"threshold_fen"`
	Region     string       `bson:"region"`
	Insurance  string       `bson:"insurance"`
	AsOf       time.Time    `bson:"as_of"`
	MaskedName string       `bson:"masked_name"` // 张*三
}

// Get returns the link's reminder. Errors: identity.ErrNoSuchLink, ErrNoRule.
func (s *Service) Get(ctx context.Context, c *identity.Caller, linkID string) (*Rule, error) {
	if _, err := c.Link(linkID); err != nil {
		return nil, err
	}
	rule, err := s.Store.Rule(ctx, linkID)
	if errors.Is(err, ErrNotFound) {
		return nil, ErrNoRule
	}
	return rule, err
}

// Delete removes the link's reminder, if there is one. Its pending deliveries are dropped just before they would be sent.
// Errors: identity.ErrNoSuchLink.
func (s *Service) Delete(ctx context.Context, c *identity.Caller, linkID string) error {
	if _, err := c.Link(linkID); err != nil {
		return err
	}
	return s.Store.DeleteRule(ctx, linkID)
}
