package memory_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
	"yibao/store/memory"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func up(q *reminder.Quota) error {
	q.Free++
	return nil
}

// TestKillAtEveryCommand stops one process before and after each command of an update. Either the quota is counted or it
// is not, a second process is not held up, and the killed process changes nothing any more.
func TestKillAtEveryCommand(t *testing.T) {
	t.Parallel()
	for at := range 10 {
		first, client := memory.New()
		second := memory.Open(client.Connect())
		call, killed := 0, false
		hook := func(context.Context, memory.Command) error {
			if call++; call > at {
				killed = true
			}
			if killed {
				return errors.New("killed")
			}
			return nil
		}
		client.SetBefore(hook)
		client.SetAfter(hook)
		_, err := first.UpdateQuota(t.Context(), "u", "t", up)
		if killed != errors.Is(err, identity.ErrStore) {
			t.Errorf("at %d: %v", at, err)
		}
		want := 0
		if at >= 3 { // find and its answer, insert, and its answer
			want = 1
		}
		q, err := second.UpdateQuota(t.Context(), "u", "t", up)
		if err != nil || q.Free != want+1 {
			t.Errorf("at %d: %+v %v", at, q, err)
		}
	}
}

// TestErrorsOfTheDriver: an error of the driver's reaches the store as it is.
func TestErrorsOfTheDriver(t *testing.T) {
	t.Parallel()
	client := memory.NewServer().Connect()
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: "a"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = client.Insert(t.Context(), "c", raw)
	}
	if !mongo.IsDuplicateKeyError(err) || mongo.IsNetworkError(err) {
		t.Error("twice:", err)
	}
	own := errors.New("own")
	client.SetBefore(func(context.Context, memory.Command) error { return own })
	if _, err := client.Delete(t.Context(), "c", bson.D{{Key: "_id", Value: "a"}}); !mongo.IsNetworkError(err) || !errors.Is(err, own) {
		t.Error("cut off:", err)
	}
	client.SetBefore(func(context.Context, memory.Command) error { return mongo.CommandError{Code: 189} })
	if _, err := client.Delete(t.Context(), "c", bson.D{{Key: "_id", Value: "a"}}); mongo.IsNetworkError(err) {
		t.Error("refused:", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.Insert(gone, "c", raw); !errors.Is(err, context.Canceled) {
		t.Error("canceled:", err)
	}
	if ids := client.IDs("c"); len(ids) != 1 {
		t.Error(ids)
	}
}

// TestTwice: each update function runs twice, inserts and claims go through at once.
func TestTwice(t *testing.T) {
	t.Parallel()
	s, client := memory.New()
	client.SetTwice(true)
	for round := range 3 {
		ran := 0
		q, err := s.UpdateQuota(t.Context(), "u", "t", func(q *reminder.Quota) error {
			ran++
			return up(q)
		})
		if err != nil || ran != 2 || q.Free != round+1 {
			t.Errorf("round %d: ran %d times, %+v %v", round, ran, q, err)
		}
	}
	client.ResetCounts()
	if err := s.SetDue(t.Context(), balance.Subject{PersonID: "p"}, start); err != nil {
		t.Error(err)
	}
	hour := func(v balance.Schedule) time.Time { return v.DueAt.Add(time.Hour) }
	for i := range 3 {
		now := start.Add(time.Duration(i) * time.Hour)
		if claimed, err := s.ClaimDue(t.Context(), now, 1, hour); err != nil || len(claimed) != 1 {
			t.Error(claimed, err)
		}
		// A read by id, and no write.
		if err := s.Reschedule(t.Context(), balance.Schedule{Subject: balance.Subject{PersonID: "p"}}, now, 0); err != nil {
			t.Error(err)
		}
	}
	if n := client.Counts()["schedules.replace"]; n != 3 {
		t.Error("replaces:", n)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	s, client := memory.New()
	other := client.Connect()
	if len(client.Counts()) != 0 {
		t.Error("opening counts:", client.Counts())
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := s.RecordChange(t.Context(), "u"); err != nil {
				t.Error(err)
			}
			_, _ = s.User(t.Context(), "none")
		})
	}
	all.Wait()
	counts := client.Counts()
	if len(counts) != 3 || counts["time"] != 8 || counts["changes.insert"] != 8 || counts["platform_users.find"] != 8 || len(other.Counts()) != 0 {
		t.Error(counts, other.Counts())
	}
	if ids, docs := other.IDs("changes"), other.Documents("changes"); len(ids) != 8 || docs[7].Lookup("_id").StringValue() != ids[7] {
		t.Error(ids, docs)
	}
}

// TestUnknownIsLoud: a filter or an option that is not known must not match by accident.
func TestUnknownIsLoud(t *testing.T) {
	t.Parallel()
	client := memory.NewServer().Connect()
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: "a"}, {Key: "list", Value: bson.A{1}}, {Key: "bytes", Value: []byte{1}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Insert(t.Context(), "c", raw); err != nil {
		t.Fatal(err)
	}
	find := func(filter bson.D, o ...options.Lister[options.FindOptions]) func() {
		return func() {
			for range client.Find(t.Context(), "c", filter, o...) {
			}
		}
	}
	field := func(name string, value any) bson.D { return bson.D{{Key: name, Value: value}} }
	for name, run := range map[string]func(){
		"operator":   find(field("a", field("$regex", "x"))),
		"top level":  find(field("$or", bson.A{})),
		"path":       find(field("a.b", 1)),
		"nested":     find(field("a", field("b", 1))),
		"empty":      find(field("a", bson.D{})),
		"list":       find(field("a", bson.A{1})),
		"float":      find(field("a", 1.5)),
		"in":         find(field("a", field("$in", nil))),
		"null range": find(field("a", field("$lt", nil))),
		"list range": find(field("list", field("$lt", 1))),
		"bytes":      find(field("bytes", "x")),
		"sort":       find(bson.D{}, options.Find().SetSort(field("list", 1))),
		"option":     find(bson.D{}, options.Find().SetSkip(1)),
		"projection": find(bson.D{}, options.Find().SetProjection(field("list", 0))),
		"replace":    func() { _, _ = client.Replace(t.Context(), "c", field("a", 1), raw) },
		"other id":   func() { _, _ = client.Replace(t.Context(), "c", field("_id", "a"), bson.Raw("\x05\x00\x00\x00\x00")) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error(name, "is silent")
				}
			}()
			run()
		}()
	}
	if ids := client.IDs("c"); len(ids) != 1 { // no lock is left behind
		t.Error(ids)
	}
}

func BenchmarkUpdate(b *testing.B) {
	s, client := memory.New()
	for _, twice := range []bool{false, true} {
		client.SetTwice(twice)
		b.Run(map[bool]string{false: "once", true: "twice"}[twice], func(b *testing.B) {
			for b.Loop() {
				if _, err := s.UpdateQuota(b.Context(), "u", "t", up); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
