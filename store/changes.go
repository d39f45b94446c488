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

// RecordChange notes that the user must be read anew. The machine's clock is used, not the injected one: replicas
// compare it with their own, and it may not jump.
func (s *Store) RecordChange(ctx context.Context, userID string) error {
	_, _, err := s.changes.insert(ctx, &identity.Change{ID: rand.Text(), UserID: userID, At: time.Now()})
	return err
}

// ChangesSince lists changes with At >= since, oldest first.
func (s *Store) ChangesSince(ctx context.Context, since time.Time) ([]identity.Change, error) {
	filter := bson.D{{Key: "at", Value: bson.D{{Key: "$gte", Value: since}}}}
	found, err := s.changes.values(ctx, filter, options.Find().SetSort(bson.D{{Key: "at", Value: 1}}))
	return deref(found), err
}
