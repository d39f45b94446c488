package simulator

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestSMSRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	const phone = "19900000001"
	good := smsBody(phone, "request-1")
	tests := map[string]struct {
		body   string
		change func(*http.Request)
		want   string
	}{
		"key":            {good, func(q *http.Request) { q.Header.Set("X-App-Key", "x") }, "APP_KEY_UNKNOWN"},
		"signature":      {good, func(q *http.Request) { q.Header.Set("X-Signature", strings.Repeat("0", 64)) }, "SIGNATURE_INVALID"},
		"nonce changed":  {good, func(q *http.Request) { q.Header.Set("X-Nonce", "another-nonce") }, "SIGNATURE_INVALID"},
		"old":            {good, func(q *http.Request) { smsSign(q, good, "nonce-old", time.Now().Add(-6*time.Minute)) }, "TIMESTAMP_INVALID"},
		"early":          {good, func(q *http.Request) { smsSign(q, good, "nonce-early", time.Now().Add(6*time.Minute)) }, "TIMESTAMP_INVALID"},
		"short nonce":    {good, func(q *http.Request) { smsSign(q, good, "n", time.Now()) }, "NONCE_REUSED"},
		"media type":     {good, func(q *http.Request) { q.Header.Set("Content-Type", "text/plain") }, "PARAMS_INVALID"},
		"not JSON":       {"{", nil, "PARAMS_INVALID"},
		"unknown field":  {`{"x":1,` + good[1:], nil, "PARAMS_INVALID"},
		"phone":          {smsBody("12345678901", "request-1"), nil, "PHONE_INVALID"},
		"signature text": {strings.Replace(good, "测试", "别的", 1), nil, "TEMPLATE_INVALID"},
		"template":       {strings.Replace(good, "sms-code", "x", 1), nil, "TEMPLATE_INVALID"},
		"code":           {strings.Replace(good, "123456", "12345x", 1), nil, "PARAMS_INVALID"},
		"minutes":        {strings.Replace(good, `"5"`, `"0"`, 1), nil, "PARAMS_INVALID"},
		"more params":    {strings.Replace(good, `"minutes"`, `"x":"y","minutes"`, 1), nil, "PARAMS_INVALID"},
		"no request id":  {smsBody(phone, ""), nil, "PARAMS_INVALID"},
		"odd request id": {smsBody(phone, "a b"), nil, "PARAMS_INVALID"},
	}
	for name, test := range tests {
		request := r.smsRequest(test.body)
		if test.change != nil {
			test.change(request)
		}
		status, body, err := r.do(request)
		if err != nil || status == http.StatusOK || object(t, body)["code"] != test.want {
			t.Errorf("%s: %d %s %v", name, status, body, err)
		}
	}
	if len(r.world.Inbox(InboxQuery{})) != 0 {
		t.Error("a refused message arrived")
	}
	if answer := r.smsSend(good); answer["code"] != "OK" {
		t.Errorf("good: %v", answer)
	}
	if answer := r.smsSend(good); answer["code"] != "REQUEST_REPEATED" {
		t.Errorf("repeated request: %v", answer)
	}
	if status, _, _ := r.do(r.request("GET", "/sms/send", "", "")); status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", status)
	}
}

func TestSMSNonceIsGoodOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	for i, want := range []string{"OK", "NONCE_REUSED"} {
		body := smsBody("19900000001", "request-"+strings.ReplaceAll(want, "_", "-"))
		request := r.smsRequest(body)
		smsSign(request, body, "nonce-twice", time.Now())
		if _, answer, _ := r.do(request); object(t, answer)["code"] != want {
			t.Errorf("try %d: %s", i, answer)
		}
	}
}

func TestSMSFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	for name := range smsShapes {
		r.fault(targetSMS, name)
		answer := r.smsSend(smsBody("19900000001", "request-"+strings.ReplaceAll(name, "_", "-")))
		if name == "no_message_id" {
			if answer["code"] != "OK" || answer["message_id"] != nil {
				t.Errorf("%s: %v", name, answer)
			}
			continue
		}
		if answer["code"] != name {
			t.Errorf("%s: %v", name, answer)
		}
	}
	if n := len(r.world.Inbox(InboxQuery{})); n != 1 {
		t.Errorf("%d messages arrived", n)
	}
}
