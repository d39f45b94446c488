package handlers

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// TestHomeIsOneCall: the parts are those of the routes that show each alone.
func TestHomeIsOneCall(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	own := "/v1/insured/" + linkID
	want := fmt.Sprintf(`{"user":{"platform":"wechat","app":"main","links":1},"persons":[{"insured":%s,"balance":{"state":"ok","figures":%s},`+
		`"reminder":{"state":"set","setting":%s}}],"attempts":{"state":"ok","open":[%s]}}`,
		r.do("GET", own, "").Text, r.do("GET", own+"/balance", "").Text, r.do("GET", own+"/reminder", "").Text,
		r.do("GET", "/v1/link-attempts/ATTEMPT", "").Text)
	if got := r.do("GET", "/v1/home", ""); got.StatusCode != 200 || got.Text != want {
		t.Errorf("%d\n got %s\nwant %s", got.StatusCode, got.Text, want)
	}
}

// TestAPartThatFailsLeavesTheOthers: a failure, and even a panic, is told by its own part alone.
func TestAPartThatFailsLeavesTheOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fail  error
		panic any
		want  map[string]string // part → code; "" for a part that is there
	}{
		"Glance":   {fail: balance.ErrNoReading, want: map[string]string{"balance": "no_reading", "reminder": "", "attempts": ""}},
		"Get":      {fail: identity.ErrStore, want: map[string]string{"balance": "", "reminder": "store_unavailable", "attempts": ""}},
		"Attempts": {fail: identity.ErrStore, want: map[string]string{"balance": "", "reminder": "", "attempts": "store_unavailable"}},
		"Quotas":   {fail: identity.ErrStore, want: map[string]string{"balance": "", "reminder": "", "attempts": ""}},
		"Current":  {want: map[string]string{"balance": "", "reminder": "", "attempts": ""}},
	} {
		for _, panics := range []bool{false, true} {
			r := newRig(t)
			r.fake.failOnly, r.fake.failWith = name, c.fail
			want := c.want
			if panics && c.fail != nil {
				r.fake.panicOnly = true
				want = map[string]string{}
				for part, code := range c.want {
					if code != "" {
						code = "internal"
					}
					want[part] = code
				}
			}
			got := r.do("GET", "/v1/home", "")
			var view struct {
				Persons []struct {
					Balance, Reminder struct {
						Problem *struct{ Code, Message, Detail string }
					}
				}
				Attempts struct {
					Problem *struct{ Code, Message, Detail string }
				}
			}
			if err := json.Unmarshal([]byte(got.Text), &view); err != nil || got.StatusCode != 200 || len(view.Persons) != 1 {
				t.Fatalf("%s: %d %s", name, got.StatusCode, got.Text)
			}
			for part, problem := range map[string]*struct{ Code, Message, Detail string }{
				"balance": view.Persons[0].Balance.Problem, "reminder": view.Persons[0].Reminder.Problem, "attempts": view.Attempts.Problem,
			} {
				code := ""
				if problem != nil {
					code = problem.Code
				}
				if code != want[part] || problem != nil && (problem.Message == "" || problem.Detail == "") {
					t.Errorf("%s fails, panic %v: %s says %+v", name, panics, part, problem)
				}
			}
		}
	}
}

// TestHomeSaysWhenNoMessageCanReach: without a free message the reminder says so, with the time; without a rule it is none.
func TestHomeSaysWhenNoMessageCanReach(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.free = -1
	const unreachable = `"reachable":false,"notices":[{"code":"unreachable","message":"截至2026年11月21日12:00，暂时无法向您发送提醒消息，请重新订阅提醒消息","at":"2026-11-21T12:00:00+08:00"}]`
	for _, path := range []string{"/v1/home", "/v1/insured/" + linkID + "/reminder"} {
		if got := r.do("GET", path, ""); !strings.Contains(got.Text, unreachable) {
			t.Errorf("%s: %s", path, got.Text)
		}
	}
	r.fake.failOnly, r.fake.failWith = "Get", reminder.ErrNoRule
	if got := r.do("GET", "/v1/home", ""); !strings.Contains(got.Text, `"reminder":{"state":"none"}`) {
		t.Error(got.Text)
	}
}

// TestAPartialAnswerThatGrowsOldStaysPartial: freshness and coverage are told apart, each with a sentence and its time.
func TestAPartialAnswerThatGrowsOldStaysPartial(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stale    bool
		coverage balance.Coverage
		want     string
		notices  int
	}{
		{false, balance.Complete, `"freshness":"fresh","coverage":"complete"`, 0},
		{true, balance.Complete, `"freshness":"stale","coverage":"complete"`, 1},
		{false, balance.Partial, `"freshness":"fresh","coverage":"partial"`, 1},
		{true, balance.Partial, `"freshness":"stale","coverage":"partial"`, 2},
		{true, balance.Unsupported, `"freshness":"stale","coverage":"unsupported"`, 2},
	} {
		for _, language := range []string{"zh", "en"} {
			r := newRig(t)
			r.fake.answer.Stale, r.fake.answer.Coverage = c.stale, c.coverage
			got := r.doIn(language, "GET", hotPath, "")
			if !strings.Contains(got.Text, c.want) || strings.Count(got.Text, `"at":"2026-11-21T11:59:00+08:00"`) != c.notices {
				t.Errorf("%+v: %s", c, got.Text)
			}
		}
	}
}
