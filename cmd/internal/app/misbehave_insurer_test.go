package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"yibao/balance"
	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/identity"
	"yibao/platforms/simulator"
)

// upstreamSaid is what a fault of the insurer makes of a balance.
type upstreamSaid string

const (
	truth    upstreamSaid = "the true figure"
	nothing  upstreamSaid = "no answer"     // the last good figure marked stale, or "no reading"
	noFigure upstreamSaid = "no figure"     // there is an account; what is in it is not known
	negative upstreamSaid = "a negative"    // the true figure, turned negative less a fen: shown as it was said
	stranger upstreamSaid = "somebody else" // refused as another person
	changed               = "409 person_changed"
)

// insurerFaults holds for region A, whose profile expects text amounts in a plain object under infcode 0.
var insurerFaults = with(
	same(nothing, beforeAnything...), same(nothing, afterAccepting...), same(truth, "slow"),
	same(truth, "infcode_number", "infcode_string", "balc_exponent", "balc_zeros"),
	same(nothing, "infcode_missing", "success_1", "business", "zero_with_err_msg", "code_999", "code_500159",
		"output_array", "output_string", "output_nested", "output_missing", "rows_missing"),
	same(noFigure, "balc_empty", "balc_null", "balc_missing", "balc_three_decimals", "balc_text"),
	same(negative, "balc_negative"), same(stranger, "other_person"),
)

// shown is what GET /v1/insured/{id}/balance says of a person with one enrolment.
type shown struct {
	code         string // of a refusal
	completeness string
	exists, text string
	fen          *int64
}

func (s shown) String() string {
	fen := "none"
	if s.fen != nil {
		fen = fmt.Sprint(*s.fen)
	}
	return strings.Join([]string{s.code, s.completeness, s.exists, s.text, fen}, "|")
}

