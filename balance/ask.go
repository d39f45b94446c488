package balance

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"yibao/identity"
)

const (
	// storeTimeout bounds each visit to the store that a question makes: a store that hangs must not hide the answer.
	storeTimeout = 3 * time.Second
	// keepFor is how long an answer nobody looks at stays in memory. Personal data is not kept because there is room.
	keepFor = 24 * time.Hour
)

// flight is one question under way. All who want the answer wait for the same flight; it belongs to none of them.
type flight struct {
	done chan struct{}
	// dropped is set, under the service's lock, when the last link to the subject ends while the question is under way.
	dropped bool
	// result and err are written before done is closed.
	result *kept
	err    error
}

// ask returns an answer fetched at oldest or later for a person who waits for it.
func (s *Service) ask(ctx context.Context, subject Subject, oldest time.Time) (*kept, error) {
	g := s.guardOf(subject.Region)
	k, f, _ := s.join(subject, oldest, func() (func(), error) { return g.enter(context.Background(), g.attended) })
	if k != nil {
		return k, nil
	}
	return f.wait(ctx)
}

// askUnattended is ask for workers. The slot is taken before a flight is started, so that a person who joins a flight
// never queues behind workers.
func (s *Service) askUnattended(ctx context.Context, subject Subject, oldest time.Time) (*kept, error) {
	if f := s.flying(subject); f != nil {
		return f.wait(ctx)
	}
	g := s.guardOf(subject.Region)
	leave, err := g.enter(ctx, g.unattended)
	if err != nil {
		return nil, err
	}
	k, f, started := s.join(subject, oldest, func() (func(), error) { return leave, nil })
	if !started {
		leave() // somebody else's flight, or an answer that has come meanwhile
	}
	if k != nil {
		return k, nil
	}
	return f.wait(ctx)
}

// wait returns what the flight brings. A caller that gives up leaves; the flight goes on for the others. A deadline is
// told as ErrTimeout: to the person it is all the same which of the two clocks ran out.
func (f *flight) wait(ctx context.Context) (*kept, error) {
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

// join returns the answer if it has come meanwhile, else the subject's flight, which it starts when there is none: for a
// sick subject one that has landed already. A flight lands (answer kept, flight gone) under the same lock, so between the
// two nobody can start a second one.
//
// Workers join too. A failure that is remembered is at most sickFor old and they would hardly have met another; they come
// again in minutes, so nobody's loop keeps them from the upstream.
func (s *Service) join(subject Subject, oldest time.Time, enter func() (func(), error)) (k *kept, f *flight, started bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.kept.Peek(subject); ok && k.since(oldest) {
		return k, nil, false
	}
	if f, ok := s.flights[subject]; ok {
		return nil, f, false
	}
	f = &flight{done: make(chan struct{})}
	if f.err = s.sick(subject); f.err != nil {
		close(f.done)
		return nil, f, false
	}
	s.flights[subject] = f
	go s.fly(subject, f, enter)
	return nil, f, true
}

func (s *Service) guardOf(region string) *guard {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.guards[region]
	if !ok {
		g = newGuard(region, s.cfg, s.log)
		s.guards[region] = g
	}
	return g
}

// fly asks, records, and lands.
func (s *Service) fly(subject Subject, f *flight, enter func() (func(), error)) {
	var keep bool
	f.err = ErrMalformed // stands only if something below panics
	defer func() {
		if recover() != nil {
			s.log.Error("balance_ask_panic", "region", subject.Region, "stack", string(debug.Stack()))
		}
		s.land(subject, f, keep)
	}()
	answer, err := s.question(subject, enter)
	if err != nil {
		if !errors.Is(err, errOpen) { // the breaker told of itself once; not again for every caller
			s.log.Info("balance_ask_failed", "region", subject.Region, "code", Code(err))
		}
		f.err = err
		return
	}
	outcome := s.record(subject, answer)
	keep = outcome != nobodyLinked
	f.result, f.err = &kept{answer: answer, recorded: outcome == recorded}, nil
}

// land keeps the answer or the failure, unless the subject's last link has ended, and lets the waiting ones go.
func (s *Service) land(subject Subject, f *flight, keep bool) {
	s.mu.Lock()
	if keep && !f.dropped {
		s.kept.Add(subject, f.result)
	}
	if !f.dropped {
		s.remember(subject, f.err)
	}
	s.forgetOld()
	delete(s.flights, subject)
	s.mu.Unlock()
	close(f.done)
}

// forgetOld drops answers that nobody has looked at for long. Two a landing is enough: a landing adds one.
func (s *Service) forgetOld() {
	limit := s.now().Add(-keepFor)
	for range 2 {
		_, k, ok := s.kept.GetOldest()
		if !ok || k.since(limit) {
			return
		}
		s.kept.RemoveOldest()
	}
}

// question finds out whom to ask for, takes a slot, and asks. The slot is free again before anything is recorded.
func (s *Service) question(subject Subject, enter func() (func(), error)) (*Answer, error) {
	leave, err := enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	claim, err := s.claim(subject)
	if err != nil {
		return nil, err
	}
	answer, err := s.guardOf(subject.Region).ask(s.upstream, claim, s.unreadable(subject))
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

func (s *Service) claim(subject Subject) (identity.Claim, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	person, err := s.people.Person(ctx, subject.PersonID)
	if errors.Is(err, identity.ErrNotFound) {
		return identity.Claim{}, ErrNotFound
	}
	if err != nil {
		return identity.Claim{}, err
	}
	return identity.Claim{
		Region: subject.Region, Name: person.Names[subject.Region], IDType: person.IDType, IDNumber: person.IDNumber,
	}, nil
}

// Wait returns when no question is under way any more. For a stop, after all who ask have stopped: a question that is
// left behind would write to a store that is closed.
func (s *Service) Wait() {
	for {
		f := s.anyFlight()
		if f == nil {
			return
		}
		<-f.done
	}
}

func (s *Service) anyFlight() *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.flights {
		return f
	}
	return nil
}

// codes names the errors for logs and metrics.
var codes = []struct {
	err  error
	code string
}{
	{ErrUnsupported, "unsupported"}, {ErrNotEnrolled, "not_enrolled"}, {ErrMismatch, "mismatch"},
	{ErrUpstream, "upstream_refused"}, {errOpen, "breaker_open"}, {ErrTimeout, "upstream_timeout"},
	{ErrMalformed, "upstream_malformed"}, {ErrBusy, "busy"}, {ErrNotFound, "not_found"}, {identity.ErrStore, "store"},
}

// Code names an error of this package in one word, for logs and metrics: never the error's own text.
func Code(err error) string {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return "other"
}
