// Package desk asks regions' upstreams about persons. It is one desk for all kinds of questions: callers
// that want the same answer at the same time share one question, each region has slots for persons and for workers and a
// breaker, and the last good answer stays in memory with its age.
//
// Permission is checked before: the desk takes the person of a link, and knows no callers.
package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"yibao/identity"
)

// Subject is a person in a region: the subject of a question.
type Subject struct {
	PersonID string `bson:"person_id"`
	Region   string `bson:"region"`
}

// Dated is an answer that knows when it was fetched.
type Dated interface {
	Fetched() time.Time
}

// Question is a kind of question. Params are its parameters as text, the same text for the same question.
type Question[T Dated] struct {
	Capability string // names the kind, also in logs
	// Ask asks the upstream. It changes nothing there and may be repeated. Errors: those of this package; any other counts
	// as ErrMalformed.
	Ask func(ctx context.Context, region string, person identity.Claim, params string) (T, error)
	// Keep completes a fresh answer and writes it down, before anybody gets it. linked is false when no link leads to the subject any more:
	// the answer is not kept in memory then. nil: nothing is written.
	Keep func(subject Subject, answer T) (linked bool, err error)
}

// Answer is an answer in memory. It is shared and must not be changed.
type Answer[T Dated] struct {
	Value T
	Kept  bool // Keep has written it down
}

// People returns persons, as identity.PersonStore.
type People interface {
	Person(ctx context.Context, id string) (*identity.Person, error)
}

// Options are how hard a region is asked.
type Options struct {
	People     People
	Timeout    time.Duration // of one question
	Attended   int           // questions to a region at once with a person waiting
	Unattended int           // the same with no person waiting
	Now        func() time.Time
	Log        *slog.Logger
}

// size bounds the answers kept in memory, and the failures.
const size = 10_000

// Desk asks. It is safe for concurrent use.
type Desk struct {
	options Options
	log     *slog.Logger
	now     func() time.Time

	// cache holds the last good answers. It has its own lock, so a read of a fresh answer takes no other.
	cache *lru.Cache[key, *cached]
	// failures holds the last questions that failed.
	failures *lru.Cache[key, failure]

	mu      sync.Mutex // guards flights, guards, and every change of cache and failures
	flights map[key]*flight
	guards  map[string]*guard // by region
}

// key is one question.
type key struct {
	Subject
	capability, params string
}

// cached is a good answer in memory. It never changes.
type cached struct {
	answer Dated
	kept   bool
}

// since says whether the answer was fetched at that time or later, but not after now, by a clock that ran ahead.
func (c *cached) since(oldest, now time.Time) bool {
	at := c.answer.Fetched()
	return !at.Before(oldest) && !at.After(now)
}

// New returns a desk. It starts nothing.
func New(options Options) *Desk {
	return &Desk{
		options: options, log: options.Log, now: options.Now, cache: newCache[*cached](), failures: newCache[failure](),
		flights: map[key]*flight{}, guards: map[string]*guard{},
	}
}

func newCache[V any]() *lru.Cache[key, V] {
	cache, err := lru.New[key, V](size)
	if err != nil {
		panic(err) // only for a size below one
	}
	return cache
}

// Ask returns an answer fetched at oldest or later, for a person who waits. A caller that gives up leaves; the question goes
// on for the others.
//
// Errors: those of this package, the store's, and context.Canceled when the caller gave up.
func Ask[T Dated](ctx context.Context, d *Desk, q Question[T], subject Subject, params string, oldest time.Time) (Answer[T], error) {
	if answer, ok := Recent(d, q, subject, params, oldest); ok {
		return answer, nil
	}
	return typed[T](d.attended(ctx, order(q, subject, params), oldest))
}

// AskUnattended is Ask for workers. A failure that is remembered counts for them, too.
func AskUnattended[T Dated](ctx context.Context, d *Desk, q Question[T], subject Subject, params string, oldest time.Time) (Answer[T], error) {
	if answer, ok := Recent(d, q, subject, params, oldest); ok {
		return answer, nil
	}
	return typed[T](d.unattended(ctx, order(q, subject, params), oldest))
}

// Recent returns an answer that is in memory, fetched at oldest or later.
func Recent[T Dated](d *Desk, q Question[T], subject Subject, params string, oldest time.Time) (Answer[T], bool) {
	c, ok := d.cache.Get(key{subject, q.Capability, params})
	if !ok || !c.since(oldest, d.now()) {
		return Answer[T]{}, false
	}
	return Answer[T]{Value: c.answer.(T), Kept: c.kept}, true
}

// Throttled returns a *ThrottledError while the region must not be asked, else nil.
func (d *Desk) Throttled(region string) error { return d.guardOf(region).throttle() }

// Forget removes all that is known of the subject from memory. The answer of a question under way is not kept.
func (d *Desk) Forget(subject Subject) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range d.cache.Keys() {
		if k.Subject == subject {
			d.cache.Remove(k)
		}
	}
	for _, k := range d.failures.Keys() {
		if k.Subject == subject {
			d.failures.Remove(k)
		}
	}
	for k, f := range d.flights {
		if k.Subject == subject {
			f.forgotten = true
		}
	}
}

// ordered is a question about a subject, without its type.
type ordered struct {
	key
	ask  func(ctx context.Context, person identity.Claim) (Dated, error)
	keep func(answer Dated) (linked bool, err error)
}

func order[T Dated](q Question[T], subject Subject, params string) ordered {
	o := ordered{key: key{subject, q.Capability, params}, keep: func(Dated) (bool, error) { return true, nil }}
	o.ask = func(ctx context.Context, person identity.Claim) (Dated, error) {
		return q.Ask(ctx, subject.Region, person, params)
	}
	if q.Keep != nil {
		o.keep = func(answer Dated) (bool, error) { return q.Keep(subject, answer.(T)) }
	}
	return o
}

func typed[T Dated](c *cached, err error) (Answer[T], error) {
	if err != nil {
		return Answer[T]{}, err
	}
	return Answer[T]{Value: c.answer.(T), Kept: c.kept}, nil
}
