package simulator

import (
	"cmp"
	"fmt"
	"strings"

	"yibao/balance"
)

// The two regions that people are insured in. Both codes lie outside GB/T 2260.
const (
	RegionA = "990100" // 示例市甲: has a phone on file
	RegionB = "990200" // 示例市乙: has none
	RegionC = "990300" // 示例市丙: speaks the envelope of public services
)

// Person is one invented insured person.
type Person struct {
	Name         string      `json:"name"`                      // as the person types it
	Registered   string      `json:"registered_name,omitempty"` // as the register writes it, where that differs
	IDNumber     string      `json:"id_number"`
	CertType     string      `json:"id_type"`         // psn_cert_type: 01, 17
	Phone        string      `json:"phone,omitempty"` // on file in RegionA and RegionC only
	CardNumber   string      `json:"card_number"`     // of the insurance card
	CardPassword string      `json:"card_password"`   // its query password
	Note         string      `json:"note"`            // what is special
	Enrolments   []Enrolment `json:"enrolments"`

	nation      string // naty
	phoneOnFile string // Phone as the register writes it
}

// Enrolment is one insurance of a person in one region.
type Enrolment struct {
	Region     string `json:"region"`
	Type       string `json:"insurance_type"` // 310, 390
	PersonType string `json:"person_type"`    // psn_type
	Status     string `json:"status"`         // psn_insu_stas: 1 normal, 2 paused, 4 ended
	Employer   string `json:"employer,omitempty"`
	Since      string `json:"since"`   // psn_insu_date
	Account    string `json:"account"` // yes, no, unknown

	paused   string      // paus_insu_date
	balc     string      // how a row without known account shows balc: "zero", "null", "missing", "empty"
	opening  balance.Fen // at the books' beginning
	credit   balance.Fen // each month
	creditOn int         // day of the month
	still    bool        // no spending
}

// in returns the person's enrolments in the region.
func (p *Person) in(region string) []Enrolment {
	var list []Enrolment
	for _, e := range p.Enrolments {
		if e.Region == region {
			list = append(list, e)
		}
	}
	return list
}

// People lists everybody, the same in every world.
func (w *World) People() []Person { return append([]Person(nil), w.people...) }

// plan is one line of the table below; what it leaves out is filled in by rule.
type plan struct {
	region, name, note string
	area, born         string // area code and date of birth inside the ID number
	registered, onFile string // as the register writes name and, with %s in its place, phone
	nation             string
	noPhone            bool
	rows               []Enrolment
}

func invent() []Person {
	plans := append(specialA(), specialB()...)
	for i, digit := range []string{"一", "二", "三", "四", "五", "六", "七", "八"} {
		plans = append(plans, ordinary(RegionA, "测试甲十"+digit, i), ordinary(RegionB, "测试乙十"+digit, i))
	}
	plans = append(plans, registeredOtherwise()...)
	plans = append(plans, crowd()...) // further ones come last, so that the numbers of those before stay
	people := make([]Person, len(plans))
	for i, p := range plans {
		people[i] = p.person(i + 1)
	}
	return people
}

func specialA() []plan {
	a := RegionA
	return []plan{
		{region: a, name: "测试甲一", note: "employee, personal account", rows: []Enrolment{employee(a)}},
		{region: a, name: "测试甲二", note: "employee, personal account", rows: []Enrolment{employee(a)}},
		{region: a, name: "测试甲三", note: "resident, no personal account", rows: []Enrolment{resident(a, "1501")}},
		{region: a, name: "测试甲四", note: "flexible worker, account unknown: balc null", rows: []Enrolment{flexible(a, "null")}},
		{region: a, name: "测试甲五", note: "flexible worker, account unknown: balc missing", rows: []Enrolment{flexible(a, "missing")}},
		{region: a, name: "测试甲六", note: "flexible worker, account unknown: balc 0", rows: []Enrolment{flexible(a, "zero")}},
		{region: a, name: "测试甲七", note: "paused employee", rows: []Enrolment{paused(employee(a))}},
		{region: a, name: "测试甲八", note: "two enrolments: 310 and 390", rows: []Enrolment{ended(resident(a, "1501")), employee(a)}},
		{region: a, name: "欧测试甲", note: "four-character name, retiree", born: "1952-03-04", rows: []Enrolment{retiree(a)}},
		{region: a, name: "测试古丽·样例江", note: "minority name with a middle dot", nation: "05", rows: []Enrolment{employee(a)}},
		{region: a, name: "样例台甲", note: "residence permit 830000 (id type 17)", area: "830000", rows: []Enrolment{resident(a, "1501")}},
		{region: a, name: "测试小甲", note: "minor under 14", born: "2016-06-01", rows: []Enrolment{resident(a, "1403")}},
		{region: a, name: "测试甲十", note: "employee without phone on file", noPhone: true, rows: []Enrolment{employee(a)}},
		{region: a, name: "测试两地", note: "two regions: paused 310 in A, 390 in B", rows: []Enrolment{paused(employee(a)), resident(RegionB, "1501")}},
		{region: a, name: "测试零", note: "personal account of exactly 0", rows: []Enrolment{fixed(a, 0)}},
		{region: a, name: "测试大额甲", note: "personal account of 1,234,567.89", rows: []Enrolment{fixed(a, 123456789)}},
	}
}

