package simulator

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestKeysInEveryForm(t *testing.T) {
	t.Parallel()
	key := testKeys()[0]
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, der := range map[string][]byte{"pkcs1": x509.MarshalPKCS1PrivateKey(key), "pkcs8": pkcs8} {
		for form, text := range forms(der) {
			if got, err := privateKey(text); err != nil || !got.Equal(key) {
				t.Errorf("private %s as %s: %v", name, form, err)
			}
		}
	}
	for name, der := range map[string][]byte{"pkcs1": x509.MarshalPKCS1PublicKey(&key.PublicKey), "pkix": pkix} {
		for form, text := range forms(der) {
			if got, err := publicKey(text); err != nil || !got.Equal(&key.PublicKey) {
				t.Errorf("public %s as %s: %v", name, form, err)
			}
		}
	}
	for _, bad := range []string{"", "!", "AAAA", base64.StdEncoding.EncodeToString([]byte("no key"))} {
		if _, err := publicKey(bad); err == nil {
			t.Errorf("public key %q", bad)
		}
		if _, err := privateKey(bad); err == nil {
			t.Errorf("private key %q", bad)
		}
	}
}

// forms are the ways in which a console or a file gives a key.
func forms(der []byte) map[string]string {
	plain := base64.StdEncoding.EncodeToString(der)
	return map[string]string{
		"base64": plain, "base64 with spaces": " " + plain[:10] + "\n" + plain[10:] + "\n",
		"PEM": "\n" + string(pem.EncodeToMemory(&pem.Block{Type: "KEY", Bytes: der})),
	}
}

func TestStrictTakesOneValueOnly(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		`{"a":1}`: true, ` {"a":1} `: true, `{}`: true,
		`{"a":1}{}`: false, `{"a":1} x`: false, `{"b":1}`: false, `{"a":"x"}`: false, `[]`: false, ``: false, "{\"a\":1,\"\xff\":2}": false,
	}
	for text, want := range tests {
		var v struct {
			A int `json:"a"`
		}
		if err := strict([]byte(text), &v); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOnlyOnceRefusesDoubts(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"": true, "a=1": true, "a=1&b=2": true, "a=": true, "a=%E4%B8%AD": true,
		"a=1&a=2": false, "c=1": false, "a=%zz": false, "a=1;b=2": false, "&a=1&a=1": false,
	}
	for raw, want := range tests {
		if _, err := onlyOnce(raw, "a", "b"); (err == nil) != want {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "application/json;charset=UTF-8": true,
		"application/json; charset=gbk": false, "text/json": false, "": false, "application/json;;": false,
	}
	for header, want := range tests {
		request := httptest.NewRequest("POST", "/", nil)
		request.Header.Set("Content-Type", header)
		if isMedia(request, "application/json") != want {
			t.Errorf("%q", header)
		}
	}
}

func TestNumbersOfControl(t *testing.T) {
	t.Parallel()
	tests := map[string]int{"": 0, "0": 0, "12": 12, "-1": -1, "x": -1, "1.5": -1, "99999999999": -1}
	for text, want := range tests {
		got, err := number(text)
		if (err != nil) != (want == -1) || err == nil && got != want {
			t.Errorf("%q: %d %v", text, got, err)
		}
	}
}

func TestOpenIDsLookLikeThePlatforms(t *testing.T) {
	t.Parallel()
	wechat, alipay := OpenID(wechatPlatform, "app", "demo1"), OpenID(alipayPlatform, "app", "demo1")
	if len(wechat) != 28 || wechat[0] != 'o' || len(alipay) < 40 || alipay[0] != '0' {
		t.Errorf("%s %s", wechat, alipay)
	}
	seen := map[string]bool{}
	for _, id := range []string{wechat, alipay, OpenID(wechatPlatform, "app2", "demo1"), OpenID(wechatPlatform, "app", "demo2")} {
		if seen[id] {
			t.Errorf("%s comes twice", id)
		}
		seen[id] = true
	}
	if id := alipayUserID(alipay); len(id) != 16 || !strings.HasPrefix(id, "2088") || strings.Trim(id, "0123456789") != "" {
		t.Errorf("user id %s", id)
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for born, want := range map[string]float64{"2016-06-01": 10, "2025-12-15": 0.4, "no day": 0} {
		if got := age(born, now); got != want {
			t.Errorf("%s: %v", born, got)
		}
	}
}

func TestIDNumbersOfTheStandard(t *testing.T) {
	t.Parallel()
	// The examples of GB 11643 and of the residence permits.
	for _, id := range []string{"11010519491231002X", "440524188001010014", "810000199408230021", "830000199201300022"} {
		if withCheck(id[:17]) != id {
			t.Errorf("%s: %s", id, withCheck(id[:17]))
		}
	}
}
