package identity

import (
	"errors"
	"time"
)

// storeError makes every failure of the store one that callers tell apart, and drops the driver's text: it may quote
// values. A missing document stays a missing document.
func storeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound):
		return ErrNotFound
	case errors.Is(err, ErrExists):
		return ErrExists
	case errors.Is(err, ErrLinkLimit):
		return ErrLinkLimit
	}
	return ErrStore
}

// missing replaces ErrNotFound by what the caller must be told.
func missing(err, told error) error {
	if errors.Is(err, ErrNotFound) {
		return told
	}
	return storeError(err)
}

// TooSoonError is ErrTooSoon that knows when a code may be asked for again.
type TooSoonError struct {
	RetryAfter time.Duration
}

func (e *TooSoonError) Error() string { return ErrTooSoon.Error() }

// Is makes it the same as ErrTooSoon for errors.Is.
func (e *TooSoonError) Is(target error) bool { return target == ErrTooSoon }
