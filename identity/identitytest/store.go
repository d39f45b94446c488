// Package identitytest offers in-memory stand-ins for what package identity needs, for the tests of identity and of the
// packages that use it. They keep the contracts of identity's ports, and fail where a test tells them to.
package identitytest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"yibao/identity"
)

// Store is an in-memory identity.Store. Documents are copied on the way in and out. Update functions run twice, on
// copies of the same document, so that one which is not pure shows.
type Store struct {
	// Before runs before each operation, outside the lock; an error makes the operation fail with ErrStore, unwritten.
	Before func(op string) error
	// After runs after each write; an error makes the answer ErrStore although the write happened.
	After func(op string) error

	mu       sync.Mutex
	calls    map[string]int
	serial   int
	users    map[string]*identity.PlatformUser
	sessions map[string]identity.Session
	changes  []identity.Change
	attempts map[string]*identity.Attempt
	persons  map[string]*identity.Person
	keys     map[string]string // person key → person id
	slots    map[string][]identity.Slot
	counters map[string]*identity.Counter
}

var _ identity.Store = (*Store)(nil)

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{
		calls:    map[string]int{},
		users:    map[string]*identity.PlatformUser{},
		sessions: map[string]identity.Session{},
		attempts: map[string]*identity.Attempt{},
		persons:  map[string]*identity.Person{},
		keys:     map[string]string{},
		slots:    map[string][]identity.Slot{},
		counters: map[string]*identity.Counter{},
	}
}

// Calls returns how often each operation was called since the last Reset.
func (s *Store) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// ResetCalls sets all counts to zero.
func (s *Store) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.calls)
}

func (s *Store) enter(ctx context.Context, op string) error {
	s.mu.Lock()
	s.calls[op]++
	s.mu.Unlock()
	if ctx.Err() != nil {
		return identity.ErrStore
	}
	if s.Before != nil && s.Before(op) != nil {
		return identity.ErrStore
	}
	return nil
}

// write runs one write under the lock.
func (s *Store) write(ctx context.Context, op string, do func() error) error {
	if err := s.enter(ctx, op); err != nil {
		return err
	}
	s.mu.Lock()
	err := do()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if s.After != nil && s.After(op) != nil {
		return identity.ErrStore
	}
	return nil
}

func (s *Store) read(ctx context.Context, op string, do func() error) error {
	if err := s.enter(ctx, op); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return do()
}

// update runs fn as a store with version-guarded writes may: once for nothing, then for good.
func update[T any](old *T, clone func(*T) *T, fn func(*T) error) (*T, error) {
	_ = fn(clone(old))
	fresh := clone(old)
	if err := fn(fresh); err != nil {
		return nil, err
	}
	return fresh, nil
}

func cloneUser(u *identity.PlatformUser) *identity.PlatformUser {
	c := *u
	c.Links, c.Ended = slices.Clone(u.Links), slices.Clone(u.Ended)
	return &c
}

func cloneAttempt(a *identity.Attempt) *identity.Attempt {
	c := *a
	c.CodeHash = slices.Clone(a.CodeHash)
	return &c
}

func clonePerson(p *identity.Person) *identity.Person {
	c := *p
	c.Names = maps.Clone(p.Names)
	return &c
}

func cloneCounter(c *identity.Counter) *identity.Counter {
	return &identity.Counter{Key: c.Key, Hits: slices.Clone(c.Hits)}
}

// SignedIn implements identity.UserStore.
func (s *Store) SignedIn(ctx context.Context, account identity.PlatformAccount, now time.Time,
) (user *identity.PlatformUser, err error) {
	err = s.write(ctx, "SignedIn", func() error {
		id := "user:" + string(account.Platform) + ":" + account.AppID + ":" + account.OpenID
		u := s.users[id]
		if u == nil {
			u = &identity.PlatformUser{ID: id, CreatedAt: now}
			s.users[id] = u
		}
		u.Account, u.SeenAt = account, now
		u.ForgetEnds(now)
		user = cloneUser(u)
		return nil
	})
	return user, err
}

