package alipay_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"yibao/identity"
	"yibao/platforms/alipay"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	account := func(open, user string) identity.PlatformAccount {
		return identity.PlatformAccount{
			Platform: identity.Alipay, App: "main", AppID: appID, OpenID: open, UserID: user,
		}
	}
	for name, c := range map[string]struct {
		answer string
		want   identity.PlatformAccount
	}{
		"open_id only, expires_in quoted": {
			`{"access_token":"AT1","expires_in":"1296000","open_id":"` + openID + `","re_expires_in":"0"}`, account(openID, "")},
		"both, expires_in a number": {
			`{"access_token":"AT1","expires_in":1296000,"open_id":"` + openID + `","user_id":"` + userID + `","union_id":"u"}`,
			account(openID, userID)},
		"user_id only": {
			`{"access_token":"AT1","user_id":"` + userID + `"}`, account("", userID)},
		"with a code": {
			`{"code":"10000","access_token":"AT1","open_id":"` + openID + `"}`, account(openID, "")},
		"spaces and escaped slashes": {
			"{ \"access_token\" : \"A\\/T1\",\n \"open_id\" : \"" + openID + "\" , \"x\":\"http:\\/\\/y\" }", account(openID, "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.answer = f.signed(c.answer)
			client, out := newClient(t, f.url)
			got, err := client.SignIn(t.Context(), "main", "4b203fe6c11548bcabd8da5bb087a83b")
			if err != nil || got != c.want {
				t.Fatalf("%+v, %v", got, err)
			}
			form := f.requests()[0]
			if form.Get("method") != "alipay.system.oauth.token" || form.Get("grant_type") != "authorization_code" ||
				form.Get("code") != "4b203fe6c11548bcabd8da5bb087a83b" || form.Has("biz_content") {
				t.Fatalf("request of %s", form.Get("method"))
			}
			out.mustNotHold(t, openID, "AT1")
		})
	}
}

// TestSignInReadsOtherSpellingsOfJSON: the signature covers the bytes of the node, however its own text is escaped, and
// however little of JSON the node is.
func TestSignInReadsOtherSpellingsOfJSON(t *testing.T) {
	t.Parallel()
	plain := `{"access_token":"authusrB","open_id":"` + openID + `","expires_in":300}`
	escaped := strings.NewReplacer("/", `\/`, "=", `\u003d`, "+", `\u002b`)
	for name, make := range map[string]func(node string) string{
		"escapes in the signature": func(n string) string {
			return `{"` + n + `":` + plain + `,"sign":"` + escaped.Replace(signature(t, keys().alipay, plain)) + `"}`
		},
		"a line break in a message, a byte order mark, a NUL": func(n string) string {
			node := strings.Replace(plain, `{`, "{\"code\":10000.0,\"msg\":\"a\r\n\tb\",", 1)
			return "\ufeff{ \"sign\" : \"" + signature(t, keys().alipay, node) + "\", \"" + n + "\" : " + node + " }\x00"
		},
	} {
		f := newFake(t)
		f.answer = f.body(make)
		client, out := newClient(t, f.url)
		if got, err := client.SignIn(t.Context(), "main", "authcode"); err != nil || got.OpenID != openID {
			t.Errorf("%s: %+v, %v, %s", name, got, err, &out.text)
		}
	}
}

