package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"yibao/balance"
	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/identity"
)

// upstreamSaid is what a fault of the insurer makes of a balance.
type upstreamSaid string

const (
	truth    upstreamSaid = "the true figure"
	nothing  upstreamSaid = "no answer"     // the last good figure marked stale, or "no reading"
	noFigure upstreamSaid = "no figure"     // there is an account; what is in it is not known
	negative upstreamSaid = "a negative"    // the true figure, turned negative less a fen: shown as it was said
	stranger upstreamSaid = "somebody else" // refused as another person
	fewer    upstreamSaid = "too often"     // as no answer, and for a minute no question is asked
	changed               = "409 person_changed"
)

// insurerFaults holds for region A, whose profile expects text amounts in a plain object under infcode 0.
var insurerFaults = with(
	same(nothing, beforeAnything...), same(nothing, afterAccepting...), same(truth, "slow"),
	same(truth, "infcode_number", "infcode_string", "balc_exponent", "balc_zeros"),
	same(nothing, "infcode_missing", "success_1", "business", "zero_with_err_msg", "code_504", "code_999", "code_500159",
		"output_array", "output_string", "output_nested", "output_missing", "rows_missing"),
	same(noFigure, "balc_empty", "balc_null", "balc_missing", "balc_three_decimals", "balc_text"),
	same(negative, "balc_negative"), same(fewer, "http_429", "code_429"), same(stranger, "other_person"),
	same(truth, "list_missing", "list_spoilt", "gm_unsigned", "gm_wrong_key"), // of other questions, and of another family
)

// shown is what GET /v1/insured/{id}/balance says of a person with one enrolment.
type shown struct {
	code         string // of a refusal
	state        string // freshness and coverage
	exists, text string
	fen          *int64
}

func (s shown) String() string {
	fen := "none"
	if s.fen != nil {
		fen = fmt.Sprint(*s.fen)
	}
	return strings.Join([]string{s.code, s.state, s.exists, s.text, fen}, "|")
}

func look(t *testing.T, p *phone.Phone, id string) shown {
	t.Helper()
	var answer struct {
		Meta       struct{ Freshness, Coverage string }
		Enrolments []struct {
			Account struct {
				Exists, Text string
				Fen          *int64 `json:"amount_fen"`
			} `json:"personal_account"`
		}
	}
	code := codeOf(t, p.Call(t.Context(), http.MethodGet, "/v1/insured/"+id+"/balance", nil, &answer))
	if code != "" {
		return shown{code: code}
	}
	if len(answer.Enrolments) != 1 {
		t.Fatalf("%d enrolments", len(answer.Enrolments))
	}
	a := answer.Enrolments[0].Account
	return shown{state: answer.Meta.Freshness + " " + answer.Meta.Coverage, exists: a.Exists, text: a.Text, fen: a.Fen}
}

func figure(state string, fen int64) shown {
	return shown{state: state, exists: "yes", text: balance.Fen(fen).Display(), fen: &fen}
}

// expected is what may be shown under a fault; last is the last good figure, 0 for none.
func (u upstreamSaid) expected(now, last int64) shown {
	switch u {
	case truth:
		return figure("fresh complete", now)
	case negative:
		return figure("fresh complete", -now-1)
	case noFigure:
		return shown{state: "fresh partial", exists: "yes", text: "暂时无法获取"}
	case stranger:
		return shown{code: changed}
	}
	switch {
	case last == 0 && u == fewer:
		return shown{code: "503 upstream_throttled"}
	case last == 0:
		return shown{code: "503 no_reading"}
	}
	return figure("stale complete", last)
}

// goodAnswers is how many are needed after a fault, beside one more, for the questions without answer to stay few.
func (u upstreamSaid) goodAnswers() int {
	if u == nothing {
		return 5
	}
	return 1
}

