package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"yibao/identity"
)

func TestUnlinkOfOneKeepsTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first, second := w.link(t, "user-1", personA, phoneA), w.link(t, "user-2", personA, phoneA)
	if err := w.linking.Unlink(t.Context(), w.caller("user-1"), first.ID); err != nil {
		t.Fatal(err)
	}
	c := w.store.Contents()
	if len(c.Persons) != 1 || len(c.Slots) != 1 || c.Slots[0].LinkID != second.ID || !w.followers.shared[second.PersonID] {
		t.Error("the other's link was hit")
	}
}

// TestUnlinkOfAnUnreadablePerson: whose document cannot be read, for a lost key or a newer program's, can be left as well.
func TestUnlinkOfAnUnreadablePerson(t *testing.T) {
	t.Parallel()
	w := newWorld()
	link := w.link(t, "user-1", personA, phoneA)
	c := w.caller("user-1")
	w.store.Before = func(op string) error {
		if op == "Person" {
			return errors.New("cannot be opened")
		}
		return nil
	}
	if err := w.linking.Unlink(t.Context(), c, link.ID); err != nil {
		t.Fatal(err)
	}
	if n := len(w.caller("user-1").Links); n != 0 {
		t.Errorf("%d links are visible", n)
	}
}

// TestUnlinkWhileFollowersBegin ends a link that is still being written: what that writing begins goes a little later.
func TestUnlinkWhileFollowersBegin(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	a := w.start(t, c, personA)
	w.followers.during = func() {
		if err := w.linking.Unlink(t.Context(), c, w.caller("user-1").Links[0].ID); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.linking.Prove(t.Context(), c, a.ID, w.phones.Last(phoneA)); !errors.Is(err, identity.ErrAttemptOver) {
		t.Errorf("got %v", err)
	}
	if n := len(w.caller("user-1").Links); n != 0 {
		t.Errorf("%d links are visible", n)
	}
	w.clock.Advance(31 * time.Second)
	if err := w.linking.Tick(t.Context()); err != nil {
		t.Error(err)
	}
	got := w.store.Contents()
	if len(got.Persons)+len(got.Slots)+len(w.followers.known)+len(w.followers.shared)+len(got.Users[0].Links) != 0 {
		t.Error("something of the ended link stayed")
	}
}

// TestUnlinkOfAHalfWrittenLinkIsKilled ends a link that the followers do not know yet, and kills the process before or
// after each write. Whatever came of it, link and followers agree once a living process has had its time.
func TestUnlinkOfAHalfWrittenLinkIsKilled(t *testing.T) {
	t.Parallel()
	for at := range 24 {
		w := newWorld()
		c := w.caller("user-1")
		a := w.start(t, c, personA)
		w.followers.err = errors.New("busy")
		if got, err := w.linking.Prove(t.Context(), c, a.ID, w.phones.Last(phoneA)); err != nil || got.State != identity.AttemptProved {
			t.Fatalf("%+v, %v", got, err)
		}
		w.followers.err = nil
		calls, dead := 0, false
		count := func(before bool) func(string) error {
			return func(string) error {
				if dead = dead || (before == (at%2 == 0) && calls == at/2); dead {
					return errors.New("killed")
				}
				if before == (at%2 == 0) {
					calls++
				}
				return nil
			}
		}
		w.store.Before, w.store.After = count(true), count(false)
		ended := w.linking.Unlink(t.Context(), c, w.caller("user-1").Links[0].ID) == nil
		w.store.Before, w.store.After = nil, nil
		for range 2 {
			w.clock.Advance(time.Minute)
			if err := w.another().Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		links, got := len(w.caller("user-1").Links), w.store.Contents()
		if ended && links != 0 || len(w.followers.known) != links || len(w.followers.shared) != links ||
			len(got.Slots) != links || len(got.Persons) != links || len(got.Users[0].Links) != links {
			t.Errorf("killed at %d: %d links, followers know %d and keep %d; %d slots, %d persons", at, links,
				len(w.followers.known), len(w.followers.shared), len(got.Slots), len(got.Persons))
		}
	}
}

// TestHalfWrittenLinkIsTakenBack kills the process after the slot is taken; then the upstream no longer confirms.
func TestHalfWrittenLinkIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"EnsurePerson", "ClaimSlot", "RecordChange"} {
		w := newWorld()
		c := w.caller("user-1")
		a := w.start(t, c, personA)
		killed := false
		w.store.After = func(op string) error { killed = killed || op == at; return nil }
		w.store.Before = func(string) error {
			if killed {
				return errors.New("killed")
			}
			return nil
		}
		if got, err := w.linking.Prove(t.Context(), c, a.ID, w.phones.Last(phoneA)); err != nil || got.State != identity.AttemptProved {
			t.Fatalf("at %s: %+v, %v", at, got, err)
		}
		w.store.Before, w.store.After = nil, nil
		w.registry.Remove(personA)
		w.clock.Advance(time.Minute)
		if err := w.linking.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ := w.linking.Attempt(t.Context(), c, a.ID); got.Reason != identity.FailedChanged {
			t.Errorf("at %s: %s %s", at, got.State, got.Reason)
		}
		if got := w.store.Contents(); len(got.Persons)+len(got.Slots) != 0 {
			t.Errorf("at %s: %d persons, %d slots stayed", at, len(got.Persons), len(got.Slots))
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
		if got, err := w.linking.Prove(t.Context(), c, a.ID, w.phones.Last(phone)); err != nil || got.State != identity.AttemptProved {
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
	if got := w.store.Contents(); len(got.Slots)+len(got.Persons) != 0 {
		t.Errorf("%d slots, %d persons stayed", len(got.Slots), len(got.Persons))
	}
	w.registry.Fail(nil)
	w.clock.Advance(time.Minute)
	_ = w.linking.Tick(t.Context())
	if a, err := w.linking.Attempt(t.Context(), c, other.ID); err != nil || a.State != identity.AttemptLinked {
		t.Errorf("another person's attempt: %+v, %v", a, err)
	}
	w.link(t, "user-1", personA, phoneA)
	if n := len(w.store.Contents().Users[0].Ended); n != 1 {
		t.Errorf("%d ends are known", n)
	}
	w.clock.Advance(4 * 24 * time.Hour)
	w.caller("user-1") // signs in
	if n := len(w.store.Contents().Users[0].Ended); n != 0 {
		t.Errorf("%d ends are kept for good", n)
	}
}

func TestSelfSince(t *testing.T) {
	t.Parallel()
	w := newWorld()
	self := func(who string) identity.Link {
		t.Helper()
		c := w.caller(who)
		r := request(personA)
		r.Relation = identity.Self
		a, err := w.linking.Start(t.Context(), c, r)
		if err != nil {
			t.Fatal(err)
		}
		w.linking.Wait()
		if _, err := w.linking.Prove(t.Context(), c, a.ID, w.phones.Last(phoneA)); err != nil {
			t.Fatal(err)
		}
		return w.caller(who).Links[0]
	}
	since := func() time.Time { return w.store.Contents().Persons[0].SelfSince }
	unlink := func(who string, l identity.Link) {
		t.Helper()
		if err := w.linking.Unlink(t.Context(), w.caller(who), l.ID); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Hour)
	}
	w.link(t, "relative", personA, phoneA)
	if !since().IsZero() {
		t.Error("a relative's link is no self link")
	}
	w.clock.Advance(time.Hour)
	first := self("user-1")
	w.clock.Advance(time.Hour)
	second := self("user-2")
	if !since().Equal(first.Since) {
		t.Error("not since the first self link")
	}
	unlink("user-1", first)
	if !since().Equal(first.Since) {
		t.Error("the second link does not continue the first")
	}
	unlink("user-2", second)
	if !since().IsZero() {
		t.Error("since is kept without a self link")
	}
	if third := self("user-3"); !since().Equal(third.Since) {
		t.Error("a later self link does not begin anew")
	}
}

func TestDeadProcessOwesTheFirstCode(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	w.store.Before = func(op string) error {
		if op == "UpdateAttempt" {
			return errors.New("killed")
		}
		return nil
	}
	a, err := w.linking.Start(t.Context(), c, request(personA))
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	w.store.Before = nil
	if len(w.phones.Inbox()) != 0 {
		t.Fatal("a message left before it was counted")
	}
	if _, err := w.linking.Prove(t.Context(), c, a.ID, "000000"); !errors.Is(err, identity.ErrCodeWrong) {
		t.Errorf("before any code: %v", err)
	}
	w.clock.Advance(11 * time.Second)
	for range 2 {
		if err := w.linking.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.linking.Wait()
	if n := len(w.phones.Inbox()); n != 1 {
		t.Errorf("%d messages", n)
	}
	if got, err := w.linking.Prove(t.Context(), c, a.ID, w.phones.Last(phoneA)); err != nil || got.State != identity.AttemptLinked {
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
