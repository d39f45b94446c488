package web

import (
	"cmp"
	"net/http"
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
	Message   string       `json:"message" example:"提交的信息有误，请检查后重试"`
	Detail    string       `json:"detail" example:"请求不符合接口文档，见 errors"`
	RequestID string       `json:"request_id" example:"4QK7ZD2N6XW3TB5RFVAJHM2PLC"`
	Retryable *bool        `json:"retryable,omitempty" example:"true"`
	TriesLeft *int         `json:"tries_left,omitempty" example:"4"`
	Errors    []FieldError `json:"errors,omitempty"`
}

// FieldError is about one field of the request.
type FieldError struct {
	Field   string `json:"field" example:"id_number"`
	Code    string `json:"code" example:"required"`
	Message string `json:"message" example:"此项必填"`
	Detail  string `json:"detail" example:"缺少必填字段 id_number"`
}

// problemFields explain the fields of problem.go.
var problemFields = Fields{
	"Problem": {
		"type":   {"问题类型，由错误码构成", "Kind of problem, made of the code"},
		"title":  {"概要，语言随 Accept-Language 而定", "Summary, in the language asked for"},
		"status": {"HTTP 状态码", "HTTP status"},
		"code": {
			"错误码，程序据此处理；已有的不会改变含义，今后可能增加新的，未知的请按 status 处理",
			"Code to decide by. Codes keep their meaning; new ones may come: treat those by status",
		},
		"message":    {"说明，可直接展示给用户", "Explanation that can be shown to the user"},
		"detail":     {"供开发者阅读的说明，请勿展示给用户", "Explanation for developers, not to be shown to the user"},
		"request_id": {"请求编号，反馈问题时请提供", "Id of the request, to be named when reporting a fault"},
		"retryable": {
			"有 Retry-After 时给出：true 表示程序可等待后自动重试，false 表示等待较久，应告知用户",
			"Beside Retry-After: true if the program may wait and try again by itself, false if the wait is long and the user should be told",
		},
		"tries_left": {"答错时给出：还可以输错几次，0 表示本次申请已结束", "After a wrong answer: how many more are allowed; 0 means that it is over"},
		"errors":     {"各字段的错误", "What is wrong with single fields"},
	},
	"FieldError": {
		"field": {
			"字段，如 consent.version；unknown_field 时为多出的字段；空字符串表示整个内容",
			"Field, such as consent.version; with unknown_field the one too many; an empty string stands for the whole content",
		},
		"code":    {"字段错误码", "Code of what is wrong with the field"},
		"message": {"说明，可直接展示给用户", "Explanation of the field's error that can be shown to the user"},
		"detail":  {"供开发者阅读的说明，请勿展示给用户", "Explanation of the field's error for developers, not to be shown to the user"},
	},
}

// GetStatus makes a Problem an error that Huma answers with.
func (p *Problem) GetStatus() int { return p.Status }

// Error gives the code only.
func (p *Problem) Error() string { return p.Code }

// ContentType is application/problem+json.
func (p *Problem) ContentType(string) string { return problemType }

// problemFor writes out a failure in the call's language and notes its code for the log.
func problemFor(c *call, f *Failure) *Problem {
	c.code = f.Public.Code
	p := &Problem{
		Type:      "urn:yibao:problem:" + f.Public.Code,
		Title:     titles[f.Public.Status][c.language],
		Status:    f.Public.Status,
		Code:      f.Public.Code,
		Message:   f.text(c.language),
		Detail:    f.Public.Detail[c.language],
		RequestID: c.id,
		TriesLeft: f.TriesLeft,
		Errors:    f.fields,
	}
	if wait := f.wait(); wait > 0 {
		soon := wait <= longestWait
		p.Retryable = &soon
	}
	if field := cmp.Or(f.Field, f.Public.Field); p.Errors == nil && field != "" {
		p.Errors = []FieldError{{Field: field, Code: f.Public.Code, Message: p.Message, Detail: p.Detail}}
	}
	return p
}

