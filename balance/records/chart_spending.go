package records

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"yibao/balance"
	"yibao/identity"
)

// By says what the colours of the spending are.
type By string

// The values of By; "" is ByKind.
const (
	ByKind        By = "kind"
	ByInstitution By = "institution"
)

var kindNames = []named{
	{string(VisitOutpatient), [2]string{"门诊", "Outpatient"}}, {string(VisitInpatient), [2]string{"住院", "Inpatient"}},
	{string(VisitPharmacy), [2]string{"药店购药", "Pharmacy"}}, {string(VisitOther), [2]string{"其他", "Other"}},
}

// mostInstitutions have a colour of their own: those with the highest sums. The others are one.
const (
	mostInstitutions = 5
	restKey          = "rest"
	namelessKey      = "unnamed"
)

// SpendingChart draws the totals of the bills that count, whoever paid which part of them.
//
// Errors: identity.ErrNoSuchLink; balance.ErrRange for days that are not valid, a range that starts after today or touches
// more than five years, or an unknown By; balance.ErrUnsupported for a region without bills; balance.ErrNotEnrolled;
// balance.ErrMismatch; balance.ErrNoReading.
func (s *Service) SpendingChart(ctx context.Context, caller *identity.Caller, linkID string, q ChartQuery) (*Chart, error) {
	m, err := newMonths(q, balance.DayOf(s.now()))
	if err != nil {
		return nil, err
	}
	if by := cmp.Or(q.By, ByKind); by != ByKind && by != ByInstitution {
		return nil, balance.ErrRange
	}
	bills, err := gather(ctx, s, s.settlements, caller, linkID, m.years()...)
	if err != nil {
		return nil, err
	}
	return spending(m, bills.distinct(s.settlements), q), nil
}

func spending(m months, bills *gathered[Settlement], q ChartQuery) *Chart {
	counted := slices.DeleteFunc(slices.Clone(bills.rows), func(b Settlement) bool {
		return !b.Counts() || m.at(b.At) < 0 || !q.about(b.InsuranceType)
	})
	title, names := [2]string{"医疗费用（按类别，元）", "Medical spending by kind (yuan)"}, kindNames
	keyOf := func(b Settlement) string { return string(b.Kind) }
	if q.By == ByInstitution {
		title = [2]string{"医疗费用（按机构，元）", "Medical spending by institution (yuan)"}
		names, keyOf = institutions(counted)
	}
	t := newTable(m, bills.meta)
	for _, b := range counted {
		t.add(keyOf(b), m.at(b.At), b.Total)
	}
	return bills.drawn(t.draw(title, "spending", names, q.Language))
}

// about says whether a row is of the insurance that was asked for; "" of a row fits all: it does not tell.
func (q ChartQuery) about(insurance string) bool {
	return q.InsuranceType == "" || insurance == "" || q.InsuranceType == insurance
}

// institutions names those with the highest sums, and says which name a bill belongs to.
func institutions(bills []Settlement) ([]named, func(Settlement) string) {
	sums, nameOf := map[string]balance.Fen{}, map[string]string{}
	for _, b := range bills {
		key := institutionKey(b)
		sums[key] += 0 // a bill without a sum has an institution, too
		if b.Total != nil {
			sums[key] += *b.Total
		}
		nameOf[key] = cmp.Or(b.Institution.Name, b.Institution.Code, nameOf[key])
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), strings.Compare(a, b))
	})
	names, own := []named{}, map[string]bool{}
	for _, key := range keys[:min(len(keys), mostInstitutions)] {
		own[key] = true
		name := named{key, [2]string{nameOf[key], nameOf[key]}}
		if key == namelessKey {
			name.name = [2]string{"未提供机构名称", "Institution not given"}
		}
		names = append(names, name)
	}
	names = append(names, named{restKey, [2]string{"其他机构", "Other institutions"}})
	return names, func(b Settlement) string {
		if key := institutionKey(b); own[key] {
			return key
		}
		return restKey
	}
}

func institutionKey(b Settlement) string {
	return cmp.Or(b.Institution.Code, b.Institution.Name, namelessKey)
}
