package app_test

import (
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
	ask := func() (*balance.Fen, string) {
		answer, err := s.app.Outside.Insurer.Enrolments(t.Context(), person.Region, claimOf(person))
		if err != nil {
			return nil, balance.Code(err)
		}
		return answer.Enrolments[0].Account.Balance, ""
	}
	each(t, s, "insurer", dialectFaults, func(fault string, want upstreamSaid) {
		s.misbehave(t, "insurer", fault, always)
		got, code := ask()
		s.behave(t, "insurer")
		ok := false
		switch want {
		case truth:
			ok = code == "" && got != nil && *got == fen
		case negative:
			ok = code == "" && got != nil && *got == -fen-1
		case noFigure:
			ok = code == "" && got == nil
		case nothing:
			ok = code == "upstream_refused" || code == "upstream_timeout" || code == "upstream_malformed"
		case stranger:
			ok = code == "mismatch"
		}
		if !ok {
			t.Errorf("%s: %v %q, want %s", fault, got, code, want)
		}
		if got, code := ask(); code != "" || got == nil || *got != fen {
			t.Errorf("after %s: %v %q", fault, got, code)
		}
	})
}
