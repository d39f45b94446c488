// Package handlers is the HTTP API: routes, middleware, request and response types, the one list of public errors, and
// the OpenAPI document that is made of them.
//
// A handler reads its input, calls a service and returns a value or an error; it never writes an error itself. Every
// error is answered as one kind of document (Problem), which never carries a value of the request.
package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"yibao/identity"
)

// ConsentText is the text that people agree to before they link somebody.
type ConsentText struct {
	Version string
	Text    string
}

// Limits are how often somebody may ask.
type Limits struct {
	PerAddress Rate // all requests of one address (IPv6: one /64); default 50 a second, 200 at once
	PerUser    Rate // requests of one platform user with a valid token; default 10 a second, 60 at once
}

// Options is what New needs. The services, Regions and Consent are required; the rest has defaults.
type Options struct {
	Sessions  Sessions
	Linking   Linking
	Balances  Balances
	Reminders Reminders

	Regions *identity.Regions
	Consent ConsentText

	// Ready answers /readyz: nil error when requests can be served. A nil func is always ready.
	Ready func(context.Context) error
	// Draining says that a stop has begun: /readyz then answers 503 while requests are still served.
	Draining func() bool

	Limits         Limits
	TrustedProxies []string      // addresses or networks whose X-Forwarded-For is believed
	HSTS           bool          // promise browsers that this host is only ever reached by TLS
	Deadline       time.Duration // of one request's work; default 20 s
	ReadTimeout    time.Duration // of reading one request, headers and body; default 10 s
	WriteTimeout   time.Duration // from then to the end of its answer; longer than Deadline; default 30 s
	IdleTimeout    time.Duration // between two requests of one connection; default 1 min
	// Metrics gets the HTTP metrics and is shown at /metrics; without it there is no /metrics. The page has no personal
	// data but is meant for the operator: keep it from the public at the gateway.
	Metrics *prometheus.Registry
	Log     *slog.Logger
	Version string
	Now     func() time.Time // decides limits and ages; default time.Now
}

// server is what handlers and middleware share.
type server struct {
	Options
	proxies   proxies
	untrusted sync.Once // the warning of noteUntrusted
	byAddress *limiter[netip.Addr]
	byUser    *limiter[string]
	metrics   *metrics
	unmatched map[string]*endpoint // by method
	headers   []header
}

// newAPI is newServer for what needs the services.
func newAPI(o Options) (*server, error) {
	if o.Sessions == nil || o.Linking == nil || o.Balances == nil || o.Reminders == nil || o.Regions == nil {
		return nil, errors.New("handlers: a service or the directory of regions is missing")
	}
	return newServer(o)
}

func newServer(o Options) (*server, error) {
	o.setDefaults()
	trusted, err := parseProxies(o.TrustedProxies)
	if err != nil {
		return nil, err
	}
	counted, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, errors.New("handlers: the registry has HTTP metrics already")
	}
	s := &server{
		Options: o, proxies: trusted, metrics: counted,
		byAddress: newLimiter[netip.Addr](o.Limits.PerAddress, maxBuckets),
		byUser:    newLimiter[string](o.Limits.PerUser, maxBuckets),
		unmatched: map[string]*endpoint{},
		headers:   securityHeaders(o.HSTS),
	}
	for _, method := range fiber.DefaultMethods {
		s.unmatched[method] = counted.endpoint(route{method: method, path: "unmatched"})
	}
	return s, nil
}

func (o *Options) setDefaults() {
	o.Limits.PerAddress = o.Limits.PerAddress.or(Rate{PerSecond: 50, Burst: 200})
	o.Limits.PerUser = o.Limits.PerUser.or(Rate{PerSecond: 10, Burst: 60})
	for _, one := range []struct {
		field    *time.Duration
		fallback time.Duration
	}{
		{&o.Deadline, 20 * time.Second},
		{&o.ReadTimeout, 10 * time.Second},
		{&o.WriteTimeout, 30 * time.Second},
		{&o.IdleTimeout, time.Minute},
	} {
		if *one.field == 0 {
			*one.field = one.fallback
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Version == "" {
		o.Version = "dev"
	}
}

// New builds the whole app. It does not listen: tests call app.Test, programs app.Listener.
func New(o Options) (*fiber.App, error) {
	s, err := newAPI(o)
	if err != nil {
		return nil, err
	}
	app := s.app()
	return app, s.register(app)
}

// NewProbes builds an app of nothing but /livez, /readyz and /metrics, for processes without the API. It needs no service.
func NewProbes(o Options) (*fiber.App, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	app := s.app()
	s.showMetrics(app)
	return app, nil
}

// NewBare builds an app with one plain Fiber handler behind the same settings, middleware, token check, limits and
// deadline that New puts before a route of that method and path. It is what a benchmark compares the API with.
func NewBare(o Options, method, path string, handler fiber.Handler) (*fiber.App, error) {
	s, err := newAPI(o)
	if err != nil {
		return nil, err
	}
	app := s.app()
	guard := s.guard(s.metrics.endpoint(route{method: method, path: path, access: citizen, maxBody: maxBody}))
	app.Add(method, fiberPath(path), guard, handler)
	return app, nil
}

const (
	// maxBody is the longest body of an ordinary route. The route's own limit answers it after reading.
	maxBody = 64 << 10
	// maxRead is what the server reads at most. It is more than any route takes because a server that stops reading and
	// closes makes many clients miss the answer that says why.
	maxRead = 2 << 20
	// maxHeaders is the most that request line and headers may take together.
	maxHeaders = 16 << 10
)

// app makes the Fiber app with all middleware, and the probes, but no routes.
func (s *server) app() *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:                 "yibao",
		CaseSensitive:           true,
		StrictRouting:           true,
		Immutable:               true, // services keep strings longer than the request lasts
		BodyLimit:               maxRead,
		ReadBufferSize:          maxHeaders,
		ReadTimeout:             s.ReadTimeout,
		WriteTimeout:            s.WriteTimeout,
		IdleTimeout:             s.IdleTimeout,
		DisableStartupMessage:   true,
		EnableTrustedProxyCheck: true, // with an empty list: Fiber itself believes no forwarding header
		ErrorHandler:            s.handleError,
	})
	app.Use(s.recover, s.begin, s.observe)
	s.probes(app) // before the limit: a probe shares its address with whatever stands before us
	app.Use(s.limitAddress)
	refuseUnknownMethods(app)
	return app
}

// refuseUnknownMethods answers methods that Fiber has never heard of, which it would answer in plain text itself.
func refuseUnknownMethods(app *fiber.App) {
	known := map[string]bool{}
	for _, method := range fiber.DefaultMethods {
		known[method] = true
	}
	next := app.Server().Handler
	app.Server().Handler = func(ctx *fasthttp.RequestCtx) {
		if known[string(ctx.Method())] {
			next(ctx)
			return
		}
		c := app.AcquireCtx(ctx)
		defer app.ReleaseCtx(c)
		_ = app.ErrorHandler(c, fiber.ErrMethodNotAllowed) // it has answered whatever it returns
	}
}
