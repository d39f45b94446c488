// Package app wires the server: it is the one place that knows every package. cmd/server runs it as it is; cmd/sandbox
// and the tests run the same thing against simulated platforms.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/config"
	"yibao/handlers"
	"yibao/handlers/web"
	"yibao/identity"
	"yibao/identity/linking"
	"yibao/identity/session"
	"yibao/reminder"
	"yibao/store"
)

// Role says which half of the server a process runs.
type Role string

// The roles.
const (
	RoleAll    Role = "all"
	RoleAPI    Role = "api"
	RoleWorker Role = "worker"
)

// Options are what a process decides beside its configuration.
type Options struct {
	Config *config.Config
	Role   Role
	Log    *slog.Logger
	Now    func() time.Time // time.Now unless the sandbox moves the clock
}

// App is the wired server.
type App struct {
	Store     *store.Store
	Sessions  *session.Service
	Linking   *linking.Service
	Balances  *balance.Service
	Records   *records.Service
	Reminders *reminder.Service
	HTTP      *fiber.App
	Outside   *Outside

	opts     Options
	metrics  *prometheus.Registry
	web      web.Options
	draining atomic.Bool
}

// Open connects to the store, makes its indexes and wires every part. Nothing runs yet.
func Open(ctx context.Context, opts Options) (*App, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Role == "" {
		opts.Role = RoleAll
	}
	a := &App{opts: opts, metrics: prometheus.NewRegistry()}
	countWithheld(a.metrics)
	keys, err := loadKeys(opts.Config)
	if err != nil {
		return nil, err
	}
	if a.Outside, err = newOutside(opts.Config, opts.Log, opts.Now, countUnreadablePhones(a.metrics)); err != nil {
		return nil, err
	}
	if a.Store, err = openStore(ctx, opts, keys); err != nil {
		return nil, err
	}
	countForged(a.metrics, a.Store.Forged)
	if err := a.wire(keys); err != nil {
		return nil, errors.Join(err, a.Store.Close(ctx))
	}
	return a, nil
}

func loadKeys(c *config.Config) (*store.Keyring, error) {
	return store.LoadKeyring(store.KeyFiles{
		Seal: c.Keys.SealFile, Lookup: c.Keys.LookupFile, Proof: c.Keys.ProofFile, Code: c.Keys.CodeFile,
	})
}

func openStore(ctx context.Context, opts Options, keys *store.Keyring) (*store.Store, error) {
	s, err := store.Open(ctx, store.Options{
		URI: opts.Config.MongoDB.URI.Reveal(), Database: opts.Config.MongoDB.Database, Keys: keys, Log: opts.Log,
		RequestTimeout: opts.Config.MongoDB.Timeout, Now: opts.Now,
	})
	if err != nil {
		return nil, storeHint(ctx, opts.Config.MongoDB.URI.Reveal(), err)
	}
	if err := s.EnsureIndexes(ctx); err != nil {
		return nil, errors.Join(storeHint(ctx, opts.Config.MongoDB.URI.Reveal(), err), s.Close(ctx))
	}
	return s, nil
}

// wire makes the services, from the ground up, and the HTTP side over them.
func (a *App) wire(keys *store.Keyring) error {
	c, log, now := a.opts.Config, a.opts.Log, a.opts.Now
	regions := a.Outside.Regions
	a.Balances = balance.NewService(c.Balance, balance.Deps{
		Upstream: a.Outside.Insurer, People: a.Store, Store: a.Store, Regions: regions, Now: now, Log: log,
	})
	a.Records = records.New(c.Records, records.Deps{Desk: a.Balances.Desk(), Upstream: a.Outside.Insurer, Now: now})
	a.Reminders = reminder.NewService(c.Reminder, reminder.Deps{
		Store: a.Store, Balances: a.Balances, Users: a.Store, Senders: a.Outside.senders(),
		Templates: a.Outside.templates(), Regions: regions,
		InsuranceName: func(code string) string { return balance.InsuranceName(code) },
		ConsentHash:   identity.ConsentText(c.Consent).Hash(), ConsentProof: keys.ConsentProof,
		Now: now, Log: log, Observe: countReasons(a.metrics),
	})
	var err error
	a.Sessions, err = session.New(c.Token, session.Deps{
		Users: a.Store, Sessions: a.Store, Changes: a.Store, Platforms: a.Outside.authenticators(), Now: now, Log: log,
	})
	if err != nil {
		return err
	}
	a.Linking, err = linking.New(c.Linking, linking.Deps{
		Store: a.Store, Registry: a.Outside.Insurer, Regions: regions, Codes: a.Outside.codes(), Cards: a.Outside.Insurer, Digests: keys,
		Consent:   identity.ConsentText(c.Consent),
		Followers: []identity.Follower{a.Reminders, a.Balances}, Forget: a.Sessions.Forget,
		Alarm: countGuessing(a.metrics), Now: now, Log: log,
	})
	if err != nil {
		return err
	}
	options := a.handlerOptions(a.metrics)
	a.web = options.Options
	if a.opts.Role == RoleWorker {
		a.HTTP, err = web.NewProbes(a.web)
	} else {
		a.HTTP, err = handlers.New(options)
	}
	return err
}

// countReasons counts what evaluations and deliveries came to: "why not sent" is data.
func countReasons(registry *prometheus.Registry) func(string, reminder.Reason) {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "yibao_reminder_outcomes_total", Help: "Evaluations and deliveries by what came of them.",
	}, []string{"kind", "reason"})
	registry.MustRegister(counter)
	return func(kind string, reason reminder.Reason) { counter.WithLabelValues(kind, string(reason)).Inc() }
}

// countGuessing counts the times that many wrong answers for one person came together.
func countGuessing(registry *prometheus.Registry) func(region string) {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "yibao_linking_guessing_alarms_total", Help: "Times that many wrong codes or passwords for one person came together, by region.",
	}, []string{"region"})
	registry.MustRegister(counter)
	return func(region string) { counter.WithLabelValues(region).Inc() }
}

// countUnreadablePhones counts the people that get no code because of how their region writes their phone.
func countUnreadablePhones(registry *prometheus.Registry) func(region string) {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "yibao_insurer_phone_unreadable_total", Help: "Phones on file that could not be read, by region.",
	}, []string{"region"})
	registry.MustRegister(counter)
	return func(region string) { counter.WithLabelValues(region).Inc() }
}

func countForged(registry *prometheus.Registry, forged func() int64) {
	registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "yibao_store_documents_forged_total", Help: "Documents whose keyed mark does not fit, each time one was read.",
	}, func() float64 { return float64(forged()) }))
}

// Listen opens the address that the configuration has for the role; a worker may have none, and then no listener.
func (a *App) Listen() (net.Listener, error) {
	key, address := "server.listen", a.opts.Config.Server.Listen
	if a.opts.Role == RoleWorker {
		key, address = "server.worker_listen", a.opts.Config.Server.WorkerListen
	}
	if address == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return listener, nil
}
