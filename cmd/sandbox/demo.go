package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"yibao/balance"
	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
)

// demoUser is the name of the user, on every platform, that was linked pastDays ago.
const (
	demoUser    = "demo"
	pastDays    = 180
	consentDemo = "demo-1"
)

// clock is a clock that can be moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// past is a second server over the same store and the same simulated world, which lives through earlier days by a clock
// of its own. It goes through the API as a mini-program does.
type past struct {
	clock      *clock
	begin      balance.Day
	app        *app.App
	api        string
	world      *world.World
	closeWorld func() error
}

// openPast begins days ago.
func openPast(ctx context.Context, w *world.World, log *slog.Logger, days int) (*past, error) {
	p := &past{begin: balance.DayOf(time.Now()).Add(-days), world: w}
	p.clock = &clock{now: morning(p.begin)}
	configFile, closeWorld, err := w.At(p.clock.Now)
	if err != nil {
		return nil, err
	}
	p.closeWorld = closeWorld
	if p.app, err = openApp(ctx, configFile, app.Options{Log: log, Now: p.clock.Now}); err != nil {
		return nil, errors.Join(err, closeWorld())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, p.app.Close(), closeWorld())
	}
	p.api = "http://" + listener.Addr().String()
	go func() { _ = p.app.HTTP.Listener(listener) }() // ends with Shutdown
	return p, nil
}

func (p *past) close() error {
	return errors.Join(p.app.HTTP.Shutdown(), p.app.Close(), p.closeWorld())
}

// morning is when the simulated people look at their balance.
func morning(day balance.Day) time.Time { return day.Start().Add(9 * time.Hour) }

// demoUsers are the users with a past, one on each platform.
func (p *past) demoUsers() (all []*phone.Phone) {
	for _, platform := range world.Platforms {
		all = append(all, phone.New(p.api, p.world.URL, platform.Name, world.App, demoUser))
	}
	return all
}

// link links the demo users on the first day, unless an earlier, killed run has done it. It must be over before the
// server of today starts: to its clock these attempts are long expired.
func (p *past) link(ctx context.Context) error {
	for i, demo := range p.demoUsers() {
		if err := demo.SignIn(ctx); err != nil {
			return err
		}
		links, err := insured(ctx, demo)
		if err == nil && len(links) == 0 {
			_, err = demo.Link(ctx, world.People(p.world.Simulator)[i], consentDemo)
		}
		if err != nil {
			return fmt.Errorf("the demo user of %s: %w", demo.Platform, err)
		}
	}
	return nil
}

// live takes a reading for each day until yesterday.
func (p *past) live(ctx context.Context) error {
	for _, demo := range p.demoUsers() {
		if err := p.readDaily(ctx, demo); err != nil {
			return err
		}
	}
	return nil
}

// readDaily opens the balance page once a day; each fresh balance becomes that day's point. Tokens last two hours, so
// each day begins with a sign-in.
func (p *past) readDaily(ctx context.Context, demo *phone.Phone) error {
	for day, today := p.begin, balance.DayOf(time.Now()); day < today; day = day.Add(1) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.clock.set(morning(day))
		if err := demo.SignIn(ctx); err != nil {
			return err
		}
		links, err := insured(ctx, demo)
		if err != nil {
			return err
		}
		for _, id := range links {
			if err := demo.Call(ctx, "GET", "/v1/insured/"+id+"/balance", nil, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// fillPast lives through the days, in the background. The marker is written last and every step can be repeated, so a
// kill in between only means that the next start does it again.
func (s *sandbox) fillPast(ctx context.Context, out io.Writer) {
	if s.past == nil {
		return
	}
	err := errors.Join(s.past.live(ctx), s.past.close())
	if err == nil {
		err = os.WriteFile(marker(s.dir), []byte("the demo users have their past\n"), 0o600)
	}
	switch {
	case err == nil:
		fmt.Fprintln(out, s.language.say("The demo users now have their past: see their chart.", "演示用户的历史数据已补全，可以查看走势图。"))
	case ctx.Err() == nil:
		fmt.Fprintln(out, "the past of the demo users could not be filled in:", err)
	}
}

// insured lists the {id}s of the phone's links.
func insured(ctx context.Context, p *phone.Phone) ([]string, error) {
	var list struct {
		Insured []struct {
			ID string `json:"id"`
		} `json:"insured"`
	}
	if err := p.Call(ctx, "GET", "/v1/insured", nil, &list); err != nil {
		return nil, err
	}
	var ids []string
	for _, one := range list.Insured {
		ids = append(ids, one.ID)
	}
	return ids, nil
}

// marker is the file that says that the past is complete.
func marker(dir string) string { return filepath.Join(dir, world.PastDone) }

// hasPast tells whether an earlier run has filled in the past.
func hasPast(dir string) bool {
	_, err := os.Stat(marker(dir))
	return !errors.Is(err, fs.ErrNotExist)
}
