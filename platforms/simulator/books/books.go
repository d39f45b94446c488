// Package books makes up the account of one insured person in one region: contributions, ledger, bills with the parts of
// each payer, and claims. Everything agrees: the balance is the sum of the ledger, each spending of
// the account belongs to a settlement, each credit to a contribution, and the parts of a settlement make its total.
//
// The books are a function of a plan, the ordered events, and the time. Nothing is random, and no row changes
// once it was there, except by a reversal or the next step of a claim.
package books

import (
	"slices"
	"time"

	"yibao/balance"
)

// Begin is when the books begin. Before it an account holds its opening balance.
var Begin = time.Date(2025, time.January, 1, 0, 0, 0, 0, balance.Shanghai)

// Kind is the kind of insured person.
type Kind string

// The kinds.
const (
	Employee Kind = "employee" // pays each month, with the employer
	Retiree  Kind = "retiree"  // pays nothing, and gets a fixed credit
	Resident Kind = "resident" // pays once a year
)

// Plan is the rule of one person's books in one region.
type Plan struct {
	Seed     string // whose books these are
	Region   string // six digits; institutions are of it
	Kind     Kind
	Account  bool        // there is a personal account
	Opening  balance.Fen // of the account, at Begin
	Credit   balance.Fen // to the account, each month; 0 for none
	CreditOn int         // day of the month
	Still    bool        // there is no spending
	Until    time.Time   // contributions end then; zero for never
}

// Event is an ordered event.
type Event struct {
	At     time.Time   `json:"at"`
	Do     Do          `json:"do"`
	Fen    balance.Fen `json:"fen,omitempty"`    // set: the new balance; spend, credit: the amount
	Bill   string      `json:"bill,omitempty"`   // reverse: the settlement
	Abroad bool        `json:"abroad,omitempty"` // spend: in another province
	Late   int         `json:"late,omitempty"`   // spend: days until the list shows it
}

// Do is an event's kind.
type Do string

// The kinds of events.
const (
	Set     Do = "set"     // the account holds so much from now on, and nothing happens by itself any more
	Spend   Do = "spend"   // a purchase at a pharmacy; the account pays as far as it can, cash the rest
	Credit  Do = "credit"  // a special injection into the account
	Reverse Do = "reverse" // a settlement is taken back
)

// Books are the rows, oldest first, with everything that had happened by then. A row shows in lists from its Seen on.
type Books struct {
	Ledger        []Entry
	Settlements   []Settlement
	Contributions []Contribution
	Claims        []Claim
}

// Entry is one row of the account's ledger.
type Entry struct {
	ID       string
	At       time.Time
	Seen     time.Time
	Type     string      // acct_incexpd_type
	Fen      balance.Fen // positive into the account, negative out of it
	Bill     string      // the settlement that it belongs to
	Reverses string      // the entry that it takes back
	Reversed bool        // another entry has taken it back
}

// The ledger's types (ACCT_INCEXPD_TYPE) that the books use.
const (
	TypeCredit   = "101" // monthly credit
	TypeInterest = "102" // annual interest
	TypeAdjust   = "110" // special adjustment
	TypeInject   = "112" // one-off injection
	TypeCarried  = "113" // carried in from last year
	TypeSpent    = "201" // medical spending
	TypeCarryOut = "206" // carried out at the year's end
)

// Contribution is a payment for a month, or for a year of residents.
type Contribution struct {
	ID          string
	From, To    string // accrual months, 2006-01
	PaidAt      time.Time
	Seen        time.Time
	Base        balance.Fen
	Employer    balance.Fen
	Personal    balance.Fen
	Subsidy     balance.Fen // from public funds, for residents
	IntoAccount balance.Fen // of the personal part
}

// Settlement is one bill. Total = Fund + Account + MutualAid + Cash + Hospital. The bill of a reversal has negative sums.
type Settlement struct {
	ID, Visit   string
	At          time.Time
	Seen        time.Time
	Institution Institution
	MedType     string // med_type
	PayLoc      string // pay_loc: 2 institution, 3 out-of-area in the province, 4 out of the province
	Total       balance.Fen
	InScope     balance.Fen // the part of the total that the rules cover
	Deductible  balance.Fen // the part of InScope that the deductible took
	Fund        balance.Fen
	Account     balance.Fen
	MutualAid   balance.Fen // from a relative's account
	Cash        balance.Fen
	Hospital    balance.Fen // the hospital's own share
	Reverses    string      // the settlement that it takes back
	Reversed    bool
	Lines       []Line
}

// Line is one item of a bill.
type Line struct {
	Name, Code string
	Grade      string // chrgitm_lv: 01 甲, 02 乙, 03 丙
	Count      int
	Price, Sum balance.Fen
}

// Claim is a bill that the person hands in by hand.
type Claim struct {
	ID          string
	Institution Institution
	Total       balance.Fen
	Fund        balance.Fen // the payment; 0 before it was approved
	Steps       []Step      // oldest first
}

// Step is where a claim has come to.
type Step struct {
	At          time.Time
	Code, Label string // the online claim flag, and the bureau's words
	Opinion     string // why it was returned or refused
}

// Balance is the sum of the account's ledger.
func (b *Books) Balance() (sum balance.Fen) {
	for _, e := range b.Ledger {
		sum += e.Fen
	}
	return sum
}

// Keep keeps the books up to the time. Events are in the order of their times.
func Keep(p Plan, events []Event, until time.Time) *Books {
	k := &keeper{plan: p, until: until.In(balance.Shanghai), events: slices.Clone(events),
		places: Institutions(p.Region)}
	k.keep()
	return &k.Books
}
