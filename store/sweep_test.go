package store_test

import (
	"strconv"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/storetest"
)

func TestSweep(t *testing.T) { storetest.Each(t, testSweep) }

func testSweep(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, kept := range []bool{true, false} {
		shift := time.Duration(0)
		if kept {
			shift = time.Second
		}
		id := strconv.Itoa(i)
		must(s.InsertSession(t.Context(), identity.Session{ID: id, ExpiresAt: start.Add(shift)}))
		must(s.InsertAttempt(t.Context(), identity.Attempt{ID: id, ExpiresAt: start.Add(shift - store.AttemptKept)}))
		must(s.UpdateCounter(t.Context(), id, func(c *identity.Counter) error {
			c.Hits = []identity.Hit{{Op: "o", At: start.Add(shift - 24*time.Hour)}}
			return nil
		}))
		v := delivery(id, "u", start)
		must(s.InsertDelivery(t.Context(), v))
		v.State, v.EndedAt = reminder.DeliveryDropped, start.Add(shift-store.DeliveryKept)
		must(s.FinishDelivery(t.Context(), &v))
		_, err := s.LeaseUser(t.Context(), id, "h", start.Add(-2*time.Hour), start.Add(shift-time.Hour))
		must(err)
	}
	must(s.RecordChange(t.Context(), "u"))
	if n, err := s.Sweep(t.Context(), start); err != nil || n != 5 {
		t.Error("swept:", n, err)
	}
	if n, err := s.Sweep(t.Context(), start); err != nil || n != 0 {
		t.Error("swept again:", n, err)
	}
	for _, collection := range []string{"sessions", "link_attempts", "counters", "deliveries_done", "send_leases", "changes"} {
		if left := d.Documents(t, collection, bson.D{}); len(left) != 1 {
			t.Error(collection, len(left))
		}
	}
}

// TestSweepInBatches: more than one batch goes in one call.
func TestSweepInBatches(t *testing.T) { storetest.Each(t, testSweepInBatches) }

func testSweepInBatches(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	db := d.Commands(t)
	for i := range 100 {
		raw, err := bson.Marshal(bson.D{{Key: "_id", Value: strconv.Itoa(i)}, {Key: "expires_at", Value: start}})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Insert(t.Context(), "sessions", raw); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Sweep(t.Context(), start); err != nil || n != 100 {
		t.Error(n, err)
	}
}
