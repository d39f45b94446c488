package identity

import (
	"context"
	"time"
)

// Authenticator exchanges a mini-program's sign-in code for the platform's account. One per platform.
//
// Errors: ErrNoSuchApp, ErrCodeInvalid, ErrSignInTooOften, ErrPlatformBusy, ErrUserBlocked, ErrPlatformUnavailable.
type Authenticator interface {
	SignIn(ctx context.Context, app, code string) (PlatformAccount, error)
}

// Registry asks a region's insurance upstream about a claimed person.
type Registry interface {
	// Match returns the phone on file ("" where the upstream has none for the person).
	// Errors: ErrNotEnrolled, ErrMismatch, ErrUpstreamUnavailable.
	Match(ctx context.Context, claim Claim) (phone string, err error)
}

// CodeSender sends a one-time code to a phone (11 digits). Request names the message, no two alike: letters, digits and
// hyphens. After ErrNotSent nothing was sent; any other error means that it may or may not have been.
type CodeSender interface {
	SendCode(ctx context.Context, phone, code, request string) error
}

// Digests are keyed hashes; each purpose has a key of its own.
type Digests interface {
	// Insured hashes a claim's document and name under each version of the lookup key, the primary one first. The name is
	// part of it: two people may hold documents of one kind and number.
	Insured(claim Claim) []string
	Subject(kind, value string) string   // lookup key; for counters (phone, address)
	Code(attemptID, code string) []byte  // one-time-code key
	ConsentProof(parts ...string) string // proof-of-consent key
}

// UserStore keeps platform users. Update functions run on a fresh copy and may run again: they must be pure. A document
// is written whole, guarded by its version, so no concurrent update is lost.
type UserStore interface {
	// SignedIn creates the user at the first sign-in, else refreshes the ids that the platform gave and SeenAt.
	SignedIn(ctx context.Context, account PlatformAccount, now time.Time) (*PlatformUser, error)
	// User returns ErrNotFound for an unknown id.
	User(ctx context.Context, id string) (*PlatformUser, error)
	// UpdateUser returns the document as written, or fn's error unchanged.
	UpdateUser(ctx context.Context, id string, fn func(*PlatformUser) error) (*PlatformUser, error)
	// UsersWithDueLinks lists users with LinksDue at the time or before, the longest due first.
	UsersWithDueLinks(ctx context.Context, now time.Time, limit int) ([]*PlatformUser, error)
}

// SessionStore keeps sessions; expired ones count as not found.
type SessionStore interface {
	InsertSession(ctx context.Context, s Session) error
	Session(ctx context.Context, id string) (*Session, error)
	// SessionsOf lists up to limit sessions of the user that are valid at the time, newest first, those of one moment by id
	// from the last to the first. They are the ones behind the given session, which need not be there any more; nil begins
	// with the newest.
	SessionsOf(ctx context.Context, userID string, now time.Time, behind *Session, limit int) ([]Session, error)
	// DeleteSession answers ErrNotFound when the user has no such session.
	DeleteSession(ctx context.Context, userID, id string) error
	// DeleteSessions removes all sessions of the user but the one to keep; "" keeps none.
	DeleteSessions(ctx context.Context, userID, keep string) error
}

// Change says that a user must be read anew.
type Change struct {
	ID     string    `bson:"_id"`
	UserID string    `bson:"user_id"` // "" for one that cannot be read: then every user must be
	At     time.Time `bson:"at"`      // by the store's clock
}

// ChangeStore is the small collection that every replica polls.
type ChangeStore interface {
	// Time is the time by the store's own clock, which all replicas share.
	Time(ctx context.Context) (time.Time, error)
	// RecordChange is written before the change itself: see Sessions.
	RecordChange(ctx context.Context, userID string) error
	// ChangesSince lists changes with At >= since, oldest first.
	ChangesSince(ctx context.Context, since time.Time) ([]Change, error)
}

// AttemptStore keeps link attempts; update functions as in UserStore.
type AttemptStore interface {
	InsertAttempt(ctx context.Context, a Attempt) error
	Attempt(ctx context.Context, id string) (*Attempt, error)
	UpdateAttempt(ctx context.Context, id string, fn func(*Attempt) error) (*Attempt, error)
	// AttemptsOf lists the user's attempts in one of the states.
	AttemptsOf(ctx context.Context, userID string, states []AttemptState) ([]*Attempt, error)
	// UnfinishedAttempts lists attempts in one of the states that were last written before the time.
	UnfinishedAttempts(ctx context.Context, states []AttemptState, before time.Time, limit int) ([]*Attempt, error)
}

// PersonStore keeps insured persons; update functions as in UserStore. A person whose last slot was left is gone for all
// methods, and is deleted by the one that finds it.
type PersonStore interface {
	// UpdatePersonOf changes the claimed person (see Digests.Insured), which it creates when it is new.
	UpdatePersonOf(ctx context.Context, claim Claim, now time.Time, fn func(*Person) error) (*Person, error)
	// UpdatePerson changes a person, or answers ErrNotFound.
	UpdatePerson(ctx context.Context, id string, fn func(*Person) error) (*Person, error)
	// Person answers ErrNotFound for a person that is gone.
	Person(ctx context.Context, id string) (*Person, error)
	// Slots lists the slots of a person; none of one that is gone. The personal data of the person need not be readable.
	Slots(ctx context.Context, id string) ([]Slot, error)
	// SlotsOf is Slots for the claimed person (see UpdatePersonOf).
	SlotsOf(ctx context.Context, claim Claim) ([]Slot, error)
	// LeavePerson removes the link's slot and returns those that are left. With the last one the person is deleted. The
	// personal data need not be readable. Leaving a person that is gone is no error.
	LeavePerson(ctx context.Context, id, linkID string) (left []Slot, err error)
	// LeavePersonOf is LeavePerson for the claimed person; the id is "" when there is none.
	LeavePersonOf(ctx context.Context, claim Claim, linkID string) (id string, left []Slot, err error)
}

// CounterStore keeps counters; update functions as in UserStore. A counter that is not there starts empty. The document
// expires 24 h after its last hit.
type CounterStore interface {
	UpdateCounter(ctx context.Context, key string, fn func(*Counter) error) error
}

// Store is everything that the services keep.
type Store interface {
	UserStore
	SessionStore
	ChangeStore
	AttemptStore
	PersonStore
	CounterStore
}

// Follower is told when a link begins and ends. Both calls must be safe to repeat: they are made again until they succeed,
// and Unlinked once more a little later.
type Follower interface {
	Linked(ctx context.Context, userID string, link Link) error
	// Unlinked deletes all that hangs on the link. Left lists the slots of the same person that stay.
	Unlinked(ctx context.Context, userID string, link Link, left []Slot) error
}
