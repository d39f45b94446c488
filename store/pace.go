package store

import (
	"context"
	mrand "math/rand/v2"
	"runtime"
	"time"
)

const (
	// maxBackoff bounds the random pause after a lost race.
	maxBackoff = time.Second
	// minSleep is the shortest pause worth a timer, which may be late by a millisecond. Others let goroutines run.
	minSleep = time.Millisecond / 2
)

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
		pause(ctx, mrand.N(min(base<<min(p.try-1, 6), maxBackoff)))
	}
	p.try++
	p.begun = time.Now()
	return ctx.Err()
}

func pause(ctx context.Context, d time.Duration) {
	if d < minSleep {
		runtime.Gosched()
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
