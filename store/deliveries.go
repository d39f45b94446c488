package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/reminder"
)

// deliveryTexts is the masked name in the message.
func deliveryTexts(d *reminder.Delivery) (string, map[string]*string) {
	return d.ID, map[string]*string{"message": &d.Message.MaskedName}
}

// InsertDelivery adds an open delivery unless one of that id is open or finished. If another process finishes it between
// the look and the insert, it is open once more; it is not sent, as OpenDeliveries removes it before it returns.
func (s *Store) InsertDelivery(ctx context.Context, v reminder.Delivery) error {
	done, err := s.isFinished(ctx, v.ID)
	if err != nil || done {
		return err
	}
	_, _, err = s.deliveries.insert(ctx, &v)
	return err
}

func (s *Store) isFinished(ctx context.Context, id string) (bool, error) {
	_, err := s.finished.get(ctx, id)
	return err == nil, ignore(err, reminder.ErrNotFound)
}

// UpdateDelivery changes an open delivery by fn; reminder.ErrNotFound for one that is finished or was never there.
func (s *Store) UpdateDelivery(ctx context.Context, id string, fn func(*reminder.Delivery) error) (*reminder.Delivery, error) {
	return s.deliveries.update(ctx, id, fn)
}

var errNotFinal = errors.New("store: only a final delivery can be finished")

// FinishDelivery moves a final delivery to the finished ones, in three writes that may each be the last one before a
// crash: the final state into the open delivery, so that it is not sent again; the copy; the removal. Calling it again
// completes them. The first final state stays.
func (s *Store) FinishDelivery(ctx context.Context, v *reminder.Delivery) error {
	if !v.Over() {
		return errNotFinal
	}
	final, err := s.deliveries.update(ctx, v.ID, func(open *reminder.Delivery) error {
		if !open.Over() {
			*open = *v
		}
		if open.EndedAt.IsZero() {
			open.EndedAt = s.now() // Sweep goes by it
		}
		return nil
	})
	if errors.Is(err, reminder.ErrNotFound) {
		return s.finishMissing(ctx, v)
	}
	if err != nil {
		return err
	}
	if _, _, err := s.finished.insert(ctx, final); err != nil {
		return err
	}
	_, err = s.deliveries.deleteOne(ctx, v.ID)
	return err
}

// finishMissing keeps a final delivery that is not among the open ones: finished before, or deleted with its link.
func (s *Store) finishMissing(ctx context.Context, v *reminder.Delivery) error {
	done, err := s.isFinished(ctx, v.ID)
	if err != nil || done {
		return err
	}
	return reminder.ErrNotFound
}

// mostDue bounds how many due deliveries UsersWithDue looks at.
const mostDue = 10_000

// UsersWithDue lists up to limit platform users that have an open delivery with NotBefore <= now, the longest due first.
func (s *Store) UsersWithDue(ctx context.Context, now time.Time, limit int) ([]string, error) {
	if err := s.checkClock(); err != nil {
		return nil, err
	}
	due := bson.D{{Key: "not_before", Value: bson.D{{Key: "$lte", Value: now}}}, knownSchema}
	longest := options.Find().SetSort(bson.D{{Key: "not_before", Value: 1}}).SetLimit(mostDue).SetProjection(bson.D{{Key: "user_id", Value: 1}})
	var users []string
	for raw, err := range s.find(ctx, s.deliveries.name, due, longest) {
		if err != nil {
			return nil, s.deliveries.failed("find", err)
		}
		user, _ := raw.Lookup("user_id").StringValueOK()
		if !slices.Contains(users, user) {
			users = append(users, user)
		}
		if len(users) >= limit {
			break
		}
	}
	return users, nil
}

// OpenDeliveries lists the user's open deliveries, oldest first; of one that a newer program wrote, the id alone.
//
// A delivery that has a finished copy is removed: either FinishDelivery did not get to its last write, or the delivery was
// inserted again later. The copies are read after the open ones, since a copy is there before a delivery can be inserted
// again.
func (s *Store) OpenDeliveries(ctx context.Context, userID string) ([]*reminder.Delivery, error) {
	raws, err := s.deliveries.find(ctx, bson.D{{Key: "user_id", Value: userID}}, options.Find().SetSort(bson.D{{Key: "created_at", Value: 1}}))
	if err != nil || len(raws) == 0 {
		return nil, err
	}
	open, ids := make([]*reminder.Delivery, len(raws)), make(bson.A, len(raws))
	for i, raw := range raws {
		open[i] = &reminder.Delivery{ID: idOf(raw)}
		if v, err := s.deliveries.decode(raw); err == nil {
			open[i] = v.value
		}
		ids[i] = open[i].ID
	}
	copies, err := s.finished.find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, options.Find().SetProjection(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, err
	}
	for _, raw := range copies {
		id := idOf(raw)
		if _, err := s.deliveries.deleteOne(ctx, id); err != nil {
			return nil, err
		}
		open = slices.DeleteFunc(open, func(o *reminder.Delivery) bool { return o.ID == id })
	}
	return open, nil
}

// DeliveriesOf lists a link's deliveries, open and finished, newest first. It reads the open ones first: one that is
// moved meanwhile is then found in both places, never in neither.
func (s *Store) DeliveriesOf(ctx context.Context, linkID string, limit int) ([]reminder.Delivery, error) {
	newest := options.Find().SetSort(bson.D{{Key: "created_at", Value: -1}}).SetLimit(int64(limit))
	filter := bson.D{{Key: "link_id", Value: linkID}}
	open, err := s.deliveries.values(ctx, filter, newest)
	if err != nil {
		return nil, err
	}
	done, err := s.finished.values(ctx, filter, newest)
	if err != nil {
		return nil, err
	}
	all := deref(done)
	for _, v := range open {
		if !slices.ContainsFunc(all, func(d reminder.Delivery) bool { return d.ID == v.ID }) {
			all = append(all, *v)
		}
	}
	slices.SortStableFunc(all, func(a, b reminder.Delivery) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.Episode, a.Episode))
	})
	return all[:min(limit, len(all))], nil
}

// DeleteDeliveries removes all deliveries of a link, open ones first.
func (s *Store) DeleteDeliveries(ctx context.Context, linkID string) error {
	filter := bson.D{{Key: "link_id", Value: linkID}}
	if _, err := s.deliveries.deleteMany(ctx, filter); err != nil {
		return err
	}
	_, err := s.finished.deleteMany(ctx, filter)
	return err
}
