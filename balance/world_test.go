package balance_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/identity"
	"yibao/identity/identitytest"
	"yibao/store"
	"yibao/store/memory"
)

const (
	region = "990100"
	other  = "990200"
	today  = balance.Day("2026-11-21") // a Saturday; its week began on the 16th
)

var (
	start     = time.Date(2026, 11, 21, 8, 0, 0, 0, balance.Shanghai)
	person    = identity.Claim{Region: region, Name: "测试甲", IDType: "01", IDNumber: "000000000000000001"}
	errDown   = errors.New("down")
	errKilled = errors.New("killed")
)

func fen(n int64) *balance.Fen {
	f := balance.Fen(n)
	return &f
}

// Accounts without a figure.
var (
	unread  = balance.PersonalAccount{Exists: balance.AccountYes}
	none    = balance.PersonalAccount{Exists: balance.AccountNo}
	unknown = balance.PersonalAccount{Exists: balance.AccountUnknown}
)

// known is an account with that balance.
func known(n int64) balance.PersonalAccount {
	return balance.PersonalAccount{Exists: balance.AccountYes, Balance: fen(n)}
}

func same(a, b *balance.Fen) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// upstream answers with the test's function.
type upstream struct {
	mu     sync.Mutex
	calls  int
	claims []identity.Claim
	answer answerer
}

type answerer func(ctx context.Context, claim identity.Claim) (*balance.Answer, error)

func (u *upstream) Enrolments(ctx context.Context, _ string, claim identity.Claim) (*balance.Answer, error) {
	u.mu.Lock()
	u.calls++
	u.claims = append(u.claims, claim)
	answer := u.answer
	u.mu.Unlock()
	return answer(ctx, claim)
}

func (u *upstream) set(answer answerer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answer = answer
}

func (u *upstream) fail(err error) {
	u.set(func(context.Context, identity.Claim) (*balance.Answer, error) { return nil, err })
}

func (u *upstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.calls
}

// world is a service on the real store above a database in memory, with one linked, consenting person in a region that
// answers ¥120.50. The test looks at the database through a store of its own, which no hook stops.
type world struct {
	*balance.Service
	t        rapid.TB
	cfg      balance.Config
	db       *memory.Client // the service's
	peek     *store.Store
	second   *balance.Service // another process, which no hook stops
	clock    *identitytest.Clock
	upstream *upstream
	user     string // the one platform user's id
	caller   *identity.Caller
	link     identity.Link // the caller's first
	subject  balance.Subject
}

func newWorld(t rapid.TB, change ...func(*balance.Config)) *world {
	server := memory.NewServer()
	w := &world{t: t, db: server.Connect(), peek: memory.Open(server.Connect()), clock: identitytest.NewClock(start), upstream: &upstream{}}
	w.db.SetTwice(true)
	w.cfg.SetDefaults()
	for _, c := range change {
		c(&w.cfg)
	}
	w.upstream.set(w.answering(12050))
	w.second = w.process(w.peek, func(*balance.Deps) {})
	u, err := w.peek.SignedIn(context.Background(), identity.PlatformAccount{Platform: identity.WeChat, OpenID: "user-1"}, start)
	w.must(err)
	w.user = u.ID
	w.link = w.begin(person, "link-1")
	w.subject = subjectOf(w.link)
	w.caller = &identity.Caller{UserID: w.user, Links: []identity.Link{w.link}}
	w.with(func(*balance.Deps) {})
	return w
}

// with starts the service anew, with other dependencies.
func (w *world) with(change func(*balance.Deps)) { w.Service = w.process(memory.Open(w.db), change) }

// another is a process that remembers nothing, and which no hook stops.
func (w *world) another() *balance.Service { return w.process(w.peek, func(*balance.Deps) {}) }

