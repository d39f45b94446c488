// Command bench measures what the design promises, each as a ratio taken in one run:
//
//   - the hot balance read against a bare Fiber handler behind the same middleware and token check that sends the same
//     bytes, and, for the picture, against naked Fiber: by the clock, and by the time of the processor for a request, which a
//     busy machine changes less, and which has the kernel's time for sockets and wake-ups in it;
//   - store reads per verified request;
//   - upstream calls for 1,000 concurrent reads of one person;
//   - a list of one region, alone and while another region gives no answer;
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
	hot, err := side.compare(pairs, span, same)
	if err != nil {
		return err
	}
	reads, requests, err := side.readsPerRequest(span)
	if err != nil {
		return err
	}
	calls, err := side.coalesced(1000)
	if err != nil {
		return err
	}
	apart, err := side.regions(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("store reads %d over %d verified requests; upstream calls for 1000 concurrent reads %d\n", reads, requests, calls)
	fmt.Printf("ratio hot_balance_against_naked_fiber %.2f no target\n", median(hot.naked))
	fmt.Printf("ratio hot_balance_against_naked_fiber_by_cpu %.2f no target\n", median(hot.nakedCPU))
	fmt.Printf("ratio hot_balance_against_bare_fiber %.2f target >=0.70\n", median(hot.bare))
	fmt.Printf("ratio hot_balance_against_bare_fiber_by_cpu %.2f no target\n", median(hot.bareCPU))
	fmt.Printf("ratio requests_without_store_read %.4f target >=1\n", 1-float64(reads)/float64(max(requests, 1)))
	fmt.Printf("ratio one_upstream_call_per_1000_reads %.4f target >=1\n", 1/float64(max(calls, 1)))
	fmt.Printf("ratio region_alone_against_another_that_hangs %.2f target >=0.83\n", apart)
	fmt.Printf("ratio link_attempt_times_alike %.2f target >=0.90\n", alike)
	if median(hot.bare) < 0.70 || reads != 0 || calls != 1 || alike < 0.90 || apart < 0.83 {
		return fmt.Errorf("a target was missed")
	}
	return nil
}

// ratios are how fast the hot balance read is against the other two servers, a figure each pair.
type ratios struct{ bare, bareCPU, naked, nakedCPU []float64 }

// compare asks the three servers in turn.
func (s *side) compare(pairs int, span time.Duration, bytes int) (r ratios, err error) {
	for i := range pairs {
		var took [3]result
		for n, address := range []string{s.API, s.Bare, s.Naked} {
			if took[n], err = s.loaded(address, span); err != nil {
				return r, err
			}
		}
		api, bare, naked := took[0], took[1], took[2]
		fmt.Printf("pair %d: api %.0f/s %v  bare %.0f/s %v  naked %.0f/s %v  (%d bytes each; time is the processor's for a request)\n", i+1,
			api.rate(), api.each(), bare.rate(), bare.each(), naked.rate(), naked.each(), bytes)
		r.bare, r.naked = append(r.bare, api.rate()/bare.rate()), append(r.naked, api.rate()/naked.rate())
		r.bareCPU = append(r.bareCPU, float64(bare.each())/float64(api.each()))
		r.nakedCPU = append(r.nakedCPU, float64(naked.each())/float64(api.each()))
	}
	return r, nil
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
