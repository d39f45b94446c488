package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// demoUser is the name of the user, on both platforms, who was linked pastDays ago.
const (
	demoUser    = "demo"
	pastDays    = 180
	consentDemo = "demo-1"
)

// clock is a clock that somebody moves.
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

// fillPast links the two demo users pastDays ago and takes a reading for each day since: a second server over the same
// store and the same simulated world lives through those days by a clock of its own. It goes through the API and the
// services like anybody else. The marker is written last and every step can be repeated, so a kill in between only means
// that the next start does it again.
func (s *sandbox) fillPast(ctx context.Context, out io.Writer) error {
	return s.fill(ctx, out, pastDays)
}

func (s *sandbox) fill(ctx context.Context, out io.Writer, days int) error {
	marker := filepath.Join(s.dir, "past.done")
	if _, err := os.Stat(marker); err == nil {
		return nil
	}
	err := s.livePast(ctx, days)
	if err == nil {
		err = os.WriteFile(marker, []byte("the demo users have their past\n"), 0o600)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(out, "the past of the demo users could not be filled in:", err)
		return err
	}
	if err == nil {
		fmt.Fprintf(out, "ready: both demo users now have %d days of past; see their chart\n", days)
	}
	return err
}

func (s *sandbox) livePast(ctx context.Context, days int) error {
	today := balance.DayOf(time.Now())
	begin := today.Add(-days)
	c := &clock{now: morning(begin)}
	configFile, closeWorld, err := s.world.At(c.Now)
	if err != nil {
		return err
	}
	server, err := openApp(ctx, configFile, app.Options{Log: s.log, Now: c.Now})
	if err != nil {
		return errors.Join(err, closeWorld())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, server.Close(), closeWorld())
	}
	go func() { _ = server.HTTP.Listener(listener) }() // ends with Shutdown
	err = s.liveDays(ctx, "http://"+listener.Addr().String(), c, begin)
	return errors.Join(err, server.HTTP.Shutdown(), server.Close(), closeWorld())
}

// morning is when the simulated people look at their balance.
func morning(day balance.Day) time.Time { return day.Start().Add(9 * time.Hour) }

func (s *sandbox) liveDays(ctx context.Context, api string, c *clock, begin balance.Day) error {
	for i, platform := range []string{"wechat", "alipay"} {
		c.set(morning(begin))
		demo := phone.New(api, s.world.URL, platform, world.App, demoUser)
		if err := linkOnce(ctx, demo, s.people()[i]); err != nil {
			return fmt.Errorf("the demo user of %s: %w", platform, err)
		}
		if err := readDaily(ctx, demo, c, begin); err != nil {
			return err
		}
	}
	return nil
}

// linkOnce links the demo user unless an earlier, killed run has done it.
func linkOnce(ctx context.Context, demo *phone.Phone, person phone.Person) error {
	if err := demo.SignIn(ctx); err != nil {
		return err
	}
	links, err := insured(ctx, demo)
	if err != nil || len(links) > 0 {
		return err
	}
	_, err = demo.Link(ctx, person, consentDemo)
	return err
}

// readDaily opens the balance page once a day until yesterday; each fresh balance becomes that day's point. Tokens last
// two hours, so each day begins with a sign-in.
func readDaily(ctx context.Context, demo *phone.Phone, c *clock, begin balance.Day) error {
	for day, today := begin, balance.DayOf(time.Now()); day < today; day = day.Add(1) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.set(morning(day))
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

// hasPast tells whether an earlier run has filled in the past.
func (s *sandbox) hasPast() bool {
	_, err := os.Stat(filepath.Join(s.dir, "past.done"))
	return !errors.Is(err, fs.ErrNotExist)
}
