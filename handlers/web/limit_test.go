package web

import (
	"testing"
	"time"

	"yibao/handlers/web/webtest"
)

func TestLimitPerAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Limits.PerAddress = Rate{PerSecond: 0.5, Burst: 3} })
	for range 3 {
		r.do("GET", thing, "").JSON(t, 200)
	}
	got := r.do("GET", thing, "")
	if p := got.Problem(t); p.Code != "too_many_requests" || got.Header.Get("Retry-After") != "2" {
		t.Errorf("%s, retry after %q", got.Text, got.Header.Get("Retry-After"))
	}
	if got := r.send(webtest.Request("GET", "/livez", "")); got.StatusCode != 200 {
		t.Error("the probe is limited")
	}
}

func TestLimitPerUser(t *testing.T) {
	t.Parallel()
	now := noon
	r := newRig(t, func(o *Options) {
		o.Limits.PerUser = Rate{PerSecond: 1, Burst: 2}
		o.Now = func() time.Time { return now }
	})
	for range 2 {
		r.do("GET", thing, "").JSON(t, 200)
	}
	got := r.do("GET", thing, "")
	if p := got.Problem(t); p.Code != "too_many_requests" || got.Header.Get("Retry-After") != "1" {
		t.Errorf("%s, retry after %q", got.Text, got.Header.Get("Retry-After"))
	}
	r.send(webtest.Request("GET", "/v1/open", "")).JSON(t, 200) // without a token
	now = now.Add(time.Second)
	r.do("GET", thing, "").JSON(t, 200)
}

func TestLimiterForgets(t *testing.T) {
	t.Parallel()
	l := newLimiter[int](Rate{PerSecond: 1, Burst: 1}, 100)
	for key := range 1000 {
		if _, ok := l.take(key, noon); !ok {
			t.Fatal("a new key was refused")
		}
		if l.buckets.Len() > 100 {
			t.Fatalf("%d buckets", l.buckets.Len())
		}
	}
	if _, ok := l.take(999, noon); ok {
		t.Error("the newest keys are forgotten")
	}
	if _, ok := l.take(0, noon); !ok {
		t.Error("the oldest key is kept")
	}
}

func TestRateDefaults(t *testing.T) {
	t.Parallel()
	fallback := Rate{PerSecond: 5, Burst: 10}
	if got := (Rate{}).or(fallback); got != fallback {
		t.Errorf("%+v", got)
	}
	if got := (Rate{PerSecond: 1, Burst: 2}).or(fallback); got != (Rate{1, 2}) {
		t.Errorf("%+v", got)
	}
}

func TestAnIPv6CustomerIsOneAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Limits.PerAddress = Rate{PerSecond: 0.5, Burst: 1}
		o.TrustedProxies = []string{"0.0.0.0"}
	})
	for _, c := range []struct {
		address string
		status  int
	}{{"2001:db8:1:2::1", 200}, {"2001:db8:1:2:ffff::9", 429}, {"2001:db8:1:3::1", 200}, {"203.0.113.9", 200}, {"203.0.113.8", 200}} {
		made := webtest.Request("GET", "/v1/open", "")
		made.Header.Set("X-Forwarded-For", c.address)
		if got := r.send(made); got.StatusCode != c.status {
			t.Errorf("%s: %d", c.address, got.StatusCode)
		}
	}
}
