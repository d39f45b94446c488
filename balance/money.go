package balance

import (
	"regexp"
	"strconv"
	"strings"
)

// Fen is an amount of money in fen, a hundredth of a yuan.
type Fen int64

// maxYuanDigits keeps every amount far inside int64.
const maxYuanDigits = 13

// ParseYuan reads an amount in yuan ("120.5", "-3", "1e2") as fen, exactly. It is the one reader of amounts, so it takes the
// spellings of many systems: blanks around the amount, full-width digits, signs and points, no digit on one side of the
// point (".56", "5."), commas between thousands where every group is right. Decimals after the second must be zeros. An
// exponent is accepted if the result is a whole number of fen. Empty text, blanks inside, signs other than one leading "-"
// or "+", other digits, and more than 13 digits before the point (leading zeros not counted) are ErrMoney.
func ParseYuan(text string) (Fen, error) {
	mantissa, exponent, err := splitExponent(strings.Map(halfWidth, strings.TrimSpace(text)))
	if err != nil {
		return 0, err
	}
	mantissa, negative := cutSign(mantissa)
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if thousands.MatchString(whole) {
		whole = strings.ReplaceAll(whole, ",", "")
	}
	if !digits(whole) || !digits(fraction) || whole+fraction == "" {
		return 0, ErrMoney
	}
	fen, err := shift(whole+fraction, exponent+2-len(fraction))
	if err != nil {
		return 0, err
	}
	if negative {
		fen = -fen
	}
	return fen, nil
}

// thousands are digits in groups of three.
var thousands = regexp.MustCompile(`^[1-9][0-9]{0,2}(,[0-9]{3})+$`)

// halfWidth maps the full-width forms of what an amount is written with to ASCII.
func halfWidth(r rune) rune {
	if r >= '０' && r <= '９' || r == '．' || r == '，' || r == '－' || r == '＋' {
		return r - '！' + '!'
	}
	return r
}

// cutSign removes one leading sign. A second one stays and fails as a digit.
func cutSign(text string) (rest string, negative bool) {
	if rest, negative = strings.CutPrefix(text, "-"); negative {
		return rest, true
	}
	return strings.TrimPrefix(text, "+"), false
}

// splitExponent cuts "1.2e3" into "1.2" and 3.
func splitExponent(text string) (string, int, error) {
	at := strings.IndexAny(text, "eE")
	if at < 0 {
		return text, 0, nil
	}
	exponent, err := strconv.Atoi(text[at+1:])
	if err != nil || exponent < -20 || exponent > 20 {
		return "", 0, ErrMoney
	}
	return text[:at], exponent, nil
}

// shift returns digits × 10^by as fen. A negative by may remove zeros only.
func shift(all string, by int) (Fen, error) {
	if by < 0 {
		cut := max(len(all)+by, 0)
		if strings.Trim(all[cut:], "0") != "" {
			return 0, ErrMoney
		}
		all, by = all[:cut], 0
	}
	all = strings.TrimLeft(all, "0")
	if all == "" {
		return 0, nil
	}
	if len(all)+by > maxYuanDigits+2 {
		return 0, ErrMoney
	}
	n, err := strconv.ParseInt(all+strings.Repeat("0", by), 10, 64)
	if err != nil {
		return 0, ErrMoney
	}
	return Fen(n), nil
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// String is the plain amount in yuan with two decimals: "-1234.50".
func (f Fen) String() string {
	sign, n := "", uint64(f)
	if f < 0 {
		sign, n = "-", -n
	}
	cents := strconv.FormatUint(n%100, 10)
	if len(cents) == 1 {
		cents = "0" + cents
	}
	return sign + strconv.FormatUint(n/100, 10) + "." + cents
}

// Display is the amount for people: "¥1,234.50", "-¥3.00".
func (f Fen) Display() string {
	text := f.String()
	sign := ""
	if f < 0 {
		sign, text = "-", text[1:]
	}
	whole, cents, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + "¥" + whole + "." + cents
}

// Yuan is the amount as a number of yuan; for chart series only.
func (f Fen) Yuan() float64 { return float64(f) / 100 }
