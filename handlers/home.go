package handlers

import (
	"context"
	"errors"
	"sync"

	"yibao/balance"
	"yibao/handlers/web"
	"yibao/identity"
	"yibao/identity/panics"
	"yibao/reminder"
)

// homeView is what the first screen shows. Each part that has to be fetched says its own state.
type homeView struct {
	User     userView         `json:"user"`
	Persons  []homePersonView `json:"persons"`
	Attempts homeAttemptsView `json:"attempts"`
}

type homePersonView struct {
	Insured  insuredView      `json:"insured"`
	Balance  homeBalanceView  `json:"balance"`
	Reminder homeReminderView `json:"reminder"`
}

type homeBalanceView struct {
	State   string           `json:"state" enum:"ok,unavailable" example:"ok"`
	Figures *balanceView     `json:"figures,omitempty"`
	Problem *web.PartProblem `json:"problem,omitempty"`
}

type homeReminderView struct {
	State   string           `json:"state" enum:"set,none,unavailable" example:"set"`
	Setting *reminderView    `json:"setting,omitempty"`
	Problem *web.PartProblem `json:"problem,omitempty"`
}

type homeAttemptsView struct {
	State   string           `json:"state" enum:"ok,unavailable" example:"ok"`
	Open    []attemptView    `json:"open"`
	Problem *web.PartProblem `json:"problem,omitempty"`
}

// The states of a part.
const (
	partOK          = "ok"
	partSet         = "set"
	partNone        = "none"
	partUnavailable = "unavailable"
)

// part is a piece of the screen as a service gave it.
type part[T any] struct {
	value T
	err   error
}

// homeParts are all that has to be fetched; persons are in the order of the caller's links.
type homeParts struct {
	answers  []part[*balance.Answer]
	rules    []part[*reminder.Rule]
	quotas   part[[]reminder.Quota]
	attempts part[[]*identity.Attempt]
}

// home asks for everything at once. What cannot be had leaves its own part empty and no other.
func (s *server) home(ctx context.Context, _ *none) (*out[homeView], error) {
	caller := web.CallerOf(ctx)
	found := s.fetchHome(ctx, caller)
	view := homeView{
		User:     userView{Platform: caller.Platform, App: caller.App, Links: len(caller.Links)},
		Persons:  make([]homePersonView, len(caller.Links)),
		Attempts: s.homeAttempts(ctx, found.attempts),
	}
	for i, link := range caller.Links {
		view.Persons[i] = homePersonView{
			Insured: s.insured(link), Balance: s.homeBalance(ctx, link.Region, found.answers[i]),
			Reminder: s.homeReminder(ctx, found.rules[i], found.quotas),
		}
	}
	return answer(view), nil
}

func (s *server) fetchHome(ctx context.Context, caller *identity.Caller) homeParts {
	n := len(caller.Links)
	found := homeParts{answers: make([]part[*balance.Answer], n), rules: make([]part[*reminder.Rule], n)}
	var all sync.WaitGroup
	for i, link := range caller.Links {
		fetch(s, &all, &found.answers[i], func() (*balance.Answer, error) { return s.Balances.Glance(ctx, caller, link.ID) })
		fetch(s, &all, &found.rules[i], func() (*reminder.Rule, error) { return s.Reminders.Get(ctx, caller, link.ID) })
	}
	fetch(s, &all, &found.quotas, func() ([]reminder.Quota, error) { return s.Reminders.Quotas(ctx, caller) })
	fetch(s, &all, &found.attempts, func() ([]*identity.Attempt, error) { return s.Linking.Attempts(ctx, caller) })
	all.Wait()
	return found
}

// fetch gets one part in the background. A panic in it is an internal error of that part.
func fetch[T any](s *server, all *sync.WaitGroup, to *part[T], get func() (T, error)) {
	all.Go(func() {
		to.err = web.ErrInternal
		defer func() {
			if cause := recover(); cause != nil {
				panics.Log(s.Log, "part_panic", cause)
			}
		}()
		to.value, to.err = get()
	})
}

func (s *server) homeBalance(ctx context.Context, region string, found part[*balance.Answer]) homeBalanceView {
	if found.err != nil {
		return homeBalanceView{State: partUnavailable, Problem: web.PartOf(ctx, found.err)}
	}
	figures := s.balance(found.value, region, web.LanguageOf(ctx))
	return homeBalanceView{State: partOK, Figures: &figures}
}

func (s *server) homeReminder(ctx context.Context, rule part[*reminder.Rule], quotas part[[]reminder.Quota]) homeReminderView {
	switch {
	case errors.Is(rule.err, reminder.ErrNoRule):
		return homeReminderView{State: partNone}
	case rule.err != nil:
		return homeReminderView{State: partUnavailable, Problem: web.PartOf(ctx, rule.err)}
	}
	setting := s.reminderWith(rule.value, quotas.value, web.LanguageOf(ctx))
	return homeReminderView{State: partSet, Setting: &setting}
}

func (s *server) homeAttempts(ctx context.Context, found part[[]*identity.Attempt]) homeAttemptsView {
	if found.err != nil {
		return homeAttemptsView{State: partUnavailable, Open: []attemptView{}, Problem: web.PartOf(ctx, found.err)}
	}
	return homeAttemptsView{State: partOK, Open: each(found.value, func(a *identity.Attempt) attemptView {
		return s.attempt(ctx, a, s.Now())
	})}
}
