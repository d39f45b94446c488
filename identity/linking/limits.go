package linking

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"yibao/identity"
)

// countWindow is how long a counted event weighs. It slides: there is no hour at which all counts start anew.
const countWindow = 24 * time.Hour

// errUnchanged ends an update that has nothing to write.
var errUnchanged = errors.New("linking: nothing to write")

// startLimit is one of the limits that a start counts against.
type startLimit struct {
	key, op string
	limit   int
}

// countStart counts before anything is stored, so that a refused attempt leaves no document: first the limits that only
// the user and this person share, then the user's own, and last the address, which strangers share behind one carrier's
// NAT. A start that one limit refuses is not counted against any other. Mostly that costs no write, as all limits are
// looked at first. Starts at once may all pass that look, but each count is itself the check, and the counts before the
// one that refuses are taken back.
//
// A kill, or a store that fails, in between leaves too much counted, for a day; never too little.
func (s *Service) countStart(ctx context.Context, a *identity.Attempt, address string) error {
	// With the wrong answers used up, this attempt could not be proved: no challenge is made for it.
	if err := s.checkCount(ctx, s.wrongOfPair(a), s.cfg.WrongPerPair); err != nil {
		return err
	}
	var limits []startLimit
	if kind, ok := s.proofs[a.Method].(challenger); ok {
		limits = kind.limits(a)
	}
	limits = append(limits, startLimit{"starts:user:" + a.UserID, a.ID, s.cfg.StartsPerUser})
	if address != "" {
		limits = append(limits, startLimit{s.startsOfAddress(address), a.ID, s.cfg.StartsPerAddress})
	}
	for _, l := range limits {
		if err := s.checkCount(ctx, l.key, l.limit); err != nil {
			return err
		}
	}
	for i, l := range limits {
		if err := s.count(ctx, l.key, l.op, l.limit); err != nil {
			for _, counted := range limits[:i] {
				s.uncount(ctx, counted.key, counted.op)
			}
			return err
		}
	}
	return nil
}

// count adds one event, or returns a *identity.LimitError when the window is full. Counting an op again changes nothing,
// so a write whose answer was lost may be repeated.
func (s *Service) count(ctx context.Context, key, op string, limit int) error {
	now := s.deps.Now()
	err := s.deps.Store.UpdateCounter(ctx, key, func(c *identity.Counter) error {
		c.Hits = recent(c.Hits, now)
		for _, h := range c.Hits {
			if h.Op == op {
				return errUnchanged
			}
		}
		if len(c.Hits) >= limit {
			return limitError(c.Hits, now)
		}
		c.Hits = append(c.Hits, identity.Hit{Op: op, At: now})
		return nil
	})
	return changed(err)
}

// checkCount returns a *identity.LimitError when the window is full, and counts nothing.
func (s *Service) checkCount(ctx context.Context, key string, limit int) error {
	now := s.deps.Now()
	err := s.deps.Store.UpdateCounter(ctx, key, func(c *identity.Counter) error {
		if hits := recent(c.Hits, now); len(hits) >= limit {
			return limitError(hits, now)
		}
		return errUnchanged
	})
	return changed(err)
}

// uncount takes an event back. Where that fails, it stays counted for a day.
func (s *Service) uncount(ctx context.Context, key, op string) {
	err := s.deps.Store.UpdateCounter(ctx, key, func(c *identity.Counter) error {
		for i, h := range c.Hits {
			if h.Op == op {
				c.Hits = append(c.Hits[:i:i], c.Hits[i+1:]...)
				return nil
			}
		}
		return errUnchanged
	})
	if changed(err) != nil {
		s.deps.Log.Warn("linking_uncount_failed", "error", err)
	}
}

// changed makes errUnchanged none.
func changed(err error) error {
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

func recent(hits []identity.Hit, now time.Time) []identity.Hit {
	kept := make([]identity.Hit, 0, len(hits)+1)
	for _, h := range hits {
		if now.Sub(h.At) < countWindow {
			kept = append(kept, h)
		}
	}
	return kept
}

// limitError says when the oldest event leaves the window.
func limitError(hits []identity.Hit, now time.Time) *identity.LimitError {
	oldest := now
	for _, h := range hits {
		if h.At.Before(oldest) {
			oldest = h.At
		}
	}
	return &identity.LimitError{RetryAfter: oldest.Add(countWindow).Sub(now)}
}

// The keys of the counters. A user is a keyed hash already; numbers, phones and addresses become one. A number counts alone,
// without the kind of document and the name: the caller chooses both.

func (s *Service) startsOfAddress(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil {
		address = identity.Network(ip).String()
	}
	return "starts:address:" + s.deps.Digests.Subject("address", address)
}

// wrongOfPair and sendsOfPair lock one platform user out of one person, and no other pair.
func (s *Service) wrongOfPair(a *identity.Attempt) string {
	return "wrong:" + a.UserID + ":" + s.numberOf(a)
}

func (s *Service) sendsOfPair(a *identity.Attempt) string {
	return "sends:" + a.UserID + ":" + s.numberOf(a)
}

func (s *Service) numberOf(a *identity.Attempt) string {
	return s.deps.Digests.Subject("number", a.Claim.IDNumber)
}

// sendsOfRecipient counts by phone. Where no code leaves, a stand-in is counted, so that the store sees the same calls.
func (s *Service) sendsOfRecipient(phone, insured string) string {
	if phone == "" {
		return "sends:phone:" + s.deps.Digests.Subject("no-phone", insured)
	}
	return "sends:phone:" + s.deps.Digests.Subject("phone", phone)
}
