package web

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp/fasthttputil"

	"yibao/handlers/web/webtest"
)

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.HSTS = true })
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Strict-Transport-Security": "max-age=31536000", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Server": "",
	}
	for _, path := range []string{thing, "/nowhere", "/livez", "/v1/things/OTHER"} {
		got := r.do("GET", path, "")
		for name, value := range want {
			if got.Header.Get(name) != value {
				t.Errorf("%s: %s is %q", path, name, got.Header.Get(name))
			}
		}
		if id := got.Header.Get(headerRequestID); len(id) != 26 {
			t.Errorf("%s: request id %q", path, id)
		}
	}
	if newRig(t).do("GET", thing, "").Header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without being asked for")
	}
}

func TestRequestIDIsOurs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made := webtest.Request("GET", "/livez", "")
	made.Header.Set(headerRequestID, "from-outside")
	if got := r.send(made); strings.Contains(got.Header.Get(headerRequestID), "outside") {
		t.Error("a client chose the request id")
	}
}

func TestWhatNoRouteAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cases := []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{"GET", "/", 404, "not_found", ""},
		{"GET", "/v1/" + marker, 404, "not_found", ""},
		{"GET", "/v1/things/", 404, "not_found", ""},
		{"GET", "/V1/open", 404, "not_found", ""},
		{"PATCH", "/v1/open", 405, "method_not_allowed", "GET"},
		{"DELETE", "/v1/open", 405, "method_not_allowed", "GET"},
		{"POST", thing, 405, "method_not_allowed", "GET, PUT"},
		{"BREW", "/v1/open", 405, "method_not_allowed", ""},
	}
	for _, c := range cases {
		got := r.do(c.method, c.path, "")
		p := got.Problem(t)
		if p.Status != c.status || p.Code != c.code || got.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %s, allow %q", c.method, c.path, p.Status, p.Code, got.Header.Get("Allow"))
		}
		if got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: no security headers", c.method, c.path)
		}
	}
	if strings.Contains(r.log.String(), "Leak") {
		t.Error("a path is in the log")
	}
}

func raw(t *testing.T, app *fiber.App, send string) webtest.Answer {
	t.Helper()
	listener := fasthttputil.NewInmemoryListener()
	go func() { _ = app.Listener(listener) }()
	t.Cleanup(func() { _ = app.Shutdown() })
	conn, err := listener.Dial()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = conn.Write([]byte(send)) }()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return webtest.Read(t, answer)
}

func TestRefusedBeforeAnyMiddleware(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 6<<20)
	cases := []struct {
		name, send string
		status     int
		code       string
	}{
		{"headers", "GET /v1/open HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat(marker, maxHeaders/4) + "\r\n\r\n", 431, "headers_too_large"},
		{"body", fmt.Sprintf("PUT /v1/things/ONE HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(big), big), 413, "body_too_large"},
		{"nonsense", marker + "\r\n\r\n", 400, "bad_request"},
		{"version", "GET /v1/open " + marker + "\r\n\r\n", 400, "bad_request"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := raw(t, newRig(t).app, c.send)
			p := got.Problem(t)
			if p.Status != c.status || p.Code != c.code || strings.Contains(got.Text, "Leak") {
				t.Errorf("%s", got.Text)
			}
			if got.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("no security headers")
			}
		})
	}
}

func TestUnknownErrorsAreLoggedByTypeOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.service.fail = fmt.Errorf("secret: %w", &strangeError{})
	p := r.do("GET", thing, "").Problem(t)
	if p.Code != "internal" {
		t.Errorf("%+v", p)
	}
	log := r.log.String()
	if !strings.Contains(log, "*web.strangeError") || !strings.Contains(log, p.RequestID) || strings.Contains(log, "secret") {
		t.Errorf("log: %s", log)
	}
}

type strangeError struct{}

func (*strangeError) Error() string { return "secret" }

func TestPanicsBecomeProblems(t *testing.T) {
	t.Parallel()
	for _, cause := range []any{"secret", errors.New("secret"), 7} {
		r := newRig(t)
		r.service.panics = cause
		p := r.do("GET", thing, "").Problem(t)
		if p.Code != "internal" || p.Status != 500 {
			t.Errorf("%+v", p)
		}
		log := r.log.String()
		if strings.Contains(log, "secret") || !strings.Contains(log, "(*things).reach") || !strings.Contains(log, p.RequestID) {
			t.Errorf("log: %s", log)
		}
		r.service.panics = nil
		if got := r.do("GET", thing, ""); got.StatusCode != http.StatusOK {
			t.Errorf("after a panic: %d", got.StatusCode)
		}
		if body := r.counted(); !strings.Contains(body,
			`yibao_http_requests_total{method="GET",route="/v1/things/{id}",status="500"} 1`) {
			t.Error("the panic was not counted")
		}
	}
}

// TestPanicHalfWay: nothing of a half-written answer stands before the problem.
func TestPanicHalfWay(t *testing.T) {
	t.Parallel()
	api := API{Verify: (&things{}).verify}
	app, err := NewBare(testOptions(), api, "GET", "/v1/things/{id}", func(c *fiber.Ctx) error {
		_ = c.SendString("half")
		panic("half-way")
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := (&rig{t: t, app: app}).do("GET", thing, ""); got.Problem(t).Code != "internal" || strings.Contains(got.Text, "half") {
		t.Errorf("%s", got.Text)
	}
}
