package app_test

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"testing"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// fate is what becomes of a message under a fault that happens once.
type fate struct {
	tried     bool   // put off first: nothing was accepted, and nothing is lost
	meanwhile string // why it is put off; "" for platform_busy
	state     string // of the delivery in the end
	reason    string
	messages  int // that the phone shows in the end
	free      int // quota that is left of one
}

var (
	arrived      = fate{state: "accepted", messages: 1}
	retried      = fate{tried: true, state: "accepted", messages: 1}
	mended       = fate{tried: true, meanwhile: "service_misconfigured", state: "accepted", messages: 1}
	lost         = fate{state: "unknown", reason: "answer_lost"}              // nothing was accepted; we cannot know
	doubtful     = fate{state: "unknown", reason: "answer_lost", messages: 1} // accepted; we cannot know
	badTemplate  = fate{state: "refused", reason: "template_refused", free: 1}
	badText      = fate{state: "refused", reason: "text_refused", free: 1}
	badRecipient = fate{state: "refused", reason: "recipient_refused", free: 1}
	unsubscribed = fate{state: "pending", reason: "not_subscribed"}
)

var (
	weChatSendFaults = with(
		same(lost, beforeAnything...), same(doubtful, afterAccepting...),
		same(arrived, "slow", "errcode_string", "extra_fields", "revoke_token", "40001", "40014", "42001"),
		same(retried, "busy", "43108", "45009"), same(badRecipient, "40003"), same(badText, "45168", "47003"),
		same(badTemplate, "40037", "41030", "43107"), same(unsubscribed, "43101"),
	)
	// Without a token nothing leaves: the message is put off, whatever the platform did with the question for a token.
	weChatTokenFaults = with(
		same(retried, beforeAnything...), same(retried, afterAccepting...),
		same(arrived, "slow", "errcode_string", "extra_fields", "token_300", "token_turnover"),
		same(retried, "busy", "45009", "40125", "40164"),
	)
	alipaySendFaults = with(
		same(lost, beforeAnything...), same(doubtful, afterAccepting...),
		same(arrived, "slow", "spaces", "escaped_slashes", "extra_fields"), same(retried, "40005"), same(lost, "20000"),
		same(mended, "40006"), same(badTemplate, "40004"), same(lost, "unsigned_error", "unsigned_40004"),
		same(doubtful, "unsigned_success", "wrong_key"), // a success that nobody signed is not believed
	)
	// The question why a message was refused; here the user has not subscribed.
	alipayQueryFaults = with(
		same(fate{tried: true, state: "pending", reason: "not_subscribed"}, slices.Concat(beforeAnything, afterAccepting,
			[]string{"40004", "40005", "40006", "20000", "unsigned_error", "unsigned_40004", "unsigned_success", "wrong_key"})...),
		same(unsubscribed, "slow", "spaces", "escaped_slashes", "extra_fields"),
	)
)

// watcher is a person who is told when the balance falls below ¥100.
type watcher struct {
	*stage
	p      *phone.Phone
	person phone.Person
	id     string
	last   string          // the delivery that was looked at last
	seen   map[string]bool // deliveries of earlier falls
}

const (
	above = 300_00
	below = 50_00
)

