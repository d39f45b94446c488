package insurer

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"yibao/balance"
)

// maxRows bounds insuinfo; a person has a handful.
const maxRows = 64

// person is the output of transaction 1101.
type person struct {
	name, number string
	idType       string // psn_cert_type; "" where the upstream does not tell
	personNo     string
	rows         []fields // insuinfo
	hasRows      bool     // insuinfo was there
}

// readPerson reads the output of 1101; nil and true when there is no person in it.
func readPerson(output fields) (*person, bool) {
	base, blank, ok := loosen(output["baseinfo"])
	if blank || !ok {
		return nil, ok
	}
	p := &person{
		name: base.text("psn_name"), number: base.text("certno"), idType: base.text("psn_cert_type"),
		personNo: base.text("psn_no"),
	}
	p.rows, p.hasRows, ok = rows(output["insuinfo"])
	if !ok || p.name == "" || p.number == "" {
		return nil, false // who this is about cannot be checked
	}
	for _, row := range p.rows {
		if p.personNo == "" {
			p.personNo = row.text("psn_no") // some upstreams keep it here
		}
	}
	return p, true
}

// rows reads an array of objects, or the one object that some serialisers make of an array of one.
func rows(raw json.RawMessage) (list []fields, present, ok bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, false, true
	}
	if raw[0] == '{' {
		row, ok := object(raw)
		return []fields{row}, true, ok
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) > maxRows {
		return nil, true, false
	}
	for _, item := range items {
		row, ok := object(item)
		if !ok {
			return nil, true, false
		}
		list = append(list, row)
	}
	return list, true, true
}

var insuranceType = regexp.MustCompile(`^[0-9A-Za-z]{1,10}$`)

// enrolments turns the rows into enrolments in their order of importance; complete says that nothing stays open, butZeros
// that nothing does but whether zeros are those of an account.
func (p Profile) enrolments(list []fields) (result []balance.Enrolment, complete, butZeros bool) {
	complete, butZeros = true, true
	for _, row := range list {
		if !insuranceType.MatchString(row.text("insutype")) {
			complete, butZeros = false, false // nobody can say what this row is about
			continue
		}
		enrolment, whole := p.enrolment(row)
		complete, butZeros = complete && whole, butZeros && (whole || enrolment.Account.Shows == balance.ShowsZero)
		result, whole = addRow(result, enrolment)
		complete, butZeros = complete && whole, butZeros && whole
	}
	slices.SortStableFunc(result, byImportance)
	return result, complete, butZeros
}

func (p Profile) enrolment(row fields) (balance.Enrolment, bool) {
	e := balance.Enrolment{
		InsuranceType: row.text("insutype"),
		PersonType:    clean(row.text("psn_type"), 10),
		StatusCode:    clean(row.text("psn_insu_stas"), 10),
		Employer:      clean(row.text("emp_name"), 200),
		EnrolledOn:    date(row.text("psn_insu_date")),
		PausedOn:      date(row.text("paus_insu_date")),
	}
	e.Status = statusOf(e.StatusCode)
	if region := row.text("insuplc_admdvs"); sixDigits.MatchString(region) {
		e.Region = region
	}
	exists := p.Accounts.exists(e.InsuranceType, e.PersonType, row.hiType(p.Accounts.HITypeField))
	if p.Capabilities[CapBalance] == "" {
		e.Account = balance.PersonalAccount{Exists: exists}
		return e, false
	}
	var whole bool
	e.Account, whole = account(exists, readFigure(row["balc"], p.Numbers))
	return e, whole
}

func (f fields) hiType(name string) string {
	if name == "" {
		return ""
	}
	return f.text(name)
}

// addRow adds a row unless it is there already: joins in the database behind an upstream repeat rows. Repeated rows
// that differ in their money are neither summed nor chosen between: what they differ in is not known.
func addRow(list []balance.Enrolment, row balance.Enrolment) (result []balance.Enrolment, whole bool) {
	for i := range list {
		if !sameEnrolment(list[i], row) {
			continue
		}
		kept := &list[i].Account
		if sameAccount(*kept, row.Account) {
			return list, true
		}
		if kept.Exists != row.Account.Exists {
			kept.Exists = balance.AccountUnknown
		}
		kept.Balance, kept.Shows = nil, ""
		return list, false
	}
	return append(list, row), true
}

func sameEnrolment(a, b balance.Enrolment) bool {
	return a.InsuranceType == b.InsuranceType && a.PersonType == b.PersonType && a.StatusCode == b.StatusCode &&
		a.Region == b.Region && a.Employer == b.Employer
}

func sameAccount(a, b balance.PersonalAccount) bool {
	if a.Exists != b.Exists || a.Shows != b.Shows || (a.Balance == nil) != (b.Balance == nil) {
		return false
	}
	return a.Balance == nil || *a.Balance == *b.Balance
}

// clean drops control characters and cuts to the field's length on the wire.
func clean(s string, length int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > length {
		return string(runes[:length])
	}
	return s
}
