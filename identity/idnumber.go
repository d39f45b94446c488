package identity

import (
	"slices"
	"strings"
	"time"
)

// The kinds of identity document (psn_cert_type of the national code table) that have a form of their own. The other
// kinds of the table pass through as letters and digits.
const (
	IDResident          = "01" // resident identity card, GB 11643
	IDPermanentResident = "07" // foreigner's permanent residence card
	IDHKMacauTaiwan     = "17" // residence permit for Hong Kong, Macau and Taiwan residents
)

// idTypes are all kinds of the national code table.
var idTypes = strings.Fields("01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 90 91 99")

const (
	maxIDBytes    = 120 // of the typed text
	minOtherRunes = 4   // of a passport and the like
	maxOtherRunes = 30
	oldestBirth   = 1880
)

// civil is the offset that birth dates are read in: China has one zone without summer time today.
var civil = time.FixedZone("CST", 8*60*60)

// NormaliseIDNumber brings a typed ID number into the one form that is hashed and sent upstream: plain digits, capital
// letters, no spaces. Resident numbers are checked (birth date and ISO 7064 check character, GB 11643); a 15-digit
// resident number of the old kind becomes its 18-digit successor. Area codes are not looked up: a person keeps the code
// that was valid at issue. Returns ErrIDNumber.
func NormaliseIDNumber(idType, s string) (string, error) {
	if len(s) > maxIDBytes || !IsIDType(idType) {
		return "", ErrIDNumber
	}
	number := strings.ToUpper(strings.Map(foldID, s))
	switch idType {
	case IDResident:
		if len(number) == 15 {
			number = upgrade15(number)
		}
		return checked(number, validResident(number))
	case IDHKMacauTaiwan:
		return checked(number, validResident(number) && isHMTArea(number))
	case IDPermanentResident:
		return checked(number, validPermanentResident(number))
	}
	return checked(number, validOther(number))
}

func checked(number string, ok bool) (string, error) {
	if !ok {
		return "", ErrIDNumber
	}
	return number, nil
}

// documentOf normalises a typed document, and files it under the kind that its number tells. Who types chooses the kind
// freely, and other documents bear the same numbers, such as a social security card: were the choice believed, one
// person would have a key and counters of its own under each kind, and under most of them no age. A number that nothing
// tells from another document's keeps the kind that was chosen: so do 15 digits, which have no check character; of every
// hundred such numbers three happen to hold a date where a resident number has it. Returns ErrIDNumber.
func documentOf(idType, typed string) (kind, number string, err error) {
	number, err = NormaliseIDNumber(idType, typed)
	if err != nil {
		return "", "", err
	}
	switch {
	case validResident(number) && isHMTArea(number):
		return IDHKMacauTaiwan, number, nil
	case validResident(number):
		return IDResident, number, nil
	case isPermanentResident18(number):
		return IDPermanentResident, number, nil
	}
	return idType, number, nil
}

// IsIDType says whether the code is a kind of identity document of the national code table (psn_cert_type).
func IsIDType(s string) bool { return slices.Contains(idTypes, s) }

func foldID(r rune) rune {
	if r = foldWidth(r); isBlank(r) {
		return -1
	}
	return r
}

func isHMTArea(number string) bool {
	return strings.HasPrefix(number, "810000") || strings.HasPrefix(number, "820000") ||
		strings.HasPrefix(number, "830000")
}

// upgrade15 inserts the century and adds the check character; anything else than 15 digits stays as it is.
func upgrade15(number string) string {
	if !isDigits(number) {
		return number
	}
	body := number[:6] + "19" + number[6:]
	return body + string(checkChar(body))
}

func validResident(number string) bool {
	if len(number) != 18 || number[0] < '1' || number[0] > '8' || !hasCheckChar(number) {
		return false
	}
	_, ok := birthOf(number)
	return ok
}

// validPermanentResident accepts the card of before 2017 (3 letters, 12 digits) and the present one (18 characters
// that begin with 9 and end with the same check character).
func validPermanentResident(number string) bool {
	if len(number) == 18 {
		return number[0] == '9' && hasCheckChar(number)
	}
	return len(number) == 15 && isLetters(number[:3]) && isDigits(number[3:])
}

// isPermanentResident18 tells the present card's number, with the birth date where a resident number has it, from one
// that happens to begin with 9.
func isPermanentResident18(number string) bool {
	if len(number) != 18 || !validPermanentResident(number) {
		return false
	}
	_, ok := birthOf(number)
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

func isLetters(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
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

// BirthDate returns the birth date that a normalised number of that kind tells, at 00:00 in China; false for kinds that
// tell none.
func BirthDate(idType, number string) (time.Time, bool) {
	if (idType != IDResident && idType != IDHKMacauTaiwan) || len(number) != 18 {
		return time.Time{}, false
	}
	return birthOf(number)
}

func birthOf(number string) (time.Time, bool) {
	if !isDigits(number[6:14]) {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation("20060102", number[6:14], civil)
	if err != nil || t.Year() < oldestBirth {
		return time.Time{}, false
	}
	return t, true
}

// isUnder tells whether somebody born on the day is younger than so many years at now. The birthday itself ends it.
func isUnder(years int, birth, now time.Time) bool {
	return now.Before(birth.AddDate(years, 0, 0))
}

// isRegionCode checks the form only: insurance divisions hold codes that GB/T 2260 lacks. What exists is configuration.
func isRegionCode(s string) bool {
	return len(s) == 6 && isDigits(s)
}