func (s *stage) watcher(t *testing.T, platform, user string, person phone.Person) *watcher {
	t.Helper()
	w := &watcher{stage: s, p: s.signedIn(t, platform, user), person: person, seen: map[string]bool{}}
	s.setBalance(t, person, above)
	w.id = s.link(t, w.p, person)
	err := w.p.Call(t.Context(), http.MethodPut, "/v1/insured/"+w.id+"/reminder",
		map[string]any{"threshold_fen": 100_00, "consent": map[string]any{"version": consentVersion}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.armed(t) // at once, unless a test beside this one moved the clock between question and decision
	return w
}

// rise lets the balance recover, which arms the reminder again.
func (w *watcher) rise(t *testing.T) {
	t.Helper()
	w.setBalance(t, w.person, above)
	w.pass(untilChecked)
	w.work(t)
	w.armed(t)
}

func (w *watcher) armed(t *testing.T) {
	t.Helper()
	w.await(t, "the reminder is armed", func() bool { return w.rule(t).State == "armed" })
}

// ruleView is the reminder as the API shows it.
type ruleView struct {
	State  string
	Reason string `json:"last_reason"`
}

func (w *watcher) rule(t *testing.T) ruleView {
	t.Helper()
	var rule ruleView
	if err := w.p.Call(t.Context(), http.MethodGet, "/v1/insured/"+w.id+"/reminder", nil, &rule); err != nil {
		t.Fatal(err)
	}
	return rule
}

// fall lets the balance fall below the line.
func (w *watcher) fall(t *testing.T) {
	t.Helper()
	w.setBalance(t, w.person, below)
	w.pass(untilChecked)
	w.work(t)
}

// work makes a pass of each worker of reminders, where they do not run by themselves.
func (w *watcher) work(t *testing.T) {
	t.Helper()
	if w.role != app.RoleAPI {
		return
	}
	for _, pass := range []func(context.Context) (int, error){w.app.Reminders.EvaluateDue, w.app.Reminders.SendDue} {
		if _, err := pass(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

type delivery struct{ ID, State, Reason string }

// latest is the delivery of the last fall; the zero one before there is one.
func (w *watcher) latest(t *testing.T) delivery {
	t.Helper()
	var list struct{ Deliveries []delivery }
	if err := w.p.Call(t.Context(), http.MethodGet, "/v1/insured/"+w.id+"/deliveries", nil, &list); err != nil {
		t.Fatal(err)
	}
	var fresh []delivery
	for _, d := range list.Deliveries {
		if !w.seen[d.ID] {
			fresh = append(fresh, d)
		}
	}
	if len(fresh) > 1 {
		t.Fatalf("one fall has %d deliveries", len(fresh))
	}
	if len(fresh) == 0 {
		return delivery{}
	}
	w.last = fresh[0].ID
	return fresh[0]
}

// check wants the delivery of the last fall, the quota and the number of messages since then to be so.
func (w *watcher) check(t *testing.T, when string, want fate, since int) {
	t.Helper()
	if w.role != app.RoleAPI {
		var d delivery
		free := 0
		defer func() {
			if t.Failed() {
				t.Logf("%s: last seen: %+v, %d free, rule %+v", when, d, free, w.rule(t))
			}
		}()
		w.await(t, when+": the workers are done", func() bool {
			d, free = w.latest(t), w.free(t)
			return d.State == want.state && d.Reason == want.reason && free == want.free
		})
	}
	if d := w.latest(t); d.State != want.state || d.Reason != want.reason {
		t.Errorf("%s: the delivery is %s %s, want %s %s", when, d.State, d.Reason, want.state, want.reason)
	}
	if n := w.messages() - since; n != want.messages {
		t.Errorf("%s: %d messages, want %d", when, n, want.messages)
	}
	if n := w.free(t); n != want.free {
		t.Errorf("%s: the quota is %d, want %d", when, n, want.free)
	}
}

// told ends a fall: what comes next is another one.
func (w *watcher) told() { w.seen[w.last] = true }

// free is the quota as the API shows it.
func (w *watcher) free(t *testing.T) int {
	t.Helper()
	var list struct{ Templates []struct{ Free int } }
	if err := w.p.Call(t.Context(), http.MethodGet, "/v1/templates", nil, &list); err != nil {
		t.Fatal(err)
	}
	return list.Templates[0].Free
}

// grant taps "allow" once.
func (w *watcher) grant(t *testing.T) {
	t.Helper()
	if err := w.p.Grant(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
}

// forge reports an "allow" that the platform knows nothing of.
func (w *watcher) forge(t *testing.T, report string) {
	t.Helper()
	var list struct {
		Templates []struct {
			ID string `json:"template_id"`
		}
	}
	err := w.p.Call(t.Context(), http.MethodGet, "/v1/templates", nil, &list)
	if err == nil {
		err = w.p.Call(t.Context(), http.MethodPost, "/v1/subscriptions",
			map[string]any{"report_id": report, "results": map[string]string{list.Templates[0].ID: "accept"}}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// messages counts what the phone shows.
func (w *watcher) messages() int {
	return len(w.world.Simulator.Inbox(simulator.InboxQuery{User: w.p.User, Kind: w.p.Platform}))
}

// putOff is what a message is that will be tried again: nothing was accepted, and its quota is free.
var putOff = fate{state: "pending", reason: "platform_busy", free: 1}

// suffer falls under a fault that was ordered once and checks what becomes of the message.
func (w *watcher) suffer(t *testing.T, fault string, want fate) {
	t.Helper()
	before := w.messages()
	w.fall(t)
	if want.tried {
		meanwhile := putOff
		meanwhile.reason = cmp.Or(want.meanwhile, putOff.reason)
		w.check(t, fault, meanwhile, before)
		w.pass(untilRetried)
		w.work(t)
	}
	w.check(t, fault, want, before)
	w.told()
	if left := w.faults(t).Pending; len(left) != 0 {
		t.Errorf("%s was not met: %s", fault, left)
	}
}

// recover wants the next fall, with nothing wrong, to be told exactly once.
func (w *watcher) recover(t *testing.T, fault string) {
	t.Helper()
	before := w.messages()
	if w.free(t) == 0 {
		w.grant(t)
	}
	w.rise(t)
	w.fall(t)
	w.check(t, "after "+fault, arrived, before)
	w.told()
	w.work(t)
	if n := w.messages() - before; n != 1 {
		t.Errorf("after %s: %d messages of one fall", fault, n)
	}
}

// sendWhile lets the balance fall once under every fault of the target. prepare gives the user what the fall needs.
func sendWhile(t *testing.T, platform, target string, table map[string]fate, prepare func(w *watcher, fault string)) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	w := s.watcher(t, platform, "citizen", s.withAccount()[0])
	each(t, s, target, table, func(fault string, want fate) {
		prepare(w, fault)
		w.rise(t)
		s.misbehave(t, target, fault, 1)
		w.suffer(t, fault, want)
		if want.state != "accepted" { // else it has recovered already
			w.recover(t, fault)
		}
	})
}

func TestRemindersWhileWeChatMisbehaves(t *testing.T) {
	sendWhile(t, "wechat", "wechat.send", weChatSendFaults, func(w *watcher, _ string) { w.grant(t) })
}

// The token that the server holds is revoked first, so that it asks for another.
func TestRemindersWhileWeChatGivesNoToken(t *testing.T) {
	sendWhile(t, "wechat", "wechat.token", weChatTokenFaults, func(w *watcher, _ string) {
		w.grant(t)
		w.misbehave(t, "wechat.send", "revoke_token", 1)
	})
}

func TestRemindersWhileAlipayMisbehaves(t *testing.T) {
	sendWhile(t, "alipay", "alipay.send", alipaySendFaults, func(w *watcher, _ string) { w.grant(t) })
}

// A forged "allow" makes Alipay refuse the message without saying why, and the server ask.
func TestRemindersWhileAlipayIsAskedWhy(t *testing.T) {
	sendWhile(t, "alipay", "alipay.query", alipayQueryFaults, func(w *watcher, fault string) { w.forge(t, "forged-"+fault) })
}
