// Package balance knows insurance money: current balances, their history as readings, and the charts made of them.
//
// Every figure carries when it is from, when it was fetched, its source and how complete it is; what is not known is
// never zero. All days and months are those of Asia/Shanghai.
package balance

import (
	"errors"
	"time"
)

// Existence says whether the insured person has a personal account.
type Existence string

// The answers.
const (
	AccountYes     Existence = "yes"
	AccountNo      Existence = "no"
	AccountUnknown Existence = "unknown"
)

// Status is the state of an enrolment.
type Status string

// The states; the national code psn_insu_stas in brackets.
const (
	StatusNone    Status = "not_enrolled" // 0
	StatusActive  Status = "active"       // 1
	StatusPaused  Status = "paused"       // 2
	StatusInvalid Status = "invalid"      // 3
	StatusEnded   Status = "ended"        // 4
	StatusUnknown Status = "unknown"      // anything else
)

// Completeness says how much of the truth an answer is.
type Completeness string

// The degrees.
const (
	Complete    Completeness = "complete"
	Partial     Completeness = "partial"     // some figure could not be known
	Stale       Completeness = "stale"       // the last good answer; the upstream could not be asked now
	Unsupported Completeness = "unsupported" // the region cannot give this
)

// PersonalAccount is the money that belongs to the person. Balance is nil unless Exists is AccountYes and the figure is
// known.
type PersonalAccount struct {
	Exists  Existence
	Balance *Fen
}

// Enrolment is one insurance of a person, as the upstream tells it.
type Enrolment struct {
	InsuranceType string // national code table insutype: "310", "390", local ones of five digits
	PersonType    string // psn_type code
	Status        Status
	StatusCode    string // as it came
	Region        string // insuplc_admdvs, six digits; may differ from the link's region
	Employer      string
	EnrolledOn    string // yyyy-MM-dd or ""
	PausedOn      string // yyyy-MM-dd or ""
	Account       PersonalAccount
}

// Answer is what an upstream said of one person at one time.
type Answer struct {
	Enrolments   []Enrolment
	AsOf         time.Time // the upstream's own time of answer; FetchedAt where it gave none
	FetchedAt    time.Time // our clock
	Source       string    // e.g. "fsi/1101"
	Reference    string    // inf_refmsgid: what the bureau traces by
	Completeness Completeness
}

// Clone returns a copy that shares nothing with a. It runs for every balance read, so all amounts share one allocation.
func (a *Answer) Clone() *Answer {
	c := *a
	c.Enrolments = make([]Enrolment, len(a.Enrolments))
	copy(c.Enrolments, a.Enrolments)
	amounts := make([]Fen, 0, len(c.Enrolments))
	for i := range c.Enrolments {
		account := &c.Enrolments[i].Account
		if account.Balance != nil {
			amounts = append(amounts, *account.Balance)
			account.Balance = &amounts[len(amounts)-1]
		}
	}
	return &c
}

// Reading is one balance of one enrolment, taken fresh. It becomes the point of its day unless a better one is there.
type Reading struct {
	PersonID      string
	Region        string // the link's region
	InsuranceType string
	Account       PersonalAccount
	Status        Status
	AsOf          time.Time
	FetchedAt     time.Time
	Source        string
}

// Day is the day whose point the reading becomes: the one on which it was fetched, in Asia/Shanghai. (The upstream's own
// time may lie on another day; a point says both.)
func (r Reading) Day() Day { return DayOf(r.FetchedAt) }

// Point is the reading of one day and insurance type; see Replaces for which of several.
type Point struct {
	Day       Day
	Account   PersonalAccount
	AsOf      time.Time
	FetchedAt time.Time
	Source    string
}

// Day is a calendar day in Asia/Shanghai, "2026-11-21".
type Day string

// Subject is a person in a region whose balance is read once a day.
type Subject struct {
	PersonID string
	Region   string
}

// Schedule says when a subject is read next. It is one document: claiming moves DueAt forward.
type Schedule struct {
	Subject
	DueAt    time.Time
	Failures int // in a row since the last slot
}

// Errors that callers tell apart with errors.Is.
var (
	ErrUnsupported = errors.New("balance: the region does not offer this")
	ErrNotEnrolled = errors.New("balance: the upstream does not know the person")
	ErrMismatch    = errors.New("balance: the upstream knows another name")
	ErrUpstream    = errors.New("balance: the upstream refused the question") // its business error
	ErrTimeout     = errors.New("balance: the upstream did not answer in time")
	ErrMalformed   = errors.New("balance: the upstream's answer cannot be read")
	ErrBusy        = errors.New("balance: too many questions to this region at once")
	ErrNoReading   = errors.New("balance: nothing known yet and the upstream cannot be asked")
	ErrRange       = errors.New("balance: the range of days is not valid")
	ErrTooMany     = errors.New("balance: more than 366 points")
	ErrNotFound    = errors.New("balance: not found")
)
