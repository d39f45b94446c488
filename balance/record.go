package balance

import (
	"context"
	"errors"
)

// record writes the answer's readings and keeps the answer as the last good one. If no link to the subject is left, linked
// is false and nothing stays in the store. With an error the readings may be missing.
//
// The last link may end during the question, in any process. A link takes its slot before it can be used, and leaves it
// before Unlinked deletes. So the slots are read before the writes and again after them. With a slot after them, every
// deletion is yet to come and removes them. Without one record deletes them itself; after kill -9 before that the daily
// worker does (see Unlinked). The schedule is left alone: another link may begin meanwhile and need it.
//
// The accounts seen with money are kept with the answer (see Stays), before anybody gets the answer: a rule that was armed by
// money finds them again after any crash.
//
// After kill -9 between the two writes the day has its point and the last answer is an older one; both are true.
func (s *Service) record(subject Subject, answer *Answer) (linked bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	linked, err = s.linked(ctx, subject)
	if err != nil || !linked {
		return err != nil, err
	}
	if readings := Readings(subject, answer); len(readings) > 0 {
		err = s.store.RecordReadings(ctx, readings)
	}
	if failed := s.store.SaveAnswer(ctx, subject, answer); failed != nil {
		s.log.Warn("balance_answer_not_saved", "region", subject.Region, "cause", failed)
	}
	linked, unread := s.linked(ctx, subject)
	if unread != nil || linked {
		return true, errors.Join(err, unread)
	}
	if failed := s.store.DeleteReadings(ctx, subject); failed != nil {
		s.log.Error("balance_late_delete_failed", "region", subject.Region, "cause", failed)
	}
	return false, nil
}
