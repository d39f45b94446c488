package balance

import (
	"context"
	"time"

	"yibao/identity"
)

// Upstream asks a region's insurance upstream. A question changes nothing there and may be repeated.
//
// Errors: ErrUnsupported, ErrNotEnrolled, ErrMismatch, ErrUpstream, ErrTimeout, ErrMalformed, and a *ThrottledError, after
// which it asks nothing itself until the time that the error tells. ErrMalformed does not tell
// a region that sends noise from one person's broken record.
type Upstream interface {
	Enrolments(ctx context.Context, region string, person identity.Claim) (*Answer, error)
}

// People returns persons, their slots, and the users that hold these, as in identity.PersonStore and identity.UserStore.
type People interface {
	Person(ctx context.Context, id string) (*identity.Person, error)
	Slots(ctx context.Context, personID string) ([]identity.Slot, error)
	User(ctx context.Context, id string) (*identity.PlatformUser, error)
}

// Store keeps readings by month, last good answers and the daily schedule. The text of its errors is safe to log.
type Store interface {
	// RecordReadings writes each reading as its day's point. Point.Replaces chooses between two readings of one day and
	// insurance type. Safe to repeat.
	RecordReadings(ctx context.Context, readings []Reading) error
	// Points returns the points of days from..to (inclusive), by insurance type, ordered by day.
	Points(ctx context.Context, subject Subject, from, to Day) (map[string][]Point, error)
	// FirstDay returns the first day with a reading, "" if there is none.
	FirstDay(ctx context.Context, subject Subject) (Day, error)

	// SaveAnswer keeps what Stays says of the answer kept and this one. Safe to repeat.
	SaveAnswer(ctx context.Context, subject Subject, answer *Answer) error
	// LastAnswer returns ErrNotFound if no answer is kept.
	LastAnswer(ctx context.Context, subject Subject) (*Answer, error)

	// DeleteReadings removes answer and readings of the subject. Safe to repeat.
	DeleteReadings(ctx context.Context, subject Subject) error

	// SetDue makes the subject due at the time, without failures, and adds it if it is not there.
	SetDue(ctx context.Context, subject Subject, at time.Time) error
	// ClaimDue claims up to limit subjects due at now by moving their due time to next(s). It leaves out a subject that
	// another process claimed first.
	ClaimDue(ctx context.Context, now time.Time, limit int, next func(Schedule) time.Time) ([]Schedule, error)
	// Reschedule moves a claimed subject to the time, and Unschedule deletes its schedule. Both do nothing if the due
	// time is no longer that of the claim.
	Reschedule(ctx context.Context, claimed Schedule, at time.Time, failures int) error
	Unschedule(ctx context.Context, claimed Schedule) error
}
