package app_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/identity/document"
	"yibao/platforms/simulator"
)

// proofUnder is what a right code comes to while the insurer misbehaves.
func proofUnder(u upstreamSaid) string {
	switch u {
	case nothing, fewer:
		return "proving"
	case stranger:
		return "failed"
	}
	return "linked"
}

// startUnder starts the attempt while the target has the attempt's fault, wants the usual answers and so many SMS, and has
// another code sent once the fault is over.
func (a *attempt) startUnder(t *testing.T, target, reference string, sends int) {
	t.Helper()
	before := a.smsCount("")
	a.misbehave(t, target, a.fault, always)
	if got := a.start(t); got != reference {
		t.Errorf("%s: the answers differ\n%s\n%s", a.fault, got, reference)
	}
	if got := a.smsCount("") - before; got != sends {
		t.Errorf("%s: %d SMS, want %d", a.fault, got, sends)
	}
	a.behave(t, target)
	a.resend(t)
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
		sends := 1
		if state := proofUnder(want); state != "linked" {
			sends = 0
		}
		a.startUnder(t, "insurer", reference, sends)
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
func scrub(answer string) string { return secondsLeft.ReplaceAllString(answer, "") }

var secondsLeft = regexp.MustCompile(`"(expires_in|code_expires_in|resend_in)":[0-9]+`)

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
	name, _ := document.NormaliseName(a.person.Name) // a private code point is shown as its character
	want := document.MaskName(name) + " " + document.MaskNumber(a.person.IDNumber)
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
		a.startUnder(t, "sms.send", reference, want)
		if state := a.prove(t); state != "linked" {
			t.Errorf("after %s: a right code leads to %q", fault, state)
		}
		a.checkLink(t)
	})
}
