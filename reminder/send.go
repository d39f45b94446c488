package reminder

import (
	"context"
	"crypto/rand"
	"errors"
	mrand "math/rand/v2"
	"sync/atomic"
	"time"
)

// lookAhead is how many times a pass' fill of users is looked at. All replicas find the same users longest due; each goes
// through more than it can serve, in an order of its own, so that they seldom meet.
const lookAhead = 4

// SendDue is one pass of the second worker: for platform users with a delivery that is due it takes the user's lease and
// sends one delivery after the other. It passes over users that another process is at, and ends when it has served a
// fill or there are no others. It returns how many it served: fewer than a fill means that the rest is in other hands.
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
		ours, err := s.serve(ctx, users[i])
		if ours {
			served.Add(1)
		}
		return err
	})
	return int(served.Load()), err
}

// round is one holder's work on one user's deliveries.
type round struct {
	*Service
	user   string
	holder string
	until  time.Time // end of the lease
	open   map[string]bool
	taken  map[string]*before // what the quota said when a delivery's unit was taken
}

// serve sends what is due to one user. False means that another process is at it.
func (s *Service) serve(ctx context.Context, user string) (bool, error) {
	r := &round{Service: s, user: user, holder: rand.Text(), open: map[string]bool{}, taken: map[string]*before{}}
	// One lease to a person: platforms refuse parallel sends, and a delivery found in "sending" by the holder can only
	// be left from a lease that ended. After a crash the lease runs out by itself.
	if ok, err := r.lease(ctx); err != nil || !ok {
		return false, err
	}
	err := r.serveLeased(ctx)
	// Not deferred: a user at whom something panics is left to the lease, since it would soon panic again.
	if !errors.Is(err, errPanic) {
		_ = s.Store.ReleaseUser(context.WithoutCancel(ctx), user, r.holder) // else it runs out
	}
	return true, err
}

// serveLeased sends what is due to the user; the lease is held.
func (r *round) serveLeased(ctx context.Context) error {
	deliveries, err := r.Store.OpenDeliveries(ctx, r.user)
	if err != nil {
		return err
	}
	var failures []error
	for _, d := range deliveries {
		r.open[d.ID] = true
		// What a crash left comes first: an unknown message blocks the others of its template.
		if d.State != DeliveryPending {
			failures = append(failures, r.finishLeftOver(context.WithoutCancel(ctx), d))
		}
	}
	if err := errors.Join(failures...); err != nil {
		return err
	}
	for _, d := range deliveries {
		if ctx.Err() != nil { // stopping: the rest waits for the next start
			break
		}
		if d.State == DeliveryPending && !d.NotBefore.After(r.now()) {
			failures = append(failures, r.attend(ctx, d))
		}
	}
	return errors.Join(failures...)
}

// lease takes or renews the user's lease.
func (r *round) lease(ctx context.Context) (bool, error) {
	now := r.now()
	r.until = now.Add(r.cfg.Lease)
	return r.Store.LeaseUser(ctx, r.user, r.holder, now, r.until)
}

// finishLeftOver brings a delivery to its end that a crash left in sending, or over but not settled and moved.
func (r *round) finishLeftOver(ctx context.Context, d *Delivery) error {
	if d.State != DeliverySending {
		return r.close(ctx, d)
	}
	attempts := d.Attempts
	over, err := r.Store.UpdateDelivery(ctx, d.ID, func(current *Delivery) error {
		if current.State != DeliverySending || current.Attempts != attempts {
			return errChanged
		}
		current.State, current.Reason, current.EndedAt = DeliveryUnknown, ReasonLostAnswer, r.now()
		return nil
	})
	if errors.Is(err, errChanged) || errors.Is(err, ErrNotFound) {
		return nil // its sender was only slow, and has written the end itself
	}
	if err != nil {
		return err
	}
	r.Observe("delivery", ReasonLostAnswer)
	*d = *over
	return r.close(ctx, over)
}

