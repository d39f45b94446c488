package linking_test

import (
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
)

// TestBothLastLinksEndAtOnce wants what both shared to go, whoever comes last.
func TestBothLastLinksEndAtOnce(t *testing.T) {
	t.Parallel()
	for range 30 {
		w := newWorld()
		links := map[string]identity.Link{
			"user-1": w.link(t, "user-1", personA, phoneA), "user-2": w.link(t, "user-2", personA, phoneA),
		}
		callers := map[string]*identity.Caller{"user-1": w.caller("user-1"), "user-2": w.caller("user-2")}
		var wg sync.WaitGroup
		for who, l := range links {
			wg.Go(func() {
				if err := w.another().Unlink(t.Context(), callers[who], l.ID); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if w.left() != 0 {
			t.Fatal("something shared stayed")
		}
	}
}

// TestLinkDuringUnlink stalls an unlink, the person's last, before each of its database commands, and links the person wholly
// meanwhile. The new link must have its person, whoever of the two is faster.
func TestLinkDuringUnlink(t *testing.T) {
	t.Parallel()
	calls := 0
	for at := 0; at <= calls; at++ {
		w := newWorld()
		old := w.link(t, "user-1", personA, phoneA)
		c := w.caller("user-1")
		seen := w.meanwhile(at, func() { w.link(t, "user-2", personA, phoneA) })
		if err := w.linking.Unlink(t.Context(), c, old.ID); err != nil {
			t.Fatal(err)
		}
		calls = seen() - 1
		link := w.caller("user-2").Links[0]
		if !w.followers.known[link.ID] || !w.followers.shared[link.PersonID] {
			t.Errorf("at call %d: the followers forgot the new link", at)
		}
		got := w.contents()
		if len(got.Persons) != 1 || got.Persons[0].ID != link.PersonID {
			t.Errorf("at call %d: %d persons; the link's is gone", at, len(got.Persons))
		}
		if len(got.Slots) != 1 || got.Slots[0].LinkID != link.ID {
			t.Errorf("at call %d: %d slots", at, len(got.Slots))
		}
	}
	if calls < 8 {
		t.Errorf("only %d places tried", calls)
	}
}

// TestUnlinkDuringLink ends the person's only other link before each database command of a link that is being proved.
func TestUnlinkDuringLink(t *testing.T) {
	t.Parallel()
	calls := 0
	for at := 0; at <= calls; at++ {
		w := newWorld()
		old := w.link(t, "user-1", personA, phoneA)
		first, second := w.caller("user-1"), w.caller("user-2")
		a := w.start(t, second, personA)
		seen := w.meanwhile(at, func() {
			if err := w.another().Unlink(t.Context(), first, old.ID); err != nil {
				t.Error(err)
			}
		})
		if done, err := w.linking.Prove(t.Context(), second, a.ID, code(w.phones.Last(phoneA))); err != nil || done.State != identity.AttemptLinked {
			t.Fatalf("at call %d: %+v, %v", at, done, err)
		}
		calls = seen() - 1
		link := w.caller("user-2").Links[0]
		got := w.contents()
		if len(got.Persons) != 1 || got.Persons[0].ID != link.PersonID || len(got.Slots) != 1 || !w.followers.shared[link.PersonID] {
			t.Errorf("at call %d: %d persons, %d slots", at, len(got.Persons), len(got.Slots))
		}
	}
}

// TestManyLinkAndUnlinkAtOnce lets users link one person and leave again, all at once: no link is ever without its
// person, and in the end nothing is left.
func TestManyLinkAndUnlinkAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) {
		c.SendsPerPair, c.SendsPerPhone, c.StartsPerUser, c.StartsPerAddress = 1000, 1000, 1000, 1000
		c.CodesPerSecond, c.SendsPerPhoneHourly = 1_000_000, 1000
	})
	w.db.SetTwice(false)
	w.before(func(string) error { runtime.Gosched(); return nil })
	var phone sync.Mutex // one code at a time is on the way
	round := func(who string) {
		c := &identity.Caller{UserID: who, Platform: identity.WeChat, App: "main"}
		phone.Lock()
		a := w.start(t, c, personA)
		sent := w.phones.Last(phoneA)
		phone.Unlock()
		done, err := w.linking.Prove(t.Context(), c, a.ID, code(sent))
		if err != nil || done.State != identity.AttemptLinked {
			t.Errorf("not linked: %v", err)
			return
		}
		user, err := w.peek.User(t.Context(), who)
		if err != nil || len(user.Active()) != 1 {
			t.Errorf("%v", err)
			return
		}
		active := user.Active()
		if _, err := w.peek.Person(t.Context(), active[0].PersonID); err != nil {
			t.Errorf("a link without its person: %v", err)
		}
		if err := w.linking.Unlink(t.Context(), c, done.LinkID); err != nil {
			t.Error(err)
		}
	}
	ids := make([]string, 4)
	for i := range ids {
		ids[i] = w.caller("user-" + strconv.Itoa(i)).UserID
	}
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			for range 25 {
				round(id)
			}
		})
	}
	all.Wait()
	w.before(nil)
	w.clock.Advance(time.Minute)
	for range 5 { // users at a pass
		if err := w.linking.Tick(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := w.left(); n != 0 {
		t.Errorf("%d things of persons stayed", n)
	}
}

// TestLinkWhileFollowersDelete links the person just after the last link's end found nobody left.
func TestLinkWhileFollowersDelete(t *testing.T) {
	t.Parallel()
	w := newWorld()
	old := w.link(t, "user-1", personA, phoneA)
	w.followers.during = func() { w.link(t, "user-2", personA, phoneA) }
	if err := w.linking.Unlink(t.Context(), w.caller("user-1"), old.ID); err != nil {
		t.Fatal(err)
	}
	link := w.caller("user-2").Links[0]
	if !w.followers.known[link.ID] || !w.followers.shared[link.PersonID] {
		t.Error("what the new link had begun was deleted with the old one")
	}
}

// TestUnlinkBesideALinkThatIsNotToBe ends a link while another to the same person has its slot, which then cannot be
// finished: what the two shared goes with the second.
func TestUnlinkBesideALinkThatIsNotToBe(t *testing.T) {
	t.Parallel()
	w := newWorld()
	old := w.link(t, "user-1", personA, phoneA)
	c := w.caller("user-2")
	a := w.start(t, c, personA)
	w.before(func(command string) error {
		if command == "changes.insert" { // the slot is taken, the link not written
			return errKilled
		}
		return nil
	})
	if got, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); err != nil || got.State != identity.AttemptProved {
		t.Fatalf("%+v, %v", got, err)
	}
	w.before(nil)
	if err := w.linking.Unlink(t.Context(), w.caller("user-1"), old.ID); err != nil {
		t.Fatal(err)
	}
	w.registry.Remove(personA)
	w.clock.Advance(time.Minute)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.left(); n != 0 {
		t.Errorf("%d things of persons stayed", n)
	}
}

