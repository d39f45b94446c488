// Package outside is how the platform adapters reach the network: one builder of HTTP clients with limits everywhere,
// one safe word for every failure, and the knowledge whether a failed request had left at all.
package outside

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// The limits that hold where Options leaves a field zero.
const (
	DefaultTimeout = 6 * time.Second
	DefaultMaxBody = 1 << 20 // bytes; no answer we ask for comes near it

	dialTimeout         = 3 * time.Second
	idleConnsPerHost    = 64 // net/http's own default of 2 makes bursts dial anew for every request
	idleConnTimeout     = 60 * time.Second
	maxResponseHeader   = 64 << 10
	expectContinueAfter = time.Second
)

// ErrBodyTooLarge says that an answer's body exceeded the cap. errors.Is finds it in the error of the read or the call.
var ErrBodyTooLarge = errors.New("outside: the answer's body is too large")

// Options shape a client. The zero value is good.
type Options struct {
	Timeout   time.Duration     // of a whole exchange, body included; 0 means DefaultTimeout
	MaxBody   int64             // bytes of an answer's body after decompression; 0 means DefaultMaxBody
	TLS       *tls.Config       // of a transport of the client's own; nil means the machine's authorities
	Transport http.RoundTripper // what to send through; nil means a tuned transport of the client's own
}

// NewClient builds a client that never waits longer than the timeout, never reads more than the cap, and never follows
// a redirect: a platform that redirects is not the platform, and the request carries secrets.
func NewClient(o Options) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Transport == nil {
		o.Transport = NewTransport(o.Timeout, o.TLS)
	}
	return &http.Client{
		Timeout:       o.Timeout,
		Transport:     &capped{next: o.Transport, max: o.MaxBody},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// NewTransport returns the tuned transport alone, for an adapter that puts a RoundTripper of its own before it. It
// speaks HTTP/1.1: over HTTP/2 net/http sends a POST a second time after some resets of its stream, though the one that reset
// it may have acted on the first.
func NewTransport(timeout time.Duration, settings *tls.Config) *http.Transport {
	dialer := &net.Dialer{Timeout: min(dialTimeout, timeout), KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        settings,
		MaxIdleConns:           4 * idleConnsPerHost,
		MaxIdleConnsPerHost:    idleConnsPerHost,
		IdleConnTimeout:        idleConnTimeout,
		TLSHandshakeTimeout:    min(dialTimeout, timeout),
		ResponseHeaderTimeout:  timeout,
		ExpectContinueTimeout:  expectContinueAfter,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
}

// capped refuses bodies above max, whether or not the answer announces its length.
type capped struct {
	next http.RoundTripper
	max  int64
}

func (c *capped) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if response.ContentLength > c.max {
		_ = response.Body.Close()
		return nil, ErrBodyTooLarge
	}
	response.Body = &cappedBody{ReadCloser: response.Body, left: c.max}
	return response, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport.
func (c *capped) CloseIdleConnections() {
	if closer, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

type cappedBody struct {
	io.ReadCloser
	left int64 // bytes that may still be read; below zero once there was one more
}

// Read passes on at most the allowed bytes; it asks for one more to tell "exactly full" from "too large".
func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrBodyTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, ErrBodyTooLarge
	}
	return n, err
}
