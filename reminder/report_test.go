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
	"yibao/reminder/remindertest"
)

func report(t fatal, r *rig, id, result string) int {
	t.Helper()
	quotas, err := r.Report(context.Background(), r.caller, reminder.Report{ID: id, Results: map[string]string{remindertest.TemplateID: result}})
	if err != nil || len(quotas) != 1 || quotas[0].Template != remindertest.Template {
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
		{"3", "reject", 2}, // takes nothing back that was granted
		{"4", "ban", 2},
		{"5", "filter", 2},
		{"6", "acceptWithAudio", 2},
		{"7", "Accept", 2},
		{"8", "", 2},
		{"1", "accept", 2}, // repeated late
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
	}{{"filter", 0}, {"accept", 1}, {"accept", 1}, {"filter", 1}, {"reject", 0}, {"accept", 1}, {"ban", 0}} {
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
	other := &identity.Caller{UserID: "u", Platform: identity.Alipay, App: remindertest.App}
	if quotas, err := r.Report(context.Background(), other, reminder.Report{ID: "1", Results: map[string]string{remindertest.TemplateID: "accept"}}); err != nil || len(quotas) != 0 {
		t.Errorf("another platform's app: %+v, %v", quotas, err)
	}
}

// A report whose answer was lost is repeated by the client and counts once, wherever the fault was.
func TestReportCountsOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(t, rigConfig())
		hit := ""
		n := rapid.IntRange(0, 5).Draw(t, "call")
		fault := remindertest.Fault(rapid.IntRange(1, remindertest.Faults-1).Draw(t, "fault"))
		service, _ := r.start(atCall(n, fault, &hit))
		_, _ = service.Report(context.Background(), r.caller, reminder.Report{ID: "1", Results: map[string]string{remindertest.TemplateID: "accept"}})
		if got := report(t, r, "1", "accept"); got != 1 {
			t.Fatalf("%d free", got)
		}
	})
}

func TestQuotasForgetOldUnknowns(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(1)
	r.put()
	r.answer(reminder.Outcome{Kind: reminder.OutcomeUnknown})
	r.fall(1)
	for want := 1; want >= 0; want-- {
		quotas, err := r.Quotas(context.Background(), r.caller)
		r.check(err)
		if len(quotas[0].Unknown) != want || quotas[0].Free != 0 {
			t.Errorf("got %+v, want %d unknown", quotas[0], want)
		}
		r.world.Advance(10 * time.Minute)
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	if list := r.Templates(identity.WeChat, remindertest.App); len(list) != 1 || list[0].TemplateID != remindertest.TemplateID {
		t.Errorf("got %+v", list)
	}
	if list := r.Templates(identity.WeChat, "other"); len(list) != 0 {
		t.Errorf("got %+v", list)
	}
}

// The user subscribes again while the send is on its way that the platform refuses because the earlier subscriptions are
// used up.
func TestGrantDuringARefusedSend(t *testing.T) {
	t.Parallel()
	for kind, want := range map[reminder.Kind]int{reminder.OneTime: 1, reminder.LongTerm: 1} {
		r := newRig(t, rigConfig(), func(d *reminder.Deps) { d.Templates[0].Kind = kind })
		r.grant(3)
		r.put()
		r.world.SetScript(func(remindertest.Sent) reminder.Outcome {
			r.grant(1)
			return reminder.Outcome{Kind: reminder.OutcomePermanent, Code: "43101", Reason: reminder.ReasonNotSubscribed}
		})
		r.fall(100)
		r.expect(reminder.DeliveryRefused, reminder.ReasonNotSubscribed, want, 0)
	}
}

// The limit was lowered: a further grant takes none of the earlier ones away.
func TestGrantAboveALoweredLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.grant(5)
	r.cfg.MaxFree = 2
	r.Service, _ = r.start(nil)
	if free := r.grant(1)[0].Free; free != 5 {
		t.Errorf("%d free", free)
	}
}
