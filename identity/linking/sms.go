package linking

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"yibao/identity"
)

// The errors of a code.
var (
	ErrCodeWrong   = errors.New("linking: wrong code")
	ErrCodeExpired = errors.New("linking: the code has expired")
)

// sms proves by a one-time code to the phone that the region has on file.
//
// When a code is asked for, one write counts it and fixes when it expires and when the next may be asked for. In the
// background the upstream is asked; then one write, of the same form whatever the upstream said, stores the hash of the code
// that leaves, or of something that no code is. So nothing that a caller can see, and no time at which it changes, depends
// on whether the person exists, matches, has a phone or a budget left, or on how long upstream and gateway take.
type sms struct{ *Service }

func (sms) assurance() identity.Assurance { return identity.AssuranceSMS }

func (sms) wrong() error { return ErrCodeWrong }

func (sms) clean(a Answer) (Answer, bool) {
	code, ok := cleanCode(a.Code)
	return Answer{Code: code}, ok
}

func (p sms) check(_ context.Context, a *identity.Attempt, answer Answer) (bool, error) {
	if !p.deps.Now().Before(a.Challenge.ExpiresAt) {
		return false, ErrCodeExpired
	}
	return sameCode(a.Challenge.CodeHash, p.deps.Digests.Code(a.ID, answer.Code)), nil
}

func (p sms) limits(a *identity.Attempt) []limit {
	return []limit{{p.sendsOfPair(a), sendOp(a.ID, 1), p.cfg.SendsPerPair, day}}
}

// sendOp names the nth send of an attempt in the counters, so that counting it again changes nothing.
func sendOp(attemptID string, n int) string { return attemptID + ":" + strconv.Itoa(n) }

// requestOf names the attempt's last code to the gateway, so that an operator finds the message of an attempt there. No
// code is sent twice, so neither is a name.
func requestOf(a *identity.Attempt) string { return a.ID + "-" + strconv.Itoa(a.Challenge.Sends) }

// request notes that another code is asked for; the one before stops working. More messages than were asked for never leave:
// see begin.
func (p sms) request(a *identity.Attempt, now time.Time) {
	a.State, a.UpdatedAt = identity.AttemptRequested, now
	a.Challenge = identity.Challenge{
		CodeHash: p.noCode(a.ID), ExpiresAt: now.Add(p.cfg.CodeTTL), SentAt: now, Sends: a.Challenge.Sends + 1,
	}
}

// noCode is a hash of the form that a code's has, which none of the million codes gives.
func (p sms) noCode(attemptID string) []byte { return p.deps.Digests.Code(attemptID, rand.Text()) }

// again asks for a new code. It is counted before, under its own number, so the loser of the race below counts nothing
// twice. A kill after the write: Run finds the attempt and makes the code.
func (p sms) again(ctx context.Context, a *identity.Attempt) (*identity.Attempt, error) {
	if err := p.mayResend(a); err != nil {
		return nil, err
	}
	n := a.Challenge.Sends + 1
	if err := p.count(ctx, limit{p.sendsOfPair(a), sendOp(a.ID, n), p.cfg.SendsPerPair, day}); err != nil {
		return nil, err
	}
	a, err := p.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if err := p.mayResend(a); err != nil {
			return err
		}
		p.request(a, p.deps.Now())
		return nil
	})
	if err != nil {
		return nil, identity.Missing(err, identity.ErrNoSuchAttempt)
	}
	p.background(p, a)
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
	return a.Challenge.SentAt.Add(s.cfg.ResendAfter)
}

// owed says whether the code that was asked for last is still to be made.
func (p sms) owed(a *identity.Attempt) bool {
	return a.State == identity.AttemptRequested && !p.expired(a) && a.Tries < maxTries
}

// begin makes the code that the attempt is owed, and sends it where the person matches and has a phone:
//
//	upstream asked → recipient counted → hash written → message leaves
//
// Of several processes that try, one wins the write and sends. A kill before the write: Run begins again. After it no message
// comes, and the user asks for the next one.
func (p sms) begin(ctx context.Context, attemptID string) {
	a, err := p.deps.Store.Attempt(ctx, attemptID)
	if err != nil || !p.owed(a) {
		return
	}
	phone, err := p.recipient(ctx, a)
	if errors.Is(err, errOpen) {
		return // Run begins again
	}
	budget := p.budgetOf(ctx, a, phone)
	if !p.spend(ctx, budget) {
		phone = ""
	}
	code := newCode()
	hash := p.noCode(a.ID)
	if phone != "" {
		hash = p.deps.Digests.Code(a.ID, code)
	}
	if p.settle(ctx, a, hash) && phone != "" {
		p.send(ctx, a, phone, code, budget)
	}
}

// recipient asks the upstream for the phone; "" where no code is to be sent. A code that would come with less than half
// of its life left is not sent: the person has waited too long, and does better with a new one. The one error is errOpen.
func (p sms) recipient(ctx context.Context, a *identity.Attempt) (phone string, err error) {
	if p.deps.Now().Sub(a.Challenge.SentAt) > p.cfg.CodeTTL/2 {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	err = p.lane(a.Claim.Region).ask(func() (err error) {
		phone, err = p.deps.Registry.Match(ctx, a.Claim)
		return err
	})
	switch {
	case errors.Is(err, errOpen):
		return "", err
	case errors.Is(err, identity.ErrUpstreamUnavailable):
		p.deps.Log.Warn("linking_upstream_unavailable", "region", a.Claim.Region, "method", string(a.Method))
	}
	if err != nil {
		return "", nil
	}
	return phone, nil
}

// settle stores the hash, and says whether this call did.
func (p sms) settle(ctx context.Context, a *identity.Attempt, hash []byte) bool {
	_, err := p.deps.Store.UpdateAttempt(ctx, a.ID, func(now *identity.Attempt) error {
		if !p.owed(now) || now.Challenge.Sends != a.Challenge.Sends {
			return errUnchanged
		}
		now.State, now.UpdatedAt, now.Challenge.CodeHash = identity.AttemptWaiting, p.deps.Now(), hash
		return nil
	})
	return err == nil
}

// send hands the code to the gateway. Where it certainly did not leave, no guess may hit it, and the phone's budget gets it
// back. These writes alone depend on the gateway, and so on the person; nobody sees them from outside. A kill before them
// leaves a code that nobody knows until it expires, and one count too many.
func (p sms) send(ctx context.Context, a *identity.Attempt, phone, code string, budget budget) {
	err := p.deps.Codes.SendCode(ctx, phone, code, requestOf(a))
	if err == nil {
		return
	}
	p.deps.Log.Warn("linking_code_unsent", "region", a.Claim.Region)
	if !errors.Is(err, identity.ErrNotSent) {
		return
	}
	p.uncount(ctx, budget.key, budget.op)
	_, err = p.deps.Store.UpdateAttempt(ctx, a.ID, func(now *identity.Attempt) error {
		if !now.Open() || now.Challenge.Sends != a.Challenge.Sends {
			return errUnchanged
		}
		now.Challenge.CodeHash = p.noCode(a.ID)
		return nil
	})
	if changed(err) != nil {
		p.deps.Log.Warn("linking_unsent_code_kept", "error", err)
	}
}

// Resend asks for a new code. It returns at once.
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
