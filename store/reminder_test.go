package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/balance"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/storetest"
)

func TestRules(t *testing.T) { storetest.Each(t, testRules) }

func testRules(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	own := errors.New("own")
	if _, err := s.PutRule(t.Context(), "l", func(*reminder.Rule) (*reminder.Rule, error) { return nil, own }); err != own {
		t.Error(err)
	}
	put := func(r *reminder.Rule) (*reminder.Rule, error) {
		if r == nil {
			r = &reminder.Rule{LinkID: "l", ID: "r", DueAt: start}
		}
		r.Threshold += 100
		return r, nil
	}
	for i := range 2 {
		if r, err := s.PutRule(t.Context(), "l", put); err != nil || r.Threshold != balance.Fen(100*(i+1)) {
			t.Fatal(r, err)
		}
	}
	r, err := s.UpdateRule(t.Context(), "l", func(r *reminder.Rule) error {
		r.Outbox = &reminder.Outbox{Episode: 1, NotBefore: start}
		return nil
	})
	if err != nil || r.Outbox == nil {
		t.Error(r, err)
	}
	lease := start.Add(time.Minute)
	for want := range []int{1, 0} {
		claimed, err := s.ClaimDueRules(t.Context(), start, lease, 10)
		if err != nil || len(claimed) != 1-want {
			t.Fatal(claimed, err)
		}
		if want == 0 && (!claimed[0].DueAt.Equal(lease) || claimed[0].Outbox == nil) {
			t.Errorf("%+v", claimed[0])
		}
	}
	for range 2 {
		if err := s.DeleteRule(t.Context(), "l"); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Rule(t.Context(), "l"); err != reminder.ErrNotFound {
		t.Error(err)
	}
}

// TestClaimsMakeUpForLostOnes: two replicas read the same list; one that loses its first to the other claims others, so
// that neither takes "all mine are gone" for "nothing is due".
func TestClaimsMakeUpForLostOnes(t *testing.T) { storetest.Each(t, testClaimsMakeUpForLostOnes) }

func testClaimsMakeUpForLostOnes(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 2)
	for i := range 6 {
		if err := stores[0].SetDue(t.Context(), subjectOf(i), start); err != nil {
			t.Fatal(err)
		}
	}
	others := -1
	mine, err := stores[0].ClaimDue(t.Context(), start, 3, func(v balance.Schedule) time.Time {
		if others < 0 { // between our list and our first write
			theirs, err := stores[1].ClaimDue(t.Context(), start, 3, hourLater)
			if err != nil {
				t.Error(err)
			}
			others = len(theirs)
		}
		return hourLater(v)
	})
	if err != nil || others != 3 || len(mine) != 3 {
		t.Errorf("%d and %d of 6, %v", others, len(mine), err)
	}
}

func delivery(id, user string, notBefore time.Time) reminder.Delivery {
	return reminder.Delivery{ID: id, LinkID: "l", UserID: user, State: reminder.DeliveryPending, NotBefore: notBefore, CreatedAt: notBefore}
}

func TestDeliveries(t *testing.T) { storetest.Each(t, testDeliveries) }

