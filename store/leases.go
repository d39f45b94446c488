package store

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// leaseDoc is the right to send to one platform user; _id is the user's id.
type leaseDoc struct {
	ID     string    `bson:"_id"`
	Holder string    `bson:"holder"`
	Until  time.Time `bson:"until"`
}

var errHeld = errors.New("store: held by another")

// LeaseUser takes or extends the right to send to the user until the time; false when another holder has it at now.
func (s *Store) LeaseUser(ctx context.Context, userID, holder string, now, until time.Time) (bool, error) {
	fresh := func() *leaseDoc { return &leaseDoc{ID: userID} }
	_, err := s.leases.upsert(ctx, userID, fresh, func(l *leaseDoc) error {
		if l.Holder != holder && l.Until.After(now) {
			return errHeld
		}
		l.Holder, l.Until = holder, until
		return nil
	})
	if errors.Is(err, errHeld) {
		return false, nil
	}
	return err == nil, err
}

// ReleaseUser gives the right back; a lease that is another's by now stays.
func (s *Store) ReleaseUser(ctx context.Context, userID, holder string) error {
	_, err := s.leases.deleteOne(ctx, userID, bson.E{Key: "holder", Value: holder})
	return err
}
