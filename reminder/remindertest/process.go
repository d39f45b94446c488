package remindertest

import (
	"context"
	"errors"
	"sync"
	"time"

	"yibao/identity"
	"yibao/reminder"
)

// ErrKilled is the error of every call of a killed process. The calls have no effect.
var ErrKilled = errors.New("remindertest: the process was killed")

// Fault is a fault of one outside call of a process.
type Fault int

// The faults.
const (
	None        Fault = iota
	KillBefore        // kill -9 before the call takes effect
	KillAfter         // kill -9 after it took effect, before the answer
	FailBefore        // an error; nothing happened
	FailAfter         // an error; it happened: the answer was lost
	faultsTotal       // not a fault
)

// Faults is the number of faults there are, None among them.
const Faults = int(faultsTotal)

// Process is one process' view of the store and the platform. Plan is asked before every call, with its name, and may be
// nil. A killed process stays dead; a restart is a new Process.
type Process struct {
	Store    reminder.Store
	Platform reminder.Sender
	Plan     func(call string) Fault

	mu   sync.Mutex
	dead bool
}

var (
	_ reminder.Store  = (*Process)(nil)
	_ reminder.Sender = (*Process)(nil)
)

// Dead says whether the process was killed.
func (p *Process) Dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// Kill kills the process.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
}

func (p *Process) plan(call string) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.dead:
		return KillBefore
	case p.Plan == nil:
		return None
	}
	return p.Plan(call)
}

// do runs one call under the plan.
func (p *Process) do(ctx context.Context, call string, effect func() error) error {
	if err := ctx.Err(); err != nil {
		return err // as a driver does
	}
	fault := p.plan(call)
	switch fault {
	case KillBefore:
		p.Kill()
		return ErrKilled
	case FailBefore:
		return identity.ErrStore
	}
	err := effect()
	switch {
	case fault == KillAfter:
		p.Kill()
		return ErrKilled
	case fault == FailAfter:
		return identity.ErrStore
	case p.Dead(): // by another goroutine meanwhile
		return ErrKilled
	}
	return err
}

func with[T any](ctx context.Context, p *Process, call string, effect func() (T, error)) (T, error) {
	var result T
	err := p.do(ctx, call, func() (err error) {
		result, err = effect()
		return err
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return result, nil
}

// Send implements reminder.Sender. Any fault makes the outcome unknown.
func (p *Process) Send(ctx context.Context, to reminder.Recipient, template string, m reminder.Message) reminder.Outcome {
	outcome, err := with(ctx, p, "Send", func() (reminder.Outcome, error) { return p.Platform.Send(ctx, to, template, m), nil })
	if err != nil {
		return reminder.Outcome{Kind: reminder.OutcomeUnknown}
	}
	return outcome
}

// Rule implements reminder.RuleStore.
func (p *Process) Rule(ctx context.Context, linkID string) (*reminder.Rule, error) {
	return with(ctx, p, "Rule", func() (*reminder.Rule, error) { return p.Store.Rule(ctx, linkID) })
}

// PutRule implements reminder.RuleStore.
func (p *Process) PutRule(ctx context.Context, linkID string, fn func(*reminder.Rule) (*reminder.Rule, error)) (*reminder.Rule, error) {
	return with(ctx, p, "PutRule", func() (*reminder.Rule, error) { return p.Store.PutRule(ctx, linkID, fn) })
}

// UpdateRule implements reminder.RuleStore.
func (p *Process) UpdateRule(ctx context.Context, linkID string, fn func(*reminder.Rule) error) (*reminder.Rule, error) {
	return with(ctx, p, "UpdateRule", func() (*reminder.Rule, error) { return p.Store.UpdateRule(ctx, linkID, fn) })
}

// DeleteRule implements reminder.RuleStore.
func (p *Process) DeleteRule(ctx context.Context, linkID string) error {
	return p.do(ctx, "DeleteRule", func() error { return p.Store.DeleteRule(ctx, linkID) })
}

// ClaimDueRules implements reminder.RuleStore.
func (p *Process) ClaimDueRules(ctx context.Context, now, until time.Time, limit int) ([]*reminder.Rule, error) {
	return with(ctx, p, "ClaimDueRules", func() ([]*reminder.Rule, error) { return p.Store.ClaimDueRules(ctx, now, until, limit) })
}

// InsertDelivery implements reminder.DeliveryStore.
func (p *Process) InsertDelivery(ctx context.Context, d reminder.Delivery) error {
	return p.do(ctx, "InsertDelivery", func() error { return p.Store.InsertDelivery(ctx, d) })
}

// UpdateDelivery implements reminder.DeliveryStore.
func (p *Process) UpdateDelivery(ctx context.Context, id string, fn func(*reminder.Delivery) error) (*reminder.Delivery, error) {
	return with(ctx, p, "UpdateDelivery", func() (*reminder.Delivery, error) { return p.Store.UpdateDelivery(ctx, id, fn) })
}

// FinishDelivery implements reminder.DeliveryStore.
func (p *Process) FinishDelivery(ctx context.Context, d *reminder.Delivery) error {
	return p.do(ctx, "FinishDelivery", func() error { return p.Store.FinishDelivery(ctx, d) })
}

// UsersWithDue implements reminder.DeliveryStore.
func (p *Process) UsersWithDue(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return with(ctx, p, "UsersWithDue", func() ([]string, error) { return p.Store.UsersWithDue(ctx, now, limit) })
}

// OpenDeliveries implements reminder.DeliveryStore.
func (p *Process) OpenDeliveries(ctx context.Context, userID string) ([]*reminder.Delivery, error) {
	return with(ctx, p, "OpenDeliveries", func() ([]*reminder.Delivery, error) { return p.Store.OpenDeliveries(ctx, userID) })
}

// DeliveriesOf implements reminder.DeliveryStore.
func (p *Process) DeliveriesOf(ctx context.Context, linkID string, limit int) ([]reminder.Delivery, error) {
	return with(ctx, p, "DeliveriesOf", func() ([]reminder.Delivery, error) { return p.Store.DeliveriesOf(ctx, linkID, limit) })
}

// DeleteDeliveries implements reminder.DeliveryStore.
func (p *Process) DeleteDeliveries(ctx context.Context, linkID string) error {
	return p.do(ctx, "DeleteDeliveries", func() error { return p.Store.DeleteDeliveries(ctx, linkID) })
}

// LeaseUser implements reminder.DeliveryStore.
func (p *Process) LeaseUser(ctx context.Context, userID, holder string, now, until time.Time) (bool, error) {
	return with(ctx, p, "LeaseUser", func() (bool, error) { return p.Store.LeaseUser(ctx, userID, holder, now, until) })
}

// ReleaseUser implements reminder.DeliveryStore.
func (p *Process) ReleaseUser(ctx context.Context, userID, holder string) error {
	return p.do(ctx, "ReleaseUser", func() error { return p.Store.ReleaseUser(ctx, userID, holder) })
}

// Quota implements reminder.QuotaStore.
func (p *Process) Quota(ctx context.Context, userID, template string) (*reminder.Quota, error) {
	return with(ctx, p, "Quota", func() (*reminder.Quota, error) { return p.Store.Quota(ctx, userID, template) })
}

// UpdateQuota implements reminder.QuotaStore.
func (p *Process) UpdateQuota(ctx context.Context, userID, template string, fn func(*reminder.Quota) error) (*reminder.Quota, error) {
	return with(ctx, p, "UpdateQuota", func() (*reminder.Quota, error) { return p.Store.UpdateQuota(ctx, userID, template, fn) })
}
