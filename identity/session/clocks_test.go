package session_test

import (
	"errors"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
	"yibao/identity/session"
	"yibao/store"
	"yibao/store/memory"
)

// replica is a process on the database. Its machine's clock is ahead by so much.
func replica(t *testing.T, client *memory.Client, ahead time.Duration) (*session.Service, *store.Store) {
	t.Helper()
	now := func() time.Time { return time.Now().Add(ahead) }
	kept := memory.Open(client, func(o *store.Options) { o.Now, o.Machine = now, now })
	s := newSessions(t, kept, now)
	s.SetMachine(now)
	return s, kept
}

// TestRevocationWhateverTheClocks ends a session on a replica with a wrong clock: the others refuse it after one poll, and
// the wrong one is not ready.
func TestRevocationWhateverTheClocks(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, 150 * time.Second, -150 * time.Second, 20 * time.Minute, -20 * time.Minute} {
		here, db := memory.New()
		right := newSessions(t, here, time.Now)
		wrong, there := replica(t, db.Connect(), ahead)
		in := signIn(t, right, "open-1")
		poll(t, right)
		poll(t, wrong)
		caller := verify(t, right, in.Token)
		verify(t, wrong, in.Token)
		if err := wrong.SignOut(t.Context(), caller, caller.SessionID); err != nil {
			t.Fatal(ahead, err)
		}
		poll(t, right)
		if _, err := right.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
			t.Errorf("%v: still accepted: %v", ahead, err)
		}
		// And the other way round.
		in = signIn(t, right, "open-2")
		caller = verify(t, wrong, in.Token)
		if err := right.SignOut(t.Context(), caller, caller.SessionID); err != nil {
			t.Fatal(ahead, err)
		}
		poll(t, wrong)
		if _, err := wrong.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
			t.Errorf("%v: still accepted by it: %v", ahead, err)
		}
		if err := there.Ready(t.Context()); errors.Is(err, store.ErrClock) != (ahead != 0) {
			t.Errorf("%v: ready: %v", ahead, err)
		}
		if err := here.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestRevocationWhenTheStoresClockChanges: the store may answer from another server with another clock.
func TestRevocationWhenTheStoresClockChanges(t *testing.T) {
	t.Parallel()
	for _, change := range []time.Duration{time.Minute, -time.Minute, -time.Hour} {
		kept, db := memory.New()
		s, other := newSessions(t, kept, time.Now), newSessions(t, memory.Open(db.Connect()), time.Now)
		in := signIn(t, s, "open-1")
		poll(t, s)
		caller := verify(t, s, in.Token)
		db.SetAhead(change)
		if err := other.SignOut(t.Context(), caller, caller.SessionID); err != nil {
			t.Fatal(err)
		}
		poll(t, s)
		if _, err := s.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
			t.Errorf("%v: %v", change, err)
		}
	}
}

// TestChangeOfANewerProgram: nothing cached outlives a change that cannot be read, and the poll does not fail for it.
func TestChangeOfANewerProgram(t *testing.T) {
	t.Parallel()
	kept, db := memory.New()
	s := newSessions(t, kept, time.Now)
	in := signIn(t, s, "open-1")
	poll(t, s)
	verify(t, s, in.Token)
	if n := reads(t, db, s, in.Token); n != 0 {
		t.Fatal("not cached:", n)
	}
	change, err := bson.Marshal(bson.D{{Key: "_id", Value: "newer"}, {Key: "schema", Value: 99}, {Key: "at", Value: time.Now()}})
	if err == nil {
		err = db.Insert(t.Context(), "changes", change)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		poll(t, s)
		if n := reads(t, db, s, in.Token); n != 2 {
			t.Error("still cached:", n)
		}
	}
}

// TestSessionOfAClockThatRanAhead: it would last too long by as much, so its user signs in again, also where it is cached.
func TestSessionOfAClockThatRanAhead(t *testing.T) {
	t.Parallel()
	_, db := memory.New()
	ahead := 24 * time.Hour
	now := func() time.Time { return time.Now().Add(ahead) }
	kept := memory.Open(db, func(o *store.Options) { o.Now = now })
	s := newSessions(t, kept, now)
	s.SetMachine(now)
	in := signIn(t, s, "open-1")
	poll(t, s)
	verify(t, s, in.Token)
	ahead = 0
	poll(t, s)
	if _, err := s.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
		t.Error(err)
	}
}
