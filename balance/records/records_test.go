package records

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/balance/desk"
	"yibao/identity"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, balance.Shanghai)

func fen(n int64) *balance.Fen { f := balance.Fen(n); return &f }

// upstream answers with the bills and entries that it holds.
type upstream struct {
	Upstream // any other question panics
	bills    []Settlement
	entries  []Entry
	lines    []Line
	paid     []Contribution
	claims   []Claim
	partial  bool // a row of the contributions could not be read
	err      error

	mu    sync.Mutex // several years are asked for at once
	asked []string
}

func listing[T any](u *upstream, params string, rows []T) (*Listing[T], error) {
	u.mu.Lock()
	u.asked = append(u.asked, params)
	u.mu.Unlock()
	if u.err != nil {
		return nil, u.err
	}
	return &Listing[T]{Rows: slices.Clone(rows), Meta: Meta{AsOf: now, FetchedAt: now, Coverage: balance.Complete}}, nil
}

func (u *upstream) Settlements(_ context.Context, _ string, _ identity.Claim, year string) (*Listing[Settlement], error) {
	return listing(u, year, slices.DeleteFunc(slices.Clone(u.bills), func(b Settlement) bool { return b.At.Format("2006") != year }))
}

func (u *upstream) Ledger(_ context.Context, _ string, _ identity.Claim, year string) (*Listing[Entry], error) {
	return listing(u, year, slices.DeleteFunc(slices.Clone(u.entries), func(e Entry) bool { return e.At.Format("2006") != year }))
}

func (u *upstream) Lines(_ context.Context, _ string, _ identity.Claim, params string) (*Listing[Line], error) {
	return listing(u, params, u.lines)
}

func (u *upstream) Claims(_ context.Context, _ string, _ identity.Claim, year string) (*Listing[Claim], error) {
	if u.claims == nil {
		return nil, desk.ErrUnsupported
	}
	return listing(u, year, slices.DeleteFunc(slices.Clone(u.claims), func(c Claim) bool { return c.Submitted.Format("2006") != year }))
}

func (u *upstream) Contributions(_ context.Context, _ string, _ identity.Claim, year string) (*Listing[Contribution], error) {
	l, err := listing(u, year, slices.DeleteFunc(slices.Clone(u.paid), func(c Contribution) bool { return c.From[:4] != year }))
	if err == nil && u.partial {
		l.Coverage = balance.Partial
	}
	return l, err
}

type people struct{}

func (people) Person(context.Context, string) (*identity.Person, error) {
	return &identity.Person{ID: "p", Names: map[string]string{"990100": "测试甲"}}, nil
}

var caller = &identity.Caller{Links: []identity.Link{{ID: "l", PersonID: "p", Region: "990100"}}}

// service asks the upstream each time, unless a test lets answers stay fresh.
func service(u Upstream, fresh time.Duration, clock func() time.Time) *Service {
	d := desk.New(desk.Options{People: people{}, Timeout: 5 * time.Second, Attended: 8, Unattended: 2, Now: clock, Log: slog.New(slog.DiscardHandler)})
	return New(Config{FreshFor: fresh, KeepFor: time.Hour}, Deps{Desk: d, Upstream: u, Now: clock})
}

func still() time.Time { return now }

func entry(id string, daysAgo int) Entry {
	return Entry{ID: id, At: now.AddDate(0, 0, -daysAgo), Fen: balance.Fen(daysAgo), Kind: EntrySpent}
}

// TestPagesNeitherSkipNorRepeat: whatever arrives between two pages, each row that was there at the first page comes exactly
// once, and none comes twice.
func TestPagesNeitherSkipNorRepeat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := &upstream{}
		add := func() {
			// Several rows share a moment: then the id says which comes first.
			u.entries = append(u.entries, entry(fmt.Sprintf("e%03d", len(u.entries)), rapid.IntRange(0, 500).Draw(t, "days")/50*50))
		}
		for range rapid.IntRange(0, 60).Draw(t, "rows") {
			add()
		}
		s := service(u, -time.Second, still)
		first := slices.Clone(u.entries)
		seen := map[string]int{}
		q := Query{From: "2025-01-01", Limit: rapid.IntRange(1, 10).Draw(t, "limit")}
		var last *place
		for range 200 {
			p, err := s.Ledger(t.Context(), caller, "l", q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Rows {
				at := place{e.At, e.ID}
				if last != nil && at.compare(*last) >= 0 {
					t.Fatalf("%v comes after %v", at, *last)
				}
				seen[e.ID]++
				last = &at
			}
			if p.Next == "" {
				break
			}
			q.Cursor = p.Next
			for range rapid.IntRange(0, 3).Draw(t, "arrive") {
				add()
			}
		}
		for _, e := range first {
			if seen[e.ID] != 1 {
				t.Fatalf("%s came %d times", e.ID, seen[e.ID])
			}
		}
	})
}

