package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestNormaliseNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, in, want string }{
		{Resident, "11010519491231002X", "11010519491231002X"}, // the standard's own examples
		{Resident, "440524188001010014", "440524188001010014"},
		{Resident, "11010519491231002x", "11010519491231002X"},
		{Resident, " 110105 19491231 002X ", "11010519491231002X"},
		{Resident, "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"},
		{Resident, "１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"},
		{Resident, "110105491231002", "11010519491231002X"},    // old, 15 digits
		{Resident, "11010519491231002Ⅹ", "11010519491231002X"}, // U+2169
		{Resident, "11010519491231002ⅹ", "11010519491231002X"}, // U+2179
		{Resident, "11010519491231002×", "11010519491231002X"}, // U+00D7
		{Resident, "11010519491231002Х", "11010519491231002X"}, // Cyrillic
		{Resident, "11010519491231002х", "11010519491231002X"},
		{Resident, "11010519491231002Χ", "11010519491231002X"}, // Greek
		{Resident, "11010519491231002χ", "11010519491231002X"},
		{HKMacauTaiwan, "81000019940823003Ⅹ", "81000019940823003X"},
		{"90", "11010519491231002×", "11010519491231002X"},
		{"08", "Х1234567", "X1234567"},
		{HKMacauTaiwan, "810000199408230021", "810000199408230021"},
		{HKMacauTaiwan, "830000199201300022", "830000199201300022"},
		{PermanentResident, "abc123456789012", "ABC123456789012"},
		{"08", "e1234567", "E1234567"},
		{"04", "H 12345678", "H12345678"},
	} {
		if got, err := NormaliseNumber(c.kind, c.in); err != nil || got != c.want {
			t.Errorf("%s %q: got %q, %v; want %q", c.kind, c.in, got, err, c.want)
		}
	}
}

func TestNormaliseNumberRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, in string }{
		{Resident, ""}, {Resident, "110105194912310021"}, {Resident, "11010519491231002"},
		{Resident, "110105194913310023"}, {Resident, withCheck("11010519490230002")},
		{Resident, withCheck("11010518790101002")}, {Resident, withCheck("01010519491231002")},
		{Resident, "11010519491231002Y"}, {Resident, "X1010519491231002X"}, {Resident, "11010549123100X"},
		{Resident, "110105491331002"}, {Resident, strings.Repeat("1", 10_000)},
		{HKMacauTaiwan, "11010519491231002X"}, {HKMacauTaiwan, "810000199408230022"},
		{PermanentResident, "1BC123456789012"}, {PermanentResident, "911010519491231002"},
		{PermanentResident, withCheck("91184020151304001")},
		{"08", "E12"}, {"08", "E1234-567"}, {"08", strings.Repeat("E", 31)}, {"08", "护照1234"},
		{"00", "E1234567"}, {"18", "E1234567"}, {"50", "E1234567"}, {"92", "E1234567"}, {"98", "E1234567"},
		{"", "11010519491231002X"}, {"1", "11010519491231002X"}, {"0x", "E1234567"}, {"001", "E1234567"},
	} {
		if _, err := NormaliseNumber(c.kind, c.in); !errors.Is(err, ErrNumber) {
			t.Errorf("%s %q: got %v", c.kind, c.in, err)
		}
	}
}

func withCheck(body string) string { return body + string(checkChar(body)) }

func TestPermanentResidentNew(t *testing.T) {
	t.Parallel()
	number := withCheck("91100019800101001")
	if got, err := NormaliseNumber(PermanentResident, number); err != nil || got != number {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDocumentOf(t *testing.T) {
	t.Parallel()
	permanent := withCheck("91100019800101001")
	for _, c := range []struct{ typedKind, typed, kind, number string }{
		{Resident, "11010519491231002X", Resident, "11010519491231002X"},
		{Resident, "830000199201300022", HKMacauTaiwan, "830000199201300022"},
		{HKMacauTaiwan, "830000199201300022", HKMacauTaiwan, "830000199201300022"},
		{"08", "830000199201300022", HKMacauTaiwan, "830000199201300022"},
		{"90", "11010519491231002x", Resident, "11010519491231002X"},
		{Resident, "110105491231002", Resident, "11010519491231002X"},
		// No check character tells 15 digits from those of another document.
		{"02", "110105491231002", "02", "110105491231002"},
		{"90", "110105491231002", "90", "110105491231002"},
		{"99", "110105491231002", "99", "110105491231002"},
		{PermanentResident, permanent, PermanentResident, permanent},
		{"99", permanent, PermanentResident, permanent},
		{"08", "e1234567", "08", "E1234567"},
		{"99", "110105194912310021", "99", "110105194912310021"}, // its check character is wrong: another document's
		{"90", withCheck("91100019801301001"), "90", withCheck("91100019801301001")},
	} {
		kind, number, err := Of(c.typedKind, c.typed)
		if err != nil || kind != c.kind || number != c.number {
			t.Errorf("%s %s: got %s %s, %v", c.kind, c.typed, kind, number, err)
		}
	}
}

// TestOneKeyToANumber enters one resident number as every kind: it is refused or always the same document.
func TestOneKeyToANumber(t *testing.T) {
	t.Parallel()
	taken := 0
	for n := range 100 {
		kind, number, err := Of(fmt.Sprintf("%02d", n), "11010519491231002X")
		if err == nil && (kind != Resident || number != "11010519491231002X") {
			t.Errorf("%02d: got %s %s", n, kind, number)
		}
		if err == nil {
			taken++
		}
	}
	if taken != len(kinds)-2 { // 07 and 17 have forms of their own
		t.Errorf("%d kinds were taken", taken)
	}
}

func TestBirthDate(t *testing.T) {
	t.Parallel()
	birth, ok := BirthDate(Resident, "11010519491231002X")
	if want := time.Date(1949, 12, 31, 0, 0, 0, 0, civil); !ok || !birth.Equal(want) {
		t.Errorf("got %v, %v", birth, ok)
	}
	if _, ok := BirthDate("08", "11010519491231002X"); ok {
		t.Error("a passport told a birth date")
	}
	if _, ok := BirthDate(Resident, "short"); ok {
		t.Error("a short number told a birth date")
	}
}

// TestBirthDateOfPermanentResidents: the present card tells it at 7 to 14, the one before it at 8 to 13, in two digits.
func TestBirthDateOfPermanentResidents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, number, want string }{
		{PermanentResident, withCheck("91184020150704001"), "2015-07-04"},
		{PermanentResident, withCheck("91184019800101001"), "1980-01-01"},
		{PermanentResident, "USA310015070412", "2015-07-04"},
		{PermanentResident, "USA310023123112", "2023-12-31"},
		{PermanentResident, "USA310024010112", "1924-01-01"},
		{PermanentResident, "USA310080010112", "1980-01-01"},
		{"90", "USA310015070412", "2015-07-04"}, // the same number on another document
		{PermanentResident, "USA310015130412", ""},
		{PermanentResident, "ABC123456789012", ""},
		{PermanentResident, "US3100150704123", ""},
		{"08", "E12345678", ""},
	} {
		birth, ok := BirthDate(c.kind, c.number)
		if ok != (c.want != "") || ok && birth.Format(time.DateOnly) != c.want {
			t.Errorf("%s %s: got %v, %v", c.kind, c.number, birth, ok)
		}
	}
}

