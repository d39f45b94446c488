package balance

import (
	"context"
	"errors"
	"hash/fnv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"yibao/identity"
)

// After a failure a reading is tried again in 15 minutes, then 30, 60 …, at the latest on the subject's next slot.
const firstRetry = 15 * time.Minute

const oneDay = 24 * time.Hour

// roundsPerBatch is how many readings each worker of a batch makes at most; the lease covers them all.
const roundsPerBatch = 4

// Run takes the daily readings until ctx ends, and returns nil once the questions under way have been answered. Any
// number of replicas may run it.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.CollectEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if _, err := s.CollectDue(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("balance_collect_failed", "code", Code(err))
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	s.Wait()
	return nil
}

// CollectDue takes one reading of every subject that is due and returns how many subjects it went through.
//
// Kill-safe: claiming moves the due time to the end of a lease, and only a finished reading moves it to the next day.
// Whoever is killed in between leaves a subject that is due again when the lease ends, and a second reading of a day
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

// collect takes one subject's reading and says when the next one is due. A stop in the middle leaves the lease.
func (s *Service) collect(ctx context.Context, schedule Schedule) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if region, ended := strings.CutPrefix(schedule.Region, endedMark); ended {
		return s.lookAgain(ctx, schedule.Subject, Subject{PersonID: schedule.PersonID, Region: region})
	}
	gone, err := s.read(ctx, schedule.Subject)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if gone {
		return s.purge(ctx, schedule.Subject, "")
	}
	if err != nil {
		s.log.Info("balance_daily_failed", "region", schedule.Region, "code", Code(err), "failures", schedule.Failures+1)
		return s.store.SetSchedule(ctx, s.retry(schedule))
	}
	schedule.DueAt, schedule.Failures = s.nextSlot(schedule.Subject, s.now()), 0
	return s.store.SetSchedule(ctx, schedule)
}

// retry is the schedule after a failure. At the subject's next slot the counting begins anew, so that every day of an
// outage is tried as often as its first.
func (s *Service) retry(schedule Schedule) Schedule {
	now := s.now()
	again, slot := now.Add(backoff(schedule.Failures)), s.nextSlot(schedule.Subject, now)
	if again.Before(slot) {
		schedule.DueAt, schedule.Failures = again, schedule.Failures+1
	} else {
		schedule.DueAt, schedule.Failures = slot, 0
	}
	return schedule
}

// errNotRecorded makes a good answer that the store did not take a failure of the day's reading.
var errNotRecorded = errors.New("balance: the reading was not recorded")

// read takes today's reading, where somebody consents and the region allows it (fresh sees to that). Gone means that
// nobody is linked to the subject any more. Answers such as "not enrolled" are no failure: asking again today would not
// change them. A person who is gone while slots are still there is one: the unlinking under way is about to free them.
func (s *Service) read(ctx context.Context, subject Subject) (gone bool, err error) {
	slots, err := s.people.Slots(ctx, subject.PersonID)
	if err != nil {
		return false, err
	}
	linked, consented := inRegion(slots, subject.Region, "")
	if !linked {
		return true, nil
	}
	if !consented {
		return false, nil
	}
	now := s.now()
	// What was fetched yesterday is yesterday's point, however young.
	oldest := later(now.Add(-s.cfg.DecisionAge), DayOf(now).Start())
	k, err := s.fresh(ctx, subject, oldest)
	switch {
	case err == nil:
		return false, s.ensureRecorded(subject, k)
	case errors.Is(err, ErrNotEnrolled), errors.Is(err, ErrMismatch), errors.Is(err, ErrUnsupported):
		return false, nil
	}
	return false, err
}

// ensureRecorded writes once more what the store did not take when the answer came.
func (s *Service) ensureRecorded(subject Subject, k *kept) error {
	if k.recorded || s.record(subject, k.answer) != notRecorded {
		return nil
	}
	return errNotRecorded
}

// inRegion says whether any slot but the one of the link leads to the region, and whether one of them consents to
// unattended reading.
func inRegion(slots []identity.Slot, region, exceptLink string) (linked, consented bool) {
	for _, slot := range slots {
		if slot.Region == region && slot.LinkID != exceptLink {
			linked = true
			consented = consented || slot.Unattended
		}
	}
	return linked, consented
}

// nextSlot is the first slot of the subject after now. It has one every 24 hours: DailyAt plus a share of the spread that
// is always the same for the subject, so that a region is not asked for everybody at six sharp. The spread may reach past
// midnight. No slot is left out because its day has a reading already: of somebody whose slot is late in the evening, when
// the upstream is away, every second day would have none.
func (s *Service) nextSlot(subject Subject, now time.Time) time.Time {
	slot := DayOf(now).Start().Add((time.Duration(s.cfg.DailyAt) + s.share(subject)) % oneDay)
	if slot.After(now) {
		return slot
	}
	return slot.Add(oneDay)
}

func (s *Service) share(subject Subject) time.Duration {
	if s.cfg.DailySpread <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(subject.Region + "|" + subject.PersonID)) // never fails, as hash.Hash promises
	return time.Duration(h.Sum64() % uint64(s.cfg.DailySpread))
}

// backoff is how long to wait after failures in a row and one more.
func backoff(failures int) time.Duration {
	return firstRetry << min(max(failures, 0), 7) // 7: beyond a day, where the next slot is the earlier one
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
