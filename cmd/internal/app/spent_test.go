package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"yibao/cmd/internal/app"
	"yibao/platforms/simulator"
)

// TestTheFallToZeroIsTold: somebody of whom no rule of the region says whether there is an account has money, spends all of
// it, and is told, though the money was seen by another process. One who never had any is told nothing.
func TestTheFallToZeroIsTold(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	who := s.undecided(t)
	w := s.watcher(t, "wechat", "spender", personOf(who))
	if got := s.viewed(t, w.p, w.id); got[0].exists != "yes" || got[0].amount != "¥300.00" {
		t.Fatalf("with money: %+v", got)
	}
	w.grant(t)
	since := w.messages()
	s.app, _ = s.replica(t, app.RoleAPI) // it remembers nothing; only the store does
	s.setBalance(t, w.person, 0)
	s.pass(untilChecked)
	w.work(t)
	w.check(t, "spent to zero", arrived, since)
	if got := s.viewed(t, w.p, w.id); got[0].exists != "yes" || got[0].amount != "¥0.00" {
		t.Errorf("spent to zero: %+v", got)
	}
}

// TestAZeroWithoutHistoryIsNoAccount: of who was never seen with money it stays unknown.
func TestAZeroWithoutHistoryIsNoAccount(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	p := s.signedIn(t, "wechat", "penniless")
	id := s.link(t, p, personOf(s.undecided(t)))
	if got := s.viewed(t, p, id); got[0].exists != "unknown" || got[0].fen != nil {
		t.Errorf("%+v", got)
	}
	var rule ruleView
	err := p.Call(t.Context(), http.MethodPut, "/v1/insured/"+id+"/reminder",
		map[string]any{"threshold_fen": 100_00, "consent": map[string]any{"version": consentVersion}}, &rule)
	if err != nil || rule.Reason != "account_unknown" {
		t.Errorf("%+v, %v", rule, err)
	}
}

// undecided is a flexible worker, whose row shows zero.
func (s *stage) undecided(t *testing.T) simulator.Person {
	t.Helper()
	people := s.world.Simulator.People()
	n := slices.IndexFunc(people, func(p simulator.Person) bool {
		return p.Phone != "" && strings.HasSuffix(p.Note, "account unknown: balc 0")
	})
	if n < 0 {
		t.Fatal("nobody is undecided")
	}
	return people[n]
}
