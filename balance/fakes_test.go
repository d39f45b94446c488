package balance

import (
	"context"
	"errors"
	"maps"
	"slices"
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

// fakeUpstream answers with what the test put there.
type fakeUpstream struct {
	mu     sync.Mutex
	calls  int
	closed bool // to unattended questions
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

func (u *fakeUpstream) Unattended(string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.closed
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

// fakeStore is the store in memory. before, when set, runs ahead of each call, outside the lock, and may fail it.
type fakeStore struct {
	mu        sync.Mutex
	before    func(op string) error
	ops       []string
	points    map[Subject]map[string]map[Day]Point
	answers   map[Subject]*Answer
	schedules map[Subject]Schedule
}

func newFakeStore() *fakeStore {
	return &fakeStore{
		points:  map[Subject]map[string]map[Day]Point{},
		answers: map[Subject]*Answer{}, schedules: map[Subject]Schedule{},
	}
}

func (s *fakeStore) enter(op string) (func(), error) {
	s.mu.Lock()
	s.ops = append(s.ops, op)
	before := s.before
	s.mu.Unlock()
	if before != nil {
		if err := before(op); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	return s.mu.Unlock, nil
}

func (s *fakeStore) hook(before func(op string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

func (s *fakeStore) RecordReadings(_ context.Context, readings []Reading) error {
	leave, err := s.enter("record")
	if err != nil {
		return err
	}
	defer leave()
	for _, r := range readings {
		of := Subject{r.PersonID, r.Region}
		if s.points[of] == nil {
			s.points[of] = map[string]map[Day]Point{}
		}
		if s.points[of][r.InsuranceType] == nil {
			s.points[of][r.InsuranceType] = map[Day]Point{}
		}
		day := s.points[of][r.InsuranceType]
		if old, ok := day[r.Day()]; !ok || !r.FetchedAt.Before(old.FetchedAt) {
			day[r.Day()] = Point{Day: r.Day(), Account: r.Account, AsOf: r.AsOf, FetchedAt: r.FetchedAt, Source: r.Source}
		}
	}
	return nil
}

func (s *fakeStore) Points(_ context.Context, of Subject, from, to Day) (map[string][]Point, error) {
	leave, err := s.enter("points")
	if err != nil {
		return nil, err
	}
	defer leave()
	result := map[string][]Point{}
	for insurance, days := range s.points[of] {
		for _, day := range slices.Sorted(maps.Keys(days)) {
			if from <= day && day <= to {
				result[insurance] = append(result[insurance], days[day])
			}
		}
	}
	return result, nil
}

func (s *fakeStore) SaveAnswer(_ context.Context, of Subject, answer *Answer) error {
	leave, err := s.enter("save")
	if err != nil {
		return err
	}
	defer leave()
	s.answers[of] = answer.Clone()
	return nil
}

func (s *fakeStore) LastAnswer(_ context.Context, of Subject) (*Answer, error) {
	leave, err := s.enter("last")
	if err != nil {
		return nil, err
	}
	defer leave()
	if a, ok := s.answers[of]; ok {
		return a.Clone(), nil
	}
	return nil, ErrNotFound
}

func (s *fakeStore) EnsureSchedule(_ context.Context, of Subject, due time.Time) error {
	leave, err := s.enter("ensure")
	if err != nil {
		return err
	}
	defer leave()
	if _, ok := s.schedules[of]; !ok {
		s.schedules[of] = Schedule{Subject: of, DueAt: due}
	}
	return nil
}

func (s *fakeStore) ClaimDue(_ context.Context, now time.Time, limit int, next func(Schedule) time.Time) ([]Schedule, error) {
	leave, err := s.enter("claim")
	if err != nil {
		return nil, err
	}
	defer leave()
	var claimed []Schedule
	for of, schedule := range s.schedules {
		if len(claimed) == limit || schedule.DueAt.After(now) {
			continue
		}
		schedule.DueAt = next(schedule)
		s.schedules[of] = schedule
		claimed = append(claimed, schedule)
	}
	return claimed, nil
}

func (s *fakeStore) SetSchedule(_ context.Context, schedule Schedule) error {
	leave, err := s.enter("schedule")
	if err != nil {
		return err
	}
	defer leave()
	if _, ok := s.schedules[schedule.Subject]; ok {
		s.schedules[schedule.Subject] = schedule
	}
	return nil
}

func (s *fakeStore) Scheduled(_ context.Context, of Subject) (bool, error) {
	leave, err := s.enter("scheduled")
	if err != nil {
		return false, err
	}
	defer leave()
	_, ok := s.schedules[of]
	return ok, nil
}

func (s *fakeStore) DeleteSubject(_ context.Context, of Subject) error {
	leave, err := s.enter("delete")
	if err != nil {
		return err
	}
	defer leave()
	delete(s.schedules, of)
	delete(s.answers, of)
	delete(s.points, of)
	return nil
}

// schedule returns the subject's schedule and whether there is one.
func (s *fakeStore) schedule(of Subject) (Schedule, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	schedule, ok := s.schedules[of]
	return schedule, ok
}

// balanceOn returns the stored figure of a day, nil without one.
func (s *fakeStore) balanceOn(of Subject, insurance string, day Day) *Fen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.points[of][insurance][day].Account.Balance
}

// kept says whether anything at all is stored of the subject.
func (s *fakeStore) kept(of Subject) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, scheduled := s.schedules[of]
	return scheduled || s.answers[of] != nil || s.points[of] != nil
}

func (s *fakeStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ops)
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
		slots: []identity.Slot{{PersonID: subject.PersonID, N: 1, LinkID: "link-1", UserID: "user-1", Region: region, Unattended: true}},
	}
	w.caller = &identity.Caller{UserID: "user-1", Links: []identity.Link{{
		ID: "link-1", PersonID: subject.PersonID, Region: region, Relation: identity.Parent, Since: start,
	}}}
	cfg := Config{DailyAt: 6 * time.Hour, DailySpread: 2 * time.Hour}
	for _, c := range change {
		c(&cfg)
	}
	w.Service = NewService(cfg, Deps{Upstream: w.upstream, People: w.people, Store: w.store, Now: w.clock.now})
	if err := w.Linked(context.Background(), "user-1", w.caller.Links[0]); err != nil {
		t.Fatal(err)
	}
	return w
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
