package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/memory"
)

// at runs fn once, at the first command of that name.
func at(name string, fn func()) memory.Hook {
	done := false
	return func(_ context.Context, c memory.Command) error {
		if c.String() == name && !done {
			done = true
			fn()
		}
		return nil
	}
}

// TestSweepLooksAgain: a counter that is hit between the sweep's query and its delete stays.
func TestSweepLooksAgain(t *testing.T) {
	t.Parallel()
	s, client := memory.New()
	other := memory.Open(client.Connect())
	hit := func(at time.Time) {
		err := other.UpdateCounter(t.Context(), "k", func(c *identity.Counter) error {
			c.Hits = append(c.Hits, identity.Hit{Op: "o", At: at})
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	hit(start.AddDate(0, 0, -2))
	client.SetBefore(at("counters.delete", func() { hit(start) }))
	if n, err := s.Sweep(t.Context(), start); err != nil || n != 0 || len(client.IDs("counters")) != 1 {
		t.Error(n, err)
	}
}

// TestPersonWhoseKeyGoes: a person whose key is deleted while it is created would be found by no key.
func TestPersonWhoseKeyGoes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"person_keys.insert", "persons.insert"} {
		s, client := memory.New()
		other := client.Connect()
		client.SetAfter(at(name, func() {
			if _, err := other.Delete(t.Context(), "person_keys", bson.D{{Key: "_id", Value: client.IDs("person_keys")[0]}}); err != nil {
				t.Error(err)
			}
		}))
		p, err := s.UpdatePersonOf(t.Context(), claim, start, joins("l"))
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.UpdatePersonOf(t.Context(), claim, start, joins("l"))
		if err != nil || again.ID != p.ID || len(client.IDs("persons")) != 1 {
			t.Error("after", name, p, again, err, client.IDs("persons"))
		}
	}
}

// TestClaimWhoseAnswerIsLost: the claim is ours, since no other process will do the work.
func TestClaimWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	s, client := memory.New()
	if err := s.SetDue(t.Context(), subject, start); err != nil {
		t.Fatal(err)
	}
	lose := true
	client.SetAfter(func(_ context.Context, c memory.Command) error {
		if c.Name == "replace" && lose {
			lose = false
			return errors.New("cut off")
		}
		return nil
	})
	if claimed, err := s.ClaimDue(t.Context(), start, 1, hourLater); err != nil || len(claimed) != 1 || lose {
		t.Error(claimed, err)
	}
}

// TestClaimThatIsAnothers: the request is lost, and another process claims the subject before we look.
func TestClaimThatIsAnothers(t *testing.T) {
	t.Parallel()
	s, client := memory.New()
	other := memory.Open(client.Connect())
	if err := s.SetDue(t.Context(), subject, start); err != nil {
		t.Fatal(err)
	}
	theirs := 0
	client.SetBefore(func(_ context.Context, c memory.Command) error {
		if c.Name != "replace" {
			return nil
		}
		claimed, err := other.ClaimDue(t.Context(), start, 1, hourLater)
		theirs = len(claimed)
		return errors.Join(err, errors.New("cut off"))
	})
	if claimed, err := s.ClaimDue(t.Context(), start, 1, hourLater); err != nil || len(claimed) != 0 || theirs != 1 {
		t.Error(claimed, err, theirs)
	}
}

