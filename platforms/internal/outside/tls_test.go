package outside_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yibao/config/setting"
	"yibao/platforms/internal/outside"
	"yibao/platforms/reach"
)

// authority signs certificates of the test's own.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	dir         string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir(), certificate: &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)}}
	a.write(t, "ca", a.certificate)
	return a
}

// write signs a certificate and leaves NAME.pem and NAME.key in the folder. The authority signs itself first.
func (a *authority) write(t *testing.T, name string, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if a.key == nil {
		a.key = key
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	private, err2 := x509.MarshalPKCS8PrivateKey(key)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	pair, err3 := tls.X509KeyPair(certPEM, keyPEM)
	if err := errors.Join(err, err2, err3, os.WriteFile(a.at(name+".pem"), certPEM, 0o600), os.WriteFile(a.at(name+".key"), keyPEM, 0o600)); err != nil {
		t.Fatal(err)
	}
	return pair
}

func (a *authority) at(name string) string { return filepath.Join(a.dir, name) }

// server makes a certificate for 127.0.0.1 that ends at the time.
func (a *authority) server(t *testing.T, name string, end time.Time) tls.Certificate {
	return a.write(t, name, &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: end, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
}

// secured serves TLS. What it has to say of handshakes is not printed.
func secured(t *testing.T, settings *tls.Config) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	server.TLS = settings
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// TestCausesAreToldApart runs into each failure for real, by a request and by a mere connection.
func TestCausesAreToldApart(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	hour := time.Now().Add(time.Hour)
	good, old := a.server(t, "server", hour), a.server(t, "old", time.Now().Add(-time.Minute))
	a.write(t, "mine", &x509.Certificate{SerialNumber: big.NewInt(3), NotAfter: hour, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	pool := x509.NewCertPool()
	pool.AddCert(a.parsed(t))
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	demanding := &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	older := demanding.Clone()
	older.MaxVersion = tls.VersionTLS12
	right := secured(t, &tls.Config{Certificates: []tls.Certificate{good}})
	trusting := outside.TLS{CAFile: a.at("ca.pem")}
	showing := outside.TLS{CAFile: a.at("ca.pem"), ClientCertFile: a.at("mine.pem"), ClientKey: a.secret(t, "mine.key")}
	for _, one := range []struct {
		url, want string
		settings  outside.TLS
	}{
		{"https://nothing.invalid/", reach.DNS, trusting},
		{closed.URL, reach.Refused, trusting},
		{right, reach.Authority, outside.TLS{}},
		{right, "", trusting},
		{strings.Replace(right, "127.0.0.1", "localhost", 1), reach.Name, trusting},
		{secured(t, &tls.Config{Certificates: []tls.Certificate{old}}), reach.Expired, trusting},
		{strings.Replace(serve(t, func(http.ResponseWriter, *http.Request) {}), "http:", "https:", 1), reach.Plain, trusting},
		{secured(t, demanding), reach.Client, trusting},
		{secured(t, older), reach.TLS, trusting}, // TLS 1.2 does not say that a certificate is missing
		{secured(t, demanding), "", showing},
		{secured(t, &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS13}), "", trusting},
	} {
		settings := one.settings.Config()
		_, err := get(t, outside.NewClient(outside.Options{TLS: settings}), one.url)
		for how, err := range map[string]error{"request": err, "connection": reach.Dial(t.Context(), one.url, settings)} {
			if got := word(err); got != one.want {
				t.Errorf("%s to %s: %q, want %q (%v)", how, one.url, got, one.want, err)
			}
		}
	}
}

func word(err error) string {
	if err == nil {
		return ""
	}
	return outside.Cause(err)
}

func (a *authority) parsed(t *testing.T) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(a.at("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func (a *authority) secret(t *testing.T, name string) setting.Secret {
	t.Helper()
	text, err := os.ReadFile(a.at(name))
	if err != nil {
		t.Fatal(err)
	}
	return setting.Secret(text)
}

// TestAProxyThatRefusesIsToldFromTheOtherSide: the words for the other side would send an operator to the wrong machine.
func TestAProxyThatRefusesIsToldFromTheOtherSide(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	at, err := url.Parse(closed.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := outside.NewTransport(time.Second, nil)
	transport.Proxy = http.ProxyURL(at)
	_, err = get(t, outside.NewClient(outside.Options{Transport: transport}), "https://nothing.invalid/")
	if got := word(err); got != reach.Proxy {
		t.Errorf("%q, %v", got, err)
	}
}

// TestSwappedAndMissingFilesOfTLSAreNamed: every mistake has its own word, and none quotes a key.
func TestSwappedAndMissingFilesOfTLSAreNamed(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	hour := time.Now().Add(time.Hour)
	a.server(t, "one", hour)
	a.server(t, "two", hour)
	certificate, key := a.at("one.pem"), a.secret(t, "one.key")
	for want, settings := range map[string]outside.TLS{
		"":                           {CAFile: a.at("ca.pem"), ClientCertFile: certificate, ClientKey: key},
		"ca_file: there is no file ": {CAFile: a.at("none")},
		"ca_file: holds no certificate, but a private key":          {CAFile: a.at("ca.key")},
		"ca_file: " + a.dir + " is a folder":                        {CAFile: a.dir},
		"client_cert_file: is missing":                              {ClientKey: key},
		"client_key: is missing":                                    {ClientCertFile: certificate},
		"client_cert_file: there is no file ":                       {ClientCertFile: a.at("none"), ClientKey: key},
		"client_cert_file: holds no certificate, but a private key": {ClientCertFile: a.at("one.key"), ClientKey: a.secret(t, "one.pem")},
		"client_key: holds a certificate, not its key":              {ClientCertFile: certificate, ClientKey: a.secret(t, "one.pem")},
		"client_key: does not belong to client_cert_file":           {ClientCertFile: certificate, ClientKey: a.secret(t, "two.key")},
		"client_key: is sealed with a password":                     {ClientCertFile: certificate, ClientKey: "-----BEGIN ENCRYPTED PRIVATE KEY-----"},
	} {
		var found setting.Problems
		settings.Check(setting.NewReport(&found))
		switch {
		case want == "" && len(found) > 0, want != "" && len(found) != 1:
			t.Errorf("want %q, got %v", want, found)
		case want != "" && !strings.HasPrefix(found[0].String(), want):
			t.Errorf("want %q, got %v", want, found)
		}
	}
}
