package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
	"yibao/store"
	"yibao/store/memory"
	"yibao/store/storetest"
)

// Answers of Alipay about one user: some have the open_id, some the user_id, some both.
var alipayAnswers = map[string]identity.PlatformAccount{
	"open": {Platform: identity.Alipay, App: "main", AppID: "a", OpenID: "o"},
	"user": {Platform: identity.Alipay, App: "main", AppID: "a", UserID: "2088"},
	"both": {Platform: identity.Alipay, App: "main", AppID: "a", OpenID: "o", UserID: "2088"},
}

func signedIn(t testing.TB, s *store.Store, answer string) *identity.PlatformUser {
	t.Helper()
	u, err := s.SignedIn(t.Context(), alipayAnswers[answer], start)
	if err != nil {
		t.Fatal(answer, err)
	}
	return u
}

// TestUserIsFoundByEitherID: from the first answer with both ids on, every answer leads to one user, which knows both.
func TestUserIsFoundByEitherID(t *testing.T) { storetest.Each(t, testUserIsFoundByEitherID) }

func testUserIsFoundByEitherID(t *testing.T, d *storetest.Database) {
	for i, answers := range []string{
		"user both open user", "open both user open", "both user open", "both open user",
		"user open both user open both", "open user both open user both",
	} {
		s := d.Open(t)
		var user *identity.PlatformUser
		known := false
		for _, answer := range strings.Fields(answers) {
			account := alipayAnswers[answer]
			account.AppID = string(rune('a' + i)) // another user in each round
			u, err := s.SignedIn(t.Context(), account, start)
			if err != nil {
				t.Fatal(answers, err)
			}
			if known && u.ID != user.ID {
				t.Errorf("%s: %q leads to another user", answers, answer)
			}
			known = known || answer == "both"
			if known && (u.Account.OpenID != "o" || u.Account.UserID != "2088") {
				t.Errorf("%s: after %q the user knows %+v", answers, answer, u.Account)
			}
			user = u
		}
	}
}

