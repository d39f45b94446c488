package books

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
)

func plans(t *rapid.T) Plan {
	p := Plan{
		Seed: rapid.StringN(1, 8, 8).Draw(t, "seed"), Region: "990100", Kind: rapid.SampledFrom([]Kind{Employee, Retiree, Resident}).Draw(t, "kind"),
		Opening: balance.Fen(rapid.Int64Range(0, 1_000_000).Draw(t, "opening")), Credit: balance.Fen(rapid.Int64Range(0, 50_000).Draw(t, "credit")),
		CreditOn: rapid.IntRange(1, 28).Draw(t, "day"),
	}
	p.Account = p.Kind != Resident
	return p
}

func moments(t *rapid.T, label string) time.Time {
	return Begin.Add(time.Duration(rapid.Int64Range(0, 800*24*60).Draw(t, label)) * time.Minute)
}

func orders(t *rapid.T) []Event {
	events := make([]Event, rapid.IntRange(0, 6).Draw(t, "events"))
	for i := range events {
		events[i] = Event{At: moments(t, "at"), Do: rapid.SampledFrom([]Do{Spend, Spend, Credit, Set, Reverse}).Draw(t, "do"),
			Fen: balance.Fen(rapid.Int64Range(1, 100_000).Draw(t, "fen")), Late: rapid.IntRange(0, 9).Draw(t, "late"),
			Abroad: rapid.Bool().Draw(t, "abroad")}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	return events
}

// TestBooksAgree: at any time, whatever was ordered, the parts of each bill make its total, the account is never overdrawn,
// each spending belongs to a bill that has the same sum, each credit of an employee to a contribution, and a bill is taken
// back once at most, by a bill that is its opposite.
func TestBooksAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := Keep(plans(t), orders(t), moments(t, "until"))
		bills, back := map[string]Settlement{}, map[string]bool{}
		for _, s := range b.Settlements {
			if sum := s.Fund + s.Account + s.MutualAid + s.Cash + s.Hospital; sum != s.Total || s.Deductible > max(s.InScope, 0) {
				t.Fatalf("the parts make %d: %+v", sum, s)
			}
			var items balance.Fen
			for _, line := range s.Lines {
				if items += line.Sum; line.Sum < 0 {
					t.Fatalf("an item below zero: %+v", s)
				}
			}
			if s.Reverses == "" && items != s.Total {
				t.Fatalf("the items make %d: %+v", items, s)
			}
			if first := bills[s.Reverses]; s.Reverses != "" && (!first.Reversed || back[s.Reverses] || first.Total != -s.Total || first.Account != -s.Account || first.At.After(s.At)) {
				t.Fatalf("%+v is taken back by %+v", first, s)
			}
			back[s.Reverses], bills[s.ID] = true, s
		}
		var held, credits balance.Fen
		spent := map[string]balance.Fen{}
		for i, e := range b.Ledger {
			if held += e.Fen; held < 0 {
				t.Fatalf("overdrawn by %+v", e)
			}
			if i > 0 && e.At.Before(b.Ledger[i-1].At) {
				t.Fatalf("out of order: %+v", e)
			}
			if e.Type == TypeSpent {
				spent[e.Bill] -= e.Fen
			}
			if e.Type == TypeCredit {
				credits += e.Fen
			}
		}
		if held != b.Balance() {
			t.Fatal("sum")
		}
		for id, fen := range spent {
			if bills[id].Account != fen {
				t.Fatalf("bill %s: the account paid %d, the bill says %d", id, fen, bills[id].Account)
			}
		}
		var paidIn balance.Fen
		for _, c := range b.Contributions {
			paidIn += c.IntoAccount
		}
		if len(b.Contributions) > 0 && paidIn != credits {
			t.Fatalf("credits %d, paid in %d", credits, paidIn)
		}
	})
}

