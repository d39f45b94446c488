package store_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/balance"
	"yibao/identity"
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

// TestWorkersPassOverWhatTheyCannotRead: documents of a newer program, or with a lost key, keep no others from their turn.
func TestWorkersPassOverWhatTheyCannotRead(t *testing.T) {
	storetest.Each(t, testWorkersPassOverWhatTheyCannotRead)
}

func testWorkersPassOverWhatTheyCannotRead(t *testing.T, d *storetest.Database) {
	var log bytes.Buffer
	s := d.Open(t, func(o *store.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	long := start.Add(-time.Hour)
	for collection, doc := range map[string]bson.D{
		"schedules":      {{Key: "schema", Value: 99}, {Key: "due_at", Value: long}},
		"link_attempts":  {{Key: "schema", Value: 1}, {Key: "state", Value: "proved"}, {Key: "updated_at", Value: long}, {Key: "claim", Value: bson.D{{Key: "name", Value: "not sealed"}}}},
		"platform_users": {{Key: "schema", Value: 99}, {Key: "links_due", Value: long}},
	} {
		doc = append(bson.D{{Key: "_id", Value: "unreadable"}, {Key: "version", Value: int64(1)}}, doc...)
		d.Insert(t, collection, doc)
	}
	if err := s.SetDue(t.Context(), balance.Subject{PersonID: "p", Region: "990100"}, start); err != nil {
		t.Fatal(err)
	}
	claimed, err := s.ClaimDue(t.Context(), start, 10, func(balance.Schedule) time.Time { return start.Add(time.Hour) })
	if err != nil || len(claimed) != 1 {
		t.Errorf("%d due, %v", len(claimed), err)
	}
	if err := s.InsertAttempt(t.Context(), identity.Attempt{ID: "a", State: identity.AttemptProved, UpdatedAt: long}); err != nil {
		t.Fatal(err)
	}
	attempts, err := s.UnfinishedAttempts(t.Context(), []identity.AttemptState{identity.AttemptProved}, start, 10)
	if err != nil || len(attempts) != 1 || attempts[0].ID != "a" {
		t.Errorf("%d unfinished, %v", len(attempts), err)
	}
	if users, err := s.UsersWithDueLinks(t.Context(), start, 10); err != nil || len(users) != 0 {
		t.Errorf("%d users, %v", len(users), err)
	}
	if n := strings.Count(log.String(), "store_document_passed_over"); n != 3 || strings.Contains(log.String(), "id=") {
		t.Error(log.String())
	}
}
