package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// fate is what becomes of a message under a fault that happens once.
type fate struct {
	tried    bool   // put off first: nothing was accepted, and nothing is lost
	state    string // of the delivery in the end
	reason   string
	messages int // that the phone shows in the end
	free     int // quota that is left of one
}

var (
	arrived      = fate{state: "accepted", messages: 1}
	retried      = fate{tried: true, state: "accepted", messages: 1}
	lost         = fate{state: "unknown", reason: "answer_lost"}              // nothing was accepted; we cannot know
	doubtful     = fate{state: "unknown", reason: "answer_lost", messages: 1} // accepted; we cannot know
	badTemplate  = fate{state: "refused", reason: "template_refused", free: 1}
	badText      = fate{state: "refused", reason: "text_refused", free: 1}
	badRecipient = fate{state: "refused", reason: "recipient_refused", free: 1}
	unsubscribed = fate{state: "refused", reason: "not_subscribed"}
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
		same(arrived, "slow", "spaces", "escaped_slashes", "extra_fields"), same(retried, "20000", "40005"),
		same(badTemplate, "40004", "40006"), same(lost, "unsigned_error", "unsigned_40004"),
		same(doubtful, "unsigned_success", "wrong_key"), // a success that nobody signed is not believed
	)
	// The question why a message was refused; here the user has not subscribed.
	alipayQueryFaults = with(
		same(fate{tried: true, state: "refused", reason: "not_subscribed"}, slices.Concat(beforeAnything, afterAccepting,
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
	return w
}

// rise lets the balance recover and waits until the reminder is armed again.
func (w *watcher) rise(t *testing.T) {
	t.Helper()
	w.setBalance(t, w.person, above)
	w.pass(untilChecked)
	w.awaitArmed(t)
}

func (w *watcher) awaitArmed(t *testing.T) {
	t.Helper()
	w.await(t, "the reminder is armed", func() bool {
		var rule struct{ State string }
		if err := w.p.Call(t.Context(), http.MethodGet, "/v1/insured/"+w.id+"/reminder", nil, &rule); err != nil {
			t.Fatal(err)
		}
		return rule.State == "armed"
	})
}

// fall lets the balance fall below the line.
func (w *watcher) fall(t *testing.T) {
	t.Helper()
	w.setBalance(t, w.person, below)
	w.pass(untilChecked)
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
	return fresh[0]
}

// awaitDelivery waits until the delivery of the last fall is in the state, for the reason.
func (w *watcher) awaitDelivery(t *testing.T, state, reason string) {
	t.Helper()
	var d delivery
	defer func() {
		if t.Failed() {
			t.Logf("the delivery is %+v", d)
		}
	}()
	w.await(t, "the delivery is "+state+" "+reason, func() bool {
		d = w.latest(t)
		if d.State != state && slices.Contains([]string{"accepted", "refused", "unknown", "dropped"}, d.State) {
			t.Fatalf("the delivery ended as %s %s, want %s %s", d.State, d.Reason, state, reason)
		}
		return d.State == state && d.Reason == reason
	})
}

// told ends a fall: what comes next is another one.
func (w *watcher) told(t *testing.T) {
	t.Helper()
	w.seen[w.latest(t).ID] = true
}

// free is the quota as the API shows it.
func (w *watcher) free(t *testing.T) int {
	t.Helper()
	var list struct{ Templates []struct{ Free int } }
	if err := w.p.Call(t.Context(), http.MethodGet, "/v1/templates", nil, &list); err != nil {
		t.Fatal(err)
	}
	return list.Templates[0].Free
}

// awaitFree waits for the quota, which is settled a moment after the delivery.
func (w *watcher) awaitFree(t *testing.T, want int) {
	t.Helper()
	w.await(t, fmt.Sprint("the quota is ", want), func() bool { return w.free(t) == want })
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

// suffer falls under a fault that was ordered once and checks what becomes of the message.
func (w *watcher) suffer(t *testing.T, want fate) {
	t.Helper()
	before := w.messages()
	w.fall(t)
	if want.tried {
		w.awaitDelivery(t, "pending", "platform_busy")
		w.awaitFree(t, 1)
		if n := w.messages() - before; n != 0 {
			t.Errorf("%d messages arrived of one that was put off", n)
		}
		w.pass(untilRetried)
	}
	w.awaitDelivery(t, want.state, want.reason)
	w.awaitFree(t, want.free)
	w.told(t)
	if n := w.messages() - before; n != want.messages {
		t.Errorf("%d messages, want %d", n, want.messages)
	}
	if left := w.faults(t).Pending; len(left) != 0 {
		t.Errorf("the fault was not met: %s", left)
	}
}

// recovers wants the next fall, with nothing wrong, to be told exactly once.
func (w *watcher) recovers(t *testing.T) {
	t.Helper()
	before := w.messages()
	if w.free(t) == 0 {
		w.grant(t)
	}
	w.rise(t)
	w.fall(t)
	w.awaitDelivery(t, "accepted", "")
	w.awaitFree(t, 0)
	w.told(t)
	if n := w.messages() - before; n != 1 {
		t.Errorf("%d messages of the next fall", n)
	}
}

// sendWhile lets the balance fall once under every fault of the target. prepare gives the user what the fall needs.
func sendWhile(t *testing.T, platform, target string, table map[string]fate, prepare func(w *watcher, fault string)) {
	t.Parallel()
	s := openStage(t)
	w := s.watcher(t, platform, "citizen", s.withAccount()[0])
	each(t, s, target, table, func(fault string, want fate) {
		prepare(w, fault)
		w.rise(t)
		s.misbehave(t, target, fault, 1)
		w.suffer(t, want)
		w.recovers(t)
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
