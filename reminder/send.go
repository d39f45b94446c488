package reminder

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	mrand "math/rand/v2"
	"sync/atomic"
	"time"
)

// lookAhead is how many times a full pass of users is looked up. All replicas find the same users due longest. Each goes
// through more than it can serve, in an order of its own, so two replicas seldom meet.
const lookAhead = 4

// SendDue is one pass of the second worker: it leases platform users with a due delivery and sends their deliveries, one
// after the other. It passes over users leased by another process, and ends after a full pass or when there are no
// others. It returns the number of served users; fewer than a full pass means that other processes have the rest.
func (s *Service) SendDue(ctx context.Context) (int, error) {
	users, err := s.Store.UsersWithDue(ctx, s.now(), lookAhead*s.cfg.Batch)
	if err != nil {
		return 0, err
	}
	mrand.Shuffle(len(users), func(i, j int) { users[i], users[j] = users[j], users[i] })
	var served atomic.Int64
	err = s.each(len(users), func(i int) error {
		if ctx.Err() != nil || served.Load() >= int64(s.cfg.Batch) {
			return nil
		}
		r := &round{Service: s, user: users[i], holder: rand.Text(), open: map[string]bool{}, reserved: map[string]*snapshot{}}
		// One lease to a user: platforms refuse parallel sends, and a delivery found in sending can only come from a
		// lease that has ended. After a crash the lease runs out.
		if leased, err := r.lease(ctx); err != nil || !leased {
			return err
		}
		err := r.serve(ctx)
		served.Add(1)
		if errors.Is(err, errPanic) {
			return err // the user would soon panic again: the lease makes it wait
		}
		return errors.Join(err, s.Store.ReleaseUser(context.WithoutCancel(ctx), r.user, r.holder))
	})
	return int(served.Load()), err
}

// round is one holder's work on one user's deliveries.
type round struct {
	*Service
	user     string
	holder   string
	until    time.Time            // end of the lease
	open     map[string]bool      // the user's open deliveries
	reserved map[string]*snapshot // the quota's state when a delivery's unit was reserved
}

// lease takes or extends the user's lease.
func (r *round) lease(ctx context.Context) (bool, error) {
	now := r.now()
	r.until = now.Add(r.cfg.Lease)
	return r.Store.LeaseUser(ctx, r.user, r.holder, now, r.until)
}

// serve finishes deliveries left by a crash and sends the due ones. The lease is held.
func (r *round) serve(ctx context.Context) error {
	deliveries, err := r.Store.OpenDeliveries(ctx, r.user)
	if err != nil {
		return err
	}
	var failures []error
	for _, d := range deliveries {
		r.open[d.ID] = true
		// Those left by a crash come first: an unknown message blocks the others of its template.
		switch {
		case d.State == DeliverySending:
			failures = append(failures, r.end(context.WithoutCancel(ctx), d, DeliveryUnknown, ReasonLostAnswer))
		case d.Over():
			failures = append(failures, r.finish(context.WithoutCancel(ctx), d))
		}
	}
	if err := errors.Join(failures...); err != nil {
		return err
	}
	for _, d := range deliveries {
		if d.State == DeliveryPending && !d.NotBefore.After(r.now()) {
			failures = append(failures, r.attend(ctx, d))
		}
	}
	return errors.Join(failures...)
}

// attend rechecks a due delivery, and sends, postpones or drops it.
func (r *round) attend(ctx context.Context, d *Delivery) error {
	c, err := r.recheck(ctx, d)
	if err != nil || ctx.Err() != nil { // after a stop an answer is no finding, and the rest waits for the next start
		return err
	}
	ctx = context.WithoutCancel(ctx) // from here on a stop waits for the end
	switch {
	case c.drop != "":
		// Ended before it is deleted with its link, so that a reserved unit is given back.
		if err := r.end(ctx, d, DeliveryDropped, c.drop); err != nil || c.drop != ReasonLinkEnded {
			return err
		}
		return r.deleteAll(ctx, d.LinkID)
	case !c.until.IsZero():
		return r.postpone(ctx, d, c.until, c.reason)
	}
	if r.until.Before(r.now().Add(2 * r.cfg.SendTimeout)) { // the lease could end during the send
		if leased, err := r.lease(ctx); err != nil || !leased {
			return err
		}
	}
	until, ok := r.apps.enter(d, r.now())
	if !ok {
		return r.postpone(ctx, d, until, ReasonBusy)
	}
	defer r.apps.leave(d)
	return r.send(ctx, d, c)
}

