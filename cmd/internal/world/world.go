// Package world is everything that lies outside the server, on one machine: the embedded MongoDB-protocol server, the
// simulated platforms, and the configuration file that points a server at them. The sandbox, the crash test, the
// benchmark and the end-to-end tests all stand on it; cmd/server never imports it.
package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yibao/platforms/simulator"
	"yibao/store/embedded"
)

// Options say where a world lies.
type Options struct {
	Dir    string // kept between runs; see Claim for what it may hold
	Listen string // address of the simulated platforms; "127.0.0.1:0" picks a port
	// Listener, when set, is used in place of Listen; it is closed with the world.
	Listener net.Listener
	Store    string // address of the embedded store; "" picks a port
	Server   string // what server.listen in the configuration file says
	// Before, when set, stands before the simulated platforms.
	Before func(http.Handler) http.Handler
	Log    *slog.Logger
	// Settings are laid over the configuration file: dotted key → value.
	Settings map[string]any
}

// World is a running outside.
type World struct {
	ConfigFile string // for config.Load, or `server serve --config`
	URL        string // base address of the simulated platforms
	Simulator  *simulator.World

	opts    Options
	secrets *secrets
	store   *embedded.Server
	http    *http.Server
}

// App is our name of the one app that each platform has here.
const App = "demo"

// Open starts a world in the folder, or goes on with the one that is there.
func Open(ctx context.Context, opts Options) (*World, error) {
	w := &World{opts: opts}
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) open(ctx context.Context) error {
	err := Claim(w.opts.Dir)
	if err != nil {
		return err
	}
	if w.store, err = embedded.Start(ctx, embedded.Options{Dir: filepath.Join(w.opts.Dir, "store"),
		Address: w.opts.Store, Log: w.opts.Log}); err != nil {
		return err
	}
	if w.secrets, err = loadSecrets(w.opts.Dir); err != nil {
		return err
	}
	outside := filepath.Join(w.opts.Dir, "outside")
	if err := os.MkdirAll(outside, 0o700); err != nil {
		return err
	}
	if w.Simulator, err = simulator.OpenWorld(simulator.WorldOptions{Dir: outside, Now: time.Now, Log: w.opts.Log}); err != nil {
		return err
	}
	listener := w.opts.Listener
	if listener == nil {
		if listener, err = net.Listen("tcp", w.opts.Listen); err != nil {
			return fmt.Errorf("the simulated platforms: %w", err)
		}
	}
	handler := simulator.Handler(w.Simulator, w.options(time.Now))
	if w.opts.Before != nil {
		handler = w.opts.Before(handler)
	}
	w.http, w.URL = serve(listener, handler)
	w.ConfigFile = filepath.Join(w.opts.Dir, "config.yaml")
	return w.writeConfig(w.ConfigFile, w.URL)
}

func serve(listener net.Listener, handler http.Handler) (*http.Server, string) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return server, "http://" + listener.Addr().String()
}

// At serves the same world by another clock, for filling in a past. It returns the path of a configuration file that
// points there, and what ends it.
func (w *World) At(now func() time.Time) (configFile string, stop func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server, url := serve(listener, simulator.Handler(w.Simulator, w.options(now)))
	path := filepath.Join(w.opts.Dir, "config.past.yaml")
	if err := w.writeConfig(path, url); err != nil {
		return "", nil, errors.Join(err, server.Close())
	}
	return path, func() error { return errors.Join(server.Close(), os.Remove(path)) }, nil
}

// Secrets lists every secret that this world shares with the server, so that a test may look for them in its output.
func (w *World) Secrets() []string { return w.secrets.all() }

// Requests counts the requests that reached the targets whose names begin so: "insurer", "wechat.send".
func (w *World) Requests(target string) (int64, error) {
	answer, err := http.Get(w.URL + "/control/stats")
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	var counts map[string]int64
	if err := json.NewDecoder(answer.Body).Decode(&counts); err != nil {
		return 0, err
	}
	var n int64
	for name, count := range counts {
		if strings.HasPrefix(name, target) {
			n += count
		}
	}
	return n, nil
}

// Close ends the simulated platforms, then the store.
func (w *World) Close() error {
	var problems []error
	if w.Simulator != nil {
		problems = append(problems, w.Simulator.Close())
	}
	if w.http != nil {
		problems = append(problems, w.http.Close())
	}
	if w.store != nil {
		problems = append(problems, w.store.Close())
	}
	return errors.Join(problems...)
}
