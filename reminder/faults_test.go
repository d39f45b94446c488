package reminder_test

import (
	"context"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/memory"
)

// plainWorld is one user with one rule on the real store, and a platform that answers as told.
type plainWorld struct {
	*reminder.Service
	store   *store.Store
	db      *memory.Client
	now     time.Time
	user    *identity.PlatformUser
	rule    *reminder.Rule
	outcome reminder.Outcome
	sent    int
}

func (w *plainWorld) Send(context.Context, reminder.Recipient, string, reminder.Message) reminder.Outcome {
	w.sent++
	return w.outcome
}

// Fresh says that the balance is below the line still.
func (w *plainWorld) Fresh(context.Context, balance.Subject) (*balance.Answer, error) {
	fen := balance.Fen(1)
	return &balance.Answer{FetchedAt: w.now, AsOf: w.now, Enrolments: []balance.Enrolment{{
		InsuranceType: "310", Status: balance.StatusActive, Region: "990100",
		Account: balance.PersonalAccount{Exists: balance.AccountYes, Balance: &fen},
	}}}, nil
}

func newPlainWorld(t *testing.T) *plainWorld {
	t.Helper()
	w := &plainWorld{
		now:     time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC),
		outcome: reminder.Outcome{Kind: reminder.OutcomeAccepted},
	}
	now := func() time.Time { return w.now }
	w.store, w.db = memory.New(func(o *store.Options) { o.Now = now })
	var cfg reminder.Config
	cfg.SetDefaults()
	w.Service = reminder.NewService(cfg, reminder.Deps{
		Store: w.store, Users: w.store, Balances: w, Now: now,
		Senders:   map[identity.Platform]reminder.Sender{identity.WeChat: w},
		Templates: []reminder.Template{{Name: "low", Platform: identity.WeChat, App: "main", TemplateID: "T", Kind: reminder.OneTime}},
		Regions:   identity.NewRegions([]identity.Region{{Code: "990100", Unattended: true}}, nil),
	})
	var err error
	w.user, err = w.store.SignedIn(t.Context(), identity.PlatformAccount{Platform: identity.WeChat, App: "main", OpenID: "o"}, w.now)
	if err == nil {
		w.user, err = w.store.UpdateUser(t.Context(), w.user.ID, func(u *identity.PlatformUser) error {
			u.Links = []identity.Link{{ID: "link", PersonID: "person", Region: "990100", State: identity.LinkActive,
				Consent: identity.Consent{Unattended: true}}}
			return nil
		})
	}
	if err == nil {
		w.rule, err = w.store.PutRule(t.Context(), "link", func(*reminder.Rule) (*reminder.Rule, error) {
			return &reminder.Rule{LinkID: "link", ID: "rule", UserID: w.user.ID, PersonID: "person", Region: "990100",
				InsuranceType: "310", Threshold: 100, State: reminder.StateBelow, DueAt: w.now.AddDate(10, 0, 0)}, nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// quota lets the user allow so many messages, with a unit reserved for each of the deliveries.
func (w *plainWorld) quota(t *testing.T, free int, reserved ...string) {
	t.Helper()
	_, err := w.store.UpdateQuota(t.Context(), w.user.ID, "low", func(q *reminder.Quota) error {
		q.Free = free
		for _, id := range reserved {
			q.Reserved[id] = w.now
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// deliver makes a delivery of the rule that is due.
func (w *plainWorld) deliver(t *testing.T, id string) {
	t.Helper()
	err := w.store.InsertDelivery(t.Context(), reminder.Delivery{
		ID: id, RuleID: "rule", LinkID: "link", UserID: w.user.ID, Platform: identity.WeChat, App: "main", Template: "low",
		Message: reminder.Message{Threshold: 100}, State: reminder.DeliveryPending, NotBefore: w.now, CreatedAt: w.now,
		ExpiresAt: w.now.Add(72 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *plainWorld) pass(t *testing.T) {
	t.Helper()
	if _, err := w.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestDeliveryOfANewerProgram is left alone, and so is its unit of quota. The user's other messages are sent.
func TestDeliveryOfANewerProgram(t *testing.T) {
	t.Parallel()
	w := newPlainWorld(t)
	w.quota(t, 1, "newer")
	newer, err := bson.Marshal(bson.D{{Key: "_id", Value: "newer"}, {Key: "schema", Value: 99}, {Key: "user_id", Value: w.user.ID},
		{Key: "not_before", Value: w.now.Add(-time.Hour)}, {Key: "state", Value: "sending"}})
	if err == nil {
		err = w.db.Insert(t.Context(), "deliveries", newer)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour) // a unit without a delivery would be given back
	w.pass(t)
	if leases := w.db.Counts()["send_leases.insert"]; leases != 0 {
		t.Error("its user has a turn for nothing else")
	}
	w.deliver(t, "ours")
	w.pass(t)
	q, err := w.store.Quota(t.Context(), w.user.ID, "low")
	if err != nil || w.sent != 1 || q.Free != 0 || len(q.Reserved) != 1 {
		t.Errorf("sent %d, %+v, %v", w.sent, q, err)
	}
	if left := w.db.IDs("deliveries"); len(left) != 1 || left[0] != "newer" {
		t.Error(left)
	}
}

// TestBreakerAfterAClockRanAhead: a pause that the clock of before ends is over once the clock is right.
func TestBreakerAfterAClockRanAhead(t *testing.T) {
	t.Parallel()
	w := newPlainWorld(t)
	const jump = 24 * time.Hour
	w.now = w.now.Add(jump)
	w.outcome = reminder.Outcome{Kind: reminder.OutcomeUnknown}
	for _, id := range []string{"1", "2", "3", "4", "5"} { // each unknown blocks the template for a while
		w.quota(t, 1)
		w.deliver(t, id)
		w.pass(t)
		w.now = w.now.Add(11 * time.Minute)
	}
	w.now = w.now.Add(-11 * time.Minute)
	w.deliver(t, "refused") // by the open breaker
	w.pass(t)
	if w.sent != 5 {
		t.Fatal("sent:", w.sent)
	}
	w.now = w.now.Add(-jump)
	w.outcome = reminder.Outcome{Kind: reminder.OutcomeAccepted}
	if _, err := w.store.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.quota(t, 1)
	w.now = w.now.Add(11 * time.Minute)
	w.pass(t)
	if w.sent != 6 {
		t.Error("sent:", w.sent)
	}
}
