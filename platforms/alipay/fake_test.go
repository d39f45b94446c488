package alipay_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yibao/balance"
	"yibao/config/setting"
	"yibao/platforms/alipay"
	"yibao/platforms/internal/miniprogram"
	"yibao/reminder"
)

const (
	appID  = "2021000000000001"
	openID = "076TESTopenid_0123456789"
	userID = "2088000000000001"
	good   = `{"code":"10000","msg":"Success"}`
)

type keyring struct{ app, alipay, other *rsa.PrivateKey }

// keys are made once: three RSA keys are the slowest thing in these tests.
var keys = sync.OnceValue(func() keyring {
	made := make([]*rsa.PrivateKey, 3)
	for i := range made {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		made[i] = key
	}
	return keyring{made[0], made[1], made[2]}
})

func publicPEM(t *testing.T, key *rsa.PublicKey) string {
	t.Helper()
	raw, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}))
}

func privateText(key *rsa.PrivateKey) string {
	return base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(key))
}

func signature(t *testing.T, key *rsa.PrivateKey, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	raw, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// fake is a gateway that checks our requests as strictly as Alipay does.
type fake struct {
	t   *testing.T
	url string

	mu    sync.Mutex
	forms []url.Values
	// answer makes the whole body for a method; node is the name of the method's own node.
	answer func(w http.ResponseWriter, r *http.Request, method, node string)
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t}
	f.answer = f.signed(good)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL + "/alipay/gateway.do"
	return f
}

// signed answers with the node's text signed as it is, byte for byte.
func (f *fake) signed(text string) func(http.ResponseWriter, *http.Request, string, string) {
	return f.body(func(node string) string {
		return `{"` + node + `":` + text + `,"sign":"` + signature(f.t, keys().alipay, text) + `"}`
	})
}

// body answers with what make gives for the node's name.
func (f *fake) body(make func(node string) string) func(http.ResponseWriter, *http.Request, string, string) {
	return func(w http.ResponseWriter, _ *http.Request, _, node string) { _, _ = io.WriteString(w, make(node)) }
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost || r.URL.Path != "/alipay/gateway.do" ||
		r.URL.RawQuery != "" {
		f.t.Errorf("request %s %s: %v", r.Method, r.URL, err)
	}
	f.check(r.PostForm)
	f.mu.Lock()
	f.forms = append(f.forms, r.PostForm)
	answer := f.answer
	f.mu.Unlock()
	method := r.PostForm.Get("method")
	answer(w, r, method, strings.ReplaceAll(method, ".", "_")+"_response")
}

func (f *fake) check(form url.Values) {
	for name, want := range map[string]string{
		"app_id": appID, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0",
	} {
		if form.Get(name) != want {
			f.t.Errorf("%s is %q", name, form.Get(name))
		}
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", form.Get("timestamp"), time.FixedZone("", 8*3600))
	if err != nil || time.Since(at).Abs() > 5*time.Minute {
		f.t.Errorf("timestamp %q is not now at +08:00", form.Get("timestamp"))
	}
	var pairs []string
	for name, values := range form {
		if len(values) != 1 || values[0] == "" {
			f.t.Errorf("parameter %s is empty or repeated", name)
		}
		if name != "sign" {
			pairs = append(pairs, name+"="+values[0])
		}
	}
	slices.Sort(pairs)
	sum := sha256.Sum256([]byte(strings.Join(pairs, "&")))
	raw, err := base64.StdEncoding.DecodeString(form.Get("sign"))
	if err != nil || rsa.VerifyPKCS1v15(&keys().app.PublicKey, crypto.SHA256, sum[:], raw) != nil {
		f.t.Error("the request's signature does not verify")
	}
}

func (f *fake) requests() []url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.forms)
}

// biz is biz_content of request n.
func (f *fake) biz(t *testing.T, n int) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(f.requests()[n].Get("biz_content")), &got); err != nil {
		t.Fatal(err)
	}
	return got
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

func lowBalance() alipay.Template {
	return alipay.Template{TemplateID: "TPLlow1", Kind: reminder.OneTime, Page: "pages/balance/index?from=push", Fields: map[string]string{
		"keyword1": "{insurance}",
		"keyword2": "余额 {balance}，低于提醒线 {threshold}",
		"keyword3": "{as_of}",
	}}
}

