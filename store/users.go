package store

import (
	"cmp"
	"context"
	"errors"
	"reflect"
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

// userKey leads to the user of one id that a platform gave. _id is a keyed hash of platform, app, kind of id and id, so
// there is one to an id and key version. A user has one for each of its ids.
type userKey struct {
	ID     string `bson:"_id"`
	UserID string `bson:"user_id"`
}

// userKeyIDs are, for each id of the account, the ids of its key under every version. The open_id comes first.
func (s *Store) userKeyIDs(account identity.PlatformAccount) [][]string {
	var all [][]string
	for _, id := range []struct{ kind, value string }{{"open_id", account.OpenID}, {"user_id", account.UserID}} {
		if id.value != "" {
			all = append(all, s.keys.lookupIDs("platform_user", string(account.Platform), account.AppID, id.kind, id.value))
		}
	}
	return all
}

// SignedIn returns the user that one of the account's ids leads to, or a new one, with what the platform says now. Ids
// that the platform leaves out this time stay. It learns ids: after an answer with both, each of them leads to one user.
//
// Keys are written before the user, and never changed or deleted. A kill between the two leaves keys without a user,
// which the next sign-in creates. A kill before the key of a further id is as if the platform had not told that id yet.
// Of two first sign-ins at once the first key wins, and the other one follows it.
//
// If both ids lead to users, because earlier answers had one id each, they are one person: see merge.
func (s *Store) SignedIn(ctx context.Context, account identity.PlatformAccount, now time.Time) (*identity.PlatformUser, error) {
	keys := s.userKeyIDs(account)
	if len(keys) == 0 {
		return nil, failed("user_keys.find", errNoAccountID)
	}
	owners := make([]string, len(keys))
	for i, ids := range keys {
		var err error
		if owners[i], err = s.userKeyOwner(ctx, ids); err != nil {
			return nil, err
		}
	}
	owner := cmp.Or(append(owners, keys[0][0])...)
	for i := range keys {
		if owners[i] == "" {
			key, err := s.addUserKey(ctx, keys[i][0], owner)
			if err != nil {
				return nil, err
			}
			owners[i] = key.UserID
		}
		owner = owners[0]
	}
	fresh := func(id string) *identity.PlatformUser {
		return &identity.PlatformUser{ID: id, Account: account, CreatedAt: now}
	}
	user, err := s.changeUser(ctx, owner, fresh, func(u *identity.PlatformUser) error {
		refresh(u, account, now)
		return nil
	})
	for _, other := range owners[1:] {
		if err == nil && other != owner {
			user, err = s.merge(ctx, other, user, now)
		}
	}
	return user, err
}

var errNoAccountID = errors.New("store: the account has no id")

// userKeyOwner is the user that a key leads to; "" without one.
func (s *Store) userKeyOwner(ctx context.Context, ids []string) (string, error) {
	for _, id := range ids {
		key, err := s.userKeys.get(ctx, id)
		if err == nil {
			return key.UserID, nil
		}
		if !errors.Is(err, identity.ErrNotFound) {
			return "", err
		}
	}
	return "", nil
}

// addUserKey returns the key that stands there afterwards: another sign-in may have been first.
func (s *Store) addUserKey(ctx context.Context, id, userID string) (*userKey, error) {
	fresh := func() *userKey { return &userKey{ID: id, UserID: userID} }
	return s.userKeys.upsert(ctx, id, fresh, func(*userKey) error { return nil })
}

func refresh(u *identity.PlatformUser, account identity.PlatformAccount, now time.Time) {
	u.Account.App = account.App
	u.Account.OpenID = cmp.Or(account.OpenID, u.Account.OpenID)
	u.Account.UserID = cmp.Or(account.UserID, u.Account.UserID)
	if now.After(u.SeenAt) {
		u.SeenAt = now
	}
}

// merge makes the user of that id part of another: they have turned out to be one person. From then on everything that
// names the first leads to the second, which has the links of both. So rules and slots go on as they are, and each link
// has its one rule: no fall is told twice.
//
// Both changes are recorded first, as for every change of links. Then the links are written to the user that stays, and
// in one write they leave the other, which gets its pointer, unless they have changed meanwhile: then both are read again.
// After a kill in between both users see the links, still with one rule each, and the next sign-in with both ids repeats
// all of it to no other effect (see identity.PlatformUser.Adopt).
func (s *Store) merge(ctx context.Context, from string, into *identity.PlatformUser, now time.Time) (*identity.PlatformUser, error) {
	var pace pace
	for range maxTries {
		if err := pace.next(ctx); err != nil {
			return nil, failed("platform_users.merge", err)
		}
		other, err := s.users.get(ctx, from)
		if errors.Is(err, identity.ErrNotFound) { // a key whose user was never written
			other, err = &identity.PlatformUser{ID: from, Account: into.Account, CreatedAt: now}, nil
		}
		if err != nil {
			return nil, err
		}
		if other.MovedTo != "" {
			from = other.MovedTo
		}
		if from == into.ID {
			return into, nil
		}
		if other.MovedTo != "" {
			continue
		}
		for _, id := range []string{from, into.ID} {
			if err := s.RecordChange(ctx, id); err != nil {
				return nil, err
			}
		}
		if into, err = s.UpdateUser(ctx, into.ID, func(u *identity.PlatformUser) error {
			u.Adopt(other, now)
			return nil
		}); err != nil {
			return nil, err
		}
		_, err = s.users.upsert(ctx, from, func() *identity.PlatformUser { return other }, func(u *identity.PlatformUser) error {
			if u.MovedTo != "" || !reflect.DeepEqual(u.Links, other.Links) {
				return errOvertaken
			}
			u.MovedTo, u.Links = into.ID, nil
			return nil
		})
		if err == nil {
			s.log.Info("platform_users_merged", "platform", into.Account.Platform, "app", into.Account.App, "links", len(other.Links))
		}
		if !errors.Is(err, errOvertaken) {
			return into, err
		}
	}
	return nil, failed("platform_users.merge", errContended)
}

// errOvertaken says that another writer has changed what was read.
var errOvertaken = errors.New("store: changed meanwhile")

// movedError says that the user is part of another.
type movedError struct{ to string }

func (*movedError) Error() string { return "store: the user is part of another" }

// maxMoves bounds the users that are followed; more than one only with an app whose ids changed more than once.
const maxMoves = 8

// following calls do with the user's id, and again with the id of the user that it is part of.
func following(id string, do func(id string) (*identity.PlatformUser, error)) (*identity.PlatformUser, error) {
	for range maxMoves {
		u, err := do(id)
		var moved *movedError
		if !errors.As(err, &moved) {
			return u, err
		}
		id = moved.to
	}
	return nil, failed("platform_users.follow", ErrUnreadable)
}

// User returns a platform user, or identity.ErrNotFound. For one that is part of another it returns that one.
func (s *Store) User(ctx context.Context, id string) (*identity.PlatformUser, error) {
	return following(id, func(id string) (*identity.PlatformUser, error) {
		u, err := s.users.get(ctx, id)
		if err == nil && u.MovedTo != "" {
			return nil, &movedError{u.MovedTo}
		}
		return u, err
	})
}

// UpdateUser changes a platform user by fn; for one that is part of another, that one.
func (s *Store) UpdateUser(ctx context.Context, id string, fn func(*identity.PlatformUser) error) (*identity.PlatformUser, error) {
	return s.changeUser(ctx, id, nil, fn)
}

// changeUser begins with fresh where the user is not there; nil: identity.ErrNotFound.
func (s *Store) changeUser(
	ctx context.Context, id string, fresh func(id string) *identity.PlatformUser, fn func(*identity.PlatformUser) error,
) (*identity.PlatformUser, error) {
	unmoved := func(u *identity.PlatformUser) error {
		if u.MovedTo != "" {
			return &movedError{u.MovedTo}
		}
		return fn(u)
	}
	return following(id, func(id string) (*identity.PlatformUser, error) {
		if fresh == nil {
			return s.users.update(ctx, id, unmoved)
		}
		return s.users.upsert(ctx, id, func() *identity.PlatformUser { return fresh(id) }, unmoved)
	})
}

// UsersWithDueLinks lists up to limit users whose links need work at the time, the longest due first.
func (s *Store) UsersWithDueLinks(ctx context.Context, now time.Time, limit int) ([]*identity.PlatformUser, error) {
	due := bson.D{{Key: "links_due", Value: bson.D{{Key: "$lte", Value: now}}}}
	found, err := s.users.work(ctx, due, "links_due", limit)
	return valuesOf(found), err
}
