package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"yibao/handlers/web"
)

const (
	sweepEvery = 10 * time.Minute // expired documents are deleted; servers without TTL indexes have only this
	mendEvery  = 15 * time.Second // documents of a clock that ran ahead are set right
)

// closeTimeout is for giving the store's connections back.
const closeTimeout = 2 * time.Second

// Run serves on the listener and runs the workers, as the role says, until ctx ends; then it stops in this order:
//
//  1. readiness turns to "no", so that balancers send nothing new; server.drain_delay is the time they have to notice
//  2. the listener closes and requests in flight finish
//  3. workers stop claiming
//  4. sends in flight, codes on their way and questions to upstreams finish and are written down
//  5. the store closes
//
// Steps 2 to 4 have server.drain_timeout together. Requests that are not finished after half of it do not keep the workers
// from stopping, so that slow ones leave time for the sends. Without a listener only the workers run. Metrics are shown until
// the store has closed.
func (a *App) Run(ctx context.Context, listener net.Listener) error {
	stopMetrics, err := a.showMetrics()
	if err != nil {
		return errors.Join(err, a.Close())
	}
	defer stopMetrics()
	if listener != nil {
		if listener, err = web.Bound(listener, a.web); err != nil {
			return errors.Join(err, a.Close())
		}
	}
	working, stopWorkers := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorkers()
	workers := a.startWorkers(working)
	served := make(chan error, 1)
	if listener != nil {
		go func() { served <- a.HTTP.Listener(listener) }()
	}
	select {
	case <-ctx.Done():
		a.draining.Store(true)
		if listener != nil {
			time.Sleep(a.opts.Config.Server.DrainDelay)
		}
	case err = <-served: // the listener broke
	}
	return errors.Join(err, a.stop(stopWorkers, workers))
}

// showMetrics answers /metrics at an address of its own, beside an API; a worker has it where its probes are.
func (a *App) showMetrics() (stop func(), err error) {
	address := a.opts.Config.Server.MetricsListen
	if address == "" || a.opts.Role == RoleWorker {
		return func() {}, nil
	}
	app, err := web.NewProbes(a.web)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("server.metrics_listen: %w", err)
	}
	a.opts.Log.Info("serving_metrics", "address", listener.Addr().String())
	go func() { _ = app.Listener(listener) }() // ends with stop
	return func() { _ = app.ShutdownWithTimeout(closeTimeout) }, nil
}

func (a *App) stop(stopWorkers context.CancelFunc, workers *sync.WaitGroup) error {
	limit := a.opts.Config.Server.DrainTimeout
	over := time.After(limit)
	answered := make(chan struct{})
	var unanswered error // to be read once answered is closed
	go func() {
		unanswered = a.HTTP.ShutdownWithTimeout(limit)
		close(answered)
	}()
	select {
	case <-answered:
	case <-time.After(limit / 2):
	}
	stopWorkers()
	finished := make(chan struct{})
	go func() {
		workers.Wait()
		<-answered
		a.Linking.Wait()
		a.Balances.Wait() // its questions outlive the requests that asked them
		close(finished)
	}()
	var err error
	select {
	case <-finished:
		err = unanswered
	case <-over:
		err = errors.New("requests or workers did not finish within server.drain_timeout")
	}
	return errors.Join(err, a.Close())
}

// Close closes the store; for an App that never ran.
func (a *App) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return a.Store.Close(ctx)
}

// startWorkers starts what the role asks for. Polling for changed users and resuming what a crash left belong to both.
func (a *App) startWorkers(ctx context.Context) *sync.WaitGroup {
	run := []func(context.Context) error{a.Sessions.Run, a.Linking.Run}
	if a.opts.Role != RoleAPI {
		run = append(run, a.Balances.Run, a.Reminders.Run, a.every(mendEvery, "mend_failed", a.Store.Mend),
			a.every(sweepEvery, "sweep_failed", func(ctx context.Context) (int, error) {
				return a.Store.Sweep(ctx, a.opts.Now())
			}))
	}
	var group sync.WaitGroup
	for _, worker := range run {
		group.Go(func() {
			if err := worker(ctx); err != nil && ctx.Err() == nil {
				a.opts.Log.Error("worker_ended", "error", err.Error())
			}
		})
	}
	return &group
}

// every repeats a pass over the store until ctx ends.
func (a *App) every(pause time.Duration, failed string, pass func(context.Context) (int, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
				if _, err := pass(ctx); err != nil && ctx.Err() == nil {
					a.opts.Log.Warn(failed, "error", err.Error())
				}
			}
		}
	}
}
