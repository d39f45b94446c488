package insurer

import (
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
		asked, told = whole(asked), whole(told)
	}
	return asked == told
}

// whole is the 18-digit form of a resident's number; a number that is none stays as it is.
func whole(number string) string {
	if long, err := identity.NormaliseIDNumber(identity.IDResident, number); err == nil {
		return long
	}
	return number
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