// TestAPersonWithoutAKeyIsNotLinked deletes the person, with its key, between the two writes that make it: the link is to
// the person that the document's key names.
func TestAPersonWithoutAKeyIsNotLinked(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"persons.find", "persons.insert"} {
		w := newWorld()
		w.db.SetTwice(false)
		c := w.caller("user-1")
		a := w.start(t, c, personA)
		done := false
		w.before(func(next string) error {
			if next == command && !done {
				done = true
				old := w.link(t, "user-2", personA, phoneA)
				if err := w.another().Unlink(t.Context(), w.caller("user-2"), old.ID); err != nil {
					t.Error(err)
				}
			}
			return nil
		})
		inbox := w.phones.Inbox()
		got, err := w.linking.Prove(t.Context(), c, a.ID, code(inbox[0].Code))
		if err != nil || got.State != identity.AttemptLinked || !done {
			t.Fatalf("%s: %+v, %v", command, got, err)
		}
		key := w.db.Documents("person_keys")
		if len(key) != 1 || len(w.db.IDs("persons")) != 1 ||
			key[0].Lookup("person_id").StringValue() != w.caller("user-1").Links[0].PersonID {
			t.Errorf("%s: %d keys, %d persons, or the key leads elsewhere", command, len(key), len(w.db.IDs("persons")))
		}
	}
}