func testDeliveries(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	for i, id := range []string{"d2", "d1", "d0"} {
		for range 2 {
			if err := s.InsertDelivery(t.Context(), delivery(id, "u", start.Add(-time.Duration(i)*time.Minute))); err != nil {
				t.Fatal(err)
			}
		}
	}
	open, err := s.OpenDeliveries(t.Context(), "u")
	if err != nil || len(open) != 3 || open[0].ID != "d0" {
		t.Fatal(open, err)
	}
	done, err := s.UpdateDelivery(t.Context(), "d1", func(v *reminder.Delivery) error {
		v.State, v.EndedAt = reminder.DeliveryAccepted, start
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // safe to repeat
		if err := s.FinishDelivery(t.Context(), done); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.InsertDelivery(t.Context(), delivery("d1", "u", start)); err != nil {
		t.Fatal(err)
	}
	if open, err = s.OpenDeliveries(t.Context(), "u"); err != nil || len(open) != 2 {
		t.Error("a finished delivery was opened again:", open, err)
	}
	if _, err := s.UpdateDelivery(t.Context(), "d1", func(*reminder.Delivery) error { return nil }); err != reminder.ErrNotFound {
		t.Error(err)
	}
	if err := s.FinishDelivery(t.Context(), open[0]); err == nil {
		t.Error("a pending delivery was finished")
	}
	all, err := s.DeliveriesOf(t.Context(), "l", 10)
	if err != nil || len(all) != 3 || all[0].ID != "d2" || all[1].ID != "d1" || all[1].State != reminder.DeliveryAccepted {
		t.Error(all, err)
	}
	if all, err = s.DeliveriesOf(t.Context(), "l", 1); err != nil || len(all) != 1 || all[0].ID != "d2" {
		t.Error("limit:", all, err)
	}
	if err := s.DeleteDeliveries(t.Context(), "l"); err != nil {
		t.Error(err)
	}
	if all, err = s.DeliveriesOf(t.Context(), "l", 10); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
}

// TestFinishAfterCrash stops after each of the three writes: what was final first stays, and nothing is sent again.
func TestFinishAfterCrash(t *testing.T) { storetest.Each(t, testFinishAfterCrash) }

func testFinishAfterCrash(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	dropped := delivery("d", "u", start)
	dropped.State, dropped.EndedAt = reminder.DeliveryDropped, start
	if err := s.InsertDelivery(t.Context(), delivery("d", "u", start)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateDelivery(t.Context(), "d", func(v *reminder.Delivery) error { *v = dropped; return nil }); err != nil {
		t.Fatal(err)
	}
	final := d.Documents(t, "deliveries", bson.D{{Key: "_id", Value: "d"}})[0]
	if err := s.FinishDelivery(t.Context(), &dropped); err != nil {
		t.Fatal(err)
	}
	// As after a crash before the removal: the copy is there and the open one, too, final already.
	d.Insert(t, "deliveries", final)
	if all, err := s.DeliveriesOf(t.Context(), "l", 10); err != nil || len(all) != 1 {
		t.Error("listed twice:", all, err)
	}
	other := dropped
	other.State = reminder.DeliveryAccepted
	if err := s.FinishDelivery(t.Context(), &other); err != nil {
		t.Fatal(err)
	}
	all, err := s.DeliveriesOf(t.Context(), "l", 10)
	if err != nil || len(all) != 1 || all[0].State != reminder.DeliveryDropped {
		t.Error(all, err)
	}
	if open := d.Documents(t, "deliveries", bson.D{}); len(open) != 0 {
		t.Error("open still:", len(open))
	}
	// As after a crash before the copy.
	early := delivery("e", "u", start.Add(time.Minute))
	early.State, early.EndedAt = reminder.DeliveryDropped, time.Time{}
	if err := s.InsertDelivery(t.Context(), early); err != nil {
		t.Fatal(err)
	}
	early.State = reminder.DeliveryAccepted
	if err := s.FinishDelivery(t.Context(), &early); err != nil {
		t.Fatal(err)
	}
	if all, err = s.DeliveriesOf(t.Context(), "l", 1); err != nil || all[0].State != reminder.DeliveryDropped || all[0].EndedAt.IsZero() {
		t.Error(all, err)
	}
	gone := delivery("never", "u", start)
	gone.State = reminder.DeliveryDropped
	if err := s.FinishDelivery(t.Context(), &gone); err != reminder.ErrNotFound {
		t.Error(err)
	}
}

// TestInsertedAgainAfterItsEnd: a process that stalled between looking and inserting must not have a message sent twice.
func TestInsertedAgainAfterItsEnd(t *testing.T) { storetest.Each(t, testInsertedAgainAfterItsEnd) }

func testInsertedAgainAfterItsEnd(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	late := delivery("d", "u", start)
	if err := s.InsertDelivery(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	pending := d.Documents(t, "deliveries", bson.D{{Key: "_id", Value: "d"}})[0]
	sent := late
	sent.State = reminder.DeliveryAccepted
	if err := s.FinishDelivery(t.Context(), &sent); err != nil {
		t.Fatal(err)
	}
	d.Insert(t, "deliveries", pending) // as the stalled process saw it
	if err := s.InsertDelivery(t.Context(), delivery("next", "u", start)); err != nil {
		t.Fatal(err)
	}
	found, err := s.OpenDeliveries(t.Context(), "u")
	if err != nil || len(found) != 1 || found[0].ID != "next" {
		t.Error("what was sent is open again:", found, err)
	}
	if open := d.Documents(t, "deliveries", bson.D{}); len(open) != 1 {
		t.Error("open:", len(open))
	}
	if all, err := s.DeliveriesOf(t.Context(), "l", 10); err != nil || len(all) != 2 {
		t.Error(all, err)
	}
}

func TestUsersWithDue(t *testing.T) { storetest.Each(t, testUsersWithDue) }

func testUsersWithDue(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	for _, v := range []reminder.Delivery{
		delivery("1", "u1", start), delivery("2", "u1", start.Add(-time.Hour)),
		delivery("3", "u2", start.Add(-time.Minute)), delivery("4", "u3", start.Add(time.Minute)),
	} {
		if err := s.InsertDelivery(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	users, err := s.UsersWithDue(t.Context(), start, 10)
	if err != nil || len(users) != 2 || users[0] != "u1" || users[1] != "u2" {
		t.Error(users, err)
	}
	if users, err = s.UsersWithDue(t.Context(), start, 1); err != nil || len(users) != 1 {
		t.Error(users, err)
	}
}

func TestLease(t *testing.T) { storetest.Each(t, testLease) }

func testLease(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 8)
	var holders atomic.Int32
	var holder sync.Map
	each(stores, func(i int, s *store.Store) {
		name := string(rune('a' + i))
		ok, err := s.LeaseUser(t.Context(), "u", name, start, start.Add(time.Minute))
		if err != nil {
			t.Error(err)
		}
		if ok {
			holders.Add(1)
			holder.Store("name", name)
		}
	})
	if holders.Load() != 1 {
		t.Fatal("holders:", holders.Load())
	}
	s := stores[0]
	value, _ := holder.Load("name")
	name := value.(string)
	for _, step := range []struct {
		who  string
		at   time.Time
		want bool
	}{
		{"other", start, false},
		{name, start, true}, // extends to a minute after
		{"other", start.Add(59 * time.Second), false},
		{"other", start.Add(time.Minute), true}, // run out
		{name, start.Add(time.Minute), false},
	} {
		if ok, err := s.LeaseUser(t.Context(), "u", step.who, step.at, step.at.Add(time.Minute)); err != nil || ok != step.want {
			t.Errorf("%+v: %v %v", step, ok, err)
		}
	}
	if err := s.ReleaseUser(t.Context(), "u", name); err != nil {
		t.Error(err)
	}
	if ok, err := s.LeaseUser(t.Context(), "u", name, start.Add(time.Minute), start.Add(time.Hour)); err != nil || ok {
		t.Error("another's lease was given back:", ok, err)
	}
	if err := s.ReleaseUser(t.Context(), "u", "other"); err != nil {
		t.Error(err)
	}
	if ok, err := s.LeaseUser(t.Context(), "u", name, start.Add(time.Minute), start.Add(time.Hour)); err != nil || !ok {
		t.Error(ok, err)
	}
}

func TestQuota(t *testing.T) { storetest.Each(t, testQuota) }

func testQuota(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	q, err := s.Quota(t.Context(), "u", "t")
	if err != nil || q.UserID != "u" || q.Template != "t" || q.Reserved == nil || q.Unknown == nil {
		t.Fatal(q, err)
	}
	q, err = s.UpdateQuota(t.Context(), "u", "t", func(q *reminder.Quota) error {
		q.Free, q.Reserved[reminder.DeliveryID("r", 1)], q.Reports = 2, start, []string{"r"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Quota(t.Context(), "u", "t")
	if err != nil || again.Free != 2 || !again.Reserved[reminder.DeliveryID("r", 1)].Equal(start) || len(again.Reports) != 1 || q.Free != 2 {
		t.Error(again, err)
	}
	if other, err := s.Quota(t.Context(), "u", "t2"); err != nil || other.Free != 0 {
		t.Error(other, err)
	}
}
