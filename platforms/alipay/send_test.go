package alipay_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yibao/platforms/alipay"
	"yibao/reminder"
)

func TestSend(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, out := newClient(t, f.url)
	got := client.Send(t.Context(), to(), "low", message())
	if want := (reminder.Outcome{Kind: reminder.OutcomeAccepted, Code: "10000"}); got != want {
		t.Fatalf("%+v", got)
	}
	biz := f.biz(t, 0)
	var data map[string]map[string]string
	text, _ := biz["data"].(string) // JSON within a string within JSON
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{
		"keyword1": {"value": "职工基本医疗保险"},
		"keyword2": {"value": "余额 ¥86.50，低于提醒线 ¥100.00"},
		"keyword3": {"value": "2026年11月21日 01:05"},
	}
	delete(biz, "data")
	if !reflect.DeepEqual(data, want) || !reflect.DeepEqual(biz, map[string]any{
		"to_open_id": openID, "user_template_id": "TPLlow1", "page": "pages/balance/index?from=push",
	}) {
		t.Fatalf("sent %v with %v", biz, data)
	}
	out.mustNotHold(t, openID)
}

func TestSendNamesTheRecipient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to       reminder.Recipient
		key, val string
	}{
		"open_id first": {reminder.Recipient{App: "main", OpenID: openID, UserID: userID}, "to_open_id", openID},
		"user_id":       {reminder.Recipient{App: "main", UserID: userID}, "to_user_id", userID},
	} {
		f := newFake(t)
		client, _ := newClient(t, f.url)
		client.Send(t.Context(), c.to, "low", message())
		biz := f.biz(t, 0)
		_, open := biz["to_open_id"]
		_, user := biz["to_user_id"]
		if biz[c.key] != c.val || open == user {
			t.Errorf("%s: %v", name, biz)
		}
	}
}

func TestSendOutcomePerCode(t *testing.T) {
	t.Parallel()
	type row struct {
		kind   reminder.OutcomeKind
		reason reminder.Reason
		alarm  bool
	}
	template := row{reminder.OutcomePermanent, reminder.ReasonBadTemplate, true}
	retry := row{reminder.OutcomeRetry, reminder.ReasonBusy, false}
	ours := row{reminder.OutcomeRetry, reminder.ReasonMisconfigured, true}
	mute := row{reminder.OutcomeUnknown, reminder.ReasonLostAnswer, false}
	for code, want := range map[string]row{
		"10000":                                  {reminder.OutcomeAccepted, "", false},
		"10003":                                  {reminder.OutcomeUnknown, reminder.ReasonLostAnswer, false},
		"20000/isp.unknow-error":                 mute,
		"20000":                                  mute,
		"20001/x":                                ours,
		"40001/isv.missing-x":                    ours,
		"40002/isv.invalid-parameter":            ours,
		"40002/isv.invalid-signature":            ours,
		"40002/isv.invalid-app-id":               ours,
		"40002/isv.invalid-timestamp":            ours,
		"40003/x":                                ours,
		"40004/USER_TEMPLATE_ILLEGAL":            template,
		"40004/USER_TEMPLATE_LACK_KEYWORD":       template,
		"40004/USER_KEYWORD_LENGTH_ERROR":        {reminder.OutcomePermanent, reminder.ReasonBadText, true},
		"40004/FORM_ID_OVER_TIME":                template,
		"40004/FORM_ID_NOT_MATCH_APPID":          template,
		"40004/TRADE_NO_NOT_MATCH_USERID":        {reminder.OutcomePermanent, reminder.ReasonBadRecipient, false},
		"40004/isp.busy":                         retry,
		"40004/isv.app-call-limited":             retry,
		"40005":                                  retry,
		"40006/isv.insufficient-isv-permissions": ours,
		"99999/whatever":                         ours,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			main, sub, _ := strings.Cut(code, "/")
			for _, node := range []string{"", "error_response"} {
				text := `{"code":"` + main + `","msg":"m ` + openID + `","sub_code":"` + sub + `"}`
				f := newFake(t)
				f.answer = f.body(func(own string) string {
					if node != "" {
						own = node
					}
					return `{"` + own + `":` + text + `,"sign":"` + signature(t, keys().alipay, text) + `"}`
				})
				client, out := newClient(t, f.url)
				got := client.Send(t.Context(), to(), "low", message())
				alarm := strings.Contains(out.text.String(), "level=ERROR")
				if (row{got.Kind, got.Reason, alarm}) != want || got.Code != code {
					t.Fatalf("%q: %+v", node, got)
				}
				if (got.Kind == reminder.OutcomeRetry) != (got.RetryAfter > 0) || len(f.requests()) != 1 {
					t.Fatalf("%+v after %d requests", got, len(f.requests()))
				}
				out.mustNotHold(t, openID)
			}
		})
	}
}

