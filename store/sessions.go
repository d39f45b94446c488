package store

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/identity"
)

// InsertSession adds a session; identity.ErrExists when the id is taken.
func (s *Store) InsertSession(ctx context.Context, v identity.Session) error {
	_, exists, err := s.sessions.insert(ctx, &v)
	if exists {
		return identity.ErrExists
	}
	return err
}

// Session returns a session that has not expired, or identity.ErrNotFound: also for one that was begun by a clock that ran
// ahead, as it would last too long.
func (s *Store) Session(ctx context.Context, id string) (*identity.Session, error) {
	found, err := s.sessions.load(ctx, id)
	if err != nil {
		return nil, err
	}
	if !found.value.ExpiresAt.After(s.now()) || s.ahead(ctx, found.meta) > 0 {
		return nil, identity.ErrNotFound
	}
	return found.value, nil
}

// SessionsOf lists the user's sessions that have not expired at now, oldest first.
func (s *Store) SessionsOf(ctx context.Context, userID string, now time.Time) ([]identity.Session, error) {
	filter := bson.D{{Key: "user_id", Value: userID}, {Key: "expires_at", Value: bson.D{{Key: "$gt", Value: now}}}}
	found, err := s.sessions.values(ctx, filter, options.Find().SetSort(bson.D{{Key: "created_at", Value: 1}}))
	return deref(found), err
}

// DeleteSession removes the user's session; identity.ErrNotFound when the user has no such session.
func (s *Store) DeleteSession(ctx context.Context, userID, id string) error {
	gone, err := s.sessions.deleteOne(ctx, id, bson.E{Key: "user_id", Value: userID})
	if err == nil && !gone {
		return identity.ErrNotFound
	}
	return err
}

func deref[T any](pointers []*T) []T {
	values := make([]T, len(pointers))
	for i, p := range pointers {
		values[i] = *p
	}
	return values
}