// TestRange: each year of the range is one question, and rows outside the days stay away.
func TestRange(t *testing.T) {
	t.Parallel()
	u := &upstream{entries: []Entry{entry("today", 0), entry("old", 400), entry("older", 700)}}
	s := service(u, -time.Second, still)
	p, err := s.Ledger(t.Context(), caller, "l", Query{From: balance.DayOf(now).Add(-400), To: balance.DayOf(now).Add(-1)})
	slices.Sort(u.asked)
	if err != nil || len(p.Rows) != 1 || p.Rows[0].ID != "old" || p.Total.Rows != 1 || !reflect.DeepEqual(u.asked, []string{"2025", "2026"}) {
		t.Errorf("%+v %v %v", p, err, u.asked)
	}
	for name, q := range map[string]Query{
		"backwards": {From: "2026-02-01", To: "2026-01-01"}, "no day": {From: "2026-02-31"}, "too long": {From: "2020-01-01"}, "no to": {To: "x"},
	} {
		if _, err := s.Ledger(t.Context(), caller, "l", q); !errors.Is(err, balance.ErrRange) {
			t.Error(name, err)
		}
	}
	for _, limit := range []int{-1, MaxLimit + 1} {
		if _, err := s.Ledger(t.Context(), caller, "l", Query{Limit: limit}); !errors.Is(err, ErrLimit) {
			t.Error(limit, err)
		}
	}
	for _, cursor := range []string{"x", "!", place{}.cursor()[1:]} {
		if _, err := s.Ledger(t.Context(), caller, "l", Query{Cursor: cursor}); !errors.Is(err, ErrCursor) {
			t.Error(cursor, err)
		}
	}
	if _, err := s.Ledger(t.Context(), caller, "another", Query{}); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Error("another's link:", err)
	}
	if _, err := s.Claims(t.Context(), caller, "l", Query{}); !errors.Is(err, balance.ErrUnsupported) {
		t.Error("a region without claims gives an empty list:", err)
	}
}

// TestFilters: a row comes when it fits all that was asked; a sum that is not given fits no sum.
func TestFilters(t *testing.T) {
	t.Parallel()
	bill := func(id string, change func(*Settlement)) Settlement {
		b := Settlement{ID: id, InsuranceType: "310", At: now.AddDate(0, 0, -1), Institution: Institution{Code: "H1", Name: "示例第一人民医院"},
			Kind: VisitOutpatient, Total: fen(100_00), State: SettlementValid}
		change(&b)
		return b
	}
	u := &upstream{bills: []Settlement{bill("a", func(*Settlement) {}), bill("b", func(b *Settlement) { b.Kind = VisitPharmacy }),
		bill("c", func(b *Settlement) { b.Institution = Institution{"P1", "示例大药房", ""} }), bill("d", func(b *Settlement) { b.Total = nil }),
		bill("e", func(b *Settlement) { b.InsuranceType = "390" }), bill("f", func(b *Settlement) { b.Total = fen(5) })}}
	s := service(u, -time.Second, still)
	for want, q := range map[string]Query{
		"fedcba": {}, "b": {Kind: "pharmacy"}, "c": {Institution: "大药房"}, "fedba": {Institution: "H1"}, "ecba": {Min: fen(6)}, "f": {Max: fen(99_99)},
		"fdcba": {InsuranceType: "310"}, "": {Kind: "inpatient"},
	} {
		p, err := s.Settlements(t.Context(), caller, "l", q)
		got := ""
		if err == nil {
			for _, b := range p.Rows {
				got += b.ID
			}
		}
		if err != nil || got != want {
			t.Errorf("%+v: %q, want %q, %v", q, got, want, err)
		}
	}
}

