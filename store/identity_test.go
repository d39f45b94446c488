package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
	"yibao/store"
	"yibao/store/memory"
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

func TestUsersWithDueLinks(t *testing.T) { storetest.Each(t, testUsersWithDueLinks) }

func testUsersWithDueLinks(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	u, err := s.SignedIn(t.Context(), identity.PlatformAccount{Platform: identity.WeChat, AppID: "a", OpenID: "o"}, start)
	if err != nil {
		t.Fatal(err)
	}
	active := identity.Link{ID: "1", State: identity.LinkActive}
	for _, step := range []struct {
		links []identity.Link
		due   time.Duration // after start; 0 for never
	}{
		{[]identity.Link{active}, 0},
		{[]identity.Link{active, {ID: "2", State: identity.LinkEnded, EndedAt: start}}, identity.EndedKept},
		{[]identity.Link{
			active, {ID: "2", State: identity.LinkEnded, EndedAt: start}, {ID: "3", State: identity.LinkEnding, EndedAt: start},
		}, identity.CleanAgain},
		{[]identity.Link{active}, 0},
	} {
		if _, err := s.UpdateUser(t.Context(), u.ID, func(u *identity.PlatformUser) error {
			u.Links = step.links
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for at, want := range map[time.Duration]int{step.due - time.Millisecond: 0, step.due: 1, 10 * identity.EndedKept: 1} {
			if step.due == 0 {
				want = 0
			}
			users, err := s.UsersWithDueLinks(t.Context(), start.Add(at), 10)
			if err != nil || len(users) != want {
				t.Errorf("links %v after %v: %d users, %v", step.links, at, len(users), err)
			}
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
	list, err := s.SessionsOf(t.Context(), "u", now, nil, 5)
	if err != nil || len(list) != 2 || list[1].ID != "b" {
		t.Error(list, err)
	}
	if rest, err := s.SessionsOf(t.Context(), "u", now, &list[0], 5); err != nil || len(rest) != 1 || rest[0].ID != "b" {
		t.Error(rest, err)
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

// TestSessionsOfOneMoment are parted between pages by their ids, and all but one can be removed.
func TestSessionsOfOneMoment(t *testing.T) { storetest.Each(t, testSessionsOfOneMoment) }

func testSessionsOfOneMoment(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	for i, id := range []string{"b", "d", "a", "c", "older", "other"} {
		v := identity.Session{ID: id, UserID: "u", CreatedAt: start, ExpiresAt: time.Now().Add(time.Hour)}
		if id == "older" {
			v.CreatedAt = start.Add(-time.Second)
		}
		if i == 5 {
			v.UserID = "v"
		}
		if err := s.InsertSession(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	pages := func() string {
		var behind *identity.Session
		text := ""
		for {
			list, err := s.SessionsOf(t.Context(), "u", start, behind, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range list {
				text += v.ID + " "
			}
			if len(list) < 2 {
				return text
			}
			text, behind = text+"| ", &list[1]
		}
	}
	if got := pages(); got != "d c | b a | older " {
		t.Error(got)
	}
	if err := s.DeleteSessions(t.Context(), "u", "c"); err != nil || pages() != "c " {
		t.Error("all but one:", pages(), err)
	}
	if err := s.DeleteSessions(t.Context(), "u", ""); err != nil || pages() != "" {
		t.Error(pages(), err)
	}
	if _, err := s.Session(t.Context(), "other"); err != nil {
		t.Error("another user's session:", err)
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
	for id, state := range map[string]identity.AttemptState{"v-1": identity.AttemptWaiting, "v-2": identity.AttemptProved, "v-3": identity.AttemptFailed} {
		if err := s.InsertAttempt(t.Context(), identity.Attempt{ID: id, UserID: "v", Claim: claim, State: state, UpdatedAt: start}); err != nil {
			t.Fatal(err)
		}
	}
	found, err = s.AttemptsOf(t.Context(), "v", []identity.AttemptState{identity.AttemptWaiting, identity.AttemptProved})
	if err != nil || len(found) != 2 || found[0].ID == "v-3" || found[1].ID == "v-3" || found[0].Claim != claim {
		t.Error("of one user:", found, err)
	}
	a, err := s.UpdateAttempt(t.Context(), "new", func(a *identity.Attempt) error {
		a.Tries++
		a.Challenge.CodeHash = []byte{1, 2}
		return nil
	})
	if err != nil || a.Tries != 1 || len(a.Challenge.CodeHash) != 2 || a.Claim != claim {
		t.Error(a, err)
	}
	if _, err := s.Attempt(t.Context(), "none"); err != identity.ErrNotFound {
		t.Error(err)
	}
}

// joins returns an update that gives the link a slot.
func joins(linkID string) func(*identity.Person) error {
	return func(p *identity.Person) error {
		return p.Join(identity.Slot{LinkID: linkID, UserID: "u", Region: claim.Region, ConsentAt: start}, claim.Name, 5)
	}
}

func TestManyMakeOnePerson(t *testing.T) { storetest.Each(t, testManyMakeOnePerson) }

func testManyMakeOnePerson(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 8)
	var ids sync.Map
	var refused atomic.Int32
	each(stores, func(i int, s *store.Store) {
		p, err := s.UpdatePersonOf(t.Context(), claim, start, joins(string(rune('a'+i))))
		if errors.Is(err, identity.ErrLinkLimit) {
			refused.Add(1)
			return
		}
		if err != nil || p.Names[claim.Region] != claim.Name || p.IDNumber != claim.IDNumber || p.IDType != claim.IDType {
			t.Error(p, err)
			return
		}
		ids.Store(p.ID, true)
	})
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if n != 1 || refused.Load() != 3 {
		t.Error("persons:", n, "refused:", refused.Load())
	}
	ids.Range(func(id, _ any) bool {
		slots, err := stores[0].Slots(t.Context(), id.(string))
		if err != nil || len(slots) != 5 {
			t.Error("slots:", slots, err)
		}
		return true
	})
	if persons := d.Documents(t, "persons", bson.D{}); len(persons) != 1 {
		t.Error("documents:", len(persons))
	}
}

// TestKeyWithoutAPerson: after a kill between the two writes the next call makes the person that the key names, or
// removes the key.
func TestKeyWithoutAPerson(t *testing.T) { storetest.Each(t, testKeyWithoutAPerson) }

func testKeyWithoutAPerson(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	for _, undone := range []bool{false, true} {
		first, err := s.UpdatePersonOf(t.Context(), claim, start, joins("l"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Commands(t).Delete(t.Context(), "persons", bson.D{{Key: "_id", Value: first.ID}}); err != nil {
			t.Fatal(err)
		}
		if undone {
			if id, left, err := s.LeavePersonOf(t.Context(), claim, "l"); err != nil || id != first.ID || len(left) != 0 {
				t.Error(id, left, err)
			}
			if keys := d.Documents(t, "person_keys", bson.D{}); len(keys) != 0 {
				t.Error("keys left:", len(keys))
			}
			continue
		}
		if again, err := s.UpdatePersonOf(t.Context(), claim, start, joins("l")); err != nil || again.ID != first.ID {
			t.Error(again, err)
		}
	}
	if id, left, err := s.LeavePersonOf(t.Context(), claim, "l"); err != nil || id != "" || left != nil {
		t.Error("a person that never was:", id, left, err)
	}
}

func TestLeavePerson(t *testing.T) { storetest.Each(t, testLeavePerson) }

func testLeavePerson(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	var p *identity.Person
	for _, link := range []string{"a", "b", "a"} {
		var err error
		if p, err = s.UpdatePersonOf(t.Context(), claim, start, joins(link)); err != nil {
			t.Fatal(err)
		}
	}
	other := claim
	other.IDNumber = "990100199001010011"
	if _, err := s.UpdatePersonOf(t.Context(), other, start, joins("c")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if left, err := s.LeavePerson(t.Context(), p.ID, "a"); err != nil || len(left) != 1 || left[0].LinkID != "b" {
			t.Fatal(left, err)
		}
	}
	for range 2 {
		if left, err := s.LeavePerson(t.Context(), p.ID, "b"); err != nil || len(left) != 0 {
			t.Fatal(left, err)
		}
	}
	if _, err := s.Person(t.Context(), p.ID); err != identity.ErrNotFound {
		t.Error(err)
	}
	if _, err := s.UpdatePerson(t.Context(), p.ID, joins("b")); err != identity.ErrNotFound {
		t.Error(err)
	}
	if keys := d.Documents(t, "person_keys", bson.D{}); len(keys) != 1 {
		t.Error("keys left:", len(keys))
	}
	if again, err := s.UpdatePersonOf(t.Context(), claim, start, joins("d")); err != nil || again.ID == p.ID {
		t.Error("the deleted person came back:", err)
	}
}

// TestEndedPersonIsGone kills the process that left the last slot before it deletes the person: the person is gone for
// everything, and the next call deletes it.
func TestEndedPersonIsGone(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"leave", "leave of", "join"} {
		s, client := memory.New()
		p, err := s.UpdatePersonOf(t.Context(), claim, start, joins("a"))
		if err != nil {
			t.Fatal(err)
		}
		client.SetBefore(func(_ context.Context, c memory.Command) error {
			if c.Name == "delete" {
				return errors.New("killed")
			}
			return nil
		})
		if _, err := s.LeavePerson(t.Context(), p.ID, "a"); !errors.Is(err, identity.ErrStore) {
			t.Fatal(err)
		}
		client.SetBefore(nil)
		if _, err := s.Person(t.Context(), p.ID); err != identity.ErrNotFound {
			t.Error("read:", err)
		}
		if _, err := s.UpdatePerson(t.Context(), p.ID, joins("b")); err != identity.ErrNotFound {
			t.Error("updated:", err)
		}
		if slots, err := s.Slots(t.Context(), p.ID); err != nil || len(slots) != 0 {
			t.Error("slots:", slots, err)
		}
		want := 0
		switch next {
		case "leave":
			_, err = s.LeavePerson(t.Context(), p.ID, "a")
		case "leave of":
			_, _, err = s.LeavePersonOf(t.Context(), claim, "a")
		case "join":
			var again *identity.Person
			if again, err = s.UpdatePersonOf(t.Context(), claim, start, joins("b")); err == nil && again.ID == p.ID {
				t.Error("the ended person came back")
			}
			want = 1
		}
		if n, keys := len(client.IDs("persons")), len(client.IDs("person_keys")); err != nil || n != want || keys != want {
			t.Errorf("%s: %d persons, %d keys, %v", next, n, keys, err)
		}
	}
}

// TestJoinAgainstLeave: the person that was joined last is found by its key, and no other is left.
func TestJoinAgainstLeave(t *testing.T) { storetest.Each(t, testJoinAgainstLeave) }

func testJoinAgainstLeave(t *testing.T, d *storetest.Database) {
	stores := openMany(t, d, 4)
	each(stores, func(i int, s *store.Store) {
		link := string(rune('a' + i))
		for range 5 {
			p, err := s.UpdatePersonOf(t.Context(), claim, start, joins(link))
			if err == nil {
				_, err = s.LeavePerson(t.Context(), p.ID, link)
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	if persons, keys := d.Documents(t, "persons", bson.D{}), d.Documents(t, "person_keys", bson.D{}); len(persons)+len(keys) != 0 {
		t.Error("persons:", len(persons), "keys:", len(keys))
	}
	p, err := stores[0].UpdatePersonOf(t.Context(), claim, start, joins("z"))
	if err != nil {
		t.Fatal(err)
	}
	if keys := d.Documents(t, "person_keys", bson.D{{Key: "person_id", Value: p.ID}}); len(keys) != 1 {
		t.Error("keys:", len(keys))
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
