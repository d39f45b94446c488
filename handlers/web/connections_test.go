package web

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yibao/handlers/web/webtest"
)

// watched counts what the server has read, and how many connections wait: for more to read, or for room to write.
type watched struct {
	net.Listener
	got, waiting atomic.Int64
}

func (w *watched) Accept() (net.Conn, error) {
	inner, err := w.Listener.Accept()
	return &watchedConn{inner, w}, err
}

type watchedConn struct {
	net.Conn
	by *watched
}

func (c *watchedConn) Read(b []byte) (int, error) {
	c.by.waiting.Add(1)
	n, err := c.Conn.Read(b)
	c.by.waiting.Add(-1)
	c.by.got.Add(int64(n))
	return n, err
}

func (c *watchedConn) Write(b []byte) (int, error) {
	c.by.waiting.Add(1)
	defer c.by.waiting.Add(-1)
	return c.Conn.Write(b)
}

// TestAttackBySilence opens connections that begin a request, or ask and never read, and measures the memory that
// each takes. It measures the whole process, so it does not run beside others.
func TestAttackBySilence(t *testing.T) {
	const most = 64 << 10
	head := func(method, path, rest string) string {
		return method + " " + path + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Bearer " + goodToken +
			"\r\n" + rest + "\r\n\r\n"
	}
	for name, begin := range map[string]string{
		"nothing":                  "",
		"half a header":            "PUT /v1/things/ONE HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", maxHeaders/2),
		"a length":                 head("PUT", thing, "Content-Length: 2097152"),
		"a length that is allowed": head("PUT", thing, fmt.Sprintf("Content-Length: %d", maxBody)),
		"a length and some bytes":  head("PUT", thing, fmt.Sprintf("Content-Length: %d", maxBody)) + strings.Repeat(" ", firstRead+100),
		"no route":                 head("POST", "/nowhere", "Content-Length: 2097152"),
		"chunks":                   head("PUT", thing, "Transfer-Encoding: chunked"),
		"a long chunk":             head("PUT", thing, "Transfer-Encoding: chunked") + "200000\r\n ",
		"a length to be continued": head("PUT", thing, "Expect: 100-continue\r\nContent-Length: 2097152"),
		"a form": "POST /v1/open HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 2097152\r\n\r\n" +
			"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n",
		"an answer":       head("GET", thing, "X: y"),
		"a long answer":   head("GET", "/docs/swagger-ui-bundle.js", "X: y"),
		"a packed answer": head("GET", "/docs/swagger-ui-bundle.js", "Accept-Encoding: gzip"),
		"a document":      head("GET", "/openapi.json", "X: y"),
		"ten documents":   strings.Repeat(head("GET", "/openapi.json", "X: y"), 10),
	} {
		connections := 300
		if strings.HasSuffix(name, "answer") {
			connections = 40 // the system keeps the long ones
		}
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(o *Options) { o.Limits.ConnectionsPerAddress = connections })
			inner, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			watch := &watched{Listener: inner}
			listener, err := Bound(watch, r.options)
			if err != nil {
				t.Fatal(err)
			}
			go func() { _ = r.app.Listener(listener) }()
			t.Cleanup(func() { _ = r.app.ShutdownWithTimeout(time.Minute) }) // all are gone before the next is measured
			r.do("GET", "/docs/swagger-ui-bundle.js", "")                    // read once, and then kept for all
			before := inUse()
			for range connections {
				if _, err := io.WriteString(dialed(t, inner.Addr().String()), begin); err != nil {
					t.Fatal(err)
				}
			}
			for watch.got.Load() < int64(len(begin)*connections) || watch.waiting.Load() < int64(connections) {
				time.Sleep(time.Millisecond)
			}
			each := (inUse() - before) / int64(connections)
			t.Logf("%d bytes a connection", each)
			if each > most {
				t.Errorf("each takes %d bytes, more than %d", each, most)
			}
		})
	}
}

// inUse is the memory of heap and stacks behind a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // pools survive the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// caller is a connection from an address of choice.
type caller struct {
	net.Conn
	from   net.Addr
	closed bool
}

func (c *caller) RemoteAddr() net.Addr { return c.from }

func (c *caller) Close() error {
	if c.closed {
		return net.ErrClosed
	}
	c.closed = true
	return nil
}

