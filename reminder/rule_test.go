package reminder_test

import (
	"context"
	"errors"
	"testing"

	"yibao/identity"
	"yibao/reminder"
)

func TestGetDeleteDeliveries(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t, rigConfig())
	if _, err := r.Get(ctx, r.caller, "u-1"); !errors.Is(err, reminder.ErrNoRule) {
		t.Errorf("got %v", err)
	}
	r.check(r.Delete(ctx, r.caller, "u-1"))
	want := r.put()
	if got, err := r.Get(ctx, r.caller, "u-1"); err != nil || got.ID != want.ID {
		t.Errorf("got %+v, %v", got, err)
	}
	for range 3 {
		r.fall(100)
		r.fall(9000)
	}
	list, err := r.Deliveries(ctx, r.caller, "u-1", 2)
	if err != nil || len(list) != 2 || list[0].Episode != 3 || list[1].Episode != 2 {
		t.Errorf("got %+v, %v", list, err)
	}
	if list, err := r.Deliveries(ctx, r.caller, "u-1", 0); err != nil || len(list) != 1 {
		t.Errorf("got %+v, %v", list, err)
	}
}

// Another user's link is no link, in every call.
func TestForeignLink(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t, rigConfig())
	r.put()
	stranger := r.addUser("v", 1)
	_, getErr := r.Get(ctx, stranger, "u-1")
	_, putErr := r.Put(ctx, stranger, "u-1", reminder.Setting{Threshold: 100})
	_, listErr := r.Deliveries(ctx, stranger, "u-1", 10)
	for _, err := range []error{getErr, putErr, listErr, r.Delete(ctx, stranger, "u-1")} {
		if !errors.Is(err, identity.ErrNoSuchLink) {
			t.Errorf("got %v", err)
		}
	}
	if r.rule().Threshold != 5000 {
		t.Error("changed")
	}
}
