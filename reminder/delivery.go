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
	MessageID string // the platform's, for questions to the platform about this message
	Code      string // the platform's code of the last answer: errcode, or code/sub_code
	Attempts  int    // number of sends
	NotBefore time.Time
	Postponed bool // NotBefore was moved beyond the decision
	CreatedAt time.Time
	SendingAt time.Time // just before the last request left
	EndedAt   time.Time
	ExpiresAt time.Time // if not sent until then: dropped
}

// Over says whether the delivery will not change any more.
func (d *Delivery) Over() bool {
	return d.State != DeliveryPending && d.State != DeliverySending
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
