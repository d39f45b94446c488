package balance

import "testing"

func TestInsuranceName(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][2]string{
		"310":   {"职工医保", "Employee basic medical insurance"},
		"390":   {"城乡居民医保", "Resident basic medical insurance"},
		"510":   {"生育保险", "Maternity insurance"},
		"39902": {"其他险种(39902)", "Other insurance (39902)"},
		"":      {"其他险种()", "Other insurance ()"},
	} {
		if got := [2]string{InsuranceName(code), InsuranceName(code, "en")}; got != want {
			t.Errorf("%q: %v, want %v", code, got, want)
		}
	}
	if InsuranceName("310", "zh") != InsuranceName("310") || InsuranceName("310", "fr") != InsuranceName("310") {
		t.Error("Chinese is not the fallback")
	}
	for code, names := range insuranceNames {
		if len(code) != 3 || names[0] == "" || names[1] == "" {
			t.Errorf("%q: %v", code, names)
		}
	}
}

func TestStatusName(t *testing.T) {
	t.Parallel()
	if StatusName(StatusActive) != "正常参保" || StatusName(StatusPaused, "en") != "Paused" {
		t.Error("names are mixed up")
	}
	if StatusName(StatusUnknown) != "暂时无法确认" || StatusName(StatusUnknown, "en") != "Not known" {
		t.Errorf("%s, %s", StatusName(StatusUnknown), StatusName(StatusUnknown, "en"))
	}
	if StatusName("made up") != StatusName(StatusUnknown) {
		t.Error("an unknown state is not named unknown")
	}
}
