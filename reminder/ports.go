package reminder

import (
	"context"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// Balances gives fresh balances for a decision.
type Balances interface {
	// Fresh returns an answer fetched no longer ago than the configured age for decisions, asking the upstream when
	// needed. An answer that could not be had fresh is an error, never a stale one.
	Fresh(ctx context.Context, subject balance.Subject) (*balance.Answer, error)
}

// Users reads platform users: links, consent, and where to send.
type Users interface {
	User(ctx context.Context, id string) (*identity.PlatformUser, error)
}

// Sender sends one message through one platform. It checks the template's limits before anything leaves, and never
// returns an error: every failure is an Outcome.
type Sender interface {
	Send(ctx context.Context, to Recipient, template string, message Message) Outcome
}

// RuleStore keeps rules; update functions run on a fresh copy, may run again, and must be pure. A write holds only where
// the document is still the one that was read: neither changed since, nor deleted and made anew.
type RuleStore interface {
	Rule(ctx context.Context, linkID string) (*Rule, error) // ErrNotFound
	// PutRule inserts or updates: fn gets nil for a rule that is not there.
	PutRule(ctx context.Context, linkID string, fn func(*Rule) (*Rule, error)) (*Rule, error)
	// UpdateRule returns ErrNotFound for a rule that is gone.
	UpdateRule(ctx context.Context, linkID string, fn func(*Rule) error) (*Rule, error)
	DeleteRule(ctx context.Context, linkID string) error
	// ClaimDueRules claims up to limit rules due at now by moving DueAt to leaseUntil. Those that another process claims
	// meanwhile do not count: fewer than limit means that no others were found.
	ClaimDueRules(ctx context.Context, now, leaseUntil time.Time, limit int) ([]*Rule, error)
}

// DeliveryStore keeps deliveries. Finished ones move to a collection of their own; DeliveriesOf looks in both. A delivery
// is open until FinishDelivery has moved it, whatever its state: one that is over but still open has a quota that is not
// settled yet, and must be found again after a crash.
type DeliveryStore interface {
	// InsertDelivery is safe to repeat: a delivery of that id, open or finished, stays as it is.
	InsertDelivery(ctx context.Context, d Delivery) error
	// UpdateDelivery changes an open delivery; ErrNotFound for one that is gone or was moved.
	UpdateDelivery(ctx context.Context, id string, fn func(*Delivery) error) (*Delivery, error)
	// FinishDelivery moves a final delivery to the finished ones. Safe to repeat after a crash between its
	// writes. ErrNotFound for one that is gone.
	FinishDelivery(ctx context.Context, d *Delivery) error
	// UsersWithDue lists platform users that have an open delivery (of any state) with NotBefore <= now.
	UsersWithDue(ctx context.Context, now time.Time, limit int) ([]string, error)
	// OpenDeliveries lists the user's open deliveries, oldest first.
	OpenDeliveries(ctx context.Context, userID string) ([]*Delivery, error)
	// DeliveriesOf lists a link's deliveries, newest first.
	DeliveriesOf(ctx context.Context, linkID string, limit int) ([]Delivery, error)
	DeleteDeliveries(ctx context.Context, linkID string) error
	// LeaseUser takes the right to send to the user until the time, unless another holder has it: false then. The same
	// holder may take it again, to make it longer.
	LeaseUser(ctx context.Context, userID, holder string, now, until time.Time) (bool, error)
	ReleaseUser(ctx context.Context, userID, holder string) error
}

// QuotaStore keeps quotas; a quota that is not there starts empty.
type QuotaStore interface {
	Quota(ctx context.Context, userID, template string) (*Quota, error)
	UpdateQuota(ctx context.Context, userID, template string, fn func(*Quota) error) (*Quota, error)
}

// Store is what the store offers this package.
type Store interface {
	RuleStore
	DeliveryStore
	QuotaStore
}
