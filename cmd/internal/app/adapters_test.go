package app

import (
	"os"
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"

	"yibao/balance"
	"yibao/config"
	"yibao/platforms/insurer"
)

// TestExampleRulesAreTheBuiltInOnes: whoever starts from the example changes nothing for employees, civil servants,
// flexible workers and retirees; it only adds that residents have no account.
func TestExampleRulesAreTheBuiltInOnes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var example struct {
		Regions map[string]struct{ Accounts []map[string]string }
	}
	if err := yaml.Unmarshal(text, &example); err != nil {
		t.Fatal(err)
	}
	var given []config.AccountRule
	for _, rule := range example.Regions["990100"].Accounts {
		given = append(given, config.AccountRule{InsuranceType: rule["insutype"], PersonType: rule["psn_type"], HIType: rule["hi_type"], Exists: rule["exists"]})
	}
	want := append(insurer.DefaultAccountRules(), insurer.AccountRule{InsuranceType: "390", Exists: balance.AccountNo})
	if got := accountRules(given); !reflect.DeepEqual(got, want) {
		t.Errorf("the example has\n%+v\nbuilt in is\n%+v", got, want)
	}
}
