package records

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/balance/chart"
)

// sumsOf shows a chart as "key: a b _", with _ for a gap.
func sumsOf(c *Chart) []string {
	var list []string
	for _, s := range c.Chart.Series {
		line := s.Key + ":"
		for _, f := range s.Fen {
			if f == nil {
				line += " _"
			} else {
				line += fmt.Sprintf(" %d", *f)
			}
		}
		list = append(list, line)
	}
	return list
}

func frameOf(t interface{ Fatal(...any) }, from, to balance.Day) months {
	m, err := newMonths(ChartQuery{From: from, To: to}, balance.DayOf(now))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func rowsOf[T any](completeTo balance.Day, rows ...T) *gathered[T] {
	return &gathered[T]{rows: rows, meta: Meta{Coverage: balance.Complete, CompleteTo: completeTo}}
}

func on(day string) time.Time {
	return balance.Day(day).Start().Add(23 * time.Hour) // a time that is another day in UTC plus some hours
}

// TestFlowOfTheLedger: what each kind of entry is, and that a month without rows is 0 up to the day that the region names.
func TestFlowOfTheLedger(t *testing.T) {
	t.Parallel()
	entries := []Entry{
		{At: on("2026-08-31"), Kind: EntryCredit, Fen: 100}, {At: on("2026-08-01"), Kind: EntryRefund, Fen: 20}, {At: on("2026-08-02"), Kind: EntrySpent, Fen: -30},
		{At: on("2026-08-03"), Kind: EntryPremium, Fen: -7}, {At: on("2026-08-03"), Kind: EntryRefund, Fen: -1}, {At: on("2026-11-03"), Kind: EntryOther, Fen: 5},
		{At: on("2026-08-04"), Kind: EntryInterest, Fen: 3}, {At: on("2026-10-05"), Kind: EntryTransfer, Fen: -40}, {At: on("2026-10-06"), Kind: EntryTransfer, Fen: 50},
		{At: on("2026-08-07"), Kind: EntryCarry, Fen: -900}, {At: on("2026-08-07"), Kind: EntryCarry, Fen: 900}, // 206, 113
		{At: on("2026-09-08"), Kind: EntrySpent, Fen: -60, Reversed: true}, {At: on("2026-09-09"), Kind: EntrySpent, Fen: 60, Reversed: true},
		{At: on("2026-07-31"), Kind: EntryCredit, Fen: 1}, {At: on("2026-11-30"), Kind: EntryCredit, Fen: 1}, // outside the range
	}
	for _, c := range []struct {
		completeTo balance.Day
		coverage   balance.Coverage
		want       []string
	}{
		{"2026-10-31", balance.Complete, []string{"in: 120 0 0 5", "out: -38 0 0 _", "interest: 3 0 0 _", "transfer: 0 0 10 _"}},
		{"2026-10-30", balance.Partial, []string{"in: 120 0 _ 5", "out: -38 0 _ _", "interest: 3 0 _ _", "transfer: 0 0 10 _"}},
		{"", balance.Partial, []string{"in: 120 _ _ 5", "out: -38 _ _ _", "interest: 3 _ _ _", "transfer: _ _ 10 _"}},
	} {
		got := flow(frameOf(t, "2026-08-01", "2026-11-21"), rowsOf(c.completeTo, entries...), "zh")
		if !slices.Equal(sumsOf(got), c.want) || got.Coverage != c.coverage || !slices.Equal(got.Chart.Categories, []string{"2026-08", "2026-09", "2026-10", "2026-11"}) {
			t.Errorf("complete to %q: %v %v", c.completeTo, sumsOf(got), got.Coverage)
		}
	}
	unread := rowsOf("2026-10-31", entries...)
	unread.meta.Coverage = balance.Partial
	if got := flow(frameOf(t, "2026-08-01", "2026-11-21"), unread, "en"); got.Coverage != balance.Partial || sumsOf(got)[0] != "in: 120 _ _ 5" || got.Chart.Series[0].Name != "In" {
		t.Error("a row that could not be read may be of any month:", sumsOf(got))
	}
}

// TestFlowMakesTheBalance: whatever is in a complete ledger, the balance before the range and all series make the balance
// behind it.
func TestFlowMakesTheBalance(t *testing.T) {
	t.Parallel()
	kinds := []EntryKind{EntryCredit, EntryInterest, EntrySpent, EntryRefund, EntryTransfer, EntryPremium, EntryOther}
	rapid.Check(t, func(t *rapid.T) {
		from := balance.Day("2025-01-01").Add(rapid.IntRange(0, 600).Draw(t, "from"))
		m := frameOf(t, from, from.Add(rapid.IntRange(0, 80).Draw(t, "days")))
		var entries []Entry
		var opening, closing balance.Fen
		book := func(day balance.Day, kind EntryKind, fen balance.Fen, back bool) {
			entries = append(entries, Entry{ID: fmt.Sprint(len(entries)), At: day.Start().Add(time.Hour), Kind: kind, Fen: fen, Reversed: back})
			if day < m.from {
				opening += fen
			}
			if day <= m.to {
				closing += fen
			}
		}
		for range rapid.IntRange(0, 40).Draw(t, "entries") {
			day := balance.Day("2025-01-01").Add(rapid.IntRange(0, 690).Draw(t, "day"))
			fen := balance.Fen(rapid.Int64Range(-1e9, 1e9).Draw(t, "fen"))
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				book(day, EntryCarry, -fen, false)
				book(day, EntryCarry, fen, false)
			case 1: // taken back on the same day, so that both are in the range or neither
				book(day, EntrySpent, -fen, true)
				book(day, EntrySpent, fen, true)
			default:
				book(day, rapid.SampledFrom(kinds).Draw(t, "kind"), fen, false)
			}
		}
		got := flow(m, rowsOf(m.to, entries...), "zh")
		sum := opening
		for _, s := range got.Chart.Summary {
			sum += balance.Fen(*s.Total)
		}
		if sum != closing || got.Coverage != balance.Complete {
			t.Fatalf("%d and %v make %d, not %d", opening, sumsOf(got), sum, closing)
		}
	})
}

