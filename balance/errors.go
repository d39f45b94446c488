package balance

import (
	"errors"
	"time"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrUnsupported = errors.New("balance: the region does not offer this")
	ErrNotEnrolled = errors.New("balance: the upstream does not know the person")
	ErrMismatch    = errors.New("balance: the upstream knows another name")
	ErrUpstream    = errors.New("balance: the upstream refused the question") // its business error
	ErrTimeout     = errors.New("balance: the upstream did not answer in time")
	ErrMalformed   = errors.New("balance: the upstream's answer cannot be read")
	ErrThrottled   = errors.New("balance: the upstream asks for fewer questions") // a *ThrottledError
	ErrBusy        = errors.New("balance: too many questions to this region at once")
	ErrNoReading   = errors.New("balance: nothing known yet and the upstream cannot be asked")
	ErrRange       = errors.New("balance: the range of days is not valid")
	ErrTooMany     = errors.New("balance: more than 366 points")
	ErrNotFound    = errors.New("balance: not found")
	ErrMoney       = errors.New("balance: not an amount of money")
)

// ThrottledError says until when the region's upstream must not be asked. It is ErrThrottled.
type ThrottledError struct{ Until time.Time }

// Error is the text of ErrThrottled.
func (e *ThrottledError) Error() string { return ErrThrottled.Error() }

// Is makes it ErrThrottled for errors.Is.
func (e *ThrottledError) Is(target error) bool { return target == ErrThrottled }
