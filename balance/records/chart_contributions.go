package records

import (
	"context"
	"slices"

	"yibao/balance"
	"yibao/identity"
)

// The keys of the contributions' series.
const (
	paidEmployer = "employer"
	paidPersonal = "personal"
	paidSubsidy  = "subsidy"
	paidUnsplit  = "unsplit" // a sum whose parts are not given
)

var contributionNames = []named{
	{paidEmployer, [2]string{"单位缴费", "Employer"}}, {paidPersonal, [2]string{"个人缴费", "Personal"}},
	{paidSubsidy, [2]string{"财政补助", "Public subsidy"}}, {paidUnsplit, [2]string{"缴费合计", "Total"}},
}

// ContributionsChart draws what was paid in, in the month that it was paid for. A sum for several months, such as a resident's
// for the year, stands in the first of them; the others have a gap. What is known not to be paid is left out. Where rows
// have no sums at all, the answer says AmountsNotGiven and has no series.
//
// Errors: identity.ErrNoSuchLink; balance.ErrRange for days that are not valid, or a range that starts after today, or
// touches more than five years; balance.ErrUnsupported for a region without contributions; balance.ErrNotEnrolled;
// balance.ErrMismatch; balance.ErrNoReading.
func (s *Service) ContributionsChart(ctx context.Context, caller *identity.Caller, linkID string, q ChartQuery) (*Chart, error) {
	m, err := newMonths(q, balance.DayOf(s.now()))
	if err != nil {
		return nil, err
	}
	rows, err := gather(ctx, s, s.contributions, caller, linkID, m.years()...)
	if err != nil {
		return nil, err
	}
	return contributions(m, rows.distinct(s.contributions), q), nil
}

func contributions(m months, all *gathered[Contribution], q ChartQuery) *Chart {
	t := newTable(m, all.meta)
	rows, amounts := 0, 0
	for _, c := range all.rows {
		if c.Paid == PaidNo || !q.about(c.InsuranceType) {
			continue
		}
		t.cover(c)
		at := m.of(c.From)
		if at < 0 {
			continue
		}
		rows++
		if !slices.ContainsFunc(c.sums(), func(f *balance.Fen) bool { return f != nil }) {
			t.addUnknown(at)
			continue
		}
		amounts++
		t.addParts(at, c)
	}
	result := all.drawn(t.draw([2]string{"医保缴费（元）", "Contributions (yuan)"}, "contributions", contributionNames, q.Language))
	if rows > 0 && amounts == 0 {
		result.Amounts, result.Coverage = AmountsNotGiven, balance.Unsupported
		result.Chart.Empty = map[bool]string{false: "参保地不提供缴费金额", true: "This region does not tell how much was paid."}[q.Language == "en"]
	}
	return result
}

func (c Contribution) sums() []*balance.Fen {
	return []*balance.Fen{c.Employer, c.Personal, c.Subsidy, c.Total}
}

// cover notes the months behind the first that a row is about.
func (t *table) cover(c Contribution) {
	for i, one := range t.months.list {
		if one.label > c.From && one.label <= c.To {
			t.covered[i] = true
		}
	}
}

// addUnknown says of a month that something was paid, and not how much.
func (t *table) addUnknown(at int) {
	for _, key := range []string{paidEmployer, paidPersonal, paidSubsidy} {
		t.add(key, at, nil)
	}
}

// addParts adds the parts of a row. One that is left out is nothing where the others make the total, else it is not known. A
// refund must be negative to be counted: a positive one may mean either.
func (t *table) addParts(at int, c Contribution) {
	if c.Kind == ContributionRefund && slices.ContainsFunc(c.sums(), func(f *balance.Fen) bool { return f != nil && *f > 0 }) {
		t.addUnknown(at)
		return
	}
	parts := map[string]*balance.Fen{paidEmployer: c.Employer, paidPersonal: c.Personal, paidSubsidy: c.Subsidy}
	var sum balance.Fen
	given := 0
	for _, part := range parts {
		if part != nil {
			sum += *part
			given++
		}
	}
	if given == 0 {
		t.add(paidUnsplit, at, c.Total)
		return
	}
	agree := c.Total != nil && *c.Total == sum
	for key, part := range parts {
		if part != nil || !agree {
			t.add(key, at, part)
		}
	}
}
