package store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/storetest"
)

// TestForgedDocumentsAreRefused changes documents as an attacker who can write to the database, and has no key: a link
// that points to another person, an attempt that is proved without an answer, a key that leads to another person, a rule
// about another person. Each is refused, logged and counted, and none is written back.
func TestForgedDocumentsAreRefused(t *testing.T) { storetest.Each(t, testForgedDocumentsAreRefused) }

func testForgedDocumentsAreRefused(t *testing.T, d *storetest.Database) {
	var log bytes.Buffer
	s := d.Open(t, func(o *store.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	user, err := s.SignedIn(ctx, identity.PlatformAccount{Platform: identity.WeChat, AppID: "a", OpenID: "o"}, start)
	must(err)
	_, err = s.UpdateUser(ctx, user.ID, func(u *identity.PlatformUser) error {
		u.Links = []identity.Link{{ID: "l", PersonID: "p", Region: "990100", State: identity.LinkActive, MaskedName: "测*甲"}}
		return nil
	})
	must(err)
	must(s.InsertAttempt(ctx, identity.Attempt{ID: "a", UserID: user.ID, Claim: claim, State: identity.AttemptWaiting}))
	person, err := s.UpdatePersonOf(ctx, claim, start, joins("l"))
	must(err)
	_, err = s.PutRule(ctx, "l", func(*reminder.Rule) (*reminder.Rule, error) {
		return &reminder.Rule{LinkID: "l", ID: "r", PersonID: person.ID, UserID: user.ID}, nil
	})
	must(err)
	must(s.InsertDelivery(ctx, delivery("d", user.ID, start)))

	db := d.Commands(t)
	for _, c := range []struct {
		collection string
		forge      func(bson.M)
		read       func() error
	}{
		{"platform_users", func(m bson.M) { m["links"].(bson.A)[0].(bson.D)[1].Value = "another" },
			func() error { _, err := s.User(ctx, user.ID); return err }},
		{"link_attempts", func(m bson.M) { m["state"] = "proved" },
			func() error { _, err := s.Attempt(ctx, "a"); return err }},
		{"person_keys", func(m bson.M) { m["person_id"] = "another" },
			func() error { _, err := s.UpdatePersonOf(ctx, claim, start, joins("x")); return err }},
		{"persons", func(m bson.M) { m["ended"] = true },
			func() error { _, err := s.Person(ctx, person.ID); return err }},
		{"rules", func(m bson.M) { m["person_id"] = "another" },
			func() error { _, err := s.Rule(ctx, "l"); return err }},
		{"deliveries", func(m bson.M) { m["user_id"] = "another" },
			func() error { return openDelivery(ctx, s, "another") }},
	} {
		raw := d.Documents(t, c.collection, bson.D{})[0]
		var m bson.M
		must(bson.Unmarshal(raw, &m))
		c.forge(m)
		forged, err := bson.Marshal(m)
		must(err)
		if bytes.Contains(forged, []byte("测*甲")) {
			t.Errorf("%s: a masked name is in clear", c.collection)
		}
		log.Reset()
		before := s.Forged()
		_, err = db.Replace(ctx, c.collection, bson.D{{Key: "_id", Value: m["_id"]}}, forged)
		must(err)
		if err := c.read(); !errors.Is(err, identity.ErrStore) || !errors.Is(err, store.ErrUnreadable) {
			t.Errorf("%s: %v", c.collection, err)
		}
		if !strings.Contains(log.String(), "store_document_forged") || s.Forged() == before {
			t.Errorf("%s: not told: %s", c.collection, log.String())
		}
		_, err = db.Replace(ctx, c.collection, bson.D{{Key: "_id", Value: m["_id"]}}, raw)
		must(err)
		if err := c.read(); err != nil && c.collection != "deliveries" {
			t.Errorf("%s, as it was: %v", c.collection, err)
		}
	}
}

// openDelivery reads the user's one open delivery, of which a list has the id alone where it cannot be read.
func openDelivery(ctx context.Context, s *store.Store, userID string) error {
	open, err := s.OpenDeliveries(ctx, userID)
	if err == nil && len(open) == 1 && *open[0] == (reminder.Delivery{ID: open[0].ID}) {
		_, err = s.UpdateDelivery(ctx, open[0].ID, func(*reminder.Delivery) error { return nil })
	}
	return err
}
