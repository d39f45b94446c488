// Package balance knows insurance money: current balances, their history as readings, and the charts made of them.
//
// Every figure carries its time, the time it was fetched, its source and its coverage. A figure that is not known is
// absent, never zero. All days and months are those of Asia/Shanghai.
package balance

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"yibao/balance/desk"
	"yibao/identity"
)

// Deps are the service's dependencies.
type Deps struct {
	Upstream Upstream
	People   People
	Store    Store
	Regions  *identity.Regions
	Now      func() time.Time // nil: the machine's clock
	Log      *slog.Logger     // nil: no log
}

// storeTimeout bounds each visit to the store about a question: a store that hangs must not hide the answer.
const storeTimeout = 3 * time.Second

// Service returns balances, keeps their history and draws it.
type Service struct {
	cfg        Config
	people     People
	store      Store
	regions    *identity.Regions
	now        func() time.Time
	log        *slog.Logger
	desk       *desk.Desk
	enrolments desk.Question[*Answer]
}

var _ identity.Follower = (*Service)(nil)

// NewService returns a service. It starts nothing.
func NewService(cfg Config, deps Deps) *Service {
	s := &Service{cfg: cfg, people: deps.People, store: deps.Store, regions: deps.Regions, now: deps.Now, log: deps.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.desk = desk.New(desk.Options{
		People: deps.People, Timeout: cfg.AskTimeout, Attended: cfg.Slots, Unattended: cfg.UnattendedSlots, Now: s.now, Log: s.log,
	})
	s.enrolments = desk.Question[*Answer]{Capability: "enrolments", Ask: s.ask(deps.Upstream), Keep: s.keep}
	return s
}

// ask completes an upstream's answer: it has a time of its own and one of ours.
func (s *Service) ask(upstream Upstream) func(context.Context, string, identity.Claim, string) (*Answer, error) {
	return func(ctx context.Context, region string, person identity.Claim, _ string) (*Answer, error) {
		answer, err := upstream.Enrolments(ctx, region, person)
		if err == nil && answer == nil {
			err = ErrMalformed
		}
		if err != nil {
			return nil, err
		}
		answer.FetchedAt = cmp.Or(answer.FetchedAt, s.now())
		answer.AsOf = cmp.Or(answer.AsOf, answer.FetchedAt)
		return answer, nil
	}
}

// Desk is where the service asks. Others that ask the same regions share it: slots and breakers are for all questions.
func (s *Service) Desk() *desk.Desk { return s.desk }

// Wait returns when no question is under way. A stop calls it after all callers have stopped and before the store closes,
// because a question still writes its answer.
func (s *Service) Wait() { s.desk.Wait() }