// TestSpendingIsTheBillsThatCount: by kind and by institution the months have the same sums, those of the bills that count;
// a bill without a total makes its month unknown.
func TestSpendingIsTheBillsThatCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := frameOf(t, "2026-01-01", "2026-11-21")
		want := make([]int64, len(m.list))
		var bills []Settlement
		for i := range rapid.IntRange(0, 40).Draw(t, "bills") {
			b := Settlement{ID: fmt.Sprint(i), At: balance.Day("2025-12-01").Add(rapid.IntRange(0, 355).Draw(t, "day")).Start(), InsuranceType: rapid.SampledFrom([]string{"", "310", "390"}).Draw(t, "insurance"),
				Kind: rapid.SampledFrom([]VisitKind{VisitOutpatient, VisitInpatient, VisitPharmacy, VisitOther}).Draw(t, "kind"), Total: fen(rapid.Int64Range(0, 1e9).Draw(t, "total")),
				State:       rapid.SampledFrom([]SettlementState{SettlementValid, SettlementValid, SettlementVoid, SettlementReversed, SettlementReversal}).Draw(t, "state"),
				Institution: Institution{Code: rapid.SampledFrom([]string{"H1", "H2", "H3", "H4", "H5", "H6", "H7", ""}).Draw(t, "place")}}
			bills = append(bills, b)
			if at := m.at(b.At); at >= 0 && b.State == SettlementValid && b.InsuranceType != "390" {
				want[at] += int64(*b.Total)
			}
		}
		for _, by := range []By{"", ByKind, ByInstitution} {
			got := spending(m, rowsOf(m.to, bills...), ChartQuery{By: by, InsuranceType: "310"})
			sums := make([]int64, len(m.list))
			for _, s := range got.Chart.Series {
				for i, f := range s.Fen {
					sums[i] += *f
				}
			}
			if !slices.Equal(sums, want) || len(got.Chart.Series) > mostInstitutions+1 {
				t.Fatalf("by %q: %v, want %v", by, sumsOf(got), want)
			}
		}
	})
	bills := []Settlement{{ID: "a", At: on("2026-10-01"), Kind: VisitPharmacy, Total: fen(5), State: SettlementValid}, {ID: "b", At: on("2026-10-02"), Kind: VisitPharmacy, State: SettlementValid},
		{ID: "c", At: on("2026-09-02"), Kind: VisitPharmacy, Total: fen(6), State: SettlementValid}}
	got := spending(frameOf(t, "2026-09-01", "2026-10-31"), rowsOf("2026-11-01", bills...), ChartQuery{})
	if !slices.Equal(sumsOf(got), []string{"pharmacy: 6 _"}) || got.Coverage != balance.Partial {
		t.Error("a bill without a total:", sumsOf(got), got.Coverage)
	}
}

