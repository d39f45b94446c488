package app_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// TestSessionsOfSeveralDevices lists the sessions of one user page by page, ends all but the one in use, then all.
func TestSessionsOfSeveralDevices(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	var devices []*phone.Phone
	for range 4 {
		devices = append(devices, s.signedIn(t, "wechat", "citizen"))
	}
	stranger, current := s.signedIn(t, "wechat", "stranger"), devices[1]
	type page struct {
		Sessions []struct {
			ID      string
			Current bool
		}
		Next string
	}
	seen := map[string]bool{}
	for path := "/v1/sessions?limit=1"; path != ""; {
		var p page
		if err := current.Call(t.Context(), http.MethodGet, path, nil, &p); err != nil || len(p.Sessions) != 1 {
			t.Fatal(path, p, err)
		}
		seen[p.Sessions[0].ID] = p.Sessions[0].Current
		if path = ""; p.Next != "" {
			path = "/v1/sessions?limit=1&page=" + p.Next
		}
	}
	inUse := 0
	for _, is := range seen {
		if is {
			inUse++
		}
	}
	if len(seen) != 4 || inUse != 1 {
		t.Errorf("%d sessions, %d of them in use", len(seen), inUse)
	}
	signedOut := func(p *phone.Phone) bool {
		return codeOf(t, p.Call(t.Context(), http.MethodGet, "/v1/me", nil, nil)) == "401 token_invalid"
	}
	for _, step := range []struct {
		path string
		ends int
	}{{"/v1/sessions?keep_current=true", 3}, {"/v1/sessions", 4}} {
		if err := current.Call(t.Context(), http.MethodDelete, step.path, nil, nil); err != nil {
			t.Fatal(err)
		}
		ended := 0
		for _, p := range devices {
			if signedOut(p) {
				ended++
			}
		}
		if ended != step.ends || signedOut(stranger) || signedOut(current) != (step.ends == 4) {
			t.Errorf("%s ended %d sessions, the stranger's: %v", step.path, ended, signedOut(stranger))
		}
	}
}

// TestPartsOfAReminderAreChanged: a patch of the threshold leaves quiet hours and the shown amount; a PUT of it alone
// resets them.
func TestPartsOfAReminderAreChanged(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	p := s.signedIn(t, "wechat", "citizen")
	path := "/v1/insured/" + s.link(t, p, s.withAccount()[0]) + "/reminder"
	type reminder struct {
		Threshold  int                          `json:"threshold_fen"`
		Margin     int                          `json:"margin_fen"`
		ShowAmount bool                         `json:"show_amount"`
		QuietHours *struct{ Start, End string } `json:"quiet_hours"`
	}
	if got := codeOf(t, p.Call(t.Context(), http.MethodPatch, path, map[string]any{"threshold_fen": 20000}, nil)); got != "404 no_reminder" {
		t.Error("a patch of nothing:", got)
	}
	set := func(method string, body map[string]any) (r reminder) {
		if err := p.Call(t.Context(), method, path, body, &r); err != nil {
			t.Fatal(method, body, err)
		}
		return r
	}
	quiet := map[string]any{"start": "22:00", "end": "07:00"}
	set(http.MethodPut, map[string]any{"threshold_fen": 10000, "margin_fen": 700, "show_amount": true, "quiet_hours": quiet})
	r := set(http.MethodPatch, map[string]any{"threshold_fen": 20000})
	if r.Threshold != 20000 || r.Margin != 700 || !r.ShowAmount || r.QuietHours == nil {
		t.Errorf("after a patch of the threshold: %+v", r)
	}
	r = set(http.MethodPatch, map[string]any{"quiet_hours": nil, "margin_fen": nil})
	if r.Threshold != 20000 || r.Margin != 1000 || !r.ShowAmount || r.QuietHours != nil {
		t.Errorf("after a patch that resets: %+v", r)
	}
	r = set(http.MethodPut, map[string]any{"threshold_fen": 10000})
	if r.Threshold != 10000 || r.Margin != 1000 || r.ShowAmount || r.QuietHours != nil {
		t.Errorf("after a PUT of the threshold alone: %+v", r)
	}
}

