package identity

import "time"

// AttemptState is the state of a link attempt.
type AttemptState string

// The states of a link attempt. Nothing in it tells whether the upstream knows the person.
//
//	requested ⇄ waiting → proved → linked
//	     │         │      full ⇅
//	     └─────────┴────────┴───→ failed (with a reason)
const (
	AttemptRequested AttemptState = "requested" // stored; a challenge is owed
	AttemptWaiting   AttemptState = "waiting"   // for the answer
	AttemptProved    AttemptState = "proved"    // the right answer came; the link is being written
	AttemptFull      AttemptState = "full"      // proved by the person; all places of that person are taken, and the person may end some
	AttemptLinked    AttemptState = "linked"
	AttemptFailed    AttemptState = "failed"
)

// Why an attempt failed.
const (
	FailedTries    = "tries_used_up"
	FailedExpired  = "expired"
	FailedUpstream = "upstream_unavailable"
	FailedLimit    = "link_limit"  // the user or the person has as many links as allowed
	FailedChanged  = "not_matched" // proved, but the upstream no longer confirms the person
	FailedEnded    = "withdrawn"
)

// Attempt is a link being proved. It keeps the caller's claim, never the upstream's answer.
type Attempt struct {
	ID          string       `bson:"_id"`
	UserID      string       `bson:"user_id"`
	LinkID      string       `bson:"link_id"` // id of the link to be; fixed at the start so that every later write can be repeated
	Claim       Claim        `bson:"claim"`
	Relation    Relation     `bson:"relation"`
	Method      Method       `bson:"method"`
	Consent     Consent      `bson:"consent"`
	InsuredHash string       `bson:"insured_hash"` // keyed hash of the claimed document
	State       AttemptState `bson:"state"`
	Reason      string       `bson:"reason"` // one of the Failed… constants once failed
	Challenge   Challenge    `bson:"challenge"`
	Tries       int          `bson:"tries"` // answers so far; each is counted before it is checked
	CreatedAt   time.Time    `bson:"created_at"`
	UpdatedAt   time.Time    `bson:"updated_at"`
	ProvedAt    time.Time    `bson:"proved_at"`  // zero before the right answer
	ExpiresAt   time.Time    `bson:"expires_at"` // of the whole attempt
}

// Challenge is the question that a proof has put to the user. Each kind of proof uses the fields that it needs.
type Challenge struct {
	CodeHash  []byte    `bson:"code_hash"`  // HMAC of the last code; while none has left, of something that no code is
	ExpiresAt time.Time `bson:"expires_at"` // of the last code, counted from SentAt
	SentAt    time.Time `bson:"sent_at"`    // when the last code was asked for, never when it left
	Sends     int       `bson:"sends"`      // codes asked for
}

// Open says whether the attempt still takes answers.
func (a *Attempt) Open() bool { return a.State == AttemptRequested || a.State == AttemptWaiting }

// Fail ends the attempt and wipes the claim, which is not needed any more.
func (a *Attempt) Fail(reason string, now time.Time) {
	a.State, a.Reason, a.UpdatedAt = AttemptFailed, reason, now
	a.Wipe()
}

// Wipe removes everything that names the claimed person.
func (a *Attempt) Wipe() {
	a.Claim = Claim{Region: a.Claim.Region}
	a.Challenge.CodeHash, a.InsuredHash = nil, ""
}

// Counter counts events of one kind for one subject over windows that slide, of 24 hours at most.
type Counter struct {
	Key  string `bson:"_id"`
	Hits []Hit  `bson:"hits"`
}

// Hit is one counted event. Op makes counting it twice harmless.
type Hit struct {
	Op string    `bson:"op"`
	At time.Time `bson:"at"`
}