func config(t *testing.T, gateway string) alipay.Config {
	t.Helper()
	return alipay.Config{Gateway: gateway, Timeout: 5 * time.Second, Apps: map[string]alipay.App{"main": {
		App:             miniprogram.App{AppID: appID, Regions: []string{"990100"}, Templates: map[string]alipay.Template{"low": lowBalance()}},
		PrivateKey:      setting.Secret(" \n" + privateText(keys().app) + "\n"),
		AlipayPublicKey: setting.Secret("\n" + publicPEM(t, &keys().alipay.PublicKey) + " "),
	}}}
}

// edit changes the one app.
func edit(change func(*alipay.App)) func(*alipay.Config) {
	return func(c *alipay.Config) {
		app := c.Apps["main"]
		change(&app)
		c.Apps["main"] = app
	}
}

func newClient(t *testing.T, gateway string, options ...func(*alipay.Config)) (*alipay.Client, *logged) {
	t.Helper()
	out, c := &logged{}, config(t, gateway)
	for _, o := range options {
		o(&c)
	}
	client, err := alipay.New(c, slog.New(slog.NewTextHandler(out, nil)))
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

// wronglySigned are those of the unbelievable that carry a signature which the configured key does not verify.
var wronglySigned = []string{"wrong key", "changed after signing", "unknown certificate", "error_response, wrong key"}

// mustAlarm wants an answer with a wrong signature told to the operator as such, and nothing else to be an alarm.
func (l *logged) mustAlarm(t *testing.T, name string) {
	t.Helper()
	wrong := slices.Contains(wronglySigned, name)
	text := l.text.String()
	if strings.Contains(text, "level=ERROR") != wrong || strings.Contains(text, "code=answer/signature") != wrong {
		t.Errorf("logged %s", text)
	}
}

// unbelievable are answers that say nothing, whatever they say.
func unbelievable(t *testing.T, success string) map[string]func(node string) string {
	t.Helper()
	other := signature(t, keys().other, success)
	mine := signature(t, keys().alipay, success)
	failure := `{"code":"40002","msg":"Invalid","sub_code":"isv.code-invalid","sub_msg":"` + openID + `"}`
	say := func(text string) func(string) string { return func(string) string { return text } }
	return map[string]func(node string) string{
		"unsigned success":       func(n string) string { return `{"` + n + `":` + success + `}` },
		"empty signature":        func(n string) string { return `{"` + n + `":` + success + `,"sign":""}` },
		"signature of no text":   func(n string) string { return `{"` + n + `":` + success + `,"sign":1}` },
		"signature is an object": func(n string) string { return `{"` + n + `":` + success + `,"sign":{}}` },
		"signature is null":      func(n string) string { return `{"` + n + `":` + success + `,"sign":null}` },
		"wrong key":              func(n string) string { return `{"` + n + `":` + success + `,"sign":"` + other + `"}` },
		"changed after signing":  func(n string) string { return `{"` + n + `":` + success[:len(success)-1] + ` },"sign":"` + mine + `"}` },
		"unknown certificate": func(n string) string {
			return `{"` + n + `":` + success + `,"alipay_cert_sn":"ff","sign":"` + mine + `"}`
		},
		"other node":     func(string) string { return `{"other_response":` + success + `,"sign":"` + mine + `"}` },
		"error_response": say(`{"error_response":` + failure + `}`),
		"error_response, wrong key": say(`{"error_response":` + failure + `,"sign":"` +
			signature(t, keys().other, failure) + `"}`),
		"error_response is null":   say(`{"error_response":null}`),
		"error_response is a list": say(`{"error_response":[]}`),
		"error_response is a text": say(`{"error_response":"x"}`),
		"unsigned null":            func(n string) string { return `{"` + n + `":null}` },
		"unsigned text":            func(n string) string { return `{"` + n + `":"AAAA"}` },
		"signed text": func(n string) string {
			return `{"` + n + `":"AAAA","sign":"` + signature(t, keys().alipay, `"AAAA"`) + `"}`
		},
		"one quote": func(n string) string { return `{"` + n + `":"` },
		"signed null": func(n string) string {
			return `{"` + n + `":null,"sign":"` + signature(t, keys().alipay, `null`) + `"}`
		},
		"signed list":    func(n string) string { return `{"` + n + `":[],"sign":"` + signature(t, keys().alipay, `[]`) + `"}` },
		"signed nothing": func(n string) string { return `{"` + n + `":{},"sign":"` + signature(t, keys().alipay, `{}`) + `"}` },
		"html":           say("<html><title>502 Bad Gateway</title></html>"),
		"empty":          say(""),
		"null":           say("null"),
		"list":           say("[]"),
		"cut":            func(n string) string { return `{"` + n + `":` + success },
		"huge":           say(strings.Repeat(" ", 2<<20)),
	}
}
