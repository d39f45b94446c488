package sms

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yibao/identity"
	"yibao/platforms/internal/lenient"
)

const (
	phoneUsed   = "13800000000"
	codeUsed    = "493817"
	requestUsed = "aATTEMPT-1"
)

func config(url string) Config {
	return Config{URL: url, AppKey: "test-key", Secret: "test-secret", SignName: "测试签名", Template: "T-1", Timeout: 10 * time.Second}
}

// gateway checks requests as strictly as the package comment says, then answers as told.
type gateway struct {
	t        *testing.T
	answer   http.HandlerFunc
	mu       sync.Mutex
	nonces   map[string]bool
	messages []map[string]any
}

func serve(t *testing.T, answer http.HandlerFunc, change ...func(*Config, *Options)) (*Client, *gateway) {
	t.Helper()
	g := &gateway{t: t, answer: answer, nonces: map[string]bool{}}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	c, o := config(server.URL+"/sms/send"), Options{CodeTTL: 5 * time.Minute}
	for _, f := range change {
		f(&c, &o)
	}
	client, err := New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return client, g
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/sms/send" {
		g.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	h := r.Header
	mac := hmac.New(sha256.New, []byte("test-secret"))
	_, _ = io.WriteString(mac, "test-key\n"+h.Get("X-Timestamp")+"\n"+h.Get("X-Nonce")+"\n"+string(body))
	if h.Get("X-App-Key") != "test-key" || h.Get("X-Signature") != hex.EncodeToString(mac.Sum(nil)) {
		g.t.Error("signature refused")
	}
	seconds, err := strconv.ParseInt(h.Get("X-Timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > time.Minute {
		g.t.Errorf("timestamp %q", h.Get("X-Timestamp"))
	}
	if h.Get("Content-Type") != "application/json; charset=utf-8" {
		g.t.Errorf("content type %q", h.Get("Content-Type"))
	}
	var message map[string]any
	if json.Unmarshal(body, &message) != nil || bytes.HasSuffix(body, []byte("\n")) {
		g.t.Error("body unreadable")
	}
	g.mu.Lock()
	once := h.Get("X-Nonce")
	if len(once) != 26 || g.nonces[once] {
		g.t.Errorf("%q again", once)
	}
	g.nonces[once] = true
	g.messages = append(g.messages, message)
	g.mu.Unlock()
	g.answer(w, r)
}

func (g *gateway) sent() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.messages)
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/sms/send")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestSendCode(t *testing.T) {
	t.Parallel()
	client, g := serve(t, answering(200, `{"code":"OK","message_id":"m-1"}`))
	for _, number := range []string{phoneUsed, "+86" + phoneUsed} {
		if err := client.SendCode(t.Context(), number, codeUsed, requestUsed); err != nil {
			t.Fatal(err)
		}
	}
	for _, answer := range []string{"\ufeff{\"code\":\"OK\",\"message_id\":\"m-1\"}\x00", "{\"code\":\"OK\",\"message_id\":\"m-1\",\"message\":\"a\nb\"}"} {
		if err := readAnswer(200, []byte(answer)); err != nil {
			t.Errorf("%q: %v", answer, err)
		}
	}
	for _, m := range g.messages {
		want := map[string]any{
			"phone": phoneUsed, "sign_name": "测试签名", "template": "T-1", "request_id": requestUsed,
			"params": map[string]any{"code": codeUsed, "minutes": "5"},
		}
		if fmt.Sprint(m) != fmt.Sprint(want) {
			t.Errorf("message %v", m)
		}
	}
	client, g = serve(t, answering(200, `{"code":"OK","message_id":"m-1"}`), func(_ *Config, o *Options) { o.CodeTTL = 61 * time.Second })
	if err := client.SendCode(t.Context(), phoneUsed, codeUsed, requestUsed); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(g.messages[0]["params"]) != "map[code:"+codeUsed+" minutes:2]" {
		t.Errorf("params %v", g.messages[0]["params"])
	}
}

func TestPhonesThatAreNone(t *testing.T) {
	t.Parallel()
	client, g := serve(t, answering(200, ``))
	for _, number := range []string{"", "12800000000", "02080000000", "138****0000", "138000000001"} {
		if err := client.SendCode(t.Context(), number, codeUsed, requestUsed); !errors.Is(err, ErrPhone) || !errors.Is(err, identity.ErrNotSent) {
			t.Errorf("%q: %v", number, err)
		}
	}
	if g.sent() != 0 {
		t.Error("sent all the same")
	}
}

