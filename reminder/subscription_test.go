package reminder_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/identity"
	"yibao/reminder"
)

func report(t fatal, r *rig, id, result string) int {
	t.Helper()
	quotas, err := r.Report(context.Background(), r.caller, reminder.Report{ID: id, Results: map[string]string{templateID: result}})
	if err != nil || len(quotas) != 1 || quotas[0].Template != lowBalance {
		t.Fatalf("got %+v, %v", quotas, err)
	}
	return quotas[0].Free
}

func TestReportGrants(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	steps := []struct {
		id, result string
		want       int
	}{
		{"1", "accept", 1},
		{"1", "accept", 1}, // repeated
		{"2", "accept", 2},
		{"3", "reject", 2}, // removes no grant
		{"4", "ban", 2},
		{"5", "filter", 2},
		{"6", "acceptWithAudio", 3},
		{"7", "acceptWithAlert", 4},
		{"8", "acceptWithForcePush", 5},
		{"9", "Accept", 5},
		{"10", "", 5},
		{"1", "accept", 5}, // repeated late
	}
	for _, s := range steps {
		if got := report(t, r, s.id, s.result); got != s.want {
			t.Errorf("report %s %q: %d free, want %d", s.id, s.result, got, s.want)
		}
	}
}

func TestReportLongTerm(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig(), func(d *reminder.Deps) { d.Templates[0].Kind = reminder.LongTerm })
	for i, s := range []struct {
		result string
		want   int
	}{{"filter", 0}, {"acceptWithAlert", 1}, {"accept", 1}, {"filter", 1}, {"reject", 0}, {"accept", 1}, {"ban", 0}} {
		if got := report(t, r, strconv.Itoa(i), s.result); got != s.want {
			t.Errorf("step %d %q: %d, want %d", i, s.result, got, s.want)
		}
	}
}

func TestReportIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	for i := range 300 {
		report(t, r, strconv.Itoa(i), "accept")
	}
	if q := r.quota(); q.Free != 50 || len(q.Reports) != 100 {
		t.Errorf("%d free, %d reports", q.Free, len(q.Reports))
	}
}

func TestReportErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	for _, id := range []string{"", strings.Repeat("x", 65)} {
		if _, err := r.Report(context.Background(), r.caller, reminder.Report{ID: id}); !errors.Is(err, reminder.ErrReportID) {
			t.Errorf("%q: %v", id, err)
		}
	}
	quotas, err := r.Report(context.Background(), r.caller, reminder.Report{ID: "1", Results: map[string]string{"foreign": "accept"}})
	if err != nil || len(quotas) != 1 || quotas[0].Free != 0 {
		t.Errorf("foreign template: %+v, %v", quotas, err)
	}
	other := &identity.Caller{UserID: r.caller.UserID, Platform: identity.Alipay, App: app}
	if quotas, err := r.Report(context.Background(), other, reminder.Report{ID: "1", Results: map[string]string{templateID: "accept"}}); err != nil || len(quotas) != 0 {
		t.Errorf("another platform's app: %+v, %v", quotas, err)
	}
}

// The client repeats a report if the answer is lost. It counts once, at every place of the fault.
func TestReportCountsOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(t, rigConfig())
		hit, n := "", rapid.IntRange(1, 12).Draw(t, "call")
		service := r.start(rapid.SampledFrom(faults).Draw(t, "fault").hooks(n, &hit))
		_, _ = service.Report(context.Background(), r.caller, reminder.Report{ID: "1", Results: map[string]string{templateID: "accept"}})
		if got := report(t, r, "1", "accept"); got != 1 {
			t.Fatalf("%d free", got)
		}
	})
}

// After the limit was lowered a further grant removes none of the earlier ones.
func TestGrantAboveALoweredLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(5)
	r.cfg.MaxFree = 2
	r.Service = r.start(nil, nil).Service
	if free := r.grant(1)[0].Free; free != 5 {
		t.Errorf("%d free", free)
	}
}

// TestOneFallOfAUserThatWasTwo: one person had two users, one for each id of the platform, with a link and a rule at each.
// Since the platform gave both ids the fall is told once, to the open_id, and counts on the quota of the user that stays.
func TestOneFallOfAUserThatWasTwo(t *testing.T) {
	t.Parallel()
	for _, twice := range []bool{true, false} { // linked by both users, or by the older one alone
		r := newRig(t, rigConfig())
		account := identity.PlatformAccount{Platform: identity.WeChat, App: app, UserID: "2088"}
		older, err := r.store.SignedIn(context.Background(), account, r.world.Now())
		r.check(err)
		link := r.caller.Links[0]
		link.ID = "older-1"
		older, err = r.store.UpdateUser(context.Background(), older.ID, func(u *identity.PlatformUser) error {
			u.Links = []identity.Link{link}
			return nil
		})
		r.check(err)
		was := &identity.Caller{UserID: older.ID, Platform: identity.WeChat, App: app, Links: older.Links}
		_, err = r.Put(context.Background(), was, "older-1", reminder.Setting{Threshold: 5000})
		r.check(err)
		if twice {
			r.put()
		} else {
			r.editUser(func(u *identity.PlatformUser) { u.Links = nil })
		}
		account.OpenID = "open-u"
		_, err = r.store.SignedIn(context.Background(), account, r.world.Now())
		r.check(err)
		r.grant(5)
		r.fall(4000)
		r.later(time.Minute)
		sends := r.world.Sends()
		if len(sends) != 1 || sends[0].To.OpenID != "open-u" || sends[0].To.UserID != "2088" {
			t.Errorf("linked by both %v: %d messages: %+v", twice, len(sends), sends)
		}
		if free := r.quota().Free; free != 4 {
			t.Errorf("linked by both %v: %d messages are left of 5", twice, free)
		}
	}
}
