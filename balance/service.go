package balance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"yibao/identity"
)

// Deps is what the service needs of the outside.
type Deps struct {
	Upstream Upstream
	People   People
	Store    Store
	Regions  *identity.Regions
	Now      func() time.Time // nil: the machine's clock
	Log      *slog.Logger     // nil: no log
}

// Service answers what people have, keeps the history of it, and draws it.
type Service struct {
	cfg      Config
	upstream Upstream
	people   People
	store    Store
	regions  *identity.Regions
	now      func() time.Time
	log      *slog.Logger

	// kept holds the last good answer of each subject. It has a lock of its own, so that a hot read takes that one only.
	kept *lru.Cache[Subject, *kept]
	// failed holds the subjects whose last question failed.
	failed *lru.Cache[Subject, failure]

	mu      sync.Mutex // guards flights, guards, and every change of kept and failed
	flights map[Subject]*flight
	guards  map[string]*guard
}

// kept is a good answer in memory; never changed once it is there.
type kept struct {
	answer   *Answer
	recorded bool // its readings are in the store
}

// since says whether the answer was fetched at that time or later.
func (k *kept) since(oldest time.Time) bool { return !k.answer.FetchedAt.Before(oldest) }

var _ identity.Follower = (*Service)(nil)

// NewService returns a service that asks nothing until it is asked.
func NewService(cfg Config, deps Deps) *Service {
	s := &Service{
		cfg: cfg, upstream: deps.Upstream, people: deps.People, store: deps.Store, regions: deps.Regions, now: deps.Now,
		log:  deps.Log,
		kept: newCache[*kept](cfg.CacheSize), failed: newCache[failure](cfg.CacheSize),
		flights: map[Subject]*flight{}, guards: map[string]*guard{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

func newCache[V any](size int) *lru.Cache[Subject, V] {
	cache, err := lru.New[Subject, V](size)
	if err != nil {
		panic(err) // only for a size below one: Config was not filled
	}
	return cache
}

// Current returns what the person of the caller's link has now. An answer younger than DisplayAge comes from memory
// with no store read. Where the upstream gives no answer, the last good one that any replica got is returned with
// completeness Stale; its FetchedAt tells its age. The answer is the caller's own copy.
//
// "Not enrolled" and "another name" are answers about now, as is "unsupported": they are returned as errors and never
// covered by an older answer.
//
// Errors: identity.ErrNoSuchLink; ErrNotEnrolled, ErrMismatch, ErrUnsupported; and with nothing to fall back on
// ErrNoReading together with ErrUpstream, ErrTimeout, ErrMalformed, ErrBusy or what the store says. context.Canceled when
// the caller gave up.
func (s *Service) Current(ctx context.Context, caller *identity.Caller, linkID string) (*Answer, error) {
	link, err := caller.Link(linkID)
	if err != nil {
		return nil, err
	}
	subject := Subject{PersonID: link.PersonID, Region: link.Region}
	oldest := s.now().Add(-s.cfg.DisplayAge)
	if k, ok := s.kept.Get(subject); ok && k.since(oldest) {
		return k.answer.Clone(), nil
	}
	k, err := s.ask(ctx, subject, oldest)
	switch {
	case err == nil:
		return k.answer.Clone(), nil
	case errors.Is(err, ErrNotFound):
		// The person was deleted after the caller's links were read.
		return nil, identity.ErrNoSuchLink
	case !coverable(err):
		return nil, err
	}
	return s.lastGood(ctx, subject, err)
}

// coverable says whether an older answer may stand in: the upstream said nothing about now.
func coverable(err error) bool {
	for _, final := range []error{ErrNotEnrolled, ErrMismatch, ErrUnsupported, ErrNotFound, context.Canceled} {
		if errors.Is(err, final) {
			return false
		}
	}
	return true
}

// lastGood returns the last good answer, marked stale, or why there is no answer. Another replica may have stored a later
// one than memory holds, so the store is read here, and memory alone counts only where the store gives nothing.
func (s *Service) lastGood(ctx context.Context, subject Subject, why error) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	answer, err := s.store.LastAnswer(ctx, subject)
	if err != nil && !errors.Is(err, ErrNotFound) {
		s.log.Warn("balance_last_answer_unread", "region", subject.Region)
	}
	if k, ok := s.kept.Get(subject); ok && (err != nil || !k.answer.FetchedAt.Before(answer.FetchedAt)) {
		answer, err = k.answer.Clone(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoReading, why)
	}
	return stale(answer), nil
}

func stale(a *Answer) *Answer {
	a.Completeness = Stale
	return a
}

// Fresh returns an answer fetched no longer ago than DecisionAge, asking on the unattended slots when needed. It is never
// stale. Nobody need be waiting, so the region must allow unattended questions. A subject that failed twice in a row
// within the last seconds fails again without a question (see sickFor).
//
// Errors: ErrUnsupported, ErrNotFound for a person who is gone, and those of Upstream, ErrBusy and the store's.
func (s *Service) Fresh(ctx context.Context, subject Subject) (*Answer, error) {
	k, err := s.fresh(ctx, subject, s.now().Add(-s.cfg.DecisionAge))
	if err != nil {
		return nil, err
	}
	return k.answer.Clone(), nil
}

func (s *Service) fresh(ctx context.Context, subject Subject, oldest time.Time) (*kept, error) {
	if k, ok := s.kept.Get(subject); ok && k.since(oldest) {
		return k, nil
	}
	if !s.regions.Region(subject.Region).Unattended {
		return nil, ErrUnsupported
	}
	return s.askUnattended(ctx, subject, oldest)
}