// TestThePastStays: what was in the books at a time is in them at any later time, as it was, but for what happens to it.
func TestThePastStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, events := plans(t), orders(t)
		one, two := moments(t, "one"), moments(t, "two")
		if two.Before(one) {
			one, two = two, one
		}
		before, after := Keep(p, events, one), Keep(p, events, two)
		plain := func(b *Books) string {
			var out strings.Builder
			for _, e := range b.Ledger {
				e.Reversed = false
				fmt.Fprintln(&out, e)
			}
			for _, s := range b.Settlements {
				s.Reversed = false
				fmt.Fprintln(&out, s)
			}
			return out.String()
		}
		after.Ledger = after.Ledger[:len(before.Ledger)]
		after.Settlements = after.Settlements[:len(before.Settlements)]
		if plain(before) != plain(after) || !slices.Equal(before.Contributions, after.Contributions[:len(before.Contributions)]) {
			t.Fatalf("at %v:\n%s\nat %v:\n%s", one, plain(before), two, plain(after))
		}
		for i, c := range before.Claims {
			if !reflect.DeepEqual(c.Steps, after.Claims[i].Steps[:len(c.Steps)]) {
				t.Fatal("a claim's past changed")
			}
		}
	})
}

// TestBooksHaveEverything: among a hundred people there is each of what lists and charts must show.
func TestBooksHaveEverything(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 100 {
		p := Plan{Seed: fmt.Sprint("person", n), Region: "990100", Kind: Employee, Account: true, Opening: 80000, Credit: 23000, CreditOn: 20}
		if n%4 == 3 {
			p.Kind, p.Account = Resident, false
		}
		b := Keep(p, nil, Begin.AddDate(1, 11, 0))
		for _, e := range b.Ledger {
			seen["ledger "+e.Type] = true
		}
		for _, s := range b.Settlements {
			seen["visit "+s.MedType] = true
			seen["loc "+s.PayLoc] = true
			seen["reversed"] = seen["reversed"] || s.Reversed
			seen["mutual aid"] = seen["mutual aid"] || s.MutualAid > 0
			seen["hospital's share"] = seen["hospital's share"] || s.Hospital > 0
		}
		for _, c := range b.Claims {
			seen["claim "+c.Steps[len(c.Steps)-1].Code] = true
		}
		seen["gap"] = seen["gap"] || p.Kind == Employee && len(b.Contributions) < 23
	}
	for _, want := range []string{"ledger 101", "ledger 102", "ledger 113", "ledger 201", "ledger 206", "visit 11", "visit 21", "visit 41", "loc 2", "loc 4",
		"reversed", "mutual aid", "hospital's share", "claim 8", "claim 7", "gap"} {
		if !seen[want] {
			t.Error("nobody has", want)
		}
	}
}

// TestOrders: what is ordered happens, and what the account cannot pay is paid in cash.
func TestOrders(t *testing.T) {
	t.Parallel()
	p := Plan{Seed: "s", Region: "990100", Kind: Employee, Account: true, Opening: 100_00, Still: true}
	at := Begin.AddDate(0, 6, 0)
	spend := Event{At: at, Do: Spend, Fen: 300_00, Late: 3, Abroad: true}
	b := Keep(p, []Event{spend}, at)
	if s := b.Settlements[0]; b.Balance() != 0 || s.Account != 100_00 || s.Cash != 200_00 || s.PayLoc != "4" || !s.Seen.Equal(at.AddDate(0, 0, 3)) {
		t.Errorf("%+v", s)
	}
	b = Keep(p, []Event{spend, {At: at.Add(time.Hour), Do: Reverse, Bill: b.Settlements[0].ID}, {At: at.Add(2 * time.Hour), Do: Credit, Fen: 5}, {At: at.Add(3 * time.Hour), Do: Set, Fen: 42}}, at.Add(2*time.Hour))
	if b.Balance() != 100_05 || len(b.Settlements) != 2 || !b.Settlements[0].Reversed {
		t.Errorf("%d %+v", b.Balance(), b.Settlements)
	}
	Keep(p, nil, time.Unix(1<<40, 0)) // an absurd clock ends all the same
}

func BenchmarkKeep(b *testing.B) {
	p := Plan{Seed: "s", Region: "990100", Kind: Employee, Account: true, Opening: 80000, Credit: 23000, CreditOn: 20}
	for b.Loop() {
		Keep(p, nil, Begin.AddDate(2, 0, 0))
	}
}
