package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
	"yibao/store"
	"yibao/store/storetest"
)

var claim = identity.Claim{Region: "990100", Name: "测试甲", IDType: "01", IDNumber: "990100199001010003"}

func TestConcurrentSignIn(t *testing.T) { storetest.Each(t, testConcurrentSignIn) }

func testConcurrentSignIn(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 8)
	var ids sync.Map
	each(stores, func(_ int, s *store.Store) {
		u, err := s.SignedIn(t.Context(), identity.PlatformAccount{Platform: identity.Alipay, AppID: "a", OpenID: "o"}, start)
		if err != nil {
			t.Error(err)
			return
		}
		ids.Store(u.ID, true)
	})
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Error("users:", n)
	}
}

func TestUsersWithEndingLinks(t *testing.T) { storetest.Each(t, testUsersWithEndingLinks) }

func testUsersWithEndingLinks(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	u, err := s.SignedIn(t.Context(), identity.PlatformAccount{Platform: identity.WeChat, AppID: "a", OpenID: "o"}, start)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		links []identity.Link
		want  int
	}{
		{[]identity.Link{{ID: "1", State: identity.LinkActive}}, 0},
		{[]identity.Link{{ID: "1", State: identity.LinkActive}, {ID: "2", State: identity.LinkEnding}}, 1},
		{[]identity.Link{{ID: "1", State: identity.LinkActive}}, 0},
	} {
		if _, err := s.UpdateUser(t.Context(), u.ID, func(u *identity.PlatformUser) error {
			u.Links = step.links
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		users, err := s.UsersWithEndingLinks(t.Context(), 10)
		if err != nil || len(users) != step.want {
			t.Errorf("links %v: %d users, %v", step.links, len(users), err)
		}
	}
	back, err := s.User(t.Context(), u.ID)
	if err != nil || len(back.Links) != 1 || back.Links[0].ID != "1" {
		t.Error(back, err)
	}
}

func TestSessions(t *testing.T) { storetest.Each(t, testSessions) }

func testSessions(t *testing.T, d *storetest.Database) {
	now := start
	s := d.Open(t, func(o *store.Options) { o.Now = func() time.Time { return now } })
	for i, id := range []string{"b", "a", "short"} {
		v := identity.Session{ID: id, UserID: "u", CreatedAt: now.Add(time.Duration(i) * time.Second), ExpiresAt: now.Add(time.Hour)}
		if id == "short" {
			v.ExpiresAt = now.Add(time.Minute)
		}
		if err := s.InsertSession(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		if err := s.InsertSession(t.Context(), v); !errors.Is(err, identity.ErrExists) {
			t.Error("inserted twice:", err)
		}
	}
	now = now.Add(time.Minute)
	if _, err := s.Session(t.Context(), "short"); err != identity.ErrNotFound {
		t.Error("expired:", err)
	}
	if v, err := s.Session(t.Context(), "a"); err != nil || v.UserID != "u" {
		t.Error(v, err)
	}
	list, err := s.SessionsOf(t.Context(), "u", now)
	if err != nil || len(list) != 2 || list[0].ID != "b" {
		t.Error(list, err)
	}
	if err := s.DeleteSession(t.Context(), "other", "a"); err != identity.ErrNotFound {
		t.Error("another's session:", err)
	}
	if err := s.DeleteSession(t.Context(), "u", "a"); err != nil {
		t.Error(err)
	}
	if err := s.DeleteSession(t.Context(), "u", "a"); err != identity.ErrNotFound {
		t.Error("deleted twice:", err)
	}
}

func TestChanges(t *testing.T) { storetest.Each(t, testChanges) }

func testChanges(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	before := time.Now()
	for _, user := range []string{"u1", "u2", "u1"} {
		if err := s.RecordChange(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	changes, err := s.ChangesSince(t.Context(), before)
	if err != nil || len(changes) != 3 {
		t.Fatal(changes, err)
	}
	for i := 1; i < len(changes); i++ {
		if changes[i].At.Before(changes[i-1].At) || changes[i].ID == changes[i-1].ID {
			t.Error("order or ids:", changes)
		}
	}
	if changes, err = s.ChangesSince(t.Context(), time.Now().Add(time.Second)); err != nil || len(changes) != 0 {
		t.Error(changes, err)
	}
}

func TestAttempts(t *testing.T) { storetest.Each(t, testAttempts) }

func testAttempts(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	for i, id := range []string{"new", "old", "older", "done"} {
		a := identity.Attempt{ID: id, UserID: "u", Claim: claim, State: identity.AttemptRequested, UpdatedAt: start.Add(-time.Duration(i) * time.Minute)}
		if id == "done" {
			a.State = identity.AttemptLinked
		}
		if err := s.InsertAttempt(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if err := s.InsertAttempt(t.Context(), a); !errors.Is(err, identity.ErrExists) {
			t.Error("inserted twice:", err)
		}
	}
	open := []identity.AttemptState{identity.AttemptRequested, identity.AttemptProved}
	found, err := s.UnfinishedAttempts(t.Context(), open, start, 10)
	if err != nil || len(found) != 2 || found[0].ID != "older" || found[1].Claim != claim {
		t.Error(found, err)
	}
	if found, err = s.UnfinishedAttempts(t.Context(), open, start, 1); err != nil || len(found) != 1 {
		t.Error("limit:", found, err)
	}
	a, err := s.UpdateAttempt(t.Context(), "new", func(a *identity.Attempt) error {
		a.Tries++
		a.CodeHash = []byte{1, 2}
		return nil
	})
	if err != nil || a.Tries != 1 || len(a.CodeHash) != 2 || a.Claim != claim {
		t.Error(a, err)
	}
	if _, err := s.Attempt(t.Context(), "none"); err != identity.ErrNotFound {
		t.Error(err)
	}
}

func TestConcurrentEnsurePerson(t *testing.T) { storetest.Each(t, testConcurrentEnsurePerson) }

func testConcurrentEnsurePerson(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 8)
	var ids sync.Map
	each(stores, func(_ int, s *store.Store) {
		p, err := s.EnsurePerson(t.Context(), claim, start)
		if err != nil || p.Name != claim.Name || p.IDNumber != claim.IDNumber || p.Pseudonym == "" {
			t.Error(p, err)
			return
		}
		ids.Store(p.ID, true)
	})
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Error("persons:", n)
	}
	if persons := d.Documents(t, "persons", bson.D{}); len(persons) != 1 {
		t.Error("documents:", len(persons))
	}
}

// TestEnsurePersonAfterCrash: only the key was written; the person follows from the claim.
func TestEnsurePersonAfterCrash(t *testing.T) { storetest.Each(t, testEnsurePersonAfterCrash) }

func testEnsurePersonAfterCrash(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	first, err := s.EnsurePerson(t.Context(), claim, start)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Commands(t).Delete(t.Context(), "persons", bson.D{{Key: "_id", Value: first.ID}}); err != nil {
		t.Fatal(err)
	}
	again, err := s.EnsurePerson(t.Context(), claim, start)
	if err != nil || again.ID != first.ID || again.Pseudonym == first.Pseudonym {
		t.Error(again, err)
	}
}

func TestDeletePerson(t *testing.T) { storetest.Each(t, testDeletePerson) }

func testDeletePerson(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	first, err := s.EnsurePerson(t.Context(), claim, start)
	if err != nil {
		t.Fatal(err)
	}
	other := claim
	other.IDNumber = "990100199001010011"
	stays, err := s.EnsurePerson(t.Context(), other, start)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.DeletePerson(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Person(t.Context(), first.ID); err != identity.ErrNotFound {
		t.Error(err)
	}
	if keys := d.Documents(t, "person_keys", bson.D{}); len(keys) != 1 {
		t.Error("keys left:", len(keys))
	}
	if p, err := s.UpdatePerson(t.Context(), stays.ID, func(p *identity.Person) error {
		p.SelfSince = start
		return nil
	}); err != nil || !p.SelfSince.Equal(start) {
		t.Error(p, err)
	}
	again, err := s.EnsurePerson(t.Context(), claim, start)
	if err != nil || again.ID == first.ID {
		t.Error("the deleted person came back:", err)
	}
}

// TestEnsureAgainstDelete: whoever wins, a person that Ensure returned last is found by its key.
func TestEnsureAgainstDelete(t *testing.T) { storetest.Each(t, testEnsureAgainstDelete) }

func testEnsureAgainstDelete(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 4)
	each(stores, func(i int, s *store.Store) {
		for range 5 {
			p, err := s.EnsurePerson(t.Context(), claim, start)
			if err == nil && i%2 == 0 {
				err = s.DeletePerson(t.Context(), p.ID)
			}
			if err != nil && err != identity.ErrNotFound {
				t.Error(err)
			}
		}
	})
	p, err := stores[0].EnsurePerson(t.Context(), claim, start)
	if err != nil {
		t.Fatal(err)
	}
	if persons := d.Documents(t, "persons", bson.D{}); len(persons) != 1 {
		t.Error("persons that no key finds:", len(persons)-1)
	}
	if keys := d.Documents(t, "person_keys", bson.D{{Key: "person_id", Value: p.ID}}); len(keys) != 1 {
		t.Error("keys:", len(keys))
	}
}

func TestClaimSlot(t *testing.T) { storetest.Each(t, testClaimSlot) }

func testClaimSlot(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 8)
	const max = 5
	var refused atomic.Int32
	each(stores, func(i int, s *store.Store) {
		slot := identity.Slot{PersonID: "p", LinkID: string(rune('a' + i)), UserID: "u", Since: start, Unattended: true}
		switch err := s.ClaimSlot(t.Context(), slot, max); {
		case errors.Is(err, identity.ErrLinkLimit):
			refused.Add(1)
		case err != nil:
			t.Error(err)
		}
	})
	s := stores[0]
	slots, err := s.Slots(t.Context(), "p")
	if err != nil || len(slots) != max || refused.Load() != 8-max {
		t.Fatal(slots, refused.Load(), err)
	}
	links := map[string]bool{}
	for i, slot := range slots {
		if slot.N != i || !slot.Unattended || !slot.Since.Equal(start) {
			t.Errorf("slot %d: %+v", i, slot)
		}
		links[slot.LinkID] = true
	}
	if len(links) != max {
		t.Error("a link has two slots:", slots)
	}
	if err := s.ClaimSlot(t.Context(), slots[2], max); err != nil {
		t.Error("claimed again:", err)
	}
	for range 2 {
		if err := s.FreeSlot(t.Context(), "p", slots[2].LinkID); err != nil {
			t.Error(err)
		}
	}
	if err := s.ClaimSlot(t.Context(), identity.Slot{PersonID: "p", LinkID: "new"}, max); err != nil {
		t.Error("the freed slot:", err)
	}
	if err := s.ClaimSlot(t.Context(), identity.Slot{PersonID: "p", LinkID: "one more"}, max); err != identity.ErrLinkLimit {
		t.Error("a slot too many:", err)
	}
}

func TestUpdateSlot(t *testing.T) { storetest.Each(t, testUpdateSlot) }

func testUpdateSlot(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	slot := identity.Slot{PersonID: "p", LinkID: "l", UserID: "u", Region: "990100", Relation: identity.Self, Since: start}
	for _, id := range []string{"other", "l"} {
		slot.LinkID = id
		if err := s.ClaimSlot(t.Context(), slot, 5); err != nil {
			t.Fatal(err)
		}
	}
	change := identity.Slot{PersonID: "p", LinkID: "l", Relation: identity.Child, Unattended: true, ConsentAt: start.Add(time.Hour)}
	older := identity.Slot{PersonID: "p", LinkID: "l", Relation: identity.Spouse, ConsentAt: start}
	for _, c := range []identity.Slot{change, change, older} {
		if err := s.UpdateSlot(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	slots, err := s.Slots(t.Context(), "p")
	if err != nil || len(slots) != 2 || slots[0].Relation != identity.Self || slots[0].Unattended {
		t.Fatal(slots, err)
	}
	if got := slots[1]; !got.Since.Equal(start) || got.Relation != identity.Child || !got.Unattended || got.UserID != "u" ||
		got.Region != "990100" || got.N != 1 {
		t.Errorf("%+v", got)
	}
	if err := s.FreeSlot(t.Context(), "p", "l"); err != nil {
		t.Fatal(err)
	}
	if err := s.UpdateSlot(t.Context(), change); err != identity.ErrNotFound {
		t.Error("a slot that was freed:", err)
	}
	if slots, err := s.Slots(t.Context(), "p"); err != nil || len(slots) != 1 {
		t.Error("it came back:", slots, err)
	}
}

func TestCounters(t *testing.T) { storetest.Each(t, testCounters) }

func testCounters(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 4)
	each(stores, func(i int, s *store.Store) {
		err := s.UpdateCounter(t.Context(), "k", func(c *identity.Counter) error {
			c.Hits = append(c.Hits, identity.Hit{Op: string(rune('a' + i)), At: start})
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	stop := errors.New("stop")
	err := stores[0].UpdateCounter(t.Context(), "k", func(c *identity.Counter) error {
		if c.Key != "k" || len(c.Hits) != 4 {
			t.Errorf("%+v", c)
		}
		return stop
	})
	if err != stop {
		t.Error(err)
	}
}
