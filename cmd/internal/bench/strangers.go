package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
)

// strangers measures whether the time of an answer tells who exists: it starts links for a person that exists, for one
// whose name is another, and for nobody, in random order, and returns the least ratio between two of the three median times; 1
// is perfect.
func (s *side) strangers(ctx context.Context, rounds int) (float64, error) {
	kinds := []phone.Person{s.Person, s.Person, s.Person}
	kinds[1].Name = "测试无关"
	kinds[2].IDNumber = nobody
	times := make([][]time.Duration, len(kinds))
	for round := range rounds {
		for _, i := range rand.Perm(len(kinds)) {
			// Somebody new each time: what a user has asked before is counted, and longer counts take longer.
			p := phone.New("http://"+s.API, s.World, "wechat", world.App, fmt.Sprintf("stranger-%d-%d", round, i))
			if err := p.SignIn(ctx); err != nil {
				return 0, err
			}
			begin := time.Now()
			if _, err := p.StartLink(ctx, kinds[i], "demo-1"); err != nil {
				return 0, err
			}
			times[i] = append(times[i], time.Since(begin))
			time.Sleep(80 * time.Millisecond) // what goes on in the background is not part of the next answer
		}
	}
	var medians []time.Duration
	for _, list := range times {
		slices.Sort(list)
		medians = append(medians, list[len(list)/2])
	}
	fmt.Printf("a link attempt is answered in %v (exists), %v (another name), %v (nobody)\n", medians[0], medians[1], medians[2])
	return float64(slices.Min(medians)) / float64(slices.Max(medians)), nil
}

// nobody is a valid number that no invented person has.
const nobody = "190101196602021933"
