package web

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// plain mounts a handler that is no part of the API proper: no body, no token, no operation in the document. Balancers and
// monitors also ask by HEAD, which gets the same answer without its bytes.
func (s *server) plain(app *fiber.App, path string, probe bool, handler fiber.Handler) {
	e := s.endpoint(Route{Method: fiber.MethodGet, Path: path, probe: probe})
	answer := func(c *fiber.Ctx) error {
		callIn(c).endpoint = e
		return handler(c)
	}
	app.Add(fiber.MethodGet, path, answer).Add(fiber.MethodHead, path, answer)
}

// probes mounts /livez (is the process alive?) and /readyz (should it get requests?).
func (s *server) probes(app *fiber.App) {
	s.plain(app, "/livez", true, func(c *fiber.Ctx) error { return c.JSON(fiber.Map{"status": "ok"}) })
	s.plain(app, "/readyz", true, func(c *fiber.Ctx) error {
		status, code := s.readiness()
		return c.Status(code).JSON(fiber.Map{"status": status})
	})
}

// readyTimeout keeps a probe from waiting for a store that does not answer.
const readyTimeout = 2 * time.Second

func (s *server) readiness() (status string, code int) {
	if s.Draining != nil && s.Draining() {
		return "draining", fiber.StatusServiceUnavailable
	}
	if s.Ready == nil {
		return "ready", fiber.StatusOK
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	if s.Ready(ctx) != nil {
		return "not_ready", fiber.StatusServiceUnavailable
	}
	return "ready", fiber.StatusOK
}

// showMetrics mounts /metrics if there is a registry.
func (s *server) showMetrics(app *fiber.App) {
	if s.Metrics == nil {
		return
	}
	s.plain(app, "/metrics", true, adaptor.HTTPHandler(promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{})))
}
