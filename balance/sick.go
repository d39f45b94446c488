package balance

import (
	"errors"
	"time"
)

// retriesWithin is how soon after a failure another one makes the subject a sick record rather than an unlucky moment.
const retriesWithin = time.Minute

// sickFor is how long a subject whose questions failed twice in a row is not asked for again: whoever reads one sick
// record in a loop is told what the upstream said, without asking it each time. The first failure is not held against a
// person who tries once more at once. Longer than breakerDelay, so that such a loop cannot take every trial of a region
// that recovers.
const sickFor = 10 * time.Second

// failure is what the upstream last said of a subject in place of a good answer. It is kept until a good one comes: see
// guard.ask for why so long.
type failure struct {
	err   error
	at    time.Time
	again bool // the one shortly before had failed too
}

// ownFailure says whether the upstream answered, and failed this subject. Silence, our own limits and our own store are
// no failure of the subject; "not enrolled" and the like are answers.
func ownFailure(err error) bool { return errors.Is(err, ErrUpstream) || errors.Is(err, ErrMalformed) }

// sick returns the failure that stands for a question now, or nil.
func (s *Service) sick(subject Subject) error {
	last, ok := s.failed.Peek(subject)
	if ok && last.again && s.now().Before(last.at.Add(sickFor)) {
		return last.err
	}
	return nil
}

// unreadable says whether the subject's last answer could not be read.
func (s *Service) unreadable(subject Subject) bool {
	last, ok := s.failed.Peek(subject)
	return ok && errors.Is(last.err, ErrMalformed)
}

// remember notes how a question about the subject ended. The caller holds the service's lock.
func (s *Service) remember(subject Subject, err error) {
	switch {
	case err == nil:
		s.failed.Remove(subject)
	case ownFailure(err):
		now := s.now()
		last, again := s.failed.Peek(subject)
		s.failed.Add(subject, failure{err: err, at: now, again: again && now.Before(last.at.Add(retriesWithin))})
	}
}
