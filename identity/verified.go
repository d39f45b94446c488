package identity

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// verified is the bounded cache of callers whose token and session were checked. A hit takes a read lock and a map
// look-up, so that verifying a request costs next to nothing. It evicts by second chance: nearly the order of last use,
// without a write lock on every hit.
type verified struct {
	mu      sync.RWMutex
	byToken map[string]*entry
	byUser  map[string]map[*entry]struct{}
	ring    []*entry // every place up to its capacity; nil is free
	free    []int    // places in the ring without an entry
	hand    int
	// hot holds users that changed a moment ago, and until when they are read per request: the change was announced
	// before it was written, so what was read meanwhile may be old.
	hot map[string]time.Time
}

type entry struct {
	token   string
	caller  *Caller
	expires int64 // Unix nanoseconds by the injected clock
	place   int
	used    atomic.Bool
}

// hotFor is how long after a change nothing of the user is cached. The change itself must be written within it.
const hotFor = 60 * time.Second

func newVerified(size int) *verified {
	return &verified{
		byToken: make(map[string]*entry),
		byUser:  make(map[string]map[*entry]struct{}),
		ring:    make([]*entry, 0, min(size, 1024)),
		hot:     make(map[string]time.Time),
	}
}

// get returns the caller of a token that is cached and has not expired at now (Unix nanoseconds).
func (v *verified) get(token string, now int64) (*Caller, bool) {
	v.mu.RLock()
	e := v.byToken[token]
	v.mu.RUnlock()
	if e == nil || now >= e.expires {
		return nil, false
	}
	// Written only when it changes: a shared write on every hit would slow all cores.
	if !e.used.Load() {
		e.used.Store(true)
	}
	return e.caller, true
}

// add keeps the caller, unless the user changed a moment ago.
func (v *verified) add(token string, caller *Caller, size int, machine time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if until, ok := v.hot[caller.UserID]; ok && machine.Before(until) {
		return
	}
	if old := v.byToken[token]; old != nil {
		v.remove(old)
	}
	// The token may lie in the buffer of a request that is used again.
	e := &entry{token: strings.Clone(token), caller: caller, expires: caller.ExpiresAt.UnixNano()}
	v.place(e, size)
	v.byToken[e.token] = e
	if v.byUser[caller.UserID] == nil {
		v.byUser[caller.UserID] = make(map[*entry]struct{}, 1)
	}
	v.byUser[caller.UserID][e] = struct{}{}
}

// place finds the entry a place in the ring, if need be that of one which nobody used since the hand last passed.
func (v *verified) place(e *entry, size int) {
	if n := len(v.free); n > 0 {
		e.place = v.free[n-1]
		v.free = v.free[:n-1]
		v.ring[e.place] = e
		return
	}
	if len(v.ring) < size {
		e.place = len(v.ring)
		v.ring = append(v.ring, e)
		return
	}
	for v.ring[v.hand].used.Swap(false) {
		v.hand = (v.hand + 1) % len(v.ring)
	}
	v.remove(v.ring[v.hand])
	v.place(e, size)
}

func (v *verified) remove(e *entry) {
	delete(v.byToken, e.token)
	users := v.byUser[e.caller.UserID]
	delete(users, e)
	if len(users) == 0 {
		delete(v.byUser, e.caller.UserID)
	}
	v.ring[e.place] = nil
	v.free = append(v.free, e.place)
}

// forget drops what is cached of the users, and keeps them out of the cache for a while.
func (v *verified) forget(machine time.Time, users ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, user := range users {
		for e := range v.byUser[user] {
			v.remove(e)
		}
		v.hot[user] = machine.Add(hotFor)
	}
	for user, until := range v.hot {
		if !machine.Before(until) {
			delete(v.hot, user)
		}
	}
}

// clear drops everything.
func (v *verified) clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.byToken)
	clear(v.byUser)
	clear(v.ring)
	v.ring, v.free, v.hand = v.ring[:0], v.free[:0], 0
}
