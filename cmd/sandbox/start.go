package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
	"yibao/config"
	"yibao/store/embedded"
)

// sandbox is a running world with a server in it.
type sandbox struct {
	world    *world.World
	app      *app.App
	listener net.Listener
	api      string // for this machine
	shared   string // for other machines; "" where only this one can reach the server
	dir      string
	moved    string // says so when an address was taken and another port is used; "" otherwise
	log      *slog.Logger
	language language
	past     *past // nil when there is nothing to fill in
}

// quick makes the sandbox answer within seconds where production takes its time.
var quick = map[string]any{
	"balance.display_age":            "2s",
	"balance.decision_age":           "1s",
	"balance.collect_every":          "2s",
	"reminder.check_every":           "2s",
	"reminder.tick":                  "300ms",
	"reminder.cooldown":              "0s",
	"reminder.unknown_for":           "20s",
	"linking.resend_after":           "5s",
	"linking.starts_per_user":        1000,
	"linking.sends_per_pair":         1000,
	"linking.sends_per_phone":        1000,
	"linking.sends_per_phone_hourly": 1000,
	"linking.starts_per_address":     1000,
}

// start opens the world, the server over it, and its listener: when it returns, requests are answered.
func start(ctx context.Context, f flags) (*sandbox, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	app.SilenceLibraries(log)
	listener, err := listen("listen", f.listen, f.asked)
	if err != nil {
		return nil, err
	}
	outside, err := listen("outside", f.outside, f.asked)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	w, err := world.Open(ctx, world.Options{Dir: f.data, Listener: outside, Server: listener.Addr().String(), Log: log,
		Settings: quick, Before: pagesMayCallWorld})
	if err != nil {
		return nil, errors.Join(explain(err, f.data), listener.Close(), outside.Close())
	}
	s := &sandbox{world: w, listener: listener, dir: f.data, log: log, language: f.language}
	s.api, s.shared = addresses(listener.Addr())
	if err := s.beginPast(ctx, f.past); err != nil {
		return nil, errors.Join(explain(err, f.data), listener.Close(), w.Close())
	}
	s.moved = moved(f.language, f.listen, listener.Addr().String()) + moved(f.language, f.outside, outside.Addr().String())
	if s.app, err = openApp(ctx, w.ConfigFile, app.Options{Log: log}); err != nil {
		return nil, errors.Join(explain(err, f.data), s.close())
	}
	// The sandbox has no start page yet.
	s.app.HTTP.Get("/", func(c *fiber.Ctx) error { return c.Redirect("/docs") })
	s.app.HTTP.Server().Handler = pagesMayCallServer(s.app.HTTP.Server().Handler)
	return s, nil
}

// explain adds the way out of a data folder that does not serve.
func explain(err error, dir string) error {
	switch {
	case errors.Is(err, embedded.ErrInUse):
		return fmt.Errorf("%w; use that one, or start a second with -data OTHER-FOLDER", err)
	case errors.Is(err, world.ErrForeign):
		return fmt.Errorf("%w; nothing in it was touched: choose an empty or a new one with -data", err)
	}
	return fmt.Errorf("%w; may this user write to %s, and is there room on its disk?", err, dir)
}

// moved says that another program has the address wanted.
func moved(l language, wanted, got string) string {
	_, port, _ := net.SplitHostPort(wanted) // checked by loopback
	if _, now, _ := net.SplitHostPort(got); port == "0" || port == now {
		return ""
	}
	return fmt.Sprintf(l.say("\nAnother program has %s, so %s is used instead: the lines of the README need the new address.\n",
		"\n%s 已被其他程序占用，改用 %s：使用 README 中的命令时请换成新地址。\n"), wanted, got)
}

func openApp(ctx context.Context, configFile string, opts app.Options) (*app.App, error) {
	settings, err := config.Load(configFile, nil)
	if err != nil {
		return nil, err
	}
	opts.Config = settings
	return app.Open(ctx, opts)
}

// beginPast links the demo users so many days ago, unless they have their past already; 0 means no past.
func (s *sandbox) beginPast(ctx context.Context, days int) error {
	if days == 0 || hasPast(s.dir) {
		return nil
	}
	p, err := openPast(ctx, s.world, s.log, days)
	if err != nil {
		return err
	}
	s.past = p
	if err := p.link(ctx); err != nil {
		return errors.Join(err, p.close())
	}
	return nil
}

// run serves, and fills in the past, until ctx ends; then it stops the server and the world.
func (s *sandbox) run(ctx context.Context, out io.Writer) error {
	filling, stopFilling := context.WithCancel(ctx)
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		s.fillPast(filling, out)
	}()
	err := s.app.Run(ctx, s.listener)
	stopFilling()
	<-filled
	return errors.Join(err, s.world.Close())
}

// close ends a sandbox that never ran.
func (s *sandbox) close() error {
	err := s.listener.Close()
	if s.app != nil {
		err = errors.Join(err, s.app.Close())
	}
	if s.past != nil {
		err = errors.Join(err, s.past.close())
	}
	return errors.Join(err, s.world.Close())
}

func (s *sandbox) phone(platform, user string) *phone.Phone {
	return phone.New(s.api, s.world.URL, platform, world.App, user)
}

// listen opens the address. Where that cannot be had, a default moves to the next port that is free; an address that
// was asked for is an error.
func listen(name, address string, asked map[string]bool) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		return listener, nil
	}
	if asked[name] {
		return nil, fmt.Errorf("-%s: %w; choose another address, or leave -%s out for the next free port", name, err, name)
	}
	host, port, _ := net.SplitHostPort(address)
	first, _ := strconv.Atoi(port)
	for next := first + 1; next < first+portsTried; next++ {
		if listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(next))); err == nil {
			return listener, nil
		}
	}
	return nil, fmt.Errorf("no port from %d to %d is free: %w; choose one with -%s", first, first+portsTried-1, err, name)
}

// portsTried is how far a default moves: farther than the ports that the sandboxes of one machine take.
const portsTried = 100

// addresses returns the base address of a listener for this machine, and that for others, "" where they cannot reach it.
func addresses(at net.Addr) (here, others string) {
	tcp, ok := at.(*net.TCPAddr)
	if !ok || tcp.IP.IsLoopback() {
		return "http://" + at.String(), ""
	}
	base := func(ip string) string { return "http://" + net.JoinHostPort(ip, strconv.Itoa(tcp.Port)) }
	if !tcp.IP.IsUnspecified() {
		return base(tcp.IP.String()), base(tcp.IP.String())
	}
	others = base("THIS-MACHINE")
	known, _ := net.InterfaceAddrs()
	for _, one := range known {
		if network, ok := one.(*net.IPNet); ok && network.IP.IsPrivate() && network.IP.To4() != nil {
			others = base(network.IP.String())
		}
	}
	return base("127.0.0.1"), others
}

// loopback refuses an address that others could reach.
func loopback(name, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("-%s: not host:port", name)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("-%s: only a loopback address; who reaches it controls the simulated world", name)
	}
	return nil
}

// people lists the people that demos and tours begin with.
func (s *sandbox) people() []phone.Person { return world.People(s.world.Simulator) }
