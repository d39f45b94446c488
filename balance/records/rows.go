package records

import (
	"time"

	"yibao/balance"
)

// Contribution is one payment for a month or a year.
type Contribution struct {
	ID            string // the upstream's own, or made of the row where it has none; the same row has the same id
	InsuranceType string
	From, To      string // accrual months, "2026-01"; the same for one month
	Kind          ContributionKind
	Code          string // clct_type, as it came
	Paid          Paid
	PaidOn        balance.Day // "" where not given
	Base          *balance.Fen
	Employer      *balance.Fen
	Personal      *balance.Fen
	Subsidy       *balance.Fen // from public funds
	Total         *balance.Fen
	IntoAccount   *balance.Fen // the part for the personal account
	Missing       []string     // between the one paid before and this: months, "2026-03", or years, "2025", of a yearly insurance
}

// ContributionKind groups clct_type.
type ContributionKind string

// The kinds of contributions.
const (
	ContributionRegular  ContributionKind = "regular"  // 10, 11
	ContributionBack     ContributionKind = "back"     // 30–35: paid later
	ContributionRefund   ContributionKind = "refund"   // 20, 991
	ContributionInjected ContributionKind = "injected" // 36, 40, 41: into the account
	ContributionOther    ContributionKind = "other"
)

// Paid says whether a contribution has been paid.
type Paid string

// The values of Paid.
const (
	PaidYes     Paid = "paid"
	PaidNo      Paid = "unpaid"
	PaidUnknown Paid = "unknown"
)

// Institution is a designated institution, as a row names it.
type Institution struct {
	Code  string // fixmedins_code
	Name  string
	Level string // hosp_lv; "" where not given
}

// Settlement is one bill.
type Settlement struct {
	ID, Visit     string // setl_id, mdtrt_id
	InsuranceType string
	At            time.Time
	Institution   Institution
	Kind          VisitKind
	Code          string // med_type, as it came
	Where         Where
	Total         *balance.Fen
	Fund          *balance.Fen // all funds together
	Account       *balance.Fen // the personal account
	MutualAid     *balance.Fen // a relative's account
	Cash          *balance.Fen
	Hospital      *balance.Fen // the hospital's own share
	Deductible    *balance.Fen // the part of the total that the deductible took
	State         SettlementState
	Pair          string // of a bill taken back and the bill that takes it back: the other one's id, "" where not found
}

// VisitKind groups med_type.
type VisitKind string

// The kinds of visits.
const (
	VisitOutpatient VisitKind = "outpatient" // 11, 12, 13, 14, 15, 51, 53
	VisitInpatient  VisitKind = "inpatient"  // 21, 22, 23, 24, 52
	VisitPharmacy   VisitKind = "pharmacy"   // 41
	VisitOther      VisitKind = "other"
)

// Where is where a bill was settled, as pay_loc.
type Where string

// The places.
const (
	WhereLocal    Where = "local"           // 1, 2
	WhereProvince Where = "in_province"     // 3
	WhereCountry  Where = "out_of_province" // 4
	WhereUnknown  Where = "unknown"
)

// SettlementState tells bills that count from those that do not.
type SettlementState string

// The states of a settlement.
const (
	SettlementValid    SettlementState = "valid"
	SettlementReversed SettlementState = "reversed" // it was taken back
	SettlementReversal SettlementState = "reversal" // it takes another one back; its sums are negative
	SettlementVoid     SettlementState = "void"     // the upstream says that it does not count
)

// Sums says whether the parts of a bill make its total. "unknown": a part that is needed is not given.
type Sums string

// The values of Sums.
const (
	SumsAgree   Sums = "agree"
	SumsDiffer  Sums = "differ"
	SumsUnknown Sums = "unknown"
)

// Sums compares total = fund + account + mutual aid + cash + the hospital's own share, to the fen. Mutual aid and the
// hospital's share are often left out where there is none. A figure is never made up to let them agree.
func (s Settlement) Sums() Sums {
	if s.Total == nil || s.Fund == nil || s.Account == nil || s.Cash == nil {
		return SumsUnknown
	}
	sum := *s.Fund + *s.Account + *s.Cash
	for _, part := range []*balance.Fen{s.MutualAid, s.Hospital} {
		if part != nil {
			sum += *part
		}
	}
	switch {
	case sum == *s.Total:
		return SumsAgree
	case s.MutualAid == nil || s.Hospital == nil:
		return SumsUnknown
	}
	return SumsDiffer
}

// Line is one item of a bill.
type Line struct {
	ID       string // feedetl_sn
	At       time.Time
	Name     string
	Code     string // hilist_code
	Grade    Grade
	Quantity string // as it came: pieces, or parts of them
	Price    *balance.Fen
	Sum      *balance.Fen
	SelfPay  string // selfpay_prop as it came, such as "0.1"; "" where not given
}

// Grade is the list's grade of a drug or service, chrgitm_lv.
type Grade string

// The grades.
const (
	GradeA       Grade = "A" // 01 甲
	GradeB       Grade = "B" // 02 乙
	GradeC       Grade = "C" // 03 丙: not covered
	GradeUnknown Grade = "unknown"
)