// questions is how many requests the insurer has had.
func (s *stage) questions(t *testing.T) int {
	t.Helper()
	text, err := s.ctl.Control(t.Context(), "stats", nil)
	var stats map[string]int
	if err = errors.Join(err, json.Unmarshal([]byte(text), &stats)); err != nil {
		t.Fatal(err)
	}
	return stats["insurer."+simulator.RegionA]
}

// TestUnattendedReadingOfALink is withdrawn and given: the daily reading, the reminders and the person's own answer go by
// it, and so does the consent that came with the reminder.
func TestUnattendedReadingOfALink(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	p, person := s.signedIn(t, "wechat", "citizen"), s.withAccount()[0]
	s.setBalance(t, person, 50000)
	path := "/v1/insured/" + s.link(t, p, person)
	if err := p.Grant(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	reminder := map[string]any{"threshold_fen": 10000, "consent": map[string]any{"version": consentVersion}}
	if err := p.Call(t.Context(), http.MethodPut, path+"/reminder", reminder, nil); err != nil {
		t.Fatal(err)
	}
	set := func(body map[string]any) string {
		var answered, shown struct{ Consent struct{ Unattended bool } }
		err := p.Call(t.Context(), http.MethodPut, path+"/unattended", body, &answered)
		if code := codeOf(t, err); code != "" {
			return code
		}
		if err := p.Call(t.Context(), http.MethodGet, path, nil, &shown); err != nil || shown != answered || shown.Consent.Unattended != body["unattended"] {
			t.Errorf("%v: answered %v, shown %v, %v", body, answered, shown, err)
		}
		return ""
	}
	// asked is how many questions a day's readings and a pass of the reminders put to the insurer.
	asked := func() int {
		before := s.questions(t)
		s.pass(25 * time.Hour)
		if _, err := s.app.Balances.CollectDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.pass(untilNotFresh)
		if _, err := s.app.Reminders.EvaluateDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s.questions(t) - before
	}
	signIn := func() { // a day has passed
		if err := p.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked(); n != 2 {
		t.Errorf("with both consents: %d questions", n)
	}
	signIn()
	if code := set(map[string]any{"unattended": true}); code != "422 consent_missing" {
		t.Error("given without a text:", code)
	}
	if code := set(map[string]any{"unattended": false}); code != "" {
		t.Error("withdrawn:", code)
	}
	if n := asked(); n != 0 {
		t.Errorf("withdrawn: %d questions", n)
	}
	signIn()
	if code := set(map[string]any{"unattended": true, "consent": map[string]any{"version": consentVersion}}); code != "" {
		t.Error("given again:", code)
	}
	if n := asked(); n != 2 {
		t.Errorf("given again: %d questions", n)
	}
	stranger := s.phone(t, "wechat", "stranger")
	if err := stranger.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := stranger.Call(t.Context(), http.MethodPut, path+"/unattended", map[string]any{"unattended": false}, nil)
	if got := codeOf(t, err); got != "404 not_found" {
		t.Error("another's link:", got)
	}
}

// TestTwoAttemptsForOnePersonAtOnce: the sandbox tells the code of each, so both can be proved.
func TestTwoAttemptsForOnePersonAtOnce(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	person := s.withAccount()[0]
	var phones []*phone.Phone
	var attempts []string
	for _, user := range []string{"one", "two"} {
		p := s.signedIn(t, "wechat", user)
		attempt, err := p.StartLink(t.Context(), person, consentVersion)
		if err != nil {
			t.Fatal(err)
		}
		phones, attempts = append(phones, p), append(attempts, attempt.ID)
	}
	for i, p := range phones {
		code, err := p.Control(t.Context(), "sms/latest?wait=20&attempt="+attempts[i], nil)
		if err != nil {
			t.Fatal(err)
		}
		var proved phone.Attempt
		err = p.Call(t.Context(), http.MethodPost, "/v1/link-attempts/"+attempts[i]+"/proof", map[string]any{"code": code}, &proved)
		if err != nil || proved.State == "failed" {
			t.Errorf("attempt %d: %+v, %v", i, proved, err)
		}
	}
}
