package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// Relation is the insured person's relation to the platform user.
type Relation string

// The relations.
const (
	Self   Relation = "self"
	Spouse Relation = "spouse"
	Parent Relation = "parent"
	Child  Relation = "child"
	Other  Relation = "other"
)

// Valid says whether the relation is one of the list.
func (r Relation) Valid() bool {
	switch r {
	case Self, Spouse, Parent, Child, Other:
		return true
	}
	return false
}

// Method is a way to prove a link.
type Method string

// The methods.
const (
	SMSOnFile    Method = "sms_on_file"   // a code to the phone that the region has on file
	CardPassword Method = "card_password" // number and query password of the insurance card
)

// Assurance says how sure a proof is; a higher number is surer.
type Assurance int

// The assurance levels, lowest first.
const (
	AssuranceCardPassword Assurance = 1
	AssuranceSMS          Assurance = 2
	AssurancePlatform     Assurance = 3
	AssuranceFace         Assurance = 4
)

// Consent is the platform user's agreement when the link was made, in the law's sense (PIPL arts. 14, 29, 31).
type Consent struct {
	Version    string    `bson:"version"`    // version of the text that was shown
	TextHash   string    `bson:"text_hash"`  // SHA-256 of that text, hex
	At         time.Time `bson:"at"`         // when it was given
	Unattended bool      `bson:"unattended"` // may the server read the balance by itself (daily reading, reminders)?
	Guardian   bool      `bson:"guardian"`   // given as guardian of a person under 14
	// Proof is a keyed hash over ConsentParts. Without the proof key a consent can be neither invented nor changed
	// afterwards so that the operator could show it as given.
	Proof string `bson:"proof"`
}

// ConsentText holds the texts that a person agrees to, and the version of both. Either is agreed to by itself: the first
// before a link is made, the second when the person wants reminders and daily readings.
type ConsentText struct {
	Version    string
	Text       string // to link the person and to read the balance when asked
	Unattended string // to read it regularly without being asked
}

// Hash is what Consent keeps of the texts.
func (t ConsentText) Hash() string { return TextHash(t.Text + "\n" + t.Unattended) }

// TextHash is the hash of a text that Consent keeps.
func TextHash(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}

// ConsentParts are the parts that the proof of a consent covers: the user, the person and region it is about, the text
// and the time.
func ConsentParts(userID string, about Claim, c Consent) []string {
	return []string{userID, about.Region, about.IDType, about.IDNumber, c.Version, c.TextHash,
		c.At.UTC().Format(time.RFC3339), strconv.FormatBool(c.Unattended), strconv.FormatBool(c.Guardian)}
}

// LinkState says whether a link is in force.
type LinkState string

// The states of a link. Only an active one is visible. An ending one waits for its second clean-up, an ended one keeps
// nothing but the time of its end.
const (
	LinkActive LinkState = "active"
	LinkEnding LinkState = "ending"
	LinkEnded  LinkState = "ended"
)

const (
	// CleanAgain is how long after its end a link is cleaned up once more. It is longer than a run that began to write the
	// link before its end can last.
	CleanAgain = 30 * time.Second
	// EndedKept is how long an ended link is remembered: longer than the store keeps a proved attempt, which is a day, and
	// another one until it is swept.
	EndedKept = 3 * 24 * time.Hour
)

// Link ties a platform user to an insured person in a region. Its ID is the {id} of /v1/insured/{id}.
type Link struct {
	ID          string    `bson:"id"`
	PersonID    string    `bson:"person_id"`    // never leaves the server
	InsuredHash string    `bson:"insured_hash"` // keyed hash of the person's document, as in Attempt
	Region      string    `bson:"region"`       // six digits
	Relation    Relation  `bson:"relation"`
	Method      Method    `bson:"method"`
	Assurance   Assurance `bson:"assurance"`
	Consent     Consent   `bson:"consent"`
	// Reading is what the user has said about unattended reading since; zero if nothing. See UnattendedAllowed.
	Reading        Consent   `bson:"consent_reading"`
	MaskedName     string    `bson:"masked_name"`
	MaskedIDNumber string    `bson:"masked_id_number"`
	Since          time.Time `bson:"since"`
	State          LinkState `bson:"state"`
	EndedAt        time.Time `bson:"ended_at"`   // zero while it is active
	AttemptID      string    `bson:"attempt_id"` // the attempt that proved it last
}

// renew gives the link the consent, name and relation of a new proof. It keeps its id and its start, so all that hangs on
// it stays. The surer of the two proofs counts. Another relation rests on the new proof alone, since the old one was given
// in the old relation. An older consent changes nothing.
func (l *Link) renew(next Link) {
	if l.Consent.At.After(next.Consent.At) {
		return
	}
	if l.Relation != next.Relation || next.Assurance > l.Assurance {
		l.Relation, l.Method, l.Assurance = next.Relation, next.Method, next.Assurance
	}
	l.Consent, l.MaskedName, l.AttemptID, l.InsuredHash = next.Consent, next.MaskedName, next.AttemptID, next.InsuredHash
}

// UnattendedAllowed says whether the server may read the balance by itself: by the last word about it. After a consent that
// the user gave before and proved later, a withdrawal stays.
func (l *Link) UnattendedAllowed() bool {
	if !l.Reading.At.IsZero() && !l.Reading.At.Before(l.Consent.At) {
		return l.Reading.Unattended
	}
	return l.Consent.Unattended
}

// UnattendedWithdrawn says whether the user has withdrawn unattended reading at the time or later, and not given it again.
func (l *Link) UnattendedWithdrawn(since time.Time) bool {
	return !l.Reading.At.IsZero() && !l.Reading.Unattended && !since.After(l.Reading.At)
}

// ReadingParts are the parts that the proof of Link.Reading covers.
func ReadingParts(userID, linkID string, c Consent) []string {
	return []string{"unattended", userID, linkID, c.Version, c.TextHash, c.At.UTC().Format(time.RFC3339),
		strconv.FormatBool(c.Unattended), strconv.FormatBool(c.Guardian)}
}

// End makes the link invisible.
func (l *Link) End(at time.Time) { l.State, l.EndedAt = LinkEnding, at }

// Entomb leaves nothing of an ending link but what keeps an older consent from making it again.
func (l *Link) Entomb() {
	*l = Link{
		ID: l.ID, InsuredHash: l.InsuredHash, Region: l.Region, State: LinkEnded, EndedAt: l.EndedAt, AttemptID: l.AttemptID,
	}
}

// DueAt is when the link needs work: an ending one its second clean-up, an ended one its removal. Zero for an active one.
func (l *Link) DueAt() time.Time {
	switch l.State {
	case LinkEnding:
		return l.EndedAt.Add(CleanAgain)
	case LinkEnded:
		return l.EndedAt.Add(EndedKept)
	}
	return time.Time{}
}

// Slot is the person's side of the link.
func (l *Link) Slot(userID string) Slot {
	return Slot{
		LinkID: l.ID, UserID: userID, Region: l.Region, ConsentAt: l.Consent.At,
	}
}
