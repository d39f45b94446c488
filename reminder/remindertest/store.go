// Package remindertest supports tests of reminders: a store in memory that keeps the promises of the real one, a way to
// kill a process at any of its writes, and stand-ins for balances, users and a platform.
package remindertest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sort"
	"sync"
	"time"

	"yibao/reminder"
)

// Store keeps everything in memory. Documents go in and out as copies. Every update function is run on a copy first and
// thrown away, since the real store may run it more than once.
type Store struct {
	mu         sync.Mutex
	rules      map[string]*reminder.Rule
	open       map[string]*reminder.Delivery
	finished   map[string]*reminder.Delivery
	leases     map[string]lease
	quotas     map[[2]string]*reminder.Quota
	insertions int
	order      map[string]int // of insertion, by delivery
}

type lease struct {
	holder string
	until  time.Time
}

var _ reminder.Store = (*Store)(nil)

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{
		rules:    map[string]*reminder.Rule{},
		open:     map[string]*reminder.Delivery{},
		finished: map[string]*reminder.Delivery{},
		leases:   map[string]lease{},
		quotas:   map[[2]string]*reminder.Quota{},
		order:    map[string]int{},
	}
}

// Rule implements reminder.RuleStore.
func (s *Store) Rule(_ context.Context, linkID string) (*reminder.Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rule, ok := s.rules[linkID]
	if !ok {
		return nil, reminder.ErrNotFound
	}
	return cloneRule(rule), nil
}

// PutRule implements reminder.RuleStore.
func (s *Store) PutRule(_ context.Context, linkID string, fn func(*reminder.Rule) (*reminder.Rule, error)) (*reminder.Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := fn(cloneRule(s.rules[linkID])); err != nil {
		return nil, err
	}
	rule, err := fn(cloneRule(s.rules[linkID]))
	if err != nil {
		return nil, err
	}
	s.rules[linkID] = cloneRule(rule)
	return cloneRule(rule), nil
}

// UpdateRule implements reminder.RuleStore.
func (s *Store) UpdateRule(_ context.Context, linkID string, fn func(*reminder.Rule) error) (*reminder.Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return update(s.rules, linkID, cloneRule, fn)
}

// DeleteRule implements reminder.RuleStore.
func (s *Store) DeleteRule(_ context.Context, linkID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rules, linkID)
	return nil
}

// ClaimDueRules implements reminder.RuleStore.
func (s *Store) ClaimDueRules(_ context.Context, now, leaseUntil time.Time, limit int) ([]*reminder.Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*reminder.Rule
	for _, key := range slices.Sorted(maps.Keys(s.rules)) {
		if rule := s.rules[key]; len(due) < limit && !rule.DueAt.After(now) {
			rule.DueAt = leaseUntil
			due = append(due, cloneRule(rule))
		}
	}
	return due, nil
}

// InsertDelivery implements reminder.DeliveryStore.
func (s *Store) InsertDelivery(_ context.Context, d reminder.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[d.ID] != nil || s.finished[d.ID] != nil {
		return nil
	}
	s.insertions++
	s.order[d.ID] = s.insertions
	s.open[d.ID] = cloneDelivery(&d)
	return nil
}

// UpdateDelivery implements reminder.DeliveryStore.
func (s *Store) UpdateDelivery(_ context.Context, id string, fn func(*reminder.Delivery) error) (*reminder.Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return update(s.open, id, cloneDelivery, fn)
}

var errNotOver = errors.New("remindertest: only a delivery that is over can be finished")

// FinishDelivery implements reminder.DeliveryStore.
func (s *Store) FinishDelivery(_ context.Context, d *reminder.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !d.Over() {
		return errNotOver
	}
	if s.open[d.ID] == nil && s.finished[d.ID] == nil {
		return reminder.ErrNotFound
	}
	if s.open[d.ID] != nil {
		s.finished[d.ID] = cloneDelivery(d)
		delete(s.open, d.ID)
	}
	return nil
}

