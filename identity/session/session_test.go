package session_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"yibao/identity"
	"yibao/identity/identitytest"
	"yibao/identity/session"
	"yibao/store"
	"yibao/store/memory"
)

var errDown = errors.New("down")

const tokenKey = "0123456789abcdef0123456789abcdef"

func newSessions(t testing.TB, store *store.Store, now func() time.Time) *session.Service {
	t.Helper()
	s, err := session.New(session.Config{Key: tokenKey, TTL: 2 * time.Hour}, session.Deps{
		Users: store, Sessions: store, Changes: store, Now: now,
		Platforms: map[identity.Platform]identity.Authenticator{
			identity.WeChat: &identitytest.Platform{Name: identity.WeChat, App: "main"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signIn(t testing.TB, s *session.Service, who string) *session.SignedIn {
	t.Helper()
	in, err := s.SignIn(t.Context(), identity.WeChat, "main", who)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func verify(t testing.TB, s *session.Service, token string) *identity.Caller {
	t.Helper()
	c, err := s.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func poll(t testing.TB, s *session.Service) {
	t.Helper()
	if err := s.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// reads verifies once and returns how many database commands that took.
func reads(t testing.TB, db *memory.Client, s *session.Service, token string) int {
	t.Helper()
	db.ResetCounts()
	verify(t, s, token)
	n := 0
	for _, commands := range db.Counts() {
		n += commands
	}
	return n
}

func TestSignInAndVerify(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, _ := memory.New()
		s := newSessions(t, store, time.Now)
		in := signIn(t, s, "open-1")
		c := verify(t, s, in.Token)
		if c.UserID != in.User.ID || c.SessionID != in.Session.ID || c.Platform != identity.WeChat || c.App != "main" {
			t.Errorf("caller %+v", c)
		}
		if !c.ExpiresAt.Equal(in.Session.ExpiresAt) || len(c.Links) != 0 {
			t.Errorf("caller %+v", c)
		}
		time.Sleep(2 * time.Hour)
		if _, err := s.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
			t.Errorf("expired: got %v", err)
		}
	})
}

func TestSignInRefused(t *testing.T) {
	t.Parallel()
	secret := errors.New("secret=abc")
	for name, c := range map[string]struct {
		platform  identity.Platform
		app, code string
		says      error
		want      error
	}{
		"unknown platform": {"other", "main", "c", nil, identity.ErrNoSuchApp},
		"unknown app":      {identity.WeChat, "none", "c", nil, identity.ErrNoSuchApp},
		"long app":         {identity.WeChat, strings.Repeat("a", 65), "c", nil, identity.ErrNoSuchApp},
		"no code":          {identity.WeChat, "main", "", nil, identity.ErrCodeInvalid},
		"long code":        {identity.WeChat, "main", strings.Repeat("c", 513), nil, identity.ErrCodeInvalid},
		"refused":          {identity.WeChat, "main", "c", identity.ErrCodeInvalid, identity.ErrCodeInvalid},
		"too often":        {identity.WeChat, "main", "c", identity.ErrSignInTooOften, identity.ErrSignInTooOften},
		"busy":             {identity.WeChat, "main", "c", identity.ErrPlatformBusy, identity.ErrPlatformBusy},
		"blocked":          {identity.WeChat, "main", "c", identity.ErrUserBlocked, identity.ErrUserBlocked},
		"unwrapped":        {identity.WeChat, "main", "c", secret, identity.ErrPlatformUnavailable},
	} {
		store, db := memory.New()
		s, err := session.New(session.Config{Key: tokenKey, TTL: 2 * time.Hour}, session.Deps{
			Users: store, Sessions: store, Changes: store,
			Platforms: map[identity.Platform]identity.Authenticator{
				identity.WeChat: &identitytest.Platform{Name: identity.WeChat, App: "main", Err: c.says},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.SignIn(t.Context(), c.platform, c.app, c.code)
		if !errors.Is(err, c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", name, err)
		}
		if len(db.IDs("platform_users")) != 0 {
			t.Errorf("%s: something was written", name)
		}
	}
}

func TestNewSessionsChecks(t *testing.T) {
	t.Parallel()
	store, _ := memory.New()
	deps := session.Deps{Users: store, Sessions: store, Changes: store}
	if _, err := session.New(session.Config{Key: "0123456789abcdef"}, deps); err == nil {
		t.Error("a short key was taken")
	}
	if _, err := session.New(session.Config{Key: tokenKey, TTL: 2 * time.Hour}, session.Deps{}); err == nil {
		t.Error("no store was taken")
	}
}

func TestVerifyReadsNothingOnceCached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, db := memory.New()
		s := newSessions(t, store, time.Now)
		in := signIn(t, s, "open-1")
		if n := reads(t, db, s, in.Token); n != 2 {
			t.Errorf("before the first poll: %d reads, want 2", n)
		}
		if n := reads(t, db, s, in.Token); n != 2 {
			t.Errorf("nothing may be cached before the first poll: %d reads", n)
		}
		poll(t, s)
		if n := reads(t, db, s, in.Token); n != 2 {
			t.Errorf("first sight: %d reads, want 2", n)
		}
		if n := reads(t, db, s, in.Token); n != 0 {
			t.Errorf("cached: %d reads, want 0", n)
		}
		time.Sleep(31 * time.Second)
		if n := reads(t, db, s, in.Token); n != 2 {
			t.Errorf("without a poll for 31 s: %d reads, want 2", n)
		}
		db.SetBefore(func(context.Context, memory.Command) error { return errDown })
		if _, err := s.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrStore) {
			t.Errorf("store down: got %v", err)
		}
		if err := s.Poll(t.Context()); !errors.Is(err, identity.ErrStore) {
			t.Errorf("store down: poll says %v", err)
		}
	})
}

func TestSignOutIsSeenByAllReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, db := memory.New()
		here, there := newSessions(t, store, time.Now), newSessions(t, store, time.Now)
		in, kept := signIn(t, here, "open-1"), signIn(t, here, "open-2")
		for _, s := range []*session.Service{here, there} {
			poll(t, s)
			verify(t, s, in.Token)
			verify(t, s, kept.Token)
		}
		c := verify(t, here, in.Token)
		if err := here.SignOut(t.Context(), c, c.SessionID); err != nil {
			t.Fatal(err)
		}
		if _, err := here.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
			t.Errorf("here: got %v", err)
		}
		verify(t, there, in.Token) // not yet polled
		poll(t, there)
		if _, err := there.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
			t.Errorf("there, after one poll: got %v", err)
		}
		if n := reads(t, db, there, kept.Token); n != 0 {
			t.Errorf("another user was forgotten too: %d reads", n)
		}
	})
}

func TestChangedUserIsReadForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, db := memory.New()
		s := newSessions(t, store, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = s.Run(ctx) })
		synctest.Wait()
		in := signIn(t, s, "open-1")
		verify(t, s, in.Token)
		// Another replica announces a change; what it changes is written a little later.
		if err := store.RecordChange(t.Context(), in.User.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		for range 3 {
			if n := reads(t, db, s, in.Token); n != 2 {
				t.Errorf("%d reads, want 2", n)
			}
		}
		time.Sleep(61 * time.Second)
		verify(t, s, in.Token)
		if n := reads(t, db, s, in.Token); n != 0 {
			t.Errorf("a minute later: %d reads, want 0", n)
		}
		cancel()
		running.Wait()
	})
}

// TestReadDuringChangeIsNotCached revokes a session between the read of it and the moment it would be cached.
func TestReadDuringChangeIsNotCached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, db := memory.New()
		s := newSessions(t, store, time.Now)
		in := signIn(t, s, "open-1")
		poll(t, s)
		c := &identity.Caller{UserID: in.User.ID, SessionID: in.Session.ID}
		done := false
		db.SetBefore(func(_ context.Context, command memory.Command) error {
			if command.Collection == "platform_users" && !done { // the session was read already
				done = true
				return s.SignOut(t.Context(), c, c.SessionID)
			}
			return nil
		})
		verify(t, s, in.Token)
		if _, err := s.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
			t.Errorf("the old read was cached: %v", err)
		}
	})
}

func TestSlowReadIsNotCached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, db := memory.New()
		s := newSessions(t, store, time.Now)
		in := signIn(t, s, "open-1")
		poll(t, s)
		db.SetBefore(func(context.Context, memory.Command) error { time.Sleep(6 * time.Second); return nil })
		verify(t, s, in.Token)
		db.SetBefore(nil)
		if n := reads(t, db, s, in.Token); n != 2 {
			t.Errorf("%d reads, want 2", n)
		}
	})
}

func TestLongSilenceClearsTheCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, db := memory.New()
		s := newSessions(t, store, time.Now)
		in := signIn(t, s, "open-1")
		poll(t, s)
		verify(t, s, in.Token)
		time.Sleep(time.Hour)
		poll(t, s)
		if n := reads(t, db, s, in.Token); n != 2 {
			t.Errorf("%d reads, want 2", n)
		}
	})
}

func TestSessionsListAndForeignSignOut(t *testing.T) {
	t.Parallel()
	store, db := memory.New()
	s := newSessions(t, store, time.Now)
	mine, other := signIn(t, s, "open-1"), signIn(t, s, "open-2")
	signIn(t, s, "open-1")
	c := verify(t, s, mine.Token)
	list, next, err := s.List(t.Context(), c, "", 50)
	if err != nil || len(list) != 2 || next != "" {
		t.Fatalf("got %d sessions, %q, %v", len(list), next, err)
	}
	db.ResetCounts()
	for _, id := range []string{"", "unknown", other.Session.ID, strings.Repeat("x", 500)} {
		if err := s.SignOut(t.Context(), c, id); !errors.Is(err, identity.ErrNoSuchSession) {
			t.Errorf("got %v", err)
		}
	}
	if n := db.Counts()["changes.insert"]; n != 0 {
		t.Errorf("made-up ids wrote %d changes", n)
	}
	verify(t, s, other.Token)
}

func TestVerifyWantsTheSessionsOwnUser(t *testing.T) {
	t.Parallel()
	store, _ := memory.New()
	in := signIn(t, newSessions(t, store, time.Now), "open-1")
	other, _ := memory.New()
	s := newSessions(t, other, time.Now)
	session := in.Session
	session.UserID = signIn(t, s, "open-2").User.ID
	if err := other.InsertSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestVerifyHidesEndingLinks(t *testing.T) {
	t.Parallel()
	store, _ := memory.New()
	s := newSessions(t, store, time.Now)
	in := signIn(t, s, "open-1")
	_, err := store.UpdateUser(t.Context(), in.User.ID, func(u *identity.PlatformUser) error {
		u.Links = []identity.Link{{ID: "l1", State: identity.LinkEnding}, {ID: "l2", State: identity.LinkActive}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c := verify(t, s, in.Token)
	if _, err := c.Link("l1"); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("ending: got %v", err)
	}
	if l, err := c.Link("l2"); err != nil || l.ID != "l2" {
		t.Errorf("active: got %v", err)
	}
}

func BenchmarkVerifyCached(b *testing.B) {
	store, db := memory.New()
	s := newSessions(b, store, time.Now)
	in := signIn(b, s, "open-1")
	poll(b, s)
	verify(b, s, in.Token)
	db.ResetCounts()
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Verify(ctx, in.Token); err != nil {
				b.Error(err)
			}
		}
	})
	if b.Elapsed() < 25*time.Second && len(db.Counts()) > 0 {
		b.Errorf("the store was asked: %v", db.Counts())
	}
}

// TestSignOutRecordsTheChangeFirst: after a kill between the two writes no replica keeps a session that is gone.
func TestSignOutRecordsTheChangeFirst(t *testing.T) {
	t.Parallel()
	store, db := memory.New()
	s := newSessions(t, store, time.Now)
	in := signIn(t, s, "open-1")
	c := verify(t, s, in.Token)
	db.SetBefore(func(_ context.Context, command memory.Command) error {
		if command.String() == "sessions.delete" && len(db.IDs("changes")) != 1 {
			t.Error("the session goes before the change is recorded")
		}
		return nil
	})
	if err := s.SignOut(t.Context(), c, c.SessionID); err != nil {
		t.Fatal(err)
	}
	if len(db.IDs("sessions")) != 0 {
		t.Error("the session is still there")
	}
}

// TestExpiredTokensAreNotServedFromMemory: a cached caller ends with its token.
func TestExpiredTokensAreNotServedFromMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, _ := memory.New()
		s := newSessions(t, store, time.Now)
		in := signIn(t, s, "open-1")
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = s.Run(ctx) })
		synctest.Wait()
		verify(t, s, in.Token)
		time.Sleep(2*time.Hour - 2*time.Second)
		verify(t, s, in.Token)
		time.Sleep(2 * time.Second)
		if _, err := s.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
			t.Errorf("got %v", err)
		}
		cancel()
		running.Wait()
	})
}

