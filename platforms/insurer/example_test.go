package insurer_test

import (
	"fmt"
	"time"

	"yibao/balance"
	"yibao/platforms/insurer"
)

// A region is configuration alone. This one stands behind a relay that answers "1" for success and wraps the output in
// text; residents have no personal account there, and a local transaction tells the phone on file.
func ExampleProfile() {
	profile := insurer.Profile{
		Region: "990300", Name: "测试三市", BaseURL: "https://relay.example/fsi/callService", PathMode: insurer.PathSingle,
		Auth:    insurer.Auth{Scheme: insurer.AuthTIF, PaasID: "paas-id", Secret: "from-a-file"},
		Timeout: 8 * time.Second,

		InfVer: "V1.0", RecerSysCode: "YBXT", FixmedinsCode: "H99030000001", FixmedinsName: "测试机构",
		Opter: "yibao", OpterName: "小程序",

		SuccessCodes: []string{"0", "1"},
		Unwrap:       insurer.UnwrapString,
		Numbers:      insurer.NumbersText,
		Failures: insurer.Failures{
			NotEnrolled: []insurer.FailureRule{{Code: "-1", Contains: "查无此人"}},
			Access:      []insurer.FailureRule{{Contains: "签名"}},
		},
		Accounts: insurer.Accounts{Rules: append(insurer.DefaultAccountRules(),
			insurer.AccountRule{InsuranceType: "390", Exists: balance.AccountNo})},
		PhoneOnFile: &insurer.PhoneOnFile{Transaction: "90001", Path: "contact.mobile"},
		Unattended:  true,
	}
	client, err := insurer.New([]insurer.Profile{profile}, insurer.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Regions())
	// Output: [{990300 测试三市 [sms_on_file] true}]
}

// All problems of a profile come in one report, without the values.
func ExampleProfile_Check() {
	profile := insurer.Profile{Region: "990300", Name: "测试三市", BaseURL: "relay.example", Auth: insurer.Auth{Scheme: insurer.AuthAPIKey}}
	profile.InfVer, profile.RecerSysCode, profile.FixmedinsCode, profile.FixmedinsName = "V1.0", "YBXT", "H99", "测试机构"
	profile.Opter, profile.OpterName = "yibao", "小程序"
	fmt.Println(profile.Check())
	// Output:
	// insurer: profile 990300: BaseURL is not an http or https URL without user, query and fragment
	// insurer: profile 990300: Auth.Secret is missing
	// insurer: profile 990300: FixmedinsCode must be 12 to 30 letters and digits
}
