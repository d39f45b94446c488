package store

import (
	"context"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/balance"
)

func scheduleKey(v *balance.Schedule) map[string]any {
	return map[string]any{"_id": subjectID(v.Subject)}
}

// EnsureSchedule adds the subject, due at the time; one that is there stays as it is.
func (s *Store) EnsureSchedule(ctx context.Context, subject balance.Subject, due time.Time) error {
	_, _, err := s.schedules.insert(ctx, &balance.Schedule{Subject: subject, DueAt: due})
	return err
}

// ClaimDue claims up to limit subjects of those that are longest due at now, each by one guarded write that moves its due
// time to next. The schedules come back as written. On an error those claimed so far come back with it; the
// others are due still.
func (s *Store) ClaimDue(ctx context.Context, now time.Time, limit int, next func(balance.Schedule) time.Time) ([]balance.Schedule, error) {
	claimed, err := claimDue(ctx, s.schedules, now, limit, func(v *balance.Schedule) { v.DueAt = next(*v) })
	return deref(claimed), err
}

// lookAhead is how many times the limit claimDue looks at. All replicas find the same documents longest due; each goes
// through more than it may claim, in an order of its own, so that they seldom meet and a lost one is made up for.
const lookAhead = 4

// claimDue claims up to limit documents with due_at <= now. Fewer means that the others that were found went to other
// processes.
func claimDue[T any](ctx context.Context, t *table[T], now time.Time, limit int, move func(*T)) ([]*T, error) {
	due := bson.D{{Key: "due_at", Value: bson.D{{Key: "$lte", Value: now}}}}
	found, err := t.work(ctx, due, "due_at", lookAhead*limit)
	if err != nil {
		return nil, err
	}
	rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	var claimed []*T
	for _, s := range found {
		if len(claimed) == limit {
			break
		}
		v, ours, err := t.claim(ctx, s, move)
		if err != nil {
			return claimed, err
		}
		if ours {
			claimed = append(claimed, v)
		}
	}
	return claimed, nil
}

// Scheduled says whether the subject has a schedule.
func (s *Store) Scheduled(ctx context.Context, subject balance.Subject) (bool, error) {
	_, err := s.schedules.get(ctx, subjectID(subject))
	return err == nil, ignore(err, balance.ErrNotFound)
}

// SetSchedule sets due time and failures of a subject; one that is gone stays gone.
func (s *Store) SetSchedule(ctx context.Context, v balance.Schedule) error {
	_, err := s.schedules.update(ctx, subjectID(v.Subject), func(stored *balance.Schedule) error {
		stored.DueAt, stored.Failures = v.DueAt, v.Failures
		return nil
	})
	return ignore(err, balance.ErrNotFound)
}
