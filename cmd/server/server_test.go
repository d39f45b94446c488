package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
)

// child is cmd/server as production runs it: a process of its own.
type child struct {
	api    string
	world  *world.World
	cmd    *exec.Cmd
	output *buffer
	args   []string
}

// buffer collects what the child prints on both streams.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// build compiles cmd/server once per test binary.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "yibao-server-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "server")
	out, err := exec.Command("go", "build", "-o", path, "yibao/cmd/server").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: "go build: " + string(out), Err: err}
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := build(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// quick lets one test run the whole job within seconds.
var quick = map[string]any{
	"balance.display_age": "10ms", "balance.decision_age": "1s", "balance.collect_every": "1s",
	"reminder.check_every": "300ms", "reminder.tick": "100ms", "reminder.cooldown": "0s",
	"limits.per_address_per_minute": 100000, "limits.per_user_per_minute": 100000,
	"log.level": "debug", // the more it says, the more could leak
}

// start opens a world and runs the server in it; args go to `server serve`.
func start(t *testing.T, args ...string) *child {
	t.Helper()
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: quick})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &child{world: w, output: &buffer{}, args: args}
	c.run(t)
	return c
}

// run starts the server in the world; after a stop, it starts the next one.
func (c *child) run(t *testing.T) {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t) // only now: the world's own listeners could take it
	c.api = "http://" + address
	c.cmd = exec.Command(binary, append([]string{"serve", "--config", c.world.ConfigFile}, c.args...)...)
	c.cmd.Env = append(os.Environ(), "YIBAO_SERVER__LISTEN="+address)
	c.cmd.Stdout, c.cmd.Stderr = c.output, c.output
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	running := c.cmd
	t.Cleanup(func() { _ = running.Process.Kill() })
	c.await(t)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// await waits until the server is ready.
func (c *child) await(t *testing.T) {
	t.Helper()
	for range 1200 {
		if answer, err := http.Get(c.api + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the server did not become ready:\n%s", c.output)
}

// stop asks the server to stop, and wants it to end well.
func (c *child) stop(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("the server did not stop well: %v\n%s", err, c.output)
	}
}

func (c *child) phone(platform, user string) *phone.Phone {
	return phone.New(c.api, c.world.URL, platform, world.App, user)
}

// people lists invented people with an active personal account and a phone on file.
func (c *child) people() []phone.Person { return world.People(c.world.Simulator) }

// runCommand runs the program in this process, for commands that end by themselves.
func runCommand(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, nil, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	for _, one := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--help"}, exitOK, "serve"},
		{[]string{}, exitUsage, "expected one of"},
		{[]string{"serve", "--role", "king"}, exitUsage, "role"},
		{[]string{"serve", "--config", "/nowhere.yaml"}, exitFailed, "configuration"},
		{[]string{"serve"}, exitUsage, "problem(s) in the configuration"},
		{[]string{"check"}, exitUsage, "mongodb.uri"},
		{[]string{"keys", "new"}, exitUsage, "--dir"},
	} {
		code, stdout, stderr := runCommand(t, one.args...)
		if code != one.code || !strings.Contains(stdout+stderr, one.says) {
			t.Errorf("%v: exit %d, want %d with %q; said %s%s", one.args, code, one.code, one.says, stdout, stderr)
		}
	}
}

func TestKeysNewMakesKeysOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if code, _, stderr := runCommand(t, "keys", "new", "--dir", dir); code != exitOK {
		t.Fatal(stderr)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s can be read by others: %v", file.Name(), info.Mode())
		}
	}
	if code, _, _ := runCommand(t, "keys", "new", "--dir", dir); code != exitFailed {
		t.Errorf("keys were overwritten: exit %d", code)
	}
}

