package handlers

import (
	"reflect"
	"testing"

	"yibao/balance"
	"yibao/handlers/web/webtest"
	"yibao/identity"
	"yibao/reminder"
)

// TestPatchOfTheReminder: what a patch has is set, null sets the default, and the rest stays. The rule had ¥100.00, a
// margin of ¥10.00, quiet hours, a shown amount and a consent of its own.
func TestPatchOfTheReminder(t *testing.T) {
	t.Parallel()
	for patch, want := range map[string]func(*reminder.Setting){
		`{}`:                              func(*reminder.Setting) {},
		`{"threshold_fen":20000}`:         func(s *reminder.Setting) { s.Threshold = 20000 },
		`{"margin_fen":0}`:                func(s *reminder.Setting) { s.Margin = new(balance.Fen) },
		`{"margin_fen":null}`:             func(s *reminder.Setting) { s.Margin = nil },
		`{"insurance_type":"390"}`:        func(s *reminder.Setting) { s.InsuranceType = "390" },
		`{"insurance_type":null}`:         func(s *reminder.Setting) { s.InsuranceType = "" },
		`{"template":"other"}`:            func(s *reminder.Setting) { s.Template = "other" },
		`{"template":null}`:               func(s *reminder.Setting) { s.Template = "" },
		`{"show_amount":false}`:           func(s *reminder.Setting) { s.ShowAmount = false },
		`{"show_amount":null}`:            func(s *reminder.Setting) { s.ShowAmount = false },
		`{"quiet_hours":null}`:            func(s *reminder.Setting) { s.Quiet = reminder.QuietHours{} },
		`{"quiet_hours":{}}`:              func(*reminder.Setting) {},
		`{"quiet_hours":{"end":"08:00"}}`: func(s *reminder.Setting) { s.Quiet.End = 8 * 60 },
		`{"quiet_hours":{"start":"21:00","end":"06:00"}}`: func(s *reminder.Setting) {
			s.Quiet = reminder.QuietHours{Start: 21 * 60, End: 6 * 60}
		},
		`{"consent":{"version":"v1"}}`: func(s *reminder.Setting) { s.Given, s.ConsentVersion = identity.Consent{}, "v1" },
		`{"consent":null}`:             func(s *reminder.Setting) { s.Given = identity.Consent{} },
	} {
		for _, contentType := range []string{"application/json", "application/merge-patch+json", "application/merge-patch+json; charset=utf-8"} {
			r := newRig(t)
			made := webtest.Request("PATCH", "/v1/insured/"+linkID+"/reminder", patch)
			made.Header.Set("Authorization", "Bearer "+goodToken)
			made.Header.Set("Content-Type", contentType)
			r.send(made).JSON(t, 200)
			margin := balance.Fen(1000)
			expected := reminder.Setting{
				Threshold: 10000, Margin: &margin, InsuranceType: "310", Template: "low_balance", ShowAmount: true,
				Quiet: reminder.QuietHours{Start: 22 * 60, End: 7*60 + 30}, Given: identity.Consent{Version: "v0", Unattended: true},
			}
			want(&expected)
			if !reflect.DeepEqual(r.fake.setting, expected) {
				t.Errorf("%s as %s: %+v", patch, contentType, r.fake.setting)
			}
		}
	}
}

func TestPatchesOfTheReminderThatAreWrong(t *testing.T) {
	t.Parallel()
	for patch, want := range map[string]string{
		`{"threshold_fen":null}`:                          "threshold_invalid",
		`{"quiet_hours":{"start":null}}`:                  "quiet_hours_invalid",
		`{"quiet_hours":{"start":"07:30"}}`:               "quiet_hours_invalid",
		`{"quiet_hours":{"start":"09:00","end":"09:00"}}`: "quiet_hours_invalid",
		`{"consent":{"version":"v0"}}`:                    "consent_missing",
		`{"consent":{}}`:                                  "validation",
		`[]`:                                              "validation",
	} {
		r := newRig(t)
		if p := r.do("PATCH", "/v1/insured/"+linkID+"/reminder", patch).Problem(t); p.Code != want || p.Status != 422 {
			t.Errorf("%s: %d %s", patch, p.Status, p.Code)
		}
	}
	r := newRig(t)
	r.fake.rule.Quiet = reminder.QuietHours{}
	if p := r.do("PATCH", "/v1/insured/"+linkID+"/reminder", `{"quiet_hours":{"end":"07:30"}}`).Problem(t); p.Code != "quiet_hours_invalid" {
		t.Errorf("one end where there are no quiet hours: %+v", p)
	}
	// A merge patch is taken by nothing else.
	made := webtest.Request("PUT", "/v1/insured/"+linkID+"/reminder", goodReminder)
	made.Header.Set("Authorization", "Bearer "+goodToken)
	made.Header.Set("Content-Type", "application/merge-patch+json")
	if p := r.send(made).Problem(t); p.Status != 415 {
		t.Errorf("a merge patch as a whole: %+v", p)
	}
}