func look(t *testing.T, p *phone.Phone, id string) shown {
	t.Helper()
	var answer struct {
		Meta       struct{ Completeness string }
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
	return shown{completeness: answer.Meta.Completeness, exists: a.Exists, text: a.Text, fen: a.Fen}
}

func figure(completeness string, fen int64) shown {
	return shown{completeness: completeness, exists: "yes", text: balance.Fen(fen).Display(), fen: &fen}
}

// expected is what may be shown under a fault; last is the last good figure, 0 for none.
func (u upstreamSaid) expected(now, last int64) shown {
	switch u {
	case truth:
		return figure("complete", now)
	case negative:
		return figure("complete", -now-1)
	case noFigure:
		return shown{completeness: "partial", exists: "yes", text: "暂无法获取"}
	case stranger:
		return shown{code: changed}
	}
	if last == 0 {
		return shown{code: "503 no_reading"}
	}
	return figure("stale", last)
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
	s.forgetReadings(t, fresh)
	subject := s.subject(t, known)
	last, fen := int64(0), int64(100_00)
	each(t, s, "insurer", insurerFaults, func(fault string, want upstreamSaid) {
		fen += 1_07
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
		if got, want := look(t, p, freshID), figure("complete", fen+50_00); got.String() != want.String() {
			t.Errorf("after %s, nothing known: %s, want %s", fault, got, want)
		}
		// Good answers keep the region's breaker closed, so that the next fault is met and not avoided.
		for range want.goodAnswers() {
			s.pass(untilNotFresh)
			if got, want := look(t, p, knownID), figure("complete", fen); got.String() != want.String() {
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
		if want != nothing && want != stranger {
			t.Errorf("%s: no answer to decide upon: %v", fault, balance.Code(err))
		}
		return
	}
	if answer.Completeness == balance.Stale {
		t.Errorf("%s: a stale answer to decide upon", fault)
	}
	got := answer.Enrolments[0].Account.Balance
	switch {
	case want == truth && (got == nil || *got != balance.Fen(fen)),
		want == negative && (got == nil || *got != balance.Fen(-fen-1)),
		want == noFigure && got != nil, want == nothing, want == stranger:
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
	person, err := s.app.Store.EnsurePerson(t.Context(), claimOf(p), s.now())
	if err != nil {
		t.Fatal(err)
	}
	return balance.Subject{PersonID: person.ID, Region: p.Region}
}

func claimOf(p phone.Person) identity.Claim {
	return identity.Claim{Region: p.Region, Name: p.Name, IDType: p.IDType, IDNumber: p.IDNumber}
}

// forgetReadings takes the person's schedule away, without which no answer is ever kept: each look is the first.
func (s *stage) forgetReadings(t *testing.T, p phone.Person) {
	t.Helper()
	if err := s.app.Store.DeleteSubject(t.Context(), s.subject(t, p)); err != nil {
		t.Fatal(err)
	}
}

// proofUnder is what a right code comes to while the insurer misbehaves.
func proofUnder(u upstreamSaid) string {
	switch u {
	case nothing:
		return "proving"
	case stranger:
		return "failed"
	}
	return "linked"
}

// TestNobodyIsLinkedWronglyWhileTheInsurerMisbehaves goes through a link attempt under every fault: the answers stay
// the same, no code goes to anybody but the person, and the link comes about as soon as the person is confirmed.
func TestNobodyIsLinkedWronglyWhileTheInsurerMisbehaves(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	people := s.withAccount()
	reference := s.startAnswers(t, s.signedIn(t, "wechat", "reference"), people[0])
	n := 0
	table := with(insurerFaults, same(truth, "rows_missing")) // who somebody is, is told without the rows
	each(t, s, "insurer", table, func(fault string, want upstreamSaid) {
		n++
		a := &attempt{stage: s, fault: fault, p: s.signedIn(t, "wechat", "citizen-"+fault), person: people[n%len(people)]}
		before := s.smsCount("")
		s.misbehave(t, "insurer", fault, always)
		if got := a.start(t); got != reference {
			t.Errorf("%s: the answers differ\n%s\n%s", fault, got, reference)
		}
		sends := 1
		if state := proofUnder(want); state != "linked" {
			sends = 0
		}
		if got := s.smsCount("") - before; got != sends {
			t.Errorf("%s: %d SMS, want %d", fault, got, sends)
		}
		s.behave(t, "insurer")
		a.resend(t)
		s.misbehave(t, "insurer", fault, always)
		state := a.prove(t)
		if state != proofUnder(want) {
			t.Errorf("%s: a right code leads to %q, want %q", fault, state, proofUnder(want))
		}
		s.behave(t, "insurer")
		switch state {
		case "failed":
			a.checkNoLink(t)
			return
		case "proving":
			a.finish(t)
		}
		a.checkLink(t)
	})
}

// finish lets the server finish a link that waits for the insurer, as it does by itself every few seconds.
func (a *attempt) finish(t *testing.T) {
	t.Helper()
	a.pass(untilNotFresh) // longer than the lease of who tried before
	a.await(t, "the link is there: "+a.fault, func() bool {
		if err := a.app.Linking.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		return a.state(t) == "linked"
	})
}

// attempt is one link attempt of a test.
type attempt struct {
	*stage
	fault  string
	p      *phone.Phone
	person phone.Person
	id     string
}

// start sends the attempt, waits until the server has done what there is to do, and returns the answers without what
// differs between any two.
func (a *attempt) start(t *testing.T) string {
	t.Helper()
	var answers []string
	trace := a.p.Trace
	a.p.Trace = func(e phone.Exchange) {
		trace(e)
		answers = append(answers, fmt.Sprint(e.Status, " ", e.Answer))
	}
	started, err := a.p.StartLink(t.Context(), a.person, consentVersion)
	if err != nil {
		t.Fatal(err)
	}
	a.id = started.ID
	a.app.Linking.Wait()
	a.state(t)
	a.p.Trace = trace
	for i := range answers {
		answers[i] = scrub(strings.ReplaceAll(answers[i], a.id, "ID"))
	}
	return strings.Join(answers, "\n")
}

// scrub takes out the seconds that are left.
func scrub(answer string) string {
	before, after, found := strings.Cut(answer, `"expires_in":`)
	if !found {
		return answer
	}
	return before + strings.TrimLeft(after, "0123456789")
}

func (s *stage) startAnswers(t *testing.T, p *phone.Phone, person phone.Person) string {
	t.Helper()
	return (&attempt{stage: s, p: p, person: person}).start(t)
}

// smsCount counts the codes that arrived on a phone; "" is all phones.
func (s *stage) smsCount(phone string) int {
	return len(s.world.Simulator.Inbox(simulator.InboxQuery{Kind: "sms", Phone: phone}))
}

// resend asks for another code once that is allowed, and wants exactly one SMS, on the person's phone.
func (a *attempt) resend(t *testing.T) {
	t.Helper()
	all, theirs := a.smsCount(""), a.smsCount(a.person.Phone)
	a.pass(untilResent)
	if err := a.p.Call(t.Context(), http.MethodPost, "/v1/link-attempts/"+a.id+"/code", nil, nil); err != nil {
		t.Fatalf("%s: %v", a.fault, err)
	}
	a.app.Linking.Wait()
	if a.smsCount("") != all+1 || a.smsCount(a.person.Phone) != theirs+1 {
		t.Fatalf("after %s: %d SMS, %d of them the person's, want one", a.fault, a.smsCount("")-all,
			a.smsCount(a.person.Phone)-theirs)
	}
}

// prove enters the last code that arrived.
func (a *attempt) prove(t *testing.T) string {
	t.Helper()
	inbox := a.world.Simulator.Inbox(simulator.InboxQuery{Kind: "sms", Phone: a.person.Phone})
	code := inbox[len(inbox)-1].Values["code"]
	var answer phone.Attempt
	err := a.p.Call(t.Context(), http.MethodPost, "/v1/link-attempts/"+a.id+"/proof", map[string]string{"code": code}, &answer)
	if err != nil {
		t.Fatalf("%s: %v", a.fault, err)
	}
	return answer.State
}

func (a *attempt) state(t *testing.T) string {
	t.Helper()
	var answer phone.Attempt
	if err := a.p.Call(t.Context(), http.MethodGet, "/v1/link-attempts/"+a.id, nil, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.State
}

// links are the masked names and numbers that the user is linked to.
func (a *attempt) links(t *testing.T) []string {
	t.Helper()
	var list struct {
		Insured []struct {
			ID, Name string
			IDNumber string `json:"id_number"`
		}
	}
	if err := a.p.Call(t.Context(), http.MethodGet, "/v1/insured", nil, &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range list.Insured {
		names = append(names, one.Name+" "+one.IDNumber)
	}
	return names
}

func (a *attempt) checkLink(t *testing.T) {
	t.Helper()
	want := identity.MaskName(a.person.Name) + " " + identity.MaskIDNumber(a.person.IDNumber)
	if got := a.links(t); len(got) != 1 || got[0] != want {
		t.Errorf("%s: linked to %q, want %q", a.fault, got, want)
	}
}

func (a *attempt) checkNoLink(t *testing.T) {
	t.Helper()
	if got := a.links(t); len(got) != 0 {
		t.Errorf("%s: linked to %q", a.fault, got)
	}
}

// smsFaults says how many codes arrive under a fault of the gateway.
var smsFaults = with(
	same(0, beforeAnything...), same(1, afterAccepting...), same(1, "slow", "no_message_id"),
	same(0, "RATE_LIMITED", "PHONE_INVALID", "TEMPLATE_INVALID", "PARAMS_INVALID", "APP_KEY_UNKNOWN", "SIGNATURE_INVALID",
		"TIMESTAMP_INVALID"),
)

// TestLinkingWhileTheSMSGatewayMisbehaves: the start is answered as ever, the code arrives once or not at all, and the
// next one arrives and works.
func TestLinkingWhileTheSMSGatewayMisbehaves(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	people := s.withAccount()
	reference := s.startAnswers(t, s.signedIn(t, "alipay", "reference"), people[0])
	n := 0
	each(t, s, "sms.send", smsFaults, func(fault string, want int) {
		n++
		a := &attempt{stage: s, fault: fault, p: s.signedIn(t, "alipay", "citizen-"+fault), person: people[n%len(people)]}
		before := s.smsCount("")
		s.misbehave(t, "sms.send", fault, always)
		if got := a.start(t); got != reference {
			t.Errorf("%s: the answers differ\n%s\n%s", fault, got, reference)
		}
		if got := s.smsCount("") - before; got != want {
			t.Errorf("%s: %d SMS, want %d", fault, got, want)
		}
		s.behave(t, "sms.send")
		a.resend(t)
		if state := a.prove(t); state != "linked" {
			t.Errorf("after %s: a right code leads to %q", fault, state)
		}
		a.checkLink(t)
	})
}
