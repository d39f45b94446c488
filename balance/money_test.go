package balance

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseYuan(t *testing.T) {
	t.Parallel()
	good := map[string]Fen{
		"0": 0, "0.0": 0, "0.00": 0, "-0": 0, "+0": 0, "0e9": 0, "0000": 0,
		"1": 100, "120.5": 12050, "120.50": 12050, "120.500": 12050, "120.5000000000": 12050,
		"-3": -300, "-0.01": -1, "+7.25": 725, "007": 700,
		"1e2": 10000, "1E2": 10000, "1e+2": 10000, "1.5e1": 1500, "5e-2": 5, "50e-3": 5, "12345e-2": 12345, "1.20e0": 120,
		"9999999999999.99": 999999999999999, "-9999999999999.99": -999999999999999,
		"00000000000000000001.00": 100,
		".56":                     56, "-.56": -56, "+.5": 50, "5.": 500, "-5.": -500, "0.": 0, ".0": 0, ".5e1": 500, // digits on one side
		" 1": 100, "1 ": 100, "\t1.5\r\n": 150, "　12.30　": 1230, "\u00a012\u00a0": 1200, // blanks around
		"５": 500, "１２．５": 1250, "－３．０１": -301, "＋１": 100, "．５６": 56, "1２": 1200, // full width
		"1,234.50": 123450, "1,234": 123400, "-12,345,678.9": -1234567890, "１，２３４．５０": 123450, "9,999,999,999,999.99": 999999999999999,
	}
	for text, want := range good {
		if got, err := ParseYuan(text); err != nil || got != want {
			t.Errorf("ParseYuan(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	bad := []string{
		"", " ", "　", "-", "+", ".", "-.", "+.", "..5", ".5.", "- .5", "1 2", ".005", "-.561", "-+5", "+-5", "--5", "++5", "- 5",
		"0.001", "1.005", "120.505", "5e-3", "1e-20", "1e", "e5", "1e1e1", "1e1.5", "1e+-2", "1e99", "1e-99", "1e999999999999999999999",
		"10000000000000", "1e13", "99999999999999999999", "-99999999999999999999", "9223372036854775807",
		"null", "NaN", "Inf", "-Inf", "0x10", "1_000", "¥5", "5元", "٣", "१", "①", "1。5",
		"1,23", "12,34.50", "1,2345", ",123", "1,,234", "0,123", "01,234", "1234,567", "1,234,", "1.234,50", "1,234e0x", "0,56", "10,000,000,000,000", "1.2.3", "true", `"5"`, "1\x00",
	}
	for _, text := range bad {
		if got, err := ParseYuan(text); err != ErrMoney || got != 0 {
			t.Errorf("ParseYuan(%q) = %d, %v; want ErrMoney", text, got, err)
		}
	}
}

func TestFenString(t *testing.T) {
	t.Parallel()
	for fen, want := range map[Fen][2]string{
		0: {"0.00", "¥0.00"}, 1: {"0.01", "¥0.01"}, -1: {"-0.01", "-¥0.01"}, 10: {"0.10", "¥0.10"}, 99: {"0.99", "¥0.99"},
		100: {"1.00", "¥1.00"}, -300: {"-3.00", "-¥3.00"}, 99999: {"999.99", "¥999.99"}, 123450: {"1234.50", "¥1,234.50"},
		-123456789: {"-1234567.89", "-¥1,234,567.89"}, 100000: {"1000.00", "¥1,000.00"},
		math.MaxInt64: {"92233720368547758.07", "¥92,233,720,368,547,758.07"},
		math.MinInt64: {"-92233720368547758.08", "-¥92,233,720,368,547,758.08"},
	} {
		if got := fen.String(); got != want[0] {
			t.Errorf("Fen(%d).String() = %q, want %q", int64(fen), got, want[0])
		}
		if got := fen.Display(); got != want[1] {
			t.Errorf("Fen(%d).Display() = %q, want %q", int64(fen), got, want[1])
		}
	}
}

func fen(n int64) *Fen {
	f := Fen(n)
	return &f
}

// drawFen draws amounts that ParseYuan can yield.
func drawFen(t *rapid.T) Fen {
	return Fen(rapid.Int64Range(-999999999999999, 999999999999999).Draw(t, "fen"))
}

func TestFenRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fen := drawFen(t)
		zeros := strings.Repeat("0", rapid.IntRange(0, 20).Draw(t, "zeros"))
		for _, text := range []string{fen.String(), fen.String() + zeros, strconv.FormatInt(int64(fen), 10) + "e-2"} {
			if got, err := ParseYuan(text); err != nil || got != fen {
				t.Fatalf("ParseYuan(%q) = %d, %v", text, got, err)
			}
		}
		if _, err := ParseYuan(fen.String() + zeros + "1"); err != ErrMoney {
			t.Fatalf("a third decimal was let through: %v", err)
		}
		plain := strings.NewReplacer("¥", "", ",", "").Replace(fen.Display())
		if plain != fen.String() {
			t.Fatalf("Display %q is not String %q", fen.Display(), fen.String())
		}
	})
}

func TestYuanNumbersHaveAtMostTwoDecimals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fen := drawFen(t)
		text, err := json.Marshal(fen.Yuan())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseYuan(string(text)); err != nil || got != fen {
			t.Fatalf("%d fen became the number %s", int64(fen), text)
		}
	})
}

func FuzzParseYuan(f *testing.F) {
	for _, text := range []string{"", "0", "120.5", "-3", "1e2", "5e-3", ".5", "-+5", "9999999999999.99", "1e-20", "０", "1,234.50", "5.", " －．５６　"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fen, err := ParseYuan(text)
		if err != nil {
			if err != ErrMoney || fen != 0 {
				t.Fatalf("ParseYuan(%q) = %d, %v", text, fen, err)
			}
			return
		}
		if again, err := ParseYuan(fen.String()); err != nil || again != fen {
			t.Fatalf("ParseYuan(%q) = %s, which reads as %d, %v", text, fen, again, err)
		}
		plain := strings.NewReplacer("，", "", ",", "", "．", ".", "－", "-", "＋", "+").Replace(strings.TrimSpace(text))
		for n, digit := range []rune("０１２３４５６７８９") {
			plain = strings.ReplaceAll(plain, string(digit), strconv.Itoa(n))
		}
		number, err := strconv.ParseFloat(plain, 64)
		if err != nil || math.Abs(number-fen.Yuan()) > 1e-2 {
			t.Fatalf("ParseYuan(%q) = %s, but the number is %v, %v", text, fen, number, err)
		}
	})
}
