package document

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// The kinds of identity document (psn_cert_type of the national code table) that have a form of their own. Numbers of the
// other kinds are letters and digits.
const (
	Resident          = "01" // resident identity card, GB 11643
	PermanentResident = "07" // foreigner's permanent residence card
	HKMacauTaiwan     = "17" // residence permit for Hong Kong, Macau and Taiwan residents
)

// kinds lists the national code table.
var kinds = strings.Fields("01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 90 91 99")

const (
	maxIDBytes    = 120 // of the typed text
	minOtherRunes = 4   // of a passport and the like
	maxOtherRunes = 30
	oldestBirth   = 1880
)

// civil is the zone of birth dates: China has one, without summer time today.
var civil = time.FixedZone("CST", 8*60*60)

// NormaliseNumber brings a typed ID number into the one form that is hashed and sent upstream: plain digits, capital
// letters, no spaces. Resident numbers are checked (birth date and ISO 7064 check character, GB 11643); a 15-digit
// resident number of the old kind becomes its 18-digit successor. Area codes are not looked up: a person keeps the code
// that was valid at issue. Returns ErrNumber.
func NormaliseNumber(kind, s string) (string, error) {
	if len(s) > maxIDBytes || !IsKind(kind) {
		return "", ErrNumber
	}
	number := Plain(s)
	valid := false
	switch kind {
	case Resident:
		number = upgrade15(number)
		valid = validResident(number)
	case HKMacauTaiwan:
		valid = validResident(number) && isHMTArea(number)
	case PermanentResident:
		valid = validPermanent18(number) || permanent15.MatchString(number)
	default:
		valid = validOther(number)
	}
	if !valid {
		return "", ErrNumber
	}
	return number, nil
}

// Of normalises a typed document and returns the kind that its number belongs to. The typed kind is not believed: an
// identity number also stands on other documents, such as the social security card, and under a freely chosen kind one
// person would get keys and counters of its own, and mostly no age. A number that fits no kind for certain keeps the typed
// one. So does a 15-digit resident number of the old form: it has no check character, and about 3 % of all 15-digit numbers
// hold a valid date at its place. Returns ErrNumber.
func Of(typedKind, typed string) (kind, number string, err error) {
	number, err = NormaliseNumber(typedKind, typed)
	if err != nil {
		return "", "", err
	}
	switch {
	case validResident(number) && isHMTArea(number):
		return HKMacauTaiwan, number, nil
	case validResident(number):
		return Resident, number, nil
	case validPermanent18(number):
		return PermanentResident, number, nil
	}
	return typedKind, number, nil
}

// IsKind says whether the code is a kind of identity document of the national code table (psn_cert_type).
func IsKind(s string) bool { return slices.Contains(kinds, s) }

func isHMTArea(number string) bool {
	return strings.HasPrefix(number, "810000") || strings.HasPrefix(number, "820000") ||
		strings.HasPrefix(number, "830000")
}

// SameNumber says whether two spellings are one number of that kind. A 15-digit number of the old kind is the same
// person's as the 18-digit one made of it. An empty number is the same as none.
func SameNumber(kind, a, b string) bool {
	a, b = Plain(a), Plain(b)
	if kind == Resident {
		a, b = upgrade15(a), upgrade15(b)
	}
	return a != "" && a == b
}

// upgrade15 makes the 18-digit number of a 15-digit resident number (GB 11643): it inserts the century and adds the check
// character. Anything but 15 digits stays as it is.
func upgrade15(number string) string {
	if len(number) != 15 || !isDigits(number) {
		return number
	}
	body := number[:6] + "19" + number[6:]
	return body + string(checkChar(body))
}

func validResident(number string) bool {
	if len(number) != 18 || number[0] < '1' || number[0] > '8' || !hasCheckChar(number) {
		return false
	}
	_, ok := birthOf(number[6:14])
	return ok
}

// permanent15 is the number of the permanent residence cards issued until November 2023: country, four digits of the
// region, birth date as YYMMDD, two more digits.
var permanent15 = regexp.MustCompile(`^[A-Z]{3}[0-9]{12}$`)

// validPermanent18 is the number of the cards issued from December 2023 on: 9, two digits of the province, three of the
// country, then birth date, sequence and check character as in a resident number.
func validPermanent18(number string) bool {
	if len(number) != 18 || number[0] != '9' || !hasCheckChar(number) {
		return false
	}
	_, ok := birthOf(number[6:14])
	return ok
}

func validOther(number string) bool {
	if len(number) < minOtherRunes || len(number) > maxOtherRunes {
		return false
	}
	return strings.IndexFunc(number, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z')
	}) < 0
}

func isDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

func hasCheckChar(number string) bool {
	return isDigits(number[:17]) && checkChar(number[:17]) == number[17]
}

// checkChar is ISO 7064 MOD 11-2 over the first 17 digits.
func checkChar(body string) byte {
	sum := 0
	for i := range 17 {
		sum += int(body[i]-'0') * idWeights[i]
	}
	return "10X98765432"[sum%11]
}

var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// BirthDate returns the birth date in a normalised number of that kind, at 00:00 in China; false for kinds without one. The
// permanent residence card's number of 15 places tells it under every kind: no other document is known to have that form.
// Its year has two digits; no such card was issued to a person born after 2023.
func BirthDate(kind, number string) (time.Time, bool) {
	switch {
	case len(number) == 18 && (kind == Resident || kind == HKMacauTaiwan || kind == PermanentResident):
		return birthOf(number[6:14])
	case permanent15.MatchString(number) && number[7:9] <= "23":
		return birthOf("20" + number[7:13])
	case permanent15.MatchString(number):
		return birthOf("19" + number[7:13])
	}
	return time.Time{}, false
}

// birthOf reads yyyyMMdd.
func birthOf(digits string) (time.Time, bool) {
	t, err := time.ParseInLocation("20060102", digits, civil)
	if err != nil || t.Year() < oldestBirth {
		return time.Time{}, false
	}
	return t, true
}

// Under says whether a person born on that day is younger than so many full years (周岁) at now. On the birthday itself the
// person still is: an age is reached on the day after it (Supreme People's Court, Fa Shi [2006] No. 1, article 2), as the
// birthday is the last day of the year that it ends (Civil Code, articles 201 and 202). Where a year has no such day, the
// last day of the month is (article 202).
func Under(years int, birth, now time.Time) bool {
	last := birth.AddDate(years, 0, 0)
	if last.Day() != birth.Day() {
		last = last.AddDate(0, 0, -last.Day())
	}
	return now.Before(last.AddDate(0, 0, 1))
}
