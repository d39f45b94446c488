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
// after, every deletion to come will meet our writes; not found, we delete what we wrote ourselves. Only a kill exactly
// there, during an unlinking, leaves readings behind.
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

// Readings turns an answer into one reading per insurance type. Several enrolments of one type are usual (a stopped one
// in another region beside the present one); their balances are never added up. The one that stands is the first active
// one, else the first with a known balance, else the first.
func Readings(subject Subject, answer *Answer) []Reading {
	var readings []Reading
	place := map[string]int{}
	ranks := map[string]int{}
	for _, e := range answer.Enrolments {
		if e.InsuranceType == "" {
			continue
		}
		at, seen := place[e.InsuranceType]
		if seen && rank(e) <= ranks[e.InsuranceType] {
			continue
		}
		if !seen {
			at = len(readings)
			place[e.InsuranceType] = at
			readings = append(readings, Reading{})
		}
		ranks[e.InsuranceType] = rank(e)
		readings[at] = Reading{
			PersonID: subject.PersonID, Region: subject.Region, InsuranceType: e.InsuranceType,
			Account: e.Account, Status: e.Status,
			AsOf: answer.AsOf, FetchedAt: answer.FetchedAt, Source: answer.Source,
		}
	}
	return readings
}

func rank(e Enrolment) int {
	n := 0
	if e.Status == StatusActive {
		n += 2
	}
	if e.Account.known() {
		n++
	}
	return n
}

// known says whether there is a figure to speak of.
func (a PersonalAccount) known() bool { return a.Exists == AccountYes && a.Balance != nil }
