package identity

import (
	"context"
	"errors"
	"slices"
	"time"
)

// EndedKept is how long an ended link is remembered: longer than a proved attempt stays in the store, which is a day, and
// another one until it is swept away.
const EndedKept = 3 * 24 * time.Hour

// Unlink ends a link. From its return on the link is invisible everywhere; what hangs on it is deleted at once where
// possible, else by Run.
//
// Order of writes, each repeatable: change recorded → link ending, and when → attempt withdrawn → slot freed → followers delete →
// person settled → link gone. Before "ending" a kill leaves the link in force, and the client was told nothing; after it
// Run finds the ending link and goes on.
//
// Errors: ErrNoSuchLink (also for another user's), ErrStore.
func (l *Linking) Unlink(ctx context.Context, c *Caller, linkID string) error {
	user, err := l.deps.Store.User(ctx, c.UserID)
	if err != nil {
		return missing(err, ErrNoSuchLink)
	}
	// Read first, so that made-up ids write nothing.
	i := indexLink(user.Links, linkID)
	if i < 0 || user.Links[i].State != LinkActive {
		return ErrNoSuchLink
	}
	insured, err := l.insured(ctx, user.Links[i].PersonID)
	if ctx.Err() != nil {
		return ErrStore
	}
	if err != nil {
		insured = "" // who cannot be read can be left all the same; then only the attempts known by the link are withdrawn
	}
	link, err := l.markEnding(ctx, c.UserID, linkID, insured)
	if err != nil {
		return err
	}
	if err := l.finishUnlink(ctx, c.UserID, link); err != nil {
		l.deps.Log.Warn("an ended link is cleaned up later", "region", link.Region)
	}
	return nil
}

