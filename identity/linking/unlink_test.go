package linking_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
	"yibao/store"
	"yibao/store/memory"
)

func TestUnlinkOfOneKeepsTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first, second := w.link(t, "user-1", personA, phoneA), w.link(t, "user-2", personA, phoneA)
	if err := w.linking.Unlink(t.Context(), w.caller("user-1"), first.ID); err != nil {
		t.Fatal(err)
	}
	c := w.contents()
	if len(c.Persons) != 1 || len(c.Slots) != 1 || c.Slots[0].LinkID != second.ID || !w.followers.shared[second.PersonID] {
		t.Error("the other's link was hit")
	}
}

// TestUnlinkOfAnUnreadablePerson: a person who was sealed with a key that is lost can be left as well, and everything that
// hangs on the link goes.
func TestUnlinkOfAnUnreadablePerson(t *testing.T) {
	t.Parallel()
	files, lost := store.KeyFiles{}.In(t.TempDir()+"/keys"), store.KeyFiles{}.In(t.TempDir()+"/lost")
	for _, f := range []store.KeyFiles{files, lost} {
		if err := store.NewKeyFiles(filepath.Dir(f.Seal)); err != nil {
			t.Fatal(err)
		}
	}
	lost.Lookup, lost.Proof, lost.Code = files.Lookup, files.Proof, files.Code
	keys, err := store.LoadKeyring(files)
	if err != nil {
		t.Fatal(err)
	}
	lostKeys, err := store.LoadKeyring(lost)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldWith(keys)
	link := w.link(t, "user-1", personA, phoneA)
	c := w.caller("user-1")
	slots, err := w.peek.Slots(t.Context(), link.PersonID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.peek.LeavePerson(t.Context(), link.PersonID, link.ID); err != nil {
		t.Fatal(err)
	}
	sealed := memory.Open(w.db.Connect(), func(o *store.Options) { o.Keys = lostKeys })
	person, err := sealed.UpdatePersonOf(t.Context(), personA, w.clock.Now(), func(p *identity.Person) error {
		p.Slots = slots
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.peek.UpdateUser(t.Context(), c.UserID, func(u *identity.PlatformUser) error {
		u.Links[0].PersonID = person.ID
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.followers.shared = map[string]bool{person.ID: true}
	if _, err := w.peek.Person(t.Context(), person.ID); !errors.Is(err, identity.ErrStore) {
		t.Fatalf("the person can be read: %v", err)
	}
	if err := w.linking.Unlink(t.Context(), c, link.ID); err != nil {
		t.Fatal(err)
	}
	if n := len(w.caller("user-1").Links); n != 0 || w.left() != 0 {
		t.Errorf("%d links are visible, %d things of persons stayed", n, w.left())
	}
}

// TestUnlinkWhileFollowersBegin ends a link that is still being written: what that writing begins goes a little later.
func TestUnlinkWhileFollowersBegin(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	w.followers.during = func() {
		if err := w.another().Unlink(t.Context(), c, w.caller("user-1").Links[0].ID); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); err != nil {
		t.Errorf("got %v", err)
	}
	if n := len(w.caller("user-1").Links); n != 0 {
		t.Errorf("%d links are visible", n)
	}
	w.clock.Advance(31 * time.Second)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Error(err)
	}
	if n := w.left() + len(w.contents().links()); n != 0 {
		t.Errorf("%d things of the ended link stayed", n)
	}
}

// TestUnlinkOfAHalfWrittenLinkIsKilled ends a link that the followers do not know yet, and kills the process before or
// after each write. Whatever came of it, link and followers agree once a living process has had its time.
func TestUnlinkOfAHalfWrittenLinkIsKilled(t *testing.T) {
	t.Parallel()
	for at := range 40 {
		w := newWorld()
		c := w.caller("user-1")
		a := w.start(t, c, personA)
		w.followers.err = errors.New("busy")
		if got, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); err != nil || got.State != identity.AttemptProved {
			t.Fatalf("%+v, %v", got, err)
		}
		w.followers.err = nil
		calls, dead := 0, false
		count := func(before bool) func(string) error {
			return func(string) error {
				if dead = dead || (before == (at%2 == 0) && calls == at/2); dead {
					return errKilled
				}
				if before == (at%2 == 0) {
					calls++
				}
				return nil
			}
		}
		w.before(count(true))
		w.db.SetAfter(named(count(false)))
		ended := w.linking.Unlink(t.Context(), c, w.caller("user-1").Links[0].ID) == nil
		for range 2 {
			w.clock.Advance(time.Minute)
			if err := w.another().Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		links, got := len(w.caller("user-1").Links), w.contents()
		if ended && links != 0 || len(w.followers.known) != links || len(w.followers.shared) != links ||
			len(got.Slots) != links || len(got.Persons) != links || len(got.links()) != links {
			t.Errorf("killed at %d: %d links, followers know %d and keep %d; %d slots, %d persons", at, links,
				len(w.followers.known), len(w.followers.shared), len(got.Slots), len(got.Persons))
		}
	}
}

// TestHalfWrittenLinkIsTakenBack kills the process after the slot is taken; then the upstream no longer confirms.
func TestHalfWrittenLinkIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"person_keys.insert", "persons.insert", "changes.insert"} {
		w := newWorld()
		c := w.caller("user-1")
		a := w.start(t, c, personA)
		killed := false
		w.db.SetAfter(named(func(command string) error { killed = killed || command == at; return nil }))
		w.before(func(string) error {
			if killed {
				return errKilled
			}
			return nil
		})
		if got, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); err != nil || got.State != identity.AttemptProved {
			t.Fatalf("at %s: %+v, %v", at, got, err)
		}
		w.before(nil)
		w.db.SetAfter(nil)
		w.registry.Remove(personA)
		w.clock.Advance(time.Minute)
		if err := w.linking.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ := w.linking.Attempt(t.Context(), c, a.ID); got.Reason != identity.FailedChanged {
			t.Errorf("at %s: %s %s", at, got.State, got.Reason)
		}
		if n := w.left(); n != 0 || !killed {
			t.Errorf("at %s: %d things of persons stayed", at, n)
		}
	}
}

// TestUnlinkBeforeAProvedRenewalIsWritten ends a link while its renewal waits for the upstream: the renewal ends too, and
// gives its slot back though the upstream stays away. A consent from after the end links again, and the end is forgotten.
func TestUnlinkBeforeAProvedRenewalIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld()
	link, c := w.link(t, "user-1", personA, phoneA), w.caller("user-1")
	renewal, other := w.start(t, c, personA), w.start(t, c, personB)
	w.registry.Fail(identity.ErrUpstreamUnavailable)
	for a, phone := range map[*identity.Attempt]string{renewal: phoneA, other: phoneB} {
		if got, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phone))); err != nil || got.State != identity.AttemptProved {
			t.Fatal(got, err)
		}
	}
	w.clock.Advance(time.Second)
	if err := w.linking.Unlink(t.Context(), c, link.ID); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	_ = w.linking.Tick(t.Context())
	if a, err := w.linking.Attempt(t.Context(), c, renewal.ID); err != nil || a.Reason != identity.FailedEnded {
		t.Errorf("the renewal: %+v, %v", a, err)
	}
	if got := w.contents(); len(got.Slots)+len(got.Persons) != 0 {
		t.Errorf("%d slots, %d persons stayed", len(got.Slots), len(got.Persons))
	}
	w.registry.Fail(nil)
	w.clock.Advance(time.Minute)
	_ = w.linking.Tick(t.Context())
	if a, err := w.linking.Attempt(t.Context(), c, other.ID); err != nil || a.State != identity.AttemptLinked {
		t.Errorf("another person's attempt: %+v, %v", a, err)
	}
	w.link(t, "user-1", personA, phoneA)
	if u := w.contents().Users[0]; len(u.Links)-len(u.Active()) != 1 {
		t.Errorf("%d ends are known", len(u.Links)-len(u.Active()))
	}
	w.clock.Advance(4 * 24 * time.Hour)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Error(err)
	}
	if u := w.contents().Users[0]; len(u.Links) != len(u.Active()) {
		t.Errorf("%d ends are kept for good", len(u.Links)-len(u.Active()))
	}
}

