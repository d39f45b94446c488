package identity

import (
	"context"
	"errors"
	"slices"
	"time"
)

// personRounds bounds how often a person is looked at anew because another's link to it began or ended just now.
const personRounds = 5

// settlePerson brings the person in line with its slots: without any it ends, with a self link it has the start of the
// first one that was continued without a gap. It returns the slots. Repeating it is harmless.
//
// Beginner is the link that is being written, if any. As the only self link it continues none: a killed unlink may have
// freed the slot of the one before and not have come here.
func (l *Linking) settlePerson(ctx context.Context, personID, beginner string) ([]Slot, error) {
	for range personRounds {
		// Read before the slots: see Person.Joins.
		person, err := l.deps.Store.Person(ctx, personID)
		if err != nil {
			return nil, missing(err, nil)
		}
		slots, err := l.deps.Store.Slots(ctx, personID)
		if err != nil {
			return nil, ErrStore
		}
		if len(slots) > 0 && !person.Ended {
			err = l.settleSelf(ctx, person, slots, beginner)
		} else {
			slots, err = nil, l.endPerson(ctx, person)
		}
		if !errors.Is(err, errLost) {
			return slots, err
		}
	}
	return nil, ErrStore
}

// endPerson deletes a person whose slots were seen empty after the person was read; errLost when a slot was taken since.
// The mark comes first: it is the one write that decides between this end and a link that begins. A kill after it
// leaves an ended person, which the next unlink, or the next link of that person, deletes.
func (l *Linking) endPerson(ctx context.Context, seen *Person) error {
	_, err := l.deps.Store.UpdatePerson(ctx, seen.ID, func(p *Person) error {
		switch {
		case p.Ended:
			return errUnchanged
		case p.Joins != seen.Joins:
			return errLost
		}
		p.Ended = true
		return nil
	})
	switch {
	case errors.Is(err, errLost):
		return errLost
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil && !errors.Is(err, errUnchanged):
		return ErrStore
	}
	return storeError(l.deps.Store.DeletePerson(ctx, seen.ID))
}

// settleSelf goes by slots that were seen after the person was read; errLost when the start changes by them and a slot was
// taken since: it may be a self link.
func (l *Linking) settleSelf(ctx context.Context, seen *Person, slots []Slot, beginner string) error {
	first, gap := firstSelf(slots), onlySelf(slots, beginner)
	_, err := l.deps.Store.UpdatePerson(ctx, seen.ID, func(p *Person) error {
		since := p.SelfSince
		if since.IsZero() || first.IsZero() || gap {
			since = first
		}
		if since.Equal(p.SelfSince) {
			return errUnchanged
		}
		if p.Joins != seen.Joins {
			return errLost
		}
		p.SelfSince = since
		return nil
	})
	switch {
	case errors.Is(err, errLost):
		return errLost
	case err != nil && !errors.Is(err, errUnchanged) && !errors.Is(err, ErrNotFound):
		return ErrStore
	}
	return nil
}

// claimSlot takes a slot and says so in the person's document, in this order: an end that reads no slot after it
// then fails at the document. errLost when the person has ended already: the slot goes again, and the caller begins
// with a new person. ErrLinkLimit when all slots are taken.
//
// Name is the one that the slot's region has just confirmed, since people change theirs. A kill between the two
// writes, when another ends the person before the next run, leaves a slot of a person who is gone: nothing leads to it.
func (l *Linking) claimSlot(ctx context.Context, slot Slot, limit int, name string) error {
	if err := l.deps.Store.ClaimSlot(ctx, slot, limit); err != nil {
		if errors.Is(err, ErrLinkLimit) {
			return ErrLinkLimit
		}
		return ErrStore
	}
	_, err := l.deps.Store.UpdatePerson(ctx, slot.PersonID, func(p *Person) error {
		if p.Ended {
			return errLost
		}
		p.Joins++
		if p.Names == nil {
			p.Names = map[string]string{}
		}
		p.Names[slot.Region] = name
		return nil
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errLost), errors.Is(err, ErrNotFound):
		link := Link{ID: slot.LinkID, PersonID: slot.PersonID, Region: slot.Region, Relation: slot.Relation}
		return l.releaseThen(ctx, slot.UserID, link, errLost)
	}
	return ErrStore
}

// settleThen settles the person and returns the error that led to it, unless settling fails.
func (l *Linking) settleThen(ctx context.Context, personID string, cause error) error {
	if _, err := l.settlePerson(ctx, personID, ""); err != nil {
		return err
	}
	return cause
}

// copyToSlot brings the slot of a link that the attempt renewed in line with it, and returns the link as it is then. The
// slot is changed where it stands: whatever stops us, a link in force has one, and so its person and what was kept of
// it. One that is missing all the same is made.
//
// Of two renewals at once the slot keeps the newer consent, as the link does, whoever writes it last and is killed then.
// The link is looked at again afterwards: an unlink marks it before it frees the slot, so a link that is still active has
// that yet to come, and the slot of any other goes here. The next run then finds the end.
func (l *Linking) copyToSlot(ctx context.Context, a *Attempt, link Link) (Link, error) {
	for range personRounds {
		slot := Slot{
			PersonID: link.PersonID, LinkID: link.ID, UserID: a.UserID, Region: link.Region,
			Relation: link.Relation, Since: link.Since,
			Unattended: link.Consent.Unattended, ConsentAt: link.Consent.At,
		}
		err := l.deps.Store.UpdateSlot(ctx, slot)
		if errors.Is(err, ErrNotFound) {
			// Two more than allowed: the link was counted when it was made, and the attempt holds one.
			err = l.claimSlot(ctx, slot, l.cfg.LinksPerPerson+2, a.Claim.Name)
		}
		if err != nil {
			return Link{}, ErrStore
		}
		user, err := l.deps.Store.User(ctx, a.UserID)
		if err != nil {
			return Link{}, storeError(err)
		}
		i := indexLink(user.Links, link.ID)
		if i < 0 || user.Links[i].State != LinkActive {
			return Link{}, l.releaseThen(ctx, a.UserID, link, ErrStore)
		}
		if link = user.Links[i]; link.Relation == slot.Relation && link.Consent.Unattended == slot.Unattended {
			return link, nil
		}
	}
	return Link{}, ErrStore
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
