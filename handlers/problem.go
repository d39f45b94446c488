package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

const problemType = "application/problem+json"

// Problem is how every error is answered (RFC 9457). It never carries a value of the request.
type Problem struct {
	Type      string       `json:"type" example:"urn:yibao:problem:validation"`
	Title     string       `json:"title" example:"信息有误"`
	Status    int          `json:"status" example:"422"`
	Code      string       `json:"code" example:"validation"`
	Detail    string       `json:"detail" example:"提交的信息有误，请检查后重试"`
	RequestID string       `json:"request_id" example:"4QK7ZD2N6XW3TB5RFVAJHM2PLC"`
	Errors    []FieldError `json:"errors,omitempty"`
}

// FieldError says what is wrong with one field of the request.
type FieldError struct {
	Field string `json:"field" example:"id_number"`
	Code  string `json:"code" example:"required"`
	Text  string `json:"text" example:"此项必填"`
}

// GetStatus makes a Problem what Huma takes for an error.
func (p *Problem) GetStatus() int { return p.Status }

// Error gives the code only.
func (p *Problem) Error() string { return p.Code }

// ContentType is application/problem+json.
func (p *Problem) ContentType(string) string { return problemType }

// problemFor writes out a failure in the call's language and notes it in the call for the log.
func problemFor(c *call, f *failure) *Problem {
	c.code = f.public.code
	p := &Problem{
		Type:      "urn:yibao:problem:" + f.public.code,
		Title:     titles[f.public.status].in(c.language),
		Status:    f.public.status,
		Code:      f.public.code,
		Detail:    f.public.text.in(c.language),
		RequestID: c.id,
		Errors:    f.fields,
	}
	if field := cmp.Or(f.field, f.public.field); p.Errors == nil && field != "" {
		p.Errors = []FieldError{{Field: field, Code: f.public.code, Text: p.Detail}}
	}
	return p
}

// problemHeaders are the headers that go with a failure.
func problemHeaders(c *call, f *failure, set func(name, value string)) {
	set(fiber.HeaderContentLanguage, c.language.tag())
	if f.public == errToken {
		set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	wait := f.retry
	if wait <= 0 {
		wait = f.public.retry
	}
	if wait > 0 {
		seconds := int64((wait + time.Second - 1) / time.Second)
		set(fiber.HeaderRetryAfter, strconv.FormatInt(seconds, 10))
	}
}

// Huma keeps its error constructors in package variables. Its own would echo the caller's values and the texts of
// errors, so they are replaced for the whole program.
func init() {
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError {
		return problemFor(newCall(""), &failure{public: publicOf(status)})
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, details ...error) huma.StatusError {
		c := callOf(ctx.Context())
		f := failureOf(ctx.Operation(), status, message, details, c.language)
		noteFault(c, f, details)
		problemHeaders(c, f, ctx.SetHeader)
		return problemFor(c, f)
	}
	// A field is known by its exact name only: "Name" beside "name" would otherwise be read too.
	huma.ValidateStrictCasing = true
	// Lists are never null, in either direction; the document should say so.
	huma.DefaultArrayNullable = false
}

// failureOf says what Huma found wrong: with a handler (its error is the only detail), or with the input.
func failureOf(op *huma.Operation, status int, message string, details []error, l language) *failure {
	switch {
	case status >= http.StatusInternalServerError && len(details) == 1:
		return classify(details[0])
	case status == http.StatusBadRequest && len(details) == 0 && strings.Contains(message, "required"):
		return &failure{public: errBodyMissing}
	case status == http.StatusBadRequest:
		return &failure{public: errMalformed}
	case status == http.StatusUnprocessableEntity:
		return &failure{public: errValidation, fields: fieldErrors(op, details, l)}
	}
	return &failure{public: publicOf(status)}
}

// noteFault keeps for the log what an internal error was. Its text may carry anything, so only its types are kept.
func noteFault(c *call, f *failure, details []error) {
	if f.public != errInternal || c.fault != "" || len(details) == 0 {
		return
	}
	c.fault = errorTypes(details[0])
}

// errorTypes names the types of an error and of what it wraps.
func errorTypes(err error) string {
	var names []string
	for ; err != nil && len(names) < 8; err = errors.Unwrap(err) {
		names = append(names, reflect.TypeOf(err).String())
	}
	return strings.Join(names, " < ")
}

// handleError is the app's only Fiber error handler: 404, 405, what the guard refuses, what cannot be parsed, panics.
// It never prints the error.
func (s *server) handleError(c *fiber.Ctx, err error) error {
	call := callIn(c)
	if call.endpoint == nil && c.GetRespHeader(headerRequestID) == "" {
		s.harden(c, call) // no middleware ran
	}
	f := classify(err)
	noteFault(call, f, []error{err})
	problemHeaders(call, f, c.Set)
	c.Set(fiber.HeaderContentType, problemType)
	c.Status(f.public.status).Response().ResetBody() // a panic may have come half-way through an answer
	return jsonFormat.Marshal(c, problemFor(call, f))
}
