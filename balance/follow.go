package balance

import (
	"context"
	"time"

	"yibao/identity"
)

// Linked makes the person's first reading due at once: who links today has a first point today. Safe to repeat: a
// schedule that is there stays as it is.
func (s *Service) Linked(ctx context.Context, _ string, link identity.Link) error {
	return s.store.EnsureSchedule(ctx, Subject{PersonID: link.PersonID, Region: link.Region}, s.now())
}

// Unlinked deletes everything kept of the person in the region once no other link leads there. Safe to repeat: deleting
// what is gone changes nothing, and a kill in between is followed by another call.
func (s *Service) Unlinked(ctx context.Context, _ string, link identity.Link, left []identity.Slot) error {
	if linked, _ := inRegion(left, link.Region, link.ID); linked {
		return nil
	}
	return s.purge(ctx, Subject{PersonID: link.PersonID, Region: link.Region}, link.ID)
}

const (
	// lookAgainAfter is longer than any question under way at a deletion can take.
	lookAgainAfter = 10 * time.Minute
	// endedMark stands before the region in the schedule of a second look, which so is never a subject's own.
	endedMark = "ended:"
)

// purge deletes the subject from memory and store. The link that ends may still hold its slot.
//
// A question under way in any process may write after the deletion. It finds that out itself and deletes (see record),
// unless it is killed just there. So a second look is scheduled before anything is deleted, and cannot be forgotten.
func (s *Service) purge(ctx context.Context, subject Subject, endingLink string) error {
	s.forget(subject)
	look := Subject{PersonID: subject.PersonID, Region: endedMark + subject.Region}
	if err := s.store.EnsureSchedule(ctx, look, s.now().Add(lookAgainAfter)); err != nil {
		return err
	}
	return s.remove(ctx, subject, endingLink)
}

// lookAgain deletes what a killed question left behind of the subject, unless somebody has linked to it since.
func (s *Service) lookAgain(ctx context.Context, look, subject Subject) error {
	linked, err := s.store.Scheduled(ctx, subject)
	if err == nil && !linked {
		err = s.remove(ctx, subject, "")
	}
	if err != nil {
		return err
	}
	return s.store.DeleteSubject(ctx, look)
}

// remove deletes the subject from the store.
//
// Somebody else may link to the same person meanwhile. A new link takes its slot before it asks for a schedule, so a slot
// that is there after our deletion may have lost its schedule to us and gets it back; one that comes later brings its own.
func (s *Service) remove(ctx context.Context, subject Subject, endingLink string) error {
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

// forget drops the subject's answer or failure, also the one that is under way: it may not be kept when it lands.
func (s *Service) forget(subject Subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Remove(subject)
	s.failed.Remove(subject)
	if f, ok := s.flights[subject]; ok {
		f.dropped = true
	}
}