func specialB() []plan {
	b := RegionB
	return []plan{
		{region: b, name: "测试乙一", note: "employee, personal account", rows: []Enrolment{employee(b)}},
		{region: b, name: "测试乙二", note: "civil servant, personal account", rows: []Enrolment{typed(employee(b), "1102")}},
		{region: b, name: "测试乙三", note: "resident, no personal account", rows: []Enrolment{resident(b, "1501")}},
		{region: b, name: "测试乙四", note: "flexible worker, account unknown: balc empty", rows: []Enrolment{flexible(b, "empty")}},
		{region: b, name: "测试乙五", note: "flexible worker, account unknown: balc null", rows: []Enrolment{flexible(b, "null")}},
		{region: b, name: "测试乙六", note: "retiree", born: "1949-10-02", rows: []Enrolment{retiree(b)}},
		{region: b, name: "测试乙七", note: "paused employee", rows: []Enrolment{paused(employee(b))}},
		{region: b, name: "测试乙八", note: "two enrolments: 310 and 390", rows: []Enrolment{employee(b), ended(resident(b, "1501"))}},
		{region: b, name: "司徒样例", note: "four-character name", rows: []Enrolment{employee(b)}},
		{region: b, name: "样例尼亚孜·测试", note: "minority name with a middle dot", nation: "05", rows: []Enrolment{resident(b, "1501")}},
		{region: b, name: "样例台乙", note: "residence permit 830000 (id type 17)", area: "830000", rows: []Enrolment{employee(b)}},
		{region: b, name: "测试小乙", note: "minor under 14", born: "2018-09-10", rows: []Enrolment{resident(b, "1402")}},
	}
}

// registeredOtherwise lists people whose register does not write name or phone as they do.
func registeredOtherwise() []plan {
	a := RegionA
	return []plan{
		{region: a, name: "测试䶮", registered: "测试\uE863", note: "rare character, registered by a private code point of GBK",
			rows: []Enrolment{employee(a)}},
		{region: a, name: "样例\uE81B", registered: "样例㑇", note: "rare character, typed by a private code point of GBK",
			rows: []Enrolment{employee(a)}},
		{region: a, name: "样例古丽·测试", registered: "样例古丽测试", note: "registered without the middle dot", nation: "05",
			rows: []Enrolment{employee(a)}},
		{region: a, name: "样例凉", registered: "样例\uF979\U000E0100", note: "registered by a compatibility ideograph, phone with (86)0",
			onFile: "\u202D(86)0%s\u202C", rows: []Enrolment{employee(a)}},
	}
}

// crowdSize is how many people of each region have nothing special about them but their books.
const crowdSize = 80

func crowd() (plans []plan) {
	digits := []rune("〇一二三四五六七八九")
	for i := range crowdSize {
		n := string([]rune{digits[i/10], digits[i%10]})
		a, b := ordinary(RegionA, "样例甲"+n, i), ordinary(RegionB, "样例乙"+n, i)
		if i%5 == 4 {
			a.born, a.rows = fmt.Sprintf("19%d-%02d-11", 45+i%15, 1+i%12), []Enrolment{retiree(RegionA)}
		}
		plans = append(plans, a, b)
		if i%2 == 0 {
			plans = append(plans, ordinary(RegionC, "样例丙"+n, i/2))
		}
	}
	return plans
}