func (w *world) process(s *store.Store, change func(*balance.Deps)) *balance.Service {
	deps := balance.Deps{Upstream: w.upstream, People: s, Store: s, Regions: regions(true), Now: w.clock.Now}
	change(&deps)
	return balance.NewService(w.cfg, deps)
}

// regions is a directory of the one region, open to unattended questions or closed to them.
func regions(open bool) *identity.Regions {
	return identity.NewRegions([]identity.Region{{Code: region, Unattended: open}}, nil)
}

// answering returns an upstream that knows one active enrolment with that balance, fetched now.
func (w *world) answering(fen int64) answerer {
	return func(context.Context, identity.Claim) (*balance.Answer, error) { return answer(fen, w.clock.Now()), nil }
}

func answer(amount int64, fetched time.Time) *balance.Answer {
	return &balance.Answer{
		Enrolments: []balance.Enrolment{{
			InsuranceType: "310", Status: balance.StatusActive, Region: region, Account: known(amount),
		}},
		AsOf: fetched.Add(-time.Second), FetchedAt: fetched, Source: "fsi/1101", Coverage: balance.Complete,
	}
}

func (w *world) current() (*balance.Answer, error) { return w.read(w.link.ID) }

func (w *world) read(linkID string) (*balance.Answer, error) {
	return w.Current(context.Background(), w.caller, linkID)
}

func (w *world) fresh() (*balance.Answer, error) { return w.Fresh(context.Background(), w.subject) }

// must reports a failure of the test's own means. It may run on any goroutine.
func (w *world) must(err error) {
	if err != nil {
		w.t.Error(err)
	}
}

// begin makes a link as package linking does: it takes its slot, then the follower is told.
func (w *world) begin(claim identity.Claim, linkID string) identity.Link {
	link := w.join(claim, linkID, true)
	w.must(w.second.Linked(context.Background(), w.user, link))
	return link
}

// join takes the slot of a link and writes the link, or changes its consent.
func (w *world) join(claim identity.Claim, linkID string, unattended bool) identity.Link {
	p, err := w.peek.UpdatePersonOf(context.Background(), claim, start, func(p *identity.Person) error {
		slot := identity.Slot{LinkID: linkID, UserID: w.user, Region: claim.Region}
		return p.Join(slot, claim.Name, 8)
	})
	if err != nil {
		w.t.Error(err)
		return identity.Link{}
	}
	link := identity.Link{
		ID: linkID, PersonID: p.ID, Region: claim.Region, Relation: identity.Parent, Since: start, State: identity.LinkActive,
		Consent: identity.Consent{Unattended: unattended},
	}
	w.editLinks(func(links []identity.Link) []identity.Link { return append(without(links, linkID), link) })
	return link
}

func (w *world) editLinks(edit func([]identity.Link) []identity.Link) {
	_, err := w.peek.UpdateUser(context.Background(), w.user, func(u *identity.PlatformUser) error {
		u.Links = edit(u.Links)
		return nil
	})
	w.must(err)
}

func without(links []identity.Link, id string) []identity.Link {
	return slices.DeleteFunc(links, func(l identity.Link) bool { return l.ID == id })
}

// stay links the person in another region, so that the person stays when its last link here ends.
func (w *world) stay() {
	claim := person
	claim.Region = other
	w.join(claim, "link-elsewhere", true)
}

// end ends a link as package linking does: it leaves its slot, then the follower is told.
func (w *world) end(link identity.Link, follower *balance.Service) error {
	w.editLinks(func(links []identity.Link) []identity.Link { return without(links, link.ID) })
	left, err := w.peek.LeavePerson(context.Background(), link.PersonID, link.ID)
	w.must(err)
	return follower.Unlinked(context.Background(), w.user, link, left)
}

// others links the caller to n more persons; each link has its person's name as its id.
func (w *world) others(n int) (ids []string) {
	for i := range n {
		id := "p" + strconv.Itoa(i)
		w.caller.Links = append(w.caller.Links, w.begin(identity.Claim{Region: region, Name: id, IDType: "01", IDNumber: id}, id))
		ids = append(ids, id)
	}
	return ids
}

