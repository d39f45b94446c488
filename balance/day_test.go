package balance

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDayOfIsShanghai(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Day{
		"2026-11-20T15:59:59Z": "2026-11-20",
		"2026-11-20T16:00:00Z": "2026-11-21",
		"2026-12-31T16:00:00Z": "2027-01-01",
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := DayOf(at); got != want {
			t.Errorf("DayOf(%s) = %s, want %s", text, got, want)
		}
	}
	if got := Day("2026-11-21").Start().UTC().Format(time.RFC3339); got != "2026-11-20T16:00:00Z" {
		t.Errorf("Start is %s", got)
	}
	if !Day("nonsense").Start().IsZero() {
		t.Error("a day that is none has a start")
	}
}

func TestParseDay(t *testing.T) {
	t.Parallel()
	if d, err := ParseDay("2024-02-29"); err != nil || d != "2024-02-29" {
		t.Error(d, err)
	}
	for _, text := range []string{"", "2026-02-29", "2026-13-01", "2026-1-1", "20261121", "2026-11-21T00:00:00Z", "２０２６-11-21", "2026-11-31"} {
		if _, err := ParseDay(text); err != ErrRange {
			t.Errorf("ParseDay(%q): %v", text, err)
		}
	}
}

func TestDayArithmetic(t *testing.T) {
	t.Parallel()
	for d, want := range map[Day][3]Day{ // next day, Monday, end of month
		"2026-11-21": {"2026-11-22", "2026-11-16", "2026-11-30"},
		"2026-11-22": {"2026-11-23", "2026-11-16", "2026-11-30"}, // a Sunday
		"2026-11-23": {"2026-11-24", "2026-11-23", "2026-11-30"}, // a Monday
		"2026-12-31": {"2027-01-01", "2026-12-28", "2026-12-31"},
		"2024-02-28": {"2024-02-29", "2024-02-26", "2024-02-29"},
		"2026-01-31": {"2026-02-01", "2026-01-26", "2026-01-31"},
		"1940-06-01": {"1940-06-02", "1940-05-27", "1940-06-30"}, // Shanghai's clocks skipped a midnight about then
	} {
		if got := [3]Day{d.Add(1), d.monday(), d.MonthEnd()}; got != want {
			t.Errorf("%s: %v, want %v", d, got, want)
		}
	}
}

func TestDayAddAndUntilAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := Day("1930-01-01").Add(rapid.IntRange(0, 60_000).Draw(t, "day"))
		n := rapid.IntRange(0, 5_000).Draw(t, "n")
		if got := day.until(day.Add(n)); got != n {
			t.Fatalf("%s + %d is %d days later", day, n, got)
		}
		if day.Add(n).Add(-n) != day {
			t.Fatalf("%s + %d - %d", day, n, n)
		}
	})
}

func FuzzParseDay(f *testing.F) {
	for _, text := range []string{"2026-11-21", "2024-02-29", "", "0000-00-00", "9999-12-31"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDay(text)
		if err != nil {
			return
		}
		if string(d) != text || d.date().Format(dayLayout) != text {
			t.Fatalf("ParseDay(%q) = %q", text, d)
		}
	})
}
