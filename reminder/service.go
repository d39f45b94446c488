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

	"yibao/balance"
	"yibao/identity"
)

// Config holds the times and limits. A zero value means the default; a negative Cooldown or DefaultMargin means none.
type Config struct {
	CheckEvery  time.Duration // between two evaluations of a rule; 1 h
	Lease       time.Duration // how long a claimed rule or user stays claimed after a crash; 2 min
	Cooldown    time.Duration // after a fall, before the next may fire; 24 h
	DecisionAge time.Duration // an answer fetched longer ago is not fresh; 30 min
	DeliveryTTL time.Duration // unsent so long after the decision: dropped; 72 h
	UnknownFor  time.Duration // how long an unknown message blocks its template for the user; 10 min
	SendTimeout time.Duration // for one request to a platform; 10 s
	Tick        time.Duration // pause of an idle worker; 5 s

	Batch       int // rules or users claimed in one pass; 50
	Parallel    int // of those, how many at once; 4
	MaxAttempts int // sends of one delivery after which nothing accepted becomes dropped; 8
	MaxFree     int // more one-time grants than this are not counted; 50

	DefaultMargin balance.Fen // 1000 = ¥10
}

// Deps is what the service needs.
type Deps struct {
	Store     Store
	Balances  Balances
	Users     Users
	Senders   map[identity.Platform]Sender
	Templates []Template
	// RegionName and InsuranceName turn codes into what a message says; nil leaves the codes.
	RegionName    func(code string) string
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

// NewService fills in defaults; it starts nothing.
func NewService(cfg Config, deps Deps) *Service {
	orDuration(&cfg.CheckEvery, time.Hour)
	orDuration(&cfg.Lease, 2*time.Minute)
	orDuration(&cfg.Cooldown, 24*time.Hour)
	orDuration(&cfg.DecisionAge, 30*time.Minute)
	orDuration(&cfg.DeliveryTTL, 72*time.Hour)
	orDuration(&cfg.UnknownFor, 10*time.Minute)
	orDuration(&cfg.SendTimeout, 10*time.Second)
	orDuration(&cfg.Tick, 5*time.Second)
	orInt(&cfg.Batch, 50)
	orInt(&cfg.Parallel, 4)
	orInt(&cfg.MaxAttempts, 8)
	orInt(&cfg.MaxFree, 50)
	if cfg.DefaultMargin == 0 {
		cfg.DefaultMargin = 1000
	}
	cfg.DefaultMargin = max(cfg.DefaultMargin, 0)
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

func orDuration(d *time.Duration, otherwise time.Duration) {
	if *d == 0 {
		*d = otherwise
	}
}

func orInt(n *int, otherwise int) {
	if *n == 0 {
		*n = otherwise
	}
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
