package records

import (
	"slices"

	"yibao/balance"
)

// pair finds which bill takes which back. A reversal comes as a bill of its own with negative sums, and names no other: it
// belongs to the latest bill before it at the same institution with the opposite total, that no other has taken back. Both
// then say so. A bill with a negative total is a reversal also where none is found.
func pair(bills []Settlement, _ Meta) {
	slices.SortFunc(bills, func(a, b Settlement) int { return settlementPlace(a).compare(settlementPlace(b)) })
	for i := range bills {
		back := &bills[i]
		if back.Total == nil || *back.Total >= 0 || back.State == SettlementVoid {
			continue
		}
		back.State = SettlementReversal
		for j := i - 1; j >= 0; j-- {
			first := &bills[j]
			if first.Pair == "" && first.Total != nil && *first.Total == -*back.Total && first.Institution.Code == back.Institution.Code &&
				first.State != SettlementVoid && first.State != SettlementReversal {
				first.State, first.Pair, back.Pair = SettlementReversed, back.ID, first.ID
				break
			}
		}
	}
}

// anyUnpaired says whether a bill takes back one that is not among them: that may be of the year before.
func anyUnpaired(bills []Settlement) bool {
	return slices.ContainsFunc(bills, func(b Settlement) bool { return b.State == SettlementReversal && b.Pair == "" })
}

// Counts says whether the bill is spending.
func (s Settlement) Counts() bool { return s.State == SettlementValid }

// FlagKind says why a bill may be worth a look.
type FlagKind string

// The kinds of flags.
const (
	FlagRepeated FlagKind = "repeated"    // the same sum at the same institution on one day
	FlagHigh     FlagKind = "high"        // far above the person's usual sum for that kind of visit
	FlagTwoPlace FlagKind = "two_regions" // here and out of the area on one day
)

// Flag points out bills that a person may want to check. It gives facts, and does not say that anything is wrong.
type Flag struct {
	Kind        FlagKind
	Day         balance.Day
	Settlements []string // ids, the earliest first
	Total       balance.Fen
	Usual       balance.Fen // of FlagHigh: the median of the bills before
	Compared    int         // of FlagHigh: how many bills that is
}

// A bill is far above the usual at three times the median, and 100 yuan more. Nothing is compared with fewer than six.
const (
	highTimes   = 3
	highMore    = 100_00
	leastBefore = 6
)

// Unusual returns the flags of the bills that count, by day. The order of the bills is of no account.
func Unusual(bills []Settlement) []Flag {
	var valid []Settlement
	for _, b := range bills {
		if b.Counts() && b.Total != nil {
			valid = append(valid, b)
		}
	}
	slices.SortFunc(valid, func(a, b Settlement) int { return settlementPlace(a).compare(settlementPlace(b)) })
	var flags []Flag
	before := map[VisitKind][]balance.Fen{} // totals so far, sorted
	for i, b := range valid {
		totals := before[b.Kind]
		if n := len(totals); n >= leastBefore {
			if usual := totals[(n-1)/2]; *b.Total >= highTimes*usual && *b.Total >= usual+highMore {
				flags = append(flags, Flag{Kind: FlagHigh, Day: balance.DayOf(b.At), Settlements: []string{b.ID}, Total: *b.Total, Usual: usual, Compared: n})
			}
		}
		at, _ := slices.BinarySearch(totals, *b.Total)
		before[b.Kind] = slices.Insert(totals, at, *b.Total)
		flags = append(flags, sameDay(valid[:i], b)...)
	}
	return flags
}

// sameDay compares a bill with those before it on its day.
func sameDay(before []Settlement, b Settlement) (flags []Flag) {
	day := balance.DayOf(b.At)
	for i := len(before) - 1; i >= 0 && balance.DayOf(before[i].At) == day; i-- {
		a := before[i]
		flag := Flag{Day: day, Settlements: []string{a.ID, b.ID}, Total: *a.Total + *b.Total}
		if a.Institution.Code == b.Institution.Code && *a.Total == *b.Total && *b.Total != 0 {
			flag.Kind = FlagRepeated
			flags = append(flags, flag)
		}
		if here, there := a.Where.here(), b.Where.here(); here != nil && there != nil && *here != *there {
			flag.Kind = FlagTwoPlace
			flags = append(flags, flag)
		}
	}
	return flags
}

// here says whether the bill was settled in the person's own area; nil where that is not known.
func (w Where) here() *bool {
	local := w == WhereLocal
	if !local && w != WhereProvince && w != WhereCountry {
		return nil
	}
	return &local
}
