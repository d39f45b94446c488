package web

import (
	"context"
	"sync"
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
		call := callIn(c)
		call.endpoint = e
		if !probe { // a probe may share its address with a proxy before us
			if err := s.charge(call); err != nil {
				return err
			}
		}
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

const (
	// readyTimeout keeps a probe from waiting for a store that does not answer.
	readyTimeout = 2 * time.Second
	// readyAge is how long an answer of the store serves every probe. Probes need no token, so they must cost the store no more.
	readyAge = time.Second
)

// readiness is the store's last answer. Its lock is held while the store is asked, so probes that come meanwhile wait for it.
type readiness struct {
	mu  sync.Mutex
	at  time.Time // zero before the first answer
	err error
}

func (s *server) readiness() (status string, code int) {
	if s.Draining != nil && s.Draining() {
		return "draining", fiber.StatusServiceUnavailable
	}
	if s.Ready != nil && s.askReady() != nil {
		return "not_ready", fiber.StatusServiceUnavailable
	}
	return "ready", fiber.StatusOK
}

func (s *server) askReady() error {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if age := s.Now().Sub(s.ready.at); age >= 0 && age < readyAge { // below 0: the clock was set back
		return s.ready.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	s.ready.err = s.Ready(ctx)
	s.ready.at = s.Now()
	return s.ready.err
}

// showMetrics mounts /metrics if there is a registry.
func (s *server) showMetrics(app *fiber.App) {
	if s.Metrics == nil {
		return
	}
	s.plain(app, "/metrics", true, adaptor.HTTPHandler(promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{})))
}
