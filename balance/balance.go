// Package balance knows insurance money: current balances, their history as readings, and the charts made of them.
//
// Every figure carries its time, the time it was fetched, its source and its coverage. A figure that is not known is
// absent, never zero. All days and months are those of Asia/Shanghai.
package balance

import (
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"yibao/identity"
)

// Deps are the service's dependencies.
type Deps struct {
	Upstream Upstream
	People   People
	Store    Store
	Regions  *identity.Regions
	Now      func() time.Time // nil: the machine's clock
	Log      *slog.Logger     // nil: no log
}

// cacheSize bounds the answers kept in memory, and the failures.
const cacheSize = 10_000

// Service returns balances, keeps their history and draws it.
type Service struct {
	cfg      Config
	upstream Upstream
	people   People
	store    Store
	regions  *identity.Regions
	now      func() time.Time
	log      *slog.Logger

	// cache holds the last good answer of each subject. It has its own lock, so a read of a fresh answer takes no other.
	cache *lru.Cache[Subject, *cached]
	// failures holds the subjects with a failed last question.
	failures *lru.Cache[Subject, failure]

	mu      sync.Mutex // guards flights, guards, and every change of cache and failures
	flights map[Subject]*flight
	guards  map[string]*guard // by region
}

// cached is a good answer in memory. It never changes.
type cached struct {
	answer   *Answer
	recorded bool // its readings are in the store
}

// since says whether the answer was fetched at that time or later, but not after now, by a clock that ran ahead.
func (c *cached) since(oldest, now time.Time) bool {
	return !c.answer.FetchedAt.Before(oldest) && !c.answer.FetchedAt.After(now)
}

var _ identity.Follower = (*Service)(nil)

// NewService returns a service. It starts nothing.
func NewService(cfg Config, deps Deps) *Service {
	s := &Service{
		cfg: cfg, upstream: deps.Upstream, people: deps.People, store: deps.Store, regions: deps.Regions, now: deps.Now,
		log:   deps.Log,
		cache: newCache[*cached](), failures: newCache[failure](),
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

func newCache[V any]() *lru.Cache[Subject, V] {
	cache, err := lru.New[Subject, V](cacheSize)
	if err != nil {
		panic(err) // only for a size below one
	}
	return cache
}
