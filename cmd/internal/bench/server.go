package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
	"yibao/config"
	"yibao/handlers/web"
	"yibao/platforms/simulator"
)

// bench is the server side: the API, the two servers it is compared with, and a second replica.
type bench struct {
	world *world.World
	app   *app.App
	cold  *app.App

	mu    sync.Mutex
	polls int64 // reads that belong to the poll for changed users, not to any request
}

func runServer(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "yibao-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var b bench
	b.world, err = world.Open(ctx, world.Options{Dir: dir, Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: map[string]any{
			"limits.per_address_per_minute": 1_000_000_000, "limits.per_user_per_minute": 1_000_000_000,
			"balance.display_age": "1h", "records.fresh_for": "1ns", "linking.starts_per_user": 100_000, "linking.starts_per_address": 100_000,
			"linking.sends_per_pair": 100_000, "linking.sends_per_phone": 100_000,
			"linking.sends_per_phone_hourly": 100_000, "linking.codes_per_second": 100_000,
		}})
	if err != nil {
		return err
	}
	defer func() { _ = b.world.Close() }()
	place, err := b.serve(ctx)
	if err != nil {
		return err
	}
	go b.poll(ctx)
	line, err := json.Marshal(place)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	<-ctx.Done()
	return errors.Join(b.app.HTTP.Shutdown(), b.cold.HTTP.Shutdown(), b.app.Close(), b.cold.Close())
}

// serve starts every listener, links one person through the API and returns where everything is.
func (b *bench) serve(ctx context.Context) (*side, error) {
	settings, err := config.Load(b.world.ConfigFile, nil)
	if err != nil {
		return nil, err
	}
	opts := app.Options{Config: settings, Log: slog.New(slog.DiscardHandler)}
	if b.app, err = app.Open(ctx, opts); err != nil {
		return nil, err
	}
	if b.cold, err = app.Open(ctx, opts); err != nil {
		return nil, err
	}
	if err := errors.Join(b.app.Sessions.Poll(ctx), b.cold.Sessions.Poll(ctx)); err != nil {
		return nil, err
	}
	var place side
	if place.API, err = listen(b.app.HTTP); err != nil {
		return nil, err
	}
	if place.Cold, err = listen(b.cold.HTTP); err != nil {
		return nil, err
	}
	body, err := b.link(ctx, &place)
	if err != nil {
		return nil, err
	}
	return &place, b.others(&place, body)
}

func listen(server *fiber.App) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = server.Listener(listener) }() // ends with Shutdown
	return listener.Addr().String(), nil
}

// link signs in, links and reads the balance once; the answer is what the other servers send.
func (b *bench) link(ctx context.Context, place *side) ([]byte, error) {
	p := phone.New("http://"+place.API, b.world.URL, "wechat", world.App, "bench")
	if err := p.SignIn(ctx); err != nil {
		return nil, err
	}
	person := world.People(b.world.Simulator)[0]
	id, err := p.Link(ctx, person, "demo-1")
	if err != nil {
		return nil, err
	}
	place.World, place.Person, place.Elsewhere = b.world.URL, person, elsewhere(b.world)
	place.Token, place.Path = p.Token, "/v1/insured/"+id+"/balance"
	var body json.RawMessage
	return body, p.Call(ctx, http.MethodGet, place.Path, nil, &body)
}

// elsewhere is a person of the third region, who has a phone on file there.
func elsewhere(w *world.World) phone.Person {
	for _, p := range w.Simulator.People() {
		if e := p.Enrolments[0]; e.Region == simulator.RegionC && e.Account == "yes" {
			return phone.Person{Name: p.Name, IDNumber: p.IDNumber, IDType: p.CertType, Phone: p.Phone, Region: e.Region}
		}
	}
	return phone.Person{}
}

// others starts the two servers that the API is compared with, and the counters.
func (b *bench) others(place *side, body []byte) error {
	send := func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(body)
	}
	options := b.app.HandlerOptions()
	bare, err := web.NewBare(options.Options, web.API{Verify: options.Sessions.Verify}, http.MethodGet, "/v1/insured/{id}/balance", send)
	if err != nil {
		return err
	}
	naked := fiber.New(fiber.Config{DisableStartupMessage: true})
	naked.Get("/v1/insured/:id/balance", send)
	counts := fiber.New(fiber.Config{DisableStartupMessage: true})
	counts.Get("/", func(c *fiber.Ctx) error {
		now, err := b.count()
		if err != nil {
			return err
		}
		return c.JSON(now)
	})
	for address, server := range map[*string]*fiber.App{&place.Bare: bare, &place.Naked: naked, &place.Side: counts} {
		if *address, err = listen(server); err != nil {
			return err
		}
	}
	return nil
}

// poll does what the server's own worker does, and keeps its reads apart from those of requests.
func (b *bench) poll(ctx context.Context) {
	for ctx.Err() == nil {
		b.mu.Lock()
		before := b.app.Store.Reads()
		if b.app.Sessions.Poll(ctx) == nil && b.cold.Sessions.Poll(ctx) == nil {
			b.polls += b.app.Store.Reads() - before
		}
		b.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

func (b *bench) count() (counters, error) {
	calls, err := b.world.Requests("insurer")
	if err != nil {
		return counters{}, err
	}
	used, err := cpuTime()
	b.mu.Lock()
	defer b.mu.Unlock()
	return counters{StoreReads: b.app.Store.Reads() - b.polls, UpstreamCalls: calls, CPU: used}, err
}
