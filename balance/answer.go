package balance

import "time"

// Existence says whether the insured person has a personal account.
type Existence string

// The values of Existence.
const (
	AccountYes     Existence = "yes"
	AccountNo      Existence = "no"
	AccountUnknown Existence = "unknown"
)

// Status is the state of an enrolment.
type Status string

// The states, with the national code psn_insu_stas.
const (
	StatusNone    Status = "not_enrolled" // 0
	StatusActive  Status = "active"       // 1
	StatusPaused  Status = "paused"       // 2
	StatusInvalid Status = "invalid"      // 3
	StatusEnded   Status = "ended"        // 4
	StatusUnknown Status = "unknown"      // not known: no code at all, or one outside the table
)

// Coverage says how much of the truth an answer holds. Its age is another matter: see Answer.Stale.
type Coverage string

// The degrees of coverage.
const (
	Complete    Coverage = "complete"
	Partial     Coverage = "partial"     // some figure is not known
	Unsupported Coverage = "unsupported" // the region does not offer it
)

// StaleReason says why a stale answer is no fresh one.
type StaleReason string

// The reasons.
const (
	StaleThrottled StaleReason = "throttled" // the upstream asks for fewer questions
	StaleNoAnswer  StaleReason = "no_answer" // there is no usable answer at present
)

// PersonalAccount is the money that belongs to the person. Balance is nil unless Exists is AccountYes and the figure is
// known.
type PersonalAccount struct {
	Exists  Existence `bson:"exists"`
	Balance *Fen      `bson:"fen"`
	// Shows is set where nothing but money would tell that there is an account, and the row shows none: Exists is
	// AccountUnknown then.
	Shows Shows `bson:"-"`
}

// Shows is what a row shows of an account that may be none.
type Shows string

// What such a row shows.
const (
	ShowsZero    Shows = "zero"
	ShowsNothing Shows = "nothing" // no figure, or one that cannot be read
)

// known says whether the account exists and its balance is known.
func (a PersonalAccount) known() bool { return a.Exists == AccountYes && a.Balance != nil }

// certain says whether the balance is known, or that there is no account.
func (a PersonalAccount) certain() bool { return a.known() || a.Exists == AccountNo }

// Enrolment is one insurance of a person, as the upstream reports it.
type Enrolment struct {
	InsuranceType string // national code table insutype: "310", "390", local ones of five digits
	PersonType    string // psn_type code
	Status        Status
	StatusCode    string // the upstream's own code
	Region        string // insuplc_admdvs, six digits; may differ from the link's region
	Employer      string
	EnrolledOn    string // yyyy-MM-dd or ""
	PausedOn      string // yyyy-MM-dd or ""
	Account       PersonalAccount
}

// Answer is an upstream's answer about one person at one time.
type Answer struct {
	Enrolments []Enrolment
	AsOf       time.Time // the upstream's own time of answer; FetchedAt where it gave none
	FetchedAt  time.Time // our clock
	Source     string    // e.g. "fsi/1101"
	Reference  string    // inf_refmsgid, for questions to the bureau about this answer
	Coverage   Coverage
	Stale      bool        `bson:"-" json:"-"` // the last good answer, since the upstream gives none now; its Coverage is the one it had
	Because    StaleReason `bson:"-" json:"-"` // why it is stale; "" unless it is
	// ZerosOnly says that it is Partial for no other reason than rows with ShowsZero.
	ZerosOnly bool
	// Accounts are those that were ever seen with money, by this answer or an earlier one. Never written to, so copies
	// share it.
	Accounts []SeenAccount
}

// Fetched is FetchedAt.
func (a *Answer) Fetched() time.Time { return a.FetchedAt }

// Clone returns a copy; what it shares with a is never written to. It runs for every balance read, so all amounts share one
// allocation.
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

// Standing chooses the enrolment that counts for an insurance type, or nil. A person may have several of one type, such as
// an ended one in another region beside the present one. Their balances are never added up. The active enrolment wins,
// then one whose state is not known, then one with a personal account, then the one of the link's region, then one with a known balance, then the first in
// the answer. Charts and reminders both use Standing, so they speak of the same account.
func Standing(enrolments []Enrolment, insuranceType, region string) *Enrolment {
	var best *Enrolment
	most := -1
	for i := range enrolments {
		e := &enrolments[i]
		if e.InsuranceType != insuranceType {
			continue
		}
		if n := rank(e, region); n > most {
			best, most = e, n
		}
	}
	return best
}

func rank(e *Enrolment, region string) int {
	n := 0
	for weight, good := range []bool{
		e.Account.known(), e.Region == region, e.Account.Exists == AccountYes, e.Status == StatusUnknown, e.Status == StatusActive,
	} {
		if good {
			n += 1 << weight
		}
	}
	return n
}
