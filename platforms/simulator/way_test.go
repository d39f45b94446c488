package simulator

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Each fault of the way between: what the caller sees, and whether the message was accepted all the same.
func TestFaultsOfTheWay(t *testing.T) {
	t.Parallel()
	page := func(status int) func(int, []byte, error) bool {
		return func(got int, body []byte, err error) bool {
			return err == nil && got == status && strings.HasPrefix(string(body), "<html>")
		}
	}
	plain := func(status int) func(int, []byte, error) bool {
		return func(got int, body []byte, err error) bool {
			return err == nil && got == status && !strings.HasPrefix(string(body), "{")
		}
	}
	failed := func(_ int, _ []byte, err error) bool { return err != nil }
	good := func(_ int, body []byte, err error) bool { return err == nil && strings.Contains(string(body), `"OK"`) }
	tests := map[string]struct {
		seen     func(int, []byte, error) bool
		accepted bool
	}{
		"http_500": {plain(500), false}, "http_503": {plain(503), false}, "http_504": {page(504), false},
		"html_502": {page(502), false}, "html": {page(200), false},
		"empty": {func(status int, body []byte, err error) bool { return err == nil && status == 200 && len(body) == 0 }, false},
		"huge": {func(_ int, body []byte, err error) bool {
			return err == nil && len(body) > 32<<20 && object(t, body) != nil
		}, false},
		"hang": {failed, false}, "cut_before": {failed, false},
		"hang_after": {failed, true}, "cut_after": {failed, true}, "cut_body": {failed, true},
		"html_after": {page(502), true}, "slow": {good, true},
	}
	for name := range everywhere {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test, there := tests[name]
			if !there {
				t.Fatal("no test")
			}
			r := newRig(t, "")
			r.control("POST", "faults", `{"target":"sms.send","fault":"`+name+`","ms":1}`)
			ctx, giveUp := context.WithCancel(t.Context())
			defer giveUp()
			if strings.HasPrefix(name, "hang") {
				go r.whenHanging(test.accepted, giveUp)
			}
			status, body, err := r.do(r.smsRequest(smsBody("19900000001", "request-1")).WithContext(ctx))
			if !test.seen(status, body, err) {
				t.Errorf("seen: %d %.100s %v", status, body, err)
			}
			if got := len(r.world.Inbox(InboxQuery{})) == 1; got != test.accepted {
				t.Errorf("accepted %t", got)
			}
			if answer := r.smsSend(smsBody("19900000001", "request-2")); answer["code"] != "OK" {
				t.Errorf("the fault stays: %v", answer)
			}
		})
	}
}

// whenHanging calls back once a request has met its fault, and has been accepted where that is what hangs.
func (r *rig) whenHanging(accepted bool, then func()) {
	defer then()
	if accepted {
		r.world.await(InboxQuery{Kind: smsKind}, 10*time.Second)
		return
	}
	for range 10_000 {
		if len(r.world.faults.pending()) == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestFaultsAreCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	code := func(id string) any {
		status, body, err := r.do(r.smsRequest(smsBody("19900000001", id)))
		if err != nil || status != 200 {
			return status
		}
		return object(t, body)["code"]
	}
	r.control("POST", "faults", `{"target":"sms.send","fault":"RATE_LIMITED","times":2}`)
	r.control("POST", "faults", `{"target":"sms.send","fault":"http_500","times":-1}`)
	for i, want := range []any{"RATE_LIMITED", "RATE_LIMITED", 500, 500, 500} {
		if got := code("request-" + string(rune('a'+i))); got != want {
			t.Errorf("request %d: %v, want %v", i, got, want)
		}
	}
	r.control("DELETE", "faults?target=wechat.send", "")
	if got := code("request-x"); got != 500 {
		t.Errorf("another target was cleared: %v", got)
	}
	r.control("DELETE", "faults", "")
	if got := code("request-y"); got != "OK" {
		t.Errorf("after clearing: %v", got)
	}
	for _, bad := range []string{`{"target":"sms.send","fault":"43101"}`, `{"target":"x","fault":"hang"}`, `{"target":"sms.send"}`, `{`, `{"x":1}`} {
		if status, _, _ := r.do(r.request("POST", "/control/faults", "application/json", bad)); status != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, status)
		}
	}
}

func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	status, _, err := r.do(r.request("POST", "/sms/send", "application/json", strings.Repeat("x", maxRequest+1)))
	if err == nil && status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", status)
	}
}

func TestClosingFreesWhatHangs(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.fault(targetSMS, "hang_after")
	done := make(chan error)
	request := r.smsRequest(smsBody("19900000001", "request-1"))
	go func() {
		_, _, err := r.do(request)
		done <- err
	}()
	r.world.await(InboxQuery{Kind: smsKind}, 10*time.Second)
	if err := r.world.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("an answer came")
	}
}
