package reminder

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yibao/identity/panics"
)

// Run runs both workers until ctx ends. At a stop they claim nothing more, finish the sends in flight, write their
// outcomes, and return.
func (s *Service) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	workers.Go(func() { s.work(ctx, "evaluate", s.EvaluateDue) })
	workers.Go(func() { s.work(ctx, "send", s.SendDue) })
	workers.Wait()
	return nil
}

// work repeats passes. After a full pass without an error the next one follows at once; after any other the worker pauses.
// Errors end here and are logged: those of the store have safe texts.
func (s *Service) work(ctx context.Context, name string, pass func(context.Context) (int, error)) {
	for ctx.Err() == nil {
		done := 0
		err := s.guarded(func() (err error) {
			done, err = pass(ctx)
			return err
		})
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("reminder_pass_failed", "worker", name, "cause", err)
		}
		if err == nil && done >= s.cfg.Batch {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.cfg.Tick):
		}
	}
}

// each runs do for all items of a pass, some at once. A failure or a panic of one item stops no other.
func (s *Service) each(items int, do func(i int) error) error {
	var mu sync.Mutex
	failures := map[string]error{} // by text: an outage fails many items with the same error
	var group errgroup.Group
	group.SetLimit(s.cfg.Parallel)
	for i := range items {
		group.Go(func() error {
			if err := s.guarded(func() error { return do(i) }); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failures[err.Error()] = err
			}
			return nil
		})
	}
	_ = group.Wait() // failures has the errors
	return errors.Join(slices.Collect(maps.Values(failures))...)
}

// errPanic is the error of a recovered panic.
var errPanic = errors.New("reminder: panic")

// guarded turns a panic into an error. Otherwise it would end the whole server, and again after every start, because the
// claimed work is due again.
func (s *Service) guarded(work func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			panics.Log(s.Log, "reminder_panic", cause)
			err = errPanic
		}
	}()
	return work()
}
