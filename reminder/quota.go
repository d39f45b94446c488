package reminder

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// Quota is how many messages of a template a platform user still allows. It is one document.
//
// A unit is always reserved under a delivery's id, so every write can be repeated, and the state after a crash is certain.
// A unit moves from Free to Reserved before the delivery may become sending. It leaves Reserved only after the delivery
// has been written as over (or, for a retry, as pending again), and before FinishDelivery moves the delivery away. So the
// next holder of the user's lease finds one of:
//
//	pending, no unit     not tried, or given back after a retry: reserve
//	pending, unit        crashed after reserve, or before a retry gave back: the next try uses the unit; if the platform
//	                     had refused it for want of a subscription, it does so once more
//	sending, unit        crashed while a request may have been out: unknown
//	over, unit           crashed before settling: settle by the delivery's state
//	over, no unit        crashed before finishing: finish
//	gone, unit           deleted with its link: given back, see giveBackOrphans
//
// The app's breaker is asked before the unit is reserved. So an outage of the platform adds no line to this table: a
// postponed delivery is pending as before.
type Quota struct {
	UserID   string               `bson:"user_id"`
	Template string               `bson:"template"`
	Free     int                  `bson:"free"`
	Reserved map[string]time.Time `bson:"reserved"` // delivery id (hex: it is a key of the document) → when
	// Unknown holds the deliveries with an unknown outcome, each with the time until which it blocks the template for this
	// user.
	Unknown map[string]time.Time `bson:"unknown"`
	// Reports holds the ids of the last client reports, so that a repeated one grants nothing.
	Reports []string `bson:"reports"`
}

// The errors of reserve.
var (
	errNoQuota = errors.New("reminder: no quota")
	errBlocked = errors.New("reminder: an earlier message is unknown")
)

// prune removes unknown messages that no longer block.
func (q *Quota) prune(now time.Time) {
	maps.DeleteFunc(q.Unknown, func(_ string, until time.Time) bool { return !until.After(now) })
}

// giveBack frees the delivery's reserved unit: no message was accepted.
func (q *Quota) giveBack(deliveryID string, kind Kind, maxFree int) {
	delete(q.Reserved, deliveryID)
	if kind == OneTime {
		q.Free = min(q.Free+1, max(maxFree, q.Free))
	}
}

// giveBackOrphans gives back units of deliveries that were deleted with their link. It leaves units younger than a lease:
// another holder may be about to use them.
func (q *Quota) giveBackOrphans(open map[string]bool, kind Kind, now time.Time, cfg Config) {
	for _, id := range slices.Collect(maps.Keys(q.Reserved)) {
		if !open[id] && now.Sub(q.Reserved[id]) > cfg.Lease {
			q.giveBack(id, kind, cfg.MaxFree)
		}
	}
}

// snapshot is the state of a quota at a reservation.
type snapshot struct {
	free   int
	report string // the last counted report
}

func (q *Quota) snapshot() *snapshot {
	s := &snapshot{free: q.Free}
	if n := len(q.Reports); n > 0 {
		s.report = q.Reports[n-1]
	}
	return s
}

// revoke removes the units of before a send that the platform refused for want of a subscription: its count is right and
// ours is wrong. Units granted during that send stay. A nil snapshot is not known.
func (q *Quota) revoke(kind Kind, then *snapshot) {
	switch {
	case then == nil, q.snapshot().report == then.report:
		q.Free = 0
	case kind == OneTime:
		q.Free = max(0, q.Free-then.free)
	}
}

// settle ends the reservation of a delivery that is over, or pending again after a retry. The delivery has a reserved
// unit. then is the quota's state at the reservation; nil for a delivery left by a crash.
func (q *Quota) settle(d *Delivery, kind Kind, then *snapshot, now time.Time, cfg Config) {
	switch {
	case d.State == DeliveryAccepted:
		delete(q.Reserved, d.ID)
	case d.State == DeliveryUnknown:
		delete(q.Reserved, d.ID)
		if q.Unknown == nil {
			q.Unknown = map[string]time.Time{}
		}
		q.Unknown[d.ID] = now.Add(cfg.UnknownFor)
	case d.Reason == ReasonNotSubscribed:
		delete(q.Reserved, d.ID)
		q.revoke(kind, then)
	default: // refused or dropped for another reason, or pending
		q.giveBack(d.ID, kind, cfg.MaxFree)
	}
}

// reserve reserves a unit for the delivery. A long-term grant is not used up: Reserved only names the delivery. Errors:
// errNoQuota; errBlocked with the end of the block; the store's.
func (r *round) reserve(ctx context.Context, d *Delivery, kind Kind) (time.Time, error) {
	var until time.Time
	quota, err := r.Store.UpdateQuota(ctx, d.UserID, d.Template, func(q *Quota) error {
		now := r.now()
		q.prune(now)
		q.giveBackOrphans(r.open, kind, now, r.cfg)
		_, reserved := q.Reserved[d.ID]
		switch {
		case len(q.Unknown) > 0:
			until = slices.MaxFunc(slices.Collect(maps.Values(q.Unknown)), time.Time.Compare)
			return errBlocked
		case reserved:
			return nil
		case q.Free <= 0:
			return errNoQuota
		}
		if kind == OneTime {
			q.Free--
		}
		if q.Reserved == nil {
			q.Reserved = map[string]time.Time{}
		}
		q.Reserved[d.ID] = now
		return nil
	})
	if err == nil {
		r.reserved[d.ID] = quota.snapshot()
	}
	return until, err
}

// settle ends the delivery's reservation. Without a reserved unit it changes nothing, so it may be repeated, also after a
// new grant.
func (r *round) settle(ctx context.Context, d *Delivery) error {
	kind := r.kind(d)
	_, err := r.Store.UpdateQuota(ctx, d.UserID, d.Template, func(q *Quota) error {
		if _, reserved := q.Reserved[d.ID]; !reserved {
			return errChanged // nothing to write
		}
		q.settle(d, kind, r.reserved[d.ID], r.now(), r.cfg)
		return nil
	})
	return unlessChanged(err)
}
