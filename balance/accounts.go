package balance

import (
	"context"
	"errors"
	"slices"
	"time"

	"yibao/balance/desk"
)

// SeenAccount is an enrolment whose account was seen with money. Where no rule of a region settles who has an account, an
// account that is spent to zero looks like none; who had one keeps it.
type SeenAccount struct {
	InsuranceType string
	Region        string
	PersonType    string
	Employer      string
}

func seenAs(e *Enrolment) SeenAccount {
	return SeenAccount{InsuranceType: e.InsuranceType, Region: e.Region, PersonType: e.PersonType, Employer: e.Employer}
}

// maxSeen bounds the accounts that are remembered of one person in one region; the latest stay.
const maxSeen = 32

// remember puts earlier accounts before the answer's own.
func (a *Answer) remember(earlier []SeenAccount) {
	all := slices.Clone(earlier)
	for _, one := range a.Accounts {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	a.Accounts = all[max(0, len(all)-maxSeen):]
}

// withMoney lists the rows that show money.
func (a *Answer) withMoney() (seen []SeenAccount) {
	for i := range a.Enrolments {
		if e := &a.Enrolments[i]; e.Account.known() && *e.Account.Balance != 0 {
			seen = append(seen, seenAs(e))
		}
	}
	return seen
}

// settle makes accounts of the rows that show none by themselves but were accounts before. A row is known again by its
// insurance and region, which stay when the person changes employer or retires. Where several rows share these, it must be
// alike in person type and employer too.
func (a *Answer) settle() {
	open := false
	for i := range a.Enrolments {
		e := &a.Enrolments[i]
		if e.Account.Shows == "" {
			continue
		}
		if !a.wasSeen(e) {
			open = true
			continue
		}
		settled := PersonalAccount{Exists: AccountYes}
		if e.Account.Shows == ShowsZero {
			settled.Balance = new(Fen)
		}
		e.Account = settled
	}
	if a.ZerosOnly && !open {
		a.Coverage, a.ZerosOnly = Complete, false
	}
}

func (a *Answer) wasSeen(e *Enrolment) bool {
	alike := 0
	for i := range a.Enrolments {
		if other := &a.Enrolments[i]; other.InsuranceType == e.InsuranceType && other.Region == e.Region {
			alike++
		}
	}
	return slices.ContainsFunc(a.Accounts, func(seen SeenAccount) bool {
		return seen == seenAs(e) || alike == 1 && seen.InsuranceType == e.InsuranceType && seen.Region == e.Region
	})
}

// Stays returns what is to be kept of the answer kept so far, nil for none, and one that came: the one fetched later, with
// the accounts of both, so that no order of writes loses one. It is nil when nothing changes.
func Stays(kept, came *Answer) *Answer {
	if kept == nil {
		return came
	}
	later := kept.FetchedAt.After(came.FetchedAt)
	if later && !slices.ContainsFunc(came.Accounts, func(one SeenAccount) bool { return !slices.Contains(kept.Accounts, one) }) {
		return nil
	}
	stays, earlier := *came, kept
	if later {
		stays, earlier = *kept, came
	}
	stays.remember(earlier.Accounts)
	return &stays
}

// recall brings to a fresh answer what is remembered of the person's accounts. The store is read only if a row needs it.
// Without the store such a row stays unknown, which is true and not cached for long.
func (s *Service) recall(subject Subject, answer *Answer) {
	answer.Accounts = answer.withMoney()
	if here, ok := desk.Recent(s.desk, s.enrolments, subject, "", time.Time{}); ok {
		answer.remember(here.Value.Accounts)
	}
	if slices.ContainsFunc(answer.Enrolments, func(e Enrolment) bool { return e.Account.Shows != "" }) {
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		defer cancel()
		last, err := s.store.LastAnswer(ctx, subject)
		switch {
		case err == nil:
			answer.remember(last.Accounts)
		case !errors.Is(err, ErrNotFound):
			s.log.Warn("balance_accounts_unread", "region", subject.Region, "cause", err)
		}
	}
	answer.settle()
}

// keep completes a fresh answer and writes it down.
func (s *Service) keep(subject Subject, answer *Answer) (linked bool, err error) {
	s.recall(subject, answer)
	return s.record(subject, answer)
}
