package balance

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"yibao/identity"
)

const region = "990100"

var (
	subject = Subject{PersonID: "person-1", Region: region}
	start   = time.Date(2026, 11, 21, 8, 0, 0, 0, Shanghai)
	errDown = errors.New("fake: down")
)

func fen(n int64) *Fen {
	f := Fen(n)
	return &f
}

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// fakeUpstream answers with the test's function.
type fakeUpstream struct {
	mu     sync.Mutex
	calls  int
	claims []identity.Claim
	answer func(ctx context.Context, claim identity.Claim) (*Answer, error)
}

func (u *fakeUpstream) Enrolments(ctx context.Context, _ string, claim identity.Claim) (*Answer, error) {
	u.mu.Lock()
	u.calls++
	u.claims = append(u.claims, claim)
	answer := u.answer
	u.mu.Unlock()
	return answer(ctx, claim)
}

func (u *fakeUpstream) set(answer func(ctx context.Context, claim identity.Claim) (*Answer, error)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answer = answer
}

func (u *fakeUpstream) fail(err error) {
	u.set(func(context.Context, identity.Claim) (*Answer, error) { return nil, err })
}

func (u *fakeUpstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.calls
}

// fakePeople knows persons and slots.
type fakePeople struct {
	mu      sync.Mutex
	persons map[string]identity.Person
	slots   []identity.Slot
	err     error
	reads   int
}

func (p *fakePeople) Person(_ context.Context, id string) (*identity.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads++
	if p.err != nil {
		return nil, p.err
	}
	person, ok := p.persons[id]
	if !ok {
		return nil, identity.ErrNotFound
	}
	return &person, nil
}

func (p *fakePeople) Slots(_ context.Context, personID string) ([]identity.Slot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads++
	if p.err != nil {
		return nil, p.err
	}
	var list []identity.Slot
	for _, s := range p.slots {
		if s.PersonID == personID {
			list = append(list, s)
		}
	}
	return list, nil
}

func (p *fakePeople) setSlots(slots ...identity.Slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slots = slots
}

// world is a service with one linked, consenting person in a region that answers ¥120.50.
type world struct {
	*Service
	clock    *clock
	upstream *fakeUpstream
	people   *fakePeople
	store    *fakeStore
	caller   *identity.Caller
}

func newWorld(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	w := &world{clock: &clock{t: start}, upstream: &fakeUpstream{}, store: newFakeStore()}
	w.upstream.set(w.answering(12050))
	w.people = &fakePeople{
		persons: map[string]identity.Person{
			subject.PersonID: {ID: subject.PersonID, Name: "测试甲", IDType: "01", IDNumber: "000000000000000001"},
		},
		slots: []identity.Slot{{LinkID: "link-1", UserID: "user-1", Region: region, Unattended: true}},
	}
	w.caller = &identity.Caller{UserID: "user-1", Links: []identity.Link{{
		ID: "link-1", PersonID: subject.PersonID, Region: region, Relation: identity.Parent, Since: start,
	}}}
	cfg := defaults()
	for _, c := range change {
		c(&cfg)
	}
	w.Service = NewService(cfg, w.deps())
	if err := w.Linked(context.Background(), "user-1", w.caller.Links[0]); err != nil {
		t.Fatal(err)
	}
	return w
}

func defaults() (c Config) {
	c.SetDefaults()
	return c
}

func (w *world) deps() Deps {
	return Deps{Upstream: w.upstream, People: w.people, Store: w.store, Regions: regions(true), Now: w.clock.now}
}

// regions is a directory of the one region, open to unattended questions or closed to them.
func regions(open bool) *identity.Regions {
	return identity.NewRegions([]identity.Region{{Code: region, Unattended: open}}, nil)
}

// answering returns an upstream that knows one active enrolment with that balance, fetched now.
func (w *world) answering(balance int64) func(context.Context, identity.Claim) (*Answer, error) {
	return func(context.Context, identity.Claim) (*Answer, error) {
		now := w.clock.now()
		return &Answer{
			Enrolments: []Enrolment{{
				InsuranceType: "310", Status: StatusActive, Region: region,
				Account: PersonalAccount{Exists: AccountYes, Balance: fen(balance)},
			}},
			AsOf: now.Add(-time.Second), FetchedAt: now, Source: "fsi/1101", Completeness: Complete,
		}, nil
	}
}

func (w *world) current() (*Answer, error) {
	return w.Current(context.Background(), w.caller, "link-1")
}
