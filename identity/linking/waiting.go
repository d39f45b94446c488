package linking

import (
	"context"
	"slices"
	"time"

	"yibao/identity"
)

// underWay are the states in which an attempt can still come to something.
var underWay = []identity.AttemptState{identity.AttemptRequested, identity.AttemptWaiting, identity.AttemptProved, identity.AttemptFull}

// Attempts lists the caller's attempts that are under way, newest first. Errors: identity.ErrStore.
func (s *Service) Attempts(ctx context.Context, c *identity.Caller) ([]*identity.Attempt, error) {
	list, err := s.deps.Store.AttemptsOf(ctx, c.UserID, underWay)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, s.expired)
	slices.SortFunc(list, func(a, b *identity.Attempt) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return list, nil
}

// CodeExpiresIn is how many seconds the last code is good for at that time; nil where the proof has no codes or the
// attempt is over. It counts from when the code was asked for.
func (s *Service) CodeExpiresIn(a *identity.Attempt, now time.Time) *int {
	if _, ok := s.proofs[a.Method].(challenger); !ok || !a.Open() {
		return nil
	}
	return seconds(a.Challenge.ExpiresAt.Sub(now))
}

// ResendIn is in how many seconds another code can be asked for at that time; nil where none can be.
func (s *Service) ResendIn(a *identity.Attempt, now time.Time) *int {
	if s.SendsLeft(a) == 0 || s.TriesLeft(a) == 0 {
		return nil
	}
	return seconds(s.resendAt(a).Sub(now))
}

// seconds rounds up and never goes below 0.
func seconds(left time.Duration) *int {
	n := max(int((left+time.Second-1)/time.Second), 0)
	return &n
}