// send sends one delivery. The table at Quota tells how the next holder goes on after a crash between any two writes.
func (r *round) send(ctx context.Context, d *Delivery, c check) error {
	// Write 1: a unit is reserved.
	until, err := r.reserve(ctx, d, c.template.Kind)
	switch {
	case errors.Is(err, errBlocked):
		return r.postpone(ctx, d, until, ReasonUnknownBefore)
	case errors.Is(err, errNoQuota):
		return r.awaitQuota(ctx, d)
	case err != nil:
		return err
	}
	// Write 2: pending → sending, just before the request. After a crash before it the delivery is sent again; after a
	// crash behind it, it is unknown. If the answer of the write is lost, its time and number identify it.
	at, attempt := r.now(), d.Attempts+1
	sending, err := r.insist(ctx, d.ID, func(current *Delivery) error {
		if current.State == DeliverySending && current.Attempts == attempt && current.SendingAt.Equal(at) {
			return nil
		}
		if current.State != DeliveryPending || current.Attempts != d.Attempts {
			return errChanged
		}
		current.State, current.Attempts, current.SendingAt, current.Message = DeliverySending, attempt, at, c.message
		return nil
	})
	switch {
	case errors.Is(err, ErrNotFound): // deleted with its link, or ended by the next holder after our lease
		return r.settle(ctx, d)
	case err != nil:
		return unlessChanged(err) // changed: the next holder has the delivery and its unit
	}
	outcome := Outcome{Kind: OutcomeUnknown} // if the sender panics: the request may have left
	panicked := r.guarded(func() error {
		limited, cancel := context.WithTimeout(ctx, r.cfg.SendTimeout)
		defer cancel()
		outcome = r.Senders[d.Platform].Send(limited, c.recipient, d.Template, c.message)
		return nil
	})
	r.apps.learn(d, outcome, r.now())
	return errors.Join(panicked, r.record(ctx, sending, outcome))
}

// record writes the outcome of a send.
func (r *round) record(ctx context.Context, sending *Delivery, outcome Outcome) error {
	after := *sending
	outcome.apply(&after, r.now(), r.cfg)
	// Write 3: sending → pending again, or over. After a crash before it the delivery is unknown.
	written, err := r.insist(ctx, after.ID, func(current *Delivery) error {
		if current.Attempts != after.Attempts || (current.State != DeliverySending && current.State != after.State) {
			return errChanged // our lease ended and the next holder made it unknown
		}
		*current = after
		return nil
	})
	if errors.Is(err, ErrNotFound) { // deleted with its link, or finished as unknown: the unit may still be ours
		return r.settle(ctx, &after)
	}
	if err != nil {
		return unlessChanged(err)
	}
	r.Observe("delivery", cmp.Or(written.Reason, Reason(written.State)))
	if written.Over() {
		return r.finish(ctx, written)
	}
	if err := r.settle(ctx, written); err != nil || !written.unsubscribed() {
		return err
	}
	return r.wakeIfGranted(ctx, written) // the user may have subscribed during the send
}

// finish settles the quota of a delivery that is over, and moves the delivery away. After a crash before or between the
// two writes the next holder repeats them. A delivery deleted with its link needs no moving.
func (r *round) finish(ctx context.Context, d *Delivery) error {
	if err := r.settle(ctx, d); err != nil {
		return err
	}
	if err := r.Store.FinishDelivery(ctx, d); !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// update changes a delivery that is still as d. Without an error it returns nil if another holder has changed the delivery
// or it was deleted.
func (r *round) update(ctx context.Context, d *Delivery, change func(*Delivery)) (*Delivery, error) {
	updated, err := r.Store.UpdateDelivery(ctx, d.ID, func(current *Delivery) error {
		if current.State != d.State || current.Attempts != d.Attempts {
			return errChanged
		}
		change(current)
		return nil
	})
	if overtaken(err) {
		return nil, nil
	}
	return updated, err
}

// end writes the last state of a delivery without an outcome, and finishes it.
func (r *round) end(ctx context.Context, d *Delivery, state DeliveryState, reason Reason) error {
	over, err := r.update(ctx, d, func(current *Delivery) {
		current.State, current.Reason, current.EndedAt = state, reason, r.now()
	})
	if err != nil || over == nil {
		return err
	}
	r.Observe("delivery", reason)
	return r.finish(ctx, over)
}

// postpone makes a pending delivery due later, at most at its end, where it is dropped as expired.
func (r *round) postpone(ctx context.Context, d *Delivery, until time.Time, reason Reason) error {
	_, err := r.update(ctx, d, func(current *Delivery) {
		current.NotBefore, current.Reason = earlier(until, current.ExpiresAt), reason
		current.Postponed = true
	})
	return err
}

// awaitQuota postpones the delivery until the user subscribes again; Report wakes it then. A report between the failed
// reservation and the postponing finds nothing to wake, so the quota is read once more.
func (r *round) awaitQuota(ctx context.Context, d *Delivery) error {
	if err := r.postpone(ctx, d, r.now().Add(r.cfg.CheckEvery), ReasonNoQuota); err != nil {
		return err
	}
	return r.wakeIfGranted(ctx, d)
}

func (r *round) wakeIfGranted(ctx context.Context, d *Delivery) error {
	quota, err := r.Store.Quota(ctx, d.UserID, d.Template)
	if err != nil || quota.Free <= 0 {
		return err
	}
	return r.wake(ctx, d.ID)
}

// insist repeats an update that is safe to repeat: one failed write should not make a delivery unknown.
func (r *round) insist(ctx context.Context, id string, fn func(*Delivery) error) (*Delivery, error) {
	for try := 1; ; try++ {
		d, err := r.Store.UpdateDelivery(ctx, id, fn)
		if err == nil || try == 3 || overtaken(err) {
			return d, err
		}
		time.Sleep(r.cfg.SendTimeout / 100)
	}
}
