package store

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/identity"
)

// userDoc is a platform user; _id is the keyed hash of platform, app id and open id. Names and ID numbers in links are
// masked already.
type userDoc struct {
	Meta      `bson:",inline"`
	Platform  string     `bson:"platform"`
	App       string     `bson:"app"`
	AppID     string     `bson:"app_id"`
	OpenID    []byte     `bson:"open_id"` // sealed
	UserID    []byte     `bson:"user_id"` // sealed
	Links     []linkDoc  `bson:"links"`
	LinksDue  *time.Time `bson:"links_due"` // when the first link needs work; null for none; for the index
	CreatedAt time.Time  `bson:"created_at"`
	SeenAt    time.Time  `bson:"seen_at"`
}

type linkDoc struct {
	ID             string     `bson:"id"`
	PersonID       string     `bson:"person_id"`
	InsuredHash    string     `bson:"insured_hash"`
	Region         string     `bson:"region"`
	Relation       string     `bson:"relation"`
	Method         string     `bson:"method"`
	Assurance      int        `bson:"assurance"`
	Consent        consentDoc `bson:"consent"`
	MaskedName     string     `bson:"masked_name"`
	MaskedIDNumber string     `bson:"masked_id_number"`
	Since          time.Time  `bson:"since"`
	State          string     `bson:"state"`
	EndedAt        time.Time  `bson:"ended_at"`
	AttemptID      string     `bson:"attempt_id"`
}

func (s *Store) userToDoc(u *identity.PlatformUser) (*userDoc, error) {
	d := &userDoc{
		Meta: Meta{ID: u.ID}, Platform: string(u.Account.Platform), App: u.Account.App, AppID: u.Account.AppID,
		Links: make([]linkDoc, len(u.Links)), CreatedAt: u.CreatedAt, SeenAt: u.SeenAt,
	}
	for i, l := range u.Links {
		d.Links[i] = linkToDoc(l)
	}
	if due := u.LinksDue(); !due.IsZero() {
		d.LinksDue = &due
	}
	var err error
	for _, f := range d.sealedFields(&u.Account) {
		if *f.sealed, err = s.keys.sealText("platform_users", f.name, u.ID, *f.text); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (s *Store) userToDom(d *userDoc) (*identity.PlatformUser, error) {
	u := &identity.PlatformUser{
		ID: d.ID, CreatedAt: d.CreatedAt, SeenAt: d.SeenAt, Links: make([]identity.Link, len(d.Links)),
		Account: identity.PlatformAccount{Platform: identity.Platform(d.Platform), App: d.App, AppID: d.AppID},
	}
	for i, l := range d.Links {
		u.Links[i] = linkToDom(l)
	}
	var err error
	for _, f := range d.sealedFields(&u.Account) {
		if *f.text, err = s.keys.openText("platform_users", f.name, d.ID, *f.sealed); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// sealedField pairs a sealed field of a document with its text.
type sealedField struct {
	name   string
	text   *string
	sealed *[]byte
}

func (d *userDoc) sealedFields(a *identity.PlatformAccount) []sealedField {
	return []sealedField{{"open_id", &a.OpenID, &d.OpenID}, {"user_id", &a.UserID, &d.UserID}}
}

func linkToDoc(l identity.Link) linkDoc {
	return linkDoc{
		ID: l.ID, PersonID: l.PersonID, InsuredHash: l.InsuredHash, Region: l.Region, Relation: string(l.Relation), Method: string(l.Method),
		Assurance: int(l.Assurance), Consent: consentDoc(l.Consent), MaskedName: l.MaskedName,
		MaskedIDNumber: l.MaskedIDNumber, Since: l.Since, State: string(l.State), EndedAt: l.EndedAt, AttemptID: l.AttemptID,
	}
}

func linkToDom(l linkDoc) identity.Link {
	return identity.Link{
		ID: l.ID, PersonID: l.PersonID, InsuredHash: l.InsuredHash, Region: l.Region, Relation: identity.Relation(l.Relation),
		Method: identity.Method(l.Method), Assurance: identity.Assurance(l.Assurance),
		Consent: identity.Consent(l.Consent), MaskedName: l.MaskedName, MaskedIDNumber: l.MaskedIDNumber,
		Since: l.Since, State: identity.LinkState(l.State), EndedAt: l.EndedAt, AttemptID: l.AttemptID,
	}
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
	found, err := s.users.work(ctx, due, options.Find().SetSort(bson.D{{Key: "links_due", Value: 1}}).SetLimit(int64(limit)))
	return valuesOf(found), err
}
