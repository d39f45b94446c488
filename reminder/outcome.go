package reminder

import "time"

// OutcomeKind is the result of a send.
type OutcomeKind string

// The kinds of outcome.
const (
	OutcomeAccepted  OutcomeKind = "accepted"
	OutcomeRetry     OutcomeKind = "retry"     // not accepted; may be sent again after RetryAfter
	OutcomePermanent OutcomeKind = "permanent" // not accepted, and never will be
	OutcomeUnknown   OutcomeKind = "unknown"   // may have been accepted: never sent again
)

// localCode begins the code of an outcome without a request to the platform.
const localCode = "local/"

// Outcome is a sender's report of one send.
type Outcome struct {
	Kind       OutcomeKind
	MessageID  string
	Code       string // the platform's, or "local/…" if no request left
	Reason     Reason // for retry and permanent
	RetryAfter time.Duration
}

// apply writes the outcome into a delivery in sending; pure. A message without a subscription waits for the next one, as
// the grant may come a moment later.
func (o Outcome) apply(d *Delivery, now time.Time, cfg Config) {
	d.MessageID, d.Code, d.Reason = o.MessageID, o.Code, o.Reason
	wait := max(o.RetryAfter, backoff(d.Attempts))
	switch {
	case o.Kind == OutcomeAccepted:
		d.State, d.Reason = DeliveryAccepted, ""
	case d.unsubscribed() && o.Kind == OutcomePermanent && d.Attempts < cfg.MaxAttempts:
		d.State, d.NotBefore = DeliveryPending, earlier(now.Add(cfg.CheckEvery), d.ExpiresAt)
		return
	case o.Kind == OutcomePermanent:
		d.State = DeliveryRefused
	case o.Kind == OutcomeRetry && d.Attempts < cfg.MaxAttempts:
		d.State, d.NotBefore = DeliveryPending, earlier(now.Add(wait), d.ExpiresAt)
		return
	case o.Kind == OutcomeRetry:
		d.State = DeliveryDropped
	default: // unknown, and any kind that does not exist
		d.State, d.Reason = DeliveryUnknown, ReasonLostAnswer
	}
	d.EndedAt = now
}

// backoff is the least wait after so many sends of one delivery: 10 s, then four times as long each time, up to 12 h. The
// default of 8 attempts covers 15 h, so a platform that is down for a night, or has used up its daily quota, loses no
// message.
func backoff(attempts int) time.Duration {
	return min(10*time.Second<<(2*min(max(attempts-1, 0), 8)), 12*time.Hour)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
