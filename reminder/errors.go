package reminder

import "errors"

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound   = errors.New("reminder: not found")
	ErrNoRule     = errors.New("reminder: no rule")
	ErrNoTemplate = errors.New("reminder: the app has no such template")
	ErrThreshold  = errors.New("reminder: the threshold must be between ¥1 and ¥1,000,000")
	ErrNoAccount  = errors.New("reminder: no personal account to watch")
	ErrMargin     = errors.New("reminder: the margin must be between ¥0 and ¥1,000,000")
	ErrNoConsent  = errors.New("reminder: consent to unattended reading is missing")
	ErrUnattended = errors.New("reminder: the region does not allow unattended questions")
	ErrQuietHours = errors.New("reminder: quiet hours are not valid")
	ErrReportID   = errors.New("reminder: the report needs an id of 1 to 64 characters")
)

// errChanged ends an update if the document is no longer as it was read: another process was faster.
var errChanged = errors.New("reminder: changed meanwhile")

// unlessChanged returns nil for errChanged, and every other error as it is.
func unlessChanged(err error) error {
	if errors.Is(err, errChanged) {
		return nil
	}
	return err
}

// overtaken says whether an update failed because the document was changed or deleted after it was read.
func overtaken(err error) bool {
	return errors.Is(err, errChanged) || errors.Is(err, ErrNotFound)
}
