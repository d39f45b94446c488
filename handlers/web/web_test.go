package web

import (
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"yibao/handlers/web/webtest"
)

func TestOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	api := (&things{}).api()
	for name, change := range map[string]func(*Options){
		"bad proxy": func(o *Options) { o.TrustedProxies = []string{"localhost"} },
	} {
		o := testOptions()
		change(&o)
		if _, err := New(o, api); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	api.Document.Fields = nil
	if _, err := New(testOptions(), api); err == nil || !strings.Contains(err.Error(), "ThingSize width") {
		t.Errorf("fields without texts: %v", err)
	}
}

func TestTimeoutsOfConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, read, write, idle time.Duration }{
		{0, 10 * time.Second, 30 * time.Second, time.Minute},
		{time.Second, time.Second, 2 * time.Second, 3 * time.Second},
	} {
		o := testOptions()
		o.ReadTimeout, o.WriteTimeout, o.IdleTimeout = c.given, 2*c.given, 3*c.given
		app, err := New(o, (&things{}).api())
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
	r.do("GET", thing, "").JSON(t, 200)
	if r.service.within <= 0 || r.service.within > time.Minute {
		t.Errorf("deadline in %v", r.service.within)
	}
}

func TestProbesAlone(t *testing.T) {
	t.Parallel()
	app, err := NewProbes(Options{Metrics: prometheus.NewRegistry(), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/metrics": 200, "/v1/open": 404, "/docs": 404} {
		answer, err := app.Test(httptest.NewRequest("GET", path, nil))
		if err != nil || answer.StatusCode != want {
			t.Errorf("%s: %v, %v", path, answer.StatusCode, err)
		}
	}
}

func TestNewBareGuards(t *testing.T) {
	t.Parallel()
	api := API{Verify: (&things{}).verify}
	app, err := NewBare(testOptions(), api, "GET", "/v1/things/{id}", func(c *fiber.Ctx) error { return c.SendString("bytes") })
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, app: app}
	if got := r.do("GET", thing, ""); got.Text != "bytes" || got.Header.Get(headerRequestID) == "" {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
	if got := r.send(webtest.Request("GET", thing, "")); got.StatusCode != 401 {
		t.Errorf("without a token: %d", got.StatusCode)
	}
}

// TestNoServiceIsKnown: of the domain the package knows identity alone, for callers, networks and panics.
func TestNoServiceIsKnown(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(out)) {
		path = strings.TrimSpace(path)
		if strings.HasPrefix(path, "yibao/") && path != "yibao/identity" && path != "yibao/identity/panics" {
			t.Errorf("the package imports %s", path)
		}
	}
}
