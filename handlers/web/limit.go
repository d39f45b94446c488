package web

import (
	"cmp"
	"hash/maphash"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"yibao/identity"
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

// siteShare is how much more one IPv6 site may ask for than one network in it.
const siteShare = 8

// limits are the buckets of an app. A request that goes on to a handler is charged to its user if it has a good token, and
// else to its address. So signed-in users are never held up by others behind their address. A request that is refused
// earlier, for want of a token or a route, is not charged: to refuse it by a limit would cost as much. A bucket refills all
// the time, so it slows an address and never shuts it out.
type limits struct {
	token   *limiter[uint64]     // by a hash: asked before the token is checked, which may cost a read of the store
	user    *limiter[string]     // of all sessions together
	address *limiter[netip.Addr] // by identity.Network
	site    *limiter[netip.Addr] // by identity.Site
	seed    maphash.Seed
}

func newLimits(l Limits) *limits {
	site := Rate{PerSecond: l.PerAddress.PerSecond * siteShare, Burst: l.PerAddress.Burst * siteShare}
	return &limits{
		token:   newLimiter[uint64](l.PerUser, maxBuckets),
		user:    newLimiter[string](l.PerUser, maxBuckets),
		address: newLimiter[netip.Addr](l.PerAddress, maxBuckets),
		site:    newLimiter[netip.Addr](site, maxBuckets),
		seed:    maphash.MakeSeed(),
	}
}

// checkToken refuses a token that is shown too often.
func (s *server) checkToken(token string) error {
	return refusal(s.limits.token.take(maphash.String(s.limits.seed, token), s.Now()))
}

// charge takes a request from the bucket of its user or of its address.
func (s *server) charge(c *call) error {
	now := s.Now()
	if c.caller != nil {
		return refusal(s.limits.user.take(c.caller.UserID, now))
	}
	if !c.address.IsValid() {
		s.unreadable.Do(func() {
			s.Log.Warn("client_address_unknown", "meaning", "a trusted proxy sends no address in X-Forwarded-For; requests "+
				"that it forwards are not limited by address")
		})
		return nil
	}
	if err := refusal(s.limits.address.take(identity.Network(c.address), now)); err != nil {
		return err
	}
	site, ok := identity.Site(c.address)
	if !ok {
		return nil
	}
	return refusal(s.limits.site.take(site, now))
}

func refusal(wait time.Duration, ok bool) error {
	if ok {
		return nil
	}
	return &Failure{Public: ErrRate, Retry: wait}
}
