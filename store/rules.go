package store

import (
	"context"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// ruleDoc is a reminder rule with its state and outbox; _id is the link's id.
type ruleDoc struct {
	Meta     `bson:",inline"`
	RuleID   string `bson:"rule_id"`
	UserID   string `bson:"user_id"`
	PersonID string `bson:"person_id"`
	Region   string `bson:"region"`
	Platform string `bson:"platform"`
	App      string `bson:"app"`
	Template string `bson:"template"`

	Insurance  string     `bson:"insurance"`
	Threshold  int64      `bson:"threshold_fen"`
	Margin     int64      `bson:"margin_fen"`
	ShowAmount bool       `bson:"show_amount"`
	QuietStart int        `bson:"quiet_start"`
	QuietEnd   int        `bson:"quiet_end"`
	Consent    consentDoc `bson:"consent"`

	State       string     `bson:"state"`
	Episode     int64      `bson:"episode"`
	FiredAt     time.Time  `bson:"fired_at"`
	LastReason  string     `bson:"last_reason"`
	EvaluatedAt time.Time  `bson:"evaluated_at"`
	DueAt       time.Time  `bson:"due_at"`
	Outbox      *outboxDoc `bson:"outbox"`
	CreatedAt   time.Time  `bson:"created_at"`
}

type outboxDoc struct {
	Episode   int64      `bson:"episode"`
	Message   messageDoc `bson:"message"`
	NotBefore time.Time  `bson:"not_before"`
}

type messageDoc struct {
	Balance    *int64    `bson:"balance_fen"`
	Threshold  int64     `bson:"threshold_fen"`
	Region     string    `bson:"region"`
	Insurance  string    `bson:"insurance"`
	AsOf       time.Time `bson:"as_of"`
	MaskedName string    `bson:"masked_name"`
}

func messageToDoc(m reminder.Message) messageDoc {
	return messageDoc{(*int64)(m.Balance), int64(m.Threshold), m.Region, m.Insurance, m.AsOf, m.MaskedName}
}

func messageToDom(d messageDoc) reminder.Message {
	return reminder.Message{
		Balance: (*balance.Fen)(d.Balance), Threshold: balance.Fen(d.Threshold), Region: d.Region,
		Insurance: d.Insurance, AsOf: d.AsOf, MaskedName: d.MaskedName,
	}
}

func ruleToDoc(r *reminder.Rule) *ruleDoc {
	d := &ruleDoc{
		Meta: Meta{ID: r.LinkID}, RuleID: r.ID, UserID: r.UserID, PersonID: r.PersonID, Region: r.Region,
		Platform: string(r.Platform), App: r.App, Template: r.Template,
		Insurance: r.InsuranceType, Threshold: int64(r.Threshold), Margin: int64(r.Margin), ShowAmount: r.ShowAmount,
		QuietStart: r.Quiet.Start, QuietEnd: r.Quiet.End, Consent: consentDoc(r.Consent),
		State: string(r.State), Episode: r.Episode, FiredAt: r.FiredAt, LastReason: string(r.LastReason),
		EvaluatedAt: r.EvaluatedAt, DueAt: r.DueAt, CreatedAt: r.CreatedAt,
	}
	if r.Outbox != nil {
		d.Outbox = &outboxDoc{r.Outbox.Episode, messageToDoc(r.Outbox.Message), r.Outbox.NotBefore}
	}
	return d
}

func ruleToDom(d *ruleDoc) *reminder.Rule {
	r := &reminder.Rule{
		LinkID: d.ID, ID: d.RuleID, UserID: d.UserID, PersonID: d.PersonID, Region: d.Region,
		Platform: identity.Platform(d.Platform), App: d.App, Template: d.Template,
		InsuranceType: d.Insurance, Threshold: balance.Fen(d.Threshold), Margin: balance.Fen(d.Margin),
		ShowAmount: d.ShowAmount, Quiet: reminder.QuietHours{Start: d.QuietStart, End: d.QuietEnd},
		Consent: identity.Consent(d.Consent),
		State:   reminder.RuleState(d.State), Episode: d.Episode, FiredAt: d.FiredAt, LastReason: reminder.Reason(d.LastReason),
		EvaluatedAt: d.EvaluatedAt, DueAt: d.DueAt, CreatedAt: d.CreatedAt,
	}
	if d.Outbox != nil {
		r.Outbox = &reminder.Outbox{Episode: d.Outbox.Episode, Message: messageToDom(d.Outbox.Message), NotBefore: d.Outbox.NotBefore}
	}
	return r
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
