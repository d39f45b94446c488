package identity_test

import (
	"testing"

	"yibao/identity"
)

func TestRegions(t *testing.T) {
	t.Parallel()
	main := identity.AppKey{Platform: identity.WeChat, App: "main"}
	d := identity.NewRegions([]identity.Region{
		{Code: "990200", Name: "乙市"}, {Code: "990100", Unattended: true, Methods: []identity.Method{identity.SMSOnFile}},
	}, map[identity.AppKey][]string{main: {"990100", "990300"}})
	if all := d.All(); len(all) != 2 || all[0].Code != "990100" || all[1].Code != "990200" {
		t.Errorf("all: %+v", all)
	}
	if !d.Region("990100").Unattended || d.Region("990200").Unattended || d.Region("990300").Unattended {
		t.Error("unattended")
	}
	if d.Name("990200") != "乙市" || d.Name("990100") != "990100" || d.Name("110000") != "110000" {
		t.Error("a region without a name goes by its code")
	}
	for code, want := range map[string]bool{"990100": true, "990200": false, "990300": false, "": false} {
		if d.Offered(main, code) != want {
			t.Errorf("%q offered: %v", code, !want)
		}
	}
	if d.Offered(identity.AppKey{Platform: identity.Alipay, App: "main"}, "990100") {
		t.Error("another platform's app of that name offers it")
	}
}
