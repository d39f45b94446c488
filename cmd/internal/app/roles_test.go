package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/world"
	"yibao/config"
	"yibao/platforms/insurer"
	"yibao/platforms/sms"
)

// TestRoles runs the two halves of the server as processes of their own would: what each answers, and that it stops well.
func TestRoles(t *testing.T) {
	t.Parallel()
	settings := openSettings(t, map[string]any{"server.worker_listen": "127.0.0.1:0"})
	for role, answers := range map[app.Role]map[string]int{
		app.RoleAPI:    {"/livez": 200, "/readyz": 200, "/metrics": 200, "/v1/regions": 200},
		app.RoleWorker: {"/livez": 200, "/readyz": 200, "/metrics": 200, "/v1/regions": 404},
	} {
		address, stop := start(t, settings, role)
		for path, want := range answers {
			if got := get(t, "http://"+address+path); got != want {
				t.Errorf("%s %s: %d", role, path, got)
			}
		}
		stop()
	}
	settings.Server.WorkerListen = ""
	address, stop := start(t, settings, app.RoleWorker)
	if address != "" {
		t.Error("a worker listens on", address)
	}
	stop()
}

// TestWithoutSMS serves a configuration that has neither a gateway nor a region with phones on file.
func TestWithoutSMS(t *testing.T) {
	t.Parallel()
	settings := openSettings(t, nil)
	settings.SMS = sms.Config{}
	for code, region := range settings.Regions {
		region.PhoneOnFile = insurer.PhoneOnFile{}
		settings.Regions[code] = region
	}
	settings.Server.Listen = "127.0.0.1:0"
	address, stop := start(t, settings, app.RoleAll)
	if got := get(t, "http://"+address+"/v1/regions"); got != 200 {
		t.Error(got)
	}
	stop()
}

// openSettings opens a world and reads the configuration of a server in it.
func openSettings(t *testing.T, extra map[string]any) *config.Config {
	t.Helper()
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: extra})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	settings, err := config.Load(w.ConfigFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// TestStopIsAnnounced asks for readiness while a stop waits for balancers to notice: the answer is a plain no, and what is
// asked nevertheless is still answered.
func TestStopIsAnnounced(t *testing.T) {
	t.Parallel()
	settings := openSettings(t, nil)
	settings.Server.Listen, settings.Server.DrainDelay = "127.0.0.1:0", 5*time.Second
	address, stop := start(t, settings, app.RoleAPI)
	if got := get(t, "http://"+address+"/readyz"); got != 200 {
		t.Fatalf("not ready: %d", got)
	}
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	for get(t, "http://"+address+"/readyz") != 503 { // fails once nobody listens any more
		time.Sleep(10 * time.Millisecond)
	}
	if got := get(t, "http://"+address+"/v1/regions"); got != 200 {
		t.Errorf("not served while the stop is announced: %d", got)
	}
	<-stopped
}

// TestStopWaitsForSlowRequests: a request that takes more than half of the drain still has the store, and is answered.
func TestStopWaitsForSlowRequests(t *testing.T) {
	t.Parallel()
	settings := openSettings(t, nil)
	settings.Server.Listen, settings.Server.DrainTimeout = "127.0.0.1:0", 8*time.Second
	server, err := app.Open(t.Context(), app.Options{Config: settings, Role: app.RoleAll, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	server.HTTP.Get("/slow", func(c *fiber.Ctx) error {
		close(begun)
		time.Sleep(settings.Server.DrainTimeout/2 + 500*time.Millisecond)
		return server.Store.Ping(context.Background())
	})
	address, stop := run(t, server, app.RoleAll)
	answered := make(chan int, 1)
	go func() { answered <- get(t, "http://"+address+"/slow") }()
	<-begun
	stop()
	if got := <-answered; got != 200 {
		t.Errorf("the slow request is answered by %d", got)
	}
}

// start runs one role, and returns where it answers and how to stop it.
func start(t *testing.T, settings *config.Config, role app.Role) (address string, stop func()) {
	t.Helper()
	server, err := app.Open(t.Context(), app.Options{Config: settings, Role: role, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return run(t, server, role)
}

func run(t *testing.T, server *app.App, role app.Role) (address string, stop func()) {
	t.Helper()
	listener, err := server.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if listener != nil {
		address = listener.Addr().String()
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, listener) }()
	return address, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s did not stop well: %v", role, err)
		}
	}
}

func get(t *testing.T, url string) int {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || strings.Contains(string(text), "internal") && answer.StatusCode >= 500 {
		t.Errorf("%s: %s %v", url, text, err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	return answer.StatusCode
}
