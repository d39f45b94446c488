package world

import (
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// People lists the invented people that demos and tests begin with: one employee's insurance in force, a personal account
// and a phone on file.
func People(w *simulator.World) []phone.Person {
	var fit []phone.Person
	for _, p := range w.People() {
		if len(p.Enrolments) != 1 || p.CertType != "01" || p.Phone == "" {
			continue
		}
		e := p.Enrolments[0]
		if e.Region == simulator.RegionA && e.PersonType == "1101" && e.Account == "yes" && e.Status == "1" {
			fit = append(fit, phone.Person{Name: p.Name, IDNumber: p.IDNumber, IDType: p.CertType, Phone: p.Phone, Region: e.Region})
		}
	}
	return fit
}