// withLinks gives the user links to the persons that the ids end with.
func withLinks(t testing.TB, s *store.Store, userID string, ids ...string) {
	t.Helper()
	_, err := s.UpdateUser(t.Context(), userID, func(u *identity.PlatformUser) error {
		for _, id := range ids {
			u.Links = append(u.Links, identity.Link{
				ID: id, PersonID: id[len(id)-1:], Region: "990100", State: identity.LinkActive, MaskedName: "测*" + id,
				Consent: identity.Consent{At: start},
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func linkIDs(links []identity.Link) []string {
	var ids []string
	for _, l := range links {
		ids = append(ids, l.ID)
	}
	slices.Sort(ids)
	return ids
}

// TestTwoUsersWithLinksBecomeOne: the links of both stay, one link to a person, and all that names the other user leads
// to the one that is left.
func TestTwoUsersWithLinksBecomeOne(t *testing.T) { storetest.Each(t, testTwoUsersWithLinksBecomeOne) }

func testTwoUsersWithLinksBecomeOne(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	older, newer := signedIn(t, s, "user"), signedIn(t, s, "open")
	if older.ID == newer.ID {
		t.Fatal("nothing has said that they are one")
	}
	withLinks(t, s, older.ID, "older-1", "older-2")
	withLinks(t, s, newer.ID, "newer-2", "newer-3")
	u := signedIn(t, s, "both")
	if u.ID != newer.ID || !slices.Equal(linkIDs(u.Active()), []string{"newer-2", "newer-3", "older-1"}) {
		t.Errorf("links in force: %v", linkIDs(u.Active()))
	}
	for _, l := range u.Links {
		if l.MaskedName != "测*"+l.ID {
			t.Errorf("the name of %s is %q", l.ID, l.MaskedName)
		}
		if l.ID == "older-2" && (l.State != identity.LinkEnding || u.LinksDue().IsZero()) {
			t.Errorf("the second link to one person is %s, and is cleaned up at %v", l.State, u.LinksDue())
		}
	}
	again, err := s.User(t.Context(), older.ID)
	if err != nil || again.ID != newer.ID {
		t.Error("the other user's id:", again, err)
	}
	changed, err := s.UpdateUser(t.Context(), older.ID, func(u *identity.PlatformUser) error {
		u.Links[0].MaskedName = "changed"
		return nil
	})
	if err != nil || changed.ID != newer.ID {
		t.Error("changed:", changed, err)
	}
	// Nothing comes back, neither a link that has ended since nor one that was adopted before.
	_, err = s.UpdateUser(t.Context(), newer.ID, func(u *identity.PlatformUser) error { u.Links = nil; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if u := signedIn(t, s, "both"); len(u.Links) != 0 {
		t.Error("came back:", linkIDs(u.Links))
	}
}

// TestMergeKilledAnywhere kills the sign-in that learns of it before and after each command: in between no link is lost,
// and the next sign-in with both ids ends as if nothing had happened. Meanwhile the person may end a link on either side:
// it stays ended.
func TestMergeKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, ends := range []string{"", "older-1", "newer-3"} {
		for kill := 0; ; kill++ {
			s, client := memory.New()
			other := memory.Open(client.Connect())
			older, newer := signedIn(t, other, "user"), signedIn(t, other, "open")
			withLinks(t, other, older.ID, "older-1")
			withLinks(t, other, newer.ID, "newer-3")
			calls := 0
			hook := func(context.Context, memory.Command) error {
				if calls++; calls > kill {
					return errors.New("killed")
				}
				return nil
			}
			client.SetBefore(hook)
			client.SetAfter(hook)
			_, err := s.SignedIn(t.Context(), alipayAnswers["both"], start)
			seen := map[string]bool{}
			for _, id := range []string{older.ID, newer.ID} {
				u, err := other.User(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range u.Active() {
					seen[l.ID] = true
				}
				end := slices.IndexFunc(u.Links, func(l identity.Link) bool { return l.ID == ends && l.State == identity.LinkActive })
				if end >= 0 {
					if _, err := other.UpdateUser(t.Context(), id, func(u *identity.PlatformUser) error {
						u.Links[end].End(start)
						return nil
					}); err != nil {
						t.Fatal(err)
					}
					break // the person sees one side
				}
			}
			if ends == "" && len(seen) != 2 {
				t.Errorf("killed at %d: links in force: %v", kill, seen)
			}
			want := slices.DeleteFunc([]string{"newer-3", "older-1"}, func(id string) bool { return id == ends })
			if u := signedIn(t, other, "both"); u.ID != newer.ID || !slices.Equal(linkIDs(u.Active()), want) {
				t.Errorf("killed at %d, %q ended: links in force: %v", kill, ends, linkIDs(u.Active()))
			}
			if u := signedIn(t, other, "user"); u.ID != newer.ID {
				t.Errorf("killed at %d: the user_id leads to another user", kill)
			}
			if err == nil {
				break
			}
		}
	}
}

// TestFirstSignInsWithDifferentIDs: whichever comes first, one answer with both ids later there is one user.
func TestFirstSignInsWithDifferentIDs(t *testing.T) {
	storetest.Each(t, testFirstSignInsWithDifferentIDs)
}

func testFirstSignInsWithDifferentIDs(t *testing.T, d *storetest.Database) {
	answers := []string{"open", "user", "both", "both", "user", "open"}
	stores := openMany(t, d, len(answers))
	each(stores, func(i int, s *store.Store) {
		if _, err := s.SignedIn(t.Context(), alipayAnswers[answers[i]], start); err != nil {
			t.Error(err)
		}
	})
	one := signedIn(t, stores[0], "both")
	for _, answer := range answers {
		if u := signedIn(t, stores[1], answer); u.ID != one.ID {
			t.Errorf("%q leads to another user", answer)
		}
	}
}

// TestLinkMadeDuringTheMerge is taken over as well: the other user is read again.
func TestLinkMadeDuringTheMerge(t *testing.T) {
	t.Parallel()
	s, client := memory.New()
	other := memory.Open(client.Connect())
	older, newer := signedIn(t, s, "user"), signedIn(t, s, "open")
	done := false
	client.SetAfter(func(_ context.Context, c memory.Command) error {
		if c.String() == "platform_users.replace" && c.ID == newer.ID && !done && len(client.IDs("changes")) == 2 {
			done = true
			withLinks(t, other, older.ID, "older-1")
		}
		return nil
	})
	if u := signedIn(t, s, "both"); !done || !slices.Equal(linkIDs(u.Active()), []string{"older-1"}) {
		t.Error(done, linkIDs(u.Links))
	}
}

// TestForgedUserKeyIsRefused: a key that leads to another user would sign its owner in as that user.
func TestForgedUserKeyIsRefused(t *testing.T) { storetest.Each(t, testForgedUserKeyIsRefused) }

func testForgedUserKeyIsRefused(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	signedIn(t, s, "open")
	raw := d.Documents(t, "user_keys", bson.D{})[0]
	var m bson.M
	if err := bson.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	m["user_id"] = "another"
	forged, err := bson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Commands(t).Replace(t.Context(), "user_keys", bson.D{{Key: "_id", Value: m["_id"]}}, forged); err != nil {
		t.Fatal(err)
	}
	if u, err := s.SignedIn(t.Context(), alipayAnswers["open"], start.Add(time.Hour)); !errors.Is(err, store.ErrUnreadable) {
		t.Error(u, err)
	}
}
