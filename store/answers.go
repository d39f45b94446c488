package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"yibao/balance"
)

// lastAnswer is the last good answer of a subject, as JSON: its times are as precise as the answer's own. It is sealed, as
// it names the employer.
type lastAnswer struct {
	ID        string    `bson:"_id"`
	JSON      string    `bson:"sealed"`
	FetchedAt time.Time `bson:"fetched_at"`
}

func answerTexts(v *lastAnswer) (string, map[string]*string) {
	return v.ID, map[string]*string{"sealed": &v.JSON}
}

var errLaterKept = errors.New("store: a later answer is kept")

// SaveAnswer keeps the later of the answer and the one kept already, with the accounts of both (see balance.Stays).
func (s *Store) SaveAnswer(ctx context.Context, subject balance.Subject, answer *balance.Answer) error {
	id := subjectID(subject)
	_, err := s.answers.change(ctx, id, func(kept *lastAnswer) (*lastAnswer, error) {
		stays := balance.Stays(kept.answer(), answer)
		if stays == nil {
			return nil, errLaterKept
		}
		text, err := json.Marshal(stays)
		if err != nil {
			return nil, s.answers.failed("update", ErrUnreadable)
		}
		return &lastAnswer{id, string(text), stays.FetchedAt}, nil
	})
	return ignore(err, errLaterKept)
}

// answer reads the document; nil for none, and for one that cannot be read, which the next answer replaces.
func (v *lastAnswer) answer() *balance.Answer {
	answer := &balance.Answer{}
	if v == nil || json.Unmarshal([]byte(v.JSON), answer) != nil {
		return nil
	}
	return answer
}

// LastAnswer returns the answer kept of a subject, or balance.ErrNotFound.
func (s *Store) LastAnswer(ctx context.Context, subject balance.Subject) (*balance.Answer, error) {
	v, err := s.answers.get(ctx, subjectID(subject))
	if err != nil {
		return nil, err
	}
	if answer := v.answer(); answer != nil {
		return answer, nil
	}
	return nil, s.answers.failed("find", ErrUnreadable)
}
