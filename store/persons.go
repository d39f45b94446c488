package store

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
)

type personDoc struct {
	Meta      `bson:",inline"`
	Pseudonym string `bson:"pseudonym"`
	Name      []byte `bson:"name"` // sealed
	// Names are sealed too, by region. A document of an older program has none, and its one name holds everywhere.
	Names     map[string][]byte `bson:"names,omitempty"`
	IDType    string            `bson:"id_type"`
	IDNumber  []byte            `bson:"id_number"` // sealed
	CreatedAt time.Time         `bson:"created_at"`
	SelfSince time.Time         `bson:"self_since"`
	Joins     int64             `bson:"joins"`
	Ended     bool              `bson:"ended"`
}

// personKey finds a person by ID document. _id is "version:hash", so there is one to an ID document and key version.
type personKey struct {
	ID       string
	PersonID string
}

type personKeyDoc struct {
	Meta     `bson:",inline"`
	PersonID string `bson:"person_id"`
}

func personKeyToDoc(k *personKey) *personKeyDoc { return &personKeyDoc{Meta{ID: k.ID}, k.PersonID} }
func personKeyToDom(d *personKeyDoc) *personKey { return &personKey{d.ID, d.PersonID} }

func (d *personDoc) sealedFields(p *identity.Person) []sealedField {
	return []sealedField{{"name", &p.Name, &d.Name}, {"id_number", &p.IDNumber, &d.IDNumber}}
}

func (s *Store) personToDoc(p *identity.Person) (*personDoc, error) {
	d := &personDoc{
		Meta: Meta{ID: p.ID}, Pseudonym: p.Pseudonym, IDType: p.IDType, CreatedAt: p.CreatedAt, SelfSince: p.SelfSince,
		Joins: p.Joins, Ended: p.Ended,
	}
	var err error
	for _, f := range d.sealedFields(p) {
		if *f.sealed, err = s.keys.sealText("persons", f.name, p.ID, *f.text); err != nil {
			return nil, err
		}
	}
	for region, name := range p.Names {
		if d.Names == nil {
			d.Names = make(map[string][]byte, len(p.Names))
		}
		if d.Names[region], err = s.keys.sealText("persons", nameField(region), p.ID, name); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// nameField binds a sealed name to its region, too.
func nameField(region string) string { return "names." + region }

func (s *Store) personToDom(d *personDoc) (*identity.Person, error) {
	p := &identity.Person{
		ID: d.ID, Pseudonym: d.Pseudonym, IDType: d.IDType, CreatedAt: d.CreatedAt, SelfSince: d.SelfSince,
		Joins: d.Joins, Ended: d.Ended,
	}
	var err error
	for _, f := range d.sealedFields(p) {
		if *f.text, err = s.keys.openText("persons", f.name, d.ID, *f.sealed); err != nil {
			return nil, err
		}
	}
	for region, name := range d.Names {
		if p.Names == nil {
			p.Names = make(map[string]string, len(d.Names))
		}
		if p.Names[region], err = s.keys.openText("persons", nameField(region), d.ID, name); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// EnsurePerson returns the person of the claim's ID document, creating it when it is new.
//
// The key is written first and names the person to be; the person follows from the claim whenever a key has none. So a
// process that dies in between leaves nothing that the next call does not complete, and of two callers both find the
// person that the one key names.
func (s *Store) EnsurePerson(ctx context.Context, claim identity.Claim, now time.Time) (*identity.Person, error) {
	ids := s.keys.lookupIDs("person", claim.IDType, claim.IDNumber)
	var pace pace
	for range maxTries {
		if err := pace.next(ctx); err != nil {
			return nil, failed("persons.ensure", err)
		}
		key, err := s.claimPersonKey(ctx, ids)
		if err != nil {
			return nil, err
		}
		p, created, err := s.personOfKey(ctx, key, claim, now)
		if errors.Is(err, identity.ErrNotFound) {
			continue // deleted in this instant
		}
		if err != nil || !created {
			return p, err
		}
		// The key may have been deleted, with the person, since it was read. A person without a key is found by nobody:
		// take it away and start again.
		again, err := s.personKeys.get(ctx, key.ID)
		if err == nil && again.PersonID == p.ID {
			return p, nil
		}
		if err != nil && !errors.Is(err, identity.ErrNotFound) {
			return nil, err
		}
		if _, err := s.persons.deleteOne(ctx, p.ID); err != nil {
			return nil, err
		}
	}
	return nil, failed("persons.ensure", errContended)
}

// claimPersonKey finds the key under any version, or writes it under the primary one, naming a person to be.
func (s *Store) claimPersonKey(ctx context.Context, ids []string) (*personKey, error) {
	for _, id := range ids {
		key, err := s.personKeys.get(ctx, id)
		if !errors.Is(err, identity.ErrNotFound) {
			return key, err
		}
	}
	fresh := func() *personKey { return &personKey{ID: ids[0], PersonID: rand.Text()} }
	key, exists, err := s.personKeys.insert(ctx, fresh())
	if exists { // another caller was first: its key decides, unless it was deleted again
		return s.personKeys.upsert(ctx, ids[0], fresh, func(*personKey) error { return nil })
	}
	return key, err
}

func (s *Store) personOfKey(ctx context.Context, key *personKey, claim identity.Claim, now time.Time) (p *identity.Person, created bool, err error) {
	p, err = s.persons.get(ctx, key.PersonID)
	if !errors.Is(err, identity.ErrNotFound) {
		return p, false, err
	}
	p, exists, err := s.persons.insert(ctx, &identity.Person{
		ID: key.PersonID, Pseudonym: rand.Text(), Name: claim.Name, IDType: claim.IDType, IDNumber: claim.IDNumber, CreatedAt: now,
	})
	if exists {
		p, err = s.persons.get(ctx, key.PersonID)
	}
	return p, true, err
}

// Person returns an insured person, or identity.ErrNotFound.
func (s *Store) Person(ctx context.Context, id string) (*identity.Person, error) {
	return s.persons.get(ctx, id)
}

// UpdatePerson changes an insured person by fn.
func (s *Store) UpdatePerson(ctx context.Context, id string, fn func(*identity.Person) error) (*identity.Person, error) {
	return s.persons.update(ctx, id, fn)
}

// DeletePerson removes the person's keys, then the person: as long as the person is there, a repeated call can work out
// which keys are its own.
func (s *Store) DeletePerson(ctx context.Context, id string) error {
	p, err := s.persons.get(ctx, id)
	if errors.Is(err, identity.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, key := range s.keys.lookupIDs("person", p.IDType, p.IDNumber) {
		if _, err := s.personKeys.deleteOne(ctx, key, bson.E{Key: "person_id", Value: id}); err != nil {
			return err
		}
	}
	_, err = s.persons.deleteOne(ctx, id)
	return err
}
