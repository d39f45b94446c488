package linking

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"yibao/identity"
)

// The windows of counts. They slide: there is no hour at which all counts start anew.
const (
	day = 24 * time.Hour
	// addressWindow is short, as strangers share an address behind one carrier's NAT: who comes after somebody that used
	// it up waits for minutes.
	addressWindow = 10 * time.Minute
)

// siteShare is how many times as much as one IPv6 network, a /64, the /48 around it may ask for. See identity.Site.
const siteShare = 8

// errUnchanged ends an update that has nothing to write.
var errUnchanged = errors.New("linking: nothing to write")

// limit allows so many events of a key within a window; op is the event to be counted.
type limit struct {
	key, op string
	most    int
	window  time.Duration
}

// countUser counts a start against the limits that only the user and this person share, and the user's own. It is counted
// before anything is stored, so that a refused attempt leaves no document.
func (s *Service) countUser(ctx context.Context, a *identity.Attempt) ([]limit, error) {
	// With the wrong answers used up, this attempt could not be proved: no challenge is made for it.
	if err := s.checkCount(ctx, limit{key: s.wrongOfPair(a), most: s.cfg.WrongPerPair, window: day}); err != nil {
		return nil, err
	}
	var limits []limit
	if kind, ok := s.proofs[a.Method].(challenger); ok {
		limits = kind.limits(a)
	}
	limits = append(limits, limit{"starts:user:" + a.UserID, a.ID, s.cfg.StartsPerUser, day})
	return limits, s.countAll(ctx, limits)
}

// countAddress counts a start that is otherwise accepted against the address, which strangers share. One that is refused
// costs them nothing.
func (s *Service) countAddress(ctx context.Context, a *identity.Attempt, address string) error {
	if address == "" {
		return nil
	}
	return s.countAll(ctx, s.limitsOfAddress(address, a.ID))
}

// countAll counts an event against all limits, or against none. Mostly a refusal costs no write, as all limits are looked at
// first. Events at once may all pass that look, but each count is itself the check, and the counts before the one that
// refuses are taken back.
//
// A kill, or a store that fails, in between leaves too much counted, for one window; never too little.
func (s *Service) countAll(ctx context.Context, limits []limit) error {
	for _, l := range limits {
		if err := s.checkCount(ctx, l); err != nil {
			return err
		}
	}
	for i, l := range limits {
		if err := s.count(ctx, l); err != nil {
			s.uncountAll(ctx, limits[:i])
			return err
		}
	}
	return nil
}

func (s *Service) uncountAll(ctx context.Context, limits []limit) {
	for _, l := range limits {
		s.uncount(ctx, l.key, l.op)
	}
}

// count adds one event, or returns a *identity.LimitError when the window is full. Counting an op again changes nothing,
// so a write whose answer was lost may be repeated.
func (s *Service) count(ctx context.Context, l limit) error {
	now := s.deps.Now()
	err := s.deps.Store.UpdateCounter(ctx, l.key, func(c *identity.Counter) error {
		c.Hits = recent(c.Hits, now, l.window)
		if counted(c.Hits, l.op) {
			return errUnchanged
		}
		if err := l.full(c.Hits, now); err != nil {
			return err
		}
		c.Hits = append(c.Hits, identity.Hit{Op: l.op, At: now})
		return nil
	})
	return changed(err)
}

// checkCount returns a *identity.LimitError when the window is full, and counts nothing.
func (s *Service) checkCount(ctx context.Context, l limit) error {
	now := s.deps.Now()
	err := s.deps.Store.UpdateCounter(ctx, l.key, func(c *identity.Counter) error {
		if err := l.full(recent(c.Hits, now, l.window), now); err != nil {
			return err
		}
		return errUnchanged
	})
	return changed(err)
}

// uncount takes an event back. Where that fails, it stays counted for its window.
func (s *Service) uncount(ctx context.Context, key, op string) {
	err := s.deps.Store.UpdateCounter(ctx, key, func(c *identity.Counter) error {
		if !counted(c.Hits, op) {
			return errUnchanged
		}
		c.Hits = slices.DeleteFunc(c.Hits, func(h identity.Hit) bool { return h.Op == op })
		return nil
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

func counted(hits []identity.Hit, op string) bool {
	return slices.ContainsFunc(hits, func(h identity.Hit) bool { return h.Op == op })
}

// recent are the hits within the window, as a new list.
func recent(hits []identity.Hit, now time.Time, window time.Duration) []identity.Hit {
	kept := make([]identity.Hit, 0, len(hits)+1)
	for _, h := range hits {
		if now.Sub(h.At) < window {
			kept = append(kept, h)
		}
	}
	return kept
}

// full returns a *identity.LimitError that says when the oldest event leaves the window, if the window is full.
func (l limit) full(hits []identity.Hit, now time.Time) error {
	if len(hits) < l.most {
		return nil
	}
	oldest := now
	for _, h := range hits {
		if h.At.Before(oldest) {
			oldest = h.At
		}
	}
	return &identity.LimitError{RetryAfter: oldest.Add(l.window).Sub(now)}
}

// The keys of the counters. A user is a keyed hash already; numbers, phones and addresses become one. A number counts alone,
// without the kind of document and the name: the caller chooses both.

// limitsOfAddress are those of the address or IPv6 network, and of the site around it.
func (s *Service) limitsOfAddress(address, op string) []limit {
	key := func(kind, of string) string { return "starts:" + kind + ":" + s.deps.Digests.Subject(kind, of) }
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return []limit{{key("address", address), op, s.cfg.StartsPerAddress, addressWindow}}
	}
	limits := []limit{{key("address", identity.Network(ip).String()), op, s.cfg.StartsPerAddress, addressWindow}}
	if site, ok := identity.Site(ip); ok {
		limits = append(limits, limit{key("site", site.String()), op, siteShare * s.cfg.StartsPerAddress, addressWindow})
	}
	return limits
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
