package app_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
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
		app.RoleAPI:    {"/livez": 200, "/readyz": 200, "/metrics": 404, "/v1/regions": 200},
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

// TestMetricsListen: with an API, /metrics is at an address of its own and nowhere else, and counts what the API answers.
func TestMetricsListen(t *testing.T) {
	t.Parallel()
	settings := openSettings(t, nil)
	settings.Server.Listen, settings.Server.MetricsListen = "127.0.0.1:0", "127.0.0.1:0"
	log := &logBuffer{}
	server, err := app.Open(t.Context(), app.Options{Config: settings, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	address, stop := run(t, server, app.RoleAll)
	defer stop()
	if got := get(t, "http://"+address+"/metrics"); got != 404 {
		t.Errorf("the public address shows metrics: %d", got)
	}
	_, metrics, _ := strings.Cut(log.String(), "msg=serving_metrics address=")
	metrics, _, _ = strings.Cut(metrics, "\n")
	answer, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(page), `yibao_http_requests_total{method="GET",route="unmatched",status="404"} 1`) {
		t.Errorf("%s: %v", page, err)
	}
	if got := get(t, "http://"+metrics+"/v1/regions"); got != 404 {
		t.Errorf("the address of metrics shows the API: %d", got)
	}
}

// TestMetricsListenIsTaken: an address that another program has ends the start, with the key's name.
func TestMetricsListenIsTaken(t *testing.T) {
	t.Parallel()
	settings := openSettings(t, nil)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	settings.Server.MetricsListen = taken.Addr().String()
	server, err := app.Open(t.Context(), app.Options{Config: settings, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "server.metrics_listen: ") {
		t.Error(err)
	}
}

// TestConnectionsOfTheServer: what package web promises of connections holds for a server that runs: their number, and that
// a body which is far too long gets its answer.
func TestConnectionsOfTheServer(t *testing.T) {
	t.Parallel()
	settings := openSettings(t, nil)
	settings.Server.Listen, settings.Limits.ConnectionsPerAddress = "127.0.0.1:0", 2
	address, stop := start(t, settings, app.RoleAPI)
	defer stop()
	var open [3]net.Conn
	for i := range open {
		var err error
		if open[i], err = net.Dial("tcp", address); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = open[i].Close() }()
	}
	if n, err := open[2].Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("a third connection is served")
	}
	const size = 6 << 20
	_, err := fmt.Fprintf(open[0], "POST /v1/sessions HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(open[0]), nil)
	if err != nil || answer.StatusCode != 413 {
		t.Error(answer, err)
	}
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
