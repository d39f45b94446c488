package identity

import (
	"errors"
	"time"
)

// Errors that callers tell apart with errors.Is. Those of names and ID numbers are in package document.
var (
	ErrNoSuchApp           = errors.New("identity: no such app")
	ErrCodeInvalid         = errors.New("identity: the platform refused the code")
	ErrSignInTooOften      = errors.New("identity: the platform's limit of sign-ins of one user is reached")
	ErrPlatformBusy        = errors.New("identity: the platform asks to slow down")
	ErrUserBlocked         = errors.New("identity: the platform blocks this user")
	ErrPlatformUnavailable = errors.New("identity: the platform cannot be reached")

	ErrTokenInvalid   = errors.New("identity: token invalid, expired or revoked")
	ErrNoSuchSession  = errors.New("identity: no such session")
	ErrPage           = errors.New("identity: not a page of this list")
	ErrNoSuchLink     = errors.New("identity: no such link")
	ErrNoSuchAttempt  = errors.New("identity: no such link attempt")
	ErrAttemptOver    = errors.New("identity: the link attempt is over")
	ErrTooSoon        = errors.New("identity: a code was sent a moment ago")
	ErrNoSendsLeft    = errors.New("identity: no sends left in this attempt")
	ErrNotOffered     = errors.New("identity: the region or the app does not offer this")
	ErrConsentMissing = errors.New("identity: consent to the current text is missing")
	ErrGuardian       = errors.New("identity: under 14, a guardian's consent is needed")
	ErrLinkLimit      = errors.New("identity: as many links as allowed")
	ErrWithdrawn      = errors.New("identity: the user ended the link")

	ErrNotEnrolled         = errors.New("identity: the upstream does not know the person")
	ErrMismatch            = errors.New("identity: the upstream knows another name")
	ErrUpstreamUnavailable = errors.New("identity: the insurance upstream cannot be reached")
	// ErrNotSent says for certain that a code did not leave.
	ErrNotSent = errors.New("identity: no message was sent")

	// ErrNotFound is a store's answer for a document that is not there.
	ErrNotFound = errors.New("identity: not found")
	// ErrExists is a store's answer when an insert meets its own key.
	ErrExists = errors.New("identity: exists already")
	// ErrStore matches every other failure of the store; callers answer "try again later".
	ErrStore = errors.New("identity: the store cannot be reached")
)

// Missing replaces ErrNotFound by the error that the caller gets instead.
func Missing(err, instead error) error {
	if errors.Is(err, ErrNotFound) {
		return instead
	}
	return err
}

// LimitError says that a limit is reached. It never tells whether the person exists.
type LimitError struct {
	RetryAfter time.Duration
}

func (e *LimitError) Error() string { return "identity: too many attempts" }

// TooSoonError is ErrTooSoon with the time until the next code may be asked for.
type TooSoonError struct {
	RetryAfter time.Duration
}

func (e *TooSoonError) Error() string { return ErrTooSoon.Error() }

// Is makes it the same as ErrTooSoon for errors.Is.
func (e *TooSoonError) Is(target error) bool { return target == ErrTooSoon }
