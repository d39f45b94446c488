package wechat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yibao/identity"
	"yibao/platforms/wechat"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, out := newClient(t, f)
	got, err := client.SignIn(t.Context(), "main", "0a1B-_c")
	want := identity.PlatformAccount{
		Platform: identity.WeChat, App: "main", AppID: appID, OpenID: openID,
	}
	if err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	out.mustNotHold(t, openID, session, secret)
}

func TestSignInErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []string
		want    error
		calls   int
	}{
		"invalid code":       {[]string{`{"errcode":40029,"errmsg":"invalid code"}`}, identity.ErrCodeInvalid, 1},
		"used code":          {[]string{`{"errcode":40163,"errmsg":"code been used"}`}, identity.ErrCodeInvalid, 1},
		"minute quota":       {[]string{`{"errcode":45011}`}, identity.ErrSignInTooOften, 1},
		"blocked":            {[]string{`{"errcode":40226}`}, identity.ErrUserBlocked, 1},
		"busy once":          {[]string{`{"errcode":-1}`}, nil, 2},
		"busy twice":         {[]string{`{"errcode":-1}`, `{"errcode":-1}`}, identity.ErrPlatformUnavailable, 2},
		"busy then invalid":  {[]string{`{"errcode":-1}`, `{"errcode":40029}`}, identity.ErrCodeInvalid, 2},
		"wrong app id":       {[]string{`{"errcode":40013}`}, identity.ErrPlatformUnavailable, 1},
		"wrong secret":       {[]string{`{"errcode":40125}`}, identity.ErrPlatformUnavailable, 1},
		"address refused":    {[]string{`{"errcode":40164}`}, identity.ErrPlatformUnavailable, 1},
		"errcode as string":  {[]string{`{"errcode":"40029","openid":"o"}`}, identity.ErrCodeInvalid, 1},
		"success as string":  {[]string{`{"errcode":"0","openid":"o","session_key":"x"}`}, nil, 1},
		"busy as string":     {[]string{`{"errcode":"-1"}`}, nil, 2},
		"errcode as text":    {[]string{`{"errcode":"ok","openid":"o"}`}, identity.ErrPlatformUnavailable, 1},
		"no openid":          {[]string{`{"session_key":"x"}`}, identity.ErrPlatformUnavailable, 1},
		"errcode and openid": {[]string{`{"errcode":40029,"openid":"o"}`}, identity.ErrCodeInvalid, 1},
		"null":               {[]string{`null`}, identity.ErrPlatformUnavailable, 1},
		"array":              {[]string{`[]`}, identity.ErrPlatformUnavailable, 1},
		"empty":              {[]string{``}, identity.ErrPlatformUnavailable, 1},
		"html":               {[]string{`<html>`}, identity.ErrPlatformUnavailable, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.signSays = c.answers
			client, out := newClient(t, f)
			got, err := client.SignIn(t.Context(), "main", "CODE12345")
			if !errors.Is(err, c.want) || (err != nil && got != identity.PlatformAccount{}) {
				t.Fatalf("%+v, %v", got, err)
			}
			if n := f.counts().signIns; n != c.calls {
				t.Fatalf("%d calls, want %d", n, c.calls)
			}
			out.mustNotHold(t, secret, "CODE12345")
		})
	}
}

// A mistake in the configuration is an operator's matter, a code that is used up is not.
func TestSignInAlarms(t *testing.T) {
	t.Parallel()
	for errcode, alarm := range map[string]bool{
		"40013": true, "41002": true, "41004": true, "40125": true, "40164": true,
		"40029": false, "40163": false, "45011": false, "-1": false,
	} {
		f := newFake(t)
		f.signSays = []string{`{"errcode":` + errcode + `}`, `{"errcode":` + errcode + `}`}
		client, out := newClient(t, f)
		if _, err := client.SignIn(t.Context(), "main", "CODE12345"); err == nil {
			t.Errorf("%s signs in", errcode)
		}
		if strings.Contains(out.text.String(), "level=ERROR") != alarm {
			t.Errorf("%s: %s", errcode, out.text.String())
		}
	}
}

