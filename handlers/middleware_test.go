package handlers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp/fasthttputil"
)

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.HSTS = true })
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Strict-Transport-Security": "max-age=31536000", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Server": "",
	}
	for _, path := range []string{hotPath, "/nowhere", "/livez", "/v1/insured/OTHER"} {
		got := r.do("GET", path, "")
		for name, value := range want {
			if got.Header.Get(name) != value {
				t.Errorf("%s: %s is %q", path, name, got.Header.Get(name))
			}
		}
		if id := got.Header.Get(headerRequestID); len(id) != 26 {
			t.Errorf("%s: request id %q", path, id)
		}
	}
	if newRig(t).do("GET", hotPath, "").Header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without being asked for")
	}
}

func TestRequestIDIsOurs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made := request("GET", "/livez", "")
	made.Header.Set(headerRequestID, "from-outside")
	if got := r.send(made); strings.Contains(got.Header.Get(headerRequestID), "outside") {
		t.Error("a client chose the request id")
	}
}

func TestWhatNoRouteAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cases := []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{"GET", "/", 404, "not_found", ""},
		{"GET", "/v1/" + marker, 404, "not_found", ""},
		{"GET", "/v1/sessions/", 404, "not_found", ""},
		{"GET", "/V1/sessions", 404, "not_found", ""},
		{"PATCH", "/v1/sessions", 405, "method_not_allowed", "GET, POST"},
		{"DELETE", "/v1/me", 405, "method_not_allowed", "GET"},
		{"POST", hotPath, 405, "method_not_allowed", "GET"},
		{"BREW", "/v1/me", 405, "method_not_allowed", ""},
	}
	for _, c := range cases {
		got := r.do(c.method, c.path, "")
		p := got.problem(t)
		if p.Status != c.status || p.Code != c.code || got.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %s, allow %q", c.method, c.path, p.Status, p.Code, got.Header.Get("Allow"))
		}
		if got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: no security headers", c.method, c.path)
		}
	}
	if strings.Contains(r.log.String(), "Leak") {
		t.Error("a path is in the log")
	}
}

// raw sends bytes to the app over a connection and reads the first answer.
func raw(t *testing.T, app *fiber.App, send string) response {
	t.Helper()
	listener := fasthttputil.NewInmemoryListener()
	go func() { _ = app.Listener(listener) }()
	t.Cleanup(func() { _ = app.Shutdown() })
	conn, err := listener.Dial()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = conn.Write([]byte(send)) }()
	return readAnswer(t, conn)
}

func readAnswer(t *testing.T, conn net.Conn) response {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	var body strings.Builder
	if _, err := bufio.NewReader(answer.Body).WriteTo(&body); err != nil {
		t.Fatal(err)
	}
	return response{answer, body.String()}
}

// TestRefusedBeforeAnyMiddleware: what the server itself refuses is the same kind of document, with the same headers.
func TestRefusedBeforeAnyMiddleware(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", maxRead+1)
	cases := []struct {
		name, send string
		status     int
		code       string
	}{
		{"headers", "GET /v1/me HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat(marker, maxHeaders/4) + "\r\n\r\n", 431, "headers_too_large"},
		{"body", fmt.Sprintf("POST /v1/sessions HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(big), big), 413, "body_too_large"},
		{"nonsense", marker + "\r\n\r\n", 400, "bad_request"},
		{"version", "GET /v1/me " + marker + "\r\n\r\n", 400, "bad_request"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := raw(t, newRig(t).app, c.send)
			p := got.problem(t)
			if p.Status != c.status || p.Code != c.code || strings.Contains(got.body, "Leak") {
				t.Errorf("%s", got.body)
			}
			if got.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("no security headers")
			}
		})
	}
}

func TestLimitPerAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Limits.PerAddress = Rate{PerSecond: 0.5, Burst: 3} })
	for range 3 {
		r.do("GET", hotPath, "").json(t, 200)
	}
	got := r.do("GET", hotPath, "")
	if p := got.problem(t); p.Code != "too_many_requests" || got.Header.Get("Retry-After") != "2" {
		t.Errorf("%s, retry after %q", got.body, got.Header.Get("Retry-After"))
	}
	if got := r.send(request("GET", "/livez", "")); got.StatusCode != 200 {
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
		r.do("GET", hotPath, "").json(t, 200)
	}
	got := r.do("GET", hotPath, "")
	if p := got.problem(t); p.Code != "too_many_requests" || got.Header.Get("Retry-After") != "1" {
		t.Errorf("%s, retry after %q", got.body, got.Header.Get("Retry-After"))
	}
	r.send(request("GET", "/v1/regions", "")).json(t, 200) // somebody without a token
	now = now.Add(time.Second)
	r.do("GET", hotPath, "").json(t, 200)
}

