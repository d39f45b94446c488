package store

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/balance"
)

func scheduleKey(v *balance.Schedule) map[string]any {
	return map[string]any{"_id": subjectID(v.Subject)}
}

// SetDue makes the subject due at the time, without failures. It adds one that is not there.
func (s *Store) SetDue(ctx context.Context, subject balance.Subject, at time.Time) error {
	_, err := s.schedules.change(ctx, subjectID(subject), func(*balance.Schedule) (*balance.Schedule, error) {
		return &balance.Schedule{Subject: subject, DueAt: at}, nil
	})
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
	t.store.shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
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

// Reschedule sets due time and failures of a claimed subject, unless its due time was moved since the claim. One that is
// gone stays gone.
func (s *Store) Reschedule(ctx context.Context, claimed balance.Schedule, at time.Time, failures int) error {
	_, err := s.schedules.change(ctx, subjectID(claimed.Subject), func(v *balance.Schedule) (*balance.Schedule, error) {
		if v == nil || !v.DueAt.Equal(claimed.DueAt) {
			return nil, nil
		}
		v.DueAt, v.Failures = at, failures
		return v, nil
	})
	return err
}

// Unschedule deletes the schedule of a claimed subject, unless its due time was moved since the claim.
func (s *Store) Unschedule(ctx context.Context, claimed balance.Schedule) error {
	_, err := s.schedules.deleteOne(ctx, subjectID(claimed.Subject), bson.E{Key: "due_at", Value: claimed.DueAt})
	return err
}