// withdraw fails an attempt that is still writing or renewing the link, if it has not finished: else Run would write it
// again. It answers whether a run of the attempt can no longer be under way, and so begin what was just deleted.
func (l *Linking) withdraw(ctx context.Context, userID, attemptID string) (settled bool, err error) {
	_, err = l.deps.Store.UpdateAttempt(ctx, attemptID, func(a *Attempt) error {
		settled = true
		if a.UserID != userID {
			return errUnchanged
		}
		now := l.deps.Now()
		if a.State == AttemptFailed && a.Reason == FailedEnded {
			settled = now.Sub(a.UpdatedAt) >= finishLease
		}
		if a.State != AttemptProved {
			return errUnchanged
		}
		settled = false
		a.fail(FailedEnded, now)
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	if err != nil && !errors.Is(err, errUnchanged) {
		return false, ErrStore
	}
	return settled, nil
}

// insured is what attempts for that person are known by.
func (l *Linking) insured(ctx context.Context, personID string) (string, error) {
	p, err := l.deps.Store.Person(ctx, personID)
	if errors.Is(err, ErrNotFound) {
		return "", nil // a link that lost its person can be ended all the same
	}
	if err != nil {
		return "", ErrStore
	}
	return l.deps.Digests.Insured(p.IDType, p.IDNumber), nil
}

// markEnding is the one write that ends the link, and says when. What an attempt has written before it ends with the link;
// an attempt with an older consent that comes to write its link after it, in whatever run, finds the end there.
func (l *Linking) markEnding(ctx context.Context, userID, linkID, insured string) (Link, error) {
	if err := l.deps.Store.RecordChange(ctx, userID); err != nil {
		return Link{}, ErrStore
	}
	var link Link
	now := l.deps.Now()
	_, err := l.deps.Store.UpdateUser(ctx, userID, func(u *PlatformUser) error {
		i := indexLink(u.Links, linkID)
		if i < 0 || u.Links[i].State != LinkActive {
			return ErrNoSuchLink
		}
		u.Links[i].State = LinkEnding
		link = u.Links[i]
		u.keepEnd(EndedLink{InsuredHash: insured, Region: link.Region, At: now})
		return nil
	})
	l.deps.Forget(userID)
	if errors.Is(err, ErrNoSuchLink) {
		return Link{}, ErrNoSuchLink
	}
	return link, storeError(err)
}

// keepEnd keeps the last end of a link to each person in each region.
func (u *PlatformUser) keepEnd(end EndedLink) {
	u.ForgetEnds(end.At)
	u.Ended = slices.DeleteFunc(u.Ended, func(e EndedLink) bool {
		return e.InsuredHash == end.InsuredHash && e.Region == end.Region
	})
	u.Ended = append(u.Ended, end)
}

// ForgetEnds drops the ends that no attempt is old enough for any more. A store calls it at sign-in and when it sweeps.
func (u *PlatformUser) ForgetEnds(now time.Time) {
	u.Ended = slices.DeleteFunc(u.Ended, func(e EndedLink) bool { return now.Sub(e.At) >= EndedKept })
}

// endedSince tells whether the user has ended a link to the attempt's person since the attempt's consent.
func (u *PlatformUser) endedSince(a *Attempt) bool {
	return slices.ContainsFunc(u.Ended, func(e EndedLink) bool {
		return e.InsuredHash == a.InsuredHash && e.Region == a.Claim.Region && a.Consent.At.Before(e.At)
	})
}

// finishUnlink deletes what hangs on an ending link, and then the link. The attempt is withdrawn before: one that is
// still proved when the link is gone would write it again. While a run of it may be under way, the link stays, ending, so
// that Run comes again and deletes what that run begins.
func (l *Linking) finishUnlink(ctx context.Context, userID string, link Link) error {
	settled, err := l.withdraw(ctx, userID, attemptOf(link.ID))
	if err != nil {
		return err
	}
	renewed, err := l.withdrawRenewal(ctx, userID, link)
	if err != nil {
		return err
	}
	if err := l.release(ctx, userID, link); err != nil || !settled || !renewed {
		return err
	}
	return l.dropLink(ctx, userID, link.ID)
}

// withdrawRenewal withdraws the attempt that renewed the link last, and gives back the slot it holds until it is done.
func (l *Linking) withdrawRenewal(ctx context.Context, userID string, link Link) (settled bool, err error) {
	if link.AttemptID == "" || link.AttemptID == attemptOf(link.ID) {
		return true, nil
	}
	settled, err = l.withdraw(ctx, userID, link.AttemptID)
	if err != nil {
		return false, err
	}
	held := link
	held.ID = linkOf(link.AttemptID)
	return settled, l.release(ctx, userID, held)
}

// release gives the slot of a link back and deletes what hangs on the link, for one that ends as for one that was begun
// and is not to be: while that held its slot, another may have ended and left to it what the two shared. Repeating it is
// harmless.
//
// The slot goes first: of two last ones that go at once, at least one then sees that none is left, and has the shared
// data deleted. Where a link that was to be withdrew its slot behind both, the person's end shows that none is left.
func (l *Linking) release(ctx context.Context, userID string, link Link) error {
	if err := l.deps.Store.FreeSlot(ctx, link.PersonID, link.ID); err != nil {
		return ErrStore
	}
	left, err := l.deps.Store.Slots(ctx, link.PersonID)
	if err != nil {
		return ErrStore
	}
	if err := l.untell(ctx, userID, link, left); err != nil {
		return err
	}
	slots, err := l.settlePerson(ctx, link.PersonID, "")
	if err != nil {
		return err
	}
	if len(slots) == 0 && len(left) > 0 {
		if err := l.untell(ctx, userID, link, nil); err != nil {
			return err
		}
	}
	return l.retell(ctx, left, slots)
}

// releaseThen releases the slot and returns the error that led to it, unless releasing fails.
func (l *Linking) releaseThen(ctx context.Context, userID string, link Link, cause error) error {
	if err := l.release(ctx, userID, link); err != nil {
		return err
	}
	return cause
}

// untell has the followers delete what hangs on the link.
func (l *Linking) untell(ctx context.Context, userID string, link Link, left []Slot) error {
	for _, f := range l.deps.Followers {
		if err := f.Unlinked(ctx, userID, link, left); err != nil {
			return ErrStore
		}
	}
	return nil
}

// retell tells the followers of links to the same person that began while they deleted: what these had begun may have
// been deleted with the rest.
func (l *Linking) retell(ctx context.Context, before, after []Slot) error {
	for _, slot := range after {
		if slices.ContainsFunc(before, func(s Slot) bool { return s.LinkID == slot.LinkID }) {
			continue
		}
		user, err := l.deps.Store.User(ctx, slot.UserID)
		if err != nil {
			return storeError(err)
		}
		// A link not written yet is told when it is.
		if i := indexLink(user.Links, slot.LinkID); i >= 0 && user.Links[i].State == LinkActive {
			if _, err := l.tell(ctx, slot.UserID, user.Links[i], nil); err != nil {
				return err
			}
		}
	}
	return nil
}
