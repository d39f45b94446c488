package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// TestWholeJobInAChildProcess runs cmd/server as a process of its own through the main job on both platforms and through
// its failures, and then looks in everything that it printed for every secret, name, ID number, phone, open id, code and
// token it was given.
func TestWholeJobInAChildProcess(t *testing.T) {
	t.Parallel()
	c := start(t)
	private := c.world.Secrets()
	people := c.people()
	for i, platform := range []string{"wechat", "alipay"} {
		p, person := c.phone(platform, fmt.Sprintf("citizen-%d", i)), people[i]
		id := c.job(t, p, person)
		private = append(private, c.failures(t, p, id, person)...)
		private = append(private, p.Token, person.Name, person.IDNumber, person.Phone)
		private = append(private, openIDs(p.User)...)
	}
	private = append(private, c.codes(t)...)
	c.stop(t)
	said := c.output.String()
	if !strings.Contains(said, "serving") {
		t.Errorf("the log was not captured: %s", said)
	}
	for _, secret := range private {
		if len(secret) < 4 {
			t.Fatalf("%q is too short to search for", secret)
		}
		for _, form := range []string{secret, url.QueryEscape(secret), strings.ReplaceAll(secret, "\n", `\n`)} {
			if strings.Contains(said, form) {
				t.Errorf("the server printed %q", secret)
			}
		}
	}
}

func openIDs(user string) []string {
	return []string{simulator.OpenID("wechat", "wxdemo0000000001", user), simulator.OpenID("alipay", "2099000000000001", user)}
}

// codes lists every one-time code that was sent.
func (c *child) codes(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, m := range c.world.Simulator.Inbox(simulator.InboxQuery{Kind: "sms"}) {
		list = append(list, m.Values["code"])
	}
	return list
}

// job is the main job: sign in, link, balance, chart, reminder, fall, message. It returns the {id} of the link.
func (c *child) job(t *testing.T, p *phone.Phone, person phone.Person) string {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v\n%s", p.Platform, err, c.output)
		}
	}
	must(p.SignIn(ctx))
	id, err := p.Link(ctx, person, "demo-1")
	must(err)
	must(p.SetBalance(ctx, person, "321.09"))
	time.Sleep(20 * time.Millisecond)
	if got := amount(t, p, id); got != 32109 {
		t.Errorf("the balance is %d fen", got)
	}
	var chart struct {
		Meta  struct{ Since string }
		Chart struct {
			Series []struct{ Data []*float64 }
		}
	}
	must(p.Call(ctx, http.MethodGet, "/v1/insured/"+id+"/charts/trend", nil, &chart))
	if n := points(chart.Chart.Series[0].Data); n != 1 || chart.Meta.Since == "" {
		t.Errorf("a person linked today has %d points since %q", n, chart.Meta.Since)
	}
	must(p.Call(ctx, http.MethodPut, "/v1/insured/"+id+"/reminder",
		map[string]any{"threshold_fen": 10000, "consent": map[string]any{"version": "demo-1"}}, nil))
	c.awaitState(t, p, id, "armed") // a line set while below would only say so
	must(p.Grant(ctx, 1))
	must(p.SetBalance(ctx, person, "99.99"))
	var messages []phone.Message
	for range 6 { // each looks for 20 s; one is enough, but for a very busy machine
		messages, err = p.Inbox(ctx, url.Values{"user": {p.User}, "kind": {p.Platform}, "wait": {"20"}})
		must(err)
		if len(messages) > 0 {
			break
		}
	}
	if len(messages) != 1 || strings.Contains(messages[0].Text, "99.99") ||
		!strings.Contains(messages[0].Text, "账户余额：请进入小程序查看") {
		t.Errorf("the owner did not ask for the amount; got %+v", messages)
	}
	return id
}

