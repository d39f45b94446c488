package outside

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"

	"yibao/platforms/reach"
)

// Flight watches one exchange: it knows whether a connection was ever given to the request.
type Flight struct {
	connected atomic.Bool
}

// Watch returns a context to send one request with, and the flight that watches it.
func Watch(ctx context.Context) (context.Context, *Flight) {
	flight := &Flight{}
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { flight.connected.Store(true) }}
	return httptrace.WithClientTrace(ctx, trace), flight
}

// Sent says whether the request may have reached the other side, given the error that the exchange ended in. False is
// certain: no connection (with its TLS handshake) came about, so nothing was accepted and trying again is safe. True
// means perhaps: for a message that must not be doubled, only an answer tells.
//
// A dial error after a connection was had means that net/http found the pooled connection dead before writing to it and
// dialled anew: it repeats a POST in no other case.
func (f *Flight) Sent(err error) bool {
	return f.connected.Load() && !dialFailed(err)
}

func dialFailed(err error) bool {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "dial" {
		return true
	}
	var lookup *net.DNSError
	return errors.As(err, &lookup)
}

// Cause names in one word why an exchange failed, for logs and for the code of an outcome: too_large, or a word of package
// reach. The word is all that may leave an adapter.
func Cause(err error) string {
	if errors.Is(err, ErrBodyTooLarge) {
		return "too_large"
	}
	return reach.Cause(err)
}
