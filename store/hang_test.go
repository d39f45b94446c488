package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/storetest"
)

// TestServerHangs freezes the network to a real server. Requests fail with identity.ErrStore; once the breaker is open
// nothing of them goes out; after the thaw they succeed again by themselves.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	d := storetest.NewDatabase(t)
	network, uri := storetest.NewNetwork(t, d.URI)
	s := d.Open(t, func(o *store.Options) { o.URI, o.RequestTimeout = uri, time.Second })
	request := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := s.UpdateQuota(ctx, "u", "t", func(q *reminder.Quota) error {
			q.Free++
			return nil
		})
		return err
	}
	if _, err := s.Time(t.Context()); err != nil {
		t.Fatal(err)
	}
	network.Freeze()
	for range 2 {
		if err := request(); !errors.Is(err, identity.ErrStore) {
			t.Error(err)
		}
	}
	// The breaker's delay may end in this loop: then one is a trial. The driver's own heartbeats go on all the time.
	for range 100 {
		if err := request(); !errors.Is(err, identity.ErrStore) {
			t.Error(err)
		}
	}
	network.Thaw()
	err := request()
	for begun := time.Now(); err != nil && time.Since(begun) < time.Minute; time.Sleep(100 * time.Millisecond) {
		err = request()
	}
	if err != nil {
		t.Error("after the thaw:", err)
	}
}
