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

// SessionsOf lists up to limit sessions of the user that have not expired at now, newest first, behind the given one.
func (s *Store) SessionsOf(
	ctx context.Context, userID string, now time.Time, behind *identity.Session, limit int,
) ([]identity.Session, error) {
	page := func(limit int, conditions ...bson.E) ([]*identity.Session, error) {
		filter := append(bson.D{{Key: "user_id", Value: userID}, {Key: "expires_at", Value: bson.D{{Key: "$gt", Value: now}}}}, conditions...)
		order := bson.D{{Key: "created_at", Value: -1}, {Key: "_id", Value: -1}}
		return s.sessions.values(ctx, filter, options.Find().SetSort(order).SetLimit(int64(limit)))
	}
	if behind == nil {
		found, err := page(limit)
		return deref(found), err
	}
	// The rest of the same moment, then what is older.
	found, err := page(limit, bson.E{Key: "created_at", Value: behind.CreatedAt}, bson.E{Key: "_id", Value: bson.D{{Key: "$lt", Value: behind.ID}}})
	if err != nil || len(found) == limit {
		return deref(found), err
	}
	older, err := page(limit-len(found), bson.E{Key: "created_at", Value: bson.D{{Key: "$lt", Value: behind.CreatedAt}}})
	return deref(append(found, older...)), err
}

// DeleteSession removes the user's session; identity.ErrNotFound when the user has no such session.
func (s *Store) DeleteSession(ctx context.Context, userID, id string) error {
	gone, err := s.sessions.deleteOne(ctx, id, bson.E{Key: "user_id", Value: userID})
	if err == nil && !gone {
		return identity.ErrNotFound
	}
	return err
}

// DeleteSessions removes all sessions of the user but the one to keep; "" keeps none.
func (s *Store) DeleteSessions(ctx context.Context, userID, keep string) error {
	for _, side := range []string{"$lt", "$gt"} {
		others := bson.D{{Key: "user_id", Value: userID}, {Key: "_id", Value: bson.D{{Key: side, Value: keep}}}}
		if _, err := s.sessions.deleteMany(ctx, others); err != nil {
			return err
		}
	}
	return nil
}

func deref[T any](pointers []*T) []T {
	values := make([]T, len(pointers))
	for i, p := range pointers {
		values[i] = *p
	}
	return values
}
