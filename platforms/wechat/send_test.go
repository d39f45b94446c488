package wechat_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"yibao/platforms/wechat"
	"yibao/reminder"
)

func TestSend(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, out := newClient(t, f)
	got := client.Send(t.Context(), to(), "low", message())
	want := reminder.Outcome{Kind: reminder.OutcomeAccepted, MessageID: "1234567890123456789", Code: "0"}
	if got != want {
		t.Fatalf("%+v", got)
	}
	body := map[string]any{
		"touser": openID, "template_id": "TPL_low-1", "page": "pages/balance/index?from=push",
		"miniprogram_state": "trial", "lang": "zh_CN",
		"data": map[string]any{
			"thing1":  map[string]any{"value": "职工基本医疗保险"},
			"thing2":  map[string]any{"value": "当前余额 ¥86.50"},
			"amount3": map[string]any{"value": "¥100.00"},
			"time4":   map[string]any{"value": "2026年11月21日 01:05"},
		},
	}
	if !reflect.DeepEqual(f.bodies[0], body) {
		t.Fatalf("body %v", f.bodies[0])
	}
	out.mustNotHold(t, openID, "TOKEN-1")
}

func TestSendOutcomePerErrcode(t *testing.T) {
	t.Parallel()
	type row struct {
		kind   reminder.OutcomeKind
		reason reminder.Reason
		after  time.Duration
		alarm  bool
	}
	for errcode, want := range map[int]row{
		0:     {reminder.OutcomeAccepted, "", 0, false},
		-1:    {reminder.OutcomeRetry, reminder.ReasonBusy, 30 * time.Second, false},
		40001: {reminder.OutcomeRetry, reminder.ReasonMisconfigured, time.Minute, true},
		40014: {reminder.OutcomeRetry, reminder.ReasonMisconfigured, time.Minute, true},
		42001: {reminder.OutcomeRetry, reminder.ReasonMisconfigured, time.Minute, true},
		40003: {reminder.OutcomePermanent, reminder.ReasonBadRecipient, 0, false},
		40037: {reminder.OutcomePermanent, reminder.ReasonBadTemplate, 0, true},
		41030: {reminder.OutcomePermanent, reminder.ReasonBadTemplate, 0, true},
		43101: {reminder.OutcomePermanent, reminder.ReasonNotSubscribed, 0, false},
		43107: {reminder.OutcomePermanent, reminder.ReasonBadTemplate, 0, true},
		43108: {reminder.OutcomeRetry, reminder.ReasonBusy, 5 * time.Second, false},
		45009: {reminder.OutcomeRetry, reminder.ReasonBusy, 10 * time.Minute, true},
		45168: {reminder.OutcomePermanent, reminder.ReasonBadText, 0, true},
		47003: {reminder.OutcomePermanent, reminder.ReasonBadText, 0, true},
		99999: {reminder.OutcomeRetry, reminder.ReasonMisconfigured, 10 * time.Minute, true}, // unlisted
	} {
		for _, form := range []string{`{"errcode":%d,"errmsg":"e %s"}`, `{"errcode":"%d","errmsg":"e %s","msgid":"7"}`} {
			t.Run(fmt.Sprint(errcode, form[:12]), func(t *testing.T) {
				t.Parallel()
				f := newFake(t)
				answer := fmt.Sprintf(form, errcode, openID)
				f.sendSays = []string{answer, answer, answer, answer}
				client, out := newClient(t, f)
				got := client.Send(t.Context(), to(), "low", message())
				alarm := strings.Contains(out.text.String(), "level=ERROR")
				if (row{got.Kind, got.Reason, got.RetryAfter, alarm}) != want || got.Code != strconv.Itoa(errcode) {
					t.Fatalf("%+v", got)
				}
				if errcode != 0 && got.MessageID != "" {
					t.Fatal("a message id of nothing accepted")
				}
				out.mustNotHold(t, openID)
			})
		}
	}
}