// UsersWithDue implements reminder.DeliveryStore.
func (s *Store) UsersWithDue(_ context.Context, now time.Time, limit int) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := map[string]bool{}
	for _, d := range s.open {
		if !d.NotBefore.After(now) {
			due[d.UserID] = true
		}
	}
	users := slices.Sorted(maps.Keys(due))
	return users[:min(limit, len(users))], nil
}

// OpenDeliveries implements reminder.DeliveryStore.
func (s *Store) OpenDeliveries(_ context.Context, userID string) ([]*reminder.Delivery, error) {
	return s.pick(s.open, func(d *reminder.Delivery) bool { return d.UserID == userID }), nil
}

// DeliveriesOf implements reminder.DeliveryStore.
func (s *Store) DeliveriesOf(_ context.Context, linkID string, limit int) ([]reminder.Delivery, error) {
	ofLink := func(d *reminder.Delivery) bool { return d.LinkID == linkID }
	all := append(s.pick(s.finished, ofLink), s.pick(s.open, ofLink)...)
	sort.Slice(all, func(i, j int) bool { return s.order[all[i].ID] > s.order[all[j].ID] })
	var list []reminder.Delivery
	for _, d := range all[:min(limit, len(all))] {
		list = append(list, *d)
	}
	return list, nil
}

// DeleteDeliveries implements reminder.DeliveryStore.
func (s *Store) DeleteDeliveries(_ context.Context, linkID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kept := range []map[string]*reminder.Delivery{s.open, s.finished} {
		maps.DeleteFunc(kept, func(_ string, d *reminder.Delivery) bool { return d.LinkID == linkID })
	}
	return nil
}

// LeaseUser implements reminder.DeliveryStore.
func (s *Store) LeaseUser(_ context.Context, userID, holder string, now, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, held := s.leases[userID]; held && l.holder != holder && l.until.After(now) {
		return false, nil
	}
	s.leases[userID] = lease{holder, until}
	return true, nil
}

// ReleaseUser implements reminder.DeliveryStore.
func (s *Store) ReleaseUser(_ context.Context, userID, holder string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[userID].holder == holder {
		delete(s.leases, userID)
	}
	return nil
}

// Quota implements reminder.QuotaStore.
func (s *Store) Quota(_ context.Context, userID, template string) (*reminder.Quota, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cloneQuota(s.quota(userID, template)), nil
}

// UpdateQuota implements reminder.QuotaStore.
func (s *Store) UpdateQuota(_ context.Context, userID, template string, fn func(*reminder.Quota) error) (*reminder.Quota, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quota(userID, template)
	return update(s.quotas, [2]string{userID, template}, cloneQuota, fn)
}

func (s *Store) quota(userID, template string) *reminder.Quota {
	key := [2]string{userID, template}
	if s.quotas[key] == nil {
		s.quotas[key] = &reminder.Quota{UserID: userID, Template: template}
	}
	return s.quotas[key]
}

// All returns every delivery, open ones first; for the checks of a test.
func (s *Store) All() (open, finished []*reminder.Delivery) {
	every := func(*reminder.Delivery) bool { return true }
	return s.pick(s.open, every), s.pick(s.finished, every)
}

// Rules returns every rule; for the checks of a test.
func (s *Store) Rules() []*reminder.Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*reminder.Rule
	for _, key := range slices.Sorted(maps.Keys(s.rules)) {
		list = append(list, cloneRule(s.rules[key]))
	}
	return list
}

func (s *Store) pick(from map[string]*reminder.Delivery, want func(*reminder.Delivery) bool) []*reminder.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*reminder.Delivery
	for _, d := range from {
		if want(d) {
			list = append(list, cloneDelivery(d))
		}
	}
	sort.Slice(list, func(i, j int) bool { return s.order[list[i].ID] < s.order[list[j].ID] })
	return list
}

// update runs fn twice on copies and keeps the second.
func update[K comparable, V any](all map[K]*V, key K, clone func(*V) *V, fn func(*V) error) (*V, error) {
	if all[key] == nil {
		return nil, reminder.ErrNotFound
	}
	if err := fn(clone(all[key])); err != nil {
		return nil, err
	}
	next := clone(all[key])
	if err := fn(next); err != nil {
		return nil, err
	}
	all[key] = clone(next)
	return next, nil
}
