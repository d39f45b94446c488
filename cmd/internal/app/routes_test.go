package app_test

import (
	"net/http"
	"testing"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
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
