package reminder_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
	"yibao/reminder/remindertest"
)

// fatal is the common part of *testing.T and *rapid.T.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rig is one world with one store, for several processes.
type rig struct {
	t      fatal
	world  *remindertest.World
	store  *remindertest.Store
	cfg    reminder.Config
	deps   func(*reminder.Deps)
	caller *identity.Caller
	*reminder.Service
	reports int
}

// rigConfig has no cooldown and hardly any pause between repeated writes.
func rigConfig() (c reminder.Config) {
	c.SetDefaults()
	c.Cooldown, c.SendTimeout, c.Parallel = 0, 10*time.Millisecond, 2
	return c
}

// newRig has one user "u" with two links, ¥100.00 on each.
func newRig(t fatal, cfg reminder.Config, edit ...func(*reminder.Deps)) *rig {
	r := &rig{t: t, world: remindertest.NewWorld(noon), store: remindertest.NewStore(), cfg: cfg}
	if len(edit) > 0 {
		r.deps = edit[0]
	}
	r.caller = r.world.AddUser("u", 2)
	r.world.SetBalance("u-1", 10000)
	r.world.SetBalance("u-2", 10000)
	r.Service, _ = r.start(nil)
	return r
}

// start starts a process.
func (r *rig) start(plan func(string) remindertest.Fault) (*reminder.Service, *remindertest.Process) {
	p := &remindertest.Process{Store: r.store, Platform: r.world, Plan: plan}
	deps := r.world.Deps(p)
	if r.deps != nil {
		r.deps(&deps)
	}
	return reminder.NewService(r.cfg, deps), p
}

// put sets the threshold of link u-1 to ¥50.00; edit may change the setting.
func (r *rig) put(edit ...func(*reminder.Setting)) *reminder.Rule {
	r.t.Helper()
	set := reminder.Setting{Threshold: 5000}
	for _, e := range edit {
		e(&set)
	}
	rule, err := r.Put(context.Background(), r.caller, "u-1", set)
	r.check(err)
	return rule
}

// grant reports n accepted subscriptions.
func (r *rig) grant(n int) []reminder.Quota {
	r.t.Helper()
	var quotas []reminder.Quota
	for range n {
		r.reports++
		var err error
		quotas, err = r.Report(context.Background(), r.caller, reminder.Report{
			ID: "report" + string(rune('0'+r.reports%10)) + time.Duration(r.reports).String(), Results: map[string]string{remindertest.TemplateID: "accept"},
		})
		r.check(err)
	}
	return quotas
}

func (r *rig) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("error: %v", err)
	}
}

// later moves the clock and lets both workers pass.
func (r *rig) later(d time.Duration) {
	r.t.Helper()
	r.world.Advance(d)
	r.pass()
}

func (r *rig) pass() {
	r.t.Helper()
	_, err := r.EvaluateDue(context.Background())
	r.check(err)
	_, err = r.SendDue(context.Background())
	r.check(err)
}

// fall sets the balance of u-1 an hour later and lets both workers pass.
func (r *rig) fall(to balance.Fen) {
	r.t.Helper()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", to)
	r.pass()
}

func (r *rig) rule() *reminder.Rule {
	r.t.Helper()
	rule, err := r.store.Rule(context.Background(), "u-1")
	r.check(err)
	return rule
}

// last is the newest delivery.
func (r *rig) last() reminder.Delivery {
	r.t.Helper()
	list, err := r.Deliveries(context.Background(), r.caller, "u-1", 1)
	r.check(err)
	if len(list) == 0 {
		r.t.Fatalf("no delivery")
	}
	return list[0]
}

func (r *rig) quota() *reminder.Quota {
	r.t.Helper()
	q, err := r.store.Quota(context.Background(), "u", remindertest.Template)
	r.check(err)
	return q
}

// expect compares the newest delivery and the quota.
func (r *rig) expect(state reminder.DeliveryState, reason reminder.Reason, free, reserved int) {
	r.t.Helper()
	d, q := r.last(), r.quota()
	if d.State != state || d.Reason != reason {
		r.t.Fatalf("delivery is %s/%s, want %s/%s", d.State, d.Reason, state, reason)
	}
	if q.Free != free || len(q.Reserved) != reserved {
		r.t.Fatalf("quota is %d free, %v reserved, want %d and %d", q.Free, slices.Collect(maps.Keys(q.Reserved)), free, reserved)
	}
}

// answer makes the platform answer with the outcomes, the last one for ever.
func (r *rig) answer(outcomes ...reminder.Outcome) {
	next := 0
	r.world.SetScript(func(remindertest.Sent) reminder.Outcome {
		outcome := outcomes[min(next, len(outcomes)-1)]
		next++
		return outcome
	})
}
