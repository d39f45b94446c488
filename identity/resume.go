package identity

import (
	"context"
	"errors"
	"time"
)

const (
	resumeEvery = 5 * time.Second
	resumeBatch = 50 // of each kind in one pass
)

// Run resumes what a crash or a failure of others left undone, until the context ends. It returns nil then.
func (l *Linking) Run(ctx context.Context) error {
	tick := time.NewTicker(resumeEvery)
	defer tick.Stop()
	for {
		if err := l.Tick(ctx); err != nil && ctx.Err() == nil {
			l.deps.Log.Warn("links could not be resumed")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick makes one pass: ending links are cleaned up, proved attempts finished, first codes sent that a dead process
// owed, and expired attempts closed. It goes on past a single failure, and returns ErrStore after any.
func (l *Linking) Tick(ctx context.Context) error {
	return errors.Join(
		l.resumeEnding(ctx),
		l.eachUnfinished(ctx, AttemptProved, finishLease, func(a *Attempt) error {
			_, err := l.resume(ctx, a)
			return err
		}),
		l.eachUnfinished(ctx, AttemptRequested, retryFirst, func(a *Attempt) error {
			if !l.expired(a) {
				l.background(func(ctx context.Context) { l.sendFirst(ctx, a.ID) })
			}
			return nil
		}),
		l.eachUnfinished(ctx, AttemptRequested, l.cfg.AttemptTTL, l.expire(ctx)),
		l.eachUnfinished(ctx, AttemptWaiting, l.cfg.AttemptTTL, l.expire(ctx)),
	)
}

func (l *Linking) resumeEnding(ctx context.Context) error {
	users, err := l.deps.Store.UsersWithEndingLinks(ctx, resumeBatch)
	if err != nil {
		return ErrStore
	}
	var failed error
	for _, user := range users {
		for _, link := range user.Links {
			if link.State != LinkEnding {
				continue
			}
			if err := l.finishUnlink(ctx, user.ID, link); err != nil {
				failed = ErrStore
			}
		}
	}
	return failed
}

// eachUnfinished goes through attempts in a state that nobody wrote for a while.
func (l *Linking) eachUnfinished(
	ctx context.Context, state AttemptState, idle time.Duration, do func(*Attempt) error,
) error {
	attempts, err := l.deps.Store.UnfinishedAttempts(ctx, []AttemptState{state}, l.deps.Now().Add(-idle), resumeBatch)
	if err != nil {
		return ErrStore
	}
	var failed error
	for _, a := range attempts {
		if err := do(a); err != nil {
			failed = ErrStore
		}
	}
	return failed
}

// resume takes the lease of a proved attempt and finishes it. While another run may still be at it, it answers proved.
func (l *Linking) resume(ctx context.Context, a *Attempt) (*Attempt, error) {
	leased, err := l.deps.Store.UpdateAttempt(ctx, a.ID, func(a *Attempt) error {
		if a.State != AttemptProved || l.deps.Now().Sub(a.UpdatedAt) < finishLease {
			return errLost
		}
		a.UpdatedAt = l.deps.Now()
		return nil
	})
	if errors.Is(err, errLost) {
		return a, nil
	}
	if err != nil {
		return nil, missing(err, ErrNoSuchAttempt)
	}
	done, err := l.finish(ctx, leased)
	if errors.Is(err, ErrAttemptOver) {
		return nil, ErrAttemptOver
	}
	return done, err
}

func (l *Linking) expire(ctx context.Context) func(*Attempt) error {
	return func(a *Attempt) error {
		_, err := l.deps.Store.UpdateAttempt(ctx, a.ID, func(a *Attempt) error {
			if !l.expired(a) {
				return errUnchanged
			}
			a.fail(FailedExpired, l.deps.Now())
			return nil
		})
		if err != nil && !errors.Is(err, errUnchanged) && !errors.Is(err, ErrNotFound) {
			return ErrStore
		}
		return nil
	}
}
