package balance

import (
	"context"
	"time"

	"yibao/identity"
)

// Upstream asks a region's insurance upstream. Questions may be repeated: nothing changes there.
//
// Errors: ErrUnsupported, ErrNotEnrolled, ErrMismatch, ErrUpstream, ErrTimeout, ErrMalformed. The last one does not say
// whether the whole region sends noise or one person's record is broken.
type Upstream interface {
	Enrolments(ctx context.Context, region string, person identity.Claim) (*Answer, error)
}

// People returns what the upstream must be told to find a person.
type People interface {
	Person(ctx context.Context, id string) (*identity.Person, error)
	Slots(ctx context.Context, personID string) ([]identity.Slot, error)
}

// Store keeps readings by month, last good answers and the daily schedule.
type Store interface {
	// RecordReadings writes each reading as its day's point; Point.Replaces says which of two readings of one day and
	// insurance type stays. Safe to repeat.
	RecordReadings(ctx context.Context, readings []Reading) error
	// Points returns the points of days from..to (inclusive), by insurance type, ordered by day.
	Points(ctx context.Context, subject Subject, from, to Day) (map[string][]Point, error)

	// SaveAnswer keeps the answer unless a later one is kept already.
	SaveAnswer(ctx context.Context, subject Subject, answer *Answer) error
	// LastAnswer returns ErrNotFound where none is kept.
	LastAnswer(ctx context.Context, subject Subject) (*Answer, error)

	// EnsureSchedule adds the subject, due at the time; one that is there stays as it is.
	EnsureSchedule(ctx context.Context, subject Subject, due time.Time) error
	// ClaimDue claims up to limit subjects due at now by moving their due time to next(s); a subject that another
	// process claimed first is left out.
	ClaimDue(ctx context.Context, now time.Time, limit int, next func(Schedule) time.Time) ([]Schedule, error)
	// SetSchedule moves a claimed subject on; a subject that is gone stays gone.
	SetSchedule(ctx context.Context, s Schedule) error

	// Scheduled says whether the subject has a schedule: somebody is still linked to it.
	Scheduled(ctx context.Context, subject Subject) (bool, error)

	// DeleteSubject removes schedule, answer and readings of the subject, the schedule first: whoever writes a reading
	// and then still finds the schedule knows that no deletion has passed the reading by. Safe to repeat.
	DeleteSubject(ctx context.Context, subject Subject) error
}
