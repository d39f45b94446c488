package balance

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
	// unlinked is set, under the service's lock, when the last link to the subject ends during the flight.
	unlinked bool
	// result and err are written before done is closed.
	result *cached
	err    error
}

// ask returns an answer fetched at oldest or later, for a waiting person.
func (s *Service) ask(ctx context.Context, subject Subject, oldest time.Time) (*cached, error) {
	f, _ := s.join(subject, oldest, nil)
	return f.wait(ctx)
}

// askUnattended does the same for workers. It takes a slot before it starts a flight, so a person that joins the flight
// never queues behind workers.
func (s *Service) askUnattended(ctx context.Context, subject Subject, oldest time.Time) (*cached, error) {
	if f := s.flying(subject); f != nil {
		return f.wait(ctx)
	}
	g := s.guardOf(subject.Region)
	leave, err := g.enter(ctx, g.unattended)
	if err != nil {
		return nil, err
	}
	f, started := s.join(subject, oldest, leave)
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

func (s *Service) flying(subject Subject) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flights[subject]
}

// join returns the subject's flight and starts one if there is none. If memory holds a good answer by now, or a failure
// that must not be asked again yet, the returned flight has ended already. A flight ends (answer cached, flight removed)
// under the same lock, so no second one can start between the two.
//
// Workers get remembered failures too. Such a failure is at most failurePause old, and workers come again after minutes.
func (s *Service) join(subject Subject, oldest time.Time, leave func()) (f *flight, started bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f = &flight{done: make(chan struct{})}
	if c, ok := s.cache.Peek(subject); ok && c.since(oldest, s.now()) {
		f.result = c
		close(f.done)
		return f, false
	}
	if other, ok := s.flights[subject]; ok {
		return other, false
	}
	if f.err = s.pausedFailure(subject); f.err != nil {
		close(f.done)
		return f, false
	}
	s.flights[subject] = f
	go s.fly(subject, f, leave)
	return f, true
}

func (s *Service) guardOf(region string) *guard {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.guards[region]
	if !ok {
		g = newGuard(region, s.cfg, s.log, s.now)
		s.guards[region] = g
	}
	return g
}

// fly asks the upstream, records the answer and ends the flight.
func (s *Service) fly(subject Subject, f *flight, leave func()) {
	cache := false
	f.err = ErrMalformed // if the code below panics
	defer func() {
		if cause := recover(); cause != nil {
			panics.Log(s.log, "balance_ask_panic", cause, "region", subject.Region)
		}
		s.land(subject, f, cache)
	}()
	answer, err := s.question(subject, leave)
	if err != nil {
		if !errors.Is(err, errOpen) && !errors.Is(err, ErrThrottled) { // these have logged their beginning
			s.log.Info("balance_ask_failed", "region", subject.Region, "cause", err)
		}
		f.err = err
		return
	}
	linked, err := s.record(subject, answer)
	if err != nil {
		s.log.Warn("balance_not_recorded", "region", subject.Region, "cause", err)
	}
	cache = linked
	f.result, f.err = &cached{answer: answer, recorded: err == nil}, nil
}

// question finds the person, takes a slot unless the caller holds one, and asks. The slot is free again before the answer
// is recorded.
func (s *Service) question(subject Subject, leave func()) (*Answer, error) {
	g := s.guardOf(subject.Region)
	if leave == nil {
		var err error
		if leave, err = g.enter(context.Background(), g.attended); err != nil {
			return nil, err
		}
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	person, err := s.people.Person(ctx, subject.PersonID)
	if errors.Is(err, identity.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	claim := identity.Claim{
		Region: subject.Region, Name: person.Names[subject.Region], IDType: person.IDType, IDNumber: person.IDNumber,
	}
	answer, err := g.ask(s.upstream, claim, s.unreadable(subject))
	if err != nil {
		return nil, err
	}
	if answer.FetchedAt.IsZero() {
		answer.FetchedAt = s.now()
	}
	if answer.AsOf.IsZero() {
		answer.AsOf = answer.FetchedAt
	}
	return answer, nil
}

// land ends the flight. It keeps the answer or the failure in memory, unless the subject's last link has ended.
func (s *Service) land(subject Subject, f *flight, cache bool) {
	s.mu.Lock()
	if !f.unlinked {
		if cache {
			s.cache.Add(subject, f.result)
		}
		s.noteFailure(subject, f.err)
	}
	// A landing adds one answer at most. Removing up to two old ones keeps memory free of them.
	limit := s.now().Add(-cacheFor)
	for range 2 {
		if _, oldest, ok := s.cache.GetOldest(); !ok || oldest.since(limit, s.now()) {
			break
		}
		s.cache.RemoveOldest()
	}
	delete(s.flights, subject)
	s.mu.Unlock()
	close(f.done)
}

// Wait returns when no question is under way. A stop calls it after all callers have stopped and before the store closes,
// because a question still writes its answer.
func (s *Service) Wait() {
	for {
		var f *flight
		s.mu.Lock()
		for _, f = range s.flights {
			break
		}
		s.mu.Unlock()
		if f == nil {
			return
		}
		<-f.done
	}
}
