package web

import (
	"context"
	"errors"
	"testing"

	"yibao/handlers/web/webtest"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var broken error
	draining := false
	r := newRig(t, func(o *Options) {
		o.Ready = func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("readiness without a deadline")
			}
			return broken
		}
		o.Draining = func() bool { return draining }
	})
	ask := func(path string, status int, want string) {
		t.Helper()
		if got := r.send(webtest.Request("GET", path, "")); got.StatusCode != status || got.Text != `{"status":"`+want+`"}` {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Text)
		}
	}
	ask("/readyz", 200, "ready")
	broken = errors.New("secret")
	ask("/readyz", 503, "not_ready")
	broken, draining = nil, true
	ask("/readyz", 503, "draining")
	ask("/livez", 200, "ok")
	r.do("GET", thing, "").JSON(t, 200) // still served while draining
	if bare := newRig(t); bare.send(webtest.Request("GET", "/readyz", "")).StatusCode != 200 {
		t.Error("without a check it is ready")
	}
}

func TestHeadOfPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []string{"/livez", "/readyz", "/docs", "/openapi.json"} {
		full, head := r.send(webtest.Request("GET", path, "")), r.send(webtest.Request("HEAD", path, ""))
		if head.StatusCode != full.StatusCode || head.Text != "" || head.Header.Get("Content-Type") != full.Header.Get("Content-Type") {
			t.Errorf("%s: %d %q, by GET %d", path, head.StatusCode, head.Text, full.StatusCode)
		}
	}
}
