package linking

import (
	"context"
	"errors"

	"yibao/identity"
	"yibao/identity/document"
)

// card proves by the number and the query password of the insurance card, which the region's upstream compares. Neither
// is stored or logged.
type card struct{ *Service }

const (
	maxCardNumber = 32
	maxPassword   = 64
)

func (card) assurance() identity.Assurance { return identity.AssuranceCardPassword }

func (card) wrong() error { return identity.ErrPasswordWrong }

// clean removes the blanks that cards print within their number. A password stays as it was typed.
func (card) clean(a Answer) (Answer, bool) {
	a = Answer{CardNumber: document.Plain(a.CardNumber), Password: a.Password}
	ok := a.CardNumber != "" && len(a.CardNumber) <= maxCardNumber && a.Password != "" && len(a.Password) <= maxPassword
	return a, ok
}

// check takes an unknown person, another name and a wrong password for the same: the caller must not tell them apart.
func (c card) check(ctx context.Context, a *identity.Attempt, answer Answer) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	err := c.deps.Registry.VerifyCard(ctx, a.Claim, answer.CardNumber, answer.Password)
	for _, refusal := range []error{identity.ErrPasswordWrong, identity.ErrNotEnrolled, identity.ErrMismatch} {
		if errors.Is(err, refusal) {
			return false, nil
		}
	}
	if err != nil {
		c.deps.Log.Warn("linking_upstream_unavailable", "region", a.Claim.Region, "method", string(a.Method))
		return false, identity.ErrUpstreamUnavailable
	}
	return true, nil
}
