package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"yibao/identity"
	"yibao/identity/panics"
)

// The breaker of a region opens when 5 of its last 10 questions got no readable answer, and allows two trials after 5 s.
// guard.ask tells how one person's unreadable record counts. The breaker uses the machine's clock, because it measures a
// network. The breaker of package reminder is another one: see reminder/breaker.go.
const (
	breakerFailures = 5
	breakerWindow   = 10
	breakerTrials   = 2
	breakerDelay    = 5 * time.Second
)

// errOpen is the error of a question while the region's breaker is open. Callers see it as ErrTimeout.
var errOpen = fmt.Errorf("desk: the region's breaker is open: %w", ErrTimeout)

// guard bounds the questions to one region's upstream. Persons and workers have separate slots, so the daily readings
// never make a person wait.
type guard struct {
	region     string
	log        *slog.Logger
	attended   bulkhead.Bulkhead[any]
	unattended bulkhead.Bulkhead[any]
	breaker    circuitbreaker.CircuitBreaker[any]
	timeout    time.Duration
	now        func() time.Time
	throttled  atomic.Pointer[ThrottledError] // the last one
}

func newGuard(region string, options Options) *guard {
	log := options.Log
	changed := func(event circuitbreaker.StateChangedEvent) {
		log.Warn("desk_region_breaker", "region", region, "state", event.NewState.String())
	}
	return &guard{
		region:     region,
		log:        log,
		attended:   bulkhead.New[any](uint(options.Attended)),
		unattended: bulkhead.New[any](uint(options.Unattended)),
		breaker: circuitbreaker.NewBuilder[any]().
			WithFailureThresholdRatio(breakerFailures, breakerWindow).
			WithSuccessThreshold(breakerTrials).
			WithDelay(breakerDelay).
			OnStateChanged(changed).
			Build(),
		timeout: options.Timeout,
		now:     options.Now,
	}
}

// throttle is the error of a question while the region must not be asked, else nil.
func (g *guard) throttle() error {
	if last := g.throttled.Load(); last != nil && g.now().Before(last.Until) {
		return last
	}
	return nil
}

// enter takes one of the slots, waiting for up to a fifth of the question's time. While the region is throttled or the
// breaker is open it fails at once.
//
// Errors: ErrThrottled, ErrBusy, errOpen, and ctx's.
func (g *guard) enter(ctx context.Context, slots bulkhead.Bulkhead[any]) (leave func(), err error) {
	if err := g.throttle(); err != nil {
		return nil, err
	}
	if g.breaker.RemainingDelay() > 0 {
		return nil, errOpen
	}
	err = slots.AcquirePermitWithMaxWait(ctx, g.timeout/5)
	if errors.Is(err, bulkhead.ErrFull) {
		return nil, ErrBusy
	}
	if err != nil {
		return nil, err
	}
	return slots.ReleasePermit, nil
}

// ask asks the upstream, on a context of its own: a caller that gives up must not end it. The caller holds a slot.
//
// ErrMalformed means a region that sends noise or one person's broken record; an adapter cannot tell which. unreadable
// says that the person's last answer was malformed too. Such a repeated failure does not count while the breaker is
// closed. So a broken record, however often it is read, opens no breaker, while noise for several persons does. A trial
// counts always; otherwise a region that still sends noise would pass.
//
// Errors: those of this package, without the adapter's wrapping.
func (g *guard) ask(o ordered, person identity.Claim, unreadable bool) (Dated, error) {
	if !g.breaker.TryAcquirePermit() {
		return nil, errOpen
	}
	ctx, cancel := context.WithTimeout(context.Background(), g.timeout)
	defer cancel()
	answer, err := g.call(ctx, o, person)
	var throttled *ThrottledError
	if errors.As(err, &throttled) {
		g.throttled.Store(throttled)
	}
	// A refusal is an answer, also that there were too many questions: only timeouts and unreadable answers are failures of
	// the upstream.
	switch {
	case errors.Is(err, ErrMalformed) && unreadable && g.breaker.IsClosed():
		// A closed breaker's permit need not be given back.
	case errors.Is(err, ErrTimeout), errors.Is(err, ErrMalformed):
		g.breaker.RecordFailure()
	default:
		g.breaker.RecordSuccess()
	}
	return answer, err
}

// call calls the adapter and turns every failure into one of the named errors. A panic counts as a malformed answer, so
// that it reaches the breaker.
func (g *guard) call(ctx context.Context, o ordered, person identity.Claim) (answer Dated, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			panics.Log(g.log, "desk_upstream_panic", cause, "region", g.region, "capability", o.capability)
			answer, err = nil, ErrMalformed
		}
	}()
	if answer, err = o.ask(ctx, person); err != nil {
		return nil, named(err)
	}
	return answer, nil
}

// named returns the package's error for an adapter's. The adapter logs its own errors, which may hold text from outside.
func named(err error) error {
	var throttled *ThrottledError
	if errors.As(err, &throttled) {
		return throttled
	}
	for _, ours := range []error{ErrUnsupported, ErrNotEnrolled, ErrMismatch, ErrUpstream, ErrTimeout, ErrMalformed, ErrBusy} {
		if errors.Is(err, ours) {
			return ours
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return ErrTimeout
	}
	return ErrMalformed
}
