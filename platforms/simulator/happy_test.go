package simulator

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestWeChatSignInAndMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open := r.wxUser("demo1")
	if open != OpenID(wechatPlatform, wxApp, "demo1") || r.wxUser("demo1") != open {
		t.Fatal("the open id of a user is not always the same")
	}
	r.grant("wechat", "demo1", wxOnce, 1)
	token := r.wxToken()
	answer := r.wxSend(token, wxMessage(open, wxOnce))
	if answer["errcode"] != 0.0 || answer["msgid"] == nil {
		t.Fatalf("not accepted: %v", answer)
	}
	if answer = r.wxSend(token, wxMessage(open, wxOnce)); answer["errcode"] != 43101.0 {
		t.Fatalf("a one-time quota allowed two: %v", answer)
	}
	inbox := r.world.Inbox(InboxQuery{User: "demo1", Kind: "wechat"})
	if len(inbox) != 1 || inbox[0].Text != "余额提醒\n事项：余额低于提醒线\namount2：¥123.45\ntime3：2026-11-21 20:00" {
		t.Fatalf("inbox: %+v", inbox)
	}
}

func TestLongTermTemplateIsNotUsedUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open := r.wxUser("demo1")
	token := r.wxToken()
	if answer := r.wxSend(token, wxMessage(open, wxLong)); answer["errcode"] != 43101.0 {
		t.Fatalf("sent without subscription: %v", answer)
	}
	r.grant("wechat", "demo1", wxLong, 1)
	for range 3 {
		if answer := r.wxSend(token, wxMessage(open, wxLong)); answer["errcode"] != 0.0 {
			t.Fatalf("not accepted: %v", answer)
		}
	}
}

func TestAlipaySignInAndMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open := r.aliUser("demo2")
	if answer := r.aliSend(aliMessage(open)); answer.code() != "40004" || answer.sub() != notSubscribed || !answer.verified {
		t.Fatalf("sent without subscription: %s", answer.body)
	}
	r.grant("alipay", "demo2", aliOnce, 1)
	if answer := r.aliSend(aliMessage(open)); answer.code() != "10000" || !answer.verified {
		t.Fatalf("not accepted: %s", answer.body)
	}
	if answer := r.aliSend(aliMessage(open)); answer.sub() != notSubscribed {
		t.Fatalf("a one-time quota allowed two: %s", answer.body)
	}
	inbox := r.world.Inbox(InboxQuery{User: "demo2"})
	if len(inbox) != 1 || !strings.HasPrefix(inbox[0].Text, "余额提醒\n事项：余额 a/b <&>") {
		t.Fatalf("inbox: %+v", inbox)
	}
}

func TestSMSReachesThePhone(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	p := r.person(RegionA, "employee")
	if answer := r.smsSend(smsBody(p.Phone, "request-1")); answer["code"] != "OK" || answer["message_id"] == "" {
		t.Fatalf("not accepted: %v", answer)
	}
	if code := r.control("GET", "sms/latest?phone="+p.Phone, ""); code != "123456" {
		t.Errorf("by phone: %q", code)
	}
	if code := r.control("GET", "sms/latest?id="+p.IDNumber, ""); code != "123456" {
		t.Errorf("by ID number: %q", code)
	}
}

// TestCodesOfTwoAttemptsAtOnce: each attempt's code is told, though both went to one phone.
func TestCodesOfTwoAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	p := r.person(RegionA, "employee")
	for _, m := range []struct{ request, code string }{{"aONE-1", "111111"}, {"aTWO-1", "222222"}, {"aONE-2", "333333"}, {"aONE2-1", "444444"}} {
		if answer := r.smsSend(strings.Replace(smsBody(p.Phone, m.request), "123456", m.code, 1)); answer["code"] != "OK" {
			t.Fatalf("not accepted: %v", answer)
		}
	}
	for attempt, want := range map[string]string{"aONE": "333333", "aTWO": "222222", "aONE2": "444444"} {
		if code := r.control("GET", "sms/latest?attempt="+attempt, ""); code != want {
			t.Errorf("%s: %q", attempt, code)
		}
	}
	var inbox []Message
	if err := json.Unmarshal([]byte(r.control("GET", "inbox?attempt=aONE", "")), &inbox); err != nil || len(inbox) != 2 {
		t.Errorf("inbox of an attempt: %+v, %v", inbox, err)
	}
}

func TestInsurersKnowTheirPeople(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	a, b := r.person(RegionA, "employee"), r.person(RegionB, "employee")
	answer := r.ask(RegionA, insurerBody(infnoPerson, a))
	if answer["infcode"] != 0.0 {
		t.Fatalf("region A: %v", answer)
	}
	base := answer["output"].(map[string]any)["baseinfo"].(map[string]any)
	if base["psn_name"] != a.Name || base["exp_content"] != `{"local_phone":"`+a.Phone+`"}` {
		t.Errorf("region A: %v", base)
	}
	answer = r.ask(RegionB, insurerBody(infnoPerson, b))
	if answer["infcode"] != "1" {
		t.Fatalf("region B: %v", answer)
	}
	output := answer["output"].([]any)[0].(map[string]any)
	row := output["insuinfo"].([]any)[0].(map[string]any)
	if _, text := row["balc"].(string); !text || row["insutype"] != "310" {
		t.Errorf("region B: %v", row)
	}
	local := insurerBody(infnoPhone, a)
	answer = r.ask(RegionA, local)
	if info := answer["output"].(map[string]any)["phoneinfo"].(map[string]any); info["mobile"] != a.Phone {
		t.Errorf("L101: %v", info)
	}
}

// A second handler before the same world lives by another clock: the past that the sandbox fills in.
func TestTwoClocksBeforeOneWorld(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	options := testOptions(t)
	past := time.Date(2026, 5, 25, 9, 0, 0, 0, time.UTC)
	options.Now = func() time.Time { return past }
	server := httptest.NewServer(Handler(r.world, options))
	t.Cleanup(server.Close)
	then := &rig{t: t, world: r.world, url: server.URL, http: r.http}

	p := r.person(RegionA, "employee")
	r.control("POST", "balance", `{"id_number":"`+p.IDNumber+`","yuan":"1.00"}`)
	if row := firstRow(t, r.ask(RegionA, insurerBody(infnoPerson, p))); row["balc"] != 1.0 {
		t.Errorf("now: %v", row)
	}
	answer := then.ask(RegionA, insurerBody(infnoPerson, p))
	if row := firstRow(t, answer); row["balc"] == 1.0 {
		t.Errorf("then: %v", row)
	}
	if stamp, _ := answer["respond_time"].(string); !strings.HasPrefix(stamp, "20260525170000") {
		t.Errorf("the answer is stamped %q, not with the books' clock in Beijing", stamp)
	}
	then.smsSend(smsBody(p.Phone, "request-1"))
	if list := r.world.Inbox(InboxQuery{Phone: p.Phone}); len(list) != 1 || !list[0].At.Equal(past) {
		t.Errorf("inbox: %+v", list)
	}
}
