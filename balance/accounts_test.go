package balance_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/identity"
)

// undecided is a row of a person type of which no rule says whether there is an account.
func undecided(amount int64) balance.Enrolment {
	e := balance.Enrolment{InsuranceType: "310", PersonType: "116032", Status: balance.StatusActive, StatusCode: "1", Region: region, Employer: "测试单位"}
	if amount != 0 {
		e.Account = known(amount)
	} else {
		e.Account = balance.PersonalAccount{Exists: balance.AccountUnknown, Shows: balance.ShowsZero}
	}
	return e
}

func with(e balance.Enrolment, change func(*balance.Enrolment)) balance.Enrolment {
	change(&e)
	return e
}

// rows answers with the rows as the insurer's adapter does.
func (w *world) rows(rows ...balance.Enrolment) answerer {
	return func(context.Context, identity.Claim) (*balance.Answer, error) {
		a := &balance.Answer{Enrolments: rows, FetchedAt: w.clock.Now(), AsOf: w.clock.Now(), Source: "fsi/1101", Coverage: balance.Complete}
		for _, e := range rows {
			if e.Account.Shows == balance.ShowsZero {
				a.Coverage, a.ZerosOnly = balance.Partial, true
			}
		}
		return a.Clone(), nil
	}
}

// TestAnAccountOnceSeenWithMoneyStaysOne: spent to zero it is an account with nothing in it, also for a process that has never
// seen the money.
func TestAnAccountOnceSeenWithMoneyStaysOne(t *testing.T) {
	t.Parallel()
	retired := with(undecided(0), func(e *balance.Enrolment) { e.PersonType, e.Employer = "126032", "" })
	nothing := with(undecided(0), func(e *balance.Enrolment) { e.Account.Shows = balance.ShowsNothing })
	elsewhere := with(undecided(0), func(e *balance.Enrolment) { e.Region = other })
	resident := with(undecided(0), func(e *balance.Enrolment) { e.InsuranceType = "390" })
	ruledOut := with(undecided(0), func(e *balance.Enrolment) { e.Account = none })
	contradicted := with(undecided(0), func(e *balance.Enrolment) { e.Account = unknown })
	ended := with(undecided(0), func(e *balance.Enrolment) {
		e.Status, e.StatusCode, e.Employer = balance.StatusEnded, "4", "另一单位"
	})
	for name, c := range map[string]struct {
		before, now []balance.Enrolment
		want        []balance.PersonalAccount // by row
		whole       bool
	}{
		"spent to zero":                     {[]balance.Enrolment{undecided(41509)}, []balance.Enrolment{undecided(0)}, []balance.PersonalAccount{known(0)}, true},
		"zero ever since":                   {[]balance.Enrolment{undecided(0)}, []balance.Enrolment{undecided(0)}, []balance.PersonalAccount{unknown}, false},
		"overdrawn before":                  {[]balance.Enrolment{undecided(-1)}, []balance.Enrolment{undecided(0)}, []balance.PersonalAccount{known(0)}, true},
		"retired meanwhile":                 {[]balance.Enrolment{undecided(41509)}, []balance.Enrolment{retired}, []balance.PersonalAccount{known(0)}, true},
		"no figure now":                     {[]balance.Enrolment{undecided(41509)}, []balance.Enrolment{nothing}, []balance.PersonalAccount{unread}, true},
		"another insurance and region":      {[]balance.Enrolment{undecided(41509)}, []balance.Enrolment{elsewhere, resident}, []balance.PersonalAccount{unknown, unknown}, false},
		"a rule says that there is none":    {[]balance.Enrolment{undecided(41509)}, []balance.Enrolment{ruledOut}, []balance.PersonalAccount{none}, true},
		"rows that contradict each other":   {[]balance.Enrolment{undecided(41509)}, []balance.Enrolment{contradicted}, []balance.PersonalAccount{unknown}, true},
		"one of two rows had it":            {[]balance.Enrolment{undecided(41509), ended}, []balance.Enrolment{undecided(0), ended}, []balance.PersonalAccount{known(0), unknown}, false},
		"two rows, and neither is the same": {[]balance.Enrolment{retired, undecided(41509)}, []balance.Enrolment{retired, ended}, []balance.PersonalAccount{unknown, unknown}, false},
	} {
		for _, restart := range []bool{false, true} {
			w := newWorld(t)
			w.upstream.set(w.rows(c.before...))
			if _, err := w.current(); err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(time.Hour)
			w.upstream.set(w.rows(c.now...))
			if restart {
				w.with(func(*balance.Deps) {})
			}
			got, err := w.fresh()
			if err != nil {
				t.Fatal(err)
			}
			for n, want := range c.want {
				if have := got.Enrolments[n].Account; have.Exists != want.Exists || !same(have.Balance, want.Balance) {
					t.Errorf("%s, restart %v: row %d is %+v", name, restart, n, have)
				}
			}
			if whole := got.Coverage == balance.Complete; whole != c.whole {
				t.Errorf("%s, restart %v: %s", name, restart, got.Coverage)
			}
			if name == "spent to zero" && !same(w.point(today), fen(0)) {
				t.Errorf("restart %v: the day's point is %v", restart, w.point(today))
			}
		}
	}
}

