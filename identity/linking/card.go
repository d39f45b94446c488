package linking

import (
	"context"
	"errors"
	"time"

	"yibao/identity"
	"yibao/identity/document"
)

// ErrPasswordWrong says that number and password of a card are not the claimed person's.
var ErrPasswordWrong = errors.New("linking: wrong card number or password")

// Cards asks a region's upstream about insurance cards.
type Cards interface {
	// VerifyCard asks whether number and query password are those of the claimed person's card.
	// Errors: identity.ErrNotEnrolled, identity.ErrMismatch (also for a wrong password), identity.ErrUpstreamUnavailable.
	VerifyCard(ctx context.Context, claim identity.Claim, number, password string) error
}

// card proves by the number and the query password of the insurance card, which the region's upstream compares. Neither
// is stored or logged.
type card struct{ *Service }

const (
	maxCardNumber = 32
	maxPassword   = 64
)

func (card) assurance() identity.Assurance { return identity.AssuranceCardPassword }

func (card) wrong() error { return ErrPasswordWrong }

// clean removes the blanks that cards print within their number. A password stays as it was typed.
func (card) clean(a Answer) (Answer, bool) {
	a = Answer{CardNumber: document.Plain(a.CardNumber), Password: a.Password}
	ok := a.CardNumber != "" && len(a.CardNumber) <= maxCardNumber && a.Password != "" && len(a.Password) <= maxPassword
	return a, ok
}

// check takes an unknown person, another name and a wrong password for the same: the caller must not tell them apart, nor by
// how long the upstream takes to find that out. So a wrong answer is told at a full second after the question.
func (c card) check(ctx context.Context, a *identity.Attempt, answer Answer) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	begun := time.Now()
	err := c.lane(a.Claim.Region).ask(func() error {
		return c.deps.Cards.VerifyCard(ctx, a.Claim, answer.CardNumber, answer.Password)
	})
	if errors.Is(err, identity.ErrNotEnrolled) || errors.Is(err, identity.ErrMismatch) {
		step := c.deps.Step
		_ = wait(ctx, step-time.Since(begun)%step) // who does not wait is not told
		return false, nil
	}
	if err != nil {
		c.deps.Log.Warn("linking_upstream_unavailable", "region", a.Claim.Region, "method", string(a.Method))
		return false, identity.ErrUpstreamUnavailable
	}
	return true, nil
}
