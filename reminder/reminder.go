// Package reminder notifies users when their balance falls below the threshold they set: rules, the decision, subscription
// quota, deliveries, and the two workers that run them.
package reminder

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// Deps are the service's dependencies.
type Deps struct {
	Store     Store
	Balances  Balances
	Users     Users
	Senders   map[identity.Platform]Sender
	Templates []Template
	Regions   *identity.Regions
	// InsuranceName turns a code into the name in a message; nil leaves the code.
	InsuranceName func(code string) string
	// ConsentHash is the SHA-256 of the consent text, hex; ConsentProof a keyed hash, nil for none.
	ConsentHash  string
	ConsentProof func(parts ...string) string
	Now          func() time.Time
	Log          *slog.Logger
	// Observe counts the reasons of evaluations ("evaluation") and deliveries ("delivery"); may be nil.
	Observe func(kind string, reason Reason)
}

// Service keeps rules, evaluates them and sends messages.
type Service struct {
	Deps
	cfg  Config
	apps *breakers
}

var _ identity.Follower = (*Service)(nil)

// NewService returns a service It starts nothing.
func NewService(cfg Config, deps Deps) *Service {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Observe == nil {
		deps.Observe = func(string, Reason) {}
	}
	if deps.InsuranceName == nil {
		deps.InsuranceName = func(code string) string { return code }
	}
	return &Service{Deps: deps, cfg: cfg, apps: newBreakers(deps.Log)}
}

// now is the injected clock in milliseconds. The store keeps milliseconds, so a time read back is equal.
func (s *Service) now() time.Time { return s.Now().Truncate(time.Millisecond) }

// Linked does nothing: the owner sets the rule.
func (s *Service) Linked(context.Context, string, identity.Link) error { return nil }

// Unlinked deletes the link's rule and deliveries. The rule goes first, because an evaluation can add a delivery while the
// rule is there. A delivery inserted later still, from an earlier decision, finds no link just before its send and is
// deleted then. Safe to repeat, so kill -9 between the two deletions is harmless.
func (s *Service) Unlinked(ctx context.Context, _ string, link identity.Link, _ []identity.Slot) error {
	return s.deleteAll(ctx, link.ID)
}

func (s *Service) deleteAll(ctx context.Context, linkID string) error {
	if err := s.Store.DeleteRule(ctx, linkID); err != nil {
		return err
	}
	return s.Store.DeleteDeliveries(ctx, linkID)
}

// link returns the user and the link as they are now. A nil link is gone for good: no link's id is used again.
func (s *Service) link(ctx context.Context, userID, linkID string) (*identity.PlatformUser, *identity.Link, error) {
	user, err := s.Users.User(ctx, userID)
	if errors.Is(err, identity.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for i := range user.Links {
		if user.Links[i].ID == linkID && user.Links[i].State != identity.LinkEnded {
			return user, &user.Links[i], nil
		}
	}
	return user, nil, nil
}

// ask returns a fresh answer, or nil if there is none; then busy is the time until which the region must not be asked, if it
// must not. "Not enrolled" and "another name" are answers: they have no enrolment.
func (s *Service) ask(ctx context.Context, subject balance.Subject) (answer *balance.Answer, busy time.Time) {
	answer, err := s.Balances.Fresh(ctx, subject)
	var throttled *balance.ThrottledError
	switch {
	case errors.As(err, &throttled):
		return nil, throttled.Until
	case errors.Is(err, balance.ErrNotEnrolled), errors.Is(err, balance.ErrMismatch):
		now := s.now()
		return &balance.Answer{FetchedAt: now, AsOf: now, Coverage: balance.Complete}, time.Time{}
	case err != nil:
		return nil, time.Time{} // package balance has logged it
	}
	return answer, time.Time{}
}
