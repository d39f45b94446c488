package linking

import (
	"context"
	"time"

	"yibao/identity"
)

// Answer is the caller's answer to the challenge of an attempt, as typed. Each kind of proof uses its own fields.
type Answer struct {
	Code       string // sms_on_file
	CardNumber string // card_password
	Password   string // card_password
}

// proof is a kind of proof. A new kind is a file with this type, a line in New, and its text and fields in the API; a
// region lists the methods that it offers.
type proof interface {
	assurance() identity.Assurance
	// clean brings the answer into form. False means that no right answer looks like that; it costs no try.
	clean(Answer) (Answer, bool)
	// check says whether the answer proves the attempt's claim. It writes nothing. An error says that this cannot be
	// decided, and costs no try: ErrCodeExpired, ErrUpstreamUnavailable, or the store's.
	check(context.Context, *identity.Attempt, Answer) (bool, error)
	// wrong is the error that the caller gets for a wrong answer.
	wrong() error
}

// challenger is a proof that puts a challenge before it can be answered.
type challenger interface {
	// limits are counted when an attempt starts, besides those of every proof.
	limits(*identity.Attempt) []limit
	// request notes that a challenge is owed: the first one of a new attempt, or another in place of the last one.
	request(a *identity.Attempt, now time.Time)
	// begin makes the challenge that the attempt is owed. It may be called again after a kill.
	begin(ctx context.Context, attemptID string)
	// again asks for another challenge.
	again(context.Context, *identity.Attempt) (*identity.Attempt, error)
}