// TestSessionEndsWhenItsUserBecomesPartOfAnother: only the sessions of the user that stays are listed and can be ended.
func TestSessionEndsWhenItsUserBecomesPartOfAnother(t *testing.T) {
	t.Parallel()
	store, _ := memory.New()
	s := newSessions(t, store, time.Now)
	in := signIn(t, s, "open-1")
	poll(t, s)
	verify(t, s, in.Token)
	for _, id := range []identity.PlatformAccount{{OpenID: "open-2"}, {OpenID: "open-1", UserID: "u"}, {OpenID: "open-2", UserID: "u"}} {
		id.Platform, id.AppID = identity.WeChat, in.User.Account.AppID
		if _, err := store.SignedIn(t.Context(), id, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	poll(t, s)
	if c, err := s.Verify(t.Context(), in.Token); !errors.Is(err, identity.ErrTokenInvalid) {
		t.Errorf("got %+v, %v", c, err)
	}
	next := signIn(t, s, "open-1")
	if verify(t, s, next.Token).UserID == in.User.ID {
		t.Error("the id that was known first still leads to the other user")
	}
}

// TestAllSessionsAreListedPageByPage: more than any page holds, several of one moment, and one that ends meanwhile.
func TestAllSessionsAreListedPageByPage(t *testing.T) {
	t.Parallel()
	store, _ := memory.New()
	now := time.Now()
	s := newSessions(t, store, func() time.Time { return now })
	var want []string
	for i := range 61 {
		if i%3 == 0 {
			now = now.Add(time.Second)
		}
		want = append(want, signIn(t, s, "open-1").Session.ID)
	}
	signIn(t, s, "open-2")
	c := verify(t, s, signIn(t, s, "open-1").Token)
	want = append(want, c.SessionID)
	for _, limit := range []int{1, 2, 20, 100} {
		var got []string
		for page, last := "", now; ; {
			list, next, err := s.List(t.Context(), c, page, limit)
			if err != nil || len(list) > limit || len(list) == 0 {
				t.Fatal(len(list), err)
			}
			for _, one := range list {
				if one.CreatedAt.After(last) {
					t.Error("an older session comes before a newer one")
				}
				got, last = append(got, one.ID), one.CreatedAt
			}
			if page = next; page == "" {
				break
			}
			if limit == 20 && len(got) == 20 { // the next page goes on from one that is not there any more
				if err := s.SignOut(t.Context(), c, got[19]); err != nil {
					t.Fatal(err)
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if limit <= 20 && !slices.Equal(got, want) {
			t.Errorf("pages of %d list %d sessions of %d", limit, len(got), len(want))
		}
		if limit == 100 && len(got) != len(want)-1 {
			t.Errorf("%d sessions are left of %d", len(got), len(want))
		}
	}
	for _, page := range []string{"x", "!", "MQ", "MS4", "eC5h", strings.Repeat("a", 500)} {
		if _, _, err := s.List(t.Context(), c, page, 5); !errors.Is(err, identity.ErrPage) {
			t.Errorf("%q: %v", page, err)
		}
	}
}

// TestSignOutEverywhere ends all sessions of the caller, or all but the one in use, on every replica, and nobody else's.
func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{true, false} {
		store, db := memory.New()
		here, there := newSessions(t, store, time.Now), newSessions(t, store, time.Now)
		current, other, stranger := signIn(t, here, "open-1"), signIn(t, here, "open-1"), signIn(t, here, "open-2")
		for _, s := range []*session.Service{here, there} {
			poll(t, s)
			for _, in := range []*session.SignedIn{current, other, stranger} {
				verify(t, s, in.Token)
			}
		}
		db.SetBefore(func(_ context.Context, command memory.Command) error {
			if command.String() == "sessions.delete" && len(db.IDs("changes")) != 1 {
				t.Error("sessions go before the change is recorded")
			}
			return nil
		})
		if err := here.SignOutAll(t.Context(), verify(t, here, current.Token), keep); err != nil {
			t.Fatal(err)
		}
		poll(t, there)
		for _, s := range []*session.Service{here, there} {
			for in, stays := range map[*session.SignedIn]bool{current: keep, other: false, stranger: true} {
				if _, err := s.Verify(t.Context(), in.Token); (err == nil) != stays {
					t.Errorf("keep %v: stays %v: %v", keep, stays, err)
				}
			}
		}
	}
}
