package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
)

// userTexts are the ids that a platform gave, and the masked names and numbers of links.
func userTexts(u *identity.PlatformUser) (string, map[string]*string) {
	u.Links = slices.Clone(u.Links) // sealed in the document alone
	texts := map[string]*string{"open_id": &u.Account.OpenID, "user_id": &u.Account.UserID}
	for i := range u.Links {
		l := &u.Links[i]
		texts["links."+l.ID+".name"], texts["links."+l.ID+".id_number"] = &l.MaskedName, &l.MaskedIDNumber
	}
	return u.ID, texts
}

// userDue is for the index of links that need work; null for none.
func userDue(u *identity.PlatformUser) map[string]any {
	if due := u.LinksDue(); !due.IsZero() {
		return map[string]any{"links_due": due}
	}
	return map[string]any{"links_due": nil}
}

// SignedIn creates the user at the first sign-in, else refreshes what the platform says now. Ids that the platform
// leaves out this time stay.
func (s *Store) SignedIn(ctx context.Context, account identity.PlatformAccount, now time.Time) (*identity.PlatformUser, error) {
	ids := s.keys.lookupIDs("platform_user", string(account.Platform), account.AppID, account.OpenID)
	for _, id := range ids {
		u, err := s.users.update(ctx, id, func(u *identity.PlatformUser) error {
			refresh(u, account, now)
			return nil
		})
		if !errors.Is(err, identity.ErrNotFound) {
			return u, err
		}
	}
	// upsert, as two first sign-ins may race: the one that is second refreshes.
	fresh := func() *identity.PlatformUser {
		return &identity.PlatformUser{ID: ids[0], Account: account, CreatedAt: now}
	}
	return s.users.upsert(ctx, ids[0], fresh, func(u *identity.PlatformUser) error {
		refresh(u, account, now)
		return nil
	})
}

func refresh(u *identity.PlatformUser, account identity.PlatformAccount, now time.Time) {
	u.Account.App = account.App
	if account.UserID != "" {
		u.Account.UserID = account.UserID
	}
	if now.After(u.SeenAt) {
		u.SeenAt = now
	}
}

// User returns a platform user, or identity.ErrNotFound.
func (s *Store) User(ctx context.Context, id string) (*identity.PlatformUser, error) {
	return s.users.get(ctx, id)
}

// UpdateUser changes a platform user by fn.
func (s *Store) UpdateUser(ctx context.Context, id string, fn func(*identity.PlatformUser) error) (*identity.PlatformUser, error) {
	return s.users.update(ctx, id, fn)
}

// UsersWithDueLinks lists up to limit users whose links need work at the time, the longest due first.
func (s *Store) UsersWithDueLinks(ctx context.Context, now time.Time, limit int) ([]*identity.PlatformUser, error) {
	due := bson.D{{Key: "links_due", Value: bson.D{{Key: "$lte", Value: now}}}}
	found, err := s.users.work(ctx, due, "links_due", limit)
	return valuesOf(found), err
}
