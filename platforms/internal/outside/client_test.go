package outside_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"yibao/platforms/internal/outside"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func get(t *testing.T, client *http.Client, url string) ([]byte, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	return io.ReadAll(response.Body)
}

func TestBodyCap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		size      int
		announced bool
		ok        bool
	}{
		{"below", 99, true, true},
		{"exact", 100, true, true},
		{"exact, length not announced", 100, false, true},
		{"one more", 101, true, false},
		{"one more, length not announced", 101, false, false},
		{"far more, length not announced", 1 << 20, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if !c.announced {
					w.(http.Flusher).Flush()
				}
				_, _ = io.WriteString(w, strings.Repeat("x", c.size))
			})
			body, err := get(t, outside.NewClient(outside.Options{MaxBody: 100}), url)
			if c.ok && (err != nil || len(body) != c.size) {
				t.Fatalf("%d bytes, %v", len(body), err)
			}
			if !c.ok && !errors.Is(err, outside.ErrBodyTooLarge) {
				t.Fatalf("error %v", err)
			}
			if len(body) > 100 {
				t.Fatalf("%d bytes passed the cap", len(body))
			}
		})
	}
}

func TestNeverHTTP2(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	trusting, _ := server.Client().Transport.(*http.Transport)
	transport := outside.NewTransport(time.Minute, &tls.Config{RootCAs: trusting.TLSClientConfig.RootCAs})
	got, err := get(t, outside.NewClient(outside.Options{Transport: transport}), server.URL)
	if err != nil || string(got) != "HTTP/1.1" {
		t.Fatalf("%s, %v", got, err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Error("followed a redirect")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	if _, err := get(t, outside.NewClient(outside.Options{}), url); err != nil {
		t.Fatal(err)
	}
}

func TestTimeoutCoversHeadersAndBody(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for name, early := range map[string]bool{"headers": false, "body": true} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if early {
					_, _ = io.WriteString(w, "{")
					w.(http.Flusher).Flush()
				}
				select {
				case <-release:
				case <-r.Context().Done():
				}
			})
			_, err := get(t, outside.NewClient(outside.Options{Timeout: 30 * time.Millisecond}), url)
			if !errors.Is(err, context.DeadlineExceeded) || outside.Cause(err) != "timeout" {
				t.Fatalf("error %v", err)
			}
		})
	}
}

func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	client := outside.NewClient(outside.Options{})
	if _, err := get(t, client, url); err != nil {
		t.Fatal(err)
	}
	client.CloseIdleConnections()
	outside.NewClient(outside.Options{Transport: failing{}}).CloseIdleConnections()
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }
