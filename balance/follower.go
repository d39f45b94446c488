package balance

import (
	"context"
	"errors"
	"slices"
	"time"

	"yibao/identity"
)

// cleanUpAfter is longer than any question that is under way at a deletion can still write.
const cleanUpAfter = 10 * time.Minute

// Linked makes a reading due at once, so a new link has a point on its first day. Safe to repeat.
func (s *Service) Linked(ctx context.Context, _ string, link identity.Link) error {
	return s.store.SetDue(ctx, Subject{PersonID: link.PersonID, Region: link.Region}, s.now())
}

// Unlinked deletes the balances of the person in the region if no other link leads there. Safe to repeat.
//
// A question under way in any process may write after the deletion. It finds that out itself and deletes, unless it is
// killed before (see record). So the schedule stays for a last visit of the daily worker, which deletes once more (see
// remove). After kill -9 between the two writes here, the caller repeats both.
func (s *Service) Unlinked(ctx context.Context, _ string, link identity.Link, left []identity.Slot) error {
	if slices.ContainsFunc(left, inRegion(link.Region)) {
		return nil
	}
	subject := Subject{PersonID: link.PersonID, Region: link.Region}
	s.desk.Forget(subject)
	if err := s.store.SetDue(ctx, subject, s.now().Add(cleanUpAfter)); err != nil {
		return err
	}
	return s.store.DeleteReadings(ctx, subject)
}

// linked says whether a link leads to the subject.
func (s *Service) linked(ctx context.Context, subject Subject) (bool, error) {
	slots, err := s.people.Slots(ctx, subject.PersonID)
	return slices.ContainsFunc(slots, inRegion(subject.Region)), err
}

// consented says whether a link leads to the subject, and whether the holder of one allows unattended reading. The link
// itself is asked, as the user's document has it: a withdrawal is one write there.
func (s *Service) consented(ctx context.Context, subject Subject) (linked, consented bool, err error) {
	slots, err := s.people.Slots(ctx, subject.PersonID)
	if err != nil {
		return false, false, err
	}
	for _, slot := range slots {
		if slot.Region != subject.Region {
			continue
		}
		user, err := s.people.User(ctx, slot.UserID)
		if err != nil && !errors.Is(err, identity.ErrNotFound) {
			return false, false, err
		}
		if linked = true; err == nil && allows(user, slot.LinkID) {
			return true, true, nil
		}
	}
	return linked, false, nil
}

func allows(user *identity.PlatformUser, linkID string) bool {
	return slices.ContainsFunc(user.Links, func(l identity.Link) bool {
		return l.ID == linkID && l.State == identity.LinkActive && l.UnattendedAllowed()
	})
}

func inRegion(region string) func(identity.Slot) bool {
	return func(slot identity.Slot) bool { return slot.Region == region }
}
