package identity_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/identitytest"
)

const (
	region  = "990100"
	phoneA  = "13900000001"
	phoneB  = "13900000002"
	consent = "v1"
)

// Plainly invented people; the numbers' check characters are right.
var (
	personA = identity.Claim{Region: region, Name: "测试甲", IDType: "01", IDNumber: number("99010019800101001")}
	personB = identity.Claim{Region: region, Name: "测试乙", IDType: "01", IDNumber: number("99010019900202002")}
	nobody  = identity.Claim{Region: region, Name: "测试丙", IDType: "01", IDNumber: number("99010019700303003")}
	minor   = identity.Claim{Region: region, Name: "测试丁", IDType: "01", IDNumber: number("99010020200404004")}
)

// number turns the 9 in front into a 1, as no area begins with 9, and adds the check character.
func number(body string) string {
	body = "1" + body[1:]
	for _, c := range "0123456789X" {
		if n, err := identity.NormaliseIDNumber("01", body+string(c)); err == nil {
			return n
		}
	}
	panic("no check character fits " + strconv.Quote(body))
}

// followers remembers which links the followers know, and fails when told to.
type followers struct {
	mu     sync.Mutex
	known  map[string]bool
	shared map[string]bool // person → data that goes with the last link
	err    error
	during func() // runs once, at the beginning of the next call
}

func (f *followers) interrupt() {
	f.mu.Lock()
	during := f.during
	f.during = nil
	f.mu.Unlock()
	if during != nil {
		during()
	}
}

func (f *followers) Linked(_ context.Context, _ string, l identity.Link) error {
	f.interrupt()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	f.known[l.ID], f.shared[l.PersonID] = true, true
	return nil
}

func (f *followers) Unlinked(_ context.Context, _ string, l identity.Link, left []identity.Slot) error {
	f.interrupt()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	delete(f.known, l.ID)
	if len(left) == 0 {
		delete(f.shared, l.PersonID)
	}
	return nil
}

// world is a linking service over stand-ins.
type world struct {
	store     *identitytest.Store
	registry  *identitytest.Registry
	phones    *identitytest.Phones
	clock     *identitytest.Clock
	followers *followers
	linking   *identity.Linking
	config    identity.LinkingConfig
}

func newWorld(change ...func(*identity.LinkingConfig)) *world {
	w := &world{
		store: identitytest.NewStore(), registry: &identitytest.Registry{}, phones: &identitytest.Phones{},
		clock:     identitytest.NewClock(time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)),
		followers: &followers{known: map[string]bool{}, shared: map[string]bool{}},
		config: identity.LinkingConfig{
			ConsentVersion: consent, ConsentText: "synthetic consent",
			Apps: func(_ identity.Platform, app, _ string) bool { return app == "main" },
		},
	}
	for _, c := range change {
		c(&w.config)
	}
	w.registry.Add(personA, phoneA)
	w.registry.Add(personB, phoneB)
	w.linking = w.another()
	return w
}

// another is one more process over the same store.
func (w *world) another() *identity.Linking {
	l, err := identity.NewLinking(w.config, identity.LinkingDeps{
		Store: w.store, Registry: w.registry, Codes: w.phones, Digests: identitytest.Digests{},
		Followers: []identity.Follower{w.followers}, Now: w.clock.Now,
	})
	if err != nil {
		panic(err)
	}
	return l
}

// caller signs a user in past all hooks, and returns it with its present links.
func (w *world) caller(who string) *identity.Caller {
	before, after := w.store.Before, w.store.After
	w.store.Before, w.store.After = nil, nil
	defer func() { w.store.Before, w.store.After = before, after }()
	u, err := w.store.SignedIn(context.Background(), identity.PlatformAccount{
		Platform: identity.WeChat, App: "main", AppID: "id", OpenID: who,
	}, w.clock.Now())
	if err != nil {
		panic(err)
	}
	c := &identity.Caller{UserID: u.ID, Platform: identity.WeChat, App: "main"}
	for _, l := range u.Links {
		if l.State == identity.LinkActive {
			c.Links = append(c.Links, l)
		}
	}
	return c
}

func request(claim identity.Claim) identity.LinkRequest {
	return identity.LinkRequest{
		Region: claim.Region, Name: claim.Name, IDType: claim.IDType, IDNumber: claim.IDNumber,
		Relation: identity.Parent, Method: identity.SMSOnFile, ConsentVersion: consent, Unattended: true,
		Address: "192.0.2.1",
	}
}

func (w *world) start(t testing.TB, c *identity.Caller, claim identity.Claim) *identity.Attempt {
	t.Helper()
	a, err := w.linking.Start(t.Context(), c, request(claim))
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	return a
}

// link goes the whole way and returns the link.
func (w *world) link(t testing.TB, who string, claim identity.Claim, phone string) identity.Link {
	t.Helper()
	c := w.caller(who)
	a := w.start(t, c, claim)
	done, err := w.linking.Prove(t.Context(), c, a.ID, w.phones.Last(phone))
	if err != nil || done.State != identity.AttemptLinked {
		t.Fatalf("not linked: %+v, %v", done, err)
	}
	l, err := w.caller(who).Link(done.LinkID)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// wrong is a code that differs from the right one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}
