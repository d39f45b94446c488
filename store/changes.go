package store

import (
	"context"
	"crypto/rand"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/identity"
)

// changesKept is how long a change is kept; every replica polls many times in it, or reads per request.
const changesKept = 10 * time.Minute

// RecordChange notes that the user must be read anew. The time is the database's: the clocks of replicas differ.
func (s *Store) RecordChange(ctx context.Context, userID string) error {
	now, err := s.Time(ctx)
	if err != nil {
		return err
	}
	_, _, err = s.changes.insert(ctx, &identity.Change{ID: rand.Text(), UserID: userID, At: now})
	return err
}

// ChangesSince lists changes with At >= since, oldest first. One that cannot be read, as a newer program wrote it, names no
// user.
func (s *Store) ChangesSince(ctx context.Context, since time.Time) ([]identity.Change, error) {
	filter := bson.D{{Key: "at", Value: bson.D{{Key: "$gte", Value: since}}}}
	raws, err := s.changes.find(ctx, filter, options.Find().SetSort(bson.D{{Key: "at", Value: 1}}))
	if err != nil {
		return nil, err
	}
	found := make([]identity.Change, len(raws))
	for i, raw := range raws {
		found[i].ID = idOf(raw)
		if change, err := s.changes.decode(raw); err == nil {
			found[i] = *change.value
		}
	}
	return found, nil
}
