package balance

import (
	"context"
	"time"

	"yibao/identity"
)

// Upstream asks a region's insurance upstream. A question changes nothing there and may be repeated.
//
// Errors: ErrUnsupported, ErrNotEnrolled, ErrMismatch, ErrUpstream, ErrTimeout, ErrMalformed. ErrMalformed does not tell
// a region that sends noise from one person's broken record.
type Upstream interface {
	Enrolments(ctx context.Context, region string, person identity.Claim) (*Answer, error)
}

// People returns persons and their slots.
type People interface {
	Person(ctx context.Context, id string) (*identity.Person, error)
	Slots(ctx context.Context, personID string) ([]identity.Slot, error)
}

// Store keeps readings by month, last good answers and the daily schedule. The text of its errors is safe to log.
type Store interface {
	// RecordReadings writes each reading as its day's point. Point.Replaces chooses between two readings of one day and
	// insurance type. Safe to repeat.
	RecordReadings(ctx context.Context, readings []Reading) error
	// Points returns the points of days from..to (inclusive), by insurance type, ordered by day.
	Points(ctx context.Context, subject Subject, from, to Day) (map[string][]Point, error)

	// SaveAnswer keeps the answer unless a later one is there.
	SaveAnswer(ctx context.Context, subject Subject, answer *Answer) error
	// LastAnswer returns ErrNotFound if no answer is kept.
	LastAnswer(ctx context.Context, subject Subject) (*Answer, error)

	// EnsureSchedule adds the subject, due at the time. A subject that is there stays as it is.
	EnsureSchedule(ctx context.Context, subject Subject, due time.Time) error
	// ClaimDue claims up to limit subjects due at now by moving their due time to next(s). It leaves out a subject that
	// another process claimed first.
	ClaimDue(ctx context.Context, now time.Time, limit int, next func(Schedule) time.Time) ([]Schedule, error)
	// SetSchedule writes the next due time of a claimed subject. A deleted subject stays deleted.
	SetSchedule(ctx context.Context, s Schedule) error

	// Scheduled says whether the subject has a schedule. It has one while a link leads to it.
	Scheduled(ctx context.Context, subject Subject) (bool, error)

	// DeleteSubject removes schedule, answer and readings of the subject, the schedule first. So a writer that still
	// finds the schedule after its write knows that a deletion to come will remove the write. Safe to repeat.
	DeleteSubject(ctx context.Context, subject Subject) error
}
