package store

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// How long things are kept after they are over.
const (
	AttemptKept  = 24 * time.Hour       // a link attempt, after it expired
	DeliveryKept = 400 * 24 * time.Hour // a finished delivery, after it ended: a year of them can be shown
	leaseKept    = time.Hour            // a send lease, after it ran out
)

// sweepBatch is how many documents one command deletes.
const sweepBatch = 90

// Sweep deletes all documents that have expired at now, and returns how many went. Safe to run in many processes
// at once and to stop at any point. Changes go by the database's clock, as they are written by it.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	total := 0
	stores, err := s.Time(ctx)
	if err != nil {
		return 0, err
	}
	for _, e := range []struct {
		collection, field string
		until             time.Time
	}{
		{"sessions", "expires_at", now},
		{"link_attempts", "expires_at", now.Add(-AttemptKept)},
		{"counters", "expires_at", now},
		{"changes", "at", stores.Add(-changesKept)},
		{"deliveries_done", "ended_at", now.Add(-DeliveryKept)},
		{"send_leases", "until", now.Add(-leaseKept)},
	} {
		n, err := s.sweep(ctx, e.collection, bson.E{Key: e.field, Value: bson.D{{Key: "$lte", Value: e.until}}})
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// sweep deletes batch by batch, since one large delete would hold the database up. The delete repeats the condition: a
// counter may have been hit after it was found.
func (s *Store) sweep(ctx context.Context, collection string, expired bson.E) (int, error) {
	batch := options.Find().SetLimit(sweepBatch).SetProjection(bson.D{{Key: "_id", Value: 1}})
	for total := 0; ; {
		var ids bson.A
		for raw, err := range s.find(ctx, collection, bson.D{expired}, batch) {
			if err != nil {
				return total, failed(collection+".sweep", err)
			}
			ids = append(ids, raw.Lookup("_id"))
		}
		if len(ids) == 0 {
			return total, nil
		}
		deleted, err := s.db.Delete(ctx, collection, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}, expired})
		if err != nil {
			return total, failed(collection+".sweep", err)
		}
		total += int(deleted)
		if len(ids) < sweepBatch {
			return total, nil
		}
	}
}
