package store_test

import (
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
	"yibao/store"
	"yibao/store/storetest"
)

// TestRotatedKeysFindEverybody: users and persons that were written with the old keys are found, read and deleted with
// the new ones.
func TestRotatedKeysFindEverybody(t *testing.T) { storetest.Each(t, testRotatedKeysFindEverybody) }

func testRotatedKeysFindEverybody(t *testing.T, d *storetest.Database) {
	dir := t.TempDir()
	if err := store.NewKeyFiles(dir); err != nil {
		t.Fatal(err)
	}
	before, _, after := store.Rotated(t, dir)
	with := func(keys *store.Keyring) func(*store.Options) { return func(o *store.Options) { o.Keys = keys } }
	old, fresh := d.Open(t, with(before)), d.Open(t, with(after))
	account := identity.PlatformAccount{Platform: identity.WeChat, AppID: "a", OpenID: "o"}
	now := time.Now()

	user, err := old.SignedIn(t.Context(), account, now)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := fresh.SignedIn(t.Context(), account, now); err != nil || again.ID != user.ID || again.Account.OpenID != "o" {
		t.Error("user:", again, err)
	}
	person, err := old.UpdatePersonOf(t.Context(), claim, now, joins("l"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := fresh.UpdatePersonOf(t.Context(), claim, now, joins("l"))
	if err != nil || again.ID != person.ID || again.Names[claim.Region] != claim.Name || len(again.Slots) != 1 {
		t.Error("person:", again, err)
	}
	if !slices.Contains(after.Insured(claim), before.Insured(claim)[0]) {
		t.Error("a link of before the rotation is not known by its hash")
	}
	if _, err := fresh.LeavePerson(t.Context(), person.ID, "l"); err != nil {
		t.Fatal(err)
	}
	if keys := d.Documents(t, "person_keys", bson.D{}); len(keys) != 0 {
		t.Error("keys left:", keys)
	}
}