// Entry is one row of the personal account's ledger.
type Entry struct {
	ID         string
	At         time.Time
	Kind       EntryKind
	Code       string      // acct_incexpd_type, as it came
	Fen        balance.Fen // positive into the account, negative out of it
	Settlement string      // the bill that it belongs to, "" where not given
	Reversed   bool        // taken back, or takes back (revs_flag)
}

// EntryKind groups acct_incexpd_type.
type EntryKind string

// The kinds of entries.
const (
	EntryCredit   EntryKind = "credit"   // 101, 108, 110–112: credited
	EntryInterest EntryKind = "interest" // 102, 103
	EntrySpent    EntryKind = "spent"    // 201
	EntryRefund   EntryKind = "refund"   // 104 (taken back by the fund), 109, 202, 203
	EntryTransfer EntryKind = "transfer" // 106, 107, 207, 208
	EntryPremium  EntryKind = "premium"  // 205: a contribution paid from the account
	EntryCarry    EntryKind = "carry"    // 113, 206: from one year to the next; neither income nor spending
	EntryOther    EntryKind = "other"
)

// Claim is a bill that was handed in by hand.
type Claim struct {
	ID          string
	Institution Institution
	State       ClaimState
	Code, Label string // the step as the bureau has it
	Since       time.Time
	Submitted   time.Time // zero where not given
	Opinion     string    // why it was returned or refused; "" where not given
	Total       *balance.Fen
	Paid        *balance.Fen // by the fund
	Steps       []Step       // oldest first; empty where the region tells the present one alone
}

// Step is one step of a claim.
type Step struct {
	At          time.Time
	State       ClaimState
	Code, Label string
	Opinion     string
}

// ClaimState is where a claim has come to.
type ClaimState string

// The states, in the order of a claim that goes well; returned, refused and failed are beside it.
const (
	ClaimSubmitted ClaimState = "submitted"
	ClaimAccepted  ClaimState = "accepted"
	ClaimInReview  ClaimState = "in_review"
	ClaimReturned  ClaimState = "returned" // something is to be handed in
	ClaimApproved  ClaimState = "approved"
	ClaimRefused   ClaimState = "refused"
	ClaimPaying    ClaimState = "paying"
	ClaimPaid      ClaimState = "paid"
	ClaimFailed    ClaimState = "failed" // the payment came back
	ClaimUnknown   ClaimState = "unknown"
)

// ClaimStates are all of them.
var ClaimStates = []ClaimState{ClaimSubmitted, ClaimAccepted, ClaimInReview, ClaimReturned, ClaimApproved, ClaimRefused, ClaimPaying, ClaimPaid,
	ClaimFailed, ClaimUnknown}

// Over says whether nothing more is to come.
func (s ClaimState) Over() bool { return s == ClaimPaid || s == ClaimRefused }

// Accumulated is one figure of a year (transaction 5206).
type Accumulated struct {
	InsuranceType string
	Year          string // "2026"
	Kind          AccumulatedKind
	Code          string // cum_type_code, as it came
	Visit         string // med_type behind _BIZ; "" for all kinds of visits
	Fen           *balance.Fen
	Count         *int64 // of visits, for AccumulatedVisits
}

// AccumulatedKind groups cum_type_code by its head.
type AccumulatedKind string

// The kinds of figures.
const (
	AccumulatedVisits     AccumulatedKind = "visits"     // C0000
	AccumulatedTotal      AccumulatedKind = "total"      // F0000
	AccumulatedInScope    AccumulatedKind = "in_scope"   // S0000
	AccumulatedDeductible AccumulatedKind = "deductible" // Q0000: used
	AccumulatedPool       AccumulatedKind = "pool"       // D310101, D390101, D390102: paid by the pooled fund
	AccumulatedAccount    AccumulatedKind = "account"    // D310201, D390501
	AccumulatedSubsidy    AccumulatedKind = "subsidy"    // D320101
	AccumulatedLarge      AccumulatedKind = "large"      // D330101
	AccumulatedIllness    AccumulatedKind = "illness"    // D310301, D390201
	AccumulatedAid        AccumulatedKind = "aid"        // D610101
	AccumulatedOther      AccumulatedKind = "other"
)

// Quota is the rest of a limit this year, by the region's word. Only a region's own extension tells it.
type Quota struct {
	Key  string // the profile's name of it, such as "outpatient_pool"
	Name string
	Left *balance.Fen
}

// Designated is an institution that the person has chosen or that was assigned (transaction 5302), or a chronic disease
// that is registered (5301).
type Designated struct {
	Kind        DesignatedKind
	Institution Institution // of DesignatedInstitution
	Disease     string      // of DesignatedDisease
	From, To    balance.Day // "" where open
}

// DesignatedKind tells institutions from diseases.
type DesignatedKind string

// The kinds.
const (
	DesignatedInstitution DesignatedKind = "institution"
	DesignatedDisease     DesignatedKind = "disease"
)
