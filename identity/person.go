package identity

import (
	"slices"
	"time"
)

// Claim is the insured person that a user claims to be or to act for; normalised.
type Claim struct {
	Region   string `bson:"region"`
	Name     string `bson:"name"`
	IDType   string `bson:"id_type"` // psn_cert_type of the national code table; "01" is the resident ID card
	IDNumber string `bson:"id_number"`
}

// Person is an insured person that at least one link has proved. It is one document: the limit on its links and the end
// of the last one are each kept by one conditional write.
type Person struct {
	ID string // random
	// Names holds, by region, the name as that region has last confirmed it. Registers spell one name differently (with
	// the middle dot and without it), so one region's spelling is never used in another.
	Names     map[string]string
	IDType    string
	IDNumber  string
	CreatedAt time.Time
	Slots     []Slot // one for each link, oldest first
}

// Slot is the person's side of a link.
type Slot struct {
	LinkID    string    `bson:"link_id"`
	UserID    string    `bson:"user_id"`
	Region    string    `bson:"region"`
	ConsentAt time.Time `bson:"consent_at"` // copy of the time of the link's consent: no older one replaces it
}

// Join gives the link a slot, or renews the one that it has, and notes the name that the region has just confirmed. A new
// slot beyond the limit is ErrLinkLimit.
func (p *Person) Join(slot Slot, name string, limit int) error {
	i := slices.IndexFunc(p.Slots, func(s Slot) bool { return s.LinkID == slot.LinkID })
	switch {
	case i < 0 && len(p.Slots) >= limit:
		return ErrLinkLimit
	case i < 0:
		p.Slots = append(p.Slots, slot)
	case !p.Slots[i].ConsentAt.After(slot.ConsentAt):
		p.Slots[i] = slot
	}
	if p.Names == nil {
		p.Names = map[string]string{}
	}
	p.Names[slot.Region] = name
	return nil
}

// Leave removes the link's slot. Removing what is gone is no error.
func (p *Person) Leave(linkID string) {
	p.Slots = slices.DeleteFunc(p.Slots, func(s Slot) bool { return s.LinkID == linkID })
}
