package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"yibao/config"
	"yibao/reminder"
	"yibao/store"
)

// count is what the run came to.
type count struct {
	lost, doubled, unknown, stray, falls int
}

// judge waits until every delivery has ended, and counts.
func (s *scene) judge(ctx context.Context, owners []*owner) error {
	db, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	var total count
	for _, o := range owners {
		if err := s.judgeOne(ctx, db, o, &total); err != nil {
			return err
		}
	}
	fmt.Printf("kills %d, falls %d, unknown outcomes that no kill explains %d\n", len(s.kills), total.falls, total.stray)
	fmt.Printf("lost %d doubled %d unknown %d of %d\n", total.lost, total.doubled, total.unknown, total.falls)
	if total.lost+total.doubled+total.stray > 0 || total.falls == 0 {
		s.keep = true
		return fmt.Errorf("messages were lost or doubled, or nothing was tried; see %s", s.dir)
	}
	return nil
}

// openStore reads the store itself: the API does not tell when a request was about to leave.
func (s *scene) openStore(ctx context.Context) (*store.Store, error) {
	c, err := config.Load(filepath.Join(s.data(), "config.yaml"), nil)
	if err != nil {
		return nil, err
	}
	keys, err := store.LoadKeyring(store.KeyFiles{Seal: c.Keys.SealFile, Lookup: c.Keys.LookupFile,
		Proof: c.Keys.ProofFile, Code: c.Keys.CodeFile})
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Options{URI: c.MongoDB.URI.Reveal(), Database: c.MongoDB.Database, Keys: keys, Now: time.Now})
}

func (s *scene) judgeOne(ctx context.Context, db *store.Store, o *owner, total *count) error {
	deliveries, err := ended(ctx, db, o.id)
	if err != nil {
		return err
	}
	messages, err := o.messages(ctx)
	if err != nil {
		return err
	}
	for _, d := range deliveries {
		if d.State != reminder.DeliveryAccepted && d.State != reminder.DeliveryUnknown {
			fmt.Printf("%s: a delivery ended as %s %s %s\n", o.phone.User, d.State, d.Reason, d.Code)
		}
	}
	total.add(tally(int(o.falls.Load()), len(messages), deliveries, s.kills))
	return nil
}

// tally judges one owner: every fall must have one message on the phone, and no more, but for those whose outcome is
// unknown, which may or may not have arrived.
func tally(falls, messages int, deliveries []reminder.Delivery, kills []time.Time) count {
	c := count{falls: falls}
	accepted := 0
	for _, d := range deliveries {
		switch d.State {
		case reminder.DeliveryAccepted:
			accepted++
		case reminder.DeliveryUnknown:
			c.unknown++
			if !inFlight(d, kills) {
				c.stray++
			}
		}
	}
	c.lost = max(falls-accepted-c.unknown, 0) + max(accepted-messages, 0)
	c.doubled = max(messages-accepted-c.unknown, 0) + max(accepted+c.unknown-falls, 0)
	return c
}

func (c *count) add(one count) {
	c.lost += one.lost
	c.doubled += one.doubled
	c.unknown += one.unknown
	c.stray += one.stray
	c.falls += one.falls
}

// ended returns the link's deliveries once all are over.
func ended(ctx context.Context, db *store.Store, linkID string) ([]reminder.Delivery, error) {
	for range 600 {
		list, err := db.DeliveriesOf(ctx, linkID, 100000)
		if err != nil {
			return nil, err
		}
		over := true
		for _, d := range list {
			over = over && d.Over()
		}
		if over {
			return list, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.New("deliveries do not end")
}

// inFlight says whether a kill came after the request was about to leave and before its outcome was written.
func inFlight(d reminder.Delivery, kills []time.Time) bool {
	for _, at := range kills {
		// The store keeps milliseconds.
		if !at.Before(d.SendingAt.Add(-time.Millisecond)) && at.Before(d.EndedAt) {
			return true
		}
	}
	return false
}