func (w *world) subjectOf(linkID string) balance.Subject {
	link, err := w.caller.Link(linkID)
	w.must(err)
	return subjectOf(link)
}

func subjectOf(link identity.Link) balance.Subject {
	return balance.Subject{PersonID: link.PersonID, Region: link.Region}
}

// fail lets the service's commands of those names fail, such as "persons.find" or "answers."; none ends that.
func (w *world) fail(names ...string) {
	w.before(func(command string) error {
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(command, name) }) {
			return errDown
		}
		return nil
	})
}

// before sets a hook that runs before each database command of the service.
func (w *world) before(hook func(command string) error) {
	w.db.SetAfter(nil)
	w.db.SetBefore(func(_ context.Context, c memory.Command) error { return hook(c.String()) })
}

// never is a place that is not reached.
const never = -1

// places calls at before and after each of the service's commands from now on: place 2n is before the nth one, 2n+1 after
// it. Its error stops the command, or loses its answer. passed ends that, and returns how many places there were.
func (w *world) places(at func(place int) error) (passed func() int) {
	var mu sync.Mutex
	place, busy := 0, false
	hook := func(context.Context, memory.Command) error {
		mu.Lock()
		defer mu.Unlock()
		if busy { // a command that at sends itself, in the same process
			return nil
		}
		busy = true
		mu.Unlock()
		err := at(place)
		mu.Lock()
		busy = false
		place++
		return err
	}
	w.db.SetBefore(hook)
	w.db.SetAfter(hook)
	return func() int {
		w.db.SetBefore(nil)
		w.db.SetAfter(nil)
		return place
	}
}

// walk tries each place up to that of the longest run. It tries never first.
func walk(try func(place int) (places int)) {
	for place, most := 0, try(never); place < most; place++ {
		most = max(most, try(place))
	}
}

// script does things at their places. From the place of the kill on, no command happens and no answer arrives.
func script(kill int, events map[int]func()) func(place int) error {
	return func(place int) error {
		if kill != never && place >= kill {
			return errKilled
		}
		if do := events[place]; do != nil {
			do()
		}
		return nil
	}
}

// commands is how many commands the service has sent.
func (w *world) commands() int {
	n := 0
	for _, count := range w.db.Counts() {
		n += count
	}
	return n
}

// schedules are all schedules, by subject.
func (w *world) schedules() map[balance.Subject]balance.Schedule {
	all := map[balance.Subject]balance.Schedule{}
	for _, raw := range w.db.Documents("schedules") {
		var d struct {
			PersonID string    `bson:"person_id"`
			Region   string    `bson:"region"`
			DueAt    time.Time `bson:"due_at"`
			Failures int       `bson:"failures"`
		}
		w.must(bson.Unmarshal(raw, &d))
		subject := balance.Subject{PersonID: d.PersonID, Region: d.Region}
		all[subject] = balance.Schedule{Subject: subject, DueAt: d.DueAt, Failures: d.Failures}
	}
	return all
}

func (w *world) schedule() balance.Schedule { return w.schedules()[w.subject] }

// kept is how many documents hold readings or answers, of any subject.
func (w *world) kept() int { return len(w.db.IDs("readings")) + len(w.db.IDs("answers")) }

// point is the subject's stored figure of a day and of employees' insurance, nil without one.
func (w *world) point(day balance.Day) *balance.Fen {
	points, err := w.peek.Points(context.Background(), w.subject, day, day)
	w.must(err)
	for _, p := range points["310"] {
		return p.Account.Balance
	}
	return nil
}

// remembers says whether the service has a fresh answer in memory. The upstream fails from now on.
func (w *world) remembers() bool {
	w.upstream.fail(balance.ErrTimeout)
	a, err := w.current()
	return err == nil && !a.Stale && a.Coverage == balance.Complete
}
