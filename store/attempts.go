package store

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
)

// attemptTexts name the claimed person.
func attemptTexts(a *identity.Attempt) (string, map[string]*string) {
	return a.ID, map[string]*string{"name": &a.Claim.Name, "id_number": &a.Claim.IDNumber}
}

// InsertAttempt adds a link attempt; identity.ErrExists when the id is taken.
func (s *Store) InsertAttempt(ctx context.Context, a identity.Attempt) error {
	_, exists, err := s.attempts.insert(ctx, &a)
	if exists {
		return identity.ErrExists
	}
	return err
}

// Attempt returns a link attempt, or identity.ErrNotFound.
func (s *Store) Attempt(ctx context.Context, id string) (*identity.Attempt, error) {
	return s.attempts.get(ctx, id)
}

// UpdateAttempt changes a link attempt by fn.
func (s *Store) UpdateAttempt(ctx context.Context, id string, fn func(*identity.Attempt) error) (*identity.Attempt, error) {
	return s.attempts.update(ctx, id, fn)
}

// UnfinishedAttempts lists attempts in one of the states that were last written before the time, oldest first.
func (s *Store) UnfinishedAttempts(ctx context.Context, states []identity.AttemptState, before time.Time, limit int) ([]*identity.Attempt, error) {
	filter := bson.D{
		{Key: "state", Value: oneOf(states)},
		{Key: "updated_at", Value: bson.D{{Key: "$lt", Value: before}}},
	}
	found, err := s.attempts.work(ctx, filter, "updated_at", limit)
	return valuesOf(found), err
}

// AttemptsOf lists the user's attempts in one of the states. One that cannot be read is left out: it is in nobody's way.
func (s *Store) AttemptsOf(ctx context.Context, userID string, states []identity.AttemptState) ([]*identity.Attempt, error) {
	raws, err := s.attempts.find(ctx, bson.D{{Key: "user_id", Value: userID}, {Key: "state", Value: oneOf(states)}})
	if err != nil {
		return nil, err
	}
	var list []*identity.Attempt
	for _, raw := range raws {
		if found, err := s.attempts.decode(raw); err == nil {
			list = append(list, found.value)
		}
	}
	return list, nil
}

func oneOf(states []identity.AttemptState) bson.D {
	names := make(bson.A, len(states))
	for i, state := range states {
		names[i] = string(state)
	}
	return bson.D{{Key: "$in", Value: names}}
}