func TestSendBelievesNothingUnsigned(t *testing.T) {
	t.Parallel()
	for name, body := range unbelievable(t, good) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.answer = f.body(body)
			client, out := newClient(t, f.url)
			got := client.Send(t.Context(), to(), "low", message())
			if got.Kind != reminder.OutcomeUnknown || got.Reason != reminder.ReasonLostAnswer || len(f.requests()) != 1 {
				t.Fatalf("%+v after %d requests", got, len(f.requests()))
			}
			out.mustAlarm(t, name)
			out.mustNotHold(t, openID)
		})
	}
}

// TestUnknownAppIsRefusedUnsigned: the gateway cannot sign for an app that it does not know, and says so as text/html in
// the method's own node. Other unsigned refusals stay unknown, also the platform's trouble.
func TestUnknownAppIsRefusedUnsigned(t *testing.T) {
	t.Parallel()
	for sub, want := range map[string]reminder.Outcome{
		"isv.invalid-app-id": {Kind: reminder.OutcomeRetry, Reason: reminder.ReasonMisconfigured},
		"isp.unknow-error":   {Kind: reminder.OutcomeUnknown, Reason: reminder.ReasonLostAnswer},
	} {
		f := newFake(t)
		f.answer = f.body(func(own string) string {
			return `{"` + own + `":{"code":"40002","msg":"Invalid Arguments","sub_code":"` + sub + `"}}`
		})
		client, out := newClient(t, f.url)
		got := client.Send(t.Context(), to(), "low", message())
		if got.Kind != want.Kind || got.Reason != want.Reason || got.Code != "unsigned/40002/"+sub {
			t.Errorf("%+v", got)
		}
		if alarm := strings.Contains(out.text.String(), "alipay_app_id_refused"); alarm != (sub == "isv.invalid-app-id") {
			t.Error(sub, out.text.String())
		}
	}
}

func TestUnsignedCodesAreNotWordsForTheLog(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer = f.body(func(string) string {
		return `{"error_response":{"code":"40002 code=abc","sub_code":"` + strings.Repeat("x", 99) + `"}}`
	})
	client, _ := newClient(t, f.url)
	if got := client.Send(t.Context(), to(), "low", message()); got.Code != "unsigned/?/?" {
		t.Fatalf("%+v", got)
	}
}

