package linking

import (
	"context"

	"yibao/identity"
)

// noteGuess counts a wrong answer against the person, by number, whoever gave it. Limits hold one user; many users who guess
// at one person are seen here alone. The operator is alarmed by the log and by Deps.Alarm each time that so many have come
// together within a day; the caller sees nothing.
//
// A kill before it loses one guess of the count.
func (s *Service) noteGuess(ctx context.Context, a *identity.Attempt) {
	now := s.deps.Now()
	full := false
	err := s.deps.Store.UpdateCounter(ctx, "against:"+s.numberOf(a), func(c *identity.Counter) error {
		c.Hits = append(recent(c.Hits, now, day), identity.Hit{At: now})
		if full = len(c.Hits) >= s.cfg.GuessAlarm; full {
			c.Hits = nil
		}
		return nil
	})
	if err != nil {
		s.deps.Log.Warn("linking_guess_uncounted", "error", err)
		return
	}
	if full {
		s.deps.Log.Error("linking_guessing", "region", a.Claim.Region, "method", string(a.Method), "wrong_answers", s.cfg.GuessAlarm)
		s.deps.Alarm(a.Claim.Region)
	}
}