// TestInstitutionsWithTheHighestSums: the five have names, the others are one.
func TestInstitutionsWithTheHighestSums(t *testing.T) {
	t.Parallel()
	var bills []Settlement
	for i := range 8 {
		bills = append(bills, Settlement{ID: fmt.Sprint(i), At: on("2026-10-01"), Total: fen(int64(100 - i)), State: SettlementValid,
			Institution: Institution{Code: fmt.Sprint("H", i), Name: fmt.Sprint("示例医院", i)}})
	}
	bills[1].Institution = Institution{}
	got := spending(frameOf(t, "2026-10-01", "2026-10-31"), rowsOf("2026-11-01", bills...), ChartQuery{By: ByInstitution, Language: "zh"})
	if want := []string{"H0: 100", "unnamed: 99", "H2: 98", "H3: 97", "H4: 96", "rest: 282"}; !slices.Equal(sumsOf(got), want) {
		t.Error(sumsOf(got))
	}
	if s := got.Chart.Series; s[0].Name != "示例医院0" || s[1].Name != "未提供机构名称" || s[5].Name != "其他机构" || s[0].Kind != chart.Bar {
		t.Errorf("%+v", s)
	}
}

// TestContributionsByMonth: parts stand in the month that they are for; what is not given is never 0.
func TestContributionsByMonth(t *testing.T) {
	t.Parallel()
	month := func(m string, change func(*Contribution)) Contribution {
		c := Contribution{ID: m, From: m, To: m, Kind: ContributionRegular, Paid: PaidYes, Employer: fen(80), Personal: fen(20), Total: fen(100)}
		change(&c)
		return c
	}
	as := func(*Contribution) {}
	none := func(c *Contribution) { c.Employer, c.Personal, c.Total = nil, nil, nil }
	for name, c := range map[string]struct {
		rows     []Contribution
		want     []string
		coverage balance.Coverage
		amounts  Amounts
	}{
		"an employee, one month missing": {[]Contribution{month("2026-08", as), month("2026-10", as)}, []string{"employer: 80 0 80 _", "personal: 20 0 20 _"}, balance.Complete, AmountsGiven},
		"unpaid":                         {[]Contribution{month("2026-08", as), month("2026-09", func(c *Contribution) { c.Paid = PaidNo })}, []string{"employer: 80 0 0 _", "personal: 20 0 0 _"}, balance.Complete, AmountsGiven},
		"a resident's year": {[]Contribution{month("2026-08", func(c *Contribution) { c.To, c.Employer, c.Subsidy, c.Total = "2027-07", nil, fen(70), fen(90) })},
			[]string{"personal: 20 _ _ _", "subsidy: 70 _ _ _"}, balance.Complete, AmountsGiven},
		"paid for before the range": {[]Contribution{month("2026-01", func(c *Contribution) { c.To = "2026-12" })}, nil, balance.Complete, AmountsGiven},
		"a part not given":          {[]Contribution{month("2026-08", func(c *Contribution) { c.Employer = nil }), month("2026-09", as)}, []string{"employer: _ 80 0 _", "personal: 20 20 0 _"}, balance.Partial, AmountsGiven},
		"the total alone":           {[]Contribution{month("2026-08", func(c *Contribution) { c.Employer, c.Personal = nil, nil })}, []string{"unsplit: 100 0 0 _"}, balance.Complete, AmountsGiven},
		"no amounts":                {[]Contribution{month("2026-08", none), month("2026-09", none)}, nil, balance.Unsupported, AmountsNotGiven},
		"amounts in some rows":      {[]Contribution{month("2026-08", none), month("2026-09", as)}, []string{"employer: _ 80 0 _", "personal: _ 20 0 _"}, balance.Partial, AmountsGiven},
		"a refund that is negative": {[]Contribution{month("2026-08", as), month("2026-08", func(c *Contribution) {
			c.ID, c.Kind, c.Employer, c.Personal, c.Total = "r", ContributionRefund, fen(0), fen(-5), fen(-5)
		})},
			[]string{"employer: 80 0 0 _", "personal: 15 0 0 _"}, balance.Complete, AmountsGiven},
		"a refund that is positive": {[]Contribution{month("2026-08", func(c *Contribution) { c.Kind = ContributionRefund }), month("2026-09", as)},
			[]string{"employer: _ 80 0 _", "personal: _ 20 0 _"}, balance.Partial, AmountsGiven},
		"nothing at all": {nil, nil, balance.Complete, AmountsGiven},
	} {
		got := contributions(frameOf(t, "2026-08-01", "2026-11-21"), rowsOf("2026-10-31", c.rows...), ChartQuery{Language: "zh"})
		if !slices.Equal(sumsOf(got), c.want) || got.Amounts != c.amounts || got.Coverage != c.coverage {
			t.Errorf("%s: %v, %v, %v, want %v", name, sumsOf(got), got.Amounts, got.Coverage, c.want)
		}
	}
}

