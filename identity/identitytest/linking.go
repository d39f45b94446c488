package identitytest

import (
	"context"
	"maps"
	"slices"
	"time"

	"yibao/identity"
)

// InsertAttempt implements identity.AttemptStore.
func (s *Store) InsertAttempt(ctx context.Context, a identity.Attempt) error {
	return s.write(ctx, "InsertAttempt", func() error {
		if s.attempts[a.ID] != nil {
			return identity.ErrExists
		}
		s.attempts[a.ID] = cloneAttempt(&a)
		return nil
	})
}

// Attempt implements identity.AttemptStore.
func (s *Store) Attempt(ctx context.Context, id string) (attempt *identity.Attempt, err error) {
	err = s.read(ctx, "Attempt", func() error {
		if s.attempts[id] == nil {
			return identity.ErrNotFound
		}
		attempt = cloneAttempt(s.attempts[id])
		return nil
	})
	return attempt, err
}

// UpdateAttempt implements identity.AttemptStore.
func (s *Store) UpdateAttempt(ctx context.Context, id string, fn func(*identity.Attempt) error,
) (attempt *identity.Attempt, err error) {
	err = s.write(ctx, "UpdateAttempt", func() error {
		if s.attempts[id] == nil {
			return identity.ErrNotFound
		}
		fresh, err := update(s.attempts[id], cloneAttempt, fn)
		if err != nil {
			return err
		}
		s.attempts[id], attempt = fresh, cloneAttempt(fresh)
		return nil
	})
	return attempt, err
}

// UnfinishedAttempts implements identity.AttemptStore.
func (s *Store) UnfinishedAttempts(ctx context.Context, states []identity.AttemptState, before time.Time, limit int,
) (list []*identity.Attempt, err error) {
	err = s.read(ctx, "UnfinishedAttempts", func() error {
		for _, id := range slices.Sorted(maps.Keys(s.attempts)) {
			a := s.attempts[id]
			if len(list) < limit && slices.Contains(states, a.State) && a.UpdatedAt.Before(before) {
				list = append(list, cloneAttempt(a))
			}
		}
		return nil
	})
	return list, err
}

// EnsurePerson implements identity.PersonStore.
func (s *Store) EnsurePerson(ctx context.Context, claim identity.Claim, now time.Time,
) (person *identity.Person, err error) {
	err = s.write(ctx, "EnsurePerson", func() error {
		key := claim.IDType + ":" + claim.IDNumber
		id, ok := s.keys[key]
		if !ok {
			id = s.nextID("person")
			s.keys[key] = id
			s.persons[id] = &identity.Person{
				ID: id, Pseudonym: s.nextID("pseudonym"), Name: claim.Name,
				IDType: claim.IDType, IDNumber: claim.IDNumber, CreatedAt: now,
			}
		}
		person = clonePerson(s.persons[id])
		return nil
	})
	return person, err
}

// Person implements identity.PersonStore.
func (s *Store) Person(ctx context.Context, id string) (person *identity.Person, err error) {
	err = s.read(ctx, "Person", func() error {
		if s.persons[id] == nil {
			return identity.ErrNotFound
		}
		person = clonePerson(s.persons[id])
		return nil
	})
	return person, err
}

// UpdatePerson implements identity.PersonStore.
func (s *Store) UpdatePerson(ctx context.Context, id string, fn func(*identity.Person) error,
) (person *identity.Person, err error) {
	err = s.write(ctx, "UpdatePerson", func() error {
		if s.persons[id] == nil {
			return identity.ErrNotFound
		}
		fresh, err := update(s.persons[id], clonePerson, fn)
		if err != nil {
			return err
		}
		s.persons[id], person = fresh, clonePerson(fresh)
		return nil
	})
	return person, err
}

// DeletePerson implements identity.PersonStore.
func (s *Store) DeletePerson(ctx context.Context, id string) error {
	return s.write(ctx, "DeletePerson", func() error {
		delete(s.persons, id)
		maps.DeleteFunc(s.keys, func(_, person string) bool { return person == id })
		return nil
	})
}

// ClaimSlot implements identity.PersonStore.
func (s *Store) ClaimSlot(ctx context.Context, slot identity.Slot, limit int) error {
	return s.write(ctx, "ClaimSlot", func() error {
		taken := map[int]bool{}
		for _, o := range s.slots[slot.PersonID] {
			if o.LinkID == slot.LinkID {
				return nil
			}
			taken[o.N] = true
		}
		for n := range limit {
			if !taken[n] {
				slot.N = n
				s.slots[slot.PersonID] = append(s.slots[slot.PersonID], slot)
				return nil
			}
		}
		return identity.ErrLinkLimit
	})
}

// UpdateSlot implements identity.PersonStore.
func (s *Store) UpdateSlot(ctx context.Context, slot identity.Slot) error {
	return s.write(ctx, "UpdateSlot", func() error {
		slots := s.slots[slot.PersonID]
		i := slices.IndexFunc(slots, func(o identity.Slot) bool { return o.LinkID == slot.LinkID })
		if i < 0 {
			return identity.ErrNotFound
		}
		slots[i].Renew(slot)
		return nil
	})
}

// FreeSlot implements identity.PersonStore.
func (s *Store) FreeSlot(ctx context.Context, personID, linkID string) error {
	return s.write(ctx, "FreeSlot", func() error {
		left := slices.DeleteFunc(slices.Clone(s.slots[personID]), func(o identity.Slot) bool {
			return o.LinkID == linkID
		})
		if s.slots[personID] = left; len(left) == 0 {
			delete(s.slots, personID)
		}
		return nil
	})
}

// Slots implements identity.PersonStore.
func (s *Store) Slots(ctx context.Context, personID string) (list []identity.Slot, err error) {
	err = s.read(ctx, "Slots", func() error {
		list = slices.Clone(s.slots[personID])
		return nil
	})
	return list, err
}

// UpdateCounter implements identity.CounterStore.
func (s *Store) UpdateCounter(ctx context.Context, key string, fn func(*identity.Counter) error) error {
	return s.write(ctx, "UpdateCounter", func() error {
		old := s.counters[key]
		if old == nil {
			old = &identity.Counter{Key: key}
		}
		fresh, err := update(old, cloneCounter, fn)
		if err != nil {
			return err
		}
		s.counters[key] = fresh
		return nil
	})
}

// Contents is a copy of all documents but sessions and changes.
type Contents struct {
	Users    []*identity.PlatformUser
	Attempts []*identity.Attempt
	Persons  []*identity.Person
	Slots    []identity.Slot
	Counters []*identity.Counter
}

// Contents copies what is stored, ordered by id, past the hooks and counts.
func (s *Store) Contents() Contents {
	s.mu.Lock()
	defer s.mu.Unlock()
	var c Contents
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		c.Users = append(c.Users, cloneUser(s.users[id]))
	}
	for _, id := range slices.Sorted(maps.Keys(s.attempts)) {
		c.Attempts = append(c.Attempts, cloneAttempt(s.attempts[id]))
	}
	for _, id := range slices.Sorted(maps.Keys(s.persons)) {
		c.Persons = append(c.Persons, clonePerson(s.persons[id]))
	}
	for _, id := range slices.Sorted(maps.Keys(s.slots)) {
		c.Slots = append(c.Slots, s.slots[id]...)
	}
	for _, key := range slices.Sorted(maps.Keys(s.counters)) {
		c.Counters = append(c.Counters, cloneCounter(s.counters[key]))
	}
	return c
}
