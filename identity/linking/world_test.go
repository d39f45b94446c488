package linking_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/document"
	"yibao/identity/identitytest"
	"yibao/identity/linking"
	"yibao/store"
	"yibao/store/memory"
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
		if n, err := document.NormaliseNumber("01", body+string(c)); err == nil {
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

// world is a linking service on the real store above a database in memory. The test looks at the database through a client
// of its own, which no hook stops.
type world struct {
	db        *memory.Client // the service's
	peek      *store.Store
	keys      *store.Keyring
	registry  *identitytest.Registry
	phones    *identitytest.Phones
	clock     *identitytest.Clock
	now       func() time.Time // of the services; the clock's unless the test sets it
	alarms    int
	followers *followers
	linking   *linking.Service
	config    linking.Config
	methods   []identity.Method
}

func newWorld(change ...func(*linking.Config)) *world { return newWorldWith(memory.Keys(), change...) }

func newWorldWith(keys *store.Keyring, change ...func(*linking.Config)) *world {
	server := memory.NewServer()
	w := &world{
		db: server.Connect(), keys: keys, registry: &identitytest.Registry{}, phones: &identitytest.Phones{},
		clock:     identitytest.NewClock(time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)),
		followers: &followers{known: map[string]bool{}, shared: map[string]bool{}},
		methods:   []identity.Method{identity.SMSOnFile, identity.CardPassword},
	}
	w.now = func() time.Time { return w.clock.Now() }
	w.config.SetDefaults()
	for _, c := range change {
		c(&w.config)
	}
	w.peek = w.open(server.Connect())
	w.db.SetTwice(true)
	w.registry.Add(personA, phoneA)
	w.registry.Add(personB, phoneB)
	w.linking = w.process(w.db)
	return w
}

func (w *world) open(db *memory.Client) *store.Store {
	return memory.Open(db, func(o *store.Options) { o.Now, o.Keys = func() time.Time { return w.now() }, w.keys })
}

// another is one more process on the same database, which no hook stops.
func (w *world) another() *linking.Service { return w.process(w.db.Connect()) }

func (w *world) process(db *memory.Client) *linking.Service {
	l, err := linking.New(w.config, w.deps(w.open(db)))
	if err != nil {
		panic(err)
	}
	return l
}

func (w *world) deps(s *store.Store) linking.Deps {
	regions := identity.NewRegions([]identity.Region{
		{Code: region, Methods: w.methods}, {Code: "990200", Methods: w.methods}, {Code: "990300"},
	}, map[identity.AppKey][]string{{Platform: identity.WeChat, App: "main"}: {region, "990200", "990300"}})
	return linking.Deps{
		Store: s, Registry: w.registry, Regions: regions, Codes: w.phones, Cards: w.registry, Digests: w.keys,
		Consent: identity.ConsentText{Version: consent, Text: "synthetic consent", Unattended: "and its second part"}, Followers: []identity.Follower{w.followers},
		Now: func() time.Time { return w.now() }, Alarm: func(string) { w.alarms++ }, Step: time.Nanosecond,
	}
}

// before sets a hook that runs before each database command of the service, with its name such as "persons.find".
func (w *world) before(hook func(command string) error) { w.db.SetBefore(named(hook)) }

func named(hook func(string) error) memory.Hook {
	if hook == nil {
		return nil
	}
	return func(_ context.Context, c memory.Command) error { return hook(c.String()) }
}

// meanwhile runs do once, before the nth database command from now (0 is the next one), and counts the commands.
func (w *world) meanwhile(nth int, do func()) (seen func() int) {
	n := 0
	w.before(func(string) error {
		if n++; n == nth+1 {
			do()
		}
		return nil
	})
	return func() int {
		w.before(nil)
		return n
	}
}

// caller signs a user in past all hooks, and returns it with its present links.
func (w *world) caller(who string) *identity.Caller {
	u, err := w.peek.SignedIn(context.Background(), identity.PlatformAccount{
		Platform: identity.WeChat, App: "main", AppID: "id", OpenID: who,
	}, w.clock.Now())
	if err != nil {
		panic(err)
	}
	return &identity.Caller{UserID: u.ID, Platform: identity.WeChat, App: "main", Links: u.Active()}
}

func request(claim identity.Claim) linking.Request {
	return linking.Request{
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
	l := w.another()
	a, err := l.Start(t.Context(), c, request(claim))
	if err != nil {
		t.Fatal(err)
	}
	l.Wait()
	done, err := l.Prove(t.Context(), c, a.ID, code(w.phones.Last(phone)))
	if err != nil || done.State != identity.AttemptLinked {
		t.Fatalf("not linked: %+v, %v", done, err)
	}
	link, err := w.caller(who).Link(done.LinkID)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func code(c string) linking.Answer { return linking.Answer{Code: c} }

// wrong is a code that differs from the right one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// contents are all documents but sessions and changes.
type contents struct {
	Users    []*identity.PlatformUser
	Attempts []*identity.Attempt
	Persons  []*identity.Person
	Slots    []identity.Slot
	Counters []*identity.Counter
}

// links lists all links of all users that are not tombstones.
func (c contents) links() []identity.Link {
	var all []identity.Link
	for _, u := range c.Users {
		all = append(all, slices.DeleteFunc(slices.Clone(u.Links), func(l identity.Link) bool { return l.State == identity.LinkEnded })...)
	}
	return all
}

// left is how many documents and data of persons there are: none once the last link is gone.
func (w *world) left() int {
	return len(w.db.IDs("persons")) + len(w.db.IDs("person_keys")) + len(w.followers.shared) + len(w.followers.known)
}

// contents reads the database past all hooks, ordered by id.
func (w *world) contents() contents {
	ctx := context.Background()
	var c contents
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	for _, id := range slices.Sorted(slices.Values(w.db.IDs("platform_users"))) {
		u, err := w.peek.User(ctx, id)
		must(err)
		c.Users = append(c.Users, u)
	}
	for _, id := range slices.Sorted(slices.Values(w.db.IDs("link_attempts"))) {
		a, err := w.peek.Attempt(ctx, id)
		must(err)
		c.Attempts = append(c.Attempts, a)
	}
	for _, id := range slices.Sorted(slices.Values(w.db.IDs("persons"))) {
		p, err := w.peek.Person(ctx, id)
		if errors.Is(err, identity.ErrNotFound) {
			continue // its last slot was left
		}
		must(err)
		c.Persons = append(c.Persons, p)
		c.Slots = append(c.Slots, p.Slots...)
	}
	for _, key := range slices.Sorted(slices.Values(w.db.IDs("counters"))) {
		seen := errors.New("seen")
		err := w.peek.UpdateCounter(ctx, key, func(counter *identity.Counter) error {
			c.Counters = append(c.Counters, &identity.Counter{Key: counter.Key, Hits: slices.Clone(counter.Hits)})
			return seen
		})
		if !errors.Is(err, seen) {
			panic(err)
		}
	}
	return c
}

// hits is how many events each counter holds.
func hits(w *world) map[string]int {
	n := map[string]int{}
	for _, c := range w.contents().Counters {
		n[c.Key] = len(c.Hits)
	}
	return n
}

// total adds up counts.
func total(counts map[string]int) int {
	n := 0
	for v := range maps.Values(counts) {
		n += v
	}
	return n
}
