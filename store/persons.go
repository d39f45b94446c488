package store

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
	"yibao/identity/document"
)

// personDoc is an insured person with the slots of its links. The table keeps it sealed: whose personal data cannot be
// read, for a lost key, can be left and deleted all the same.
type personDoc struct {
	ID        string          `bson:"_id"`
	Key       string          `bson:"key"` // _id of the person key that leads here
	Names     []sealedName    `bson:"names"`
	IDType    string          `bson:"id_type"`
	IDNumber  string          `bson:"id_number"` // sealed
	CreatedAt time.Time       `bson:"created_at"`
	Slots     []identity.Slot `bson:"slots"`
	Ended     bool            `bson:"ended"` // its last slot was left: it takes no slot any more, and is to be deleted
}

// sealedName is the person's name as a region spells it.
type sealedName struct {
	Region string `bson:"region"`
	Name   string `bson:"name"` // sealed
}

// personKey finds a person by document and name. _id is "version:hash", so there is one to a document, name and key version.
type personKey struct {
	ID       string `bson:"_id"`
	PersonID string `bson:"person_id"`
}

func (s *Store) sealPerson(d *personDoc, p *identity.Person) (err error) {
	d.IDType, d.CreatedAt, d.Slots = p.IDType, p.CreatedAt, p.Slots
	d.Names = nil
	for _, region := range slices.Sorted(maps.Keys(p.Names)) {
		name, err := s.keys.sealText("persons", nameField(region), d.ID, p.Names[region])
		if err != nil {
			return err
		}
		d.Names = append(d.Names, sealedName{region, name})
	}
	d.IDNumber, err = s.keys.sealText("persons", "id_number", d.ID, p.IDNumber)
	return err
}

// openPerson answers identity.ErrStore with ErrUnreadable when the keys at hand do not open it.
func (s *Store) openPerson(d *personDoc) (*identity.Person, error) {
	p := &identity.Person{
		ID: d.ID, IDType: d.IDType, CreatedAt: d.CreatedAt, Slots: d.Slots, Names: make(map[string]string, len(d.Names)),
	}
	var err error
	for _, n := range d.Names {
		if p.Names[n.Region], err = s.keys.openText("persons", nameField(n.Region), d.ID, n.Name); err != nil {
			return nil, failed("persons.open", err)
		}
	}
	if p.IDNumber, err = s.keys.openText("persons", "id_number", d.ID, d.IDNumber); err != nil {
		return nil, failed("persons.open", err)
	}
	return p, nil
}

// nameField binds a sealed name to its region, too.
func nameField(region string) string { return "names." + region }

// errEnded says that the person's last slot was left.
var errEnded = errors.New("store: the person is to be deleted")

// edit applies fn to a sealed person.
func (s *Store) edit(d *personDoc, fn func(*identity.Person) error) error {
	if d.Ended {
		return errEnded
	}
	p, err := s.openPerson(d)
	if err != nil {
		return err
	}
	if err := fn(p); err != nil {
		return err
	}
	return failed("persons.seal", s.sealPerson(d, p))
}

