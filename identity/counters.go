package identity

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// countWindow is how long a counted event weighs. It slides: there is no hour at which everything starts anew.
const countWindow = 24 * time.Hour

// errUnchanged ends an update that has nothing to write.
var errUnchanged = errors.New("identity: nothing to write")

// count adds one event, or returns a *LimitError when the window is full. Counting an op again changes nothing, so a
// write whose answer was lost may be repeated.
func (l *Linking) count(ctx context.Context, key, op string, limit int) error {
	now := l.deps.Now()
	err := l.deps.Store.UpdateCounter(ctx, key, func(c *Counter) error {
		c.Hits = recent(c.Hits, now)
		for _, h := range c.Hits {
			if h.Op == op {
				return errUnchanged
			}
		}
		if len(c.Hits) >= limit {
			return limitError(c.Hits, now)
		}
		c.Hits = append(c.Hits, Hit{Op: op, At: now})
		return nil
	})
	return settleCount(err)
}

// checkCount tells whether the window is full, and counts nothing.
func (l *Linking) checkCount(ctx context.Context, key string, limit int) error {
	now := l.deps.Now()
	err := l.deps.Store.UpdateCounter(ctx, key, func(c *Counter) error {
		if hits := recent(c.Hits, now); len(hits) >= limit {
			return limitError(hits, now)
		}
		return errUnchanged
	})
	return settleCount(err)
}

// uncount takes an event back.
func (l *Linking) uncount(ctx context.Context, key, op string) error {
	err := l.deps.Store.UpdateCounter(ctx, key, func(c *Counter) error {
		for i, h := range c.Hits {
			if h.Op == op {
				c.Hits = append(c.Hits[:i:i], c.Hits[i+1:]...)
				return nil
			}
		}
		return errUnchanged
	})
	return settleCount(err)
}

func settleCount(err error) error {
	var limit *LimitError
	switch {
	case err == nil, errors.Is(err, errUnchanged):
		return nil
	case errors.As(err, &limit):
		return limit
	}
	return storeError(err)
}

func recent(hits []Hit, now time.Time) []Hit {
	kept := make([]Hit, 0, len(hits)+1)
	for _, h := range hits {
		if now.Sub(h.At) < countWindow {
			kept = append(kept, h)
		}
	}
	return kept
}

// limitError says when the oldest event leaves the window.
func limitError(hits []Hit, now time.Time) *LimitError {
	oldest := now
	for _, h := range hits {
		if h.At.Before(oldest) {
			oldest = h.At
		}
	}
	return &LimitError{RetryAfter: oldest.Add(countWindow).Sub(now)}
}

// The keys of the counters. User and insured are keyed hashes already; phone and address become one.

func startsOfUser(userID string) string { return "starts:user:" + userID }

func (l *Linking) startsOfAddress(address string) string {
	return "starts:address:" + l.deps.Digests.Subject("address", network(address))
}

// wrongOfPair and sendsOfPair lock one platform user out of one person, and nobody else.
func wrongOfPair(a *Attempt) string { return "wrong:" + a.UserID + ":" + a.InsuredHash }

func sendsOfPair(a *Attempt) string { return "sends:" + a.UserID + ":" + a.InsuredHash }

// sendsOfRecipient counts by phone. Where no code leaves, a stand-in is counted, so that the store sees the same calls.
func (l *Linking) sendsOfRecipient(phone, insured string) string {
	if phone == "" {
		return "sends:phone:" + l.deps.Digests.Subject("no-phone", insured)
	}
	return "sends:phone:" + l.deps.Digests.Subject("phone", phone)
}

// network is what counts as one address: of IPv6 the /64 that one line is given.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
