package balance

import (
	"errors"
	"time"
)

const (
	// failureWindow is the time within which a second failure of a subject begins a pause. Two failures further apart are
	// bad luck.
	failureWindow = time.Minute
	// failurePause is how long a subject that failed twice is not asked about again: callers get the remembered failure.
	// So a loop over one broken record does not ask the upstream each time. It is longer than breakerDelay, so such a
	// loop cannot take every trial of a region that recovers. A person may try once more at once after a first failure.
	failurePause = 10 * time.Second
)

// failure is the upstream's last failure for a subject. It stays until a good answer comes: guard.ask counts an
// unreadable record only once.
type failure struct {
	err      error
	at       time.Time
	repeated bool // the failure before it was less than failureWindow earlier
}

// pausedFailure returns the failure to report instead of a question, or nil.
func (s *Service) pausedFailure(subject Subject) error {
	last, ok := s.failures.Peek(subject)
	age := s.now().Sub(last.at)
	if ok && last.repeated && age >= 0 && age < failurePause { // below 0: by a clock that ran ahead
		return last.err
	}
	return nil
}

// unreadable says whether the subject's last answer could not be read.
func (s *Service) unreadable(subject Subject) bool {
	last, ok := s.failures.Peek(subject)
	return ok && errors.Is(last.err, ErrMalformed)
}

// noteFailure remembers a failure of the subject until a good answer. Timeouts, our own limits and our own
// store are no failures of the subject; "not enrolled" and the like are answers. The caller holds the service's lock.
func (s *Service) noteFailure(subject Subject, err error) {
	switch {
	case err == nil:
		s.failures.Remove(subject)
	case errors.Is(err, ErrUpstream), errors.Is(err, ErrMalformed):
		now := s.now()
		last, again := s.failures.Peek(subject)
		s.failures.Add(subject, failure{err: err, at: now, repeated: again && now.Before(last.at.Add(failureWindow))})
	}
}
