package store_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"yibao/identity"
	"yibao/store"
	"yibao/store/storetest"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 123_000_000, time.UTC)

func TestSignedIn(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	account := identity.PlatformAccount{Platform: identity.WeChat, App: "main", AppID: "wx1", OpenID: "o-1", UnionID: "u-1"}
	first, err := s.SignedIn(t.Context(), account, start)
	if err != nil {
		t.Fatal(err)
	}
	account.UnionID, account.UserID = "", "2088"
	again, err := s.SignedIn(t.Context(), account, start.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if again.ID != first.ID || !again.CreatedAt.Equal(start) || !again.SeenAt.Equal(start.Add(time.Hour)) {
		t.Errorf("signed in again: %+v", again)
	}
	if again.Account.UnionID != "u-1" || again.Account.UserID != "2088" || again.Account.OpenID != "o-1" {
		t.Errorf("account: %+v", again.Account)
	}
	account.AppID = "wx2"
	other, err := s.SignedIn(t.Context(), account, start)
	if err != nil || other.ID == first.ID {
		t.Errorf("another app's user is the same: %v", err)
	}
}

func TestEnsureIndexes(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := storetest.NewDatabase(t).Open(t, func(o *store.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	missing, err := s.CheckIndexes(t.Context())
	if err != nil || len(missing) == 0 {
		t.Fatal("before:", missing, err)
	}
	for range 2 {
		log.Reset()
		if err := s.EnsureIndexes(t.Context()); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(log.String(), "\n"); lines > 1 {
			t.Error("more than one line about refused TTL:", log.String())
		}
	}
	if missing, err = s.CheckIndexes(t.Context()); err != nil || len(missing) > 0 {
		t.Fatal("after:", missing, err)
	}
}