func TestLimiterForgets(t *testing.T) {
	t.Parallel()
	l := newLimiter[int](Rate{PerSecond: 1, Burst: 2}, 100)
	for key := range 1000 {
		if _, ok := l.take(key, noon); !ok {
			t.Fatal("a new key was refused")
		}
		if len(l.buckets) > 100 {
			t.Fatalf("%d buckets", len(l.buckets))
		}
	}
	l.bucket(5000, noon.Add(time.Hour)) // all are full again
	for key := range 98 {
		l.bucket(6000+key, noon.Add(time.Hour))
	}
	if len(l.buckets) > 100 {
		t.Errorf("%d buckets", len(l.buckets))
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

func TestAddressBehindProxies(t *testing.T) {
	t.Parallel()
	const self = "0.0.0.0" // where app.Test calls from
	cases := []struct {
		trusted []string
		headers []string
		want    string
	}{
		{nil, []string{"203.0.113.9"}, self},
		{[]string{"10.0.0.0/8"}, []string{"203.0.113.9"}, self},
		{[]string{self}, nil, self},
		{[]string{self}, []string{"203.0.113.9"}, "203.0.113.9"},
		{[]string{self}, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		{[]string{self, "10.0.0.0/8"}, []string{"198.51.100.1, 203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
		{[]string{self, "10.0.0.0/8"}, []string{"198.51.100.1", "203.0.113.9,10.1.2.3"}, "203.0.113.9"},
		{[]string{self, "10.0.0.0/8"}, []string{"10.9.9.9"}, "10.9.9.9"},
		{[]string{self, "10.0.0.0/8"}, []string{"203.0.113.9, nonsense, 10.1.2.3"}, "10.1.2.3"},
		{[]string{self}, []string{""}, self},
		{[]string{self}, []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{[]string{self}, []string{"2001:db8::7"}, "2001:db8::7"},
	}
	for _, c := range cases {
		r := newRig(t, func(o *Options) { o.TrustedProxies = c.trusted })
		made := request("POST", "/v1/link-attempts", goodLink)
		made.Header.Set("Authorization", "Bearer "+goodToken)
		for _, value := range c.headers {
			made.Header.Add("X-Forwarded-For", value)
		}
		r.send(made).json(t, 202)
		if r.fake.request.Address != c.want {
			t.Errorf("%v behind %v: %s instead of %s", c.headers, c.trusted, r.fake.request.Address, c.want)
		}
	}
}

// TestForgottenProxyIsNotedOnce: the operator is told that a proxy is not trusted, and nobody's address.
func TestForgottenProxyIsNotedOnce(t *testing.T) {
	t.Parallel()
	for trusted, want := range map[string]int{"10.0.0.0/8": 1, "0.0.0.0": 0} {
		r := newRig(t, func(o *Options) { o.TrustedProxies = []string{trusted} })
		r.do("GET", hotPath, "").json(t, 200)
		if strings.Contains(r.log.String(), "untrusted_proxy") {
			t.Error("noted without X-Forwarded-For")
		}
		for range 3 {
			made := request("GET", "/v1/regions", "")
			made.Header.Set("X-Forwarded-For", "203.0.113.9")
			r.send(made).json(t, 200)
		}
		log := r.log.String()
		if strings.Count(log, "untrusted_proxy") != want || strings.Contains(log, "203.0.113.9") {
			t.Errorf("trusting %s: %s", trusted, log)
		}
	}
}

// TestAnIPv6CustomerIsOneAddress: the limit counts the /64 that a customer owns.
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
		made := request("GET", "/v1/regions", "")
		made.Header.Set("X-Forwarded-For", c.address)
		if got := r.send(made); got.StatusCode != c.status {
			t.Errorf("%s: %d", c.address, got.StatusCode)
		}
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	fake := newFake()
	wrong := map[string]func(*Options){
		"no sessions": func(o *Options) { o.Sessions = nil },
		"no regions":  func(o *Options) { o.Regions = nil },
		"bad proxy":   func(o *Options) { o.TrustedProxies = []string{"localhost"} },
		"metrics twice": func(o *Options) {
			if _, err := New(*o); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, change := range wrong {
		o := testOptions(fake)
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	o := testOptions(fake)
	o.Log, o.Now, o.Metrics, o.Version = nil, nil, nil, ""
	if _, err := New(o); err != nil {
		t.Error(err)
	}
}

func TestTimeoutsOfConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, read, write, idle time.Duration }{
		{0, 10 * time.Second, 30 * time.Second, time.Minute},
		{time.Second, time.Second, 2 * time.Second, 3 * time.Second},
	} {
		o := testOptions(newFake())
		o.ReadTimeout, o.WriteTimeout, o.IdleTimeout = c.given, 2*c.given, 3*c.given
		app, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := app.Server(); got.ReadTimeout != c.read || got.WriteTimeout != c.write || got.IdleTimeout != c.idle {
			t.Errorf("read %v, write %v, idle %v", got.ReadTimeout, got.WriteTimeout, got.IdleTimeout)
		}
	}
}

func TestServicesGetADeadline(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Deadline = time.Minute })
	r.do("GET", hotPath, "").json(t, 200)
	if r.fake.within <= 0 || r.fake.within > time.Minute {
		t.Errorf("deadline in %v", r.fake.within)
	}
}

func TestProbesAlone(t *testing.T) {
	t.Parallel()
	app, err := NewProbes(Options{Metrics: prometheus.NewRegistry(), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/metrics": 200, "/v1/regions": 404, "/docs": 404} {
		answer, err := app.Test(httptest.NewRequest("GET", path, nil))
		if err != nil || answer.StatusCode != want {
			t.Errorf("%s: %v, %v", path, answer.StatusCode, err)
		}
	}
}

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
		if got := r.send(request("GET", path, "")); got.StatusCode != status || got.body != `{"status":"`+want+`"}` {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
	}
	ask("/readyz", 200, "ready")
	broken = errors.New("secret")
	ask("/readyz", 503, "not_ready")
	broken, draining = nil, true
	ask("/readyz", 503, "draining")
	ask("/livez", 200, "ok")
	r.do("GET", hotPath, "").json(t, 200) // still served while draining
	if bare := newRig(t); bare.send(request("GET", "/readyz", "")).StatusCode != 200 {
		t.Error("without a check it is ready")
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do("GET", hotPath, "")
	r.do("GET", "/v1/insured/SOMEBODY/balance", "")
	r.do("GET", "/v1/"+marker, "")
	body := r.send(request("GET", "/metrics", "")).body
	for _, line := range []string{
		`yibao_http_requests_total{method="GET",route="/v1/insured/{id}/balance",status="200"} 1`,
		`yibao_http_requests_total{method="GET",route="/v1/insured/{id}/balance",status="404"} 1`,
		`yibao_http_requests_total{method="GET",route="unmatched",status="404"} 1`,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("missing %s", line)
		}
	}
	if strings.Contains(body, "SOMEBODY") || strings.Contains(body, "Leak") {
		t.Error("a path is in the metrics")
	}
	if got := newRig(t, func(o *Options) { o.Metrics = nil }).send(request("GET", "/metrics", "")); got.StatusCode != 404 {
		t.Errorf("/metrics without a registry: %d", got.StatusCode)
	}
}

// TestHeadOfPages: what balancers and monitors ask by HEAD has the status and the type of GET, and no bytes.
func TestHeadOfPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []string{"/livez", "/readyz", "/docs", "/openapi.json"} {
		full, head := r.send(request("GET", path, "")), r.send(request("HEAD", path, ""))
		if head.StatusCode != full.StatusCode || head.body != "" || head.Header.Get("Content-Type") != full.Header.Get("Content-Type") {
			t.Errorf("%s: %d %q, by GET %d", path, head.StatusCode, head.body, full.StatusCode)
		}
	}
}

// TestEveryRouteIsInAGroup: the page shows the groups of the list, and a route outside them would not be seen.
func TestEveryRouteIsInAGroup(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, g := range groups {
		known[g.name] = true
		if g.title.zh == "" || g.title.en == "" {
			t.Errorf("%s has no title in one of the languages", g.name)
		}
	}
	for _, r := range (&server{}).routes() {
		if tag := r.operation().Tags[0]; !known[tag] {
			t.Errorf("%s %s is in the group %s, which has no title", r.method, r.path, tag)
		}
	}
}

func TestDocsPage(t *testing.T) {
	t.Parallel()
	got := newRig(t).send(request("GET", "/docs", ""))
	if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") || !strings.Contains(got.body, "医保") {
		t.Errorf("%v", got.Header)
	}
	if regexp.MustCompile(`(?i)https?://|src=|@import`).MatchString(got.body) {
		t.Error("the page mentions other hosts")
	}
	policy := got.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, inlineHash(got.body, "script")) || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %s", policy)
	}
	if strings.Count(got.body, "<script") != 1 || strings.Count(got.body, "<style") != 1 || strings.Contains(got.body, " style=") ||
		strings.Contains(got.body, "onclick") {
		t.Error("the policy allows one script and one style")
	}
}

func TestLogNamesNoOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do("POST", "/v1/link-attempts", goodLink)
	r.do("GET", hotPath, "")
	r.send(request("POST", "/v1/sessions", goodSignIn))
	log := r.log.String()
	if !strings.Contains(log, `"route":"/v1/insured/{id}/balance","status":200`) {
		t.Errorf("log: %s", log)
	}
	for _, secret := range []string{"测试甲", "11010119000101001X", goodToken, "code-1", linkID, "ATTEMPT", "user-own", "new-token", "hidden"} {
		if strings.Contains(log, secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}

func TestNewBareGuards(t *testing.T) {
	t.Parallel()
	app, err := NewBare(testOptions(newFake()), "GET", "/v1/insured/{id}/balance", func(c *fiber.Ctx) error { return c.SendString("bytes") })
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, app: app}
	if got := r.do("GET", hotPath, ""); got.body != "bytes" || got.Header.Get(headerRequestID) == "" {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if got := r.send(request("GET", hotPath, "")); got.StatusCode != 401 {
		t.Errorf("without a token: %d", got.StatusCode)
	}
	if _, err := NewBare(Options{}, "GET", "/", nil); err == nil {
		t.Error("no services, no error")
	}
}