// TestCheckTellsWhatWorks runs the probes against a world that answers, then against one where things are wrong.
func TestCheckTellsWhatWorks(t *testing.T) {
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: map[string]any{"log.level": "info"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	code, stdout, stderr := runCommand(t, "check", "--config", w.ConfigFile)
	if code != exitOK {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	if stderr != "" || strings.Contains(stdout, "hint  regions.") {
		t.Errorf("all is well, and yet: %s%s", stdout, stderr)
	}
	for _, line := range []string{"\nskip  sms: ", "\nhint  server.trusted_proxies: ", "\nhint  mongodb: is one server and no replica set"} {
		if !strings.Contains(stdout, line) {
			t.Errorf("no line %q:\n%s", line, stdout)
		}
	}
	for _, name := range []string{"mongodb", "wechat.apps.demo", "alipay.apps.demo", "gateway for alipay.apps.demo", "regions.990100", "regions.990200", "clock"} {
		if !strings.Contains(stdout, "ok    "+name) {
			t.Errorf("%s is not reported:\n%s", name, stdout)
		}
	}
	c := child{world: w}
	ctl := c.phone("wechat", "operator")
	for target, fault := range map[string]string{"wechat.token": "40125", "alipay.token": "wrong_key", "insurer.990100": "html"} {
		if _, err := ctl.Control(t.Context(), "faults", map[string]any{"target": target, "fault": fault, "times": -1}); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, _ = runCommand(t, "check", "--config", w.ConfigFile)
	if code != exitFailed {
		t.Errorf("exit %d, want %d", code, exitFailed)
	}
	for _, line := range []string{"FAIL  wechat.apps.demo", "FAIL  gateway for alipay.apps.demo", "FAIL  regions.990100", "ok    regions.990200"} {
		if !strings.Contains(stdout, line) {
			t.Errorf("no line %q:\n%s", line, stdout)
		}
	}
	for _, secret := range w.Secrets() {
		if strings.Contains(stdout, secret) {
			t.Error("check prints a secret")
		}
	}
}

// TestCheckTriesAllThatCanBeTried: neither a template nor a key nor a dead database keeps the rest from being tried.
func TestCheckTriesAllThatCanBeTried(t *testing.T) {
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: map[string]any{
			"mongodb.uri": "mongodb://" + freeAddress(t) + "/?serverSelectionTimeoutMS=100",
			"wechat.apps.demo.templates.low_balance.fields": map[string]any{"bogus": "{nothing}"},
			"alipay.apps.demo.private_key":                  "no key",
			"regions.990100.insurer.base_url":               "http://" + freeAddress(t),
			"regions.990200.insurer.extra":                  map[string]any{"infno": "1"},
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	code, stdout, _ := runCommand(t, "check", "--config", w.ConfigFile)
	if code != exitUsage {
		t.Errorf("exit %d, want %d", code, exitUsage)
	}
	for _, line := range []string{"FAIL  mongodb: ", "FAIL  wechat.apps.demo.templates.low_balance.fields.bogus: ", "ok    wechat.apps.demo: ",
		"FAIL  alipay.apps.demo.private_key: ", "skip  alipay.apps.demo: ", "FAIL  regions.990100: the upstream gives no answer: refused",
		"FAIL  regions.990200.insurer.extra: ", "skip  regions.990200: ", "skip  sms: can be reached"} {
		if !strings.Contains("\n"+stdout, "\n"+line) {
			t.Errorf("no line %q:\n%s", line, stdout)
		}
	}
}

// TestCheckHintsAtRulesThatFitNothing: a region whose refusals the profile does not understand answers, but is not ready.
func TestCheckHintsAtRulesThatFitNothing(t *testing.T) {
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: map[string]any{
			"regions.990100.insurer.failures": map[string]any{"access": []any{}, "not_enrolled": []any{map[string]any{"contains": "never said"}}},
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	code, stdout, _ := runCommand(t, "check", "--config", w.ConfigFile)
	access := regexp.MustCompile(`\nhint  regions\.990100: the answer \(code -1\) does not prove that the secret is right: .* insurer\.failures\.access`)
	if code != exitOK || !strings.Contains(stdout, "\nhint  regions.990100: what ") || !access.MatchString(stdout) || strings.Contains(stdout, "hint  regions.990200") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

// TestTheAddressIsSaidAtEveryLevel: the one line that a person needs comes even where the log is nearly silent. And production
// lets no page of another origin in; the sandbox alone does.
func TestTheAddressIsSaidAtEveryLevel(t *testing.T) {
	t.Parallel()
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: map[string]any{"log.level": "error"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	c := &child{world: w, output: &buffer{}}
	c.run(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.api+"/v1/platforms", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", "http://localhost:5173")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a page may call: %v", answer.Header)
	}
	c.stop(t)
	said := c.output.String()
	if strings.Count(said, "\n") != 1 || !strings.Contains(said, "serving") || !strings.Contains(said, strings.TrimPrefix(c.api, "http://")) {
		t.Errorf("want one line with the address, got %q", said)
	}
}

// raw sends bytes as they are.
func (c *child) raw(ctx context.Context, method, path, token, contentType string, body []byte) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.api+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}
