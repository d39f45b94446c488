package balance

import (
	"context"
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
	if linked, _ := inRegion(left, link.Region); linked {
		return nil
	}
	subject := Subject{PersonID: link.PersonID, Region: link.Region}
	s.desk.Forget(subject)
	if err := s.store.SetDue(ctx, subject, s.now().Add(cleanUpAfter)); err != nil {
		return err
	}
	return s.store.DeleteReadings(ctx, subject)
}

// links says whether a link leads to the subject, and whether one that does consents to unattended reading.
func (s *Service) links(ctx context.Context, subject Subject) (linked, consented bool, err error) {
	slots, err := s.people.Slots(ctx, subject.PersonID)
	if err != nil {
		return false, false, err
	}
	linked, consented = inRegion(slots, subject.Region)
	return linked, consented, nil
}

func inRegion(slots []identity.Slot, region string) (linked, consented bool) {
	for _, slot := range slots {
		if slot.Region == region {
			linked = true
			consented = consented || slot.Unattended
		}
	}
	return linked, consented
}