// User implements identity.UserStore.
func (s *Store) User(ctx context.Context, id string) (user *identity.PlatformUser, err error) {
	err = s.read(ctx, "User", func() error {
		u := s.users[id]
		if u == nil {
			return identity.ErrNotFound
		}
		user = cloneUser(u)
		return nil
	})
	return user, err
}

// UpdateUser implements identity.UserStore.
func (s *Store) UpdateUser(ctx context.Context, id string, fn func(*identity.PlatformUser) error,
) (user *identity.PlatformUser, err error) {
	err = s.write(ctx, "UpdateUser", func() error {
		if s.users[id] == nil {
			return identity.ErrNotFound
		}
		fresh, err := update(s.users[id], cloneUser, fn)
		if err != nil {
			return err
		}
		s.users[id], user = fresh, cloneUser(fresh)
		return nil
	})
	return user, err
}

// UsersWithEndingLinks implements identity.UserStore.
func (s *Store) UsersWithEndingLinks(ctx context.Context, limit int) (users []*identity.PlatformUser, err error) {
	err = s.read(ctx, "UsersWithEndingLinks", func() error {
		for _, id := range slices.Sorted(maps.Keys(s.users)) {
			ending := func(l identity.Link) bool { return l.State == identity.LinkEnding }
			if u := s.users[id]; len(users) < limit && slices.ContainsFunc(u.Links, ending) {
				users = append(users, cloneUser(u))
			}
		}
		return nil
	})
	return users, err
}

// InsertSession implements identity.SessionStore.
func (s *Store) InsertSession(ctx context.Context, session identity.Session) error {
	return s.write(ctx, "InsertSession", func() error {
		if _, ok := s.sessions[session.ID]; ok {
			return identity.ErrExists
		}
		s.sessions[session.ID] = session
		return nil
	})
}

// Session implements identity.SessionStore. It never expires a session by itself.
func (s *Store) Session(ctx context.Context, id string) (session *identity.Session, err error) {
	err = s.read(ctx, "Session", func() error {
		found, ok := s.sessions[id]
		if !ok {
			return identity.ErrNotFound
		}
		session = &found
		return nil
	})
	return session, err
}

// SessionsOf implements identity.SessionStore; oldest first.
func (s *Store) SessionsOf(ctx context.Context, userID string, now time.Time) (list []identity.Session, err error) {
	err = s.read(ctx, "SessionsOf", func() error {
		for _, session := range s.sessions {
			if session.UserID == userID && now.Before(session.ExpiresAt) {
				list = append(list, session)
			}
		}
		slices.SortFunc(list, func(a, b identity.Session) int { return a.CreatedAt.Compare(b.CreatedAt) })
		return nil
	})
	return list, err
}

// DeleteSession implements identity.SessionStore.
func (s *Store) DeleteSession(ctx context.Context, userID, id string) error {
	return s.write(ctx, "DeleteSession", func() error {
		if found, ok := s.sessions[id]; !ok || found.UserID != userID {
			return identity.ErrNotFound
		}
		delete(s.sessions, id)
		return nil
	})
}

// RecordChange implements identity.ChangeStore.
func (s *Store) RecordChange(ctx context.Context, userID string) error {
	return s.write(ctx, "RecordChange", func() error {
		s.changes = append(s.changes, identity.Change{ID: s.nextID("change"), UserID: userID, At: time.Now()})
		return nil
	})
}

// ChangesSince implements identity.ChangeStore.
func (s *Store) ChangesSince(ctx context.Context, since time.Time) (list []identity.Change, err error) {
	err = s.read(ctx, "ChangesSince", func() error {
		for _, c := range s.changes {
			if !c.At.Before(since) {
				list = append(list, c)
			}
		}
		return nil
	})
	return list, err
}

func (s *Store) nextID(kind string) string {
	s.serial++
	return kind + "-" + strconv.Itoa(s.serial)
}