func ordinary(region, name string, i int) plan {
	row := employee(region)
	if i%4 == 3 {
		row = resident(region, "1501")
	}
	return plan{region: region, name: name, note: "ordinary", rows: []Enrolment{row}}
}

func employee(region string) Enrolment {
	on := 20
	if region == RegionB {
		on = 5
	}
	return Enrolment{
		Region: region, Type: "310", PersonType: "1101", Status: "1", Employer: "示例单位" + region[3:4], Since: "2015-07-01",
		Account: "yes", opening: 80000, credit: 23000, creditOn: on,
	}
}

func retiree(region string) Enrolment {
	e := employee(region)
	e.PersonType, e.Since, e.opening, e.credit, e.creditOn = "1201", "1999-01-01", 150000, 11000, 10
	return e
}

func resident(region, personType string) Enrolment {
	return Enrolment{Region: region, Type: "390", PersonType: personType, Status: "1", Since: "2020-01-01", Account: "no", balc: "zero"}
}

func flexible(region, balc string) Enrolment {
	return Enrolment{Region: region, Type: "310", PersonType: "1103", Status: "1", Since: "2021-03-01", Account: "unknown", balc: balc}
}

// fixed has an account in which nothing moves.
func fixed(region string, fen balance.Fen) Enrolment {
	e := employee(region)
	e.opening, e.credit, e.still = fen, 0, true
	return e
}

func typed(e Enrolment, personType string) Enrolment {
	e.PersonType = personType
	return e
}

func paused(e Enrolment) Enrolment {
	e.Status, e.paused = "2", "2025-03-31"
	return e
}

func ended(e Enrolment) Enrolment {
	e.Status, e.paused = "4", "2024-12-31"
	return e
}

// person fills in what the plan leaves out; n makes ID number, phone and amounts differ from person to person.
func (p plan) person(n int) Person {
	area, born := p.area, p.born
	if area == "" {
		area = "1" + p.region[1:4] + "01" // 1901xx: a resident number cannot begin with 9
	}
	if born == "" {
		born = fmt.Sprintf("%04d-%02d-%02d", 1965+n%35, 1+n%12, 1+n%28)
	}
	person := Person{
		Name: p.name, Registered: p.registered, IDNumber: withCheck(area + strings.ReplaceAll(born, "-", "") + fmt.Sprintf("%03d", 100+n)),
		CertType: "01", Note: p.note, nation: p.nation,
		CardNumber: fmt.Sprintf("%s%08d", p.region[3:4], 10000000+n*137), CardPassword: fmt.Sprintf("%06d", n*7919%1000000),
	}
	if person.nation == "" {
		person.nation = "01"
	}
	if strings.HasPrefix(area, "83") {
		person.CertType = "17"
	}
	if p.region != RegionB && !p.noPhone {
		person.Phone = fmt.Sprintf("1990000%04d", n)
		person.phoneOnFile = person.Phone
		if p.onFile != "" {
			person.phoneOnFile = fmt.Sprintf(p.onFile, person.Phone)
		}
	}
	for _, row := range p.rows {
		if !row.still {
			row.opening += balance.Fen(n * 1370)
			row.credit += row.credit / 100 * balance.Fen(n%30)
		}
		person.Enrolments = append(person.Enrolments, row)
	}
	return person
}

// withCheck adds the check character of GB 11643 (ISO 7064 MOD 11-2).
func withCheck(first17 string) string {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, weight := range weights {
		sum += int(first17[i]-'0') * weight
	}
	return first17 + string("10X98765432"[sum%11])
}

// isCalled says whether the register finds the person by that name: in its own spelling, or in the person's.
func (p *Person) isCalled(name string) bool {
	return name == p.Name || name == cmp.Or(p.Registered, p.Name)
}

// born and gend as the registry tells them, read off the ID number.
func (p *Person) born() string {
	id := p.IDNumber
	return id[6:10] + "-" + id[10:12] + "-" + id[12:14]
}

func (p *Person) gend() string {
	if (p.IDNumber[16]-'0')%2 == 1 {
		return "1"
	}
	return "2"
}
