// Command crash kills yibao with kill -9 at random moments while balances fall, recover and fall again, and then counts:
// every fall must have led to exactly one message. It ends with one line:
//
//	lost N doubled N unknown N of M
//
// Two programs run as children: the server (cmd/server, as in production) and the world (embedded store and simulated
// platforms). Odd rounds kill the server alone, even rounds kill both at once: then the store loses what it had not
// acknowledged, and the simulated platforms all but what they had synced.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"yibao/cmd/internal/world"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rounds := flag.Int("rounds", 50, "how often to kill")
	people := flag.Int("people", 6, "how many people's balances fall and recover meanwhile")
	outside := flag.String("world", "", "used by the program itself: run the world in this folder")
	flag.Parse()
	var err error
	if *outside != "" {
		err = runWorld(ctx, *outside, flag.Args())
	} else {
		err = run(ctx, *rounds, *people)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(1)
	}
}

// settings make rules and leases short, so that a killed claim is taken up again within seconds.
var settings = map[string]any{
	"balance.display_age":           "100ms",
	"balance.decision_age":          "1s",
	"balance.collect_every":         "1s",
	"reminder.check_every":          "300ms",
	"reminder.tick":                 "100ms",
	"reminder.cooldown":             "0s",
	"reminder.lease":                "6s",
	"reminder.send_timeout":         "2s",
	"reminder.unknown_for":          "1s",
	"linking.starts_per_address":    1000,
	"limits.per_address_per_minute": 100000,
	"limits.per_user_per_minute":    100000,
}

// runWorld is the child that holds everything outside the server; args are its two addresses and the server's.
func runWorld(ctx context.Context, dir string, args []string) error {
	if len(args) != 3 {
		return errors.New("-world wants three addresses")
	}
	w, err := world.Open(ctx, world.Options{Dir: dir, Listen: args[0], Store: args[1], Server: args[2], Settings: settings,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return w.Close()
}

func run(ctx context.Context, rounds, people int) error {
	s, err := newScene(ctx)
	if err != nil {
		return err
	}
	defer s.clean()
	if err := s.startBoth(ctx); err != nil {
		return err
	}
	owners, err := s.link(ctx, people)
	if err != nil {
		return err
	}
	falling, stopFalling := context.WithCancel(ctx)
	done := make(chan error, len(owners))
	for _, o := range owners {
		go func() { done <- o.live(falling, ctx) }()
	}
	for round := 1; round <= rounds && ctx.Err() == nil; round++ {
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Millisecond)
		if err := s.kill(ctx, round); err != nil {
			stopFalling()
			return fmt.Errorf("round %d: %w", round, err)
		}
		fmt.Printf("round %d of %d: killed and back; %d falls so far\n", round, rounds, falls(owners))
	}
	stopFalling()
	for range owners {
		if err := <-done; err != nil {
			return err
		}
	}
	return s.judge(ctx, owners)
}

func falls(owners []*owner) int {
	n := 0
	for _, o := range owners {
		n += int(o.falls.Load())
	}
	return n
}
