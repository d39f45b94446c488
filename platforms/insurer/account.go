package insurer

import (
	"strings"

	"yibao/balance"
)

// Accounts says which enrolments come with a personal account. 1101 does not tell; the region's rules do.
type Accounts struct {
	// Rules are tried in order; the first that fits decides. Where none fits it is not known whether an account exists.
	Rules []AccountRule `koanf:"accounts"`
	// HITypeField is the region's own field of an insuinfo row that carries HI_TYPE (1 account and pool, 2 pool only,
	// 3 in-patient only). LOCAL: the national row has none. "" where the region gives none.
	HITypeField string `koanf:"local_hi_type_field"`
}

// AccountRule fits a row when every field that is set fits.
type AccountRule struct {
	InsuranceType string            `koanf:"insutype"` // whole
	PersonType    string            `koanf:"psn_type"` // from its beginning: "11" fits "1101"
	HIType        string            `koanf:"hi_type"`  // whole; never fits a row that carries none
	Exists        balance.Existence `koanf:"exists"`
}

// DefaultAccountRules are what public material supports everywhere: employee insurance (310) comes with a personal
// account for employees, civil servants and those retired from either, unless HI_TYPE says pool only. Flexible workers
// (1103, 1203) have one in some places, residents (390) nearly nowhere, supplements nobody says: not known, which a
// region's own rules may settle.
func DefaultAccountRules() []AccountRule {
	rules := []AccountRule{
		{InsuranceType: "310", HIType: "2", Exists: balance.AccountNo},
		{InsuranceType: "310", HIType: "3", Exists: balance.AccountNo},
		{InsuranceType: "310", HIType: "1", Exists: balance.AccountYes},
	}
	for _, person := range []string{"1101", "1102", "1201", "1202"} {
		rules = append(rules, AccountRule{InsuranceType: "310", PersonType: person, Exists: balance.AccountYes})
	}
	return rules
}

func (a Accounts) exists(insuranceType, personType, hiType string) balance.Existence {
	for _, rule := range a.Rules {
		if (rule.InsuranceType == "" || rule.InsuranceType == insuranceType) &&
			strings.HasPrefix(personType, rule.PersonType) &&
			(rule.HIType == "" || rule.HIType == hiType) {
			return rule.Exists
		}
	}
	return balance.AccountUnknown
}

// account puts the rule and the figure together; whole says that nothing about it stays open.
//
// A rule's "yes" with no readable figure is an account whose balance is not known. Where no rule settles it, a figure
// other than zero shows that there is an account; zero and no figure show nothing, unless package balance has seen money there
// before. "No" with money in the row is a
// contradiction that we do not decide. A negative figure is shown as it is: accounts are overdrawn when credits are
// taken back (ledger type 104).
func account(exists balance.Existence, f figure) (result balance.PersonalAccount, whole bool) {
	switch {
	case exists == balance.AccountYes && f.known:
		return balance.PersonalAccount{Exists: balance.AccountYes, Balance: &f.fen}, true
	case exists == balance.AccountYes:
		return balance.PersonalAccount{Exists: balance.AccountYes}, false
	case exists == balance.AccountNo && f.empty():
		return balance.PersonalAccount{Exists: balance.AccountNo}, true
	case exists == balance.AccountUnknown && f.known && f.fen != 0:
		return balance.PersonalAccount{Exists: balance.AccountYes, Balance: &f.fen}, true
	case exists == balance.AccountUnknown && f.known:
		return balance.PersonalAccount{Exists: balance.AccountUnknown, Shows: balance.ShowsZero}, false
	case exists == balance.AccountUnknown:
		return balance.PersonalAccount{Exists: balance.AccountUnknown, Shows: balance.ShowsNothing}, false
	default:
		return balance.PersonalAccount{Exists: balance.AccountUnknown}, false
	}
}