// callers is a listener that a test feeds.
type callers struct {
	net.Listener
	next []*caller
}

func (l *callers) Accept() (net.Conn, error) {
	if len(l.next) == 0 {
		return nil, io.EOF
	}
	c := l.next[0]
	l.next = l.next[1:]
	return c, nil
}

// call makes a connection from the address, and returns it as the server gets it; nil if it is closed at once.
func (l *callers) call(t *testing.T, bound net.Listener, address string) net.Conn {
	t.Helper()
	made := &caller{from: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 1234))}
	l.next = append(l.next, made)
	got, err := bound.Accept()
	if (err != nil) != made.closed {
		t.Fatalf("%s: %v, closed %v", address, err, made.closed)
	}
	return got
}

func TestConnectionsAreBound(t *testing.T) {
	t.Parallel()
	log, registry := &webtest.Log{}, prometheus.NewRegistry()
	callers := &callers{}
	bound, err := Bound(callers, Options{TrustedProxies: []string{"10.0.0.0/8"}, Metrics: registry,
		Log: slog.New(slog.NewJSONHandler(log, nil)), Limits: Limits{Connections: 40, ConnectionsPerAddress: 2}})
	if err != nil {
		t.Fatal(err)
	}
	var open []net.Conn
	try := func(address string, times, want int) {
		t.Helper()
		in := 0
		for range times {
			if c := callers.call(t, bound, address); c != nil {
				open = append(open, c)
				in++
			}
		}
		if in != want {
			t.Errorf("%s: %d connections, want %d", address, in, want)
		}
	}
	try("203.0.113.7", 5, 2)
	try("::ffff:203.0.113.7", 1, 0)
	try("203.0.113.8", 1, 1)
	try("10.1.2.3", 15, 15) // a trusted proxy: only all together are bound
	try("2001:db8:1:2::1", 1, 1)
	try("2001:db8:1:2::2", 3, 1)
	for i := range 20 { // the rest of a site
		want := 0
		if i < 2*siteShare-2 {
			want = 1
		}
		try(fmt.Sprintf("2001:db8:1:%x::1", 100+i), 1, want)
	}
	try("2001:db8:2::1", 1, 1)
	for open[0].Close() == nil { // a second close gives nothing back
	}
	try("203.0.113.7", 3, 1)
	try("10.1.2.3", 10, 5)
	try("203.0.113.9", 1, 0)
	if told := log.String(); strings.Count(told, "connection_refused") != 1 || strings.Contains(told, "203.0.113") {
		t.Errorf("log: %s", told)
	}
	r := &rig{t: t, options: Options{Metrics: registry}}
	if page := r.counted(); !strings.Contains(page, `yibao_http_connections_refused_total{bound="all"} 6`) {
		t.Error(page)
	}
	for _, c := range open {
		_ = c.Close()
	}
	if l := bound.(*listener); l.open != 0 || len(l.from) != 0 {
		t.Errorf("%d connections are left, from %v", l.open, l.from)
	}
}

// TestConnectionsOfAServer: behind the bound the others are served, and a place is free as soon as one ends.
func TestConnectionsOfAServer(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Limits.ConnectionsPerAddress = 2 })
	address := served(t, r)
	const ask = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"
	first := [2]net.Conn{}
	for i := range first {
		first[i] = dialed(t, address)
		answered(t, first[i], ask)
	}
	if n, err := dialed(t, address).Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("a third connection is served")
	}
	answered(t, first[0], ask)
	answered(t, first[1], "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	for {
		conn := dialed(t, address) // the place may not be free yet
		_, _ = io.WriteString(conn, ask)
		if n, _ := conn.Read(make([]byte, 1)); n == 1 {
			return
		}
	}
}

func answered(t *testing.T, conn net.Conn, ask string) {
	t.Helper()
	if _, err := io.WriteString(conn, ask); err != nil {
		t.Fatal(err)
	}
	if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != 200 {
		t.Fatal(answer, err)
	}
}

func TestBoundWantsAddressesOfProxies(t *testing.T) {
	t.Parallel()
	if _, err := Bound(nil, Options{TrustedProxies: []string{"localhost"}}); err == nil {
		t.Error("a proxy that is no address was taken")
	}
}
