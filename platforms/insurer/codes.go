package insurer

import (
	"cmp"

	"yibao/balance"
)

// statuses is the national code table psn_insu_stas. Everything else is StatusUnknown.
var statuses = map[string]balance.Status{
	"0": balance.StatusNone,
	"1": balance.StatusActive,
	"2": balance.StatusPaused,
	"3": balance.StatusInvalid,
	"4": balance.StatusEnded,
}

func statusOf(code string) balance.Status {
	if status, found := statuses[code]; found {
		return status
	}
	return balance.StatusUnknown
}

// Insurance types of the national table insutype that have a place of their own in the order of rows.
const (
	insuranceEmployee = "310" // 职工基本医疗保险
	insuranceResident = "390" // 城乡居民基本医疗保险
)

// byImportance orders rows as clients in the field prefer them: active ones first, then those whose state is not known;
// within these employee insurance, resident insurance, the others by number. Rows that are equal in that keep a fixed
// order by region and employer, so that the same answer always reads the same.
func byImportance(a, b balance.Enrolment) int {
	return cmp.Or(
		cmp.Compare(statusRank(a.Status), statusRank(b.Status)),
		cmp.Compare(typeRank(a.InsuranceType), typeRank(b.InsuranceType)),
		cmp.Compare(a.InsuranceType, b.InsuranceType),
		cmp.Compare(a.StatusCode, b.StatusCode),
		cmp.Compare(a.Region, b.Region),
		cmp.Compare(a.Employer, b.Employer),
		cmp.Compare(a.PersonType, b.PersonType),
	)
}

func statusRank(s balance.Status) int {
	switch s {
	case balance.StatusActive:
		return 0
	case balance.StatusUnknown:
		return 1
	}
	return 2
}

func typeRank(code string) int {
	switch code {
	case insuranceEmployee:
		return 0
	case insuranceResident:
		return 1
	default:
		return 2
	}
}
