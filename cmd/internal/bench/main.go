// Command bench measures what the design promises, each as a ratio taken in one run:
//
//   - the hot balance read against a bare Fiber handler behind the same middleware and token check that sends the same
//     bytes, and, for the picture, against naked Fiber;
//   - store reads per verified request;
//   - upstream calls for 1,000 concurrent reads of one person;
//   - the time of the answer to a link attempt, for a person that exists, one of another name and nobody.
//
// The server side runs in a process of its own; this process is the client, over a loopback socket. Every ratio is the
// median of interleaved pairs, because machines are noisy. It ends with one line a ratio.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	serve := flag.Bool("serve", false, "used by the program itself: be the server side")
	pairs := flag.Int("pairs", 5, "interleaved pairs to take the median of")
	span := flag.Duration("span", 3*time.Second, "how long each half of a pair runs")
	flag.Parse()
	var err error
	if *serve {
		err = runServer(ctx)
	} else {
		err = measure(ctx, *pairs, *span)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, pairs int, span time.Duration) error {
	side, err := startServer(ctx)
	if err != nil {
		return err
	}
	defer side.stop()
	same, err := side.sameBytes()
	if err != nil {
		return err
	}
	alike, err := side.strangers(ctx, 100)
	if err != nil {
		return err
	}
	if err := side.settle(ctx); err != nil {
		return err
	}
	var againstBare, againstNaked []float64
	for i := range pairs {
		api := load(side.API, side.Path, side.Token, span)
		bare := load(side.Bare, side.Path, side.Token, span)
		naked := load(side.Naked, side.Path, side.Token, span)
		if api.failed+bare.failed+naked.failed > 0 {
			return fmt.Errorf("%d requests failed", api.failed+bare.failed+naked.failed)
		}
		fmt.Printf("pair %d: api %.0f/s  bare %.0f/s  naked %.0f/s  (%d bytes each)\n", i+1, api.rate(), bare.rate(), naked.rate(), same)
		againstBare = append(againstBare, api.rate()/bare.rate())
		againstNaked = append(againstNaked, api.rate()/naked.rate())
	}
	reads, requests, err := side.readsPerRequest(span)
	if err != nil {
		return err
	}
	calls, err := side.coalesced(1000)
	if err != nil {
		return err
	}
	fmt.Printf("store reads %d over %d verified requests; upstream calls for 1000 concurrent reads %d\n", reads, requests, calls)
	fmt.Printf("ratio hot_balance_against_naked_fiber %.2f no target\n", median(againstNaked))
	fmt.Printf("ratio hot_balance_against_bare_fiber %.2f target >=0.70\n", median(againstBare))
	fmt.Printf("ratio requests_without_store_read %.4f target >=1\n", 1-float64(reads)/float64(max(requests, 1)))
	fmt.Printf("ratio one_upstream_call_per_1000_reads %.4f target >=1\n", 1/float64(max(calls, 1)))
	fmt.Printf("ratio link_attempt_times_alike %.2f target >=0.90\n", alike)
	if median(againstBare) < 0.70 || reads != 0 || calls != 1 || alike < 0.90 {
		return fmt.Errorf("a target was missed")
	}
	return nil
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