// TestATombstoneNamesNobody: of an ended link only the hash of the document and the time of the end are kept.
func TestATombstoneNamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld()
	link := w.link(t, "user-1", personA, phoneA)
	if err := w.linking.Unlink(t.Context(), w.caller("user-1"), link.ID); err != nil {
		t.Fatal(err)
	}
	ended := w.clock.Now()
	w.clock.Advance(identity.CleanAgain - time.Second)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l := w.contents().Users[0].Links[0]; l.State != identity.LinkEnding {
		t.Errorf("too early: %+v", l)
	}
	w.clock.Advance(time.Second)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := identity.Link{ID: link.ID, InsuredHash: link.InsuredHash, Region: region, State: identity.LinkEnded, EndedAt: ended}
	if l := w.contents().Users[0].Links[0]; l.State != want.State || l.PersonID != "" || l.MaskedName != "" ||
		l.MaskedIDNumber != "" || l.Consent.Proof != "" || l.InsuredHash != want.InsuredHash || !l.EndedAt.Equal(ended) {
		t.Errorf("tombstone %+v", l)
	}
}

func TestDeadProcessOwesTheFirstCode(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	w.before(func(command string) error {
		if command == "link_attempts.replace" {
			return errKilled
		}
		return nil
	})
	a, err := w.linking.Start(t.Context(), c, request(personA))
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	w.before(nil)
	if len(w.phones.Inbox()) != 0 {
		t.Fatal("a message left before it was counted")
	}
	if _, err := w.linking.Prove(t.Context(), c, a.ID, code("000000")); !errors.Is(err, linking.ErrCodeWrong) {
		t.Errorf("before any code: %v", err)
	}
	w.clock.Advance(26 * time.Second)
	for range 2 {
		if err := w.linking.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.linking.Wait()
	if n := len(w.phones.Inbox()); n != 1 {
		t.Errorf("%d messages", n)
	}
	if got, err := w.linking.Prove(t.Context(), c, a.ID, code(w.phones.Last(phoneA))); err != nil || got.State != identity.AttemptLinked {
		t.Errorf("%v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.linking.Run(ctx); err != nil {
		t.Errorf("got %v", err)
	}
}
