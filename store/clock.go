package store

import (
	"context"
	"errors"
	"time"
)

// ClockBound is how far the machine's clock may be from the database's. Two clocks that are let in differ by at most twice
// as much.
const ClockBound = 30 * time.Second

// ErrClock says that the machine's clock is farther from the database's than ClockBound. Such a process is not ready and
// claims no work: to it, the leases of others seem to be over, or to last too long.
var ErrClock = errors.New("store: the machine's clock differs from the database's")

// Time returns the database's time. Changes are ordered by it, so replicas need not agree about the time. It also compares
// the machine's clock with it; every replica asks when it polls the changes.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	asked := s.machine()
	now, err := s.db.Time(ctx)
	if err != nil {
		return time.Time{}, failed("time", err)
	}
	// The machine's clock is right if it showed the database's time at any moment of the question.
	ahead := max(asked.Sub(now), 0) + min(s.machine().Sub(now), 0)
	wrong := ahead.Abs() > ClockBound
	if s.clockWrong.Swap(wrong) != wrong {
		if wrong {
			s.log.Error("store_clock_differs", "ahead", ahead.Round(time.Second).String(), "bound", ClockBound.String())
		} else {
			s.log.Info("store_clock_agrees")
		}
	}
	return now, nil
}

// Ping returns an error when the database does not answer.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.Time(ctx)
	return err
}

// Ready is Ping, and ErrClock while the machine's clock is wrong.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.Ping(ctx); err != nil {
		return err
	}
	return s.checkClock()
}

// checkClock returns ErrClock if the last comparison found that the clocks differ.
func (s *Store) checkClock() error {
	if s.clockWrong.Load() {
		return failed("clock", ErrClock)
	}
	return nil
}
