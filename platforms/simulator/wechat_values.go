package simulator

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The forms of subscribe-message values. They are WeChat's own words turned into patterns; where those leave room, the narrower
// reading is taken.
var (
	numberForm = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
	amountForm = regexp.MustCompile(`^[¥￥$€£]?(\d+)(?:\.(\d+))?元?$`)
	clockForm  = `([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?`
	dayForm    = `\d{4}(-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|年\d{1,2}月\d{1,2}日)`
	timeForm   = regexp.MustCompile(`^(` + dayForm + ` ?)?` + clockForm + `(~(` + dayForm + ` ?)?` + clockForm + `)?$`)
	dateForm   = regexp.MustCompile(`^` + dayForm + `( ?` + clockForm + `)?(~` + dayForm + `( ?` + clockForm + `)?)?$`)
)

// fits says whether a value is within the limits of its key's type.
func fits(key, value string, enum []string) bool {
	if !utf8.ValidString(value) || hasControl(value) {
		return false
	}
	runes := utf8.RuneCountInString(value)
	switch kind := strings.TrimRight(key, "0123456789"); kind {
	case "thing":
		return runes <= 20
	case "number":
		return runes <= 32 && numberForm.MatchString(value)
	case "letter":
		return runes <= 32 && all(value, isLetter)
	case "symbol":
		return runes <= 5 && all(value, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) })
	case "character_string":
		return runes <= 32 && all(value, isASCII)
	case "time":
		return timeForm.MatchString(value)
	case "date":
		return dateForm.MatchString(value)
	case "amount":
		return amountFits(value)
	case "phone_number":
		return runes <= 17 && all(value, func(r rune) bool { return isASCII(r) && !isLetter(r) })
	case "car_number":
		return runes <= 8
	case "name":
		return nameFits(value, runes)
	case "phrase":
		return runes <= 5 && all(value, isHan)
	case "enum":
		return slices.Contains(enum, value)
	}
	return false
}

// amountFits: up to 10 digits, the decimals among them.
func amountFits(value string) bool {
	m := amountForm.FindStringSubmatch(value)
	return m != nil && len(m[1])+len(m[2]) <= 10
}

// nameFits: up to 10 characters when there is Chinese in it, else up to 20 letters and symbols.
func nameFits(value string, runes int) bool {
	for _, r := range value {
		switch {
		case isHan(r):
			return runes <= 10
		case unicode.IsDigit(r):
			return false
		}
	}
	return runes <= 20
}

func all(value string, good func(rune) bool) bool {
	return value != "" && strings.IndexFunc(value, func(r rune) bool { return !good(r) }) < 0
}

func hasControl(value string) bool { return strings.IndexFunc(value, unicode.IsControl) >= 0 }

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func isASCII(r rune) bool { return r >= ' ' && r <= '~' }

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }
