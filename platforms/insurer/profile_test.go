package insurer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yibao/balance"
)

func TestProfileIsCheckedWhole(t *testing.T) {
	t.Parallel()
	if err := profile("https://a.invalid/x").Check(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*Profile){
		"Region must be six digits":       func(p *Profile) { p.Region = "99010" },
		"Name is missing":                 func(p *Profile) { p.Name = "" },
		"BaseURL is not":                  func(p *Profile) { p.BaseURL = "ftp://a" },
		"BaseURL is not an":               func(p *Profile) { p.BaseURL = "https://a/?x=1" },
		"BaseURL is not an http":          func(p *Profile) { p.BaseURL = "https://u:p@a/" },
		"BaseURL is not an http or":       func(p *Profile) { p.BaseURL = "" },
		"Timeout is negative":             func(p *Profile) { p.Timeout = -time.Second },
		"Retries must be":                 func(p *Profile) { p.Retries = 6 },
		"PathMode must":                   func(p *Profile) { p.PathMode = "x" },
		"Auth.Scheme must":                func(p *Profile) { p.Auth.Scheme = "" },
		"Auth.PaasID is missing":          func(p *Profile) { p.Auth.PaasID = "" },
		"Auth.PaasID holds":               func(p *Profile) { p.Auth.PaasID = "a\r\nb" },
		"Auth.Secret is missing":          func(p *Profile) { p.Auth.Secret = "" },
		"Auth.Secret holds":               func(p *Profile) { p.Auth.Secret = "密" },
		"Auth.Header is not":              func(p *Profile) { p.Auth.Header = "a b" },
		"InfVer must have":                func(p *Profile) { p.InfVer = "" },
		"RecerSysCode must have":          func(p *Profile) { p.RecerSysCode = "12345678901" },
		"OpterType must have":             func(p *Profile) { p.OpterType = "1234" },
		"Opter must have":                 func(p *Profile) { p.Opter = "" },
		"OpterName must have":             func(p *Profile) { p.OpterName = strings.Repeat("名", 51) },
		"FixmedinsCode must be":           func(p *Profile) { p.FixmedinsCode = "H9901000000" },
		"FixmedinsCode must be 12":        func(p *Profile) { p.FixmedinsCode = "机构机构机构机构机构机构" },
		"FixmedinsName must have":         func(p *Profile) { p.FixmedinsName = "" },
		"MdtrtareaAdmvs must":             func(p *Profile) { p.MdtrtareaAdmvs = "x" },
		"InsuplcAdmdvs must":              func(p *Profile) { p.InsuplcAdmdvs = "1" },
		"Extra names a field":             func(p *Profile) { p.Extra = map[string]string{"msgid": "x"} },
		"Extra must have":                 func(p *Profile) { p.Extra = map[string]string{"": "x"} },
		"Unwrap must":                     func(p *Profile) { p.Unwrap = "x" },
		"Numbers must":                    func(p *Profile) { p.Numbers = "x" },
		"SuccessCodes is empty":           func(p *Profile) { p.SuccessCodes = []string{} },
		"Failures holds":                  func(p *Profile) { p.Failures.Mismatch = []FailureRule{{}} },
		"Capabilities names":              func(p *Profile) { p.Capabilities = map[Capability]string{"x": "1101"} },
		"Capabilities must map":           func(p *Profile) { p.Capabilities = map[Capability]string{CapIdentity: "../x"} },
		"Capabilities must read":          func(p *Profile) { p.Capabilities = map[Capability]string{CapBalance: "1101"} },
		"PhoneOnFile needs":               func(p *Profile) { p.Capabilities = map[Capability]string{}; p.PhoneOnFile = &PhoneOnFile{Path: "a"} },
		"PhoneOnFile.Path must":           func(p *Profile) { p.PhoneOnFile = &PhoneOnFile{Path: "a..b"} },
		"PhoneOnFile.Path must be":        func(p *Profile) { p.PhoneOnFile = &PhoneOnFile{} },
		"PhoneOnFile.Transaction must":    func(p *Profile) { p.PhoneOnFile = &PhoneOnFile{Path: "a", Transaction: "a/b"} },
		"Accounts.Rules must say":         func(p *Profile) { p.Accounts.Rules = []AccountRule{{Exists: "maybe"}} },
		"(no region): Region must be":     func(p *Profile) { p.Region = "a\nb" },
		"Auth.ServiceID holds a line":     func(p *Profile) { p.Auth.ServiceID = "\n" },
		"Auth.Secret is missing\ninsurer": func(p *Profile) { p.Auth = Auth{Scheme: AuthAPIKey}; p.InfVer = "" }, // all at once
	} {
		p := profile("https://a.invalid/x")
		change(&p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	twice := profile("https://a.invalid/x")
	if _, err := New([]Profile{twice, twice}, Options{}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a region twice: %v", err)
	}
	if _, err := New([]Profile{{}}, Options{}); err == nil {
		t.Error("an empty profile passed")
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	p := profile("https://a.invalid")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{p, &p, p.Auth, []Profile{p}} {
			if strings.Contains(fmt.Sprintf(format, value), p.Auth.Secret) {
				t.Errorf("%s of %T prints the secret", format, value)
			}
		}
	}
}

func TestAccountRules(t *testing.T) {
	t.Parallel()
	standard := Accounts{Rules: DefaultAccountRules()}
	for _, c := range []struct {
		insurance, person, hi string
		want                  balance.Existence
	}{
		{"310", "1101", "", balance.AccountYes},
		{"310", "1102", "", balance.AccountYes},
		{"310", "1201", "", balance.AccountYes},
		{"310", "1103", "", balance.AccountUnknown},
		{"310", "1103", "1", balance.AccountYes},
		{"310", "1203", "", balance.AccountUnknown},
		{"310", "1101", "2", balance.AccountNo},
		{"310", "1101", "3", balance.AccountNo},
		{"310", "", "", balance.AccountUnknown},
		{"390", "1501", "", balance.AccountUnknown},
		{"390", "1101", "", balance.AccountUnknown},
		{"320", "1102", "", balance.AccountUnknown},
		{"39902", "1501", "", balance.AccountUnknown},
	} {
		if got := standard.exists(c.insurance, c.person, c.hi); got != c.want {
			t.Errorf("%s %s %s: %s", c.insurance, c.person, c.hi, got)
		}
	}
	local := Accounts{Rules: []AccountRule{
		{InsuranceType: "310", PersonType: "12", Exists: balance.AccountYes},
		{InsuranceType: "390", Exists: balance.AccountNo},
		{PersonType: "13", Exists: balance.AccountNo},
	}}
	for _, c := range [][3]string{{"310", "1203", "yes"}, {"310", "1101", "unknown"}, {"390", "1203", "no"}, {"340", "1300", "no"}, {"310", "1300", "no"}} {
		if got := local.exists(c[0], c[1], ""); string(got) != c[2] {
			t.Errorf("%v: %s", c, got)
		}
	}
	if (Accounts{Rules: []AccountRule{}}).exists("310", "1101", "") != balance.AccountUnknown {
		t.Error("no rules still say something")
	}
}