// TestRegionThatGivesNoAnswer: the rows of before are shown, with their age and the reason, as long as they may be kept.
func TestRegionThatGivesNoAnswer(t *testing.T) {
	t.Parallel()
	at := now
	u := &upstream{entries: []Entry{entry("e", 1)}}
	s := service(u, time.Minute, func() time.Time { return at })
	ask := func() (*Page[Entry], error) { return s.Ledger(t.Context(), caller, "l", Query{}) }
	if p, err := ask(); err != nil || p.Stale || len(u.asked) != 1 {
		t.Fatal(p, err)
	}
	if _, err := ask(); err != nil || len(u.asked) != 1 {
		t.Error("asked again within a minute", err)
	}
	at, u.err = at.Add(30*time.Minute), desk.ErrTimeout
	if p, err := ask(); err != nil || !p.Stale || !errors.Is(p.Cause, desk.ErrTimeout) || !p.FetchedAt.Equal(now) || len(p.Rows) != 1 {
		t.Error(p, err)
	}
	at = at.Add(time.Hour)
	if _, err := ask(); !errors.Is(err, balance.ErrNoReading) || !errors.Is(err, desk.ErrTimeout) {
		t.Error("shown for ever:", err)
	}
	u.err = desk.ErrNotEnrolled
	if _, err := ask(); !errors.Is(err, desk.ErrNotEnrolled) {
		t.Error("an answer about the present is hidden:", err)
	}
}

// TestLinesAreOfTheirBill: the items of a bill are asked for only where the bill is the person's own.
func TestLinesAreOfTheirBill(t *testing.T) {
	t.Parallel()
	u := &upstream{bills: []Settlement{{ID: "mine", Visit: "v", At: now}}, lines: []Line{{ID: "1", Sum: fen(1)}}}
	s := service(u, time.Minute, still)
	if p, err := s.Lines(t.Context(), caller, "l", "mine", Query{}); err != nil || len(p.Rows) != 1 || !slices.Contains(u.asked, BillParams("mine", "v")) {
		t.Error(p, err, u.asked)
	}
	u.asked = nil
	if _, err := s.Lines(t.Context(), caller, "l", "another's", Query{}); !errors.Is(err, ErrNoSuchBill) || slices.Contains(u.asked, BillParams("another's", "")) {
		t.Error(err, u.asked)
	}
	u.bills, s = []Settlement{{ID: "old", Visit: "v", At: now.AddDate(-4, 0, 0)}}, service(u, time.Minute, still)
	if p, err := s.Lines(t.Context(), caller, "l", "old", Query{}); err != nil || len(p.Rows) != 1 {
		t.Error("a bill of the oldest year that a list shows:", p, err)
	}
	if a, b := ReadBillParams(BillParams("x", "y")); a != "x" || b != "y" {
		t.Error(a, b)
	}
}

// TestSums: the parts of a bill are compared to the fen, and nothing that is not given is taken for zero where it decides.
func TestSums(t *testing.T) {
	t.Parallel()
	for want, bills := range map[Sums][]Settlement{
		SumsAgree: {{Total: fen(10), Fund: fen(5), Account: fen(3), Cash: fen(2)},
			{Total: fen(12), Fund: fen(5), Account: fen(3), Cash: fen(2), MutualAid: fen(1), Hospital: fen(1)},
			{Total: fen(-10), Fund: fen(-5), Account: fen(-3), Cash: fen(-2)}},
		SumsDiffer: {{Total: fen(11), Fund: fen(5), Account: fen(3), Cash: fen(2), MutualAid: fen(0), Hospital: fen(0)}},
		SumsUnknown: {{Total: fen(11), Fund: fen(5), Account: fen(3), Cash: fen(2)}, {Total: fen(10), Fund: fen(5), Account: fen(5)}, {},
			{Fund: fen(5), Account: fen(3), Cash: fen(2)}},
	} {
		for _, b := range bills {
			if got := b.Sums(); got != want {
				t.Errorf("%+v: %s, want %s", b, got, want)
			}
		}
	}
}

