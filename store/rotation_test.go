package store

import (
	"context"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"yibao/identity"
	"yibao/store/embedded"
)

// openOn opens a store with the keys on a server of its own making: storetest cannot be used inside this package.
func openOn(t *testing.T, uri string, keys *Keyring) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{URI: uri, Database: "d", Keys: keys, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// TestRotatedKeysFindEverybody: who was written with the old keys is found, read and deleted with the new ones.
func TestRotatedKeysFindEverybody(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	dir := t.TempDir()
	if err := NewKeyFiles(dir); err != nil {
		t.Fatal(err)
	}
	before, _, after := rotated(t, dir)
	old, fresh := openOn(t, server.URI(), before), openOn(t, server.URI(), after)
	account := identity.PlatformAccount{Platform: identity.WeChat, AppID: "a", OpenID: "o"}
	claim := identity.Claim{Name: "测试甲", IDType: "01", IDNumber: "990100199001010003"}
	now := time.Now()

	user, err := old.SignedIn(t.Context(), account, now)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := fresh.SignedIn(t.Context(), account, now); err != nil || again.ID != user.ID || again.Account.OpenID != "o" {
		t.Error("user:", again, err)
	}
	person, err := old.EnsurePerson(t.Context(), claim, now)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := fresh.EnsurePerson(t.Context(), claim, now); err != nil || again.ID != person.ID || again.Name != claim.Name {
		t.Error("person:", again, err)
	}
	if err := fresh.DeletePerson(t.Context(), person.ID); err != nil {
		t.Fatal(err)
	}
	if keys, err := countAll(t, fresh.personKeys.coll); err != nil || keys != 0 {
		t.Error("keys left:", keys, err)
	}
}

func countAll(t *testing.T, coll *mongo.Collection) (int64, error) {
	t.Helper()
	return coll.CountDocuments(t.Context(), bson.D{})
}
