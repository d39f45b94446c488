package insurer

import (
	"maps"
	"slices"
	"strings"
	"time"

	"yibao/balance"
	"yibao/balance/records"
)

// The readers: each returns the row, the time that says which year it belongs to, and false for a row that says nothing.
// A code outside its table stays as it came, and its group is "other" or "unknown".

var contributionKinds = map[string]records.ContributionKind{
	"10": records.ContributionRegular, "11": records.ContributionRegular, "20": records.ContributionRefund, "991": records.ContributionRefund,
	"30": records.ContributionBack, "31": records.ContributionBack, "32": records.ContributionBack, "33": records.ContributionBack,
	"34": records.ContributionBack, "35": records.ContributionBack, "36": records.ContributionInjected, "40": records.ContributionInjected,
	"41": records.ContributionInjected,
}

func readContribution(r *row) (c records.Contribution, at time.Time, ok bool) {
	if flag := r.get("reversed"); flag == "+" || flag == "-" {
		r.skip = true
		return c, at, true
	}
	c = records.Contribution{
		ID: r.id(), InsuranceType: r.get("insurance"), From: r.month("from"), To: r.month("to"), Code: r.get("kind"), Paid: records.PaidUnknown,
		PaidOn: balance.Day(date(r.get("paid_at"))), Base: r.fen("base"), Employer: r.fen("employer"), Personal: r.fen("personal"),
		Subsidy: r.fen("subsidy"), Total: r.fen("total"), IntoAccount: r.fen("into_account"),
	}
	if c.To == "" {
		c.To = c.From
	}
	c.Kind = group(contributionKinds, c.Code, records.ContributionOther)
	switch r.get("paid") {
	case "1", "4":
		c.Paid = records.PaidYes
	case "0":
		c.Paid = records.PaidNo
	}
	at, err := time.ParseInLocation("2006-01", c.From, balance.Shanghai)
	return c, at, err == nil
}

// group finds a code's group.
func group[G any](table map[string]G, code string, other G) G {
	if g, found := table[code]; found {
		return g
	}
	return other
}

var visitKinds = map[string]records.VisitKind{
	"11": records.VisitOutpatient, "12": records.VisitOutpatient, "13": records.VisitOutpatient, "14": records.VisitOutpatient,
	"15": records.VisitOutpatient, "51": records.VisitOutpatient, "53": records.VisitOutpatient, "21": records.VisitInpatient,
	"2101": records.VisitInpatient, "2102": records.VisitInpatient, "22": records.VisitInpatient, "23": records.VisitInpatient,
	"24": records.VisitInpatient, "52": records.VisitInpatient, "92": records.VisitInpatient, "41": records.VisitPharmacy,
}

var places = map[string]records.Where{
	"1": records.WhereLocal, "2": records.WhereLocal, "3": records.WhereProvince, "4": records.WhereCountry,
}

func readSettlement(r *row) (records.Settlement, time.Time, bool) {
	s := records.Settlement{
		ID: r.get("id"), Visit: r.get("visit"), InsuranceType: r.get("insurance"), At: r.at("at"), Institution: r.institution(),
		Code: r.get("kind"), Where: group(places, r.get("where"), records.WhereUnknown), State: records.SettlementValid,
		Total: r.fen("total"), Fund: r.fen("fund"), Account: r.fen("account"), MutualAid: r.fen("mutual_aid"), Cash: r.cash(),
		Hospital: r.fen("hospital"), Deductible: r.fen("deductible"),
	}
	s.Kind = group(visitKinds, s.Code, records.VisitOther)
	switch {
	case r.get("valid") != "" && r.get("valid") != "1":
		s.State = records.SettlementVoid
	case r.get("refunded") == "1":
		s.State = records.SettlementReversed
	}
	return s, s.At, s.ID != "" && !s.At.IsZero()
}

// cash is spelt in three ways in the field.
func (r *row) cash() *balance.Fen {
	for _, name := range []string{r.name("cash"), "cashPayamt", "psn_cash_pay"} {
		if r.fields[name] != nil {
			f := readFigure(r.fields[name], r.mode)
			if r.bad = r.bad || f.bad; f.known {
				return &f.fen
			}
		}
	}
	return nil
}

var grades = map[string]records.Grade{"01": records.GradeA, "02": records.GradeB, "03": records.GradeC, "1": records.GradeA, "2": records.GradeB, "3": records.GradeC}

func readLine(r *row) (records.Line, time.Time, bool) {
	l := records.Line{
		ID: r.id(), At: r.at("at"), Name: r.get("name"), Code: r.get("code"), Grade: group(grades, r.get("grade"), records.GradeUnknown),
		Quantity: r.get("quantity"), Price: r.fen("price"), Sum: r.fen("sum"), SelfPay: r.get("self_pay"),
	}
	return l, l.At, l.Name != "" || l.Code != ""
}

var entryKinds = map[string]records.EntryKind{
	"101": records.EntryCredit, "108": records.EntryCredit, "110": records.EntryCredit, "111": records.EntryCredit, "112": records.EntryCredit,
	"102": records.EntryInterest, "103": records.EntryInterest, "201": records.EntrySpent, "104": records.EntryRefund, "109": records.EntryRefund,
	"202": records.EntryRefund, "203": records.EntryRefund, "106": records.EntryTransfer, "107": records.EntryTransfer, "207": records.EntryTransfer,
	"208": records.EntryTransfer, "205": records.EntryPremium, "113": records.EntryCarry, "206": records.EntryCarry,
}

