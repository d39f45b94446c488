package records

import (
	"slices"
	"strings"
	"time"

	"yibao/balance"
)

// gaps notes at each contribution what was not paid between it and the one before, by insurance: months of an employee, years
// of a resident. Only a row that is read whole can be missed, so rows of which some could not be read have no gaps.
func gaps(rows []Contribution, meta Meta) {
	if meta.Coverage != balance.Complete {
		return
	}
	slices.SortFunc(rows, func(a, b Contribution) int { return contributionPlace(a).compare(contributionPlace(b)) })
	covered := map[string]string{} // by insurance: the last month or year that is paid
	for i := range rows {
		row := &rows[i]
		if !row.covers() {
			continue
		}
		from, to := row.From, max(row.To, row.From)
		if row.Yearly() {
			from, to = from[:4], to[:4]
		}
		last := covered[row.InsuranceType]
		if last != "" && last < from {
			row.Missing = between(last, from)
		}
		covered[row.InsuranceType] = max(last, to)
	}
}

// Yearly says whether the row's insurance is paid by the year, as that of residents (insutype 380, 39x).
func (c Contribution) Yearly() bool {
	return c.InsuranceType == "380" || strings.HasPrefix(c.InsuranceType, "39")
}

// covers says whether the row may be what was due for its months; one whose state is not known may be.
func (c Contribution) covers() bool {
	return c.From != "" && c.Paid != PaidNo && c.Kind != ContributionRefund && c.Kind != ContributionInjected
}

// between lists the months ("2026-03") or years ("2026") between two.
func between(last, next string) (list []string) {
	layout, years, months := "2006-01", 0, 1
	if len(last) == len("2006") {
		layout, years, months = "2006", 1, 0
	}
	at, err := time.Parse(layout, last)
	if err != nil {
		return nil
	}
	for at = at.AddDate(years, months, 0); at.Format(layout) < next; at = at.AddDate(years, months, 0) {
		list = append(list, at.Format(layout))
	}
	return list
}