// close settles the quota of a delivery that is over, then moves it away. In this order: see quota.go. One that was
// deleted with its link meanwhile needs no moving.
func (r *round) close(ctx context.Context, d *Delivery) error {
	if err := r.settle(ctx, d); err != nil {
		return err
	}
	if err := r.Store.FinishDelivery(ctx, d); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// attend checks one pending delivery again and sends it, puts it off or drops it.
func (r *round) attend(ctx context.Context, d *Delivery) error {
	v, err := r.recheck(ctx, d)
	if err != nil || ctx.Err() != nil {
		return err // stopping makes the upstream "unavailable": that is no finding
	}
	ctx = context.WithoutCancel(ctx) // what begins here is finished even while stopping
	switch {
	case v.gone: // ended before it is deleted, so that a unit it holds is given back
		if err := r.drop(ctx, d, ReasonLinkEnded); err != nil {
			return err
		}
		return r.forget(ctx, d.LinkID)
	case v.drop:
		return r.drop(ctx, d, v.reason)
	case !v.putOff.IsZero():
		return r.putOff(ctx, d, v.putOff, v.reason)
	}
	if r.until.Before(r.now().Add(2 * r.cfg.SendTimeout)) { // too little left of the lease for a send
		if ok, err := r.lease(ctx); err != nil || !ok {
			return err
		}
	}
	until, ok := r.apps.enter(d, r.now())
	if !ok { // before any write but this one: the delivery stays pending and holds no unit
		return r.putOff(ctx, d, until, ReasonBusy)
	}
	defer r.apps.leave(d)
	until, err = r.reserve(ctx, d, v.template.Kind)
	switch {
	case errors.Is(err, errBlocked):
		return r.putOff(ctx, d, until, ReasonUnknownBefore)
	case errors.Is(err, errNoQuota):
		return r.awaitQuota(ctx, d)
	case err != nil:
		return err
	}
	return r.send(ctx, d, v)
}

// send writes sending, sends, and writes what came of it.
func (r *round) send(ctx context.Context, d *Delivery, v verdict) error {
	sending, err := r.begin(ctx, d, v.message)
	switch {
	case errors.Is(err, ErrNotFound): // deleted with its link, or ended by the next holder because our lease was over
		return r.giveBack(ctx, d)
	case err != nil:
		return unlessChanged(err) // changed: the next holder is at it, and the unit is theirs
	}
	outcome := Outcome{Kind: OutcomeUnknown} // where the sender panics: the request may have left
	failure := r.guarded(func() error {
		limited, cancel := context.WithTimeout(ctx, r.cfg.SendTimeout)
		defer cancel()
		outcome = r.Senders[d.Platform].Send(limited, v.recipient, d.Template, v.message)
		return nil
	})
	r.apps.learn(d, outcome, r.now())
	return errors.Join(failure, r.record(ctx, sending, outcome))
}

// begin writes pending → sending, the last thing before the request leaves: a crash before it has sent nothing and the
// delivery is taken again, a crash after it may have sent and the delivery becomes unknown. A write whose answer was lost
// is recognised by its own time and number.
func (r *round) begin(ctx context.Context, d *Delivery, message Message) (*Delivery, error) {
	at, attempts := r.now(), d.Attempts
	return r.insist(ctx, d.ID, func(current *Delivery) error {
		if current.State == DeliverySending && current.Attempts == attempts+1 && current.SendingAt.Equal(at) {
			return nil
		}
		if current.State != DeliveryPending || current.Attempts != attempts {
			return errChanged
		}
		current.State, current.Attempts, current.SendingAt = DeliverySending, attempts+1, at
		current.Message = message
		return nil
	})
}

// record writes what came of a send. A crash before it leaves sending, hence unknown; a crash after it leaves a unit
// that the next holder settles.
func (r *round) record(ctx context.Context, sending *Delivery, outcome Outcome) error {
	after := *sending
	r.judge(&after, outcome)
	written, err := r.insist(ctx, sending.ID, func(current *Delivery) error {
		if current.Attempts != after.Attempts || (current.State != DeliverySending && current.State != after.State) {
			return errChanged // our lease ended and the next holder called it unknown
		}
		*current = after
		return nil
	})
	if errors.Is(err, ErrNotFound) { // deleted with its link, or moved as unknown: the unit may still be ours
		return r.settle(ctx, &after)
	}
	if err != nil {
		return unlessChanged(err)
	}
	r.Observe("delivery", observed(written))
	if !written.Over() {
		return r.giveBack(ctx, written)
	}
	return r.close(ctx, written)
}

// judge turns an outcome into the delivery's next state; pure but for the clock.
func (r *round) judge(d *Delivery, outcome Outcome) {
	now := r.now()
	d.MessageID, d.Code, d.Reason = outcome.MessageID, outcome.Code, outcome.Reason
	switch outcome.Kind {
	case OutcomeAccepted:
		d.State, d.Reason = DeliveryAccepted, ""
	case OutcomePermanent:
		d.State = DeliveryRefused
	case OutcomeRetry:
		if d.Attempts < r.cfg.MaxAttempts {
			wait := max(outcome.RetryAfter, backoff(d.Attempts))
			d.State, d.NotBefore = DeliveryPending, earlier(now.Add(wait), d.ExpiresAt)
			return
		}
		d.State = DeliveryDropped
	default: // unknown, and whatever a sender should not have said
		d.State, d.Reason = DeliveryUnknown, ReasonLostAnswer
	}
	d.EndedAt = now
}

// backoff is the least wait after so many sends of one delivery: 10 s, four times as long each time, up to 12 h. The
// default of 8 attempts so covers 15 h: a platform that is away for a night, or whose quota of the day is used up, loses
// nobody's message.
func backoff(attempts int) time.Duration {
	return min(10*time.Second<<(2*min(max(attempts-1, 0), 8)), 12*time.Hour)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// observed names what a send came to.
func observed(d *Delivery) Reason {
	if d.Reason == "" {
		return Reason(d.State)
	}
	return d.Reason
}

// insist repeats an update that is safe to repeat: what came of a send should not be lost to one failed write.
func (r *round) insist(ctx context.Context, id string, fn func(*Delivery) error) (*Delivery, error) {
	for try := 1; ; try++ {
		d, err := r.Store.UpdateDelivery(ctx, id, fn)
		if err == nil || try == 3 || errors.Is(err, errChanged) || errors.Is(err, ErrNotFound) {
			return d, err
		}
		time.Sleep(r.cfg.SendTimeout / 100)
	}
}