func TestSignInRefused(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]error{
		`{"code":"40002","sub_code":"isv.code-invalid","sub_msg":"x"}`: identity.ErrCodeInvalid,
		`{"code":40002,"sub_code":"isv.code-invalid"}`:                 identity.ErrCodeInvalid,
		`{"code":"40005","sub_code":"isv.x"}`:                          identity.ErrPlatformBusy,
		`{"code":"40004","sub_code":"isv.app-call-limited"}`:           identity.ErrPlatformBusy,
		`{"code":"20000","sub_code":"isp.unknow-error"}`:               identity.ErrPlatformUnavailable,
		`{"code":"40002","sub_code":"isv.invalid-signature"}`:          identity.ErrPlatformUnavailable,
		`{"access_token":"AT1"}`:                                       identity.ErrPlatformUnavailable,
		`{"open_id":"o"}`:                                              identity.ErrPlatformUnavailable,
		`{"access_token":"","open_id":"o"}`:                            identity.ErrPlatformUnavailable,
		`{"code":"40002","access_token":"AT1","open_id":"o"}`:          identity.ErrPlatformUnavailable,
		`{"code":{},"access_token":"AT1","open_id":"o"}`:               identity.ErrPlatformUnavailable,
		`{"access_token":"AT1","open_id":["o"]}`:                       identity.ErrPlatformUnavailable,
	} {
		// The node of the method and error_response count alike, once signed: Alipay uses the latter for a bad code.
		for _, node := range []string{"", "error_response"} {
			f := newFake(t)
			f.answer = f.body(func(own string) string {
				if node != "" {
					own = node
				}
				return `{"` + own + `":` + answer + `,"sign":"` + signature(t, keys().alipay, answer) + `"}`
			})
			client, out := newClient(t, f.url)
			got, err := client.SignIn(t.Context(), "main", "CODE12345")
			if !errors.Is(err, want) || got != (identity.PlatformAccount{}) {
				t.Errorf("%s in %q: %+v, %v", answer, node, got, err)
			}
			out.mustNotHold(t, "CODE12345", "AT1")
		}
	}
}

// A mistake in the configuration is an operator's matter; a bad code, too many calls or a platform in trouble is not.
func TestSignInAlarms(t *testing.T) {
	t.Parallel()
	for refusal, alarm := range map[string]bool{
		"40002/isv.code-invalid": false, "40005/isv.x": false, "40004/isv.app-call-limited": false,
		"20000/isp.unknow-error": false, "20000/": false, "40004/isp.busy": false,
		"40002/isv.invalid-signature": true, "40002/isv.invalid-app-id": true, "40002/isv.invalid-timestamp": true,
		"40006/isv.insufficient-isv-permissions": true, "40001/isv.missing-x": true, "99999/whatever": true,
	} {
		code, sub, _ := strings.Cut(refusal, "/")
		f := newFake(t)
		f.answer = f.signed(`{"code":"` + code + `","sub_code":"` + sub + `"}`)
		client, out := newClient(t, f.url)
		if _, err := client.SignIn(t.Context(), "main", "CODE12345"); err == nil {
			t.Errorf("%s signs in", refusal)
		}
		if strings.Contains(out.text.String(), "level=ERROR") != alarm {
			t.Errorf("%s: %s", refusal, out.text.String())
		}
	}
}

func TestSignInBelievesNothingUnsigned(t *testing.T) {
	t.Parallel()
	for name, body := range unbelievable(t, `{"access_token":"AT1","open_id":"`+openID+`"}`) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.answer = f.body(body)
			client, out := newClient(t, f.url)
			_, err := client.SignIn(t.Context(), "main", "CODE12345")
			if !errors.Is(err, identity.ErrPlatformUnavailable) {
				t.Fatalf("error %v", err)
			}
			if n := len(f.requests()); n != 1 {
				t.Fatalf("%d requests: a certificate was fetched?", n)
			}
			out.mustAlarm(t, name)
			out.mustNotHold(t, "CODE12345", openID, "AT1")
		})
	}
}

func TestSignInGuards(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f.url)
	for _, code := range []string{"", "a&code=b", "a b", "码", strings.Repeat("a", 129), "a\n"} {
		if _, err := client.SignIn(t.Context(), "main", code); !errors.Is(err, identity.ErrCodeInvalid) {
			t.Errorf("%q: %v", code, err)
		}
	}
	if _, err := client.SignIn(t.Context(), "other", "CODE"); !errors.Is(err, identity.ErrNoSuchApp) {
		t.Errorf("unknown app: %v", err)
	}
	if len(f.requests()) != 0 {
		t.Error("a request left")
	}
}

func TestSignInWithoutAnswer(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	f := newFake(t)
	f.answer = func(_ http.ResponseWriter, r *http.Request, _, _ string) { <-r.Context().Done() }
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx context.Context
		url string
	}{"dial": {t.Context(), closed.URL}, "slow": {t.Context(), f.url}, "canceled": {canceled, f.url}} {
		client, out := newClient(t, c.url, func(c *alipay.Config) { c.Timeout = 100 * time.Millisecond })
		if _, err := client.SignIn(c.ctx, "main", "CODE12345"); !errors.Is(err, identity.ErrPlatformUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		out.mustNotHold(t, "CODE12345", "http://")
	}
}
