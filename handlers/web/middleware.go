package web

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"yibao/identity/panics"
)

const headerRequestID = "X-Request-Id"

// recover is the outermost layer: a panic anywhere below becomes an internal error.
func (s *server) recover(c *fiber.Ctx) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			call := callIn(c)
			call.fault = fmt.Sprintf("panic of type %T", cause)
			panics.Log(s.Log, "request_panic", cause, "request_id", call.id)
			err = s.handleError(c, ErrInternal)
		}
	}()
	return c.Next()
}

// begin gives the request its call and the answer its headers.
func (s *server) begin(c *fiber.Ctx) error {
	call := newCall(c.Get(fiber.HeaderAcceptLanguage))
	call.address = s.client(c)
	c.SetUserContext(call)
	s.harden(c, call)
	return c.Next()
}

// header is one response header, ready to be written.
type header struct{ name, value []byte }

// securityHeaders are on every answer. No cache may keep an answer unless a route says otherwise.
func securityHeaders(hsts bool) []header {
	list := []header{
		{[]byte("X-Content-Type-Options"), []byte("nosniff")},
		{[]byte("X-Frame-Options"), []byte("DENY")},
		{[]byte("Referrer-Policy"), []byte("no-referrer")},
		{[]byte("Content-Security-Policy"), []byte("default-src 'none'; frame-ancestors 'none'")},
		{[]byte("Cache-Control"), []byte("no-store")},
	}
	if hsts {
		list = append(list, header{[]byte("Strict-Transport-Security"), []byte("max-age=31536000")})
	}
	return list
}

var requestIDName = []byte(headerRequestID)

// harden writes the security headers and the request id.
func (s *server) harden(c *fiber.Ctx, call *call) {
	headers := &c.Response().Header
	for _, h := range s.headers {
		headers.SetCanonical(h.name, h.value)
	}
	headers.SetCanonical(requestIDName, []byte(call.id))
}

// observe counts and logs the request once its answer is known. It answers errors itself, so that it sees the final
// status. A panic is counted here on its way out, and answered by recover.
func (s *server) observe(c *fiber.Ctx) error {
	start := time.Now() // durations are measured on the machine's clock
	panicked := true
	defer func() {
		status := c.Response().StatusCode()
		if panicked {
			status = fiber.StatusInternalServerError
		}
		s.record(c, status, time.Since(start))
	}()
	err := c.Next()
	if err != nil {
		err = s.handleError(c, err)
	}
	panicked = false
	return err
}

// record logs the route, never the path: a path may carry ids, or any text.
func (s *server) record(c *fiber.Ctx, status int, took time.Duration) {
	call := callIn(c)
	e := call.endpoint
	if e == nil {
		e = s.unmatched[c.Method()]
	}
	e.observe(status, took)
	level := slog.LevelInfo
	switch {
	case status >= fiber.StatusInternalServerError && !e.probe:
		level = slog.LevelError
	case e.probe:
		level = slog.LevelDebug
	}
	if !s.Log.Enabled(context.Background(), level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("method", e.Method), slog.String("route", e.Path), slog.Int("status", status),
		slog.Int64("micros", took.Microseconds()), slog.String("request_id", call.id),
	}
	if call.code != "" {
		attributes = append(attributes, slog.String("code", call.code))
	}
	if call.fault != "" {
		attributes = append(attributes, slog.String("fault", call.fault))
	}
	s.Log.LogAttrs(context.Background(), level, "request", attributes...)
}
