package app_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/identity/document"
	"yibao/platforms/simulator"
)

// account is one enrolment as somebody is shown it.
type account struct {
	region, insurance, exists, amount string
	fen                               *balance.Fen
}

// TestEverybodyIsShownWhatTheyHave goes through all invented people: who can be linked is linked and looks through the
// API; of the others the server asks as its workers do. Nobody is shown money that is not theirs, nor ¥0.00 for an account
// that they do not have.
func TestEverybodyIsShownWhatTheyHave(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	p := s.signedIn(t, "wechat", "family")
	linked := 0
	for i, person := range s.world.Simulator.People() {
		if person.Note == "ordinary" && i%3 != 0 {
			continue
		}
		home := personOf(person).Region
		for _, region := range []string{simulator.RegionA, simulator.RegionB, simulator.RegionC} {
			if region == home && person.Phone != "" {
				linked++
				s.compare(t, person, region, s.viewed(t, p, s.linkAny(t, p, person)))
			} else {
				s.compare(t, person, region, s.asked(t, person, region))
			}
		}
	}
	if all := len(s.world.Simulator.People()); all < 40 || linked < 20 {
		t.Errorf("%d of %d people are linked", linked, all)
	}
}

// linkAny links anybody with a phone on file; for a child its guardian agrees.
func (s *stage) linkAny(t *testing.T, p *phone.Phone, who simulator.Person) string {
	t.Helper()
	person := personOf(who)
	birth, _ := document.BirthDate(person.IDType, person.IDNumber)
	if !document.Under(14, birth, time.Now()) {
		return s.link(t, p, person)
	}
	request := map[string]any{
		"region": person.Region, "name": person.Name, "id_type": person.IDType, "id_number": person.IDNumber,
		"relation": "self", "method": "sms_on_file", "consent": map[string]any{"version": consentVersion, "unattended": true},
	}
	if got := codeOf(t, p.Call(t.Context(), http.MethodPost, "/v1/link-attempts", request, nil)); got != "422 guardian_required" {
		t.Errorf("a child links itself: %q", got)
	}
	request["relation"] = "child"
	request["consent"] = map[string]any{"version": consentVersion, "unattended": true, "guardian": true}
	var started phone.Attempt
	if err := p.Call(t.Context(), http.MethodPost, "/v1/link-attempts", request, &started); err != nil {
		t.Fatal(err)
	}
	s.app.Linking.Wait()
	a := &attempt{stage: s, p: p, person: person, id: started.ID}
	if state := a.prove(t); state != "linked" {
		t.Fatalf("a child's link is %q", state)
	}
	var done phone.Attempt
	if err := p.Call(t.Context(), http.MethodGet, "/v1/link-attempts/"+started.ID, nil, &done); err != nil {
		t.Fatal(err)
	}
	return done.InsuredID
}

// viewed is what the API shows.
func (s *stage) viewed(t *testing.T, p *phone.Phone, id string) []account {
	t.Helper()
	var answer struct {
		Enrolments []struct {
			Region    string
			Insurance string `json:"insurance_type"`
			Account   struct {
				Exists, Text, Amount string
				Fen                  *balance.Fen `json:"amount_fen"`
			} `json:"personal_account"`
		}
	}
	if err := p.Call(t.Context(), http.MethodGet, "/v1/insured/"+id+"/balance", nil, &answer); err != nil {
		t.Fatal(err)
	}
	var list []account
	for _, e := range answer.Enrolments {
		list = append(list, account{e.Region, e.Insurance, e.Account.Exists, e.Account.Amount, e.Account.Fen})
		if e.Account.Exists != "yes" && strings.Contains(e.Account.Text, "¥") {
			t.Errorf("no account, but the text says %q", e.Account.Text)
		}
	}
	return list
}

// asked is what the server learns of a person without a link.
func (s *stage) asked(t *testing.T, who simulator.Person, region string) []account {
	t.Helper()
	claim := claimOf(personOf(who))
	claim.Region = region
	answer, err := s.app.Outside.Insurer.Enrolments(t.Context(), region, claim)
	if err != nil {
		if !errors.Is(err, balance.ErrNotEnrolled) {
			t.Errorf("%s in %s: %v", who.Name, region, err)
		}
		return nil
	}
	var list []account
	for _, e := range answer.Enrolments {
		one := account{region: e.Region, insurance: e.InsuranceType, exists: string(e.Account.Exists), fen: e.Account.Balance}
		if one.fen != nil {
			one.amount = one.fen.Display()
		}
		list = append(list, one)
	}
	return list
}

// compare holds what is shown against what the person has in the region.
func (s *stage) compare(t *testing.T, who simulator.Person, region string, shown []account) {
	t.Helper()
	n := 0
	for _, e := range who.Enrolments {
		if e.Region != region {
			continue
		}
		n++
		found := false
		for _, a := range shown {
			if a.insurance == e.Type && a.region == e.Region {
				found = true
				s.compareAccount(t, who, e, a)
			}
		}
		if !found {
			t.Errorf("%s: nothing is shown of %s in %s", who.Name, e.Type, e.Region)
		}
	}
	if n != len(shown) {
		t.Errorf("%s: %d enrolments shown of %d in %s", who.Name, len(shown), n, region)
	}
}

func (s *stage) compareAccount(t *testing.T, who simulator.Person, e simulator.Enrolment, a account) {
	t.Helper()
	switch {
	case a.exists != e.Account:
		t.Errorf("%s (%s): an account exists: %s, want %s", who.Name, who.Note, a.exists, e.Account)
	case e.Account != "yes" && (a.fen != nil || a.amount != ""):
		t.Errorf("%s (%s): %s is shown", who.Name, who.Note, a.amount)
	case e.Account == "yes" && (a.fen == nil || a.amount != s.holds(t, who, e)):
		t.Errorf("%s (%s): %q is shown, want %s", who.Name, who.Note, a.amount, s.holds(t, who, e))
	case a.fen != nil && (*a.fen == 0) != (who.Name == "测试零"):
		t.Errorf("%s (%s): %s is shown", who.Name, who.Note, a.amount)
	}
}

// holds asks the simulated insurer itself what is in an account.
func (s *stage) holds(t *testing.T, who simulator.Person, e simulator.Enrolment) string {
	t.Helper()
	query := url.Values{"id_number": {who.IDNumber}, "region": {e.Region}, "insurance_type": {e.Type}}
	text, err := s.ctl.Control(t.Context(), "balance?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
