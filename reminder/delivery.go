package reminder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"yibao/identity"
)

// DeliveryState is the state of a delivery.
type DeliveryState string

// The states of a delivery. In the last four the delivery is over.
const (
	DeliveryPending  DeliveryState = "pending"
	DeliverySending  DeliveryState = "sending" // written just before the request leaves
	DeliveryAccepted DeliveryState = "accepted"
	DeliveryRefused  DeliveryState = "refused" // the platform will never accept it
	DeliveryUnknown  DeliveryState = "unknown" // may or may not have arrived; never sent again
	DeliveryDropped  DeliveryState = "dropped" // we decided not to send
)

// Delivery is one notification to one platform user, from decision to receipt.
type Delivery struct {
	ID        string            `bson:"_id"` // hash(v1, rule id, episode)
	RuleID    string            `bson:"rule_id"`
	LinkID    string            `bson:"link_id"`
	Episode   int64             `bson:"episode"`
	UserID    string            `bson:"user_id"`
	Platform  identity.Platform `bson:"platform"`
	App       string            `bson:"app"`
	Template  string            `bson:"template"`
	Message   Message           `bson:"message"`
	State     DeliveryState     `bson:"state"`
	Reason    Reason            `bson:"reason"`
	MessageID string            `bson:"message_id"` // the platform's, for questions to the platform about this message
	Code      string            `bson:"code"`       // the platform's code of the last answer: errcode, or code/sub_code
	Attempts  int               `bson:"attempts"`   // number of sends
	NotBefore time.Time         `bson:"not_before"`
	Postponed bool              `bson:"postponed"` // NotBefore was moved beyond the decision
	CreatedAt time.Time         `bson:"created_at"`
	SendingAt time.Time         `bson:"sending_at"` // just before the last request left
	EndedAt   time.Time         `bson:"ended_at"`
	ExpiresAt time.Time         `bson:"expires_at"` // if not sent until then: dropped
}

// Over says whether the delivery will not change any more. One in no state cannot be read, and is left alone.
func (d *Delivery) Over() bool {
	return d.State != "" && d.State != DeliveryPending && d.State != DeliverySending
}

// unsubscribed says whether the delivery lacks a subscription: ours is used up, or the platform knows of none.
func (d *Delivery) unsubscribed() bool {
	return d.Reason == ReasonNoQuota || d.Reason == ReasonNotSubscribed
}

// DeliveryID is the key of a fall's delivery. A fall that is decided twice still has one delivery.
func DeliveryID(ruleID string, episode int64) string {
	sum := sha256.Sum256([]byte("v1\x00" + ruleID + "\x00" + strconv.FormatInt(episode, 10)))
	return hex.EncodeToString(sum[:])
}

// Deliveries lists the link's deliveries, newest first, 1 to 100 of them. Errors: identity.ErrNoSuchLink.
func (s *Service) Deliveries(ctx context.Context, c *identity.Caller, linkID string, limit int) ([]Delivery, error) {
	if _, err := c.Link(linkID); err != nil {
		return nil, err
	}
	return s.Store.DeliveriesOf(ctx, linkID, min(max(limit, 1), 100))
}
