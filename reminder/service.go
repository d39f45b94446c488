package reminder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yibao/identity"
)

// Deps is what the service needs.
type Deps struct {
	Store     Store
	Balances  Balances
	Users     Users
	Senders   map[identity.Platform]Sender
	Templates []Template
	Regions   *identity.Regions
	// InsuranceName turns a code into the name that a message says; nil leaves the code.
	InsuranceName func(code string) string
	// ConsentHash is the SHA-256 of the consent text, hex; ConsentProof a keyed hash, nil for none.
	ConsentHash  string
	ConsentProof func(parts ...string) string
	Now          func() time.Time
	Log          *slog.Logger
	// Observe counts what evaluations ("evaluation") and deliveries ("delivery") came to; may be nil.
	Observe func(kind string, reason Reason)
}

// Service keeps rules, decides, and sends.
type Service struct {
	Deps
	cfg  Config
	apps *breakers
}

// NewService starts nothing.
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

// now is the injected clock, in the milliseconds that the store keeps, so that a time read back is equal.
func (s *Service) now() time.Time { return s.Now().Truncate(time.Millisecond) }

// Run runs both workers until ctx ends. The order of the stop: claim nothing more, finish the sends in flight and write
// down what came of them, return.
func (s *Service) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	workers.Go(func() { s.work(ctx, "evaluate", s.EvaluateDue) })
	workers.Go(func() { s.work(ctx, "send", s.SendDue) })
	workers.Wait()
	return nil
}

// work repeats passes; a full one that had no error is followed by the next at once. One that found nothing to do, or
// everything in the hands of other processes, is not full.
func (s *Service) work(ctx context.Context, name string, pass func(context.Context) (int, error)) {
	for ctx.Err() == nil {
		done := 0
		err := s.guarded(func() (err error) {
			done, err = pass(ctx)
			return err
		})
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("reminder worker", "worker", name, "code", code(err))
		}
		if err == nil && done >= s.cfg.Batch {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.cfg.Tick):
		}
	}
}

// each does the items of one pass, some at once. One item's failure, be it a panic, keeps no other from being done.
func (s *Service) each(items int, do func(i int) error) error {
	failures := make([]error, items)
	var group errgroup.Group
	group.SetLimit(s.cfg.Parallel)
	for i := range items {
		group.Go(func() error {
			failures[i] = s.guarded(func() error { return do(i) })
			return nil
		})
	}
	_ = group.Wait() // failures holds the errors
	return errors.Join(failures...)
}

// code names an error for the log without its text, which may come from outside.
func code(err error) string {
	switch {
	case errors.Is(err, identity.ErrStore):
		return "store_unavailable"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, errPanic):
		return "panic"
	}
	return "failed"
}

// Linked does nothing: a rule is set by the owner.
func (s *Service) Linked(context.Context, string, identity.Link) error { return nil }

// Unlinked deletes the link's rule and deliveries. The rule goes first: while it is there an evaluation could still add
// a delivery. One that was decided before and is inserted after finds neither rule nor link just before its send, and
// is deleted then. Safe to repeat.
func (s *Service) Unlinked(ctx context.Context, _ string, link identity.Link, _ []identity.Slot) error {
	return s.forget(ctx, link.ID)
}

func (s *Service) forget(ctx context.Context, linkID string) error {
	if err := s.Store.DeleteRule(ctx, linkID); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return s.Store.DeleteDeliveries(ctx, linkID)
}

// link returns the user and the link as they stand now; a nil link is gone for good, since no link's id comes back.
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

// DeliveryID is the key of a fall's delivery: deciding the same fall twice cannot make two.
func DeliveryID(ruleID string, episode int64) string {
	sum := sha256.Sum256([]byte("v1\x00" + ruleID + "\x00" + strconv.FormatInt(episode, 10)))
	return hex.EncodeToString(sum[:])
}
