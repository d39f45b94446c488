package session

import (
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"yibao/identity"
)

// callers is the bounded cache of verified tokens and the callers behind them.
type callers struct {
	mu      sync.Mutex
	byToken *simplelru.LRU[string, *identity.Caller]
	byUser  map[string]map[string]struct{} // user → tokens in byToken
	// hot holds users that changed a moment ago, each with the end of its hot time. They are read per request until then:
	// the change was announced before it was written, so a read in between may be old.
	hot map[string]time.Time
}

// hotFor is how long after a change nothing of the user is cached. The change itself must be written within it.
const hotFor = 60 * time.Second

func newCallers(size int) *callers {
	c := &callers{byUser: map[string]map[string]struct{}{}, hot: map[string]time.Time{}}
	byToken, err := simplelru.NewLRU(size, c.evicted)
	if err != nil {
		panic(err) // only for a size below one, which New rules out
	}
	c.byToken = byToken
	return c
}

// evicted keeps byUser in line; simplelru calls it while mu is held.
func (c *callers) evicted(token string, caller *identity.Caller) {
	delete(c.byUser[caller.UserID], token)
	if len(c.byUser[caller.UserID]) == 0 {
		delete(c.byUser, caller.UserID)
	}
}

// get returns the caller of a cached token that has not expired at now.
func (c *callers) get(token string, now time.Time) (*identity.Caller, bool) {
	c.mu.Lock()
	caller, ok := c.byToken.Get(token)
	c.mu.Unlock()
	if !ok || !now.Before(caller.ExpiresAt) {
		return nil, false
	}
	return caller, true
}

// add caches the caller unless the user is hot.
func (c *callers) add(token string, caller *identity.Caller, machine time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if machine.Before(c.hot[caller.UserID]) {
		return
	}
	token = strings.Clone(token) // it may lie in the buffer of a request that is used again
	c.byToken.Remove(token)
	c.byToken.Add(token, caller)
	if c.byUser[caller.UserID] == nil {
		c.byUser[caller.UserID] = make(map[string]struct{}, 1)
	}
	c.byUser[caller.UserID][token] = struct{}{}
}

// forget removes the users' tokens and makes the users hot.
func (c *callers) forget(machine time.Time, users ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, user := range users {
		for token := range c.byUser[user] {
			c.byToken.Remove(token)
		}
		c.hot[user] = machine.Add(hotFor)
	}
	for user, until := range c.hot {
		if !machine.Before(until) {
			delete(c.hot, user)
		}
	}
}

// clear removes every token.
func (c *callers) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byToken.Purge()
}
