package web

import (
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count requests. Label values come from the route list and status codes alone, so their number is bounded.
type metrics struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
}

func newMetrics(registry *prometheus.Registry) *metrics {
	return &metrics{
		requests: registered(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yibao_http_requests_total",
			Help: "HTTP requests answered, by method, route template and status.",
		}, []string{"method", "route", "status"})),
		durations: registered(registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "yibao_http_request_duration_seconds",
			Help:    "Time from the first middleware to the finished answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"method", "route"})),
	}
}

// registered returns the collector, or the one like it that the registry has: the apps of one process count together.
func registered[C prometheus.Collector](registry *prometheus.Registry, collector C) C {
	if registry == nil {
		return collector
	}
	var already prometheus.AlreadyRegisteredError
	if err := registry.Register(collector); errors.As(err, &already) {
		return already.ExistingCollector.(C)
	}
	return collector
}

// highestStatus is one above the statuses that are counted one by one.
const highestStatus = 600

// endpoint is one route with its counters. They are looked up once and then kept: finding a counter by its labels takes
// longer than counting.
type endpoint struct {
	Route
	server   *server
	fields   map[string]bool // names that a problem may repeat
	duration prometheus.Observer
	byStatus [highestStatus]atomic.Pointer[prometheus.Counter]
}

func (s *server) endpoint(r Route) *endpoint {
	return &endpoint{Route: r, server: s, duration: s.metrics.durations.WithLabelValues(r.Method, r.Path)}
}

func (e *endpoint) observe(status int, took time.Duration) {
	e.duration.Observe(took.Seconds())
	if status < 0 || status >= highestStatus {
		status = http.StatusInternalServerError
	}
	if counter := e.byStatus[status].Load(); counter != nil {
		(*counter).Inc()
		return
	}
	counter := e.server.metrics.requests.WithLabelValues(e.Method, e.Path, strconv.Itoa(status))
	e.byStatus[status].Store(&counter)
	counter.Inc()
}
