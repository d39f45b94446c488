package app_test

import (
	"errors"
	"testing"

	"yibao/balance"
	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// dialectFaults holds for region B, whose profile expects numbers in nested objects under infcode 0 or 1. Each of the
// wrappings and codes of its own is a proper answer there.
var dialectFaults = with(insurerFaults,
	same(truth, "success_1", "output_array", "output_string", "output_nested"))

// TestNoWrongFigureInTheOtherDialect asks for the balance of somebody in region B, where nobody can be linked yet, as
// the workers do.
func TestNoWrongFigureInTheOtherDialect(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	var person phone.Person
	for _, p := range s.world.Simulator.People() {
		if p.Enrolments[0].Region == simulator.RegionB && p.Enrolments[0].Account == "yes" {
			person = phone.Person{Name: p.Name, IDNumber: p.IDNumber, IDType: p.CertType, Region: simulator.RegionB}
			break
		}
	}
	const fen = 432_10
	s.setBalance(t, person, fen)
	ask := func() (*balance.Fen, error) {
		answer, err := s.app.Outside.Insurer.Enrolments(t.Context(), person.Region, claimOf(person))
		if err != nil {
			return nil, err
		}
		return answer.Enrolments[0].Account.Balance, nil
	}
	each(t, s, "insurer", dialectFaults, func(fault string, want upstreamSaid) {
		s.misbehave(t, "insurer", fault, always)
		got, err := ask()
		s.behave(t, "insurer")
		ok := false
		switch want {
		case truth:
			ok = err == nil && got != nil && *got == fen
		case negative:
			ok = err == nil && got != nil && *got == -fen-1
		case noFigure:
			ok = err == nil && got == nil
		case nothing:
			ok = errors.Is(err, balance.ErrUpstream) || errors.Is(err, balance.ErrTimeout) || errors.Is(err, balance.ErrMalformed)
		case stranger:
			ok = errors.Is(err, balance.ErrMismatch)
		case fewer:
			ok = errors.Is(err, balance.ErrThrottled)
			s.pass(untilNotFresh)
		}
		if !ok {
			t.Errorf("%s: %v, %v, want %s", fault, got, err, want)
		}
		if got, err := ask(); err != nil || got == nil || *got != fen {
			t.Errorf("after %s: %v, %v", fault, got, err)
		}
	})
}
