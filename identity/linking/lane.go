package linking

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"golang.org/x/time/rate"

	"yibao/identity"
	"yibao/identity/panics"
)

const (
	maxQueued  = 1024             // challenges of one region that wait for their turn; beyond them Run makes them later
	turnsAhead = 3                // seconds' worth of turns that may be taken at once
	askTime    = 20 * time.Second // of one question for a challenge
	sendTime   = 40 * time.Second // of one challenge, upstream, store and gateway together
)

// The breaker of a region opens when 5 of its last 10 questions hung, and allows one trial after 5 s. A failure that came
// fast kept nobody waiting and does not count. The breaker uses the machine's clock, because it measures a network.
const (
	hung            = 4 * time.Second
	breakerFailures = 5
	breakerWindow   = 10
	breakerDelay    = 5 * time.Second
)

// lane is the way to one region's upstream. Regions share nothing here: one that hangs keeps no code of another waiting.
//
// Challenges begin at turns, and turns come at fixed times, whatever becomes of the challenges before. Were a turn
// a place that comes free when a question or a message is done, a stranger could fill the places and tell by the time at
// which the next code arrives whether the people before exist. Even of a region that hangs, no more than
// codes_per_second × (askTime + turnsAhead) questions are open at once.
type lane struct {
	turns   *rate.Limiter
	queued  atomic.Int64
	breaker circuitbreaker.CircuitBreaker[any]
	// finishing is true while Run finishes proved attempts of the region.
	finishing atomic.Bool
}

func (s *Service) newLane(region string) *lane {
	changed := func(event circuitbreaker.StateChangedEvent) {
		s.deps.Log.Warn("linking_region_breaker", "region", region, "state", event.NewState.String())
	}
	return &lane{
		turns: rate.NewLimiter(rate.Limit(s.cfg.CodesPerSecond), turnsAhead*s.cfg.CodesPerSecond),
		breaker: circuitbreaker.NewBuilder[any]().
			WithFailureThresholdRatio(breakerFailures, breakerWindow).
			WithSuccessThreshold(1).
			WithDelay(breakerDelay).
			OnStateChanged(changed).
			Build(),
	}
}

// lane returns the region's; those that are configured no more share one.
func (s *Service) lane(region string) *lane {
	if l, ok := s.lanes[region]; ok {
		return l
	}
	return s.lanes[""]
}

// errOpen says that the region's breaker is open. Callers see it as identity.ErrUpstreamUnavailable.
var errOpen = errors.New("linking: the region's breaker is open")

// ask puts one question to the region's upstream. Every failure to answer it is identity.ErrUpstreamUnavailable: the log
// shows errors, and an adapter's text may hold anything. Other errors: errOpen, identity.ErrNotEnrolled, identity.ErrMismatch.
func (l *lane) ask(question func() error) error {
	if !l.breaker.TryAcquirePermit() {
		return errOpen
	}
	answered := false
	defer func() {
		if !answered { // it panicked
			l.breaker.RecordFailure()
		}
	}()
	begun := time.Now()
	err := question()
	answered = true
	unavailable := err != nil && !errors.Is(err, identity.ErrNotEnrolled) && !errors.Is(err, identity.ErrMismatch)
	if unavailable {
		err = identity.ErrUpstreamUnavailable
	}
	if unavailable && time.Since(begun) >= hung {
		l.breaker.RecordFailure()
	} else {
		l.breaker.RecordSuccess()
	}
	return err
}

// background makes the challenge that the attempt is owed, on a context of its own: the answer to the caller does not wait
// for it, and the end of the request does not stop it. What does not come to its turn before Run ends is left to the Run of
// another process.
func (s *Service) background(kind challenger, a *identity.Attempt) {
	job := sendOp(a.ID, a.Challenge.Sends)
	if _, known := s.jobs.LoadOrStore(job, true); known {
		return
	}
	lane := s.lane(a.Claim.Region)
	if lane.queued.Add(1) > maxQueued {
		lane.queued.Add(-1)
		s.jobs.Delete(job)
		s.deps.Log.Warn("linking_queue_full", "region", a.Claim.Region)
		return
	}
	turn := lane.turns.Reserve().Delay() // here, so that turns are in the order of the calls
	s.sending.Go(func() {
		defer s.jobs.Delete(job)
		ended := wait(s.life, turn)
		lane.queued.Add(-1)
		if ended != nil {
			return
		}
		defer func() {
			if cause := recover(); cause != nil {
				panics.Log(s.deps.Log, "linking_send_panic", cause)
			}
		}()
		ctx, cancel := context.WithTimeout(context.Background(), sendTime)
		defer cancel()
		kind.begin(ctx, a.ID)
	})
}

// wait lasts so long, or until ctx ends; then it returns an error.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Wait returns when all challenges under way have ended; each ends by its own deadline. Call it after the last Start, and
// after Run has ended where it ran.
func (s *Service) Wait() { s.sending.Wait() }
