package insurer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"yibao/platforms/internal/outside"
)

// retryDelay lets a relay that just refused a connection breathe.
const retryDelay = 50 * time.Millisecond

// ask is one transaction to one region.
type ask struct {
	infno         string
	insuredRegion string // insuplc_admdvs; mandatory where the question holds a person number
	question      personQuestion
	local         map[string]string // further fields of a local transaction
	once          bool              // asked once, also where no answer came
	refused       Class             // in place of ClassBusiness and ClassMalformed, where set
	want          string            // a field of the output: see Profile.output
	list          bool              // the output is or holds a list
	fields        map[string]string // in place of the question's own fields; nil for these
}

func newRetry(times int) failsafe.Executor[reply] {
	policy := retrypolicy.NewBuilder[reply]().
		HandleIf(func(_ reply, err error) bool {
			var e *Error
			return errors.As(err, &e) && e.Class == ClassTimeout
		}).
		WithMaxRetries(times).WithDelay(retryDelay).ReturnLastFailure().Build()
	return failsafe.With(policy)
}

// do asks, and asks again only where no answer came: the questions change nothing upstream. The context bounds the
// whole. Every error is an *Error, logged here, once, without anything of the person.
func (r *region) do(ctx context.Context, a ask) (reply, error) {
	if until, throttled := r.throttle.end(r.now()); throttled {
		// No question leaves. Nothing is logged either: the beginning was, and a thousand people may be due.
		return reply{}, &Error{Class: ClassThrottled, Region: r.code, Transaction: a.infno, Until: until}
	}
	if !a.question.fits() {
		return reply{}, r.fail(ctx, a, &Error{Class: ClassNotEnrolled}) // no upstream can hold such a person
	}
	try := func() (reply, error) {
		answer, refusal := r.once(ctx, a)
		if refusal != nil {
			return reply{}, refusal
		}
		return answer, nil
	}
	var answer reply
	var err error
	if a.once {
		answer, err = try()
	} else {
		answer, err = r.retry.WithContext(ctx).Get(try)
	}
	if err == nil {
		return answer, nil
	}
	var refusal *Error
	if !errors.As(err, &refusal) {
		refusal = &Error{Class: ClassTimeout} // the context ended between two tries
	}
	if a.refused != "" && (refusal.Class == ClassBusiness || refusal.Class == ClassMalformed) {
		refusal.Class = a.refused
	}
	refusal.cause = ctx.Err()
	return reply{}, r.fail(ctx, a, refusal)
}

// fail completes an error and logs it. An unknown person is an answer, not trouble.
func (r *region) fail(ctx context.Context, a ask, e *Error) error {
	e.Region, e.Transaction = r.code, a.infno
	e.Reference = safeReference(e.Reference, a.question.CertNo)
	for _, private := range a.local {
		e.Reference = safeReference(e.Reference, private)
	}
	level := slog.LevelWarn
	if e.Class == ClassNotEnrolled || e.Class == ClassMismatch {
		level = slog.LevelInfo
	}
	r.log.Log(ctx, level, "insurer_no_usable_answer", "class", string(e.Class), "region", e.Region,
		"transaction", e.Transaction, "code", e.Code, "cause", e.Cause, "status", e.Status, "reference", e.Reference)
	return e
}

// once is one try, with a message id, nonce and times of its own.
func (r *region) once(ctx context.Context, a ask) (reply, *Error) {
	response, err := r.send(ctx, a)
	if err != nil {
		return reply{}, err
	}
	body, refusal := response.body, (*Error)(nil)
	if r.Family == FamilyGM {
		if body, refusal = r.gmReply(response.status, body); refusal != nil {
			return reply{}, refusal
		}
	}
	answer, refusal := r.readReply(response.status, body, a)
	if refusal != nil && refusal.Class == ClassThrottled {
		refusal.Until = r.leaveAlone(ctx, response)
	}
	return answer, refusal
}

// leaveAlone begins or extends the time in which the region is not asked.
func (r *region) leaveAlone(ctx context.Context, response response) time.Time {
	wait := retryAfter(response.header, r.now())
	until, began := r.throttle.extend(r.now().Add(wait))
	if began {
		r.log.WarnContext(ctx, "insurer_region_throttled", "region", r.code, "seconds", int(wait/time.Second))
	}
	return until
}

// response is an answer's raw material.
type response struct {
	status int
	body   []byte
	header http.Header
	sent   time.Time     // when the request left, on the machine's clock
	took   time.Duration // until the headers came
}

func (r *region) send(ctx context.Context, a ask) (response, *Error) {
	at := time.Now() // the upstream compares it with its own clock
	body, err := r.bodyOf(a, at)
	if err != nil {
		return response{}, &Error{Class: ClassAccess}
	}
	address := r.BaseURL
	if r.PathMode == PathSuffix {
		address += "/" + a.infno
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return response{}, &Error{Class: ClassAccess}
	}
	request.Header.Set("Content-Type", r.ContentType)
	request.Header.Set("Accept", "application/json")
	if r.Family == FamilyFSI {
		r.Auth.sign(request.Header, at)
	}
	return r.receive(request)
}

func (r *region) bodyOf(a ask, at time.Time) ([]byte, error) {
	if r.Family == FamilyGM {
		return r.gmBody(a, at)
	}
	return r.body(a, at, r.sequence)
}

func (r *region) receive(request *http.Request) (response, *Error) {
	sent := time.Now()
	answer, err := r.http.Do(request)
	if err != nil {
		return response{}, unanswered(err, 0)
	}
	defer func() { _ = answer.Body.Close() }()
	result := response{status: answer.StatusCode, header: answer.Header, sent: sent, took: time.Since(sent)}
	if result.body, err = io.ReadAll(answer.Body); err != nil {
		return response{}, unanswered(err, answer.StatusCode)
	}
	return result, nil
}

// unanswered keeps one word of the error: its text holds the address.
func unanswered(err error, status int) *Error {
	e := &Error{Class: ClassTimeout, Cause: outside.Cause(err), Status: status}
	switch {
	case errors.Is(err, outside.ErrBodyTooLarge):
		e.Class = ClassMalformed
	case strings.HasPrefix(e.Cause, "tls"):
		e.Class = ClassAccess
	}
	return e
}