func TestSendUnreadableAnswersAreUnknown(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		``, ` `, `{}`, `null`, `[]`, `"ok"`, `<html>502</html>`, `{"errcode":0`, `{"errcode":{}}`, `{"errcode":1.5}`,
		`{"errcode":"x"}`, `{"errcode":null}`, `{"errcode":99999999999999999999}`, `{"errcode":0}{}`, `{"errcode":true}`,
	} {
		f := newFake(t)
		f.sendSays = []string{answer}
		client, _ := newClient(t, f)
		got := client.Send(t.Context(), to(), "low", message())
		if got.Kind != reminder.OutcomeUnknown || got.Reason != reminder.ReasonLostAnswer || f.counts().sends != 1 {
			t.Errorf("%s: %+v after %d sends", answer, got, f.counts().sends)
		}
	}
	for _, answer := range []string{ // clear, though not all of it is JSON
		"{\"errcode\":0,\"errmsg\":\"ok\nrid: 1\",\"msgid\":42}", "\ufeff{\"errcode\":0,\"msgid\":\"42\"}", "{\"errcode\":0,\"msgid\":42}\x00\n",
		`{"errcode":0.0,"msgid":42}`, `{"errcode":"0.0","msgid":42.0}`,
	} {
		f := newFake(t)
		f.sendSays = []string{answer}
		client, _ := newClient(t, f)
		if got := client.Send(t.Context(), to(), "low", message()); got.Kind != reminder.OutcomeAccepted || got.MessageID != "42" {
			t.Errorf("%q: %+v", answer, got)
		}
	}
	f := newFake(t)
	f.sendSays = []string{`{"msgid":"42","more":1}`} // errcode may be absent on success
	client, _ := newClient(t, f)
	if got := client.Send(t.Context(), to(), "low", message()); got.Kind != reminder.OutcomeAccepted || got.MessageID != "42" {
		t.Errorf("no errcode: %+v", got)
	}
}

// onSend lets the fake hand out a token and then answer sends as told.
func onSend(f *fake, h http.HandlerFunc) *fake {
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/subscribe/send") {
			return false
		}
		h(w, r)
		return true
	}
	return f
}

func TestSendLostAnswers(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"cut":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"slow body": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"errcode":`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"huge":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat(" ", 2<<20)) },
		"status":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusTemporaryRedirect) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			client, out := newClient(t, f, func(c *wechat.Config, _ *wechat.Options) { c.Timeout = 400 * time.Millisecond })
			if err := client.Probe(t.Context(), "main"); err != nil {
				t.Fatal(err)
			}
			f.with(func(f *fake) { onSend(f, h) })
			got := client.Send(t.Context(), to(), "low", message())
			if got.Kind != reminder.OutcomeUnknown || got.Reason != reminder.ReasonLostAnswer {
				t.Fatalf("%+v", got)
			}
			out.mustNotHold(t, "TOKEN-1", openID, "access_token")
		})
	}
}

func TestSendThatNeverLeftIsRetried(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	client, out := newClient(t, &fake{url: closed.URL})
	got := client.Send(t.Context(), to(), "low", message())
	if got.Kind != reminder.OutcomeRetry || got.Reason != reminder.ReasonBusy || got.RetryAfter <= 0 {
		t.Fatalf("refused connection: %+v", got)
	}
	out.mustNotHold(t, secret)

	f := newFake(t)
	client, _ = newClient(t, f)
	if err := client.Probe(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := client.Send(ctx, to(), "low", message()); got.Kind != reminder.OutcomeRetry || f.counts().sends != 0 {
		t.Fatalf("canceled before: %+v", got)
	}
}

func TestSendRefusesLocally(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f)
	bad := message()
	bad.Insurance = "一\n二"
	huge := message()
	huge.Threshold = 1_000_000_000_000_000
	for name, c := range map[string]struct {
		to       reminder.Recipient
		template string
		message  reminder.Message
		reason   reminder.Reason
	}{
		"app":       {reminder.Recipient{App: "x", OpenID: openID}, "low", message(), reminder.ReasonBadTemplate},
		"template":  {to(), "x", message(), reminder.ReasonBadTemplate},
		"recipient": {reminder.Recipient{App: "main", UserID: "2088"}, "low", message(), reminder.ReasonBadRecipient},
		"newline":   {to(), "low", bad, reminder.ReasonBadText},
		"amount":    {to(), "low", huge, reminder.ReasonBadText},
	} {
		got := client.Send(t.Context(), c.to, c.template, c.message)
		if got.Kind != reminder.OutcomePermanent || got.Reason != c.reason || !strings.HasPrefix(got.Code, "local/") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if n := f.counts(); n.sends != 0 || n.fetches != 0 {
		t.Fatalf("%+v left", n)
	}
}

func TestSendCutsLongThings(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f)
	m := message()
	m.Insurance = strings.Repeat("险", 30)
	if got := client.Send(t.Context(), to(), "low", m); got.Kind != reminder.OutcomeAccepted {
		t.Fatalf("%+v", got)
	}
	data := f.bodies[0]["data"].(map[string]any)["thing1"].(map[string]any)["value"].(string)
	if data != strings.Repeat("险", 19)+"…" {
		t.Fatalf("sent %q", data)
	}
}
