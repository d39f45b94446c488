package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
	"yibao/platforms/simulator"
)

// owner is one person with a reminder, whose balance falls and recovers.
type owner struct {
	phone    *phone.Phone
	person   phone.Person
	id       string // of the link
	template string
	falls    atomic.Int64
	newest   string // delivery of the last fall
}

// link signs people in, links them, sets their lines and lets the platforms allow more messages than will come.
func (s *scene) link(ctx context.Context, n int) ([]*owner, error) {
	people, err := inventedPeople()
	if err != nil {
		return nil, err
	}
	if len(people) < n {
		return nil, fmt.Errorf("the world has only %d people that fit", len(people))
	}
	var owners []*owner
	for i := range n {
		platform := world.Platforms[i%len(world.Platforms)].Name
		o := &owner{person: people[i],
			phone: phone.New("http://"+s.address, "http://"+s.outside, platform, world.App, fmt.Sprintf("owner%d", i))}
		if err := o.begin(ctx); err != nil {
			return nil, fmt.Errorf("owner %d: %w", i, err)
		}
		owners = append(owners, o)
	}
	return owners, nil
}

// inventedPeople lists who lives in any world: they are the same in all.
func inventedPeople() ([]phone.Person, error) {
	w, err := simulator.OpenWorld(simulator.WorldOptions{})
	if err != nil {
		return nil, err
	}
	return world.People(w), w.Close()
}

func (o *owner) begin(ctx context.Context) error {
	if err := o.phone.SignIn(ctx); err != nil {
		return err
	}
	var err error
	if o.id, err = o.phone.Link(ctx, o.person, "demo-1"); err != nil {
		return err
	}
	if err := o.phone.SetBalance(ctx, o.person, "500"); err != nil {
		return err
	}
	time.Sleep(1100 * time.Millisecond) // older than balance.decision_age
	setting := map[string]any{"threshold_fen": 10000, "consent": map[string]any{"version": "demo-1"}}
	if err := o.phone.Call(ctx, http.MethodPut, "/v1/insured/"+o.id+"/reminder", setting, nil); err != nil {
		return err
	}
	var list struct {
		Templates []struct {
			TemplateID string `json:"template_id"`
		} `json:"templates"`
	}
	if err := o.phone.Call(ctx, http.MethodGet, "/v1/templates", nil, &list); err != nil {
		return err
	}
	o.template = list.Templates[0].TemplateID
	_, err = o.phone.Control(ctx, "grant", map[string]any{"platform": o.phone.Platform, "app": world.App,
		"user": o.phone.User, "template": o.template, "n": 1000})
	return err
}

// live falls and recovers until falling ends. Each fall is held until the server has seen it and its message has ended
// one way or the other: a balance that recovers while its message waits is rightly not told.
func (o *owner) live(falling, ctx context.Context) error {
	for falling.Err() == nil {
		if err := o.allow(ctx); err != nil {
			return err
		}
		if err := o.move(ctx, fmt.Sprintf("%d.%02d", mathrand.IntN(99), mathrand.IntN(100)), "below"); err != nil {
			return err
		}
		o.falls.Add(1)
		if err := o.until(ctx, o.told); err != nil {
			return err
		}
		if err := o.move(ctx, fmt.Sprintf("%d.%02d", 200+mathrand.IntN(99), mathrand.IntN(100)), "armed"); err != nil {
			return err
		}
	}
	return nil
}

// allow reports one more grant; a report that a kill left without answer is repeated under its own id.
func (o *owner) allow(ctx context.Context) error {
	report := map[string]any{"report_id": rand.Text(), "results": map[string]string{o.template: "accept"}}
	return o.until(ctx, func() (bool, error) {
		return true, o.phone.Call(ctx, http.MethodPost, "/v1/subscriptions", report, nil)
	})
}

// move sets the balance and waits until the rule is in the state.
func (o *owner) move(ctx context.Context, yuan, state string) error {
	if err := o.until(ctx, func() (bool, error) { return true, o.phone.SetBalance(ctx, o.person, yuan) }); err != nil {
		return err
	}
	return o.until(ctx, func() (bool, error) {
		var rule struct{ State string }
		err := o.phone.Call(ctx, http.MethodGet, "/v1/insured/"+o.id+"/reminder", nil, &rule)
		return rule.State == state, err
	})
}

// told says whether a newer message than the one before this fall is there and has ended.
func (o *owner) told() (bool, error) {
	var list struct {
		Deliveries []struct {
			ID      string
			EndedAt *time.Time `json:"ended_at"`
		}
	}
	err := o.phone.Call(context.Background(), http.MethodGet, "/v1/insured/"+o.id+"/deliveries", nil, &list)
	if err != nil || len(list.Deliveries) == 0 {
		return false, err
	}
	newest := list.Deliveries[0]
	if newest.ID == o.newest || newest.EndedAt == nil {
		return false, nil
	}
	o.newest = newest.ID
	return true, nil
}

// until repeats a step through kills. An answer that says our request is wrong ends it.
func (o *owner) until(ctx context.Context, step func() (bool, error)) error {
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; {
		ok, err := step()
		var refused *phone.StatusError
		switch {
		case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
			_ = o.phone.SignIn(ctx) // the next step tells
		case errors.As(err, &refused) && refused.Status < 500 && refused.Status != http.StatusTooManyRequests:
			return err
		case err == nil && ok:
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.Join(ctx.Err(), fmt.Errorf("%s waited too long", o.phone.User))
}

// messages lists the notifications that arrived on this owner's phone.
func (o *owner) messages(ctx context.Context) ([]phone.Message, error) {
	return o.phone.Inbox(ctx, url.Values{"user": {o.phone.User}, "kind": {o.phone.Platform}})
}
