package session

import (
	"context"
	"time"

	"yibao/identity"
)

// changeOverlap is how far every poll looks back behind the last one. Clocks of replicas differ, and a change may
// become visible a moment after its own time. Changes that were seen before are recognised by id.
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
func (s *Service) Poll(ctx context.Context) error {
	s.pollMu.Lock()
	defer s.pollMu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, staleAfter)
	defer cancel()
	begun := s.machine()
	last := s.lastPoll()
	since := begun.Add(-changeOverlap)
	if !last.IsZero() && last.Before(begun) {
		since = last.Add(-changeOverlap)
	}
	changes, err := s.deps.Changes.ChangesSince(ctx, since)
	if err != nil {
		return err
	}
	if gap := begun.Sub(last); gap < 0 || gap > staleAfter {
		// After so long a silence changes may have expired unseen. A clock that was set back hides the length of it.
		s.cache.clear()
	}
	s.cache.forget(s.machine(), s.unseen(changes, begun)...)
	// The time from before the question: a change during it belongs to the next poll.
	s.polled.Store(begun.UnixNano())
	return nil
}

// unseen lists the users of changes that no earlier poll saw, and remembers these.
func (s *Service) unseen(changes []identity.Change, begun time.Time) []string {
	var users []string
	for _, c := range changes {
		if _, ok := s.seen[c.ID]; !ok {
			users = append(users, c.UserID)
		}
		s.seen[c.ID] = begun
	}
	for id, at := range s.seen {
		// A change that this poll did not list lies behind the overlap and never returns.
		if at.Before(begun) {
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

func (s *Service) lastPoll() time.Time {
	if polled := s.polled.Load(); polled != 0 {
		return time.Unix(0, polled)
	}
	return time.Time{}
}
