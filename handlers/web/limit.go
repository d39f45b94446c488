package web

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate limits the requests of one key: PerSecond over time, Burst at once.
type Rate struct {
	PerSecond float64 // 0: the default; negative: no limit
	Burst     int     // 0: the default
}

func (r Rate) or(fallback Rate) Rate {
	if r.PerSecond == 0 {
		r.PerSecond = fallback.PerSecond
	}
	if r.Burst == 0 {
		r.Burst = fallback.Burst
	}
	return r
}

// maxBuckets bounds the memory of one limiter to a few megabytes.
const maxBuckets = 1 << 16

// limiter keeps a token bucket for each key.
type limiter[K comparable] struct {
	rate    Rate
	max     int
	mu      sync.Mutex
	buckets map[K]*rate.Limiter
}

// newLimiter returns nil, which allows everything, for a negative rate.
func newLimiter[K comparable](r Rate, max int) *limiter[K] {
	if r.PerSecond < 0 {
		return nil
	}
	return &limiter[K]{rate: r, max: max, buckets: map[K]*rate.Limiter{}}
}

// take takes one token, or says how long to wait for the next.
func (l *limiter[K]) take(key K, now time.Time) (wait time.Duration, ok bool) {
	if l == nil {
		return 0, true
	}
	bucket := l.bucket(key, now)
	if bucket.AllowN(now, 1) {
		return 0, true
	}
	missing := 1 - bucket.TokensAt(now)
	return time.Duration(missing / l.rate.PerSecond * float64(time.Second)), false
}

func (l *limiter[K]) bucket(key K, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if found, ok := l.buckets[key]; ok {
		return found
	}
	if len(l.buckets) >= l.max {
		l.sweep(now)
	}
	made := rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)
	l.buckets[key] = made
	return made
}

// sweep drops buckets that are full again: a new one would be the same. If few are full, as in a flood from many keys,
// half of all go, so that sweeps stay rare and memory bounded.
func (l *limiter[K]) sweep(now time.Time) {
	for key, bucket := range l.buckets {
		if bucket.TokensAt(now) >= float64(l.rate.Burst) {
			delete(l.buckets, key)
		}
	}
	drop := len(l.buckets) - l.max/2
	for key := range l.buckets {
		if drop <= 0 {
			return
		}
		delete(l.buckets, key)
		drop--
	}
}
