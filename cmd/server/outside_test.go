package main

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
	"log/slog"
	"math/big"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yibao/cmd/internal/world"
)

// TestEveryOutsidePartyIsReachedByTLS puts a proxy with TLS before all of them: `server check` names the same cause and the same
// remedy for each, and each of the three files of TLS does its work for each.
func TestEveryOutsidePartyIsReachedByTLS(t *testing.T) {
	dir, outside := t.TempDir(), freeAddress(t)
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: outside})
	plain, strict := httptest.NewUnstartedServer(behind), httptest.NewUnstartedServer(behind)
	strict.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	for _, server := range []*httptest.Server{plain, strict} {
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
	}
	authority := filepath.Join(dir, "ca.pem")
	writePEM(t, authority, "CERTIFICATE", plain.Certificate().Raw)
	certificate, key := clientCertificate(t, dir)
	for _, one := range []struct {
		base  string
		files map[string]string
		cause string // "" where all is well
	}{
		{"https://nothing.invalid", nil, "dns (the host in {address} is not known to DNS"},
		{"https://" + freeAddress(t), nil, "refused (nothing takes connections there"},
		{"https://" + outside, nil, "tls_plain (it does not speak TLS"},
		{plain.URL, nil, "tls_authority (its certificate is signed by an authority that this machine does not trust: name it in ca_file beside {address}"},
		{strings.Replace(plain.URL, "127.0.0.1", "localhost", 1), map[string]string{"ca_file": authority}, "tls_name (its certificate is for another host: {address} must"},
		{plain.URL, map[string]string{"ca_file": authority}, ""},
		{strict.URL, map[string]string{"ca_file": authority}, "tls_client (it wants a certificate of ours"},
		{strict.URL, map[string]string{"ca_file": authority, "client_cert_file": certificate, "client_key_file": key}, ""},
	} {
		settings := map[string]any{"wechat.base_url": one.base + "/wechat", "alipay.gateway": one.base + "/alipay/gateway.do", "sms.url": one.base + "/sms/send",
			"regions.990100.insurer.base_url": one.base + "/insurer/990100", "regions.990200.insurer.base_url": one.base + "/insurer/990200"}
		for name, path := range one.files {
			for _, under := range []string{"wechat.", "alipay.", "sms.", "regions.990100.insurer.", "regions.990200.insurer."} {
				settings[under+name] = path
			}
		}
		w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: outside, Server: "127.0.0.1:0",
			Log: slog.New(slog.DiscardHandler), Settings: settings})
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := runCommand(t, "check", "--config", w.ConfigFile)
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		for name, address := range map[string]string{"wechat.apps.demo": "wechat.base_url", "gateway for alipay.apps.demo": "alipay.gateway",
			"regions.990100": "insurer.base_url", "regions.990200": "insurer.base_url", "sms": "sms.url"} {
			_, rest, _ := strings.Cut(text, " "+name+": ")
			line, _, _ := strings.Cut(rest, "\n")
			failed := strings.Contains(text, "FAIL  "+name+": ")
			if want := strings.ReplaceAll(one.cause, "{address}", address); failed != (want != "") || !strings.Contains(line, want) {
				t.Errorf("%s, %s with %v: want %q, got %q", one.base, name, one.files, want, line)
			}
		}
	}
}

func clientCertificate(t *testing.T, dir string) (certificate, key string) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	private, err2 := x509.MarshalPKCS8PrivateKey(pair)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key")
	writePEM(t, certificate, "CERTIFICATE", signed)
	writePEM(t, key, "PRIVATE KEY", private)
	return certificate, key
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
