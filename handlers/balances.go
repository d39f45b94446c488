package handlers

import (
	"context"
	"encoding/hex"
	"hash/fnv"
	"strconv"
	"time"

	"yibao/balance"
	"yibao/handlers/web"
)

type balanceView struct {
	Meta       balanceMeta     `json:"meta"`
	Enrolments []enrolmentView `json:"enrolments"`
}

type balanceMeta struct {
	AsOf        moment              `json:"as_of"`
	FetchedAt   moment              `json:"fetched_at"`
	AgeSeconds  int                 `json:"age_seconds" example:"12"`
	Source      string              `json:"source" example:"fsi/1101"`
	Freshness   freshness           `json:"freshness" enum:"fresh,stale" example:"fresh"`
	StaleReason balance.StaleReason `json:"stale_reason,omitempty" enum:"throttled,no_answer" example:"no_answer"`
	Coverage    balance.Coverage    `json:"coverage" enum:"complete,partial,unsupported" example:"complete"`
	Notices     []noticeView        `json:"notices"`
}

// freshness says whether figures are the present ones. It is apart from coverage: a partial answer that grows old stays
// partial.
type freshness string

const (
	fresh freshness = "fresh"
	stale freshness = "stale" // the last good answer, since the upstream gives none now
)

type enrolmentView struct {
	ID            string         `json:"id" example:"8c736521b1e2f0a4"`
	Primary       bool           `json:"primary" example:"true"`
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
	link, err := web.CallerOf(ctx).Link(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.balance(found, link.Region, web.LanguageOf(ctx))), nil
}

// balance shows an answer; region is the link's, which decides between several enrolments of one insurance.
func (s *server) balance(found *balance.Answer, region string, l web.Language) balanceView {
	age := s.Now().Sub(found.FetchedAt)
	view := balanceView{
		Meta: balanceMeta{
			AsOf: stamp(found.AsOf), FetchedAt: stamp(found.FetchedAt), AgeSeconds: max(int(age/time.Second), 0),
			Source: found.Source, Freshness: fresh, StaleReason: found.Because, Coverage: found.Coverage, Notices: balanceNotices(found, l),
		},
		Enrolments: make([]enrolmentView, len(found.Enrolments)),
	}
	if found.Stale {
		view.Meta.Freshness = stale
	}
	for i := range found.Enrolments {
		e := &found.Enrolments[i]
		view.Enrolments[i] = s.enrolment(e, l)
		view.Enrolments[i].ID = enrolmentID(found.Enrolments[:i], e)
		view.Enrolments[i].Primary = e == balance.Standing(found.Enrolments, e.InsuranceType, region)
	}
	return view
}

// enrolmentID tells a person's enrolments apart, and stays while the state or the money changes. It is made of what the
// answer shows; of several that are alike in that, the later ones in the answer's order are numbered.
func enrolmentID(before []balance.Enrolment, e *balance.Enrolment) string {
	same := 1
	for i := range before {
		b := &before[i]
		if b.InsuranceType == e.InsuranceType && b.Region == e.Region && b.Employer == e.Employer {
			same++
		}
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(e.InsuranceType + "\n" + e.Region + "\n" + e.Employer)) // never fails, as hash.Hash promises
	id := hex.EncodeToString(h.Sum(nil))
	if same > 1 {
		id += "-" + strconv.Itoa(same)
	}
	return id
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
