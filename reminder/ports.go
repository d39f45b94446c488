package reminder

import (
	"context"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// Balances gives fresh balances for a decision.
type Balances interface {
	// Fresh returns an answer fetched no longer ago than the configured age for decisions, and asks the upstream if
	// needed. Without a fresh answer it returns an error, never a stale answer; while the region must not be asked, a
	// *balance.ThrottledError.
	Fresh(ctx context.Context, subject balance.Subject) (*balance.Answer, error)
}

// Users reads platform users: links, consent, and the platform's account.
type Users interface {
	User(ctx context.Context, id string) (*identity.PlatformUser, error)
}

// Recipient is the platform account that a message goes to.
type Recipient struct {
	App    string
	OpenID string
	UserID string // Alipay's older id, used if OpenID is ""
}

// Sender sends one message through one platform. It checks the template's limits before the request leaves. It never
// returns an error: every failure is an Outcome.
type Sender interface {
	Send(ctx context.Context, to Recipient, template string, message Message) Outcome
}

// RuleStore keeps rules. Update functions run on a fresh copy, may run again, and must be pure. A write succeeds only on
// the very document that was read. If that was changed, or deleted and made anew, the function runs again.
type RuleStore interface {
	Rule(ctx context.Context, linkID string) (*Rule, error) // ErrNotFound
	// PutRule inserts or updates: fn gets nil for a missing rule.
	PutRule(ctx context.Context, linkID string, fn func(*Rule) (*Rule, error)) (*Rule, error)
	// UpdateRule returns ErrNotFound for a missing rule.
	UpdateRule(ctx context.Context, linkID string, fn func(*Rule) error) (*Rule, error)
	// DeleteRule does nothing for a missing rule.
	DeleteRule(ctx context.Context, linkID string) error
	// ClaimDueRules claims up to limit rules due at now by moving DueAt to leaseUntil. It leaves out rules that another
	// process claims meanwhile: fewer than limit means that no others were found.
	ClaimDueRules(ctx context.Context, now, leaseUntil time.Time, limit int) ([]*Rule, error)
}

// DeliveryStore keeps deliveries. Finished ones move to a collection of their own; DeliveriesOf reads both. A delivery is
// open in any state until FinishDelivery has moved it. An open delivery that is over may have a unit of quota that is not
// settled yet, and must be found again after a crash.
type DeliveryStore interface {
	// InsertDelivery is safe to repeat: a delivery of that id, open or finished, stays as it is.
	InsertDelivery(ctx context.Context, d Delivery) error
	// UpdateDelivery changes an open delivery; ErrNotFound for a missing or finished one.
	UpdateDelivery(ctx context.Context, id string, fn func(*Delivery) error) (*Delivery, error)
	// FinishDelivery moves a delivery that is over to the finished ones. Safe to repeat after a crash between its
	// writes. ErrNotFound for a missing one.
	FinishDelivery(ctx context.Context, d *Delivery) error
	// UsersWithDue lists platform users that have an open delivery (in any state) with NotBefore <= now.
	UsersWithDue(ctx context.Context, now time.Time, limit int) ([]string, error)
	// OpenDeliveries lists the user's open deliveries, oldest first. One that a newer program wrote has its id alone.
	OpenDeliveries(ctx context.Context, userID string) ([]*Delivery, error)
	// DeliveriesOf lists a link's deliveries, newest first.
	DeliveriesOf(ctx context.Context, linkID string, limit int) ([]Delivery, error)
	DeleteDeliveries(ctx context.Context, linkID string) error
	// LeaseUser leases the right to send to the user until the time; false if another holder has it. The same holder may
	// extend its lease.
	LeaseUser(ctx context.Context, userID, holder string, now, until time.Time) (bool, error)
	ReleaseUser(ctx context.Context, userID, holder string) error
}

// QuotaStore keeps quotas. A missing quota is empty.
type QuotaStore interface {
	Quota(ctx context.Context, userID, template string) (*Quota, error)
	UpdateQuota(ctx context.Context, userID, template string, fn func(*Quota) error) (*Quota, error)
}

// Store is this package's part of the store. The text of its errors is safe to log.
type Store interface {
	RuleStore
	DeliveryStore
	QuotaStore
}
