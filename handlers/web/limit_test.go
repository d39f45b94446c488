package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yibao/handlers/web/webtest"
)

// TestLimitPerAddress: an empty bucket slows requests without a good token that reach a handler, and no others.
func TestLimitPerAddress(t *testing.T) {
	t.Parallel()
	now := noon
	r := newRig(t, func(o *Options) {
		o.Limits.PerAddress = Rate{PerSecond: 0.5, Burst: 3}
		o.Now = func() time.Time { return now }
	})
	open := func(path string) webtest.Answer { return r.send(webtest.Request("GET", path, "")) }
	for range 20 { // these cost nothing: the answer that says "too often" would cost as much
		open("/v1/nowhere").Problem(t)
		open(thing).Problem(t)
		r.do("GET", thing, "").JSON(t, 200)
	}
	for _, path := range []string{"/v1/open", "/openapi.json", "/v1/open"} {
		open(path).JSON(t, 200)
	}
	for _, path := range []string{"/v1/open", "/openapi.json", "/docs"} {
		got := open(path)
		if p := got.Problem(t); p.Code != "too_many_requests" || got.Header.Get("Retry-After") != "2" {
			t.Errorf("%s: %s, retry after %q", path, got.Text, got.Header.Get("Retry-After"))
		}
	}
	r.do("GET", thing, "").JSON(t, 200)
	r.do("GET", "/v1/open", "").JSON(t, 200) // the token is good, so the address does not matter
	if got := open("/livez"); got.StatusCode != 200 {
		t.Error("the probe is limited")
	}
	now = now.Add(2 * time.Second)
	open("/v1/open").JSON(t, 200)
}

// TestLimitPerToken: a token that is shown too often is refused before it is checked, good or not; a check may cost a read of
// the store.
func TestLimitPerToken(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Limits.PerUser = Rate{PerSecond: 1, Burst: 5} })
	ask := func(token string) string {
		made := webtest.Request("GET", thing, "")
		made.Header.Set("Authorization", "Bearer "+token)
		return r.send(made).Problem(t).Code
	}
	for range 5 {
		if got := ask("revoked"); got != "token_invalid" {
			t.Fatal(got)
		}
	}
	if got := ask("revoked"); got != "too_many_requests" || len(r.service.tokens) != 5 {
		t.Errorf("%s after %d checks", got, len(r.service.tokens))
	}
	if got := ask("another"); got != "token_invalid" {
		t.Error(got)
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

// from asks from behind a trusted proxy that sends the header.
func (r *rig) from(forwarded string) webtest.Answer {
	r.t.Helper()
	made := webtest.Request("GET", "/v1/open", "")
	made.Header.Set("X-Forwarded-For", forwarded)
	return r.send(made)
}

func limitedBehindProxy(t *testing.T, burst int) *rig {
	return newRig(t, func(o *Options) {
		o.Limits.PerAddress = Rate{PerSecond: 0.5, Burst: burst}
		o.TrustedProxies = []string{"0.0.0.0"}
	})
}

func TestAnIPv6CustomerIsOneAddress(t *testing.T) {
	t.Parallel()
	r := limitedBehindProxy(t, 1)
	for _, c := range []struct {
		address string
		status  int
	}{{"2001:db8:1:2::1", 200}, {"2001:db8:1:2:ffff::9", 429}, {"2001:db8:1:3::1", 200}, {"203.0.113.9", 200}, {"203.0.113.8", 200}} {
		if got := r.from(c.address); got.StatusCode != c.status {
			t.Errorf("%s: %d", c.address, got.StatusCode)
		}
	}
}

// TestAnIPv6SiteIsLimitedToo: a customer with a whole /48 cannot take a new bucket for each of its /64.
func TestAnIPv6SiteIsLimitedToo(t *testing.T) {
	t.Parallel()
	r := limitedBehindProxy(t, 1)
	answered := 0
	for i := range 100 {
		if r.from(fmt.Sprintf("2001:db8:1:%x::1", i)).StatusCode == 200 {
			answered++
		}
	}
	if answered != siteShare {
		t.Errorf("%d of 100 networks of one site were answered, want %d", answered, siteShare)
	}
	if got := r.from("2001:db8:2::1"); got.StatusCode != 200 {
		t.Errorf("another site: %d", got.StatusCode)
	}
}

// TestOddAddressesShareNoBucket: thirty people behind a proxy that writes addresses in some odd way.
func TestOddAddressesShareNoBucket(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"203.0.113.%d:51234", "[2001:db8:%x::1]:443", "203.0.113.%d,", "unknown, 203.0.113.%d",
		"203.0.113.%d, unknown", "unknown", "_hidden%d", ""} {
		r := limitedBehindProxy(t, 1)
		for i := range 30 {
			forwarded := form
			if strings.Contains(form, "%") {
				forwarded = fmt.Sprintf(form, i)
			}
			if got := r.from(forwarded); got.StatusCode != 200 {
				t.Errorf("%s: %d", forwarded, got.StatusCode)
			}
		}
		hidden := form == "unknown" || form == "_hidden%d" || form == ""
		if told := strings.Count(r.log.String(), "client_address_unknown"); (told == 1) != hidden {
			t.Errorf("%q: the operator is told %d times", form, told)
		}
	}
}