func TestReversalsArePaired(t *testing.T) {
	t.Parallel()
	bill := func(id string, hours int, total int64, place string) Settlement {
		return Settlement{ID: id, At: now.Add(time.Duration(hours) * time.Hour), Total: fen(total), Institution: Institution{Code: place}, State: SettlementValid}
	}
	bills := []Settlement{bill("back", 5, -10, "A"), bill("one", 1, 10, "A"), bill("two", 2, 10, "A"), bill("other", 3, 10, "B"), bill("later", 6, 10, "A"),
		bill("alone", 7, -99, "A")}
	pair(bills, Meta{})
	got := map[string]string{}
	for _, b := range bills {
		got[b.ID] = string(b.State) + " " + b.Pair
	}
	want := map[string]string{"back": "reversal two", "two": "reversed back", "one": "valid ", "other": "valid ", "later": "valid ", "alone": "reversal "}
	if !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
}

// TestUnusual: flags depend on the bills alone and not on their order; nothing is compared with fewer than six bills; what
// does not count is not flagged; every flag names bills of its day.
func TestUnusual(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bills := make([]Settlement, rapid.IntRange(0, 30).Draw(t, "bills"))
		byID := map[string]Settlement{}
		for i := range bills {
			bills[i] = Settlement{ID: strconv.Itoa(i), At: now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "hour")) * time.Hour),
				Total: fen(rapid.Int64Range(-5, 60).Draw(t, "yuan") * 10_00), Institution: Institution{Code: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "at")},
				Kind:  rapid.SampledFrom([]VisitKind{VisitOutpatient, VisitPharmacy}).Draw(t, "kind"),
				Where: rapid.SampledFrom([]Where{WhereLocal, WhereCountry, WhereUnknown}).Draw(t, "where"),
				State: rapid.SampledFrom([]SettlementState{SettlementValid, SettlementValid, SettlementReversed, SettlementVoid}).Draw(t, "state")}
			byID[bills[i].ID] = bills[i]
		}
		flags := Unusual(bills)
		shuffled := rapid.Permutation(bills).Draw(t, "order")
		if again := Unusual(shuffled); !reflect.DeepEqual(flags, again) {
			t.Fatalf("another order gives\n%v, not\n%v", again, flags)
		}
		for _, f := range flags {
			for _, id := range f.Settlements {
				if b := byID[id]; !b.Counts() || balance.DayOf(b.At) != f.Day {
					t.Fatalf("%+v flags %+v", f, b)
				}
			}
			last := byID[f.Settlements[len(f.Settlements)-1]]
			switch f.Kind {
			case FlagHigh:
				n := 0
				for _, b := range bills {
					if b.Counts() && b.Kind == last.Kind && settlementPlace(b).compare(settlementPlace(last)) < 0 {
						n++
					}
				}
				if n != f.Compared || n < 6 || f.Total < 3*f.Usual || f.Total < f.Usual+100_00 {
					t.Fatalf("%+v, and %d bills before", f, n)
				}
			case FlagRepeated:
				if first := byID[f.Settlements[0]]; first.Institution != last.Institution || *first.Total != *last.Total {
					t.Fatalf("%+v: %+v %+v", f, first, last)
				}
			}
		}
	})
	six := make([]Settlement, 0, 9)
	for i, yuan := range []int64{10, 20, 30, 40, 50, 60, 90, 130, 400} {
		six = append(six, Settlement{ID: strconv.Itoa(i), At: now.AddDate(0, 0, i), Total: fen(yuan * 100), State: SettlementValid})
	}
	// 130 is three times the usual 40, and not 100 more.
	want := []Flag{{Kind: FlagHigh, Day: balance.DayOf(now.AddDate(0, 0, 8)), Settlements: []string{"8"}, Total: 400_00, Usual: 40_00, Compared: 8}}
	if got := Unusual(six); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

// FuzzCursor: no text makes a page panic, and a cursor that a page gave is read back.
func FuzzCursor(f *testing.F) {
	f.Add("x", int64(0))
	f.Add(place{now, "a.b"}.cursor(), int64(5))
	f.Fuzz(func(t *testing.T, text string, nanos int64) {
		_, _ = readCursor(text)
		at := place{time.Unix(0, nanos), text}
		if back, err := readCursor(at.cursor()); err != nil || back.compare(at) != 0 {
			t.Errorf("%v: %v %v", at, back, err)
		}
	})
}

