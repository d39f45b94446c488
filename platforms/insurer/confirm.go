package insurer

import (
	"yibao/identity"
	"yibao/identity/document"
)

// confirms says whether the upstream's own name and document are those that were asked for. Registers spell names and
// numbers in their own ways, so both are compared folded; each side keeps its own spelling.
func (p *person) confirms(claim identity.Claim) bool {
	return document.SameName(claim.Name, p.name) && sameKind(claim.IDType, p.idType) &&
		document.SameNumber(claim.IDType, claim.IDNumber, p.number)
}

// sameKind says whether the document that the upstream tells of may be the one asked for. A number that has a form of its
// own belongs to one person, however a region files it: an identity number stands on social security cards (90) too. A
// passport's number may be a military card's as well. A code that is not of the national table is the region's own and
// says nothing.
func sameKind(asked, told string) bool {
	switch asked {
	case document.Resident, document.HKMacauTaiwan, document.PermanentResident:
		return true
	}
	if len(told) == 1 {
		told = "0" + told // a region that gives codes as numbers
	}
	return !document.IsKind(told) || asked == told
}
