package simulator

import (
	"slices"
	"strings"
	"time"

	"yibao/balance"
	"yibao/platforms/simulator/books"
)

// plan is the rule of the enrolment's books.
func (p *Person) plan(e Enrolment) books.Plan {
	plan := books.Plan{
		Seed: p.IDNumber + e.Region + e.Type, Region: e.Region, Kind: books.Employee, Account: e.Account == "yes",
		Opening: e.opening, Credit: e.credit, CreditOn: e.creditOn, Still: e.still,
	}
	switch {
	case e.Type == "390":
		plan.Kind = books.Resident
	case strings.HasPrefix(e.PersonType, "12"):
		plan.Kind = books.Retiree
	}
	if day, err := time.ParseInLocation(time.DateOnly, e.paused, balance.Shanghai); err == nil {
		plan.Until = day.AddDate(0, 0, 1)
	}
	return plan
}

// Books are the books of a person's enrolment at a time; nil for nobody.
func (w *World) Books(idNumber, region, insurance string, at time.Time) *books.Books {
	person := w.byID[idNumber]
	if person == nil {
		return nil
	}
	for _, e := range person.in(region) {
		if e.Type == insurance {
			return w.booksOf(person, e, at)
		}
	}
	return nil
}

// booksOf are the enrolment's books at a time.
func (w *World) booksOf(p *Person, e Enrolment, at time.Time) *books.Books {
	return books.Keep(p.plan(e), w.eventsOf(p, e), at)
}

func (w *World) eventsOf(p *Person, e Enrolment) []books.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.books[bookKey{p.IDNumber, e.Region, e.Type}]
}

// holds is the personal account at a time; set says that the control API has set it before.
func (w *World) holds(p *Person, e Enrolment, at time.Time) (fen balance.Fen, set bool) {
	events := w.eventsOf(p, e)
	set = slices.ContainsFunc(events, func(e books.Event) bool { return e.Do == books.Set && !e.At.After(at) })
	if e.Account != "yes" && !set {
		return 0, false
	}
	return books.Keep(p.plan(e), events, at).Balance(), set
}

// order makes an event happen in the books.
func (w *World) order(idNumber, region, insurance string, e books.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.commit(record{Kind: "event", IDNumber: idNumber, Region: region, Type: insurance, Event: &e})
}

// insertByTime keeps the list sorted; of two events of one time the later call comes later.
func insertByTime(list []books.Event, e books.Event) []books.Event {
	i := len(list)
	for i > 0 && list[i-1].At.After(e.At) {
		i--
	}
	// A new slice: readers hold the old one without the lock.
	return slices.Insert(slices.Clone(list), i, e)
}
