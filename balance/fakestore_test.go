package balance

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

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
		p := Point{Day: r.Day(), Account: r.Account, AsOf: r.AsOf, FetchedAt: r.FetchedAt, Source: r.Source}
		if old, ok := day[p.Day]; !ok || p.Replaces(old) {
			day[p.Day] = p
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
