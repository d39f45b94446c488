package linking

import (
	"context"
	"crypto/rand"
	"errors"

	"yibao/identity"
)

// Prove checks the answer and, when it is right, writes the link. The attempt is then linked; or proved, when upstream or
// store could not finish it just now: Run does, and Attempt tells. An attempt that was proved before is returned as it is:
// the client asks again when an answer of ours was lost.
//
// One write reserves a try before the answer is checked, so guesses on many replicas at once cannot exceed the limit. A
// kill after it costs the user that try. With ErrCodeWrong and ErrPasswordWrong the attempt is returned too, for
// the tries left.
//
// Errors: identity.ErrNoSuchAttempt, identity.ErrAttemptOver, ErrCodeWrong, ErrPasswordWrong,
// ErrCodeExpired, identity.ErrUpstreamUnavailable, *identity.LimitError, identity.ErrStore.
func (s *Service) Prove(ctx context.Context, c *identity.Caller, id string, answer Answer) (*identity.Attempt, error) {
	a, err := s.Attempt(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if !a.Open() {
		return s.proved(ctx, a)
	}
	kind := s.proofs[a.Method]
	answer, ok := kind.clean(answer)
	if !ok {
		return a, kind.wrong()
	}
	a, err = s.reserveTry(ctx, id)
	if errors.Is(err, errDecided) {
		return s.proved(ctx, a)
	}
	if err != nil {
		return nil, err
	}
	pair, op := s.wrongOfPair(a), rand.Text()
	if err := s.count(ctx, limit{pair, op, s.cfg.WrongPerPair, day}); err != nil {
		return nil, s.undecided(ctx, a, err)
	}
	right, err := kind.check(ctx, a, answer)
	switch {
	case err != nil:
		s.uncount(ctx, pair, op)
		return nil, s.undecided(ctx, a, err)
	case !right:
		s.noteGuess(ctx, a)
		return s.refused(ctx, a), kind.wrong()
	}
	s.uncount(ctx, pair, op)
	a, err = s.accept(ctx, id)
	if errors.Is(err, errDecided) {
		return s.proved(ctx, a)
	}
	if err != nil {
		return nil, err
	}
	return s.sync(ctx, a)
}

// errDecided says that another request has decided the attempt.
var errDecided = errors.New("linking: decided already")

// proved answers for an attempt that no longer takes answers. A button that is tapped twice sends the right code twice:
// the second request gets the outcome of the first.
func (s *Service) proved(ctx context.Context, a *identity.Attempt) (*identity.Attempt, error) {
	switch a.State {
	case identity.AttemptLinked, identity.AttemptFull:
		return a, nil
	case identity.AttemptProved:
		return s.resume(ctx, a)
	}
	return nil, identity.ErrAttemptOver
}

// reserveTry counts a try. With errDecided the attempt is returned.
func (s *Service) reserveTry(ctx context.Context, id string) (*identity.Attempt, error) {
	var stored identity.Attempt
	a, err := s.deps.Store.UpdateAttempt(ctx, id, func(a *identity.Attempt) error {
		stored = *a
		switch {
		case !a.Open():
			return errDecided
		case s.expired(a) || a.Tries >= maxTries:
			return identity.ErrAttemptOver
		}
		a.Tries++
		a.UpdatedAt = s.deps.Now()
		return nil
	})
	if errors.Is(err, errDecided) {
		return &stored, errDecided
	}
	return a, identity.Missing(err, identity.ErrNoSuchAttempt)
}

// accept marks the proof. The document now stays for a day, so that the link is finished or undone whatever stops us.
// With errDecided the attempt is returned.
func (s *Service) accept(ctx context.Context, id string) (*identity.Attempt, error) {
	var stored identity.Attempt
	a, err := s.deps.Store.UpdateAttempt(ctx, id, func(a *identity.Attempt) error {
		stored = *a
		if !a.Open() {
			return errDecided
		}
		now := s.deps.Now()
		a.State, a.Challenge.CodeHash = identity.AttemptProved, nil
		a.UpdatedAt, a.ProvedAt, a.ExpiresAt = now, now, now.Add(day)
		return nil
	})
	if errors.Is(err, errDecided) {
		return &stored, errDecided
	}
	return a, identity.Missing(err, identity.ErrNoSuchAttempt)
}

// refused ends the attempt after the last try. If the write fails, no try is left all the same, and the attempt expires.
func (s *Service) refused(ctx context.Context, a *identity.Attempt) *identity.Attempt {
	if a.Tries < maxTries {
		return a
	}
	failed, err := s.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if !a.Open() {
			return errDecided
		}
		a.Fail(identity.FailedTries, s.deps.Now())
		return nil
	})
	if err != nil {
		return a
	}
	return failed
}

// undecided gives the try back and returns the cause. A kill, or a store that fails, leaves one try too few.
func (s *Service) undecided(ctx context.Context, a *identity.Attempt, cause error) error {
	_, err := s.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if !a.Open() || a.Tries == 0 {
			return errDecided
		}
		a.Tries--
		return nil
	})
	if err != nil && !errors.Is(err, errDecided) {
		s.deps.Log.Warn("linking_try_lost", "error", err)
	}
	return cause
}