// UpdatePersonOf changes the claimed person, which it creates when it is new.
//
// The key is written first and names the person to be. A kill between the two leaves a key without a person, which the
// next call completes and LeavePersonOf removes. A person may also be deleted, its key first, after the key was read here:
// then the write makes a person that no key leads to. So the key is read again, and such a person removed. Every other
// writer that finds that person reads the key again as well, and starts anew.
func (s *Store) UpdatePersonOf(
	ctx context.Context, claim identity.Claim, now time.Time, fn func(*identity.Person) error,
) (*identity.Person, error) {
	var pace pace
	for range maxTries {
		if err := pace.next(ctx); err != nil {
			return nil, failed("persons.update", err)
		}
		key, err := s.ensurePersonKey(ctx, claim)
		if err != nil {
			return nil, err
		}
		fresh := func() *personDoc {
			return &personDoc{ID: key.PersonID, Key: key.ID, IDType: claim.IDType, CreatedAt: now}
		}
		d, err := s.persons.upsert(ctx, key.PersonID, fresh, func(d *personDoc) error {
			return s.edit(d, func(p *identity.Person) error {
				p.IDNumber = claim.IDNumber
				return fn(p)
			})
		})
		if errors.Is(err, errEnded) {
			if err := s.deletePerson(ctx, key.PersonID, key.ID); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		again, err := s.personKeys.get(ctx, key.ID)
		if err == nil && again.PersonID == d.ID {
			return s.openPerson(d)
		}
		if ignore(err, identity.ErrNotFound) != nil {
			return nil, err
		}
		if _, err := s.persons.deleteOne(ctx, d.ID); err != nil {
			return nil, err
		}
	}
	return nil, failed("persons.update", errContended)
}

// personKeyIDs are the ids that the claim's key has. A person is a document and a name, however a region spells it: passports
// of two countries, and some old identity cards, bear one number, and their holders must never meet in one person.
func (s *Store) personKeyIDs(claim identity.Claim) []string {
	return s.keys.lookupIDs("person", claim.IDType, claim.IDNumber, document.FoldName(claim.Name))
}

// findPersonKey finds the key of the claim's document under any version, or answers identity.ErrNotFound.
func (s *Store) findPersonKey(ctx context.Context, claim identity.Claim) (*personKey, error) {
	for _, id := range s.personKeyIDs(claim) {
		key, err := s.personKeys.get(ctx, id)
		if !errors.Is(err, identity.ErrNotFound) {
			return key, err
		}
	}
	return nil, identity.ErrNotFound
}

// ensurePersonKey writes a key that is not there under the primary version. It names a person to be, never one that was.
func (s *Store) ensurePersonKey(ctx context.Context, claim identity.Claim) (*personKey, error) {
	key, err := s.findPersonKey(ctx, claim)
	if !errors.Is(err, identity.ErrNotFound) {
		return key, err
	}
	id := s.personKeyIDs(claim)[0]
	fresh := func() *personKey { return &personKey{ID: id, PersonID: rand.Text()} }
	return s.personKeys.upsert(ctx, id, fresh, func(*personKey) error { return nil })
}

// UpdatePerson changes an insured person by fn; identity.ErrNotFound for one that is gone.
func (s *Store) UpdatePerson(ctx context.Context, id string, fn func(*identity.Person) error) (*identity.Person, error) {
	d, err := s.persons.update(ctx, id, func(d *personDoc) error { return s.edit(d, fn) })
	if errors.Is(err, errEnded) {
		return nil, identity.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return s.openPerson(d)
}

// Person returns an insured person; identity.ErrNotFound for one that is gone.
func (s *Store) Person(ctx context.Context, id string) (*identity.Person, error) {
	d, err := s.persons.get(ctx, id)
	if err != nil {
		return nil, err
	}
	if d.Ended {
		return nil, identity.ErrNotFound
	}
	return s.openPerson(d)
}

// Slots lists the slots of a person; none of one that is gone.
func (s *Store) Slots(ctx context.Context, id string) ([]identity.Slot, error) {
	d, err := s.persons.get(ctx, id)
	if err != nil {
		return nil, ignore(err, identity.ErrNotFound)
	}
	return d.Slots, nil
}

// SlotsOf lists the slots of the claimed person; none where there is no such person.
func (s *Store) SlotsOf(ctx context.Context, claim identity.Claim) ([]identity.Slot, error) {
	key, err := s.findPersonKey(ctx, claim)
	if err != nil {
		return nil, ignore(err, identity.ErrNotFound)
	}
	return s.Slots(ctx, key.PersonID)
}

// LeavePerson removes the link's slot and returns those that are left. One write removes the last slot and ends the
// person, so no link takes a slot of a person that goes; then the person is deleted. A kill in between leaves an ended
// person, which the next call for it deletes: the caller repeats until it succeeds.
func (s *Store) LeavePerson(ctx context.Context, id, linkID string) ([]identity.Slot, error) {
	var seen personDoc
	_, err := s.persons.update(ctx, id, func(d *personDoc) error {
		before := len(d.Slots)
		d.Slots = slices.DeleteFunc(d.Slots, func(slot identity.Slot) bool { return slot.LinkID == linkID })
		unchanged := d.Ended || len(d.Slots) == before && before > 0
		d.Ended = len(d.Slots) == 0
		if seen = *d; unchanged {
			return errUnchanged
		}
		return nil
	})
	switch {
	case errors.Is(err, identity.ErrNotFound):
		return nil, nil
	case ignore(err, errUnchanged) != nil:
		return nil, err
	case !seen.Ended:
		return seen.Slots, nil
	}
	return nil, s.deletePerson(ctx, id, seen.Key)
}

// errUnchanged ends an update that has nothing to write.
var errUnchanged = errors.New("store: nothing to write")

// LeavePersonOf is LeavePerson for the claimed person. The id is "" when there is none.
func (s *Store) LeavePersonOf(ctx context.Context, claim identity.Claim, linkID string) (string, []identity.Slot, error) {
	key, err := s.findPersonKey(ctx, claim)
	if err != nil {
		return "", nil, ignore(err, identity.ErrNotFound)
	}
	left, err := s.LeavePerson(ctx, key.PersonID, linkID)
	if err == nil && len(left) == 0 { // also a key whose person was never made
		err = s.deletePerson(ctx, key.PersonID, key.ID)
	}
	return key.PersonID, left, err
}

// deletePerson removes the key, then the person: while the person is there, a repeated call knows the key.
func (s *Store) deletePerson(ctx context.Context, id, key string) error {
	if _, err := s.personKeys.deleteOne(ctx, key, bson.E{Key: "person_id", Value: id}); err != nil {
		return err
	}
	_, err := s.persons.deleteOne(ctx, id)
	return err
}
