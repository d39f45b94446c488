package desk

import (
	"errors"
	"time"
)

const (
	// failureWindow is the time within which a second failure of a question begins a pause. Two failures further apart are
	// bad luck.
	failureWindow = time.Minute
	// failurePause is how long a question that failed twice is not asked again: callers get the remembered failure.
	// So a loop over one broken record does not ask the upstream each time. It is longer than breakerDelay, so such a
	// loop cannot take every trial of a region that recovers. A person may try once more at once after a first failure.
	failurePause = 10 * time.Second
)

// failure is the upstream's last failure of a question. It stays until a good answer comes: guard.ask counts an
// unreadable record only once.
type failure struct {
	err      error
	at       time.Time
	repeated bool // the failure before it was less than failureWindow earlier
}

// pausedFailure returns the failure to report instead of a question, or nil.
func (d *Desk) pausedFailure(k key) error {
	last, ok := d.failures.Peek(k)
	age := d.now().Sub(last.at)
	if ok && last.repeated && age >= 0 && age < failurePause { // below 0: by a clock that ran ahead
		return last.err
	}
	return nil
}

// unreadable says whether the question's last answer could not be read.
func (d *Desk) unreadable(k key) bool {
	last, ok := d.failures.Peek(k)
	return ok && errors.Is(last.err, ErrMalformed)
}

// noteFailure remembers a failure of the question until a good answer. Timeouts, our own limits and our own
// store are no failures of the question; "not enrolled" and the like are answers. The caller holds the desk's lock.
func (d *Desk) noteFailure(k key, err error) {
	switch {
	case err == nil:
		d.failures.Remove(k)
	case errors.Is(err, ErrUpstream), errors.Is(err, ErrMalformed):
		now := d.now()
		last, again := d.failures.Peek(k)
		d.failures.Add(k, failure{err: err, at: now, repeated: again && now.Before(last.at.Add(failureWindow))})
	}
}
