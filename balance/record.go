package balance

import (
	"context"
)

// outcome says what came of recording an answer.
type outcome int

const (
	recorded     outcome = iota // the readings are in the store
	notRecorded                 // the store failed; the answer is good all the same
	nobodyLinked                // no link to the subject is left: nothing of the answer is kept
)

// record writes the answer's readings and keeps it as the last good one.
//
// The last link may end while the question is under way, in any process, and what was written after its deletion would
// stay for ever. So the schedule, which a deletion removes first, is looked for before writing and again after: found
// after, every deletion to come will meet our writes; not found, we delete what we wrote ourselves. Killed exactly there,
// we leave readings to the second look that every deletion schedules (see purge).
//
// Killed between the two writes, a day has its point and the last answer is an older one; both are true.
func (s *Service) record(subject Subject, answer *Answer) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	linked, err := s.store.Scheduled(ctx, subject)
	if err != nil {
		s.log.Warn("balance_not_recorded", "region", subject.Region, "step", "schedule")
		return notRecorded
	}
	if !linked {
		return nobodyLinked
	}
	result := s.write(ctx, subject, answer)
	linked, err = s.store.Scheduled(ctx, subject)
	if err == nil && !linked {
		s.deleteLate(ctx, subject)
		return nobodyLinked
	}
	return result
}

func (s *Service) write(ctx context.Context, subject Subject, answer *Answer) outcome {
	result := recorded
	if readings := Readings(subject, answer); len(readings) > 0 {
		if err := s.store.RecordReadings(ctx, readings); err != nil {
			s.log.Warn("balance_not_recorded", "region", subject.Region, "step", "readings")
			result = notRecorded
		}
	}
	if err := s.store.SaveAnswer(ctx, subject, answer); err != nil {
		s.log.Warn("balance_answer_not_saved", "region", subject.Region)
	}
	return result
}

func (s *Service) deleteLate(ctx context.Context, subject Subject) {
	if err := s.store.DeleteSubject(ctx, subject); err != nil {
		s.log.Error("balance_late_delete_failed", "region", subject.Region)
	}
}

// Readings turns an answer into one reading per insurance type: the one that Standing chooses.
func Readings(subject Subject, answer *Answer) []Reading {
	var readings []Reading
	seen := map[string]bool{"": true} // a row without a type is about nothing
	for _, row := range answer.Enrolments {
		if seen[row.InsuranceType] {
			continue
		}
		seen[row.InsuranceType] = true
		e := Standing(answer.Enrolments, row.InsuranceType, subject.Region)
		readings = append(readings, Reading{
			PersonID: subject.PersonID, Region: subject.Region, InsuranceType: e.InsuranceType,
			Account: e.Account, Status: e.Status,
			AsOf: answer.AsOf, FetchedAt: answer.FetchedAt, Source: answer.Source,
		})
	}
	return readings
}

// Standing chooses the enrolment that speaks for an insurance type; nil without one. Several of one type are usual (a
// stopped one in another region beside the present one); their balances are never added up. The active one counts, then
// one with a personal account, then the one of the link's own region, then one whose balance is known; the order of the
// answer decides last. Charts and reminders choose alike, so that both speak of the same account.
func Standing(enrolments []Enrolment, insuranceType, region string) *Enrolment {
	var best *Enrolment
	most := -1
	for i := range enrolments {
		e := &enrolments[i]
		if e.InsuranceType != insuranceType {
			continue
		}
		if n := rank(e, region); n > most {
			best, most = e, n
		}
	}
	return best
}

func rank(e *Enrolment, region string) int {
	n := 0
	for weight, good := range []bool{
		e.Account.known(), e.Region == region, e.Account.Exists == AccountYes, e.Status == StatusActive,
	} {
		if good {
			n += 1 << weight
		}
	}
	return n
}

// known says whether there is a figure to speak of.
func (a PersonalAccount) known() bool { return a.Exists == AccountYes && a.Balance != nil }

// settled says whether the account's state leaves nothing open: a figure, or that there is no account.
func (a PersonalAccount) settled() bool { return a.known() || a.Exists == AccountNo }

// Replaces says whether p stays, rather than old, as the point of their day and insurance type: the one that settles
// something, and of two alike the one fetched later. So a balance read in the morning outlives an answer in the evening
// that knows none, and it does not matter in which order, or how often, points are written.
func (p Point) Replaces(old Point) bool {
	if p.Account.settled() != old.Account.settled() {
		return p.Account.settled()
	}
	return !p.FetchedAt.Before(old.FetchedAt)
}
