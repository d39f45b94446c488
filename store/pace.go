package store

import (
	"context"
	mrand "math/rand/v2"
	"time"
)

// maxBackoff bounds the random pause after a lost race.
const maxBackoff = time.Second

// pace spaces the tries of one operation against other writers. The pauses are random, double with each try, and go by
// how long the last try took: a slow server needs its writers further apart, a database in memory hardly at all.
type pace struct {
	try   int
	begun time.Time
}

// next waits for the next try; an error when ctx is over.
func (p *pace) next(ctx context.Context) error {
	if p.try > 0 {
		base := max(time.Since(p.begun), 1)
		timer := time.NewTimer(mrand.N(min(base<<min(p.try-1, 6), maxBackoff)))
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	p.try++
	p.begun = time.Now()
	return ctx.Err()
}
