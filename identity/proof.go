package identity

import (
	"context"
	"crypto/rand"
	"errors"
)

// Prove checks the code that came to the phone and, when it is right, writes the link. The attempt is then linked; or
// proved, when the upstream or the store could not finish it just now: Run does, and Attempt tells.
//
// A wrong code is counted by the same write that decides it, before the answer is told: guesses on many replicas at
// once cannot exceed the limit. With ErrCodeWrong the attempt is returned too, for the tries left.
//
// Errors: ErrNoSuchAttempt, ErrAttemptOver, ErrCodeWrong, ErrCodeExpired, *LimitError, ErrStore.
func (l *Linking) Prove(ctx context.Context, c *Caller, id, code string) (*Attempt, error) {
	a, err := l.own(ctx, c, id)
	if err != nil {
		return nil, err
	}
	switch a.State {
	case AttemptLinked:
		return a, nil // the answer was lost, and the client asks again
	case AttemptProved:
		return l.resume(ctx, a)
	}
	if !a.open() || l.expired(a) {
		return nil, ErrAttemptOver
	}
	code, ok := cleanCode(code)
	if !ok {
		return a, ErrCodeWrong // no code looks like that: no try is lost
	}
	return l.try(ctx, a, code)
}

// try counts the guess against the pair, lets one write decide, and gives the pair's count back when it was no guess.
func (l *Linking) try(ctx context.Context, a *Attempt, code string) (*Attempt, error) {
	pair, op := wrongOfPair(a), rand.Text()
	if err := l.count(ctx, pair, op, l.cfg.WrongPerPair); err != nil {
		return nil, err
	}
	decided, right, err := l.decide(ctx, a.ID, code)
	if err != nil {
		err = linkingError(err)
	}
	guessed := err == nil && !right
	// Where the answer of the store was lost, the guess may have been decided: it stays counted.
	if !guessed && !errors.Is(err, ErrStore) {
		if err := l.uncount(ctx, pair, op); err != nil {
			l.deps.Log.Warn("what was no guess stays counted")
		}
	}
	switch {
	case errors.Is(err, ErrAttemptOver):
		return l.overtaken(ctx, a.ID)
	case err != nil:
		return nil, err
	case guessed:
		return decided, ErrCodeWrong
	}
	return l.finish(ctx, decided)
}

// overtaken answers a request that found the attempt decided since it was read. A button that is tapped twice sends the
// right code twice: the second must hear what came of the first, not that the attempt is over.
func (l *Linking) overtaken(ctx context.Context, id string) (*Attempt, error) {
	a, err := l.deps.Store.Attempt(ctx, id)
	if err != nil {
		return nil, missing(err, ErrNoSuchAttempt)
	}
	if a.State != AttemptProved && a.State != AttemptLinked {
		return nil, ErrAttemptOver
	}
	return a, nil
}

// decide is the one write that spends a try or accepts the proof.
func (l *Linking) decide(ctx context.Context, id, code string) (*Attempt, bool, error) {
	given := l.deps.Digests.Code(id, code)
	right := false
	a, err := l.deps.Store.UpdateAttempt(ctx, id, func(a *Attempt) error {
		now := l.deps.Now()
		right = false
		if !a.open() || l.expired(a) {
			return ErrAttemptOver
		}
		if a.State == AttemptWaiting && !now.Before(a.CodeExpires) {
			return ErrCodeExpired
		}
		if right = sameCode(a.CodeHash, given); right {
			l.accept(a)
			return nil
		}
		a.UpdatedAt = now
		if a.Tries++; a.Tries >= l.cfg.Tries {
			a.fail(FailedTries, now)
		}
		return nil
	})
	return a, right, err
}

// accept marks the proof. The document now stays for a day, so that whatever stops us, the link is finished or undone.
func (l *Linking) accept(a *Attempt) {
	now := l.deps.Now()
	a.State, a.CodeHash, a.UpdatedAt = AttemptProved, nil, now
	a.ExpiresAt = now.Add(countWindow)
}
