package desk

import (
	"errors"
	"time"
)

// Errors of questions, told apart with errors.Is. The first three are answers about the present.
var (
	ErrUnsupported = errors.New("desk: the region does not offer this")
	ErrNotEnrolled = errors.New("desk: the upstream does not know the person")
	ErrMismatch    = errors.New("desk: the upstream knows another name")
	ErrUpstream    = errors.New("desk: the upstream refused the question") // its business error
	ErrTimeout     = errors.New("desk: the upstream did not answer in time")
	ErrMalformed   = errors.New("desk: the upstream's answer cannot be read")
	ErrThrottled   = errors.New("desk: the upstream asks for fewer questions") // a *ThrottledError
	ErrBusy        = errors.New("desk: too many questions to this region at once")
	ErrNoPerson    = errors.New("desk: the person was deleted")
)

// ThrottledError says until when the region's upstream must not be asked. It is ErrThrottled.
type ThrottledError struct{ Until time.Time }

// Error is the text of ErrThrottled.
func (e *ThrottledError) Error() string { return ErrThrottled.Error() }

// Is makes it ErrThrottled for errors.Is.
func (e *ThrottledError) Is(target error) bool { return target == ErrThrottled }

// Final says whether the error is an answer about the present, or the caller gave up: no older answer takes its place.
func Final(err error) bool {
	for _, final := range []error{ErrNotEnrolled, ErrMismatch, ErrUnsupported} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}
