package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// TestLinkByCardPassword links people by the number and query password of their card, in both dialects and on both
// platforms: wrong answers first, then the right one, and the balance.
func TestLinkByCardPassword(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	for region, who := range map[string]simulator.Person{
		simulator.RegionA: s.holder(t, simulator.RegionA), simulator.RegionB: s.holder(t, simulator.RegionB),
	} {
		for _, platform := range []string{"wechat", "alipay"} {
			p := s.signedIn(t, platform, "card-"+region)
			var started phone.Attempt
			if err := p.Call(t.Context(), http.MethodPost, "/v1/link-attempts", map[string]any{
				"region": region, "name": who.Name, "id_type": who.CertType, "id_number": who.IDNumber, "relation": "self",
				"method": "card_password", "consent": map[string]any{"version": consentVersion, "unattended": true},
			}, &started); err != nil {
				t.Fatal(err)
			}
			prove := func(answer map[string]any) (code string, done phone.Attempt) {
				err := p.Call(t.Context(), http.MethodPost, "/v1/link-attempts/"+started.ID+"/proof", answer, &done)
				return codeOf(t, err), done
			}
			for name, answer := range map[string]map[string]any{
				"wrong password": {"card_number": who.CardNumber, "password": "000000"},
				"another's card": {"card_number": "X" + who.CardNumber, "password": who.CardPassword},
				"a code":         {"code": "123456"},
				"nothing":        {},
			} {
				if code, _ := prove(answer); code != "422 password_wrong" {
					t.Errorf("%s %s, %s: %q", region, platform, name, code)
				}
			}
			if got := codeOf(t, p.Call(t.Context(), http.MethodPost, "/v1/link-attempts/"+started.ID+"/code", nil, nil)); got != "422 not_offered" {
				t.Errorf("%s %s: another code: %q", region, platform, got)
			}
			code, done := prove(map[string]any{"card_number": who.CardNumber, "password": who.CardPassword})
			if code != "" || done.State != "linked" {
				t.Fatalf("%s %s: %q %+v", region, platform, code, done)
			}
			var balance struct{ Enrolments []json.RawMessage }
			if err := p.Call(t.Context(), http.MethodGet, "/v1/insured/"+done.InsuredID+"/balance", nil, &balance); err != nil {
				t.Errorf("%s %s: %v", region, platform, err)
			}
			if len(balance.Enrolments) == 0 {
				t.Errorf("%s %s: no enrolment", region, platform)
			}
		}
		if said := s.log.String(); strings.Contains(said, who.CardNumber) || strings.Contains(said, who.CardPassword) {
			t.Error("card number or password is in the log")
		}
	}
}

// TestCardPasswordWhileTheInsurerIsDown: no answer costs no try, and is told as that.
func TestCardPasswordWhileTheInsurerIsDown(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	who, p := s.holder(t, simulator.RegionB), s.signedIn(t, "alipay", "card-down")
	var started struct {
		ID        string `json:"id"`
		TriesLeft int    `json:"tries_left"`
		SendsLeft int    `json:"sends_left"`
	}
	if err := p.Call(t.Context(), http.MethodPost, "/v1/link-attempts", map[string]any{
		"region": simulator.RegionB, "name": who.Name, "id_number": who.IDNumber, "relation": "self", "method": "card_password",
		"consent": map[string]any{"version": consentVersion},
	}, &started); err != nil {
		t.Fatal(err)
	}
	if started.TriesLeft != 5 || started.SendsLeft != 0 {
		t.Errorf("%+v", started)
	}
	s.misbehave(t, "insurer", "http_503", -1)
	answer := map[string]any{"card_number": who.CardNumber, "password": who.CardPassword}
	path := "/v1/link-attempts/" + started.ID
	for range 6 {
		if got := codeOf(t, p.Call(t.Context(), http.MethodPost, path+"/proof", answer, nil)); got != "503 upstream_unavailable" {
			t.Fatalf("got %q", got)
		}
	}
	s.behave(t, "insurer")
	if err := p.Call(t.Context(), http.MethodGet, path, nil, &started); err != nil || started.TriesLeft != 5 {
		t.Errorf("%d tries left, %v", started.TriesLeft, err)
	}
	var done phone.Attempt
	if err := p.Call(t.Context(), http.MethodPost, path+"/proof", answer, &done); err != nil || done.State != "linked" {
		t.Errorf("%+v, %v", done, err)
	}
}

// holder is an ordinary resident or employee of the region.
func (s *stage) holder(t *testing.T, region string) simulator.Person {
	t.Helper()
	for _, p := range s.world.Simulator.People() {
		if p.Note == "ordinary" && p.Enrolments[0].Region == region {
			return p
		}
	}
	t.Fatal("nobody is ordinary")
	return simulator.Person{}
}
