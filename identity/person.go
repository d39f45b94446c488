package identity

import (
	"context"
	"errors"
	"slices"
	"time"
)

// settlePerson brings the person in line with its slots: without any it goes, with a self link it has the start of the
// first one that was continued without a gap. It returns the slots. Repeating it is harmless.
//
// Beginner is the link that is being written, if any. As the only self link it continues none: a killed unlink may have
// freed the slot of the one before and not have come here.
func (l *Linking) settlePerson(ctx context.Context, personID, beginner string) ([]Slot, error) {
	slots, err := l.deps.Store.Slots(ctx, personID)
	if err != nil {
		return nil, ErrStore
	}
	if len(slots) == 0 {
		return nil, storeError(l.deps.Store.DeletePerson(ctx, personID))
	}
	first, gap := firstSelf(slots), onlySelf(slots, beginner)
	_, err = l.deps.Store.UpdatePerson(ctx, personID, func(p *Person) error {
		since := p.SelfSince
		if since.IsZero() || first.IsZero() || gap {
			since = first
		}
		if since.Equal(p.SelfSince) {
			return errUnchanged
		}
		p.SelfSince = since
		return nil
	})
	if err != nil && !errors.Is(err, errUnchanged) && !errors.Is(err, ErrNotFound) {
		return nil, ErrStore
	}
	return slots, nil
}

// settleThen settles the person and returns the error that led to it, unless settling fails.
func (l *Linking) settleThen(ctx context.Context, personID string, cause error) error {
	if _, err := l.settlePerson(ctx, personID, ""); err != nil {
		return err
	}
	return cause
}

func (l *Linking) freeSlot(ctx context.Context, personID, linkID string) error {
	if err := l.deps.Store.FreeSlot(ctx, personID, linkID); err != nil {
		return ErrStore
	}
	return l.settleThen(ctx, personID, nil)
}

// copyConsent brings the slot of a link in line with the link's new consent, by making it anew; the caller holds another
// slot meanwhile, so the person stays. An unlink may run at the same time: it marks the link before it frees the slot,
// so a link that is still active after ours is made has its free yet to come, and any other slot goes again here.
func (l *Linking) copyConsent(ctx context.Context, userID string, link Link) error {
	slots, err := l.deps.Store.Slots(ctx, link.PersonID)
	if err != nil {
		return ErrStore
	}
	i := slices.IndexFunc(slots, func(s Slot) bool { return s.LinkID == link.ID })
	if i >= 0 && slots[i].Unattended == link.Consent.Unattended {
		return nil
	}
	if err := l.deps.Store.FreeSlot(ctx, link.PersonID, link.ID); err != nil {
		return ErrStore
	}
	slot := Slot{
		PersonID: link.PersonID, LinkID: link.ID, UserID: userID, Region: link.Region,
		Relation: link.Relation, Since: link.Since, Unattended: link.Consent.Unattended,
	}
	// One more than allowed, as another link may take the place just freed: this one was counted before.
	if err := l.deps.Store.ClaimSlot(ctx, slot, l.cfg.LinksPerPerson+1); err != nil {
		return ErrStore
	}
	user, err := l.deps.Store.User(ctx, userID)
	if err != nil {
		return storeError(err)
	}
	if i := indexLink(user.Links, link.ID); i < 0 || user.Links[i].State != LinkActive {
		return l.settleFreed(ctx, link)
	}
	return nil
}

func (l *Linking) settleFreed(ctx context.Context, link Link) error {
	if err := l.freeSlot(ctx, link.PersonID, link.ID); err != nil {
		return err
	}
	return ErrStore // the next run makes a link of its own
}

// rename takes over the name that the upstream has just confirmed: people change theirs.
func (l *Linking) rename(ctx context.Context, person *Person, name string) error {
	if person.Name == name {
		return nil
	}
	_, err := l.deps.Store.UpdatePerson(ctx, person.ID, func(p *Person) error {
		p.Name = name
		return nil
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return ErrStore
	}
	return nil
}

// firstSelf is the start of the earliest self link; zero without one.
func firstSelf(slots []Slot) time.Time {
	var first time.Time
	for _, s := range slots {
		if s.Relation == Self && (first.IsZero() || s.Since.Before(first)) {
			first = s.Since
		}
	}
	return first
}

// onlySelf tells whether the link is the one self link there is.
func onlySelf(slots []Slot, linkID string) bool {
	others := slices.ContainsFunc(slots, func(s Slot) bool { return s.Relation == Self && s.LinkID != linkID })
	return !others && slices.ContainsFunc(slots, func(s Slot) bool { return s.Relation == Self })
}

// dropLink takes a link out of the user's document; what is gone is no error.
func (l *Linking) dropLink(ctx context.Context, userID, linkID string) error {
	_, err := l.deps.Store.UpdateUser(ctx, userID, func(u *PlatformUser) error {
		i := indexLink(u.Links, linkID)
		if i < 0 {
			return errUnchanged
		}
		u.Links = slices.Delete(u.Links, i, i+1)
		return nil
	})
	l.deps.Forget(userID)
	if err != nil && !errors.Is(err, errUnchanged) && !errors.Is(err, ErrNotFound) {
		return ErrStore
	}
	return nil
}
