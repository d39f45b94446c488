package web

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yibao/handlers/web/webtest"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var broken error
	draining := false
	now := noon
	r := newRig(t, func(o *Options) {
		o.Ready = func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("readiness without a deadline")
			}
			return broken
		}
		o.Draining = func() bool { return draining }
		o.Now = func() time.Time { return now }
	})
	ask := func(path string, status int, want string) {
		t.Helper()
		if got := r.send(webtest.Request("GET", path, "")); got.StatusCode != status || got.Text != `{"status":"`+want+`"}` {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Text)
		}
	}
	ask("/readyz", 200, "ready")
	broken, now = errors.New("secret"), now.Add(readyAge)
	ask("/readyz", 503, "not_ready")
	broken, draining = nil, true
	ask("/readyz", 503, "draining")
	draining, now = false, now.Add(readyAge)
	ask("/readyz", 200, "ready")
	draining = true
	ask("/livez", 200, "ok")
	r.do("GET", thing, "").JSON(t, 200) // still served while draining
	if bare := newRig(t); bare.send(webtest.Request("GET", "/readyz", "")).StatusCode != 200 {
		t.Error("without a check it is ready")
	}
}

// TestReadinessIsShared: however many ask, the store is asked once a second.
func TestReadinessIsShared(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var clock atomic.Int64 // milliseconds
	broken := false
	begun, answer := make(chan struct{}, 1), make(chan struct{})
	r := newRig(t, func(o *Options) {
		o.Ready = func(context.Context) error {
			asked.Add(1)
			begun <- struct{}{}
			<-answer
			if broken {
				return errors.New("down")
			}
			return nil
		}
		o.Now = func() time.Time { return noon.Add(time.Duration(clock.Load()) * time.Millisecond) }
	})
	round := func(status int) {
		t.Helper()
		asked.Store(0)
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if got := r.send(webtest.Request("GET", "/readyz", "")); got.StatusCode != status {
					t.Errorf("%d, want %d", got.StatusCode, status)
				}
			})
		}
		<-begun
		answer <- struct{}{}
		all.Wait()
		if n := asked.Load(); n != 1 {
			t.Errorf("200 probes asked the store %d times", n)
		}
	}
	round(200)
	clock.Add(readyAge.Milliseconds() - 1)
	asked.Store(0)
	if got := r.send(webtest.Request("GET", "/readyz", "")); got.StatusCode != 200 || asked.Load() != 0 {
		t.Errorf("within the second: %d, asked %d times", got.StatusCode, asked.Load())
	}
	broken = true
	clock.Add(1)
	round(503)
	broken = false
	clock.Add(-3_600_000) // a clock that is set back does not keep the old answer
	round(200)
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