// TestMonthsThatWereNotPaid: between two paid months of an employee each is named, by the year for a resident; over the turn
// of a year as well. What is not certain is no gap: a state that is not known, and rows of which some could not be read.
func TestMonthsThatWereNotPaid(t *testing.T) {
	t.Parallel()
	month := func(insurance, from string, paid Paid, kind ContributionKind) Contribution {
		return Contribution{ID: insurance + from, InsuranceType: insurance, From: from, To: from, Paid: paid, Kind: kind}
	}
	year := func(y string) Contribution {
		return Contribution{ID: "r" + y, InsuranceType: "390", From: y + "-01", To: y + "-12", Paid: PaidYes, Kind: ContributionRegular}
	}
	u := &upstream{paid: []Contribution{
		month("310", "2025-10", PaidYes, ContributionRegular), month("310", "2026-01", PaidYes, ContributionRegular),
		month("310", "2026-02", PaidNo, ContributionRegular), month("310", "2026-03", PaidYes, ContributionRegular),
		month("310", "2026-04", PaidYes, ContributionRefund), month("310", "2026-05", PaidUnknown, ContributionRegular),
		month("310", "2026-06", PaidYes, ContributionBack), month("320", "2026-06", PaidYes, ContributionRegular),
		year("2023"), year("2025"), year("2026"),
	}}
	list := func(q Query) map[string][]string {
		p, err := service(u, 0, still).Contributions(t.Context(), caller, "l", q)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string][]string{}
		for _, c := range p.Rows {
			if c.Missing != nil {
				found[c.ID] = c.Missing
			}
		}
		return found
	}
	want := map[string][]string{"3102026-01": {"2025-11", "2025-12"}, "3102026-03": {"2026-02"}, "3102026-05": {"2026-04"}}
	if got := list(Query{}); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if got := list(Query{From: "2026-03-01", Limit: 1}); len(got) != 0 {
		t.Errorf("a page without the row: %v", got)
	}
	if got := list(Query{From: "2023-01-01", InsuranceType: "390"}); !reflect.DeepEqual(got, map[string][]string{"r2025": {"2024"}}) {
		t.Errorf("%v", got)
	}
	u.partial = true
	if got := list(Query{}); len(got) != 0 {
		t.Errorf("some rows could not be read: %v", got)
	}
}

// TestTheTurnOfTheYear: a claim handed in last year is listed by what happened this year, and a bill that takes back one of last
// year names it, though neither is asked for.
func TestTheTurnOfTheYear(t *testing.T) {
	t.Parallel()
	lastYear, thisYear := time.Date(2025, 12, 30, 9, 0, 0, 0, balance.Shanghai), time.Date(2026, 1, 2, 9, 0, 0, 0, balance.Shanghai)
	u := &upstream{
		claims: []Claim{{ID: "moved", Submitted: lastYear, Since: thisYear}, {ID: "over", Submitted: lastYear, Since: lastYear}},
		bills: []Settlement{{ID: "bill", At: lastYear, Total: fen(500), State: SettlementValid},
			{ID: "back", At: thisYear, Total: fen(-500), State: SettlementValid}},
	}
	claims, err := service(u, 0, still).Claims(t.Context(), caller, "l", Query{})
	if err != nil || len(claims.Rows) != 1 || claims.Rows[0].ID != "moved" {
		t.Errorf("%+v %v", claims, err)
	}
	bills, err := service(u, 0, still).Settlements(t.Context(), caller, "l", Query{})
	if err != nil || len(bills.Rows) != 1 || bills.Rows[0].Pair != "bill" {
		t.Errorf("%+v %v", bills, err)
	}
	u.asked, u.bills = nil, u.bills[:1]
	if _, err := service(u, 0, still).Settlements(t.Context(), caller, "l", Query{}); err != nil || !slices.Equal(u.asked, []string{"2026"}) {
		t.Errorf("no reversal, and asked for %v %v", u.asked, err)
	}
}

// TestAllRowsOnOnePage: whatever the limit says.
func TestAllRowsOnOnePage(t *testing.T) {
	t.Parallel()
	u := &upstream{}
	for i := range 250 {
		u.entries = append(u.entries, entry(strconv.Itoa(i), i))
	}
	p, err := service(u, 0, still).Ledger(t.Context(), caller, "l", Query{All: true, Limit: 3, Cursor: "x"})
	if err != nil || len(p.Rows) != 250 || p.Next != "" || p.Total.Rows != 250 {
		t.Errorf("%d rows, next %q, %v", len(p.Rows), p.Next, err)
	}
}
