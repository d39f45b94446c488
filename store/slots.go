package store

import (
	"context"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/identity"
)

// slotDoc is the person's side of a link. _id is "person:n": whoever inserts it has the slot.
type slotDoc struct {
	Meta     `bson:",inline"`
	PersonID string    `bson:"person_id"`
	N        int       `bson:"n"`
	LinkID   string    `bson:"link_id"`
	UserID   string    `bson:"user_id"`
	Region   string    `bson:"region"`
	Relation string    `bson:"relation"`
	Since    time.Time `bson:"since"`

	Unattended bool      `bson:"unattended"`
	ConsentAt  time.Time `bson:"consent_at"`
}

func slotID(personID string, n int) string { return personID + ":" + strconv.Itoa(n) }

func slotToDoc(v *identity.Slot) *slotDoc {
	return &slotDoc{Meta{ID: slotID(v.PersonID, v.N)}, v.PersonID, v.N, v.LinkID, v.UserID, v.Region, string(v.Relation), v.Since, v.Unattended, v.ConsentAt}
}

func slotToDom(d *slotDoc) *identity.Slot {
	return &identity.Slot{
		PersonID: d.PersonID, N: d.N, LinkID: d.LinkID, UserID: d.UserID, Region: d.Region,
		Relation: identity.Relation(d.Relation), Since: d.Since, Unattended: d.Unattended, ConsentAt: d.ConsentAt,
	}
}

// ClaimSlot takes the lowest free slot below max, or nothing when the link has one. identity.ErrLinkLimit when all are
// taken by other links. Two calls for one link meet at the same lowest slot; should a slot below be freed between them,
// the link has two until FreeSlot removes both.
func (s *Store) ClaimSlot(ctx context.Context, slot identity.Slot, max int) error {
	taken, err := s.Slots(ctx, slot.PersonID)
	if err != nil {
		return err
	}
	used := map[int]bool{}
	for _, other := range taken {
		if other.LinkID == slot.LinkID {
			return nil
		}
		used[other.N] = true
	}
	for slot.N = range max {
		if used[slot.N] {
			continue
		}
		if ours, err := s.takeSlot(ctx, slot); ours || err != nil {
			return err
		}
	}
	return identity.ErrLinkLimit
}

// takeSlot says whether the slot is the link's now.
func (s *Store) takeSlot(ctx context.Context, slot identity.Slot) (bool, error) {
	_, exists, err := s.slots.insert(ctx, &slot)
	if err != nil || !exists {
		return err == nil, err
	}
	holder, err := s.slots.get(ctx, slotID(slot.PersonID, slot.N))
	if err != nil { // freed in this instant counts as taken: the next slot will do
		return false, ignore(err, identity.ErrNotFound)
	}
	return holder.LinkID == slot.LinkID, nil
}

// UpdateSlot gives the slot that the link has, or both where it has two, the relation and the consent of this one, unless
// it holds a newer consent. It changes documents where they stand, and so never brings back one that is freed at the same
// time.
// identity.ErrNotFound when the link has none.
func (s *Store) UpdateSlot(ctx context.Context, slot identity.Slot) error {
	slots, err := s.Slots(ctx, slot.PersonID)
	if err != nil {
		return err
	}
	err = identity.ErrNotFound
	for _, held := range slots {
		if held.LinkID != slot.LinkID {
			continue
		}
		_, err = s.slots.update(ctx, slotID(held.PersonID, held.N), func(o *identity.Slot) error {
			if o.LinkID != slot.LinkID {
				return identity.ErrNotFound // freed, and taken by another
			}
			o.Renew(slot)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return err
}

// FreeSlot removes the link's slot; removing what is gone is no error.
func (s *Store) FreeSlot(ctx context.Context, personID, linkID string) error {
	_, err := s.slots.deleteMany(ctx, bson.D{{Key: "person_id", Value: personID}, {Key: "link_id", Value: linkID}})
	return err
}

// Slots lists the person's slots by number.
func (s *Store) Slots(ctx context.Context, personID string) ([]identity.Slot, error) {
	found, err := s.slots.values(ctx, bson.D{{Key: "person_id", Value: personID}}, options.Find().SetSort(bson.D{{Key: "n", Value: 1}}))
	return deref(found), err
}
