package identity

import (
	"context"
	"errors"
	"slices"
	"time"
)

// settlePerson brings the person in line with its slots: without any it goes, with a self link it has the start of the
// first one that was continued without a gap. It returns the slots. Repeating it is harmless.
func (l *Linking) settlePerson(ctx context.Context, personID string) ([]Slot, error) {
	slots, err := l.deps.Store.Slots(ctx, personID)
	if err != nil {
		return nil, ErrStore
	}
	if len(slots) == 0 {
		return nil, storeError(l.deps.Store.DeletePerson(ctx, personID))
	}
	first := firstSelf(slots)
	_, err = l.deps.Store.UpdatePerson(ctx, personID, func(p *Person) error {
		since := p.SelfSince
		if since.IsZero() || first.IsZero() {
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
	if _, err := l.settlePerson(ctx, personID); err != nil {
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
