package identity

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// errLost says that another process made the step already, or that the attempt moved on.
var errLost = errors.New("identity: another was first")

// sendOp names the nth send of an attempt in the counters: counting it again changes nothing.
func sendOp(attemptID string, n int) string { return attemptID + ":" + strconv.Itoa(n) }

// background runs a send on a context of its own, so that the answer to the caller does not wait for it and its end
// does not stop it. False when too many are queued already.
func (l *Linking) background(send func(context.Context)) bool {
	select {
	case l.places <- struct{}{}:
	default:
		l.deps.Log.Warn("too many codes queued")
		return false
	}
	l.sending.Go(func() {
		defer func() { <-l.places }()
		l.running <- struct{}{}
		defer func() { <-l.running }()
		ctx, cancel := context.WithTimeout(context.Background(), sendTime)
		defer cancel()
		send(ctx)
	})
	return true
}

// Wait returns when all background sends have ended; each ends by its own deadline. Call it after the last Start.
func (l *Linking) Wait() { l.sending.Wait() }

// sendFirst makes the first code of a requested attempt. Of several processes that try, one wins the write and sends.
func (l *Linking) sendFirst(ctx context.Context, attemptID string) {
	code := newCode()
	a, err := l.deps.Store.UpdateAttempt(ctx, attemptID, func(a *Attempt) error {
		if a.State != AttemptRequested || l.expired(a) {
			return errLost
		}
		l.putCode(a, code)
		return nil
	})
	if err != nil {
		// Nothing left: a lost answer means a code that nobody has, and the user asks for the next one.
		return
	}
	l.send(ctx, a, code)
}

// putCode stores the hash of a new code and counts the send. It is written before the message leaves, for a matching
// and an unknown person alike: after a kill in between no message comes and the user asks again, but never can more
// messages leave than were counted.
func (l *Linking) putCode(a *Attempt, code string) {
	now := l.deps.Now()
	a.State = AttemptWaiting
	a.CodeHash = l.deps.Digests.Code(a.ID, code)
	a.CodeExpires = now.Add(l.cfg.CodeTTL)
	a.Sends++
	a.LastSendAt, a.UpdatedAt = now, now
}

// send asks the upstream and sends the code if the person matched and has a phone. It writes nothing but the
// recipient's counter, which it writes in any case.
//
// The limit by phone is silent. It protects a phone from many users who ask at once; the price is that these can use
// up the day's messages of that phone.
func (l *Linking) send(ctx context.Context, a *Attempt, code string) {
	phone, err := l.deps.Registry.Match(ctx, a.Claim)
	if err != nil {
		phone = ""
		if !errors.Is(err, ErrNotEnrolled) && !errors.Is(err, ErrMismatch) {
			l.deps.Log.Warn("upstream could not be asked for a link", "region", a.Claim.Region)
		}
	}
	key := l.sendsOfRecipient(phone, a.InsuredHash)
	if err := l.count(ctx, key, sendOp(a.ID, a.Sends), l.cfg.SendsPerPhone); err != nil || phone == "" {
		return
	}
	if err := l.deps.Codes.SendCode(ctx, phone, code); err != nil {
		l.deps.Log.Warn("a code may not have been sent", "region", a.Claim.Region)
	}
}

// Resend makes and sends a new code; the one before stops working. It returns at once.
//
// Errors: ErrNoSuchAttempt, ErrAttemptOver, ErrTooSoon (a *TooSoonError), ErrNoSendsLeft,
// *LimitError, ErrStore.
func (l *Linking) Resend(ctx context.Context, c *Caller, id string) (*Attempt, error) {
	a, err := l.own(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if err := l.mayResend(a); err != nil {
		return nil, err
	}
	// Counted before the send, under the name of that send: who loses the race below counts nothing twice.
	if err := l.count(ctx, sendsOfPair(a), sendOp(a.ID, a.Sends+1), l.cfg.SendsPerPair); err != nil {
		return nil, err
	}
	code := newCode()
	a, err = l.deps.Store.UpdateAttempt(ctx, id, func(a *Attempt) error {
		if err := l.mayResend(a); err != nil {
			return err
		}
		l.putCode(a, code)
		return nil
	})
	if err != nil {
		return nil, linkingError(err)
	}
	sent := *a
	l.background(func(ctx context.Context) { l.send(ctx, &sent, code) })
	return a, nil
}

func (l *Linking) mayResend(a *Attempt) error {
	if !a.open() || l.expired(a) {
		return ErrAttemptOver
	}
	if a.Sends >= l.cfg.Sends {
		return ErrNoSendsLeft
	}
	last := a.LastSendAt
	if last.IsZero() {
		last = a.CreatedAt // the first code is on its way, or Run sends it
	}
	if wait := last.Add(l.cfg.ResendAfter).Sub(l.deps.Now()); wait > 0 {
		return &TooSoonError{RetryAfter: wait}
	}
	return nil
}

// linkingError lets the package's own decisions through; all else is the store.
func linkingError(err error) error {
	var soon *TooSoonError
	if errors.As(err, &soon) {
		return soon
	}
	for _, own := range []error{ErrAttemptOver, ErrNoSendsLeft, ErrCodeExpired, ErrNoSuchLink} {
		if errors.Is(err, own) {
			return own
		}
	}
	return missing(err, ErrNoSuchAttempt)
}

// retryFirst is how old a requested attempt is before Run sends in place of the process that took it.
const retryFirst = 10 * time.Second