// TestAKillLosesNoAccountThatAnybodySaw: an answer with money is given to nobody before its accounts are kept, so wherever the
// process dies, the next one knows of each account that anybody saw.
func TestAKillLosesNoAccountThatAnybodySaw(t *testing.T) {
	t.Parallel()
	walk(func(kill int) int {
		w := newWorld(t)
		w.upstream.set(w.rows(undecided(41509)))
		passed := w.places(script(kill, nil))
		_, err := w.fresh()
		w.Wait()
		places, kept := passed(), len(w.db.IDs("answers")) > 0
		w.clock.Advance(time.Hour)
		w.upstream.set(w.rows(undecided(0)))
		next, nextErr := w.another().Fresh(context.Background(), w.subject)
		if nextErr != nil {
			t.Fatalf("place %d: %v", kill, nextErr)
		}
		account := next.Enrolments[0].Account
		switch {
		case kept && (account.Exists != balance.AccountYes || !same(account.Balance, fen(0))),
			!kept && account.Exists != balance.AccountUnknown, kill == never && (err != nil || !kept):
			t.Errorf("place %d: kept %v, %v, then %+v", kill, kept, err, account)
		}
		return places
	})
}

// TestNoOrderOfWritesLosesAnAccount: late, repeated and concurrent writes of answers leave every account that one of them saw.
func TestNoOrderOfWritesLosesAnAccount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var answers []*balance.Answer
		for n := range rapid.IntRange(1, 5).Draw(t, "answers") {
			a := &balance.Answer{FetchedAt: start.Add(time.Duration(n) * time.Hour)}
			for _, insurance := range rapid.SliceOfN(rapid.SampledFrom([]string{"310", "390", "320"}), 0, 2).Draw(t, "seen") {
				a.Accounts = append(a.Accounts, balance.SeenAccount{InsuranceType: insurance})
			}
			answers = append(answers, a)
		}
		want := map[balance.SeenAccount]bool{}
		var kept *balance.Answer
		for _, a := range append(rapid.Permutation(answers).Draw(t, "order"), answers...) {
			if stays := balance.Stays(kept, a); stays != nil {
				kept = stays
			}
			for _, one := range a.Accounts {
				want[one] = true
			}
			for one := range want {
				if !contains(kept.Accounts, one) {
					t.Fatalf("%v was lost: %+v", one, kept)
				}
			}
		}
		if last := answers[len(answers)-1]; !kept.FetchedAt.Equal(last.FetchedAt) {
			t.Fatalf("kept that of %s", kept.FetchedAt)
		}
		if balance.Stays(kept, answers[0]) != nil && len(answers) > 1 {
			t.Fatal("a repeated write changes something")
		}
	})
}

func contains(all []balance.SeenAccount, one balance.SeenAccount) bool {
	for _, a := range all {
		if a == one {
			return true
		}
	}
	return false
}

// TestTheAccountsOfAPersonGoWithTheLastLink: nothing is remembered of somebody who is linked anew.
func TestTheAccountsOfAPersonGoWithTheLastLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.set(w.rows(undecided(41509)))
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.stay()
	w.must(w.end(w.link, w.Service))
	w.clock.Advance(time.Hour)
	w.upstream.set(w.rows(undecided(0)))
	w.link = w.begin(person, "link-2")
	w.caller.Links = []identity.Link{w.link}
	got, err := w.current()
	if err != nil || got.Enrolments[0].Account.Exists != balance.AccountUnknown {
		t.Errorf("%+v, %v", got, err)
	}
}
