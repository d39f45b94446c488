package reminder_test

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/memory"
)

// fatal is the common part of *testing.T and *rapid.T.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rig is one world with one database, for several processes. The test looks at the database through a store of its own,
// past all hooks.
type rig struct {
	t      fatal
	world  *world
	server *memory.Server
	store  *store.Store
	cfg    reminder.Config
	deps   func(*reminder.Deps)
	caller *identity.Caller
	*reminder.Service
	reports int
	shuffle func(n int, swap func(i, j int)) // of due rules; nil keeps their order
}

// rigConfig has no cooldown and hardly any pause between repeated writes.
func rigConfig() (c reminder.Config) {
	c.SetDefaults()
	c.Cooldown, c.SendTimeout, c.Parallel = 0, 10*time.Millisecond, 2
	return c
}

// newRig has one user "u" with the links "u-1" and "u-2", ¥100.00 on each.
func newRig(t fatal, cfg reminder.Config, edit ...func(*reminder.Deps)) *rig {
	r := &rig{t: t, world: newWorld(noon), server: memory.NewServer(), cfg: cfg}
	r.store = r.open(r.server.Connect())
	if len(edit) > 0 {
		r.deps = edit[0]
	}
	r.caller = r.addUser("u", 2)
	r.Service = r.start(nil, nil).Service
	return r
}

// addUser signs a user in, with n links "NAME-1", "NAME-2" … to persons of the same names, ¥100.00 on each.
func (r *rig) addUser(name string, n int) *identity.Caller {
	r.t.Helper()
	ctx := context.Background()
	user, err := r.store.SignedIn(ctx, identity.PlatformAccount{Platform: identity.WeChat, App: app, OpenID: "open-" + name}, r.world.Now())
	r.check(err)
	user, err = r.store.UpdateUser(ctx, user.ID, func(u *identity.PlatformUser) error {
		for i := range n {
			link := name + "-" + strconv.Itoa(i+1)
			u.Links = append(u.Links, identity.Link{
				ID: link, PersonID: link, Region: region, Relation: identity.Self, State: identity.LinkActive,
				MaskedName: "测*甲", Consent: identity.Consent{Version: "1", Unattended: true},
			})
		}
		return nil
	})
	r.check(err)
	for _, link := range user.Links {
		r.world.SetBalance(link.PersonID, 10000)
	}
	return &identity.Caller{UserID: user.ID, Platform: identity.WeChat, App: app, Links: user.Links}
}

// editLink changes link u-1.
func (r *rig) editLink(edit func(*identity.Link)) {
	r.editUser(func(u *identity.PlatformUser) { edit(&u.Links[0]) })
}

func (r *rig) editUser(edit func(*identity.PlatformUser)) {
	r.t.Helper()
	_, err := r.store.UpdateUser(context.Background(), r.caller.UserID, func(u *identity.PlatformUser) error {
		edit(u)
		return nil
	})
	r.check(err)
}

// removeUser deletes the user, which no method of the store does.
func (r *rig) removeUser() {
	r.t.Helper()
	_, err := r.server.Connect().Delete(context.Background(), "platform_users", bson.D{{Key: "_id", Value: r.caller.UserID}})
	r.check(err)
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
			ID: "report" + string(rune('0'+r.reports%10)) + time.Duration(r.reports).String(), Results: map[string]string{templateID: "accept"},
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

// rules reads all rules.
func (r *rig) rules() []*reminder.Rule {
	r.t.Helper()
	var all []*reminder.Rule
	for _, id := range r.server.IDs("rules") {
		rule, err := r.store.Rule(context.Background(), id)
		r.check(err)
		all = append(all, rule)
	}
	return all
}

// deliveries reads all deliveries, in the order in which they were inserted. Nothing may be running.
func (r *rig) deliveries() (open, finished []reminder.Delivery) {
	r.t.Helper()
	links, all := map[string]bool{}, map[string]reminder.Delivery{}
	for _, raw := range slices.Concat(r.server.Documents("deliveries"), r.server.Documents("deliveries_done")) {
		links[raw.Lookup("link_id").StringValue()] = true
	}
	for link := range links {
		list, err := r.store.DeliveriesOf(context.Background(), link, 1000)
		r.check(err)
		for _, d := range list {
			all[d.ID] = d
		}
	}
	for _, id := range r.server.IDs("deliveries") {
		open = append(open, all[id])
	}
	for _, id := range r.server.IDs("deliveries_done") {
		finished = append(finished, all[id])
	}
	return open, finished
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
	q, err := r.store.Quota(context.Background(), r.caller.UserID, lowBalance)
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
	r.world.SetScript(func(request) reminder.Outcome {
		outcome := outcomes[min(next, len(outcomes)-1)]
		next++
		return outcome
	})
}
