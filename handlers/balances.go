package handlers

import (
	"context"
	"time"

	"yibao/balance"
	"yibao/handlers/web"
)

type balanceView struct {
	Meta       balanceMeta     `json:"meta"`
	Enrolments []enrolmentView `json:"enrolments"`
}

type balanceMeta struct {
	AsOf       moment           `json:"as_of"`
	FetchedAt  moment           `json:"fetched_at"`
	AgeSeconds int              `json:"age_seconds" example:"12"`
	Source     string           `json:"source" example:"fsi/1101"`
	Freshness  freshness        `json:"freshness" enum:"fresh,stale" example:"fresh"`
	Coverage   balance.Coverage `json:"coverage" enum:"complete,partial,unsupported" example:"complete"`
	Notices    []noticeView     `json:"notices"`
}

// freshness says whether figures are the present ones. It is apart from coverage: a partial answer that grows old stays
// partial.
type freshness string

const (
	fresh freshness = "fresh"
	stale freshness = "stale" // the last good answer, since the upstream gives none now
)

type enrolmentView struct {
	InsuranceType string         `json:"insurance_type" example:"310"`
	InsuranceName string         `json:"insurance_name" example:"职工医保"`
	Status        balance.Status `json:"status" example:"active"`
	StatusName    string         `json:"status_name" example:"正常参保"`
	Region        string         `json:"region" example:"330100"`
	RegionName    string         `json:"region_name" example:"示例市"`
	Employer      string         `json:"employer,omitempty" example:"示例单位"`
	EnrolledOn    string         `json:"enrolled_on,omitempty" format:"date" example:"2010-03-01"`
	PausedOn      string         `json:"paused_on,omitempty" format:"date" example:"2026-03-01"`
	Account       accountView    `json:"personal_account"`
}

// accountView has an amount only if it is known. An unknown amount is absent, never 0.
type accountView struct {
	Exists    balance.Existence `json:"exists" enum:"yes,no,unknown" example:"yes"`
	AmountFen *balance.Fen      `json:"amount_fen,omitempty" example:"123450"`
	Amount    string            `json:"amount,omitempty" example:"¥1,234.50"`
	Text      string            `json:"text" example:"¥1,234.50"`
}

// getBalance is the route that is asked most.
func (s *server) getBalance(ctx context.Context, in *LinkID) (*out[balanceView], error) {
	found, err := s.Balances.Current(ctx, web.CallerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.balance(found, web.LanguageOf(ctx))), nil
}

func (s *server) balance(found *balance.Answer, l web.Language) balanceView {
	age := s.Now().Sub(found.FetchedAt)
	view := balanceView{
		Meta: balanceMeta{
			AsOf: stamp(found.AsOf), FetchedAt: stamp(found.FetchedAt), AgeSeconds: max(int(age/time.Second), 0),
			Source: found.Source, Freshness: fresh, Coverage: found.Coverage, Notices: balanceNotices(found, l),
		},
		Enrolments: make([]enrolmentView, len(found.Enrolments)),
	}
	if found.Stale {
		view.Meta.Freshness = stale
	}
	for i := range found.Enrolments {
		view.Enrolments[i] = s.enrolment(&found.Enrolments[i], l)
	}
	return view
}

func (s *server) enrolment(e *balance.Enrolment, l web.Language) enrolmentView {
	return enrolmentView{
		InsuranceType: e.InsuranceType, InsuranceName: balance.InsuranceName(e.InsuranceType, l.Short()),
		Status: e.Status, StatusName: balance.StatusName(e.Status, l.Short()),
		Region: e.Region, RegionName: s.Regions.Name(e.Region), Employer: e.Employer,
		EnrolledOn: e.EnrolledOn, PausedOn: e.PausedOn, Account: viewAccount(e.Account, l),
	}
}

func viewAccount(a balance.PersonalAccount, l web.Language) accountView {
	switch {
	case a.Exists == balance.AccountNo:
		return accountView{Exists: a.Exists, Text: textNoAccount[l]}
	case a.Exists == balance.AccountYes && a.Balance != nil:
		shown := a.Balance.Display()
		return accountView{Exists: a.Exists, AmountFen: a.Balance, Amount: shown, Text: shown}
	case a.Exists == balance.AccountYes:
		return accountView{Exists: a.Exists, Text: textBalanceUnknown[l]}
	}
	return accountView{Exists: balance.AccountUnknown, Text: textAccountUnknown[l]}
}
