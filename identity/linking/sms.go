package linking

import (
	"context"
	"errors"
	"strconv"
	"time"

	"yibao/identity"
	"yibao/identity/panics"
)

// The errors of a code.
var (
	ErrCodeWrong   = errors.New("linking: wrong code")
	ErrCodeExpired = errors.New("linking: the code has expired")
)

// sms proves by a one-time code to the phone that the region has on file.
type sms struct{ *Service }

func (sms) assurance() identity.Assurance { return identity.AssuranceSMS }

func (sms) wrong() error { return ErrCodeWrong }

func (sms) clean(a Answer) (Answer, bool) {
	code, ok := cleanCode(a.Code)
	return Answer{Code: code}, ok
}

func (p sms) check(_ context.Context, a *identity.Attempt, answer Answer) (bool, error) {
	if a.State == identity.AttemptWaiting && !p.deps.Now().Before(a.Challenge.ExpiresAt) {
		return false, ErrCodeExpired
	}
	return sameCode(a.Challenge.CodeHash, p.deps.Digests.Code(a.ID, answer.Code)), nil
}

func (p sms) limits(a *identity.Attempt) []startLimit {
	return []startLimit{{p.sendsOfPair(a), sendOp(a.ID, 1), p.cfg.SendsPerPair}}
}

// sendOp names the nth send of an attempt in the counters, so that counting it again changes nothing.
func sendOp(attemptID string, n int) string { return attemptID + ":" + strconv.Itoa(n) }

// requestOf names the attempt's last code to the gateway, so that an operator finds the message of an attempt there. No
// code is sent twice, so neither is a name.
func requestOf(a *identity.Attempt) string { return a.ID + "-" + strconv.Itoa(a.Challenge.Sends) }

// begin makes and sends the first code. Of several processes that try, one wins the write and sends. After a lost answer
// the code was never sent, and the user asks for the next one.
func (p sms) begin(ctx context.Context, attemptID string) {
	code := newCode()
	a, err := p.deps.Store.UpdateAttempt(ctx, attemptID, func(a *identity.Attempt) error {
		if a.State != identity.AttemptRequested || p.expired(a) {
			return identity.ErrAttemptOver
		}
		p.putCode(a, code)
		return nil
	})
	if err == nil {
		p.send(ctx, a, code)
	}
}

// again makes and sends a new code; the one before stops working. The send is counted before it, under its own number, so
// the loser of the race below counts nothing twice.
func (p sms) again(ctx context.Context, a *identity.Attempt) (*identity.Attempt, error) {
	if err := p.mayResend(a); err != nil {
		return nil, err
	}
	if err := p.count(ctx, p.sendsOfPair(a), sendOp(a.ID, a.Challenge.Sends+1), p.cfg.SendsPerPair); err != nil {
		return nil, err
	}
	code := newCode()
	a, err := p.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if err := p.mayResend(a); err != nil {
			return err
		}
		p.putCode(a, code)
		return nil
	})
	if err != nil {
		return nil, identity.Missing(err, identity.ErrNoSuchAttempt)
	}
	sent := *a
	p.background(func(ctx context.Context) { p.send(ctx, &sent, code) })
	return a, nil
}

func (p sms) mayResend(a *identity.Attempt) error {
	if !a.Open() || p.expired(a) || a.Tries >= maxTries {
		return identity.ErrAttemptOver
	}
	if a.Challenge.Sends >= maxSends {
		return identity.ErrNoSendsLeft
	}
	if wait := p.resendAt(a).Sub(p.deps.Now()); wait > 0 {
		return &identity.TooSoonError{RetryAfter: wait}
	}
	return nil
}

// resendAt is when another code can be asked for.
func (s *Service) resendAt(a *identity.Attempt) time.Time {
	last := a.Challenge.SentAt
	if last.IsZero() {
		last = a.CreatedAt // the first code is on its way, or Run sends it
	}
	return last.Add(s.cfg.ResendAfter)
}

// putCode stores the hash of a new code and counts the send. It is written before the message leaves, for a matching and
// an unknown person alike. After a kill in between no message comes and the user asks again, but never do more messages
// leave than were counted.
func (p sms) putCode(a *identity.Attempt, code string) {
	now := p.deps.Now()
	a.State, a.UpdatedAt = identity.AttemptWaiting, now
	a.Challenge = identity.Challenge{
		CodeHash: p.deps.Digests.Code(a.ID, code), ExpiresAt: now.Add(p.cfg.CodeTTL), SentAt: now, Sends: a.Challenge.Sends + 1,
	}
}

// send asks the upstream and sends the code if the person matches and has a phone. It writes nothing but the recipient's
// counter, which it writes in any case.
//
// The limit by phone is silent. It protects a phone from many users at once; in exchange these can use up the day's
// messages of that phone.
func (p sms) send(ctx context.Context, a *identity.Attempt, code string) {
	phone, err := p.deps.Registry.Match(ctx, a.Claim)
	if err != nil {
		phone = ""
		if !errors.Is(err, identity.ErrNotEnrolled) && !errors.Is(err, identity.ErrMismatch) {
			p.deps.Log.Warn("linking_upstream_unavailable", "region", a.Claim.Region, "method", string(a.Method))
		}
	}
	key := p.sendsOfRecipient(phone, p.numberOf(a))
	if err := p.count(ctx, key, sendOp(a.ID, a.Challenge.Sends), p.cfg.SendsPerPhone); err != nil || phone == "" {
		return
	}
	if err := p.deps.Codes.SendCode(ctx, phone, code, requestOf(a)); err != nil {
		p.deps.Log.Warn("linking_code_unsent", "region", a.Claim.Region)
	}
}

const (
	maxQueued  = 1024             // background sends; beyond them an attempt waits for the next pass of Run
	maxRunning = 32               // of them at the same time
	sendTime   = 30 * time.Second // of one background send, upstream and gateway together
)

// background runs a send on a context of its own: the answer to the caller does not wait for it, and the end of the
// request does not stop it.
func (s *Service) background(send func(context.Context)) {
	select {
	case s.places <- struct{}{}:
	default:
		s.deps.Log.Warn("linking_queue_full")
		return
	}
	s.sending.Go(func() {
		defer func() { <-s.places }()
		s.running <- struct{}{}
		defer func() { <-s.running }()
		defer func() {
			if cause := recover(); cause != nil {
				panics.Log(s.deps.Log, "linking_send_panic", cause)
			}
		}()
		ctx, cancel := context.WithTimeout(context.Background(), sendTime)
		defer cancel()
		send(ctx)
	})
}

// Wait returns when all background sends have ended; each ends by its own deadline. Call it after the last Start.
func (s *Service) Wait() { s.sending.Wait() }

// Resend makes and sends a new code. It returns at once.
//
// Errors: identity.ErrNoSuchAttempt, identity.ErrAttemptOver, identity.ErrNotOffered (the proof has no codes),
// identity.ErrTooSoon (a *identity.TooSoonError), identity.ErrNoSendsLeft, *identity.LimitError, identity.ErrStore.
func (s *Service) Resend(ctx context.Context, c *identity.Caller, id string) (*identity.Attempt, error) {
	a, err := s.Attempt(ctx, c, id)
	if err != nil {
		return nil, err
	}
	kind, ok := s.proofs[a.Method].(challenger)
	if !ok {
		return nil, identity.ErrNotOffered
	}
	return kind.again(ctx, a)
}
