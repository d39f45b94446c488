package alipay_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/alipay"
	"yibao/platforms/internal/miniprogram"
)

func TestNewReportsAllProblems(t *testing.T) {
	t.Parallel()
	app := func(id, private, public string) alipay.App {
		return alipay.App{App: miniprogram.App{AppID: id, Regions: []string{"990100"}},
			PrivateKey: setting.Secret(private), AlipayPublicKey: setting.Secret(public)}
	}
	bad := app("x y", "c2VjcmV0S0VZ", "-----BEGIN")
	bad.Regions, bad.Templates = nil, map[string]alipay.Template{"t": {}}
	_, err := alipay.New(alipay.Config{Gateway: "https://h/?a=b",
		Apps: map[string]alipay.App{"a": bad, "b": app(appID, "", "not base64!"), "": app(appID, "", "")}}, nil)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{" gateway: is not", " timeout: must be", " apps.a.app_id: has", " apps.a.private_key: is not an RSA key",
		" apps.a.alipay_public_key: is not", " apps.a.regions: is empty", " apps.a.templates.t.fields: is empty",
		" apps.b.private_key: is missing", " apps.b.alipay_public_key: is not", " apps.: is not a name"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "c2VjcmV0S0VZ") {
		t.Error("the key is in the report")
	}
	if _, err := alipay.New(alipay.Config{}, nil); err != nil {
		t.Errorf("no app: %v", err)
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
		client, _ := newClient(t, f.url, edit(func(a *alipay.App) { a.PrivateKey = setting.Secret(text) }))
		if err := client.Probe(t.Context(), "main"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := client.Send(t.Context(), to(), "low", message()); got.Code != "10000" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestAMistakenKeyIsNamed: each of the things that people paste in the place of a key is told as what it is.
func TestAMistakenKeyIsNamed(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curveDER, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	subject := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, subject, subject, &keys().app.PublicKey, keys().app)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	private := block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(keys().app))
	own := publicPEM(t, &keys().app.PublicKey)
	for _, one := range []struct{ key, text, want string }{
		{"private_key", block("CERTIFICATE", certificate), "is a certificate, not a key"},
		{"alipay_public_key", block("CERTIFICATE", certificate), "is a certificate, not a key"},
		{"private_key", own, "is a public key"},
		{"alipay_public_key", private, "is a private key"},
		{"alipay_public_key", own, "is the app's own public key, not Alipay's"},
		{"private_key", "\ufeff" + private, "byte order mark"},
		{"private_key", block("ENCRYPTED PRIVATE KEY", []byte("x")), "sealed with a password"},
		{"private_key", block("PRIVATE KEY", curveDER), "none of RSA"},
		{"private_key", "", "is missing"},
	} {
		c := config(t, "https://h/")
		app := c.Apps["main"]
		if one.key == "private_key" {
			app.PrivateKey = setting.Secret(one.text)
		} else {
			app.AlipayPublicKey = setting.Secret(one.text)
		}
		c.Apps["main"] = app
		client, err := alipay.New(c, nil)
		if err == nil || !strings.Contains(err.Error(), "1 problem(s)") ||
			!strings.Contains(err.Error(), "apps.main."+one.key+": "+one.want) && !strings.Contains(err.Error(), one.want) {
			t.Errorf("want %s %q, got %v", one.key, one.want, err)
		}
		if err := client.Probe(t.Context(), "main"); !errors.Is(err, identity.ErrNoSuchApp) {
			t.Errorf("%s: an app with a wrong key is served: %v", one.want, err)
		}
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
	f.answer = f.body(func(node string) string { return `{"` + node + `":{"code":"40002","sub_code":"isv.invalid-app-id"}}` })
	if err := client.ProbeGateway(t.Context(), "main"); err == nil || err.Error() != "alipay: the gateway refuses the app: unsigned/40002/isv.invalid-app-id" {
		t.Errorf("an app id that the gateway does not know: %v", err)
	}
	if err := client.ProbeGateway(t.Context(), "other"); !errors.Is(err, identity.ErrNoSuchApp) {
		t.Errorf("unknown app: %v", err)
	}
}

func TestTemplatesAreChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*alipay.Template){
		"template_id: has":                       func(t *alipay.Template) { t.TemplateID = "a b" },
		"page: is longer":                        func(t *alipay.Template) { t.Page = strings.Repeat("p", 129) },
		"fields: is empty":                       func(t *alipay.Template) { t.Fields = nil },
		"fields.1 keyword: is not":               func(t *alipay.Template) { t.Fields["1 keyword"] = "x" },
		"keyword1: wording: unknown placeholder": func(t *alipay.Template) { t.Fields["keyword1"] = "{oops}" },
		"field/keyword1":                         func(t *alipay.Template) { t.Fields["keyword1"] = strings.Repeat("长", 51) },
		"data_too_long": func(t *alipay.Template) {
			for c := range 14 {
				t.Fields["more"+string(rune('a'+c))] = strings.Repeat("长", 50)
			}
		},
	} {
		bad := lowBalance()
		change(&bad)
		c := config(t, "https://h/")
		c.Apps["main"].Templates["bad"] = bad
		client, err := alipay.New(c, nil)
		if err == nil || !strings.Contains(err.Error(), "1 problem(s)") || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if err := client.Probe(t.Context(), "main"); err != nil {
			t.Errorf("the app cannot be tried for its template: %v", err)
		}
	}
	c := config(t, "https://h/")
	c.Apps["main"].Templates[""] = lowBalance()
	if _, err := alipay.New(c, nil); err == nil || !strings.Contains(err.Error(), "has no name") {
		t.Errorf("a template without a name: %v", err)
	}
}
