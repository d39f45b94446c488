// Package web is a kit for HTTP APIs in JSON: the app and its middleware, the check of tokens, limits, errors as problem
// documents in two languages, the OpenAPI document and the page that shows it, metrics and probes. It knows no endpoint
// and no service: an API hands it routes, errors, texts and a way to verify a token.
//
// Every error is answered as one kind of document (Problem), which never carries a value of the request.
package web

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"yibao/identity"
)

// API is all that an app serves beside probes and metrics.
type API struct {
	// Verify finds the caller behind a token.
	Verify func(ctx context.Context, token string) (*identity.Caller, error)
	// Classify finds the public error that stands for an error of a service; nil for an unknown one.
	Classify func(error) *Failure
	Routes   []Route
	Errors   []*Error // all public errors, those of this package too, in the order of the document
	Common   []*Error // errors that every route can answer, beside those of this package
	Document Document
}

// Limits say how many requests and connections are served.
type Limits struct {
	PerAddress Rate // requests without a good token of one address (IPv6: one /64); default 50 a second, 200 at once
	PerUser    Rate // requests of one platform user with a good token; default 10 a second, 60 at once

	Connections           int // open at once; default 8192
	ConnectionsPerAddress int // of these, from one address (IPv6: one /64) that is no trusted proxy; default 256
}

// Options are the settings of a process. All have defaults.
type Options struct {
	// Ready answers /readyz: nil error when requests can be served. A nil func is always ready.
	Ready func(context.Context) error
	// Draining says that a stop has begun: /readyz then answers 503 while requests are still served.
	Draining func() bool

	Limits         Limits
	TrustedProxies []string             // addresses or networks; their X-Forwarded-For is believed
	HSTS           bool                 // promise browsers that this host is only ever reached by TLS
	Deadline       time.Duration        // of one request's work; default 20 s
	ReadTimeout    time.Duration        // of reading one request, headers and body; default 10 s
	WriteTimeout   time.Duration        // from then to the end of its answer; longer than Deadline; default 30 s
	IdleTimeout    time.Duration        // between two requests of one connection; default 1 min
	Metrics        *prometheus.Registry // gets the HTTP metrics; NewProbes shows it
	Log            *slog.Logger
	Version        string
	Now            func() time.Time // decides limits and ages; default time.Now
}

// SetDefaults fills in each setting that is left out.
func (o *Options) SetDefaults() {
	o.Limits.PerAddress = o.Limits.PerAddress.or(Rate{PerSecond: 50, Burst: 200})
	o.Limits.PerUser = o.Limits.PerUser.or(Rate{PerSecond: 10, Burst: 60})
	o.Limits.Connections = cmp.Or(o.Limits.Connections, 8192)
	o.Limits.ConnectionsPerAddress = cmp.Or(o.Limits.ConnectionsPerAddress, 256)
	o.Deadline = cmp.Or(o.Deadline, 20*time.Second)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, 10*time.Second)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 30*time.Second)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, time.Minute)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Version = cmp.Or(o.Version, "dev")
	if o.Now == nil {
		o.Now = time.Now
	}
}

// server is shared by middleware, guards and pages.
type server struct {
	Options
	api        API
	proxies    proxies
	untrusted  sync.Once // the warning of noteUntrusted
	unreadable sync.Once // the warning of charge
	limits     *limits
	ready      readiness
	metrics    *metrics
	unmatched  map[string]*endpoint // by method
	headers    []header
}

func newServer(o Options, api API) (*server, error) {
	o.SetDefaults()
	trusted, err := parseProxies(o.TrustedProxies)
	if err != nil {
		return nil, err
	}
	s := &server{
		Options: o, api: api, proxies: trusted, metrics: newMetrics(o.Metrics), limits: newLimits(o.Limits),
		unmatched: map[string]*endpoint{},
		headers:   securityHeaders(o.HSTS),
	}
	for _, method := range fiber.DefaultMethods {
		s.unmatched[method] = s.endpoint(Route{Method: method, Path: "unmatched"})
	}
	return s, nil
}

