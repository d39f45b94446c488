package wechat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"yibao/balance"
	"yibao/platforms/internal/miniprogram"
	"yibao/platforms/wechat"
	"yibao/reminder"
)

const (
	appID   = "wx0123456789abcdef"
	secret  = "S3cr3tOfTheApp0123456789"
	openID  = "oTESTopenid_0123456789"
	session = "c2Vzc2lvbi1rZXk="
)

// fake is a WeChat that checks our requests strictly and answers as told.
type fake struct {
	t   *testing.T
	url string

	mu       sync.Mutex
	fetches  int
	sends    int
	signIns  int
	tokens   []string // accepted now; the last is handed out
	expires  string
	sendSays []string // bodies of the next answers; then accepted
	signSays []string
	tokenSay string
	bodies   []map[string]any
	before   func(w http.ResponseWriter, r *http.Request) bool // true: answered already
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t, tokens: []string{"TOKEN-1"}, expires: "7200"}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL + "/wechat"
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	before := f.before
	f.mu.Unlock()
	if before != nil && before(w, r) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "GET /wechat/sns/jscode2session":
		f.signIn(w, r)
	case "POST /wechat/cgi-bin/stable_token":
		f.token(w, body)
	case "POST /wechat/cgi-bin/message/subscribe/send":
		f.send(w, r, body)
	default:
		f.t.Errorf("unexpected request %s %s", r.Method, r.URL.Path)
	}
}

func next(says *[]string, usual string) string {
	if len(*says) == 0 {
		return usual
	}
	said := (*says)[0]
	*says = (*says)[1:]
	return said
}

func (f *fake) signIn(w io.Writer, r *http.Request) {
	f.signIns++
	q := r.URL.Query()
	if len(q) != 4 || q.Get("appid") != appID || q.Get("secret") != secret || q.Get("grant_type") != "authorization_code" ||
		q.Get("js_code") == "" {
		f.t.Errorf("sign-in query is wrong: %d parameters", len(q))
	}
	_, _ = io.WriteString(w, next(&f.signSays,
		`{"openid":"`+openID+`","session_key":"`+session+`","unionid":"uTEST","unknown":{"x":[1]}}`))
}

func (f *fake) token(w io.Writer, body []byte) {
	f.fetches++
	var got map[string]any
	if json.Unmarshal(body, &got) != nil || len(got) != 4 || got["grant_type"] != "client_credential" ||
		got["appid"] != appID || got["secret"] != secret || got["force_refresh"] != false {
		f.t.Errorf("token request is wrong")
	}
	if f.tokenSay != "" {
		_, _ = io.WriteString(w, f.tokenSay)
		return
	}
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"expires_in":%s}`, f.tokens[len(f.tokens)-1], f.expires)
}

func (f *fake) send(w io.Writer, r *http.Request, body []byte) {
	f.sends++
	var got map[string]any
	if json.Unmarshal(body, &got) != nil || r.Header.Get("Content-Type") != "application/json;charset=utf-8" {
		f.t.Errorf("send body is no JSON")
	}
	for _, key := range []string{"touser", "template_id", "page", "data", "miniprogram_state", "lang"} {
		if text, isText := got[key].(string); got[key] == nil || (isText && text == "") {
			f.t.Errorf("send lacks %s", key)
		}
	}
	f.bodies = append(f.bodies, got)
	for _, good := range f.tokens {
		if r.URL.Query().Get("access_token") == good && len(r.URL.Query()) == 1 {
			_, _ = io.WriteString(w, next(&f.sendSays, `{"errcode":0,"errmsg":"ok","msgid":1234567890123456789}`))
			return
		}
	}
	_, _ = io.WriteString(w, `{"errcode":40001,"errmsg":"invalid credential, access_token is invalid or not latest"}`)
}

// with changes the fake between calls.
func (f *fake) with(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

type counts struct{ fetches, sends, signIns int }

func (f *fake) counts() counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return counts{f.fetches, f.sends, f.signIns}
}

func lowBalance() wechat.Template {
	return wechat.Template{TemplateID: "TPL_low-1", Kind: reminder.OneTime, Lang: "zh_CN", Page: "pages/balance/index?from=push", Fields: map[string]string{
		"thing1":  "{insurance}",
		"thing2":  "当前余额 {balance}",
		"amount3": "{threshold}",
		"time4":   "{as_of}",
	}}
}

// logged collects what the client logs, to search it for secrets.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) mustNotHold(t *testing.T, words ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range words {
		if strings.Contains(l.text.String(), w) {
			t.Errorf("the log holds %q", w)
		}
	}
}

type option func(*wechat.Config, *wechat.Options)

func newClient(t *testing.T, f *fake, options ...option) (*wechat.Client, *logged) {
	t.Helper()
	out := &logged{}
	c := wechat.Config{
		BaseURL: f.url,
		Timeout: 5 * time.Second,
		Apps: map[string]wechat.App{"main": {
			App: miniprogram.App{AppID: appID, Regions: []string{"990100"},
				Templates: map[string]wechat.Template{"low": lowBalance()}},
			Secret: secret, State: "trial",
		}},
	}
	o := wechat.Options{Log: slog.New(slog.NewTextHandler(out, nil))}
	for _, change := range options {
		change(&c, &o)
	}
	client, err := wechat.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return client, out
}

func to() reminder.Recipient { return reminder.Recipient{App: "main", OpenID: openID} }

func message() reminder.Message {
	shown := balance.Fen(8_650)
	return reminder.Message{
		Balance: &shown, Threshold: 10_000, Region: "示例市", Insurance: "职工基本医疗保险",
		AsOf: time.Date(2026, 11, 20, 17, 5, 0, 0, time.UTC), MaskedName: "测*甲",
	}
}
