package insurer

import (
	"strconv"
	"strings"
	"unicode"

	"yibao/identity"
)

// confirms says whether the upstream's own name and document are those that were asked for. A 15-digit number of the old
// kind is the same person's as the 18-digit one made of it.
func (p *person) confirms(claim identity.Claim) bool {
	if name := canonical(claim.Name); name == "" || name != canonical(p.name) {
		return false
	}
	asked, told := canonical(claim.IDNumber), canonical(p.number)
	if asked == "" || !sameKind(claim.IDType, p.idType) {
		return false
	}
	if claim.IDType == identity.IDResident {
		asked, told = upgrade(asked), upgrade(told)
	}
	return asked == told
}

// sameKind says whether the document that the upstream tells of may be the one asked for. A number that has a form of its
// own belongs to one person, however a region files it: an identity number stands on social security cards (90) too. A
// passport's number may be a military card's as well. A code that is not of the national table is the region's own and
// says nothing.
func sameKind(asked, told string) bool {
	switch asked {
	case identity.IDResident, identity.IDHKMacauTaiwan, identity.IDPermanentResident:
		return true
	}
	if len(told) == 1 {
		told = "0" + told // a region that gives codes as numbers
	}
	return !identity.IsIDType(told) || asked == told
}

// canonical makes spellings of one name or number equal: width, letter case, kind of middle dot, spaces and characters
// without width.
func canonical(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
			return -1
		case strings.ContainsRune(identity.MiddleDots, r):
			return '·'
		}
		return unicode.ToUpper(r)
	}, s)
}

// upgrade makes an 18-digit number of a 15-digit one (GB 11643): the century, and the check of ISO 7064 MOD 11-2.
func upgrade(number string) string {
	if len(number) != 15 || strings.Trim(number, "0123456789") != "" {
		return number
	}
	body := number[:6] + "19" + number[6:]
	sum := 0
	for i, digit := range body {
		weight := 1 << (17 - i) % 11
		sum += int(digit-'0') * weight
	}
	check := (12 - sum%11) % 11
	if check == 10 {
		return body + "X"
	}
	return body + strconv.Itoa(check)
}
