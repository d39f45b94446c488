package alipay_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"yibao/identity"
	"yibao/platforms/alipay"
)

func TestNewReportsAllProblems(t *testing.T) {
	t.Parallel()
	_, err := alipay.New(alipay.Config{
		Gateway: "https://h/?a=b",
		Apps: []alipay.App{
			{Name: "a", AppID: "x y", PrivateKey: "c2VjcmV0S0VZ", AlipayPublicKey: "-----BEGIN", Templates: []alipay.Template{{Name: "t"}, {Name: "t"}}},
			{Name: "a", AppID: appID, PrivateKey: "", AlipayPublicKey: "not base64!"},
			{AppID: appID},
		},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"gateway", "two apps", "app id", "private key", "Alipay public key", "two templates", "no fields", "name is empty"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q", want)
		}
	}
	if strings.Contains(err.Error(), "c2VjcmV0S0VZ") {
		t.Error("the key is in the report")
	}
	if _, err := alipay.New(alipay.Config{}); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

func TestKeyForms(t *testing.T) {
	t.Parallel()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(keys().app)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(keys().app)
	for name, text := range map[string]string{
		"PKCS#1 base64": base64.StdEncoding.EncodeToString(pkcs1),
		"PKCS#8 base64": base64.StdEncoding.EncodeToString(pkcs8),
		"PKCS#1 PEM":    string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: pkcs1})),
		"PKCS#8 PEM":    "\r\n  " + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
	} {
		f := newFake(t)
		client, _ := newClient(t, f.url, func(c *alipay.Config) { c.Apps[0].PrivateKey = text })
		if err := client.Probe("main"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := client.Send(t.Context(), to(), "low", message()); got.Code != "10000" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	mixed, _ := newClient(t, "http://gateway.invalid/", func(c *alipay.Config) {
		c.Apps[0].AlipayPublicKey = publicPEM(t, &keys().app.PublicKey)
	})
	if err := mixed.Probe("main"); !errors.Is(err, alipay.ErrMixedUp) {
		t.Errorf("mixed-up keys: %v", err)
	}
	if err := mixed.Probe("other"); !errors.Is(err, identity.ErrNoSuchApp) {
		t.Errorf("unknown app: %v", err)
	}
}

func TestProbeGateway(t *testing.T) {
	t.Parallel()
	for answer, ok := range map[string]bool{
		`{"code":"40002","sub_code":"isv.code-invalid"}`:      true,
		`{"code":"40002","sub_code":"isv.invalid-signature"}`: false,
		`{"code":"40002","sub_code":"isv.invalid-app-id"}`:    false,
		`{"code":[]}`: false,
	} {
		f := newFake(t)
		f.answer = f.signed(answer)
		client, _ := newClient(t, f.url)
		if err := client.ProbeGateway(t.Context(), "main"); (err == nil) != ok {
			t.Errorf("%s: %v", answer, err)
		}
	}
	f := newFake(t)
	f.answer = f.body(func(string) string { return `{"error_response":{"code":"40002","sub_code":"isv.code-invalid"}}` })
	client, _ := newClient(t, f.url)
	if err := client.ProbeGateway(t.Context(), "main"); err == nil {
		t.Error("an unsigned answer proved something")
	}
	if err := client.ProbeGateway(t.Context(), "other"); !errors.Is(err, identity.ErrNoSuchApp) {
		t.Errorf("unknown app: %v", err)
	}
}

func TestCheckTemplate(t *testing.T) {
	t.Parallel()
	if err := alipay.CheckTemplate(lowBalance()); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*alipay.Template){
		"name is empty":       func(t *alipay.Template) { t.Name = "" },
		"template id":         func(t *alipay.Template) { t.TemplateID = "a b" },
		"page is longer":      func(t *alipay.Template) { t.Page = strings.Repeat("p", 129) },
		"no fields":           func(t *alipay.Template) { t.Fields = nil },
		"not a key":           func(t *alipay.Template) { t.Fields["1 keyword"] = "x" },
		"unknown placeholder": func(t *alipay.Template) { t.Fields["keyword1"] = "{oops}" },
		"field/keyword1":      func(t *alipay.Template) { t.Fields["keyword1"] = strings.Repeat("长", 51) },
		"data_too_long": func(t *alipay.Template) {
			for c := range 14 {
				t.Fields["more"+string(rune('a'+c))] = strings.Repeat("长", 50)
			}
		},
	} {
		tpl := lowBalance()
		change(&tpl)
		if err := alipay.CheckTemplate(tpl); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