// TestIsUnder: the birthday itself is still under, and the day after it ends it. The 29th of February of a year without one
// is the 28th.
func TestIsUnder(t *testing.T) {
	t.Parallel()
	day := func(year, month, day int) time.Time {
		return time.Date(year, time.Month(month), day, 0, 0, 0, 0, civil)
	}
	leap, common := day(2012, 2, 29), day(2012, 6, 1)
	for _, c := range []struct {
		birth, now time.Time
		want       bool
	}{
		{leap, time.Date(2026, 2, 28, 23, 59, 59, 0, civil), true},
		{leap, day(2026, 3, 1), false},
		{leap, time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC), false}, // already March 1st in China
		{common, day(2026, 6, 1), true},
		{common, time.Date(2026, 6, 1, 23, 59, 59, 0, civil), true},
		{common, day(2026, 6, 2), false},
		{common, time.Date(2026, 6, 1, 16, 0, 0, 0, time.UTC), false},
		{day(2014, 2, 28), day(2028, 2, 28), true},
		{day(2014, 2, 28), day(2028, 2, 29), false},
		{day(2011, 12, 31), day(2025, 12, 31), true},
		{day(2011, 12, 31), day(2026, 1, 1), false},
	} {
		if got := Under(14, c.birth, c.now); got != c.want {
			t.Errorf("born %v, at %v: got %v", c.birth, c.now, got)
		}
	}
}

// TestSameNumber compares what was typed with what a register tells.
func TestSameNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, a, b string
		want       bool
	}{
		{Resident, "11010519491231002X", "11010519491231002x", true},
		{Resident, "11010519491231002X", "１１０１０５１９４９１２３１００２Ⅹ", true},
		{Resident, "11010519491231002X", "11010519491231002× ", true},
		{Resident, "11010519491231002X", "11010519491231002\u0425", true},
		{Resident, "11010519491231002X", "\u202D11010519491231002\u03C7\u202C", true},
		{Resident, "11010519491231002X", "110105491231002", true},
		{"08", "11010519491231002X", "110105491231002", false},
		{Resident, "11010519491231002X", "110105491231001", false},
		{Resident, "11010519491231002X", "11010519491231****", false},
		{Resident, "", "", false},
		{"08", " ", "　", false},
	} {
		if SameNumber(c.kind, c.a, c.b) != c.want || SameNumber(c.kind, c.b, c.a) != c.want {
			t.Errorf("%s %q %q: got %v", c.kind, c.a, c.b, !c.want)
		}
	}
	if got := upgrade15("110105491231002"); got != "11010519491231002X" { // the example of GB 11643, as it was before
		t.Errorf("became %s", got)
	}
	if upgrade15("A10105491231002") != "A10105491231002" || upgrade15("1") != "1" {
		t.Error("upgraded what is no old number")
	}
}

func FuzzNormaliseNumber(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "110105491231002", "１１０", "ABC123456789012", "\xff"} {
		f.Add("01", s)
		f.Add("07", s)
		f.Add("08", s)
	}
	f.Add("07", "USA310015070412")
	for _, s := range []string{"11010519491231002×", "11010519491231002\u2169"} {
		f.Add("01", s)
	}
	f.Fuzz(func(t *testing.T, kind, s string) {
		number, err := NormaliseNumber(kind, s)
		if err != nil {
			return
		}
		if again, err := NormaliseNumber(kind, number); err != nil || again != number {
			t.Fatalf("not settled: %q became %q, %v", number, again, err)
		}
		if !validOther(number) {
			t.Fatalf("%q holds more than letters and digits", number)
		}
		told := kind == Resident || kind == HKMacauTaiwan || kind == PermanentResident && len(number) == 18
		if _, ok := BirthDate(kind, number); ok != told && !permanent15.MatchString(number) {
			t.Fatal("birth date and kind disagree")
		}
		if !SameNumber(kind, s, number) {
			t.Fatalf("%q and what it became, %q, are two numbers", s, number)
		}
	})
}
