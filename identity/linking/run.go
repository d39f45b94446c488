package linking

import (
	"context"
	"errors"
	"time"

	"yibao/identity"
	"yibao/identity/panics"
)

const (
	tickEvery = 5 * time.Second
	tickBatch = 50 // of each kind in one pass
	// owedFor is the age of an owed challenge that Run makes: by then who asked for it is dead, or waits for its turn.
	owedFor = askTime + 5*time.Second
)

// Run resumes the work that a crash or a failure of others left undone, until the context ends. It returns nil then.
func (s *Service) Run(ctx context.Context) error {
	defer s.passes.Wait()
	defer s.end()
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		if err := s.pass(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.Warn("linking_tick_failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick makes one pass: ended links are cleaned up, challenges made that a dead process owed, proved attempts finished, and
// expired attempts closed. A single failure does not end the pass; all but those of proved attempts are returned together.
func (s *Service) Tick(ctx context.Context) error {
	defer s.passes.Wait()
	return s.pass(ctx)
}

// pass is Tick without waiting for proved attempts.
func (s *Service) pass(ctx context.Context) error {
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
		{identity.AttemptRequested, owedFor, s.beginAgain},
		{identity.AttemptRequested, s.cfg.AttemptTTL, s.expire},
		{identity.AttemptWaiting, s.cfg.AttemptTTL, s.expire},
	} {
		attempts, err := s.deps.Store.UnfinishedAttempts(ctx, []identity.AttemptState{pass.state}, now.Add(-pass.idle), tickBatch)
		failed = append(failed, err)
		for _, a := range attempts {
			each(func() error { return pass.do(ctx, a) })
		}
	}
	failed = append(failed, s.finish(ctx, now))
	return errors.Join(failed...)
}

// finish begins to sync the attempts that were proved, each region's in a pass of its own that Run does not wait for: they
// ask the upstream, and one that hangs must hold up neither other regions nor the codes that are owed. A region whose last
// pass is still under way is left out.
func (s *Service) finish(ctx context.Context, now time.Time) error {
	var attempts []*identity.Attempt
	var failed []error
	for _, state := range []identity.AttemptState{identity.AttemptProved, identity.AttemptFull} {
		found, err := s.deps.Store.UnfinishedAttempts(ctx, []identity.AttemptState{state}, now.Add(-lease), tickBatch)
		attempts, failed = append(attempts, found...), append(failed, err)
	}
	byRegion := map[string][]*identity.Attempt{}
	for _, a := range attempts {
		byRegion[a.Claim.Region] = append(byRegion[a.Claim.Region], a)
	}
	for region, list := range byRegion {
		lane := s.lane(region)
		if !lane.finishing.CompareAndSwap(false, true) {
			continue
		}
		s.passes.Go(func() {
			defer lane.finishing.Store(false)
			for _, a := range list {
				s.resumed(ctx, a)
			}
		})
	}
	return errors.Join(failed...)
}

func (s *Service) resumed(ctx context.Context, a *identity.Attempt) {
	defer func() {
		if cause := recover(); cause != nil {
			panics.Log(s.deps.Log, "linking_tick_panic", cause)
		}
	}()
	do := s.resume
	if a.State == identity.AttemptFull {
		do = s.goOn
	}
	if _, err := do(ctx, a); err != nil && !errors.Is(err, identity.ErrAttemptOver) && ctx.Err() == nil {
		s.deps.Log.Warn("linking_tick_failed", "error", err)
	}
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

// beginAgain leases an owed challenge and makes it. The lease keeps replicas apart, and moves the attempt to the end of the
// line, so that those of a region that hangs keep no others from their turn.
func (s *Service) beginAgain(ctx context.Context, a *identity.Attempt) error {
	kind, ok := s.proofs[a.Method].(challenger)
	if !ok || s.expired(a) {
		return nil
	}
	leased, err := s.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if a.State != identity.AttemptRequested || s.deps.Now().Sub(a.UpdatedAt) < owedFor {
			return errUnchanged
		}
		a.UpdatedAt = s.deps.Now()
		return nil
	})
	if err != nil {
		return changed(identity.Missing(err, nil))
	}
	s.background(kind, leased)
	return nil
}

// goOn finishes a proved attempt whose person has room again, and closes it at its end.
func (s *Service) goOn(ctx context.Context, a *identity.Attempt) (*identity.Attempt, error) {
	if s.expired(a) {
		return a, s.expire(ctx, a)
	}
	if room, err := s.hasRoom(ctx, a); err != nil || !room {
		return a, err
	}
	return s.reopen(ctx, a)
}

func (s *Service) expire(ctx context.Context, a *identity.Attempt) error {
	_, err := s.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if !s.expired(a) {
			return errUnchanged
		}
		s.close(a)
		return nil
	})
	return changed(identity.Missing(err, nil))
}
