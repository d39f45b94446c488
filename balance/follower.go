package balance

import (
	"context"
	"time"

	"yibao/identity"
)

// Linked makes the person's first reading due at once, so a new link has a point on its first day. Safe to repeat: a
// schedule that is there stays as it is.
func (s *Service) Linked(ctx context.Context, _ string, link identity.Link) error {
	return s.store.EnsureSchedule(ctx, Subject{PersonID: link.PersonID, Region: link.Region}, s.now())
}

// Unlinked deletes all data of the person in the region if no other link leads there. Safe to repeat: after kill -9 it is
// called again, and deleting twice changes nothing.
func (s *Service) Unlinked(ctx context.Context, _ string, link identity.Link, left []identity.Slot) error {
	if linked, _ := inRegion(left, link.Region, link.ID); linked {
		return nil
	}
	return s.purge(ctx, Subject{PersonID: link.PersonID, Region: link.Region}, link.ID)
}

const (
	// cleanUpAfter is longer than any question under way at a deletion can take.
	cleanUpAfter = 10 * time.Minute
	// endedMark stands before the region in the schedule of a clean-up, so that it is never a subject's own schedule.
	endedMark = "ended:"
)

// purge deletes the subject from memory and store. The ending link may still hold its slot.
//
// A question under way in any process may write after the deletion. It finds that out itself and deletes (see record),
// unless it is killed before. So a clean-up is scheduled before the deletion. After kill -9 between the two, the caller
// repeats the purge; the clean-up alone would leave a subject that still has its schedule.
func (s *Service) purge(ctx context.Context, subject Subject, endingLink string) error {
	s.mu.Lock()
	s.cache.Remove(subject)
	s.failures.Remove(subject)
	if f, ok := s.flights[subject]; ok {
		f.unlinked = true // its answer must not be cached
	}
	s.mu.Unlock()
	cleanUp := Subject{PersonID: subject.PersonID, Region: endedMark + subject.Region}
	if err := s.store.EnsureSchedule(ctx, cleanUp, s.now().Add(cleanUpAfter)); err != nil {
		return err
	}
	return s.deleteStored(ctx, subject, endingLink)
}

// cleanUp deletes writes of a killed question, unless the subject has been linked again, and then its own schedule.
func (s *Service) cleanUp(ctx context.Context, cleanUp, subject Subject) error {
	linked, err := s.store.Scheduled(ctx, subject)
	if err == nil && !linked {
		err = s.deleteStored(ctx, subject, "")
	}
	if err != nil {
		return err
	}
	return s.store.DeleteSubject(ctx, cleanUp)
}

// deleteStored deletes the subject from the store.
//
// Another user may link to the same person meanwhile. A new link takes its slot before it asks for a schedule. So a slot
// found after the deletion may have lost its schedule to it, and gets the schedule back; a later slot brings its own.
func (s *Service) deleteStored(ctx context.Context, subject Subject, endingLink string) error {
	if err := s.store.DeleteSubject(ctx, subject); err != nil {
		return err
	}
	slots, err := s.people.Slots(ctx, subject.PersonID)
	if err != nil {
		return err
	}
	if linked, _ := inRegion(slots, subject.Region, endingLink); linked {
		return s.store.EnsureSchedule(ctx, subject, s.now())
	}
	return nil
}
