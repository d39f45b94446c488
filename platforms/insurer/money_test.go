package insurer

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"yibao/balance"
)

// TestFigures defines every way in which an amount may come.
func TestFigures(t *testing.T) {
	t.Parallel()
	unknown, bad := figure{}, figure{bad: true}
	is := func(fen balance.Fen) figure { return figure{fen: fen, known: true} }
	for raw, want := range map[string]figure{
		``: unknown, `null`: unknown, `""`: unknown, `"  "`: unknown, `"\u3000"`: unknown, `"\u0000"`: bad, // missing, null, empty, blank: not known
		`"12.30"`: is(1230), `12.30`: is(1230), `"12.3"`: is(1230), `12`: is(1200), `" 12.30 "`: is(1230),
		`"0"`: is(0), `0`: is(0), `0.00`: is(0), `"-0.00"`: is(0),
		`"12.3000"`: is(1230), `12.340000`: is(1234), // zeros behind are accepted
		`"12.345"`: bad, `12.001`: bad, `12.340000000000001`: bad, // other digits are refused
		`"-3.5"`: is(-350), `-3.5`: is(-350), // a negative account is shown as it is
		`"1e2"`: is(10000), `1E+2`: is(10000), `1e-2`: is(1), `1e-3`: bad, `1e400`: bad, `"1e99999999999"`: bad,
		`".56"`: is(56), `"-.56"`: is(-56), `"5."`: is(500), `"\t.5\u3000"`: is(50), `"１２．５"`: is(1250), `"1,234.50"`: is(123450),
		`"12,34.50"`: bad, `"￥12"`: bad, `"12元"`: bad, `"NaN"`: bad, `"."`: bad, `".561"`: bad, `"--5"`: bad, `"null"`: bad,
		`true`: bad, `{}`: bad, `[]`: bad, `[1]`: bad, `"\ud800"`: bad,
		`9999999999999.99`: is(999999999999999), `99999999999999`: bad,
	} {
		if got := readFigure(json.RawMessage(raw), NumbersEither); got != want {
			t.Errorf("%s is %+v", raw, got)
		}
	}
	for raw, want := range map[string][2]figure{ // in the modes text and number
		`"12.30"`: {is(1230), bad}, `12.30`: {bad, is(1230)}, `""`: {unknown, unknown}, `null`: {unknown, unknown}, ``: {unknown, unknown},
	} {
		for i, mode := range []Numbers{NumbersText, NumbersNumber} {
			if got := readFigure(json.RawMessage(raw), mode); got != want[i] {
				t.Errorf("%s in mode %s is %+v", raw, mode, got)
			}
		}
	}
}

func TestFiguresAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fen := rapid.Int64Range(-999999999999999, 999999999999999).Draw(t, "fen")
		text := balance.Fen(fen).String() + rapid.StringMatching(`0{0,6}`).Draw(t, "zeros")
		for _, raw := range []string{text, strconv.Quote(text)} {
			if f := readFigure(json.RawMessage(raw), NumbersEither); !f.known || int64(f.fen) != fen {
				t.Fatalf("%s became %+v", raw, f)
			}
		}
		digit := rapid.StringMatching(`[0-9]{0,3}[1-9]`).Draw(t, "digits")
		if f := readFigure(json.RawMessage(balance.Fen(fen).String()+digit), NumbersEither); f.known || !f.bad {
			t.Fatalf("%s%s became %+v", balance.Fen(fen), digit, f)
		}
	})
}

func TestAccount(t *testing.T) {
	t.Parallel()
	none, bad, zero, money, debt := figure{}, figure{bad: true}, figure{known: true}, figure{fen: 5, known: true}, figure{fen: -5, known: true}
	for _, c := range []struct {
		rule   balance.Existence
		figure figure
		want   string
		whole  bool
	}{
		{balance.AccountYes, money, "yes 0.05", true},
		{balance.AccountYes, debt, "yes -0.05", true},
		{balance.AccountYes, zero, "yes 0.00", true},
		{balance.AccountYes, none, "yes", false},
		{balance.AccountYes, bad, "yes", false},
		{balance.AccountNo, none, "no", true},
		{balance.AccountNo, zero, "no", true},
		{balance.AccountNo, money, "unknown", false},
		{balance.AccountNo, bad, "unknown", false},
		{balance.AccountUnknown, none, "unknown", false},
		{balance.AccountUnknown, zero, "unknown", false},
		{balance.AccountUnknown, bad, "unknown", false},
		{balance.AccountUnknown, money, "yes 0.05", true},
		{balance.AccountUnknown, debt, "yes -0.05", true},
	} {
		got, whole := account(c.rule, c.figure)
		text := string(got.Exists)
		if got.Balance != nil {
			text += " " + got.Balance.String()
		}
		if text != c.want || whole != c.whole {
			t.Errorf("%s with %+v: %s, %v", c.rule, c.figure, text, whole)
		}
	}
}

// TestNothingIsSummed draws rows and checks that every figure told is one that a row gave, for that row.
func TestNothingIsSummed(t *testing.T) {
	t.Parallel()
	p := profile("http://a.invalid")
	rapid.Check(t, func(t *rapid.T) {
		given := map[string]bool{}
		var list []fields
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			kind := rapid.SampledFrom([]string{"310", "390", "320"}).Draw(t, "type")
			status := rapid.SampledFrom([]string{"1", "2", "4"}).Draw(t, "status")
			fen := balance.Fen(rapid.Int64Range(0, 3).Draw(t, "fen"))
			given[kind+status+fen.String()] = true
			row, _ := object(fmt.Appendf(nil, `{"insutype":%q,"psn_insu_stas":%s,"psn_type":"1101","balc":%s}`, kind, status, fen))
			list = append(list, row)
		}
		result, complete, _ := p.enrolments(list)
		seen := map[string]bool{}
		for i, e := range result {
			key := e.InsuranceType + e.StatusCode
			if seen[key] {
				t.Fatalf("%s twice", key)
			}
			seen[key] = true
			if e.Account.Balance == nil {
				if complete && e.Account.Exists != balance.AccountNo {
					t.Fatal("complete without a figure")
				}
				continue
			}
			if !given[key+e.Account.Balance.String()] {
				t.Fatalf("%s of %s was never given", e.Account.Balance, key)
			}
			if i > 0 && byImportance(result[i-1], e) > 0 {
				t.Fatal("out of order")
			}
		}
	})
}
