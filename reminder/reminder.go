// Package reminder tells people when their balance falls below the line they set: rules, the decision, subscription
// quota, deliveries, and the two workers that run them.
package reminder

import (
	"errors"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// RuleState is where a rule stands towards its line.
type RuleState string

// The states of a rule.
const (
	// StateNew: not evaluated since it was set. A balance already below the line is told to the owner, not sent.
	StateNew RuleState = "new"
	// StateArmed: the balance was at or above the line; a fall below it fires.
	StateArmed RuleState = "armed"
	// StateBelow: fired, or set while below; waits for threshold + margin.
	StateBelow RuleState = "below"
)

// Reason names what came of an evaluation or of a delivery: "why not sent" is data.
type Reason string

// What an evaluation of a rule can come to.
const (
	ReasonFired          Reason = "fired"
	ReasonAbove          Reason = "above_line"
	ReasonAlreadyBelow   Reason = "already_below" // set while below: waits for recovery
	ReasonStillBelow     Reason = "still_below"
	ReasonRearmed        Reason = "rearmed"
	ReasonCooldown       Reason = "cooldown"
	ReasonNotFresh       Reason = "not_fresh" // stale, or the upstream could not be asked
	ReasonNoAccount      Reason = "no_account"
	ReasonAccountUnknown Reason = "account_unknown"
	ReasonBalanceUnknown Reason = "balance_unknown"
	ReasonNotActive      Reason = "enrolment_not_active"
	ReasonNoEnrolment    Reason = "no_enrolment" // not of that insurance, or the upstream does not know the person so
	ReasonNoConsent      Reason = "no_consent"
	ReasonLinkEnded      Reason = "link_ended"
	ReasonUnattended     Reason = "region_not_unattended" // the region no longer allows unattended questions
)

// Rule is a reminder rule, its state and its outbox: one document, so that deciding and remembering what was decided
// are one write.
type Rule struct {
	LinkID   string // the document's key: one rule to a link
	ID       string // random, new for every new rule; goes into delivery ids
	UserID   string
	PersonID string
	Region   string
	Platform identity.Platform
	App      string
	Template string // our name of the message template

	InsuranceType string // of the enrolment that is watched
	Threshold     balance.Fen
	Margin        balance.Fen // re-arm at Threshold + Margin
	ShowAmount    bool        // may the message carry the amount? (it shows on lock screens)
	Quiet         QuietHours
	Consent       identity.Consent

	State       RuleState
	Episode     int64     // number of falls so far; never goes back
	FiredAt     time.Time // of the last fall; in episode 0 of one that an earlier rule of the link has told of
	LastReason  Reason
	EvaluatedAt time.Time
	DueAt       time.Time // next evaluation; moved forward to claim it
	Outbox      *Outbox
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Outbox is a decided message that has no delivery yet.
type Outbox struct {
	Episode int64
	Message Message
	// NotBefore is when quiet hours end, or the time of decision.
	NotBefore time.Time
}

// Message is what a notification says, before any template shapes it. No name in it.
type Message struct {
	Balance    *balance.Fen // nil unless the owner chose to show amounts
	Threshold  balance.Fen
	Region     string
	Insurance  string
	AsOf       time.Time
	MaskedName string // 张*三
}

// QuietHours is a half-open span of the day [Start, End) in Asia/Shanghai, minutes since midnight; it may cross
// midnight. Start == End means none.
type QuietHours struct {
	Start, End int
}

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states of a delivery. Accepted, refused, unknown and dropped are final.
const (
	DeliveryPending  DeliveryState = "pending"
	DeliverySending  DeliveryState = "sending" // written just before the request leaves
	DeliveryAccepted DeliveryState = "accepted"
	DeliveryRefused  DeliveryState = "refused" // the platform said no for good
	DeliveryUnknown  DeliveryState = "unknown" // may or may not have arrived; never sent again
	DeliveryDropped  DeliveryState = "dropped" // we decided not to send
)

// Why a delivery was refused, dropped or put off.
const (
	ReasonNoQuota       Reason = "no_quota" // waits until the user subscribes again, then expires
	ReasonQuietHours    Reason = "quiet_hours"
	ReasonRecovered     Reason = "recovered"
	ReasonRuleOff       Reason = "rule_off"
	ReasonExpired       Reason = "expired"
	ReasonNotSubscribed Reason = "not_subscribed"
	ReasonBadTemplate   Reason = "template_refused"
	ReasonBadText       Reason = "text_refused"
	ReasonBadRecipient  Reason = "recipient_refused"
	ReasonBusy          Reason = "platform_busy"
	ReasonLostAnswer    Reason = "answer_lost"
	ReasonUnknownBefore Reason = "earlier_message_unknown"
)

// Delivery is one notification to one platform user, from decision to receipt.
type Delivery struct {
	ID        string // hash(v1, rule id, episode)
	RuleID    string
	LinkID    string
	Episode   int64
	UserID    string
	Platform  identity.Platform
	App       string
	Template  string
	Message   Message
	State     DeliveryState
	Reason    Reason
	MessageID string // the platform's
	Code      string // the platform's code of the last answer: errcode, or code/sub_code
	Attempts  int
	NotBefore time.Time
	Postponed bool // NotBefore was later than the decision
	CreatedAt time.Time
	SendingAt time.Time // when the last request was about to leave
	EndedAt   time.Time
	ExpiresAt time.Time // unsent until then: dropped
}

// Over says whether the delivery's state is final.
func (d *Delivery) Over() bool {
	return d.State != DeliveryPending && d.State != DeliverySending
}

// Quota is how many messages of a template a platform user still allows. One document.
type Quota struct {
	UserID   string
	Template string
	Free     int
	Reserved map[string]time.Time // delivery id → when
	// Unknown holds deliveries whose outcome is not known, until when they block the template for this user.
	Unknown map[string]time.Time
	// Reports remembers the last client reports, so that a repeated one grants nothing.
	Reports []string
}

// Kind says how a template is granted.
type Kind string

// The kinds.
const (
	OneTime  Kind = "one_time"  // each grant allows one message
	LongTerm Kind = "long_term" // a grant allows messages until it is withdrawn
)

// Template is a message template of one app, as configured.
type Template struct {
	Name       string // ours
	Platform   identity.Platform
	App        string
	TemplateID string // the platform's
	Kind       Kind
	Title      string // shown to the owner
	// ShowsAmount says whether the message has a place for the balance.
	ShowsAmount bool
}

// Recipient is where a platform sends to.
type Recipient struct {
	App    string
	OpenID string
	UserID string // Alipay's older id, used when OpenID is ""
}

// OutcomeKind says what came of a send.
type OutcomeKind string

// The kinds of outcome.
const (
	OutcomeAccepted  OutcomeKind = "accepted"
	OutcomeRetry     OutcomeKind = "retry"     // nothing was accepted; may be tried again after RetryAfter
	OutcomePermanent OutcomeKind = "permanent" // nothing was accepted and nothing will be
	OutcomeUnknown   OutcomeKind = "unknown"   // may have been accepted: never sent again
)

// localCode begins the code of an outcome for which nothing was asked of the platform.
const localCode = "local/"

// Outcome is what a platform's sender says of one send.
type Outcome struct {
	Kind       OutcomeKind
	MessageID  string
	Code       string // the platform's, or "local/…" where nothing left
	Reason     Reason // for retry and permanent
	RetryAfter time.Duration
}

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound    = errors.New("reminder: not found")
	ErrNoRule      = errors.New("reminder: no rule")
	ErrNoTemplate  = errors.New("reminder: the app has no such template")
	ErrThreshold   = errors.New("reminder: the line must be between ¥1 and ¥1,000,000")
	ErrNoAccount   = errors.New("reminder: no personal account to watch")
	ErrMargin      = errors.New("reminder: the margin must be between ¥0 and ¥1,000,000")
	ErrNoConsent   = errors.New("reminder: consent to unattended reading is missing")
	ErrUnattended  = errors.New("reminder: the region does not allow unattended questions")
	ErrQuietHours  = errors.New("reminder: quiet hours are not valid")
	ErrReportID    = errors.New("reminder: the report needs an id of 1 to 64 characters")
	ErrReportAgain = errors.New("reminder: the report was counted already")
)
