package store

import (
	"context"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A clock may run ahead for a while. All that is written by it in that time comes too late by as much: due times, ends of
// leases and of blocks, hits of counters. One rule sets all of them right. Each document says when it was written; one from
// the future is written once more, with each of its times that lies ahead of us moved back by as much as the writer's clock
// was ahead. Mend finds the documents that workers wait for, and every update does it first.
//
// The time of a consent stays as it was: it is part of the consent's proof.

// aheadBy is how far two clocks that are let in may differ.
const aheadBy = 2 * ClockBound

// ahead is how far the clock that wrote the document was ahead of ours; 0 within aheadBy, and if ours is behind.
func (s *Store) ahead(ctx context.Context, m Meta) time.Duration {
	by := m.WrittenAt.Sub(s.now())
	if by <= aheadBy || s.Ready(ctx) != nil {
		return 0
	}
	return by
}

// mended is the document as a right clock would have written it; nil for one that a right clock has written.
func (t *table[T]) mended(ctx context.Context, s *stored[T]) *T {
	by := t.store.ahead(ctx, s.meta)
	if by == 0 {
		return nil
	}
	raw, err := bson.Marshal(s.value)
	var doc bson.D
	if err != nil || bson.Unmarshal(raw, &doc) != nil {
		return nil
	}
	raw, err = bson.Marshal(movedBack(doc, bson.NewDateTimeFromTime(t.store.now()), bson.DateTime(by.Milliseconds())))
	var value T
	if err != nil || bson.Unmarshal(raw, &value) != nil {
		return nil
	}
	return &value
}

// movedBack moves the times in the value that lie after now.
func movedBack(value any, now, by bson.DateTime) any {
	switch v := value.(type) {
	case bson.D:
		for i := range v {
			if !strings.HasPrefix(v[i].Key, "consent") { // also consent_at, a copy
				v[i].Value = movedBack(v[i].Value, now, by)
			}
		}
	case bson.A:
		for i := range v {
			v[i] = movedBack(v[i], now, by)
		}
	case bson.DateTime:
		if v > now {
			return v - by
		}
	}
	return value
}

// mendBatch is how many documents Mend reads at once.
const mendBatch = 100

// Mend writes once more the documents that workers wait for, where a clock that ran ahead has written them, and returns how
// many there were. Each is one guarded write, so many processes may run it at once, and it may stop at any point.
func (s *Store) Mend(ctx context.Context) (int, error) {
	total := 0
	for _, mend := range []func(context.Context) (int, error){
		s.rules.mend, s.deliveries.mend, s.schedules.mend, s.attempts.mend, s.users.mend,
	} {
		n, err := mend(ctx)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (t *table[T]) mend(ctx context.Context) (total int, err error) {
	for {
		filter := bson.D{{Key: "written_at", Value: bson.D{{Key: "$gt", Value: t.store.now().Add(aheadBy)}}}}
		found, err := t.work(ctx, filter, "written_at", mendBatch)
		if err != nil {
			return total, err
		}
		mended := 0
		for _, s := range found {
			value := t.mended(ctx, s)
			if value == nil {
				continue
			}
			_, ok, err := t.replace(ctx, s, value, newWriteID())
			if err != nil {
				return total, t.failed("mend", err)
			}
			if ok { // else its writer has mended it
				mended++
			}
		}
		if total += mended; mended == 0 || len(found) < mendBatch {
			break
		}
	}
	if total > 0 {
		t.store.log.Warn("store_clock_ran_ahead", "collection", t.name, "documents", total)
	}
	return total, nil
}
