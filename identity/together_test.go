package identity_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/identitytest"
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
		if c := w.store.Contents(); len(c.Persons)+len(c.Slots)+len(w.followers.shared)+len(w.followers.known) != 0 {
			t.Fatal("something shared stayed")
		}
	}
}

// TestLinkDuringUnlink stalls an unlink, the person's last, before each of its store calls, and links the person wholly
// meanwhile. The new link must have its person, whoever of the two is faster.
func TestLinkDuringUnlink(t *testing.T) {
	t.Parallel()
	calls := 0
	for at := 0; at <= calls; at++ {
		w := newWorld()
		old := w.link(t, "user-1", personA, phoneA)
		c := w.caller("user-1")
		seen := 0
		w.store.Before = func(string) error {
			if seen++; seen == at+1 {
				hook := w.store.Before
				w.store.Before = nil
				w.link(t, "user-2", personA, phoneA)
				w.store.Before = hook
			}
			return nil
		}
		if err := w.linking.Unlink(t.Context(), c, old.ID); err != nil {
			t.Fatal(err)
		}
		calls = seen - 1
		w.store.Before = nil
		link := w.caller("user-2").Links[0]
		if !w.followers.known[link.ID] || !w.followers.shared[link.PersonID] {
			t.Errorf("at call %d: the followers forgot the new link", at)
		}
		got := w.store.Contents()
		if len(got.Persons) != 1 || got.Persons[0].ID != link.PersonID || got.Persons[0].Ended {
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

// TestUnlinkDuringLink ends the person's only other link before each store call of a link that is being proved.
func TestUnlinkDuringLink(t *testing.T) {
	t.Parallel()
	calls := 0
	for at := 0; at <= calls; at++ {
		w := newWorld()
		old := w.link(t, "user-1", personA, phoneA)
		first, second := w.caller("user-1"), w.caller("user-2")
		a := w.start(t, second, personA)
		seen := 0
		w.store.Before = func(string) error {
			if seen++; seen == at+1 {
				hook := w.store.Before
				w.store.Before = nil
				if err := w.linking.Unlink(t.Context(), first, old.ID); err != nil {
					t.Error(err)
				}
				w.store.Before = hook
			}
			return nil
		}
		if done, err := w.linking.Prove(t.Context(), second, a.ID, w.phones.Last(phoneA)); err != nil || done.State != identity.AttemptLinked {
			t.Fatalf("at call %d: %+v, %v", at, done, err)
		}
		calls = seen - 1
		w.store.Before = nil
		link := w.caller("user-2").Links[0]
		got := w.store.Contents()
		if len(got.Persons) != 1 || got.Persons[0].ID != link.PersonID || len(got.Slots) != 1 || !w.followers.shared[link.PersonID] {
			t.Errorf("at call %d: %d persons, %d slots", at, len(got.Persons), len(got.Slots))
		}
	}
}

// TestManyLinkAndUnlinkAtOnce lets users link one person and leave again, all at once: no link is ever without its
// person, and in the end nothing is left.
func TestManyLinkAndUnlinkAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *identity.LinkingConfig) {
		c.SendsPerPair, c.SendsPerPhone, c.StartsPerUser, c.StartsPerAddress = 1000, 1000, 1000, 1000
	})
	w.store.Before = func(string) error { runtime.Gosched(); return nil }
	var phone sync.Mutex // one code at a time is on the way
	round := func(who string) {
		c := &identity.Caller{UserID: who, Platform: identity.WeChat, App: "main"}
		phone.Lock()
		a := w.start(t, c, personA)
		code := w.phones.Last(phoneA)
		phone.Unlock()
		done, err := w.linking.Prove(t.Context(), c, a.ID, code)
		if err != nil || done.State != identity.AttemptLinked {
			t.Errorf("not linked: %v", err)
			return
		}
		user, err := w.store.User(t.Context(), who)
		if err != nil || len(user.Links) != 1 {
			t.Errorf("%v", err)
			return
		}
		if _, err := w.store.Person(t.Context(), user.Links[0].PersonID); err != nil {
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
	w.store.Before = nil
	w.clock.Advance(time.Minute)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Error(err)
	}
	if c := w.store.Contents(); len(c.Persons)+len(c.Slots)+len(w.followers.shared)+len(w.followers.known) != 0 {
		t.Errorf("%d persons, %d slots stayed", len(c.Persons), len(c.Slots))
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
	w.store.Before = func(op string) error {
		if op == "RecordChange" { // the slot is taken, the link not written
			return errors.New("killed")
		}
		return nil
	}
	if got, err := w.linking.Prove(t.Context(), c, a.ID, w.phones.Last(phoneA)); err != nil || got.State != identity.AttemptProved {
		t.Fatalf("%+v, %v", got, err)
	}
	w.store.Before = nil
	if err := w.linking.Unlink(t.Context(), w.caller("user-1"), old.ID); err != nil {
		t.Fatal(err)
	}
	w.registry.Remove(personA)
	w.clock.Advance(time.Minute)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.store.Contents(); len(got.Persons)+len(got.Slots)+len(w.followers.shared) != 0 {
		t.Errorf("%d persons, %d slots, and what was shared: %v", len(got.Persons), len(got.Slots), w.followers.shared)
	}
}

// stale answers the first EnsurePerson with a person to whom the ID document no longer leads.
type stale struct {
	*identitytest.Store
	once sync.Once
}

func (s *stale) EnsurePerson(ctx context.Context, claim identity.Claim, now time.Time) (*identity.Person, error) {
	s.once.Do(func() { claim = personB })
	return s.Store.EnsurePerson(ctx, claim, now)
}

func TestPersonWithoutAKeyIsNotLinked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	l, err := identity.NewLinking(w.config, identity.LinkingDeps{
		Store: &stale{Store: w.store}, Registry: w.registry, Codes: w.phones, Digests: identitytest.Digests{}, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.linking = l
	link := w.link(t, "user-1", personA, phoneA)
	c := w.store.Contents()
	if len(c.Persons) != 1 || c.Persons[0].ID != link.PersonID || c.Persons[0].IDNumber != personA.IDNumber || len(c.Slots) != 1 {
		t.Errorf("%d persons, %d slots; or the link is to the wrong one", len(c.Persons), len(c.Slots))
	}
}
