package simulator

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"yibao/balance"
	"yibao/platforms/simulator/books"
)

func TestPeopleAreManyAndInvented(t *testing.T) {
	t.Parallel()
	people := mustOpen(t, "").People()
	ids, phones, names := map[string]bool{}, map[string]bool{}, map[string]bool{}
	if len(people) < 200 {
		t.Errorf("%d people", len(people))
	}
	for _, p := range people {
		if len(p.IDNumber) != 18 || withCheck(p.IDNumber[:17]) != p.IDNumber {
			t.Errorf("%s: bad check character", p.Note)
		}
		if _, err := time.Parse(time.DateOnly, p.born()); err != nil {
			t.Errorf("%s: born %s", p.Note, p.born())
		}
		area := p.IDNumber[:4]
		if area != "1901" && area != "1902" && area != "1903" && p.IDNumber[:6] != "830000" {
			t.Errorf("%s: area %s", p.Note, area)
		}
		if (p.CertType == "17") != (area == "8300") {
			t.Errorf("%s: id type %s", p.Note, p.CertType)
		}
		if p.Phone != "" && (!strings.HasPrefix(p.Phone, "1990000") || len(p.Phone) != 11 || phones[p.Phone] || len(p.in(RegionA))+len(p.in(RegionC)) == 0) {
			t.Errorf("%s: phone %s", p.Note, p.Phone)
		}
		if ids[p.IDNumber] || names[p.Name] || !strings.Contains(p.Name, "测试") && !strings.Contains(p.Name, "样例") {
			t.Errorf("%s: name or number", p.Note)
		}
		if p.Registered == p.Name {
			t.Errorf("%s: registered as itself", p.Note)
		}
		ids[p.IDNumber], phones[p.Phone], names[p.Name] = true, true, true
	}
}

func TestPeopleAreVarious(t *testing.T) {
	t.Parallel()
	people := mustOpen(t, "").People()
	wanted := map[string]func(Person) bool{
		"with account":    func(p Person) bool { return p.Enrolments[0].Account == "yes" },
		"without account": func(p Person) bool { return p.Enrolments[0].Account == "no" },
		"unknown account": func(p Person) bool { return p.Enrolments[0].Account == "unknown" },
		"paused":          func(p Person) bool { return p.Enrolments[0].Status == "2" },
		"two enrolments":  func(p Person) bool { return len(p.in(p.Enrolments[0].Region)) == 2 },
		"two regions":     func(p Person) bool { return len(p.in(RegionA)) > 0 && len(p.in(RegionB)) > 0 },
		"four characters": func(p Person) bool { return utf8.RuneCountInString(p.Name) == 4 },
		"middle dot":      func(p Person) bool { return strings.Contains(p.Name, "·") },
		"a register's rare character": func(p Person) bool {
			return strings.Contains(p.Registered, "\uE863") && strings.Contains(p.Name, "䶮")
		},
		"a person's rare character": func(p Person) bool {
			return strings.Contains(p.Name, "\uE81B") && strings.Contains(p.Registered, "㑇")
		},
		"registered without the dot": func(p Person) bool {
			return p.Registered == strings.ReplaceAll(p.Name, "·", "") && p.Registered != p.Name
		},
		"a phone with more around it": func(p Person) bool { return len(p.phoneOnFile) > 11 },
		"residence permit":            func(p Person) bool { return p.CertType == "17" },
		"minor":                       func(p Person) bool { return p.born() > "2013" },
		"retiree":                     func(p Person) bool { return strings.HasPrefix(p.Enrolments[0].PersonType, "12") },
		"no phone in A":               func(p Person) bool { return len(p.in(RegionA)) > 0 && p.Phone == "" },
		"a man":                       func(p Person) bool { return p.gend() == "1" },
		"a woman":                     func(p Person) bool { return p.gend() == "2" },
		"insured in B only":           func(p Person) bool { return len(p.in(RegionA)) == 0 },
	}
	for name, is := range wanted {
		found := false
		for _, p := range people {
			found = found || is(p)
		}
		if !found {
			t.Errorf("nobody is %s", name)
		}
	}
}

func TestAccountsLive(t *testing.T) {
	t.Parallel()
	w := mustOpen(t, "")
	end := time.Date(2026, 11, 21, 20, 0, 0, 0, balance.Shanghai)
	for i := 0; i < len(w.people); i += 7 {
		p := &w.people[i]
		for _, e := range p.Enrolments {
			if e.Account != "yes" || e.still || e.paused != "" {
				continue
			}
			rises, falls, before := 0, 0, balance.Fen(0)
			for day := 180; day >= 0; day-- {
				fen, _ := w.holds(p, e, end.AddDate(0, 0, -day))
				if fen < 0 || fen > 5_000_000 {
					t.Fatalf("%s: %v", p.Note, fen)
				}
				if day < 180 && fen > before {
					rises++
				}
				if day < 180 && fen < before {
					falls++
				}
				before = fen
			}
			if rises < 4 || rises > 12 || // credits, and bills that were taken back
				falls < 8 {
				t.Errorf("%s: %d rises, %d falls in 180 days", p.IDNumber, rises, falls)
			}
		}
	}
}

func TestCourseIsAFunctionOfTime(t *testing.T) {
	t.Parallel()
	one, two := mustOpen(t, ""), mustOpen(t, "")
	p := &one.people[0]
	at := time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)
	late, _ := one.holds(p, p.Enrolments[0], at.AddDate(1, 0, 0))
	a, _ := one.holds(p, p.Enrolments[0], at)
	b, _ := two.holds(&two.people[0], two.people[0].Enrolments[0], at)
	if a != b || a == late {
		t.Errorf("%v, %v, a year later %v", a, b, late)
	}
	if got, _ := one.holds(p, p.Enrolments[0], books.Begin.AddDate(-1, 0, 0)); got != p.Enrolments[0].opening {
		t.Errorf("before the books begin: %v", got)
	}
}

func TestBalancesMayBeSetInThePast(t *testing.T) {
	t.Parallel()
	list := []books.Event{}
	for _, s := range []int64{3, 1, 2, 2} {
		list = insertByTime(list, books.Event{At: time.Unix(s, 0), Fen: balance.Fen(len(list))})
	}
	want := []balance.Fen{1, 2, 3, 0} // at 1, 2 (first), 2 (second), 3
	for i, s := range list {
		if s.Fen != want[i] {
			t.Errorf("place %d: %v", i, s)
		}
	}
}
