package identity

import (
	"cmp"
	"slices"
)

// Region is an insured region that this server knows.
type Region struct {
	Code       string // six digits
	Name       string // as citizens read it
	Methods    []Method
	Unattended bool // may the server ask while no person waits?
	// InsuranceCode says how a platform opens the official insurance code; a platform without is not set up for it.
	InsuranceCode map[Platform]CodeOpening
}

// AppKey names one app of one platform in the configuration.
type AppKey struct {
	Platform Platform
	App      string
}

// Regions is the directory of regions and of the apps that offer them. It does not change once it is made.
type Regions struct {
	byCode map[string]Region
	offers map[AppKey][]string
}

// NewRegions makes the directory. Offers lists, by app, the codes of the regions that it offers.
func NewRegions(regions []Region, offers map[AppKey][]string) *Regions {
	d := &Regions{byCode: make(map[string]Region, len(regions)), offers: offers}
	for _, r := range regions {
		d.byCode[r.Code] = r
	}
	return d
}

// Region returns the region of a code; the zero Region for an unknown one.
func (d *Regions) Region(code string) Region { return d.byCode[code] }

// Name is the region's name, or the code where none is known.
func (d *Regions) Name(code string) string { return cmp.Or(d.byCode[code].Name, code) }

// Offered says whether the app offers the region.
func (d *Regions) Offered(app AppKey, code string) bool {
	return d.byCode[code].Code != "" && slices.Contains(d.offers[app], code)
}

// All lists the regions by code.
func (d *Regions) All() []Region {
	list := make([]Region, 0, len(d.byCode))
	for _, r := range d.byCode {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Region) int { return cmp.Compare(a.Code, b.Code) })
	return list
}
