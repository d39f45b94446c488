package session

import (
	"context"
	"slices"
	"time"

	"yibao/identity"
)

// changeOverlap is how far every poll looks back behind the last one. A change becomes visible after its own time, and the
// store may answer from another server with another clock. Changes that were seen before are recognised by id.
const changeOverlap = 2 * time.Minute

// Run polls for users that changed on any replica until the context ends. It returns nil then.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := s.Poll(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.Warn("session_poll_failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Poll reads the changes once and forgets the users that they name. Run calls it; tests may. Errors: identity.ErrStore.
//
// All times are the store's, as those of the changes are: a poll does not depend on the clocks of replicas.
func (s *Service) Poll(ctx context.Context) error {
	s.pollMu.Lock()
	defer s.pollMu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, staleAfter)
	defer cancel()
	begun := s.machine()
	now, err := s.deps.Changes.Time(ctx)
	if err != nil {
		return err
	}
	since := now.Add(-changeOverlap)
	if !s.last.IsZero() && s.last.Before(now) {
		since = s.last.Add(-changeOverlap)
	}
	changes, err := s.deps.Changes.ChangesSince(ctx, since)
	if err != nil {
		return err
	}
	// Nothing cached outlives a change that cannot be read. Each poll that sees it clears once more, as a read in between
	// may be older than the announced change.
	unread := slices.ContainsFunc(changes, func(c identity.Change) bool { return c.UserID == "" })
	// After so long a silence changes may have expired unseen. A clock that was set back hides the length of it.
	gap := now.Sub(s.last)
	if unread || gap < 0 || gap > staleAfter || begun.UnixNano() < s.polled.Load() {
		s.cache.clear()
	}
	s.cache.forget(s.machine(), s.unseen(changes, now)...)
	s.last = now
	// The time from before the question: a change during it belongs to the next poll.
	s.polled.Store(begun.UnixNano())
	return nil
}

// unseen lists the users of changes that no earlier poll saw, and remembers these.
func (s *Service) unseen(changes []identity.Change, now time.Time) []string {
	var users []string
	for _, c := range changes {
		if _, ok := s.seen[c.ID]; !ok {
			users = append(users, c.UserID)
		}
		s.seen[c.ID] = now
	}
	for id, at := range s.seen {
		// A change that this poll did not list lies behind the overlap and never returns.
		if at.Before(now) {
			delete(s.seen, id)
		}
	}
	return users
}

// fresh says whether the last good poll is recent. A poll in the future is not: the clock was set back, and nothing would
// go stale until it has caught up.
func (s *Service) fresh(machine time.Time) bool {
	polled := s.polled.Load()
	age := machine.UnixNano() - polled
	return polled != 0 && age >= 0 && age <= int64(staleAfter)
}
