// Package identity knows who is calling and whom they may look at: platform users, their sessions, insured persons,
// and the links between the two with the consent each rests on.
//
// The package imports no adapter. What it needs of the outside is declared in ports.go.
package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"
)

// Platform names one of the two mini-program platforms.
type Platform string

// The platforms.
const (
	WeChat Platform = "wechat"
	Alipay Platform = "alipay"
)

// PlatformAccount is what a platform says of one user of one app at sign-in.
type PlatformAccount struct {
	Platform Platform
	App      string // the app's name in our configuration
	AppID    string // the platform's id of the app; part of the user's key
	OpenID   string // the platform's id of the user within the app; never empty
	UserID   string // Alipay's older user_id when it was given; else ""
}

// PlatformUser is one user of one app of one platform, with all links that user holds. It is one document: the limit
// on links is kept by one conditional write.
type PlatformUser struct {
	ID        string // keyed hash of (platform, app id, open id); chosen by the store
	Account   PlatformAccount
	Links     []Link // active and ending ones, oldest first
	Ended     []EndedLink
	CreatedAt time.Time
	SeenAt    time.Time
}

// EndedLink says when the user ended a link. It outlives the link, so that no attempt with a consent from before, finished
// late, makes one again; and it names the person as the attempt does, since the person may go with its last link.
type EndedLink struct {
	InsuredHash string // as in Attempt
	Region      string
	At          time.Time
}

// Relation says what the insured person is to the platform user.
type Relation string

// The relations.
const (
	Self   Relation = "self"
	Spouse Relation = "spouse"
	Parent Relation = "parent"
	Child  Relation = "child"
	Other  Relation = "other"
)

// Method is a way to prove a link.
type Method string

// SMSOnFile proves by a code sent to the phone that the region has on file.
const SMSOnFile Method = "sms_on_file"

// Assurance says how sure a proof made us; a higher number is surer.
type Assurance int

// The assurance levels, lowest first. Proofs so far reach AssuranceSMS.
const (
	AssuranceCardPassword Assurance = 1
	AssuranceSMS          Assurance = 2
	AssurancePlatform     Assurance = 3
	AssuranceFace         Assurance = 4
)

// Consent is what the platform user agreed to when the link was made, in the law's sense (PIPL arts. 14, 29, 31).
type Consent struct {
	Version    string    // version of the text that was shown
	TextHash   string    // SHA-256 of that text, hex
	At         time.Time // when it was given
	Unattended bool      // may the server read the balance by itself (daily reading, reminders)?
	Guardian   bool      // given as guardian of a person under 14
	// Proof is a keyed hash over ConsentParts: without the proof key nobody can write, or change, a consent afterwards
	// that the operator could show as given.
	Proof string
}

// TextHash is what Consent keeps of a text.
func TextHash(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}

// ConsentParts is what the proof of a consent covers: who consented, to what, about whom, where and when.
func ConsentParts(userID string, about Claim, c Consent) []string {
	return []string{userID, about.Region, about.IDType, about.IDNumber, c.Version, c.TextHash,
		c.At.UTC().Format(time.RFC3339), strconv.FormatBool(c.Unattended), strconv.FormatBool(c.Guardian)}
}

// LinkState says whether a link is in force.
type LinkState string

// The states of a link. An ending link is invisible everywhere; it is kept only until all that hangs on it is deleted.
const (
	LinkActive LinkState = "active"
	LinkEnding LinkState = "ending"
)

// Link ties a platform user to an insured person in a region. Its ID is the {id} of /v1/insured/{id}.
type Link struct {
	ID             string
	PersonID       string // never leaves the server
	Region         string // six digits
	Relation       Relation
	Method         Method
	Assurance      Assurance
	Consent        Consent
	MaskedName     string
	MaskedIDNumber string
	Since          time.Time
	State          LinkState
	AttemptID      string // the attempt that proved it last
}

// Claim is whom somebody says to be, or to act for; normalised.
type Claim struct {
	Region   string
	Name     string
	IDType   string // psn_cert_type of the national code table; "01" is the resident ID card
	IDNumber string
}

// Person is an insured person that at least one link has proved.
type Person struct {
	ID        string // random
	Pseudonym string // random; how audit names the person; deleted with the document
	Name      string // as it was when the person was first linked; see NameIn
	// Names holds, by region, the name as that region has last confirmed it.
	Names     map[string]string
	IDType    string
	IDNumber  string
	CreatedAt time.Time
	// SelfSince is the start of the person's own (relation self) first link still continued by another; zero without one.
	// A link that became the person's own counts from then on, not from its start.
	SelfSince time.Time
	// Joins grows with every slot that is taken. Who wants to end the person because no slot is left does so only while
	// it stands as it did before the slots were read: so no slot is ever taken unseen.
	Joins int64
	// Ended says that the person goes, for good: no slot holds from here on, and whoever meets the document deletes it.
	Ended bool
}

// NameIn is the name to ask a region by. Registers spell one name differently (with the middle dot and without it), so
// what one region confirmed never becomes the name in another. Where a region has confirmed none since names are kept by
// region, it is the one name of before.
func (p *Person) NameIn(region string) string {
	if name := p.Names[region]; name != "" {
		return name
	}
	return p.Name
}

