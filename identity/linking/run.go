package linking

import (
	"context"
	"errors"
	"time"

	"yibao/identity"
	"yibao/identity/panics"
)

const (
	tickEvery  = 5 * time.Second
	tickBatch  = 50               // of each kind in one pass
	retryFirst = 10 * time.Second // age of a requested attempt whose challenge Run makes
)

// Run resumes the work that a crash or a failure of others left undone, until the context ends. It returns nil then.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		if err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.Warn("linking_tick_failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick makes one pass: ended links are cleaned up, proved attempts finished, first challenges made that a dead process
// owed, and expired attempts closed. A single failure does not end the pass; all are returned together.
func (s *Service) Tick(ctx context.Context) error {
	now := s.deps.Now()
	var failed []error
	each := func(do func() error) {
		defer func() {
			if cause := recover(); cause != nil {
				panics.Log(s.deps.Log, "linking_tick_panic", cause)
			}
		}()
		failed = append(failed, do())
	}
	users, err := s.deps.Store.UsersWithDueLinks(ctx, now, tickBatch)
	failed = append(failed, err)
	for _, u := range users {
		each(func() error { return s.cleanAgain(ctx, u) })
	}
	for _, pass := range []struct {
		state identity.AttemptState
		idle  time.Duration
		do    func(context.Context, *identity.Attempt) error
	}{
		{identity.AttemptProved, lease, s.resumed},
		{identity.AttemptRequested, retryFirst, s.beginAgain},
		{identity.AttemptRequested, s.cfg.AttemptTTL, s.expire},
		{identity.AttemptWaiting, s.cfg.AttemptTTL, s.expire},
	} {
		attempts, err := s.deps.Store.UnfinishedAttempts(ctx, []identity.AttemptState{pass.state}, now.Add(-pass.idle), tickBatch)
		failed = append(failed, err)
		for _, a := range attempts {
			each(func() error { return pass.do(ctx, a) })
		}
	}
	return errors.Join(failed...)
}

func (s *Service) resumed(ctx context.Context, a *identity.Attempt) error {
	_, err := s.resume(ctx, a)
	if errors.Is(err, identity.ErrAttemptOver) {
		return nil
	}
	return err
}

// resume leases a proved attempt and syncs it. While another run may be under way, it returns the attempt as it is.
func (s *Service) resume(ctx context.Context, a *identity.Attempt) (*identity.Attempt, error) {
	leased, err := s.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if a.State != identity.AttemptProved || s.deps.Now().Sub(a.UpdatedAt) < lease {
			return errUnchanged
		}
		a.UpdatedAt = s.deps.Now()
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return a, nil
	}
	if err != nil {
		return nil, identity.Missing(err, identity.ErrNoSuchAttempt)
	}
	return s.sync(ctx, leased)
}

func (s *Service) beginAgain(_ context.Context, a *identity.Attempt) error {
	if kind, ok := s.proofs[a.Method].(challenger); ok && !s.expired(a) {
		s.background(func(ctx context.Context) { kind.begin(ctx, a.ID) })
	}
	return nil
}

func (s *Service) expire(ctx context.Context, a *identity.Attempt) error {
	_, err := s.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if !s.expired(a) {
			return errUnchanged
		}
		a.Fail(identity.FailedExpired, s.deps.Now())
		return nil
	})
	return changed(identity.Missing(err, nil))
}
