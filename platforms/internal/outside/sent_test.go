package outside_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yibao/platforms/internal/outside"
)

func post(ctx context.Context, client *http.Client, url string) (*outside.Flight, error) {
	watched, flight := outside.Watch(ctx)
	request, err := http.NewRequestWithContext(watched, http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		return flight, err
	}
	response, err := client.Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	return flight, err
}

func TestRefusedConnectionWasNotSent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	flight, err := post(t.Context(), outside.NewClient(outside.Options{}), url)
	if err == nil || flight.Sent(err) {
		t.Fatalf("sent after %v", err)
	}
}

func TestCutConnectionMayHaveBeenSent(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	flight, err := post(t.Context(), outside.NewClient(outside.Options{}), url)
	if err == nil || !flight.Sent(err) {
		t.Fatalf("not sent after %v", err)
	}
}

// A POST that left over a connection used before is not repeated by net/http; a GET would be.
func TestPostIsNotRepeatedOnACutConnection(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if arrived.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
	})
	client := outside.NewClient(outside.Options{})
	if _, err := post(t.Context(), client, url); err != nil {
		t.Fatal(err)
	}
	flight, err := post(t.Context(), client, url)
	if err == nil || !flight.Sent(err) || arrived.Load() != 2 {
		t.Fatalf("%v after %d requests", err, arrived.Load())
	}
}

func TestTimeoutAfterWritingMayHaveBeenSent(t *testing.T) {
	t.Parallel()
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a client that left only once it has read the body
		<-r.Context().Done()
	})
	flight, err := post(t.Context(), outside.NewClient(outside.Options{Timeout: 30 * time.Millisecond}), url)
	if err == nil || !flight.Sent(err) {
		t.Fatalf("not sent after %v", err)
	}
}

func TestCancelledWhileDialingWasNotSent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	defer close(over)
	dial := func(context.Context, string, string) (net.Conn, error) {
		cancel()
		<-over // a dial outlives the request that asked for it
		return nil, errors.New("given up")
	}
	client := outside.NewClient(outside.Options{Transport: &http.Transport{DialContext: dial}})
	flight, err := post(ctx, client, "http://platform.invalid/")
	if !errors.Is(err, context.Canceled) || flight.Sent(err) {
		t.Fatalf("sent after %v", err)
	}
}

func TestDialAgainOnDeadPooledConnectionWasNotSent(t *testing.T) {
	t.Parallel()
	ctx, flight := outside.Watch(t.Context())
	if flight.Sent(errors.New("any")) {
		t.Fatal("sent without a connection")
	}
	httptrace.ContextClientTrace(ctx).GotConn(httptrace.GotConnInfo{Reused: true})
	for _, again := range []error{&net.OpError{Op: "dial", Err: errors.New("refused")}, &net.DNSError{Err: "no such host"}} {
		if flight.Sent(fmt.Errorf("x: %w", again)) {
			t.Errorf("sent after %v", again)
		}
	}
	if !flight.Sent(&net.OpError{Op: "read", Err: errors.New("reset")}) {
		t.Fatal("a reset while reading may come after the platform accepted")
	}
}

func TestCause(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"canceled":    fmt.Errorf("x: %w", context.Canceled),
		"timeout":     context.DeadlineExceeded,
		"too_large":   outside.ErrBodyTooLarge,
		"unreachable": &net.OpError{Op: "dial", Err: errors.New("no route")},
		"lost":        errors.New("http get error"),
	} {
		if got := outside.Cause(err); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
}
