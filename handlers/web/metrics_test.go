package web

import (
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do("GET", thing, "")
	r.do("GET", "/v1/things/SOMEBODY", "")
	r.do("GET", "/v1/"+marker, "")
	body := r.send(webtest.Request("GET", "/metrics", "")).Text
	for _, line := range []string{
		`yibao_http_requests_total{method="GET",route="/v1/things/{id}",status="200"} 1`,
		`yibao_http_requests_total{method="GET",route="/v1/things/{id}",status="404"} 1`,
		`yibao_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("missing %s", line)
		}
	}
	if strings.Contains(body, "SOMEBODY") || strings.Contains(body, "Leak") {
		t.Error("a path is in the metrics")
	}
	if got := newRig(t, func(o *Options) { o.Metrics = nil }).send(webtest.Request("GET", "/metrics", "")); got.StatusCode != 404 {
		t.Errorf("/metrics without a registry: %d", got.StatusCode)
	}
}