// The sub code of "not subscribed" is in no source, so an unknown one is asked after.
func TestSendAsksWhyItWasRefused(t *testing.T) {
	t.Parallel()
	const refusal = `{"code":"40004","sub_code":"SOMETHING_NEW"}`
	relation := func(template, state string) string {
		return `{"code":"10000","subscribe_relations":[{"template_id":"` + template + `","subscribe_state":` + state + `}]}`
	}
	unsubscribed := reminder.Outcome{Kind: reminder.OutcomePermanent, Reason: reminder.ReasonNotSubscribed, Code: "40004/SOMETHING_NEW"}
	badTemplate := unsubscribed
	badTemplate.Reason = reminder.ReasonBadTemplate
	again := reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, Code: "40004/SOMETHING_NEW", RetryAfter: 5 * time.Minute}
	for answer, want := range map[string]reminder.Outcome{
		`{"code":"10000"}`:                            unsubscribed, // never subscribed: no list
		`{"code":"10000","subscribe_relations":[]}`:   unsubscribed,
		`{"code":"10000","subscribe_relations":null}`: unsubscribed,
		relation("TPLother", `"true"`):                unsubscribed,
		relation("TPLlow1", `false`):                  unsubscribed,
		relation("TPLlow1", `"UNSUBSCRIBE"`):          unsubscribed,
		relation("TPLlow1", `true`):                   badTemplate,
		relation("TPLlow1", `"SUBSCRIBE"`):            badTemplate,
		`{"code":"20000"}`:                            again,
		`{"code":"10000","subscribe_relations":{}}`:   again,
	} {
		f := newFake(t)
		f.answer = func(w http.ResponseWriter, r *http.Request, method, node string) {
			if method == "alipay.open.app.mini.templatemessage.send" {
				f.signed(refusal)(w, r, method, node)
				return
			}
			f.signed(answer)(w, r, method, node)
		}
		client, _ := newClient(t, f.url)
		if got := client.Send(t.Context(), to(), "low", message()); got != want {
			t.Errorf("%s: %+v", answer, got)
		}
		if biz := f.biz(t, 1); biz["open_id"] != openID || !reflect.DeepEqual(biz["template_id_list"], []any{"TPLlow1"}) {
			t.Errorf("asked %v", biz)
		}
	}

	f := newFake(t)
	f.answer = func(w http.ResponseWriter, r *http.Request, method, node string) {
		if method == "alipay.open.app.mini.templatemessage.send" {
			f.signed(refusal)(w, r, method, node)
			return
		}
		_, _ = io.WriteString(w, `{"`+node+`":{"code":"10000"}}`) // unsigned
	}
	client, _ := newClient(t, f.url)
	if got := client.Send(t.Context(), to(), "low", message()); got != again {
		t.Errorf("unsigned: %+v", got)
	}
}

func TestSendLostAnswers(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"cut":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"slow body": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"alipay_`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"html 502": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "<html>")
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.answer = func(w http.ResponseWriter, r *http.Request, _, _ string) { h(w, r) }
			client, _ := newClient(t, f.url, func(c *alipay.Config) { c.Timeout = 300 * time.Millisecond })
			got := client.Send(t.Context(), to(), "low", message())
			if got.Kind != reminder.OutcomeUnknown || got.Reason != reminder.ReasonLostAnswer || len(f.requests()) != 1 {
				t.Fatalf("%+v", got)
			}
		})
	}
}

func TestSendThatNeverLeftIsRetried(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	client, _ := newClient(t, closed.URL)
	got := client.Send(t.Context(), to(), "low", message())
	if got.Kind != reminder.OutcomeRetry || got.Reason != reminder.ReasonBusy || got.Code != "http/refused" || got.RetryAfter <= 0 {
		t.Fatalf("%+v", got)
	}
}

func TestSendRefusesLocally(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f.url)
	long, control := message(), message()
	long.Insurance = strings.Repeat("险", 51)
	control.Insurance = "一\n二"
	for name, c := range map[string]struct {
		to       reminder.Recipient
		template string
		message  reminder.Message
		reason   reminder.Reason
	}{
		"app":       {reminder.Recipient{App: "x", OpenID: openID}, "low", message(), reminder.ReasonBadTemplate},
		"template":  {to(), "x", message(), reminder.ReasonBadTemplate},
		"recipient": {reminder.Recipient{App: "main"}, "low", message(), reminder.ReasonBadRecipient},
		"long":      {to(), "low", long, reminder.ReasonBadText},
		"control":   {to(), "low", control, reminder.ReasonBadText},
	} {
		got := client.Send(t.Context(), c.to, c.template, c.message)
		if got.Kind != reminder.OutcomePermanent || got.Reason != c.reason || !strings.HasPrefix(got.Code, "local/") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if len(f.requests()) != 0 {
		t.Error("a request left")
	}
}

func TestParallelSends(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f.url)
	var wg sync.WaitGroup
	var accepted atomic.Int32
	for range 30 {
		wg.Go(func() {
			if client.Send(t.Context(), to(), "low", message()).Kind == reminder.OutcomeAccepted {
				accepted.Add(1)
			}
		})
	}
	wg.Wait()
	if accepted.Load() != 30 || len(f.requests()) != 30 {
		t.Fatalf("%d accepted of %d", accepted.Load(), len(f.requests()))
	}
}
