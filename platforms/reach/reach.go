// Package reach tells why another machine could not be talked to: the name, the connection, TLS, or time. The words are
// all that may be shown of such a failure. The text of the error holds the address, and with it secrets, codes and ids.
package reach

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// The words of Cause. Up to Time none of the request has left.
const (
	DNS         = "dns"           // the host's name is not known
	Refused     = "refused"       // nothing listens at the port
	Unreachable = "unreachable"   // no connection came about
	Proxy       = "proxy"         // the proxy of the environment takes no connection
	Authority   = "tls_authority" // the certificate is signed by an authority that is not trusted here
	Name        = "tls_name"      // the certificate is for another host
	Expired     = "tls_expired"   // the certificate is not valid at this time
	Plain       = "tls_plain"     // the other side does not speak TLS
	Client      = "tls_client"    // the other side refuses our certificate, or wants one
	TLS         = "tls"           // any other failure of TLS
	Canceled    = "canceled"      // the caller gave up
	Time        = "timeout"       // connected, and no answer in time
	Lost        = "lost"          // a cut connection, or anything else
)

// Cause is the word for an error of a connection or an exchange.
func Cause(err error) string {
	var lookup *net.DNSError
	var operation *net.OpError
	isOperation := errors.As(err, &operation)
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return Canceled
	case isOperation && operation.Op == "proxyconnect":
		return Proxy
	case errors.As(err, &lookup):
		return DNS
	case isOperation && operation.Op == "dial" && errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case isOperation && operation.Op == "dial":
		return Unreachable
	}
	if word := causeTLS(err); word != "" {
		return word
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return Time
	}
	return Lost
}

func causeTLS(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var operation *net.OpError
	switch {
	case errors.As(err, &name):
		return Name
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return Expired
	case errors.As(err, &unknown):
		return Authority
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return Plain
	case errors.As(err, &operation) && operation.Op == "remote error" && strings.Contains(operation.Error(), "certificate"):
		return Client
	case errors.As(err, &certificate), errors.As(err, &operation) && operation.Op == "remote error":
		return TLS
	}
	return ""
}

// alertWait is how long Dial waits for the other side's word on our certificate: TLS 1.3 says it after the handshake.
const alertWait = 300 * time.Millisecond

// Dial connects to the host of an http or https address, with the handshake of TLS where that is spoken, and sends nothing.
// Through a proxy it connects to the proxy alone. Its error is for Cause.
func Dial(ctx context.Context, address string, settings *tls.Config) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	if err != nil {
		return err
	}
	target := u
	if proxy != nil {
		target = proxy
	}
	port := target.Port()
	if port == "" {
		port = target.Scheme // net knows both by name
	}
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(target.Hostname(), port))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	if proxy != nil || u.Scheme != "https" {
		return nil
	}
	mine := &tls.Config{}
	if settings != nil {
		mine = settings.Clone()
	}
	mine.ServerName = u.Hostname()
	secured := tls.Client(connection, mine)
	if err := secured.HandshakeContext(ctx); err != nil {
		return err
	}
	_ = secured.SetReadDeadline(time.Now().Add(alertWait))
	if _, err = secured.Read(make([]byte, 1)); causeTLS(err) != "" {
		return err
	}
	return nil
}