// readEntry takes the direction from the field that the sum stands in, "in" or "out". Where the region has one field for
// both, the sum has a sign already, or the type says which way: those of 2xx go out.
func readEntry(r *row) (records.Entry, time.Time, bool) {
	e := records.Entry{ID: r.id(), At: r.at("at"), Code: r.get("kind"), Settlement: r.get("settlement")}
	e.Kind = group(entryKinds, e.Code, records.EntryOther)
	flag := r.get("reversed")
	e.Reversed = flag == "+" || flag == "-" || flag == "1"
	in, out := r.fen("in"), (*balance.Fen)(nil)
	if r.name("out") != "" {
		out = r.fen("out")
	}
	switch {
	case in != nil && out != nil && *in != 0 && *out != 0:
		return e, e.At, false // the row contradicts itself
	case out != nil && *out != 0:
		e.Fen = -*out
	case in != nil && r.name("out") == "" && strings.HasPrefix(e.Code, "2") && !e.Reversed && *in > 0:
		e.Fen = -*in
	case in != nil:
		e.Fen = *in
	case out == nil:
		return e, e.At, false
	}
	return e, e.At, !e.At.IsZero() && e.Code != ""
}

// claimStates is the online claim flag of the bureaus' business system, as far as its meaning is public: whether a draft (0)
// was submitted, and whether a failed first audit (5) can be repaired, is the region's to say, by records.claims.states.
var claimStates = map[string]records.ClaimState{
	"11": records.ClaimAccepted, "4": records.ClaimInReview, "6": records.ClaimApproved, "7": records.ClaimRefused, "8": records.ClaimPaid,
	"9": records.ClaimFailed,
}

// claimState is the region's own meaning of a code, or the common one.
func (r *row) claimState() records.ClaimState {
	code := r.get("state")
	if state, told := r.record.States[code]; told {
		return state
	}
	return group(claimStates, code, records.ClaimUnknown)
}

func readClaim(r *row) (records.Claim, time.Time, bool) {
	c := records.Claim{
		ID: r.get("id"), Institution: r.institution(), Code: r.get("state"), Label: r.get("label"), Since: r.at("since"),
		Submitted: r.at("submitted"), Opinion: r.get("opinion"), Total: r.fen("total"), Paid: r.fen("paid"),
	}
	c.State = r.claimState()
	if name := r.name("steps"); name != "" {
		list, _, ok := listAt(r.fields[name], "") // a claim without steps has its present one
		r.bad = r.bad || !ok
		for _, f := range list {
			step := &row{fields: f, record: r.record, names: r.names, mode: r.mode}
			c.Steps = append(c.Steps, records.Step{At: step.at("since"), State: step.claimState(),
				Code: step.get("state"), Label: step.get("label"), Opinion: step.get("opinion")})
		}
	}
	at := c.Submitted
	if at.IsZero() {
		at = c.Since
	}
	return c, at, c.ID != "" && !c.Since.IsZero()
}

// accumulatedKinds is by the head of cum_type_code; the longest that fits counts.
var accumulatedKinds = map[string]records.AccumulatedKind{
	"C0000": records.AccumulatedVisits, "F0000": records.AccumulatedTotal, "S0000": records.AccumulatedInScope, "Q0000": records.AccumulatedDeductible,
	"D310101": records.AccumulatedPool, "D390101": records.AccumulatedPool, "D390102": records.AccumulatedPool,
	"D310201": records.AccumulatedAccount, "D390501": records.AccumulatedAccount, "D320101": records.AccumulatedSubsidy,
	"D330101": records.AccumulatedLarge, "D310301": records.AccumulatedIllness, "D390201": records.AccumulatedIllness, "D610101": records.AccumulatedAid,
}

func readAccumulated(r *row) (records.Accumulated, time.Time, bool) {
	code := r.get("kind")
	head, visit, _ := strings.Cut(code, "_BIZ")
	a := records.Accumulated{InsuranceType: r.get("insurance"), Year: r.get("year"), Code: code, Visit: visit,
		Kind: group(accumulatedKinds, head, records.AccumulatedOther)}
	if a.Kind == records.AccumulatedVisits {
		if n := r.fen("value"); n != nil && *n%100 == 0 { // written like money: 3, "3.00"
			whole := int64(*n / 100)
			a.Count = &whole
		}
	} else {
		a.Fen = r.fen("value")
	}
	at, err := time.ParseInLocation("2006", a.Year, balance.Shanghai)
	return a, at, err == nil && code != ""
}

// readQuotas reads the fields that the region names, from one object: 1101's exp_content in most regions that have any.
func readQuotas(r *row) ([]records.Quota, time.Time, bool) {
	var list []records.Quota
	for _, key := range slices.Sorted(maps.Keys(r.record.Fields)) {
		if r.fields[r.record.Fields[key]] != nil {
			list = append(list, records.Quota{Key: key, Left: r.fen(key)})
		}
	}
	return list, time.Time{}, true
}

func readDesignated(r *row) (records.Designated, time.Time, bool) {
	d := records.Designated{Kind: records.DesignatedInstitution, Institution: r.institution(), Disease: r.get("disease"),
		From: balance.Day(date(r.get("from"))), To: balance.Day(date(r.get("to")))}
	if d.Disease != "" {
		d.Kind = records.DesignatedDisease
	}
	return d, time.Time{}, d.Disease != "" || d.Institution.Code != "" || d.Institution.Name != ""
}
