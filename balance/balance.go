// Package balance knows insurance money: current balances, their history as readings, and the charts made of them.
//
// Every figure carries its time, the time it was fetched, its source and its completeness. A figure that is not known is
// absent, never zero. All days and months are those of Asia/Shanghai.
package balance

import (
	"cmp"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"yibao/identity"
)

// Config holds ages, limits and the time of the daily readings. Durations and counts that are zero or less get the default
// in brackets; DailyAt and DailySpread are taken as they are.
type Config struct {
	DisplayAge      time.Duration // [10 min] a younger answer is shown without a question
	DecisionAge     time.Duration // [30 min] the same for decisions
	AskTimeout      time.Duration // [15 s] for one question
	Slots           int           // [32] questions at once to one region that a person waits for
	UnattendedSlots int           // [8] questions at once to one region by workers
	DailyAt         time.Duration // since midnight in Asia/Shanghai: when the daily readings begin
	DailySpread     time.Duration // the daily readings are spread over it, also past midnight
	CollectEvery    time.Duration // [1 min] pause between two looks for due readings
}

func (c Config) withDefaults() Config {
	c.DisplayAge = cmp.Or(max(c.DisplayAge, 0), 10*time.Minute)
	c.DecisionAge = cmp.Or(max(c.DecisionAge, 0), 30*time.Minute)
	c.AskTimeout = cmp.Or(max(c.AskTimeout, 0), 15*time.Second)
	c.CollectEvery = cmp.Or(max(c.CollectEvery, 0), time.Minute)
	c.Slots = cmp.Or(max(c.Slots, 0), 32)
	c.UnattendedSlots = cmp.Or(max(c.UnattendedSlots, 0), 8)
	return c
}

// Deps are the service's dependencies.
type Deps struct {
	Upstream Upstream
	People   People
	Store    Store
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

// since says whether the answer was fetched at that time or later.
func (c *cached) since(oldest time.Time) bool { return !c.answer.FetchedAt.Before(oldest) }

var _ identity.Follower = (*Service)(nil)

// NewService returns a service. It starts nothing.
func NewService(cfg Config, deps Deps) *Service {
	s := &Service{
		cfg: cfg.withDefaults(), upstream: deps.Upstream, people: deps.People, store: deps.Store, now: deps.Now, log: deps.Log,
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