// New builds the app of an API. It does not listen: tests call app.Test, programs app.Listener with Bound. It fails on
// options that are wrong, and on a field of the API that the document does not explain.
func New(o Options, api API) (*fiber.App, error) {
	s, err := newServer(o, api)
	if err != nil {
		return nil, err
	}
	app := s.app()
	return app, s.mount(app)
}

// NewProbes builds an app of /livez, /readyz and, with a registry, /metrics alone: for processes without an API, and for an
// address of its own beside one. /metrics has no personal data but is meant for the operator.
func NewProbes(o Options) (*fiber.App, error) {
	s, err := newServer(o, API{})
	if err != nil {
		return nil, err
	}
	app := s.app()
	s.showMetrics(app)
	return app, nil
}

// NewBare builds an app with one plain Fiber handler behind the same settings, middleware, token check, limits and
// deadline that New puts before a route of that method and path. A benchmark compares the API with it.
func NewBare(o Options, api API, method, path string, handler fiber.Handler) (*fiber.App, error) {
	s, err := newServer(o, api)
	if err != nil {
		return nil, err
	}
	app := s.app()
	guard := s.guard(s.endpoint(Route{Method: method, Path: path, Access: Citizen, maxBody: maxBody}))
	app.Add(method, fiberPath(path), guard, handler)
	return app, nil
}

// maxHeaders is the most that request line and headers may take together.
const maxHeaders = 16 << 10

// app makes the Fiber app with all middleware and the probes, but no routes.
func (s *server) app() *fiber.App {
	app := fiber.New(fiber.Config{
		CaseSensitive:                true,
		StrictRouting:                true,
		Immutable:                    true, // services keep strings longer than the request lasts
		StreamRequestBody:            true, // see takeBody
		DisablePreParseMultipartForm: true, // a form would be written to files before any handler runs
		ReadBufferSize:               maxHeaders,
		ReadTimeout:                  s.ReadTimeout,
		WriteTimeout:                 s.WriteTimeout,
		IdleTimeout:                  s.IdleTimeout,
		DisableStartupMessage:        true,
		EnableTrustedProxyCheck:      true, // with an empty list: Fiber itself believes no forwarding header
		ErrorHandler:                 s.handleError,
	})
	app.Use(s.recover, s.begin, s.observe)
	s.probes(app)
	stand(app)
	return app
}

// stand wraps the app. Before Fiber it refuses requests that are not framed, and methods that Fiber does not know: Fiber itself
// would answer those in plain text. Behind the answer it sees to the rest of the body.
func stand(app *fiber.App) {
	server := app.Server()
	next, broken := server.Handler, server.ErrorHandler
	server.HeaderReceived = func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		if !framed(h) { // the answer must not wait for a body
			h.SetProtocol(unframed)
			h.SetContentLength(0)
			h.Del(fiber.HeaderExpect)
		}
		return fasthttp.RequestConfig{}
	}
	server.Handler = func(ctx *fasthttp.RequestCtx) {
		announced := ctx.Request.Header.ContentLength()
		switch {
		case string(ctx.Request.Header.Protocol()) == unframed:
			refuse(app, ctx, fiber.ErrBadRequest)
			hangUp(ctx)
		case !slices.Contains(fiber.DefaultMethods, string(ctx.Method())):
			refuse(app, ctx, fiber.ErrMethodNotAllowed)
		default:
			next(ctx)
		}
		leaveNothing(ctx, announced)
	}
	server.ErrorHandler = func(ctx *fasthttp.RequestCtx, err error) { // of requests that fasthttp cannot read
		broken(ctx, err)
		hangUp(ctx)
	}
}

// unframed takes the place of a version that no client can send: fasthttp wants a digit at its end.
const unframed = "HTTP/unframed"

func refuse(app *fiber.App, ctx *fasthttp.RequestCtx, err error) {
	c := app.AcquireCtx(ctx)
	defer app.ReleaseCtx(c)
	_ = app.ErrorHandler(c, err) // the answer is written even if it returns an error
}