// TestAnswers also checks that nothing is sent twice, whatever comes back.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"refused":                   {answering(200, `{"code":"RATE_LIMITED","message":"x"}`), ErrRefused},
		"refused with 403":          {answering(403, `{"code":"SIGNATURE_INVALID"}`), ErrRefused},
		"OK with 403":               {answering(403, `{"code":"OK","message_id":"m-1"}`), ErrMalformed},
		"OK without id":             {answering(200, `{"code":"OK"}`), ErrMalformed},
		"OK with a blank id":        {answering(200, `{"code":"OK","message_id":" "}`), ErrMalformed},
		"OK with an endless id":     {answering(200, `{"code":"OK","message_id":"`+strings.Repeat("m", 65)+`"}`), ErrMalformed},
		"ok in lower case":          {answering(200, `{"code":"ok","message_id":"m-1"}`), ErrMalformed},
		"code is a number":          {answering(200, `{"code":0,"message_id":"m-1"}`), ErrMalformed},
		"no code":                   {answering(200, `{"message_id":"m-1"}`), ErrMalformed},
		"code is a sentence":        {answering(200, `{"code":"no `+phoneUsed+`"}`), ErrMalformed},
		"code is a phone":           {answering(200, `{"code":"P`+phoneUsed+`"}`), ErrMalformed},
		"code is the one-time code": {answering(200, `{"code":"`+codeUsed+`"}`), ErrMalformed},
		"empty":                     {answering(200, ``), ErrMalformed},
		"HTML":                      {answering(200, `<html>`), ErrMalformed},
		"not UTF-8":                 {answering(200, "{\"code\":\"OK\",\"message_id\":\"\xff\"}"), ErrMalformed},
		"too large":                 {answering(200, `{"code":"OK","message_id":"m-1"}`+strings.Repeat(" ", maxAnswer)), ErrMalformed},
		"500":                       {answering(500, `{"code":"OK","message_id":"m-1"}`), ErrTransport},
		"504":                       {answering(504, ``), ErrTimeout},
		"redirect":                  {answering(307, ``), ErrMalformed},
		"cut":                       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ErrTransport},
		"hangs":                     {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			client, g := serve(t, c.answer, func(c *Config, o *Options) {
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
				if name == "hangs" {
					c.Timeout = 50 * time.Millisecond
				}
			})
			err := client.SendCode(t.Context(), phoneUsed, codeUsed, requestUsed)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v", err)
			}
			if errors.Is(err, identity.ErrNotSent) != (c.want == ErrRefused) {
				t.Errorf("%v: says whether the message left", err)
			}
			if g.sent() != 1 {
				t.Errorf("sent %d times", g.sent())
			}
			for _, secret := range []string{phoneUsed, codeUsed, "test-secret", "http://"} {
				if strings.Contains(err.Error()+log.String(), secret) {
					t.Errorf("%s in %v or %s", secret, err, log.String())
				}
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	client, err := New(config("http://127.0.0.1:1/S3cr3t"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = client.SendCode(t.Context(), phoneUsed, codeUsed, requestUsed)
	if !errors.Is(err, ErrNoGateway) || !errors.Is(err, identity.ErrNotSent) || strings.Contains(err.Error(), "S3cr3t") {
		t.Errorf("error %v", err)
	}
}

func TestConfigIsCheckedWhole(t *testing.T) {
	t.Parallel()
	_, err := New(Config{URL: "a", Timeout: -1}, Options{})
	for _, part := range []string{" url: is not", " app_key: ", " secret: ", " sign_name: ", " template: ", " timeout: "} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v", part, err)
		}
	}
	if _, err := New(Config{}, Options{}); err == nil || !strings.Contains(err.Error(), " url: is missing") {
		t.Errorf("no gateway: %v", err)
	}
	c := config("http://a.invalid")
	for _, format := range []string{"%v", "%+v", "%#v"} {
		if strings.Contains(fmt.Sprintf(format, c), c.Secret.Reveal()) {
			t.Errorf("%s prints the secret", format)
		}
	}
	for _, url := range []string{"ftp://a", "a", "http://", "%"} {
		if _, err := New(config(url), Options{}); err == nil {
			t.Errorf("%q passed", url)
		}
	}
}

func TestSignatureVector(t *testing.T) {
	t.Parallel()
	// printf 'k\n1700000000\nn\n{}' | openssl dgst -sha256 -hmac s
	const want = "bdae3044655e28beac1beffe47f244c332236c9044d95a9b26e3544389cc8b7b"
	if got := sign("s", "k", "1700000000", "n", []byte("{}")); got != want {
		t.Errorf("signature %s", got)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(`{"code":"OK","message_id":"m-1"}`))
	f.Add(200, []byte(`{"code":"RATE_LIMITED"}`))
	f.Add(504, []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := readAnswer(status, body)
		if err == nil {
			var answer map[string]any
			if status != 200 || json.Unmarshal(lenient.JSON(body), &answer) != nil || answer["code"] != "OK" {
				t.Fatalf("%d %q taken for a success", status, body)
			}
			return
		}
		if len(err.Error()) > 120 || strings.ContainsAny(err.Error(), "\n\r") {
			t.Fatalf("error %q", err)
		}
	})
}
