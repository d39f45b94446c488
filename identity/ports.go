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

// Registry asks a region's insurance upstream whether the claimed person exists and matches.
type Registry interface {
	// Match returns the phone on file ("" where the upstream has none for the person).
	// Errors: ErrNotEnrolled, ErrMismatch, ErrUpstreamUnavailable.
	Match(ctx context.Context, claim Claim) (phone string, err error)
	// Methods lists the proofs that the region offers; empty for an unknown region.
	Methods(region string) []Method
}

// CodeSender sends a one-time code to a phone (11 digits). An error means it may or may not have been sent.
type CodeSender interface {
	SendCode(ctx context.Context, phone, code string) error
}

// Digests are keyed hashes; each purpose has a key of its own.
type Digests interface {
	Insured(idType, idNumber string) string // lookup key
	Subject(kind, value string) string      // lookup key; for counters (phone, address)
	Code(attemptID, code string) []byte     // one-time-code key
	ConsentProof(parts ...string) string    // proof-of-consent key
}

// UserStore keeps platform users. Update functions run on a fresh copy and may run again: they must be pure. A document
// is written whole, guarded by its version, so no concurrent update is lost.
type UserStore interface {
	// SignedIn creates the user at the first sign-in, else refreshes the ids the platform gave and SeenAt.
	SignedIn(ctx context.Context, account PlatformAccount, now time.Time) (*PlatformUser, error)
	// User returns ErrNotFound for an unknown id.
	User(ctx context.Context, id string) (*PlatformUser, error)
	// UpdateUser returns the document as written, or fn's error unchanged.
	UpdateUser(ctx context.Context, id string, fn func(*PlatformUser) error) (*PlatformUser, error)
	// UsersWithEndingLinks lists users that hold at least one link in state ending.
	UsersWithEndingLinks(ctx context.Context, limit int) ([]*PlatformUser, error)
}

// SessionStore keeps sessions; expired ones count as not found.
type SessionStore interface {
	InsertSession(ctx context.Context, s Session) error
	Session(ctx context.Context, id string) (*Session, error)
	SessionsOf(ctx context.Context, userID string, now time.Time) ([]Session, error)
	// DeleteSession answers ErrNotFound when the user has no such session.
	DeleteSession(ctx context.Context, userID, id string) error
}

// Change says that what is known of a user must be read anew. At is the machine's clock.
type Change struct {
	ID     string
	UserID string
	At     time.Time
}

// ChangeStore is the small collection that every replica polls.
type ChangeStore interface {
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
	// UnfinishedAttempts lists attempts in one of the states that were last written before the time.
	UnfinishedAttempts(ctx context.Context, states []AttemptState, before time.Time, limit int) ([]*Attempt, error)
}

// PersonStore keeps insured persons and their slots.
type PersonStore interface {
	// EnsurePerson returns the person of the claim's (id type, number), creating it when it is new. Safe to repeat and
	// to race: the person key decides who created it.
	EnsurePerson(ctx context.Context, claim Claim, now time.Time) (*Person, error)
	Person(ctx context.Context, id string) (*Person, error)
	UpdatePerson(ctx context.Context, id string, fn func(*Person) error) (*Person, error)
	// DeletePerson removes an ended person and its keys; removing what is gone is no error.
	DeletePerson(ctx context.Context, id string) error
	// ClaimSlot takes a free slot below max, or the one the link already has. ErrLinkLimit when all are taken.
	ClaimSlot(ctx context.Context, slot Slot, max int) error
	// UpdateSlot gives the slot that the link has the relation and the consent of this one; a slot that holds a newer
	// consent stays as it is. ErrNotFound without a slot.
	UpdateSlot(ctx context.Context, slot Slot) error
	// FreeSlot removes the link's slot; removing what is gone is no error.
	FreeSlot(ctx context.Context, personID, linkID string) error
	Slots(ctx context.Context, personID string) ([]Slot, error)
}

// CounterStore keeps counters; update functions as in UserStore. A counter that is not there starts empty. The document
// expires 24 h after its last hit.
type CounterStore interface {
	UpdateCounter(ctx context.Context, key string, fn func(*Counter) error) error
}

// Store is what the store offers this package.
type Store interface {
	UserStore
	SessionStore
	ChangeStore
	AttemptStore
	PersonStore
	CounterStore
}

// Follower is told when a link begins and ends; cmd fills the list with what balance and reminder must do. Both calls
// must be safe to repeat: after a crash they are made again until they succeed.
type Follower interface {
	Linked(ctx context.Context, userID string, link Link) error
	// Unlinked deletes all that hangs on the link. Left lists the links to the same person that stay.
	Unlinked(ctx context.Context, userID string, link Link, left []Slot) error
}