// TestRangesOfCharts: each year is one question, none of them of a year to come, and the range is bounded.
func TestRangesOfCharts(t *testing.T) {
	t.Parallel()
	u := &upstream{entries: []Entry{entry("a", 1)}}
	s := service(u, -time.Second, still)
	c, err := s.FlowChart(t.Context(), caller, "l", ChartQuery{To: "2027-03-31"})
	slices.Sort(u.asked)
	if err != nil || !slices.Equal(u.asked, []string{"2026"}) || len(c.Chart.Categories) != 12 || c.From != "2026-04-01" {
		t.Errorf("%v %v %+v", err, u.asked, c)
	}
	for name, q := range map[string]ChartQuery{
		"backwards": {From: "2026-02-01", To: "2026-01-01"}, "no day": {From: "2026-02-31"}, "no to": {To: "x"}, "six years": {From: "2021-12-31"},
		"to come": {From: "2026-11-22", To: "2026-12-01"},
	} {
		if _, err := s.FlowChart(t.Context(), caller, "l", q); !errors.Is(err, balance.ErrRange) {
			t.Error(name, err)
		}
	}
	if _, err := s.SpendingChart(t.Context(), caller, "l", ChartQuery{By: "doctor"}); !errors.Is(err, balance.ErrRange) {
		t.Error("by doctor:", err)
	}
	for _, day := range []balance.Day{"2024-02-29", "2026-11-30", "2026-12-31", "2026-03-31"} {
		m, err := newMonths(ChartQuery{To: day}, "2026-12-31")
		if err != nil || len(m.list) != defaultMonths || m.list[11].last != day || m.list[0].first[8:] != "01" {
			t.Errorf("%s: %+v %v", day, m, err)
		}
	}
}
