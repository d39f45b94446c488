package desk

import (
	"context"
	"errors"
	"time"

	"yibao/identity"
	"yibao/identity/panics"
)

const (
	// storeTimeout bounds each visit to the store during a question: a store that hangs must not hide the answer.
	storeTimeout = 3 * time.Second
	// cacheFor is how long an answer that is not read stays in memory. Personal data is not kept without need.
	cacheFor = 24 * time.Hour
)

// flight is one question under way, with a context of its own. All callers that want the answer wait for the same flight.
type flight struct {
	done chan struct{}
	// forgotten is set, under the desk's lock, when the subject is forgotten during the flight.
	forgotten bool
	// result and err are written before done is closed.
	result *cached
	err    error
}

func (d *Desk) attended(ctx context.Context, o ordered, oldest time.Time) (*cached, error) {
	f, _ := d.join(o, oldest, nil)
	return f.wait(ctx)
}

// unattended takes a slot before it starts a flight, so a person that joins the flight
// never queues behind workers.
func (d *Desk) unattended(ctx context.Context, o ordered, oldest time.Time) (*cached, error) {
	if f := d.flying(o.key); f != nil {
		return f.wait(ctx)
	}
	g := d.guardOf(o.Region)
	leave, err := g.enter(ctx, g.unattended)
	if err != nil {
		return nil, err
	}
	f, started := d.join(o, oldest, leave)
	if !started {
		leave()
	}
	return f.wait(ctx)
}

// wait returns the flight's result. A caller that gives up leaves; the flight goes on for the others. The caller's own
// deadline is reported as ErrTimeout, like that of the question.
func (f *flight) wait(ctx context.Context) (*cached, error) {
	select {
	case <-f.done:
		return f.result, f.err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, ErrTimeout
		}
		return nil, ctx.Err()
	}
}

func (d *Desk) flying(k key) *flight {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.flights[k]
}

// join returns the question's flight and starts one if there is none. If memory holds a good answer by now, or a failure
// that must not be asked again yet, the returned flight has ended already. A flight ends (answer cached, flight removed)
// under the same lock, so no second one can start between the two.
//
// Workers get remembered failures too. Such a failure is at most failurePause old, and workers come again after minutes.
func (d *Desk) join(o ordered, oldest time.Time, leave func()) (f *flight, started bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f = &flight{done: make(chan struct{})}
	if c, ok := d.cache.Peek(o.key); ok && c.since(oldest, d.now()) {
		f.result = c
		close(f.done)
		return f, false
	}
	if other, ok := d.flights[o.key]; ok {
		return other, false
	}
	if f.err = d.pausedFailure(o.key); f.err != nil {
		close(f.done)
		return f, false
	}
	d.flights[o.key] = f
	go d.fly(o, f, leave)
	return f, true
}

func (d *Desk) guardOf(region string) *guard {
	d.mu.Lock()
	defer d.mu.Unlock()
	g, ok := d.guards[region]
	if !ok {
		g = newGuard(region, d.options)
		d.guards[region] = g
	}
	return g
}

// fly asks the upstream, keeps the answer and ends the flight.
func (d *Desk) fly(o ordered, f *flight, leave func()) {
	cache := false
	f.err = ErrMalformed // if the code below panics
	defer func() {
		if cause := recover(); cause != nil {
			panics.Log(d.log, "desk_ask_panic", cause, "region", o.Region, "capability", o.capability)
		}
		d.land(o.key, f, cache)
	}()
	answer, err := d.question(o, leave)
	if err != nil {
		if !errors.Is(err, errOpen) && !errors.Is(err, ErrThrottled) { // these have logged their beginning
			d.log.Info("desk_ask_failed", "region", o.Region, "capability", o.capability, "cause", err)
		}
		f.err = err
		return
	}
	linked, err := o.keep(answer)
	if err != nil {
		d.log.Warn("desk_answer_not_kept", "region", o.Region, "capability", o.capability, "cause", err)
	}
	cache = linked
	f.result, f.err = &cached{answer: answer, kept: err == nil}, nil
}

// question finds the person, takes a slot unless the caller holds one, and asks. The slot is free again before the answer
// is kept.
func (d *Desk) question(o ordered, leave func()) (Dated, error) {
	g := d.guardOf(o.Region)
	if leave == nil {
		var err error
		if leave, err = g.enter(context.Background(), g.attended); err != nil {
			return nil, err
		}
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	person, err := d.options.People.Person(ctx, o.PersonID)
	if errors.Is(err, identity.ErrNotFound) {
		return nil, ErrNoPerson
	}
	if err != nil {
		return nil, err
	}
	claim := identity.Claim{
		Region: o.Region, Name: person.Names[o.Region], IDType: person.IDType, IDNumber: person.IDNumber,
	}
	return g.ask(o, claim, d.unreadable(o.key))
}

// land ends the flight. It keeps the answer or the failure in memory, unless the subject was forgotten.
func (d *Desk) land(k key, f *flight, cache bool) {
	d.mu.Lock()
	if !f.forgotten {
		if cache {
			d.cache.Add(k, f.result)
		}
		d.noteFailure(k, f.err)
	}
	// A landing adds one answer at most. Removing up to two old ones keeps memory free of them.
	limit := d.now().Add(-cacheFor)
	for range 2 {
		if _, oldest, ok := d.cache.GetOldest(); !ok || oldest.since(limit, d.now()) {
			break
		}
		d.cache.RemoveOldest()
	}
	delete(d.flights, k)
	d.mu.Unlock()
	close(f.done)
}

// Wait returns when no question is under way. A stop calls it after all callers have stopped and before the store closes,
// because a question still writes its answer.
func (d *Desk) Wait() {
	for {
		var f *flight
		d.mu.Lock()
		for _, f = range d.flights {
			break
		}
		d.mu.Unlock()
		if f == nil {
			return
		}
		<-f.done
	}
}