func TestSignInCodeCannotInjectParameters(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f)
	for _, code := range []string{
		"", "CODE&appid=evil&js_code=other#frag", "a b", "a%26b", "a\nb", "码", "a=b", "a/b", strings.Repeat("a", 129),
	} {
		if _, err := client.SignIn(t.Context(), "main", code); !errors.Is(err, identity.ErrCodeInvalid) {
			t.Errorf("%q: %v", code, err)
		}
	}
	if n := f.counts().signIns; n != 0 {
		t.Fatalf("%d requests left", n)
	}
	if got, err := client.SignIn(t.Context(), "", "CODE"); err != nil || got.App != "main" {
		t.Errorf("the only app may be left out: %q, %v", got.App, err)
	}
	if _, err := client.SignIn(t.Context(), "other", "CODE"); !errors.Is(err, identity.ErrNoSuchApp) {
		t.Fatalf("unknown app: %v", err)
	}
}

// The SDK puts secret and code into the URL, and the URL into the texts of its errors.
func TestSignInLeaksNothing(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	answering := func(h http.HandlerFunc) *fake {
		f := newFake(t)
		f.before = func(w http.ResponseWriter, r *http.Request) bool { h(w, r); return true }
		return f
	}
	for name, c := range map[string]struct {
		ctx context.Context
		f   *fake
	}{
		"dial failure": {t.Context(), &fake{url: closed.URL}},
		"canceled":     {canceled, newFake(t)},
		"status 502": {t.Context(), answering(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
		})},
		"redirect": {t.Context(), answering(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusFound)
		})},
		"cut": {t.Context(), answering(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
		"slow": {t.Context(), answering(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		})},
		"huge": {t.Context(), answering(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat(" ", 2<<20))
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, out := newClient(t, c.f, func(c *wechat.Config, _ *wechat.Options) { c.Timeout = 100 * time.Millisecond })
			_, err := client.SignIn(c.ctx, "main", "CODE12345")
			if !errors.Is(err, identity.ErrPlatformUnavailable) {
				t.Fatalf("error %v", err)
			}
			if text := err.Error(); strings.Contains(text, secret) || strings.Contains(text, "CODE12345") {
				t.Fatal("a secret in the error")
			}
			out.mustNotHold(t, secret, "CODE12345", "jscode2session")
		})
	}
}

// A connection that worked before dies under a request: the code may have arrived, so it is not sent again.
func TestSignInSendsACodeOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f)
	if _, err := client.SignIn(t.Context(), "main", "CODE1"); err != nil {
		t.Fatal(err)
	}
	var arrived atomic.Int32
	f.with(func(f *fake) {
		f.before = func(http.ResponseWriter, *http.Request) bool {
			arrived.Add(1)
			panic(http.ErrAbortHandler)
		}
	})
	_, err := client.SignIn(t.Context(), "main", "CODE2")
	if !errors.Is(err, identity.ErrPlatformUnavailable) || arrived.Load() != 1 {
		t.Fatalf("%v after the code arrived %d times", err, arrived.Load())
	}
}

// Two clients with different servers work at once, though the SDK has one HTTP client for the process.
func TestClientsAreRoutedApart(t *testing.T) {
	t.Parallel()
	first, second := newFake(t), newFake(t)
	one, _ := newClient(t, first)
	two, _ := newClient(t, second)
	for _, c := range []*wechat.Client{one, two, two} {
		if _, err := c.SignIn(t.Context(), "main", "CODE"); err != nil {
			t.Fatal(err)
		}
	}
	if first.counts().signIns != 1 || second.counts().signIns != 2 {
		t.Fatalf("%d and %d", first.counts().signIns, second.counts().signIns)
	}
}
