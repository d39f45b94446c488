package store_test

import (
	"bytes"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/storetest"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 123_000_000, time.UTC)

func TestSignedIn(t *testing.T) { storetest.Each(t, testSignedIn) }

func testSignedIn(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	account := identity.PlatformAccount{Platform: identity.WeChat, App: "main", AppID: "wx1", OpenID: "o-1"}
	first, err := s.SignedIn(t.Context(), account, start)
	if err != nil {
		t.Fatal(err)
	}
	account.UserID = "2088"
	again, err := s.SignedIn(t.Context(), account, start.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if again.ID != first.ID || !again.CreatedAt.Equal(start) || !again.SeenAt.Equal(start.Add(time.Hour)) {
		t.Errorf("signed in again: %+v", again)
	}
	if again.Account.UserID != "2088" || again.Account.OpenID != "o-1" {
		t.Errorf("account: %+v", again.Account)
	}
	account.AppID = "wx2"
	other, err := s.SignedIn(t.Context(), account, start)
	if err != nil || other.ID == first.ID {
		t.Errorf("another app's user is the same: %v", err)
	}
}

func TestEnsureIndexes(t *testing.T) { storetest.Each(t, testEnsureIndexes) }

func testEnsureIndexes(t *testing.T, d *storetest.Database) {
	var log bytes.Buffer
	s := d.Open(t, func(o *store.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	missing, err := s.CheckIndexes(t.Context())
	if err != nil || len(missing) == 0 {
		t.Fatal("before:", missing, err)
	}
	for range 2 {
		log.Reset()
		if err := s.EnsureIndexes(t.Context()); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(log.String(), "\n"); lines > 1 {
			t.Error("more than one line about refused TTL:", log.String())
		}
	}
	if missing, err = s.CheckIndexes(t.Context()); err != nil || len(missing) > 0 {
		t.Fatal("after:", missing, err)
	}
}

// TestWorkersPassOverWhatTheyCannotRead: documents of a newer program, or with a lost key, keep no others from their turn,
// however many they are and however long they have been due. A log line says how many cannot be read.
func TestWorkersPassOverWhatTheyCannotRead(t *testing.T) {
	storetest.Each(t, testWorkersPassOverWhatTheyCannotRead)
}

func testWorkersPassOverWhatTheyCannotRead(t *testing.T, d *storetest.Database) {
	var log bytes.Buffer
	s := d.Open(t, func(o *store.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	ctx, long := t.Context(), start.Add(-time.Hour)
	check := func(what string, n int, err error) {
		t.Helper()
		if err != nil || n != 1 {
			t.Errorf("%s: %d, %v", what, n, err)
		}
	}
	fill := func(collection string, schema int, fields ...bson.E) {
		for i := range 6 { // more than four times the limit
			id := "doc-" + strconv.Itoa(schema) + "-" + strconv.Itoa(i)
			doc := bson.D{{Key: "_id", Value: id}, {Key: "version", Value: int64(1)}, {Key: "schema", Value: schema}}
			d.Insert(t, collection, append(doc, fields...))
		}
	}
	due := func(field string) bson.E { return bson.E{Key: field, Value: long} }
	proved := bson.E{Key: "state", Value: "proved"}
	notSealed := bson.E{Key: "claim", Value: bson.D{{Key: "name", Value: "not sealed"}}}
	notSealedID := bson.E{Key: "account", Value: bson.D{{Key: "open_id", Value: "not sealed"}}}
	notANumber := bson.E{Key: "failures", Value: "text"}
	notATime := bson.E{Key: "fired_at", Value: "text"}
	for schema := range 2 {
		schema := 1 + 98*schema
		fill("schedules", schema, due("due_at"), notANumber)
		fill("rules", schema, due("due_at"), notATime)
		fill("link_attempts", schema, due("updated_at"), proved, notSealed)
		fill("platform_users", schema, due("links_due"), notSealedID)
	}
	fill("deliveries", 99, due("not_before"), bson.E{Key: "user_id", Value: "newer"})

	mustNot := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	mustNot(s.SetDue(ctx, subject, start))
	_, err := s.PutRule(ctx, "l", func(*reminder.Rule) (*reminder.Rule, error) { return &reminder.Rule{LinkID: "l", DueAt: start}, nil })
	mustNot(err)
	mustNot(s.InsertAttempt(ctx, identity.Attempt{ID: "a", State: identity.AttemptProved, UpdatedAt: start.Add(-time.Second)}))
	u, err := s.SignedIn(ctx, identity.PlatformAccount{Platform: identity.WeChat, AppID: "a", OpenID: "o"}, long)
	mustNot(err)
	_, err = s.UpdateUser(ctx, u.ID, func(u *identity.PlatformUser) error {
		u.Links = []identity.Link{{ID: "l", State: identity.LinkEnding, EndedAt: start.Add(-identity.CleanAgain)}}
		return nil
	})
	mustNot(err)
	mustNot(s.InsertDelivery(ctx, delivery("d", "u", start)))

	schedules, err := s.ClaimDue(ctx, start, 1, hourLater)
	check("schedules", len(schedules), err)
	rules, err := s.ClaimDueRules(ctx, start, start.Add(time.Hour), 1)
	check("rules", len(rules), err)
	attempts, err := s.UnfinishedAttempts(ctx, []identity.AttemptState{identity.AttemptProved}, start, 1)
	check("attempts", len(attempts), err)
	users, err := s.UsersWithDueLinks(ctx, start, 1)
	check("users with links", len(users), err)
	told, err := s.UsersWithDue(ctx, start, 1)
	check("users with deliveries", len(told), err)
	if len(told) > 0 && told[0] != "u" {
		t.Error("a delivery of a newer program has its turn")
	}
	if n := strings.Count(log.String(), "documents=6 cause=\"unreadable document\""); n != 4 || strings.Contains(log.String(), "doc-") {
		t.Error(log.String())
	}
}

// TestPassesLeaveNoCursor: the embedded server hangs at 100 open cursors, and a pass leaves its query as soon as it has
// enough.
func TestPassesLeaveNoCursor(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for i := range 6 {
		if err := s.SetDue(t.Context(), subjectOf(i), start); err != nil {
			t.Fatal(err)
		}
	}
	for range 120 {
		claimed, err := s.ClaimDue(t.Context(), start, 1, func(balance.Schedule) time.Time { return start })
		if err != nil || len(claimed) != 1 {
			t.Fatal(len(claimed), err)
		}
	}
}
