package balance

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	"golang.org/x/sync/errgroup"
)

// Schedule says when a subject is read next. It is one document; claiming moves DueAt forward.
type Schedule struct {
	Subject  `bson:",inline"`
	DueAt    time.Time `bson:"due_at"`
	Failures int       `bson:"failures"` // in a row since the last daily time
}

const (
	// firstRetry is the wait after the first failure of a daily reading; each further wait is twice as long.
	firstRetry = 15 * time.Minute
	oneDay     = 24 * time.Hour
	// roundsPerBatch is how many readings each worker of a batch makes at most. The lease covers them all.
	roundsPerBatch = 4
)

// Run takes the daily readings until ctx ends, and returns nil once the questions under way have been answered. Any
// number of replicas may run it.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.CollectEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if _, err := s.CollectDue(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("balance_collect_failed", "cause", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	s.Wait()
	return nil
}

// CollectDue takes one reading of every due subject and returns the number of subjects.
//
// kill -9 is harmless at every point. Claiming moves the due time to the end of a lease; only a finished reading moves it
// to the next day. A subject claimed by a killed process is due again when the lease ends, and a second reading of a day
// only replaces the first.
func (s *Service) CollectDue(ctx context.Context) (int, error) {
	workers := s.cfg.UnattendedSlots
	lease := 2 * roundsPerBatch * (2*s.cfg.AskTimeout + 4*storeTimeout)
	done := 0
	for {
		batch, err := s.store.ClaimDue(ctx, s.now(), roundsPerBatch*workers, func(Schedule) time.Time {
			return s.now().Add(lease)
		})
		if err != nil {
			return done, err
		}
		if len(batch) == 0 {
			return done, nil
		}
		var group errgroup.Group
		group.SetLimit(workers)
		for _, schedule := range batch {
			group.Go(func() error { return s.collect(ctx, schedule) })
		}
		err = group.Wait()
		done += len(batch)
		if err != nil {
			return done, err
		}
	}
}

// collect takes one subject's reading and writes when the next one is due. A stop during the reading leaves the subject to
// its lease. While the region is throttled its subjects wait for the end of that. Retries end at the subject's next daily
// time, where the count of failures starts again: every day of an outage is tried as often as the first.
func (s *Service) collect(ctx context.Context, schedule Schedule) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	linked, err := s.read(ctx, schedule.Subject)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var throttled *ThrottledError
	if errors.As(err, &throttled) { // no failure, and no line in the log for each of a thousand subjects
		until := throttled.Until.Add(time.Millisecond) // the store cuts times to milliseconds
		return s.store.Reschedule(ctx, schedule, until, schedule.Failures)
	}
	if err == nil && !linked {
		return s.remove(ctx, schedule)
	}
	now := s.now()
	daily, retry := s.nextDaily(schedule.Subject, now), now.Add(backoff(schedule.Failures))
	if err != nil {
		s.log.Info("balance_daily_failed", "region", schedule.Region, "failures", schedule.Failures+1, "cause", err)
	}
	if err != nil && retry.Before(daily) {
		return s.store.Reschedule(ctx, schedule, retry, schedule.Failures+1)
	}
	return s.store.Reschedule(ctx, schedule, daily, 0)
}

// remove deletes a subject without a link, the schedule last: after kill -9 the subject is due again when the lease ends.
// A link that begins meanwhile makes the subject due anew, which keeps the schedule.
func (s *Service) remove(ctx context.Context, schedule Schedule) error {
	s.desk.Forget(schedule.Subject)
	if err := s.store.DeleteReadings(ctx, schedule.Subject); err != nil {
		return err
	}
	return s.store.Unschedule(ctx, schedule)
}

// read takes today's reading if one of the subject's links consents to it and the region allows it (fresh checks the
// region). While the region is throttled it does nothing. linked is false when no link to the subject is left. "Not
// enrolled" and the like are no failures: another question today would change nothing.
func (s *Service) read(ctx context.Context, subject Subject) (linked bool, err error) {
	if err := s.desk.Throttled(subject.Region); err != nil {
		return true, err
	}
	linked, consented, err := s.consented(ctx, subject)
	if err != nil || !linked || !consented {
		return linked, err
	}
	now := s.now()
	oldest := now.Add(-s.cfg.DecisionAge)
	if today := DayOf(now).Start(); today.After(oldest) {
		oldest = today // an answer fetched yesterday is yesterday's point
	}
	answer, err := s.fresh(ctx, subject, oldest)
	switch {
	case errors.Is(err, ErrNotEnrolled), errors.Is(err, ErrMismatch), errors.Is(err, ErrUnsupported):
		return true, nil
	case err == nil && !answer.Kept: // the store failed when the answer came
		_, err = s.record(subject, answer.Value)
	}
	return true, err
}

// nextDaily is the subject's next daily time after now: DailyAt plus a share of the spread. The share is a hash of the
// subject, so a region is not asked about all its persons at the same moment. It is in whole seconds: a time that the
// store cut to milliseconds would be followed by itself. The spread may reach past midnight. A day that has a reading
// already is not skipped: otherwise a subject with a late time would have no reading on every second day of an outage.
func (s *Service) nextDaily(subject Subject, now time.Time) time.Time {
	at := time.Duration(s.cfg.DailyAt)
	if s.cfg.DailySpread > 0 {
		h := fnv.New64a()
		_, _ = h.Write([]byte(subject.Region + "|" + subject.PersonID)) // never fails, as hash.Hash promises
		at += time.Duration(h.Sum64() % uint64(s.cfg.DailySpread)).Truncate(time.Second)
	}
	daily := DayOf(now).Start().Add(at % oneDay)
	if daily.After(now) {
		return daily
	}
	return daily.Add(oneDay)
}

// backoff is the wait after one more failure.
func backoff(failures int) time.Duration {
	return firstRetry << min(max(failures, 0), 7) // beyond 7 the next daily time is earlier
}
