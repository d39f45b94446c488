package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"yibao/balance"
)

// lastAnswer is the last good answer of a subject.
type lastAnswer struct {
	ID     string
	Answer *balance.Answer
}

// answerDoc holds the answer as sealed JSON: it names the employer. The times are as precise as the answer's own.
type answerDoc struct {
	Meta      `bson:",inline"`
	Sealed    []byte    `bson:"sealed"`
	FetchedAt time.Time `bson:"fetched_at"`
}

func (s *Store) answerToDoc(v *lastAnswer) (*answerDoc, error) {
	text, err := json.Marshal(v.Answer)
	if err != nil {
		return nil, ErrUnreadable
	}
	sealed, err := s.keys.sealText("answers", "sealed", v.ID, string(text))
	return &answerDoc{Meta{ID: v.ID}, sealed, v.Answer.FetchedAt}, err
}

func (s *Store) answerToDom(d *answerDoc) (*lastAnswer, error) {
	text, err := s.keys.openText("answers", "sealed", d.ID, d.Sealed)
	if err != nil {
		return nil, err
	}
	v := &lastAnswer{ID: d.ID, Answer: &balance.Answer{}}
	if json.Unmarshal([]byte(text), v.Answer) != nil {
		return nil, ErrUnreadable
	}
	return v, nil
}

var errLaterKept = errors.New("store: a later answer is kept")

// SaveAnswer keeps the answer unless one fetched later is kept already.
func (s *Store) SaveAnswer(ctx context.Context, subject balance.Subject, answer *balance.Answer) error {
	id := subjectID(subject)
	_, err := s.answers.change(ctx, id, func(kept *lastAnswer) (*lastAnswer, error) {
		if kept != nil && kept.Answer.FetchedAt.After(answer.FetchedAt) {
			return nil, errLaterKept
		}
		return &lastAnswer{id, answer}, nil
	})
	return ignore(err, errLaterKept)
}

// LastAnswer returns the answer kept of a subject, or balance.ErrNotFound.
func (s *Store) LastAnswer(ctx context.Context, subject balance.Subject) (*balance.Answer, error) {
	v, err := s.answers.get(ctx, subjectID(subject))
	if err != nil {
		return nil, err
	}
	return v.Answer, nil
}
