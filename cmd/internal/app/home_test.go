package app_test

import (
	"net/http"
	"testing"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
)

// home is what GET /v1/home says, as far as the test looks.
type home struct {
	User    struct{ Links int }
	Persons []struct {
		Insured struct{ ID string }
		Balance struct {
			State   string
			Problem struct{ Code, Message string }
			Figures struct {
				Meta struct {
					Freshness, Coverage string
					Notices             []struct{ Code, Message, At string }
				}
				Enrolments []struct {
					Account struct{ Text string } `json:"personal_account"`
				}
			}
		}
		Reminder struct {
			State   string
			Setting struct {
				Reachable *bool
				Notices   []struct{ Code, Message, At string }
			}
		}
	}
	Attempts struct {
		State string
		Open  []struct {
			ID, State string
			ResendIn  *int `json:"resend_in"`
		}
	}
}

func (s *stage) home(t *testing.T, p *phone.Phone) home {
	t.Helper()
	var view home
	if err := p.Call(t.Context(), http.MethodGet, "/v1/home", nil, &view); err != nil {
		t.Fatal(err)
	}
	return view
}

// TestTheFirstScreenInOneCall: two persons, the reminder of one, an attempt under way. When the insurer is down, the figures
// of one are the last good ones, those of the other say that there are none, and everything else is as before.
func TestTheFirstScreenInOneCall(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	p, people := s.signedIn(t, "wechat", "home"), s.withAccount()
	if view := s.home(t, p); view.User.Links != 0 || len(view.Persons) != 0 || view.Attempts.State != "ok" || len(view.Attempts.Open) != 0 {
		t.Errorf("a new user sees %+v", view)
	}
	s.setBalance(t, people[0], 123_45)
	first, second := s.link(t, p, people[0]), s.link(t, p, people[1])
	setting := map[string]any{"threshold_fen": 10000, "consent": map[string]any{"version": consentVersion}}
	if err := p.Call(t.Context(), http.MethodPut, "/v1/insured/"+first+"/reminder", setting, nil); err != nil {
		t.Fatal(err)
	}
	attempt, err := p.StartLink(t.Context(), people[2], consentVersion)
	if err != nil {
		t.Fatal(err)
	}
	s.app.Linking.Wait()
	view := s.home(t, p)
	if view.User.Links != 2 || len(view.Persons) != 2 || view.Persons[0].Insured.ID != first || view.Persons[1].Insured.ID != second {
		t.Fatalf("%+v", view)
	}
	one := view.Persons[0]
	if one.Balance.State != "ok" || one.Balance.Figures.Meta.Freshness != "fresh" || one.Balance.Figures.Enrolments[0].Account.Text != "¥123.45" {
		t.Errorf("%+v", one.Balance)
	}
	if r := one.Reminder; r.State != "set" || r.Setting.Reachable == nil || *r.Setting.Reachable ||
		len(r.Setting.Notices) != 1 || r.Setting.Notices[0].Code != "unreachable" || r.Setting.Notices[0].At == "" {
		t.Errorf("nothing was granted: %+v", r)
	}
	if view.Persons[1].Reminder.State != "none" || len(view.Attempts.Open) != 1 || view.Attempts.Open[0].ID != attempt.ID ||
		view.Attempts.Open[0].State != "waiting" || view.Attempts.Open[0].ResendIn == nil {
		t.Errorf("%+v, attempts %+v", view.Persons[1].Reminder, view.Attempts)
	}

	if err := p.Grant(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.forgetReadings(t, s.subject(t, people[1]))
	s.pass(untilNotFresh)
	s.misbehave(t, "insurer", "http_503", always)
	view = s.home(t, p)
	one, other := view.Persons[0], view.Persons[1]
	if b := one.Balance; b.State != "ok" || b.Figures.Meta.Freshness != "stale" || b.Figures.Meta.Coverage != "complete" ||
		b.Figures.Enrolments[0].Account.Text != "¥123.45" || len(b.Figures.Meta.Notices) != 1 || b.Figures.Meta.Notices[0].At == "" {
		t.Errorf("the last good figures: %+v", b)
	}
	if r := one.Reminder; r.State != "set" || r.Setting.Reachable == nil || !*r.Setting.Reachable || len(r.Setting.Notices) != 0 {
		t.Errorf("one message was granted: %+v", r)
	}
	if b := other.Balance; b.State != "unavailable" || b.Problem.Code != "no_reading" || b.Problem.Message == "" || b.Figures.Enrolments != nil {
		t.Errorf("nothing was ever read: %+v", b)
	}
	if view.User.Links != 2 || other.Reminder.State != "none" || view.Attempts.State != "ok" {
		t.Errorf("%+v", view)
	}
	if stranger := s.home(t, s.signedIn(t, "wechat", "stranger")); len(stranger.Persons) != 0 || len(stranger.Attempts.Open) != 0 {
		t.Errorf("a stranger sees %+v", stranger)
	}
}
