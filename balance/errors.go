package balance

import (
	"errors"

	"yibao/balance/desk"
)

// Errors that callers tell apart with errors.Is. The first are those of the desk.
var (
	ErrUnsupported = desk.ErrUnsupported
	ErrNotEnrolled = desk.ErrNotEnrolled
	ErrMismatch    = desk.ErrMismatch
	ErrUpstream    = desk.ErrUpstream
	ErrTimeout     = desk.ErrTimeout
	ErrMalformed   = desk.ErrMalformed
	ErrThrottled   = desk.ErrThrottled // a *ThrottledError
	ErrBusy        = desk.ErrBusy

	ErrNoReading = errors.New("balance: nothing known yet and the upstream cannot be asked")
	ErrRange     = errors.New("balance: the range of days is not valid")
	ErrTooMany   = errors.New("balance: more than 366 points")
	ErrNotFound  = errors.New("balance: not found")
	ErrMoney     = errors.New("balance: not an amount of money")
)

// ThrottledError says until when the region's upstream must not be asked. It is ErrThrottled.
type ThrottledError = desk.ThrottledError
