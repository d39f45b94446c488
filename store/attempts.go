package store

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/identity"
)

type attemptDoc struct {
	Meta        `bson:",inline"`
	UserID      string       `bson:"user_id"`
	LinkID      string       `bson:"link_id"`
	Region      string       `bson:"region"`
	Name        []byte       `bson:"name"` // sealed
	IDType      string       `bson:"id_type"`
	IDNumber    []byte       `bson:"id_number"` // sealed
	Relation    string       `bson:"relation"`
	Method      string       `bson:"method"`
	Consent     consentDoc   `bson:"consent"`
	InsuredHash string       `bson:"insured_hash"`
	State       string       `bson:"state"`
	Reason      string       `bson:"reason"`
	Challenge   challengeDoc `bson:"challenge"`
	Tries       int          `bson:"tries"`
	CreatedAt   time.Time    `bson:"created_at"`
	UpdatedAt   time.Time    `bson:"updated_at"`
	ProvedAt    time.Time    `bson:"proved_at"`
	ExpiresAt   time.Time    `bson:"expires_at"`
}

// challengeDoc is an identity.Challenge; the two convert into each other.
type challengeDoc struct {
	CodeHash  []byte    `bson:"code_hash"`
	ExpiresAt time.Time `bson:"expires_at"`
	SentAt    time.Time `bson:"sent_at"`
	Sends     int       `bson:"sends"`
}

func (d *attemptDoc) sealedFields(c *identity.Claim) []sealedField {
	return []sealedField{{"name", &c.Name, &d.Name}, {"id_number", &c.IDNumber, &d.IDNumber}}
}

func (s *Store) attemptToDoc(a *identity.Attempt) (*attemptDoc, error) {
	d := &attemptDoc{
		Meta: Meta{ID: a.ID}, UserID: a.UserID, LinkID: a.LinkID, Region: a.Claim.Region, IDType: a.Claim.IDType,
		Relation: string(a.Relation), Method: string(a.Method), Consent: consentDoc(a.Consent),
		InsuredHash: a.InsuredHash, State: string(a.State), Reason: a.Reason, Challenge: challengeDoc(a.Challenge),
		Tries: a.Tries, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt, ProvedAt: a.ProvedAt, ExpiresAt: a.ExpiresAt,
	}
	var err error
	for _, f := range d.sealedFields(&a.Claim) {
		if *f.sealed, err = s.keys.sealText("link_attempts", f.name, a.ID, *f.text); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (s *Store) attemptToDom(d *attemptDoc) (*identity.Attempt, error) {
	a := &identity.Attempt{
		ID: d.ID, UserID: d.UserID, LinkID: d.LinkID, Claim: identity.Claim{Region: d.Region, IDType: d.IDType},
		Relation: identity.Relation(d.Relation), Method: identity.Method(d.Method), Consent: identity.Consent(d.Consent),
		InsuredHash: d.InsuredHash, State: identity.AttemptState(d.State), Reason: d.Reason,
		Challenge: identity.Challenge(d.Challenge), Tries: d.Tries, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
		ProvedAt: d.ProvedAt, ExpiresAt: d.ExpiresAt,
	}
	var err error
	for _, f := range d.sealedFields(&a.Claim) {
		if *f.text, err = s.keys.openText("link_attempts", f.name, d.ID, *f.sealed); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// InsertAttempt adds a link attempt; identity.ErrExists when the id is taken.
func (s *Store) InsertAttempt(ctx context.Context, a identity.Attempt) error {
	_, exists, err := s.attempts.insert(ctx, &a)
	if exists {
		return identity.ErrExists
	}
	return err
}

// Attempt returns a link attempt, or identity.ErrNotFound.
func (s *Store) Attempt(ctx context.Context, id string) (*identity.Attempt, error) {
	return s.attempts.get(ctx, id)
}

// UpdateAttempt changes a link attempt by fn.
func (s *Store) UpdateAttempt(ctx context.Context, id string, fn func(*identity.Attempt) error) (*identity.Attempt, error) {
	return s.attempts.update(ctx, id, fn)
}

// UnfinishedAttempts lists attempts in one of the states that were last written before the time, oldest first.
func (s *Store) UnfinishedAttempts(ctx context.Context, states []identity.AttemptState, before time.Time, limit int) ([]*identity.Attempt, error) {
	names := make(bson.A, len(states))
	for i, state := range states {
		names[i] = string(state)
	}
	filter := bson.D{
		{Key: "state", Value: bson.D{{Key: "$in", Value: names}}},
		{Key: "updated_at", Value: bson.D{{Key: "$lt", Value: before}}},
	}
	found, err := s.attempts.work(ctx, filter, options.Find().SetSort(bson.D{{Key: "updated_at", Value: 1}}).SetLimit(int64(limit)))
	return valuesOf(found), err
}
