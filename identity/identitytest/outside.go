// Package identitytest offers stand-ins for the outside that identity asks: region, phone, platform and clock.
package identitytest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"yibao/identity"
)

// Registry is an identity.Registry with a list of people.
type Registry struct {
	mu     sync.Mutex
	people map[string]map[string]person // region and number → name → person
	down   error
	asked  int
}

type person struct{ phone, card, password string }

// Add makes a person known in a region; an empty phone is none on file.
func (r *Registry) Add(claim identity.Claim, phone string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.people == nil {
		r.people = map[string]map[string]person{}
	}
	if r.people[claim.Region+claim.IDNumber] == nil {
		r.people[claim.Region+claim.IDNumber] = map[string]person{}
	}
	r.people[claim.Region+claim.IDNumber][claim.Name] = person{phone: phone}
}

// Card gives a known person an insurance card.
func (r *Registry) Card(claim identity.Claim, number, password string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.people[claim.Region+claim.IDNumber][claim.Name]
	p.card, p.password = number, password
	r.people[claim.Region+claim.IDNumber][claim.Name] = p
}

// Remove makes the person unknown.
func (r *Registry) Remove(claim identity.Claim) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.people, claim.Region+claim.IDNumber)
}

// Fail makes every question fail with the error; nil ends that.
func (r *Registry) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = err
}

// Asked returns how many questions were asked.
func (r *Registry) Asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

// Match implements identity.Registry.
func (r *Registry) Match(_ context.Context, claim identity.Claim) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.down != nil {
		return "", r.down
	}
	p, err := r.find(claim)
	return p.phone, err
}

// VerifyCard implements linking.Cards.
func (r *Registry) VerifyCard(_ context.Context, claim identity.Claim, number, password string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.down != nil {
		return r.down
	}
	p, err := r.find(claim)
	if err == nil && (p.card == "" || number != p.card || password != p.password) {
		return identity.ErrMismatch
	}
	return err
}

func (r *Registry) find(claim identity.Claim) (person, error) {
	holders := r.people[claim.Region+claim.IDNumber]
	p, ok := holders[claim.Name]
	switch {
	case len(holders) == 0:
		return person{}, identity.ErrNotEnrolled
	case !ok:
		return person{}, identity.ErrMismatch
	}
	return p, nil
}

// SMS is one message that left.
type SMS struct{ Phone, Code, Request string }

// Phones is an identity.CodeSender that keeps what it is given.
type Phones struct {
	mu    sync.Mutex
	inbox []SMS
	err   error
}

// SendCode implements identity.CodeSender.
func (p *Phones) SendCode(_ context.Context, phone, code, request string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !errors.Is(p.err, identity.ErrNotSent) {
		p.inbox = append(p.inbox, SMS{phone, code, request})
	}
	return p.err
}

// Fail makes every message end with the error: with identity.ErrNotSent it does not arrive. nil ends that.
func (p *Phones) Fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// Inbox returns all messages, oldest first.
func (p *Phones) Inbox() []SMS {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.inbox)
}

// Last returns the last code sent to the phone; "" without one.
func (p *Phones) Last(phone string) string {
	inbox := p.Inbox()
	for _, m := range slices.Backward(inbox) {
		if m.Phone == phone {
			return m.Code
		}
	}
	return ""
}

// Platform is an identity.Authenticator that knows one app; the code is the open id.
type Platform struct {
	Name identity.Platform
	App  string
	Err  error // returned when set
}

// SignIn implements identity.Authenticator.
func (p *Platform) SignIn(_ context.Context, app, code string) (identity.PlatformAccount, error) {
	if p.Err != nil {
		return identity.PlatformAccount{}, p.Err
	}
	if app != p.App {
		return identity.PlatformAccount{}, identity.ErrNoSuchApp
	}
	return identity.PlatformAccount{Platform: p.Name, App: app, AppID: "id-of-" + app, OpenID: code}, nil
}

// Clock is a clock that stands until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at the time.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now is the time it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves it on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
