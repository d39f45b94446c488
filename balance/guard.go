package balance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"yibao/identity"
)

// The breaker of a region opens when 5 of its last 10 questions got no readable answer (see guard.ask for those about one
// person), and lets two through to try again after 5 s. These are the machine's seconds: they measure a network, not the world's books.
const (
	breakerFailures = 5
	breakerWindow   = 10
	breakerTrials   = 2
	breakerDelay    = 5 * time.Second
)

// errOpen is what a question comes to while the region's breaker is open: callers see a timeout that took no time.
var errOpen = fmt.Errorf("balance: the region is left alone for a moment: %w", ErrTimeout)

// guard bounds what one region's upstream is asked. Questions that a person waits for and those of the workers have
// separate slots, so that a morning's daily readings never keep a person waiting.
type guard struct {
	region     string
	attended   bulkhead.Bulkhead[any]
	unattended bulkhead.Bulkhead[any]
	breaker    circuitbreaker.CircuitBreaker[any]
	timeout    time.Duration
	wait       time.Duration
}

func newGuard(region string, cfg Config, log *slog.Logger) *guard {
	changed := func(event circuitbreaker.StateChangedEvent) {
		log.Warn("balance_region_breaker", "region", region, "state", event.NewState.String())
	}
	return &guard{
		region:     region,
		attended:   bulkhead.New[any](uint(cfg.Slots)),
		unattended: bulkhead.New[any](uint(cfg.UnattendedSlots)),
		breaker: circuitbreaker.NewBuilder[any]().
			WithFailureThresholdRatio(breakerFailures, breakerWindow).
			WithSuccessThreshold(breakerTrials).
			WithDelay(breakerDelay).
			OnStateChanged(changed).
			Build(),
		timeout: cfg.AskTimeout,
		wait:    cfg.AskTimeout / 5,
	}
}

// enter waits a moment for one of the slots. While the breaker is open nobody queues.
//
// Errors: ErrBusy, errOpen, and ctx's.
func (g *guard) enter(ctx context.Context, slots bulkhead.Bulkhead[any]) (leave func(), err error) {
	if g.breaker.RemainingDelay() > 0 {
		return nil, errOpen
	}
	err = slots.AcquirePermitWithMaxWait(ctx, g.wait)
	if errors.Is(err, bulkhead.ErrFull) {
		return nil, ErrBusy
	}
	if err != nil {
		return nil, err
	}
	return slots.ReleasePermit, nil
}

// ask puts the question, on a context of its own: it belongs to nobody who might give up. The caller holds a slot.
//
// Unreadable says that the last answer about this person could not be read. ErrMalformed stands for a region that sends
// noise as well as for one person's record that is broken, and an adapter does not tell which. So for one person it counts
// once, until a good answer comes: a broken record, however often it is read, closes no region, and noise for several
// people does. In a trial it counts always, or a region that still sends noise would pass.
//
// Errors: the ones of Upstream, bare; what the adapter wrapped around them stays here.
func (g *guard) ask(upstream Upstream, claim identity.Claim, unreadable bool) (*Answer, error) {
	if !g.breaker.TryAcquirePermit() {
		return nil, errOpen
	}
	ctx, cancel := context.WithTimeout(context.Background(), g.timeout)
	defer cancel()
	answer, err := enrolments(ctx, upstream, g.region, claim)
	// A refusal is an answer: only silence and noise say that the upstream is ill.
	switch {
	case errors.Is(err, ErrMalformed) && unreadable && g.breaker.IsClosed():
		// Nothing new; and a closed breaker's permits need not be given back.
	case errors.Is(err, ErrTimeout), errors.Is(err, ErrMalformed):
		g.breaker.RecordFailure()
	default:
		g.breaker.RecordSuccess()
	}
	return answer, err
}

// enrolments calls the adapter and turns whatever it does into one of the named errors. A panic is caught because this
// runs on a goroutine that no server's recovery covers.
func enrolments(ctx context.Context, upstream Upstream, region string, claim identity.Claim) (answer *Answer, err error) {
	defer func() {
		if recover() != nil {
			answer, err = nil, ErrMalformed
		}
	}()
	answer, err = upstream.Enrolments(ctx, region, claim)
	if err != nil {
		return nil, named(err)
	}
	if answer == nil {
		return nil, ErrMalformed
	}
	return answer, nil
}

func named(err error) error {
	for _, known := range []error{ErrUnsupported, ErrNotEnrolled, ErrMismatch, ErrUpstream, ErrTimeout, ErrMalformed, ErrBusy} {
		if errors.Is(err, known) {
			return known
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return ErrTimeout
	}
	return ErrMalformed
}
