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
	body := r.counted()
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
	if got := r.do("GET", "/metrics", ""); got.StatusCode != 404 {
		t.Errorf("the API shows its metrics: %d", got.StatusCode)
	}
}

// counted is /metrics of an app beside the rig's, which shares its registry.
func (r *rig) counted() string {
	r.t.Helper()
	app, err := NewProbes(Options{Metrics: r.options.Metrics})
	if err != nil {
		r.t.Fatal(err)
	}
	return webtest.Send(r.t, app, webtest.Request("GET", "/metrics", "")).Text
}
