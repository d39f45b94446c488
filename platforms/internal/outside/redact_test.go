package outside_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"yibao/platforms/internal/outside"
)

func TestRedactText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"secret=S3cr3t-A&x=1":                        "secret=***&x=1",
		"appsecret=S3cr3t-A":                         "appsecret=***",
		"a access_token=abc def":                     "a access_token=*** def",
		`{"access_token":"abc","expires_in":7200}`:   `{"access_token":***,"expires_in":7200}`,
		`{\"js_code\":\"abc\",\"a\":1}`:              `{\"js_code\":***,\"a\":1}`,
		"code: 0a1b2c failed":                        "code: *** failed",
		"Code2Session error : errcode=40029 , x":     "Code2Session error : errcode=40029 , x",
		"http get error, statusCode=502":             "http get error, statusCode=502",
		"sign=ab+/c=&sign_type=RSA2":                 "sign=***&sign_type=RSA2",
		"app_auth_token=t1 auth_token=t2":            "app_auth_token=*** auth_token=***",
		"uri=https://api.weixin.qq.com/sns?secret=x": "uri=<url>",
		"Get \"http://127.0.0.1:1/a?b=c\": refused":  `Get "<url>": refused`,
		"openid='o-1' x":                             "openid=*** x",
		"two\nlines\tand a bell\a":                   "two lines and a bell ",
		"plain words stay":                           "plain words stay",
	} {
		if got := outside.RedactText(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestRedactKeepsOnlyFacts(t *testing.T) {
	t.Parallel()
	inner := &url.Error{Op: "Get", URL: "https://h/?secret=S3cr3t", Err: context.Canceled}
	safe := outside.Redact(fmt.Errorf("calling: %w", inner))
	if !errors.Is(safe, context.Canceled) || errors.Is(safe, context.DeadlineExceeded) {
		t.Fatalf("facts lost in %v", safe)
	}
	var leaked *url.Error
	if errors.As(safe, &leaked) || errors.Unwrap(safe) != nil {
		t.Fatal("the original can be reached")
	}
	for _, text := range []string{safe.Error(), fmt.Sprintf("%+v", safe), fmt.Sprintf("%#v", safe)} {
		if strings.Contains(text, "S3cr3t") {
			t.Fatalf("secret in %s", text)
		}
	}
	if again := outside.Redact(safe); again != safe {
		t.Fatal("redacted twice")
	}
	if outside.Redact(nil) != nil {
		t.Fatal("nil became an error")
	}
	if got := outside.Redact(inner).Error(); got != "get: context canceled" {
		t.Fatalf("text %q", got)
	}
	if wrapped := outside.Redact(fmt.Errorf("x secret=S3cr3t: %w", safe)); strings.Contains(wrapped.Error(), "S3cr3t") {
		t.Fatal("a wrapped safe error let a secret through")
	}
}

func TestRedactCutsLongTexts(t *testing.T) {
	t.Parallel()
	got := outside.Redact(errors.New(strings.Repeat("余", 1000))).Error()
	if len(got) > 310 || !utf8.ValidString(got) {
		t.Fatalf("%d bytes, valid %v", len(got), utf8.ValidString(got))
	}
}

func FuzzRedactText(f *testing.F) {
	f.Add("get error : uri=", "&x=1")
	f.Add(`{"a":"b","`, `"}`)
	f.Add("\n", "\\\"")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "Zq7SecretValue9"
		for _, pair := range []string{"&secret=%s&", ` access_token=%s `, `{"sign":"%s"}`} {
			got := outside.RedactText(before + fmt.Sprintf(pair, secret) + after)
			if strings.Contains(got, secret) {
				t.Fatalf("secret in %q", got)
			}
			if strings.ContainsFunc(got, unicode.IsControl) {
				t.Fatalf("control character in %q", got)
			}
		}
	})
}