func amount(t *testing.T, p *phone.Phone, id string) int64 {
	t.Helper()
	var answer struct {
		Enrolments []struct {
			Account struct {
				Fen int64 `json:"amount_fen"`
			} `json:"personal_account"`
		}
	}
	if err := p.Call(t.Context(), http.MethodGet, "/v1/insured/"+id+"/balance", nil, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Enrolments[0].Account.Fen
}

func points(data []*float64) int {
	n := 0
	for _, value := range data {
		if value != nil {
			n++
		}
	}
	return n
}

// revoked signs out and wants the token dead at once.
func (c *child) revoked(t *testing.T, p *phone.Phone) {
	t.Helper()
	if err := p.Call(t.Context(), http.MethodDelete, "/v1/sessions/current", nil, nil); err != nil {
		t.Fatal(err)
	}
	status, body, err := c.raw(t.Context(), "GET", "/v1/me", p.Token, "", nil)
	if err != nil || status != 401 || !strings.Contains(body, "token_invalid") {
		t.Errorf("a revoked token: %d %s %v", status, body, err)
	}
}

// TestAnswersDoNotTellWhoExists starts links for a person that exists, one whose name is another and one that is not
// there: the answers are equal but for the id, from the first to the last wrong code.
func TestAnswersDoNotTellWhoExists(t *testing.T) {
	t.Parallel()
	c := start(t)
	person := c.people()[4]
	kinds := map[string]phone.Person{
		"existing":    person,
		"mismatching": {Name: "测试无关", IDNumber: person.IDNumber, Region: person.Region},
		"unknown":     {Name: person.Name, IDNumber: "190101196602021933", Region: person.Region},
	}
	answers := map[string][]string{}
	for kind, who := range kinds {
		p := c.phone("wechat", "curious-"+kind)
		if err := p.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		var id string
		p.Trace = func(e phone.Exchange) {
			answer := fmt.Sprint(e.Status, " ", e.Answer)
			if id != "" {
				answer = strings.ReplaceAll(answer, id, "ID")
			}
			answers[kind] = append(answers[kind], answer)
		}
		attempt, err := p.StartLink(t.Context(), who, "demo-1")
		if err != nil {
			t.Fatal(kind, err)
		}
		id = attempt.ID
		answers[kind][0] = strings.ReplaceAll(answers[kind][0], id, "ID")
		time.Sleep(300 * time.Millisecond) // the code is made and, for one of them, sent
		_ = p.Call(t.Context(), http.MethodGet, "/v1/link-attempts/"+id, nil, nil)
		for range 6 {
			_ = p.Call(t.Context(), http.MethodPost, "/v1/link-attempts/"+id+"/proof", map[string]string{"code": "000000"}, nil)
		}
	}
	for kind, list := range answers {
		for i := range list {
			if a, b := scrub(list[i]), scrub(answers["existing"][i]); a != b {
				t.Errorf("answer %d tells a %s person from an existing one:\n%s\n%s", i, kind, a, b)
			}
		}
	}
	sent := c.world.Simulator.Inbox(simulator.InboxQuery{Kind: "sms"})
	if len(sent) != 1 {
		t.Errorf("%d SMS were sent, want one: to the existing person", len(sent))
	}
	c.stop(t)
}

// scrub takes out what differs between any two answers: request ids, and the seconds left.
func scrub(answer string) string {
	for _, key := range []string{`"request_id":"`, `"expires_in":`} {
		if before, after, found := strings.Cut(answer, key); found {
			end := strings.IndexAny(after, `",}`)
			answer = before + key + after[max(end, 0):]
		}
	}
	return answer
}

// TestStopFinishesWhatIsInFlight stops the server while the platform is slow to answer a send: the send is finished and
// written down, and the message is not sent again by the next server.
func TestStopFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	c := start(t)
	p, person := c.phone("wechat", "slow"), c.people()[5]
	id := c.job(t, p, person)
	if err := p.Grant(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Control(t.Context(), "faults", map[string]any{"target": "wechat.send", "fault": "slow", "ms": 2000}); err != nil {
		t.Fatal(err)
	}
	for _, yuan := range []string{"300", "50"} {
		if err := p.SetBalance(t.Context(), person, yuan); err != nil {
			t.Fatal(err)
		}
		c.awaitState(t, p, id, map[string]string{"300": "armed", "50": "below"}[yuan])
	}
	c.awaitSends(t, 2) // the second is on its way, and its answer is two seconds off
	c.stop(t)
	if n := len(c.world.Simulator.Inbox(simulator.InboxQuery{User: "slow", Kind: "wechat"})); n != 2 {
		t.Errorf("%d messages arrived, want 2", n)
	}
	if strings.Contains(c.output.String(), "did not finish") {
		t.Error("the stop did not wait for the send")
	}
	c.run(t)
	p.API = c.api
	for _, d := range c.deliveries(t, p, id) {
		if d != "accepted" {
			t.Errorf("the next server finds a delivery that is %s, not accepted", d)
		}
	}
	c.recoverAndFall(t, p, person, id) // a third message: the workers have run, and would have sent the second again
	if n := len(c.world.Simulator.Inbox(simulator.InboxQuery{User: "slow", Kind: "wechat"})); n != 3 {
		t.Errorf("%d messages arrived, want 3", n)
	}
	c.stop(t)
}

// awaitSends waits until so many messages have reached WeChat.
func (c *child) awaitSends(t *testing.T, want int64) {
	t.Helper()
	for range 3000 {
		n, err := c.world.Requests("wechat.send")
		if err != nil {
			t.Fatal(err)
		}
		if n >= want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("no %d sends came\n%s", want, c.output)
}

// deliveries lists the states of the link's deliveries.
func (c *child) deliveries(t *testing.T, p *phone.Phone, id string) []string {
	t.Helper()
	var list struct{ Deliveries []struct{ State string } }
	if err := p.Call(t.Context(), http.MethodGet, "/v1/insured/"+id+"/deliveries", nil, &list); err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, d := range list.Deliveries {
		states = append(states, d.State)
	}
	return states
}

// recoverAndFall lets the balance recover and fall once more, and waits for the message.
func (c *child) recoverAndFall(t *testing.T, p *phone.Phone, person phone.Person, id string) {
	t.Helper()
	before := len(c.deliveries(t, p, id))
	if err := p.Grant(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, step := range [][2]string{{"300", "armed"}, {"50", "below"}} {
		if err := p.SetBalance(t.Context(), person, step[0]); err != nil {
			t.Fatal(err)
		}
		c.awaitState(t, p, id, step[1])
	}
	for range 600 {
		if states := c.deliveries(t, p, id); len(states) == before+1 && states[0] == "accepted" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the third message is not accepted: %v", c.deliveries(t, p, id))
}

func (c *child) awaitState(t *testing.T, p *phone.Phone, id, state string) {
	t.Helper()
	var rule struct {
		State  string
		Reason string `json:"last_reason"`
	}
	for range 600 {
		if err := p.Call(t.Context(), http.MethodGet, "/v1/insured/"+id+"/reminder", nil, &rule); err != nil {
			t.Fatal(err)
		}
		if rule.State == state {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the rule is %s (%s) and did not become %s\n%s", rule.State, rule.Reason, state, c.output)
}