// problemHeaders are the headers that go with a failure.
func problemHeaders(c *call, f *Failure, set func(name, value string)) {
	set(fiber.HeaderContentLanguage, c.language.Tag())
	if f.Public == ErrToken {
		set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	if wait := f.wait(); wait > 0 {
		set(fiber.HeaderRetryAfter, strconv.Itoa(roundUp(wait, time.Second)))
	}
}

// longestWait is how long a program may wait by itself before it tries again.
const longestWait = 5 * time.Minute

// wait is the time until trying again makes sense; zero where it is not known.
func (f *Failure) wait() time.Duration {
	if f.Retry > 0 {
		return f.Retry
	}
	return f.Public.Retry
}

// text is what the user is told.
func (f *Failure) text(l Language) string {
	return strings.ReplaceAll(f.Public.Text[l], "{wait}", waitText(f.wait(), l))
}

// waitText says a time to wait in words, rounded up: 24小时, 5 minutes.
func waitText(wait time.Duration, l Language) string {
	for _, unit := range []struct {
		length time.Duration
		name   Text
	}{{time.Hour, Text{"小时", "hour"}}, {time.Minute, Text{"分钟", "minute"}}, {time.Second, Text{"秒", "second"}}} {
		n := roundUp(wait, unit.length)
		switch {
		case wait < 2*unit.length && unit.length > time.Second:
			continue // 90 seconds rather than 2 minutes
		case l == Chinese:
			return strconv.Itoa(n) + unit.name[Chinese]
		case n == 1:
			return "1 " + unit.name[English]
		}
		return strconv.Itoa(n) + " " + unit.name[English] + "s"
	}
	return ""
}

func roundUp(d, unit time.Duration) int { return int((d + unit - 1) / unit) }

// Huma keeps its error constructors in package variables. Its own would echo the caller's values and the texts of
// errors, so init replaces them for the whole program.
func init() {
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError {
		return problemFor(newCall(""), &Failure{Public: publicOf(status)})
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, details ...error) huma.StatusError {
		c := callOf(ctx.Context())
		f := failureOf(c, status, message, details)
		problemHeaders(c, f, ctx.SetHeader)
		return problemFor(c, f)
	}
	// A field is known by its exact name only: "Name" beside "name" would otherwise be read too.
	huma.ValidateStrictCasing = true
	// Lists are never null, in either direction; the document should say so.
	huma.DefaultArrayNullable = false
}

// failureOf reads Huma's finding: the error of a handler, which is then the only detail, or an input that is not valid.
func failureOf(c *call, status int, message string, details []error) *Failure {
	switch {
	case status >= http.StatusInternalServerError && len(details) == 1:
		return c.endpoint.server.classify(c, details[0]) // the guard, which sets endpoint, stands before Huma
	case status == http.StatusBadRequest && len(details) == 0 && strings.Contains(message, "required"):
		return &Failure{Public: ErrBodyMissing}
	case status == http.StatusBadRequest:
		return &Failure{Public: ErrMalformed}
	case status == http.StatusUnprocessableEntity:
		return &Failure{Public: ErrValidation, fields: fieldErrors(c.endpoint.fields, details, c.language)}
	}
	return &Failure{Public: publicOf(status)}
}

// handleError is the app's only Fiber error handler: for 404, 405, refusals of the guard, requests that cannot be parsed,
// and panics. It never prints the error.
func (s *server) handleError(c *fiber.Ctx, err error) error {
	call := callIn(c)
	if call.endpoint == nil && c.GetRespHeader(headerRequestID) == "" {
		s.harden(c, call) // no middleware ran
	}
	f := s.classify(call, err)
	problemHeaders(call, f, c.Set)
	c.Set(fiber.HeaderContentType, problemType)
	c.Status(f.Public.Status).Response().ResetBody() // a panic may have come half-way through an answer
	return jsonFormat.Marshal(c, problemFor(call, f))
}
