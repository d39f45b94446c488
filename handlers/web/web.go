// Package web is a kit for HTTP APIs in JSON: the app and its middleware, the check of tokens, limits, errors as problem
// documents in two languages, the OpenAPI document and the page that shows it, metrics and probes. It knows no endpoint
// and no service: an API hands it routes, errors, texts and a way to verify a token.
//
// Every error is answered as one kind of document (Problem), which never carries a value of the request.
package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/netip"
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

// Limits say how many requests are served.
type Limits struct {
	PerAddress Rate // all requests of one address (IPv6: one /64); default 50 a second, 200 at once
	PerUser    Rate // requests of one platform user with a valid token; default 10 a second, 60 at once
}

// Options are the settings of a process. All have defaults.
type Options struct {
	// Ready answers /readyz: nil error when requests can be served. A nil func is always ready.
	Ready func(context.Context) error
	// Draining says that a stop has begun: /readyz then answers 503 while requests are still served.
	Draining func() bool

	Limits         Limits
	TrustedProxies []string      // addresses or networks; their X-Forwarded-For is believed
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

// SetDefaults fills in each setting that is left out.
func (o *Options) SetDefaults() {
	o.Limits.PerAddress = o.Limits.PerAddress.or(Rate{PerSecond: 50, Burst: 200})
	o.Limits.PerUser = o.Limits.PerUser.or(Rate{PerSecond: 10, Burst: 60})
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
	api       API
	proxies   proxies
	untrusted sync.Once // the warning of noteUntrusted
	byAddress *limiter[netip.Addr]
	byUser    *limiter[string]
	metrics   *metrics
	unmatched map[string]*endpoint // by method
	headers   []header
}

func newServer(o Options, api API) (*server, error) {
	o.SetDefaults()
	trusted, err := parseProxies(o.TrustedProxies)
	if err != nil {
		return nil, err
	}
	counted, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, errors.New("web: the registry has HTTP metrics already")
	}
	s := &server{
		Options: o, api: api, proxies: trusted, metrics: counted,
		byAddress: newLimiter[netip.Addr](o.Limits.PerAddress, maxBuckets),
		byUser:    newLimiter[string](o.Limits.PerUser, maxBuckets),
		unmatched: map[string]*endpoint{},
		headers:   securityHeaders(o.HSTS),
	}
	for _, method := range fiber.DefaultMethods {
		s.unmatched[method] = s.endpoint(Route{Method: method, Path: "unmatched"})
	}
	return s, nil
}

// New builds the app of an API. It does not listen: tests call app.Test, programs app.Listener. It fails on options that
// are wrong, and on a field of the API that the document does not explain.
func New(o Options, api API) (*fiber.App, error) {
	s, err := newServer(o, api)
	if err != nil {
		return nil, err
	}
	app := s.app()
	return app, s.mount(app)
}

// NewProbes builds an app of /livez, /readyz and /metrics alone, for processes without an API.
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

const (
	// maxBody is the longest body of an ordinary route. The guard refuses a longer one after reading it.
	maxBody = 64 << 10
	// maxRead is the most that the server reads. It is more than any route takes: if the server stopped reading and closed
	// the connection, many clients would miss the answer that says why.
	maxRead = 2 << 20
	// maxHeaders is the most that request line and headers may take together.
	maxHeaders = 16 << 10
)

// app makes the Fiber app with all middleware and the probes, but no routes.
func (s *server) app() *fiber.App {
	app := fiber.New(fiber.Config{
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
	s.probes(app) // before the limit: a probe may share its address with a proxy before us
	app.Use(s.limitAddress)
	refuseUnknownMethods(app)
	return app
}

// refuseUnknownMethods answers methods that Fiber does not know. Fiber itself would answer them in plain text.
func refuseUnknownMethods(app *fiber.App) {
	next := app.Server().Handler
	app.Server().Handler = func(ctx *fasthttp.RequestCtx) {
		if slices.Contains(fiber.DefaultMethods, string(ctx.Method())) {
			next(ctx)
			return
		}
		c := app.AcquireCtx(ctx)
		defer app.ReleaseCtx(c)
		_ = app.ErrorHandler(c, fiber.ErrMethodNotAllowed) // the answer is written even if it returns an error
	}
}
