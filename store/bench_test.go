package store_test

import (
	"strconv"
	"testing"
	"time"

	"yibao/identity"
	"yibao/reminder"
	"yibao/store/storetest"
)

// BenchmarkUpdate is one guarded update of one document without other writers: a read and a write.
func BenchmarkUpdate(b *testing.B) {
	s := storetest.New(b)
	for b.Loop() {
		_, err := s.UpdateQuota(b.Context(), "u", "t", func(q *reminder.Quota) error {
			q.Free++
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUser reads and opens one platform user among a thousand.
func BenchmarkUser(b *testing.B) {
	s := storetest.New(b)
	var ids []string
	for i := range 1000 {
		u, err := s.SignedIn(b.Context(), identity.PlatformAccount{Platform: identity.WeChat, AppID: "a", OpenID: strconv.Itoa(i)}, start)
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, u.ID)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := s.User(b.Context(), ids[i%len(ids)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClaimDue claims ten due schedules.
func BenchmarkClaimDue(b *testing.B) {
	s := storetest.New(b)
	for i := range 10 {
		if err := s.SetDue(b.Context(), subjectOf(i), start); err != nil {
			b.Fatal(err)
		}
	}
	for now := start; b.Loop(); now = now.Add(time.Hour) {
		claimed, err := s.ClaimDue(b.Context(), now, 10, hourLater)
		if err != nil || len(claimed) != 10 {
			b.Fatal(len(claimed), err)
		}
	}
}
