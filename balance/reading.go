package balance

import (
	"time"

	"yibao/balance/desk"
)

// Subject is a person in a region. Its balance is read once a day.
type Subject = desk.Subject

// Reading is one balance of one enrolment, taken fresh. It becomes the point of its day unless a better one is there.
type Reading struct {
	PersonID      string
	Region        string // the link's region
	InsuranceType string
	Account       PersonalAccount
	AsOf          time.Time
	FetchedAt     time.Time
	Source        string
}

// Day is the day on which the reading was fetched, in Asia/Shanghai; the reading becomes a point of that day. The
// upstream's own time may lie on another day; a point holds both.
func (r Reading) Day() Day { return DayOf(r.FetchedAt) }

// Readings turns an answer into one reading per insurance type, that of the enrolment that Standing chooses.
func Readings(subject Subject, answer *Answer) []Reading {
	var readings []Reading
	seen := map[string]bool{"": true} // a row without a type has no meaning
	for _, row := range answer.Enrolments {
		if seen[row.InsuranceType] {
			continue
		}
		seen[row.InsuranceType] = true
		e := Standing(answer.Enrolments, row.InsuranceType, subject.Region)
		readings = append(readings, Reading{
			PersonID: subject.PersonID, Region: subject.Region, InsuranceType: e.InsuranceType, Account: e.Account,
			AsOf: answer.AsOf, FetchedAt: answer.FetchedAt, Source: answer.Source,
		})
	}
	return readings
}

// Point is the one reading that stays of a day and insurance type.
type Point struct {
	Day       Day             `bson:"day"`
	Account   PersonalAccount `bson:"account"`
	AsOf      time.Time       `bson:"as_of"`
	FetchedAt time.Time       `bson:"fetched_at"`
	Source    string          `bson:"source"`
}

// Replaces says whether p stays instead of old as the point of their day and insurance type. A certain account wins; of
// two equals the one fetched later wins. So a balance from the morning survives an evening answer without one, and points
// may be written in any order and more than once.
func (p Point) Replaces(old Point) bool {
	if p.Account.certain() != old.Account.certain() {
		return p.Account.certain()
	}
	return !p.FetchedAt.Before(old.FetchedAt)
}
