// Package reminder notifies users when their balance falls below the threshold they set: rules, the decision, subscription
// quota, deliveries, and the two workers that run them.
package reminder

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// Config holds times and limits. Zero means the default; a negative Cooldown or DefaultMargin means none.
type Config struct {
	CheckEvery  time.Duration // between two evaluations of a rule; 1 h
	Lease       time.Duration // of a claimed rule and of a user; after a crash it must run out; 2 min
	Cooldown    time.Duration // after a fall, before the next one fires; 24 h
	DecisionAge time.Duration // an answer fetched longer ago is not fresh; 30 min
	DeliveryTTL time.Duration // a delivery not sent by then is dropped; 72 h
	UnknownFor  time.Duration // an unknown message blocks its template for the user that long; 10 min
	SendTimeout time.Duration // for one request to a platform; 10 s
	Tick        time.Duration // pause of an idle worker; 5 s

	Batch       int // rules or users in one full pass; 50
	Parallel    int // of those, at once; 4
	MaxAttempts int // sends of one delivery; it is dropped if the platform accepts none of them; 8
	MaxFree     int // one-time grants beyond this do not count; 50

	DefaultMargin balance.Fen // 1000 = ¥10
}

// Deps are the service's dependencies.
type Deps struct {
	Store     Store
	Balances  Balances
	Users     Users
	Senders   map[identity.Platform]Sender
	Templates []Template
	// RegionName and InsuranceName turn codes into the names in a message; nil leaves the codes.
	RegionName    func(code string) string
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

// NewService returns a service with the defaults filled in. It starts nothing.
func NewService(cfg Config, deps Deps) *Service {
	cfg.CheckEvery = cmp.Or(cfg.CheckEvery, time.Hour)
	cfg.Lease = cmp.Or(cfg.Lease, 2*time.Minute)
	cfg.Cooldown = cmp.Or(cfg.Cooldown, 24*time.Hour)
	cfg.DecisionAge = cmp.Or(cfg.DecisionAge, 30*time.Minute)
	cfg.DeliveryTTL = cmp.Or(cfg.DeliveryTTL, 72*time.Hour)
	cfg.UnknownFor = cmp.Or(cfg.UnknownFor, 10*time.Minute)
	cfg.SendTimeout = cmp.Or(cfg.SendTimeout, 10*time.Second)
	cfg.Tick = cmp.Or(cfg.Tick, 5*time.Second)
	cfg.Batch = cmp.Or(cfg.Batch, 50)
	cfg.Parallel = cmp.Or(cfg.Parallel, 4)
	cfg.MaxAttempts = cmp.Or(cfg.MaxAttempts, 8)
	cfg.MaxFree = cmp.Or(cfg.MaxFree, 50)
	cfg.DefaultMargin = max(cmp.Or(cfg.DefaultMargin, 1000), 0)
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Observe == nil {
		deps.Observe = func(string, Reason) {}
	}
	same := func(code string) string { return code }
	if deps.RegionName == nil {
		deps.RegionName = same
	}
	if deps.InsuranceName == nil {
		deps.InsuranceName = same
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
		if user.Links[i].ID == linkID {
			return user, &user.Links[i], nil
		}
	}
	return user, nil, nil
}

// ask returns a fresh answer, or nil if there is none. "Not enrolled" and "another name" are answers: they have no
// enrolment.
func (s *Service) ask(ctx context.Context, subject balance.Subject) *balance.Answer {
	answer, err := s.Balances.Fresh(ctx, subject)
	switch {
	case errors.Is(err, balance.ErrNotEnrolled), errors.Is(err, balance.ErrMismatch):
		now := s.now()
		return &balance.Answer{FetchedAt: now, AsOf: now, Completeness: balance.Complete}
	case err != nil:
		return nil // package balance has logged it
	}
	return answer
}