// TestNoWrongFigureWhileTheInsurerMisbehaves looks at two people's balances under every fault: one whose last good
// figure is known, and one of whom nothing was ever read. What decides about reminders is asked too.
func TestNoWrongFigureWhileTheInsurerMisbehaves(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	people := s.withAccount()
	known, fresh := people[0], people[1]
	p := s.signedIn(t, "wechat", "citizen")
	knownID, freshID := s.link(t, p, known), s.link(t, p, fresh)
	subject, never := s.subject(t, known), s.subject(t, fresh)
	last, fen := int64(0), int64(100_00)
	each(t, s, "insurer", insurerFaults, func(fault string, want upstreamSaid) {
		fen += 1_07
		s.forgetReadings(t, never)
		s.setBalance(t, known, fen)
		s.setBalance(t, fresh, fen+50_00)
		s.pass(untilNotFresh)
		s.misbehave(t, "insurer", fault, always)
		var wait sync.WaitGroup
		wait.Go(func() {
			if got, want := look(t, p, knownID), want.expected(fen, last); got.String() != want.String() {
				t.Errorf("%s: %s, want %s", fault, got, want)
			}
		})
		wait.Go(func() {
			if got, want := look(t, p, freshID), want.expected(fen+50_00, 0); got.String() != want.String() {
				t.Errorf("%s, nothing known: %s, want %s", fault, got, want)
			}
		})
		wait.Go(func() { s.checkDecision(t, fault, subject, want, fen) })
		wait.Wait()
		s.behave(t, "insurer")
		if want == fewer {
			s.pass(untilNotFresh)
		}
		s.forgetReadings(t, never)
		if got, want := look(t, p, freshID), figure("fresh complete", fen+50_00); got.String() != want.String() {
			t.Errorf("after %s, nothing known: %s, want %s", fault, got, want)
		}
		// Good answers keep the region's breaker closed, so that the next fault is met and not avoided.
		for range want.goodAnswers() {
			s.pass(untilNotFresh)
			if got, want := look(t, p, knownID), figure("fresh complete", fen); got.String() != want.String() {
				t.Errorf("after %s: %s, want %s", fault, got, want)
			}
		}
		last = fen
	})
	s.checkChart(t, p, knownID, last)
}

// checkDecision asks as the reminder worker does, which must get the true figure or none.
func (s *stage) checkDecision(t *testing.T, fault string, subject balance.Subject, want upstreamSaid, fen int64) {
	answer, err := s.app.Balances.Fresh(context.WithoutCancel(t.Context()), subject)
	if err != nil {
		if want != nothing && want != stranger && want != fewer {
			t.Errorf("%s: no answer to decide upon: %v", fault, err)
		}
		return
	}
	if answer.Stale {
		t.Errorf("%s: a stale answer to decide upon", fault)
	}
	got := answer.Enrolments[0].Account.Balance
	switch {
	case want == truth && (got == nil || *got != balance.Fen(fen)),
		want == negative && (got == nil || *got != balance.Fen(-fen-1)),
		want == noFigure && got != nil, want == nothing, want == stranger, want == fewer:
		t.Errorf("%s: decides upon %v", fault, got)
	}
}

// checkChart wants the chart of today to hold one point: the last true figure.
func (s *stage) checkChart(t *testing.T, p *phone.Phone, id string, fen int64) {
	t.Helper()
	var chart struct {
		Meta struct {
			Summary []struct {
				Closing int64 `json:"closing_fen"`
			}
		}
	}
	if err := p.Call(t.Context(), http.MethodGet, "/v1/insured/"+id+"/charts/trend", nil, &chart); err != nil {
		t.Fatal(err)
	}
	if len(chart.Meta.Summary) != 1 || chart.Meta.Summary[0].Closing != fen {
		t.Errorf("the chart ends with %+v, want %d", chart.Meta.Summary, fen)
	}
}

// subject is what the store knows a person of region A by.
func (s *stage) subject(t *testing.T, p phone.Person) balance.Subject {
	t.Helper()
	looked := errors.New("looked up")
	var id string
	_, err := s.app.Store.UpdatePersonOf(t.Context(), claimOf(p), s.now(), func(person *identity.Person) error {
		id = person.ID
		return looked
	})
	if !errors.Is(err, looked) {
		t.Fatal(err)
	}
	return balance.Subject{PersonID: id, Region: p.Region}
}

func claimOf(p phone.Person) identity.Claim {
	return identity.Claim{Region: p.Region, Name: p.Name, IDType: p.IDType, IDNumber: p.IDNumber}
}

// forgetReadings deletes all answers of a subject, as if its last link had ended: the next question is the first.
func (s *stage) forgetReadings(t *testing.T, of balance.Subject) {
	t.Helper()
	if err := s.app.Balances.Unlinked(t.Context(), "", identity.Link{PersonID: of.PersonID, Region: of.Region}, nil); err != nil {
		t.Fatal(err)
	}
}