// TestShuffle: the options choose the order in which due documents are claimed.
func TestShuffle(t *testing.T) {
	t.Parallel()
	for _, reverse := range []bool{false, true} {
		s, _ := memory.New(func(o *store.Options) {
			o.Shuffle = func(n int, swap func(i, j int)) {
				if reverse {
					swap(0, n-1)
				}
			}
		})
		for i := range 3 {
			if err := s.SetDue(t.Context(), subjectOf(i), start.Add(time.Duration(i)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		claimed, err := s.ClaimDue(t.Context(), start.Add(time.Minute), 1, hourLater)
		if err != nil || len(claimed) != 1 || claimed[0].Subject != subjectOf(map[bool]int{false: 0, true: 2}[reverse]) {
			t.Error(reverse, claimed, err)
		}
	}
}

// TestKilledAnywhere kills a process before and after each command of a chain of writes, and lets another one repeat the
// chain: it ends as if nothing had happened, and in between nothing is there that must not be.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	var person *identity.Person
	for name, c := range map[string]struct {
		before  func(context.Context, *store.Store) error
		chain   func(context.Context, *store.Store) error
		between func(*memory.Client) bool
		after   func(*memory.Client) bool
	}{
		"person": {
			chain: func(ctx context.Context, s *store.Store) error {
				_, err := s.UpdatePersonOf(ctx, claim, start, joins("l"))
				return err
			},
			between: func(m *memory.Client) bool { return len(m.IDs("persons")) <= len(m.IDs("person_keys")) },
			after:   func(m *memory.Client) bool { return len(m.IDs("persons")) == 1 && len(m.IDs("person_keys")) == 1 },
		},
		"no person": {
			before: func(ctx context.Context, s *store.Store) error {
				p, err := s.UpdatePersonOf(ctx, claim, start, joins("l"))
				person = p
				return err
			},
			chain: func(ctx context.Context, s *store.Store) error {
				_, err := s.LeavePerson(ctx, person.ID, "l")
				return err
			},
			between: func(m *memory.Client) bool { return len(m.IDs("person_keys")) <= len(m.IDs("persons")) },
			after:   func(m *memory.Client) bool { return len(m.IDs("persons")) == 0 && len(m.IDs("person_keys")) == 0 },
		},
		"delivery": {
			chain: func(ctx context.Context, s *store.Store) error {
				v := delivery("d", "u", start)
				err := s.InsertDelivery(ctx, v)
				v.State = reminder.DeliveryAccepted
				return errors.Join(err, s.FinishDelivery(ctx, &v))
			},
			between: func(m *memory.Client) bool {
				open := m.Documents("deliveries")
				return len(m.IDs("deliveries_done")) == 0 || len(open) == 0 || open[0].Lookup("state").StringValue() == string(reminder.DeliveryAccepted)
			},
			after: func(m *memory.Client) bool {
				return len(m.IDs("deliveries")) == 0 && len(m.IDs("deliveries_done")) == 1
			},
		},
		"no readings": {
			before: func(ctx context.Context, s *store.Store) error {
				return errors.Join(
					s.SaveAnswer(ctx, subject, &balance.Answer{FetchedAt: start}),
					s.RecordReadings(ctx, []balance.Reading{reading(start, "310", 1)}))
			},
			chain: func(ctx context.Context, s *store.Store) error { return s.DeleteReadings(ctx, subject) },
			after: func(m *memory.Client) bool { return len(m.IDs("answers")) == 0 && len(m.IDs("readings")) == 0 },
		},
	} {
		for kill := 0; ; kill++ {
			s, client := memory.New()
			if c.before != nil {
				if err := c.before(t.Context(), s); err != nil {
					t.Fatal(name, err)
				}
			}
			calls := 0
			hook := func(context.Context, memory.Command) error {
				if calls++; calls > kill {
					return errors.New("killed")
				}
				return nil
			}
			client.SetBefore(hook)
			client.SetAfter(hook)
			err := c.chain(t.Context(), s)
			if c.between != nil && !c.between(client) {
				t.Errorf("%s: killed at %d: a state that must not be", name, kill)
			}
			if again := c.chain(t.Context(), memory.Open(client.Connect())); again != nil || !c.after(client) {
				t.Errorf("%s: killed at %d: %v", name, kill, again)
			}
			if err == nil {
				break
			}
		}
	}
}

// TestFinishedIsNotInsertedAgain: not even for an instant, in which it would be sent.
func TestFinishedIsNotInsertedAgain(t *testing.T) {
	t.Parallel()
	s, client := memory.New()
	v := delivery("d", "u", start)
	for range 2 {
		if err := s.InsertDelivery(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		v.State = reminder.DeliveryAccepted
		if err := s.FinishDelivery(t.Context(), &v); err != nil {
			t.Fatal(err)
		}
	}
	if n := client.Counts()["deliveries.insert"]; n != 1 {
		t.Error("inserts:", n)
	}
}

// TestDriverRepeatsOneDelete: the filters of single deletes begin with the id, by which the driver knows them.
func TestDriverRepeatsOneDelete(t *testing.T) {
	t.Parallel()
	s, client := memory.New()
	var deleted []string
	client.SetBefore(func(_ context.Context, c memory.Command) error {
		deleted = append(deleted, c.ID)
		return nil
	})
	err := errors.Join(s.DeleteRule(t.Context(), "l"), s.ReleaseUser(t.Context(), "u", "h"))
	if err != nil || !slices.Equal(deleted, []string{"l", "u"}) {
		t.Error(deleted, err)
	}
}
