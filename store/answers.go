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

// SaveAnswer keeps the answer unless one fetched later is kept already.
func (s *Store) SaveAnswer(ctx context.Context, subject balance.Subject, answer *balance.Answer) error {
	id := subjectID(subject)
	text, err := json.Marshal(answer)
	if err != nil {
		return s.answers.failed("update", ErrUnreadable)
	}
	_, err = s.answers.change(ctx, id, func(kept *lastAnswer) (*lastAnswer, error) {
		if kept != nil && kept.FetchedAt.After(answer.FetchedAt.Truncate(time.Millisecond)) {
			return nil, errLaterKept
		}
		return &lastAnswer{id, string(text), answer.FetchedAt}, nil
	})
	return ignore(err, errLaterKept)
}

// LastAnswer returns the answer kept of a subject, or balance.ErrNotFound.
func (s *Store) LastAnswer(ctx context.Context, subject balance.Subject) (*balance.Answer, error) {
	v, err := s.answers.get(ctx, subjectID(subject))
	if err != nil {
		return nil, err
	}
	answer := &balance.Answer{}
	if json.Unmarshal([]byte(v.JSON), answer) != nil {
		return nil, s.answers.failed("find", ErrUnreadable)
	}
	return answer, nil
}
