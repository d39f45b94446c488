package insurer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
)

func opened(how identity.CodeOpening) map[identity.Platform]identity.CodeOpening {
	return map[identity.Platform]identity.CodeOpening{identity.WeChat: how}
}

func TestProfileIsCheckedWhole(t *testing.T) {
	t.Parallel()
	if _, err := New(Profiles{"990100": profile("https://a.invalid/x")}, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		problem string
		change  func(*Profile)
	}{
		{"name: is missing", func(p *Profile) { p.Name = "" }},
		{"insurance_code.wechat: must have one", func(p *Profile) { p.InsuranceCode = opened(identity.CodeOpening{}) }},
		{"insurance_code.wechat: must have one", func(p *Profile) { p.InsuranceCode = opened(identity.CodeOpening{AppID: "wx1", Scheme: "a://b"}) }},
		{"insurance_code.wechat.path: is the page", func(p *Profile) { p.InsuranceCode = opened(identity.CodeOpening{Scheme: "a://b", Path: "p"}) }},
		{"insurance_code.wechat.plugin: is not", func(p *Profile) { p.InsuranceCode = opened(identity.CodeOpening{Plugin: "a/b"}) }},
		{"insurance_code.wechat.scheme: is not", func(p *Profile) { p.InsuranceCode = opened(identity.CodeOpening{Scheme: "b"}) }},
		{"insurer.base_url: is not", func(p *Profile) { p.BaseURL = "ftp://a" }},
		{"insurer.base_url: is not", func(p *Profile) { p.BaseURL = "https://a/?x=1" }},
		{"insurer.base_url: is not", func(p *Profile) { p.BaseURL = "https://u:p@a/" }},
		{"insurer.base_url: is not", func(p *Profile) { p.BaseURL = "" }},
		{"insurer.timeout: must be", func(p *Profile) { p.Timeout = -time.Second }},
		{"insurer.timeout: must be", func(p *Profile) { p.Timeout = 0 }},
		{"insurer.retries: must be", func(p *Profile) { p.Retries = 6 }},
		{"insurer.retries: must not", func(p *Profile) { p.Retries = -1 }},
		{"insurer.path_mode: is not", func(p *Profile) { p.PathMode = "x" }},
		{"insurer.auth: is not", func(p *Profile) { p.Auth.Scheme = "" }},
		{"insurer.paas_id: is missing", func(p *Profile) { p.Auth.PaasID = "" }},
		{"insurer.paas_id: holds", func(p *Profile) { p.Auth.PaasID = "a\r\nb" }},
		{"insurer.secret: is missing", func(p *Profile) { p.Auth.Secret = "" }},
		{"insurer.secret: holds", func(p *Profile) { p.Auth.Secret = "密" }},
		{"insurer.api_key_header: is not", func(p *Profile) { p.Auth.Header = "a b" }},
		{"insurer.service_id: holds a line", func(p *Profile) { p.Auth.ServiceID = "\n" }},
		{"insurer.infver: must have", func(p *Profile) { p.InfVer = "" }},
		{"insurer.recer_sys_code: must have", func(p *Profile) { p.RecerSysCode = "12345678901" }},
		{"insurer.opter_type: must have", func(p *Profile) { p.OpterType = "1234" }},
		{"insurer.opter_type: is not", func(p *Profile) { p.OpterType = "4" }},
		{"insurer.opter: must have", func(p *Profile) { p.Opter = "" }},
		{"insurer.opter_name: must have", func(p *Profile) { p.OpterName = strings.Repeat("名", 51) }},
		{"insurer.fixmedins_code: must be", func(p *Profile) { p.FixmedinsCode = "H9901000000" }},
		{"insurer.fixmedins_code: must be", func(p *Profile) { p.FixmedinsCode = "机构机构机构机构机构机构" }},
		{"insurer.fixmedins_name: must have", func(p *Profile) { p.FixmedinsName = "" }},
		{"insurer.mdtrtarea_admvs: is not", func(p *Profile) { p.MdtrtareaAdmvs = "x" }},
		{"insurer.insuplc_admdvs: is not", func(p *Profile) { p.InsuplcAdmdvs = "1" }},
		{"insurer.extra: names a field", func(p *Profile) { p.Extra = map[string]string{"msgid": "x"} }},
		{"insurer.extra: must have", func(p *Profile) { p.Extra = map[string]string{"": "x"} }},
		{"insurer.unwrap: is not", func(p *Profile) { p.Unwrap = "x" }},
		{"insurer.numbers: is not", func(p *Profile) { p.Numbers = "x" }},
		{"insurer.success_codes: is empty", func(p *Profile) { p.SuccessCodes = []string{} }},
		{"insurer.failures.mismatch.0: would fit", func(p *Profile) { p.Failures.Mismatch = []FailureRule{{}} }},
		{"insurer.transactions: is not", func(p *Profile) { p.Capabilities = map[Capability]string{"x": "1101"} }},
		{"insurer.transactions: must map", func(p *Profile) { p.Capabilities = map[Capability]string{CapIdentity: "../x"} }},
		{"insurer.transactions: must read", func(p *Profile) { p.Capabilities = map[Capability]string{CapBalance: "1101"} }},
		{"local_phone_on_file: needs", func(p *Profile) { p.Capabilities = nil; p.PhoneOnFile.Path = "a" }},
		{"local_phone_on_file.path: must", func(p *Profile) { p.PhoneOnFile.Path = "a..b" }},
		{"local_phone_on_file.path: is missing", func(p *Profile) { p.PhoneOnFile.Transaction = "90001" }},
		{"local_phone_on_file.transaction: must", func(p *Profile) { p.PhoneOnFile = PhoneOnFile{Path: "a", Transaction: "a/b"} }},
		{"insurer.tif_headers.nonce: is not a header's name", func(p *Profile) { p.Auth.Names.Nonce = "x tif" }},
		{"insurer.tif_headers.signature: is not a header's name", func(p *Profile) { p.Auth.Names.Signature = "" }},
		{"insurer.tif_headers.nonce: is the name of another", func(p *Profile) { p.Auth.Names.Nonce = "X-Tif-Paasid" }},
		{"accounts.0.exists: is not", func(p *Profile) { p.Accounts.Rules = []AccountRule{{HIType: "1", Exists: "maybe"}} }},
		{"accounts.0: has no condition", func(p *Profile) { p.Accounts.Rules = []AccountRule{{Exists: balance.AccountNo}} }},
		{"insurer.infver: must have", func(p *Profile) { p.Auth = Auth{Scheme: AuthAPIKey}; p.InfVer = "" }}, // all at once
		{"insurer.secret: is missing", func(p *Profile) { p.Auth = Auth{Scheme: AuthAPIKey}; p.InfVer = "" }},
	} {
		p := profile("https://a.invalid/x")
		c.change(&p)
		if _, err := New(Profiles{"990100": p}, Options{}); err == nil || !strings.Contains(err.Error(), " 990100."+c.problem) {
			t.Errorf("%s: %v", c.problem, err)
		}
	}
	for _, code := range []string{"99010", "a\nb"} {
		if _, err := New(Profiles{code: profile("https://a.invalid/x")}, Options{}); err == nil || !strings.Contains(err.Error(), ": is not a region code") {
			t.Errorf("%q: %v", code, err)
		}
	}
	if _, err := New(Profiles{"990100": {}}, Options{}); err == nil {
		t.Error("an empty profile passed")
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	p := profile("https://a.invalid")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{p, &p, p.Auth, []Profile{p}} {
			if strings.Contains(fmt.Sprintf(format, value), p.Auth.Secret.Reveal()) {
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
