package insurer_test

import (
	"fmt"

	"yibao/balance"
	"yibao/platforms/insurer"
)

// A region is configuration alone. This one stands behind a relay that answers "1" for success and wraps the output in
// text; residents have no personal account there, and a local transaction tells the phone on file.
func ExampleProfile() {
	var p insurer.Profile
	p.SetDefaults()
	p.Name, p.Unattended = "测试三市", true
	p.BaseURL, p.PathMode, p.MdtrtareaAdmvs = "https://relay.example/fsi/callService", insurer.PathSingle, "990300"
	p.Auth.PaasID, p.Auth.Secret = "paas-id", "from-a-file"
	p.FixmedinsCode, p.FixmedinsName = "H99030000001", "测试机构"
	p.SuccessCodes, p.Unwrap, p.Numbers = []string{"0", "1"}, insurer.UnwrapString, insurer.NumbersText
	p.Failures = insurer.Failures{
		NotEnrolled: []insurer.FailureRule{{Code: "-1", Contains: "查无此人"}},
		Access:      []insurer.FailureRule{{Contains: "签名"}},
	}
	p.Accounts.Rules = append(p.Accounts.Rules, insurer.AccountRule{InsuranceType: "390", Exists: balance.AccountNo})
	p.PhoneOnFile = insurer.PhoneOnFile{Transaction: "90001", Path: "contact.mobile"}

	_, err := insurer.New(insurer.Profiles{"990300": p}, insurer.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Methods())
	// Output: [sms_on_file]
}

// All problems of a profile come in one report, without the values.
func ExampleNew() {
	var p insurer.Profile
	p.SetDefaults()
	p.Name, p.BaseURL, p.Auth.Scheme = "测试三市", "relay.example", insurer.AuthAPIKey
	p.MdtrtareaAdmvs, p.FixmedinsCode, p.FixmedinsName = "990300", "H99030000001", "测试机构"
	_, err := insurer.New(insurer.Profiles{"990300": p}, insurer.Options{})
	fmt.Println(err)
	// Output:
	// 2 problem(s) in the configuration:
	//   990300.insurer.base_url: is not an http(s) address
	//       such as https://gateway.example.com/path
	//   990300.insurer.secret: is missing
	//       give secret or secret_file
}
