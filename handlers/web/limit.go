package web

import (
	"cmp"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Rate limits the requests of one key: PerSecond over time, Burst at once.
type Rate struct {
	PerSecond float64 // 0: the default; negative: no limit
	Burst     int     // 0: the default
}

func (r Rate) or(fallback Rate) Rate {
	return Rate{cmp.Or(r.PerSecond, fallback.PerSecond), cmp.Or(r.Burst, fallback.Burst)}
}

// maxBuckets bounds the memory of one limiter to a few megabytes.
const maxBuckets = 1 << 16

// limiter keeps a token bucket for each key. If there are too many, the one that was asked longest ago goes: it is
// probably full again, and then a new one is the same.
type limiter[K comparable] struct {
	rate    Rate
	buckets *lru.Cache[K, *rate.Limiter]
}

// newLimiter returns nil, which allows everything, for a negative rate.
func newLimiter[K comparable](r Rate, max int) *limiter[K] {
	if r.PerSecond < 0 {
		return nil
	}
	buckets, _ := lru.New[K, *rate.Limiter](max) // fails on a size below 1 only
	return &limiter[K]{rate: r, buckets: buckets}
}

// take takes one token, or says how long to wait for the next.
func (l *limiter[K]) take(key K, now time.Time) (wait time.Duration, ok bool) {
	if l == nil {
		return 0, true
	}
	bucket, found := l.buckets.Get(key)
	if !found {
		bucket = rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)
		if other, found, _ := l.buckets.PeekOrAdd(key, bucket); found {
			bucket = other // of a request at the same time
		}
	}
	if bucket.AllowN(now, 1) {
		return 0, true
	}
	missing := 1 - bucket.TokensAt(now)
	return time.Duration(missing / l.rate.PerSecond * float64(time.Second)), false
}
