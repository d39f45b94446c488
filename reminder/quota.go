package reminder

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// A quota unit is always held under a delivery's id, so every write below can be repeated and a crash leaves nothing to
// guess. A unit moves free → reserved before the delivery may become sending. It leaves reserved only after the delivery
// has been written as over (or, for a retry, as pending again), and before FinishDelivery takes the delivery out of
// sight. So whoever holds the user's lease next sees one of:
//
//	pending, no unit     not tried, or given back after a retry: reserve
//	pending, unit        crashed after reserve, or before a retry gave back: the unit is used for the next try
//	sending, unit        crashed while a request may have been out: unknown
//	over, unit           crashed before settling: settle by the delivery's state
//	over, no unit        crashed before finishing: finish
//	gone, unit           deleted with its link: given back, see releaseOrphans
//
// Whether the app may be sent through at all (breaker.go) is asked before the unit is taken, so an outage of the platform
// adds no line to this table: what it puts off is pending as before.

// The reasons for which a reservation is not made.
var (
	errNoQuota = errors.New("reminder: no quota")
	errBlocked = errors.New("reminder: an earlier message is unknown")
)

// blockedUntil returns the end of the block by unknown messages other than the delivery itself; zero without one.
func (q *Quota) blockedUntil(deliveryID string, now time.Time) time.Time {
	var end time.Time
	for id, until := range q.Unknown {
		if id != deliveryID && until.After(now) && until.After(end) {
			end = until
		}
	}
	return end
}

// prune forgets unknown messages that block no longer: they are final.
func (q *Quota) prune(now time.Time) {
	maps.DeleteFunc(q.Unknown, func(_ string, until time.Time) bool { return !until.After(now) })
}

// reserve holds a unit for the delivery; pure. A long-term grant is not used up: the entry only says who may send.
func (q *Quota) reserve(deliveryID string, kind Kind, now time.Time) error {
	if !q.blockedUntil(deliveryID, now).IsZero() {
		return errBlocked
	}
	if _, held := q.Reserved[deliveryID]; held {
		return nil
	}
	if q.Free <= 0 {
		return errNoQuota
	}
	if kind == OneTime {
		q.Free--
	}
	q.hold(deliveryID, now)
	return nil
}

func (q *Quota) hold(deliveryID string, now time.Time) {
	if q.Reserved == nil {
		q.Reserved = map[string]time.Time{}
	}
	q.Reserved[deliveryID] = now
}

// giveBack frees the delivery's unit: nothing was accepted. It does nothing for a unit that is not held any more.
func (q *Quota) giveBack(deliveryID string, kind Kind, most int) {
	if _, held := q.Reserved[deliveryID]; !held {
		return
	}
	delete(q.Reserved, deliveryID)
	if kind == OneTime {
		q.Free = min(q.Free+1, max(most, q.Free))
	}
}

// before is what a quota said when a unit was taken for a send.
type before struct {
	free   int    // units left
	report string // the last report counted
}

func (q *Quota) before() *before {
	b := &before{free: q.Free}
	if n := len(q.Reports); n > 0 {
		b.report = q.Reports[n-1]
	}
	return b
}

// void takes away what the quota held before a send that the platform refused for want of a subscription: the platform
// knows better than our count. What the user granted while that send was on its way stays. A nil then is not known.
func (q *Quota) void(kind Kind, then *before) {
	switch {
	case then == nil, q.before().report == then.report:
		q.Free = 0
	case kind == OneTime:
		q.Free = max(0, q.Free-then.free)
	}
}

// settle ends the reservation of a delivery that is over. Only a unit still held is settled, so repeating it does
// nothing, even when a new grant has come since. then is what the quota said when the unit was taken; nil for a
// delivery that a crash left.
func (q *Quota) settle(d *Delivery, kind Kind, then *before, now time.Time, cfg Config) {
	if _, held := q.Reserved[d.ID]; !held {
		return
	}
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
		q.void(kind, then)
	default: // otherwise refused, or dropped
		q.giveBack(d.ID, kind, cfg.MaxFree)
	}
}

// releaseOrphans gives back units whose delivery is neither open nor about to be: it was deleted with its link. Older
// than a lease, so that no other holder can be at work with it.
func (q *Quota) releaseOrphans(open map[string]bool, kind Kind, now time.Time, cfg Config) {
	for _, id := range slices.Collect(maps.Keys(q.Reserved)) {
		if !open[id] && now.Sub(q.Reserved[id]) > cfg.Lease {
			q.giveBack(id, kind, cfg.MaxFree)
		}
	}
}

// reserve takes a unit for the delivery, or returns errNoQuota or errBlocked with the end of the block.
func (r *round) reserve(ctx context.Context, d *Delivery, kind Kind) (time.Time, error) {
	var until time.Time
	quota, err := r.Store.UpdateQuota(ctx, d.UserID, d.Template, func(q *Quota) error {
		now := r.now()
		q.prune(now)
		q.releaseOrphans(r.open, kind, now, r.cfg)
		until = q.blockedUntil(d.ID, now)
		return q.reserve(d.ID, kind, now)
	})
	if err == nil {
		r.taken[d.ID] = quota.before()
	}
	return until, err
}

// settle ends the reservation of a delivery that is over.
func (r *round) settle(ctx context.Context, d *Delivery) error {
	kind := r.kind(d)
	_, err := r.Store.UpdateQuota(ctx, d.UserID, d.Template, func(q *Quota) error {
		if _, held := q.Reserved[d.ID]; !held {
			return errChanged // nothing to write
		}
		q.settle(d, kind, r.taken[d.ID], r.now(), r.cfg)
		return nil
	})
	return unlessChanged(err)
}

// giveBack frees the unit of a delivery that will be tried again.
func (s *Service) giveBack(ctx context.Context, d *Delivery) error {
	kind := s.kind(d)
	_, err := s.Store.UpdateQuota(ctx, d.UserID, d.Template, func(q *Quota) error {
		if _, held := q.Reserved[d.ID]; !held {
			return errChanged
		}
		q.giveBack(d.ID, kind, s.cfg.MaxFree)
		return nil
	})
	return unlessChanged(err)
}

func unlessChanged(err error) error {
	if errors.Is(err, errChanged) {
		return nil
	}
	return err
}

// kind is the template's kind; one-time for a template that is configured no longer, which gives units back.
func (s *Service) kind(d *Delivery) Kind {
	if t, ok := s.template(d.Platform, d.App, d.Template); ok {
		return t.Kind
	}
	return OneTime
}