// Slot is the person's side of a link: (person, n) is its key, so the number of links to one person is bounded.
type Slot struct {
	PersonID string
	N        int
	LinkID   string
	UserID   string
	Region   string
	Relation Relation
	Since    time.Time
	// Unattended copies the link's consent to unattended reading.
	Unattended bool
	// ConsentAt copies the time of that consent: no older one takes its place. Zero in what older programs wrote.
	ConsentAt time.Time
}

// Renew gives the slot the relation and the consent of another, unless its own consent is newer.
func (s *Slot) Renew(from Slot) {
	if !s.ConsentAt.After(from.ConsentAt) {
		s.Relation, s.Unattended, s.ConsentAt = from.Relation, from.Unattended, from.ConsentAt
	}
}

// Session is one sign-in.
type Session struct {
	ID        string
	UserID    string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Caller is a verified caller: the platform user behind a token, with a snapshot of the active links. Callers are shared
// between requests: read, never write.
type Caller struct {
	UserID    string
	SessionID string
	Platform  Platform
	App       string
	ExpiresAt time.Time
	StepUpAt  time.Time // zero without a step-up
	Links     []Link    // active only
}

// Link returns the caller's own active link of that id, or ErrNoSuchLink: another person's id and an unknown one are
// the same.
func (c *Caller) Link(id string) (Link, error) {
	for _, l := range c.Links {
		if l.ID == id {
			return l, nil
		}
	}
	return Link{}, ErrNoSuchLink
}

// AttemptState is where a link attempt stands.
type AttemptState string

// The states of a link attempt. Nothing in it tells whether the upstream knows the person.
//
//	requested → waiting → proved → linked
//	     └────────┴──────────┴───→ failed (with a reason)
const (
	AttemptRequested AttemptState = "requested" // stored; the code is not yet made
	AttemptWaiting   AttemptState = "waiting"   // a code was made, and sent if the person matched
	AttemptProved    AttemptState = "proved"    // the right code came; the link is being written
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

// Attempt is a link being proved. It keeps what the caller claimed, never what the upstream answered.
type Attempt struct {
	ID          string
	UserID      string
	LinkID      string // id of the link to be; fixed at the start so that every later write can be repeated
	Claim       Claim
	Relation    Relation
	Method      Method
	Consent     Consent
	InsuredHash string // keyed hash of the claimed (id type, number)
	State       AttemptState
	Reason      string // one of the Failed… constants once failed
	CodeHash    []byte // HMAC of the last code; nil before the first
	CodeExpires time.Time
	LastSendAt  time.Time
	Sends       int
	Tries       int // wrong codes so far
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ExpiresAt   time.Time // of the whole attempt
}

// Counter counts events of one kind for one subject over a sliding 24 hours.
type Counter struct {
	Key  string
	Hits []Hit
}

// Hit is one counted event. Op makes counting it twice harmless.
type Hit struct {
	Op string
	At time.Time
}

// Errors that callers tell apart with errors.Is.
var (
	ErrNoSuchApp           = errors.New("identity: no such app")
	ErrCodeInvalid         = errors.New("identity: the platform refused the code")
	ErrSignInTooOften      = errors.New("identity: the platform's limit of sign-ins of one user is reached")
	ErrPlatformBusy        = errors.New("identity: the platform asks to slow down")
	ErrUserBlocked         = errors.New("identity: the platform blocks this user")
	ErrPlatformUnavailable = errors.New("identity: the platform cannot be reached")

	ErrTokenInvalid   = errors.New("identity: token invalid, expired or revoked")
	ErrNoSuchSession  = errors.New("identity: no such session")
	ErrNoSuchLink     = errors.New("identity: no such link")
	ErrNoSuchAttempt  = errors.New("identity: no such link attempt")
	ErrAttemptOver    = errors.New("identity: the link attempt is over")
	ErrCodeWrong      = errors.New("identity: wrong code")
	ErrCodeExpired    = errors.New("identity: the code has expired")
	ErrTooSoon        = errors.New("identity: a code was sent a moment ago")
	ErrNoSendsLeft    = errors.New("identity: no sends left in this attempt")
	ErrNotOffered     = errors.New("identity: the region or the app does not offer this")
	ErrNameInvalid    = errors.New("identity: not a name")
	ErrIDNumber       = errors.New("identity: not a valid ID number")
	ErrConsentMissing = errors.New("identity: consent to the current text is missing")
	ErrGuardian       = errors.New("identity: under 14, a guardian's consent is needed")
	ErrLinkLimit      = errors.New("identity: as many links as allowed")

	ErrNotEnrolled         = errors.New("identity: the upstream does not know the person")
	ErrMismatch            = errors.New("identity: the upstream knows another name")
	ErrUpstreamUnavailable = errors.New("identity: the insurance upstream cannot be reached")

	// ErrNotFound is what a store answers for a document that is not there.
	ErrNotFound = errors.New("identity: not found")
	// ErrExists is what a store answers when an insert meets its own key.
	ErrExists = errors.New("identity: exists already")
	// ErrStore wraps every other failure of the store; callers answer "try again later".
	ErrStore = errors.New("identity: the store cannot be reached")
)

// LimitError says that something was asked for too often. It never tells whether the person exists.
type LimitError struct {
	RetryAfter time.Duration
}

func (e *LimitError) Error() string { return "identity: too many attempts" }
