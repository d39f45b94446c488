package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Error is one kind of error as a client may know it. Codes are promised to stay; texts may change.
type Error struct {
	Code     string
	Status   int
	Field    string        // the field of the request that it is about, if always the same
	AnyField bool          // it is about one field, which the Failure names
	Retry    time.Duration // when to try again, unless the Failure says so
	Text     Text          // told to the user; {wait} becomes the time until Retry
}

// Error gives the code only.
func (e *Error) Error() string { return e.Code }

// Failure is an Error with the particulars of one request. It never holds a value of the request.
type Failure struct {
	Public *Error
	Retry  time.Duration // overrides the Error's when set
	Field  string        // likewise
	// TriesLeft is how many more wrong answers are allowed; nil where the failure is about something else.
	TriesLeft *int
	fields    []FieldError
}

// Error gives the code only.
func (f *Failure) Error() string { return f.Public.Code }

// The errors of this package. An API lists them among its own.
var (
	ErrBadRequest   = &Error{Code: "bad_request", Status: 400, Text: Text{"请求有误，请更新小程序后重试", "The request cannot be understood. Please update the mini-program and try again."}}
	ErrMalformed    = &Error{Code: "malformed_json", Status: 400, Text: Text{"提交的内容格式有误，请重试", "The content sent is not valid JSON."}}
	ErrNotUTF8      = &Error{Code: "not_utf8", Status: 400, Text: Text{"提交的内容编码有误，请使用 UTF-8", "The content sent is not valid UTF-8."}}
	ErrBodyMissing  = &Error{Code: "body_missing", Status: 400, Text: Text{"没有收到提交的内容，请重试", "No content was received."}}
	ErrMethod       = &Error{Code: "method_not_allowed", Status: 405, Text: Text{"不支持该操作", "This operation is not supported."}}
	ErrNotAccepted  = &Error{Code: "not_acceptable", Status: 406, Text: Text{"无法按要求的格式返回结果", "The answer cannot be given in the format asked for."}}
	ErrReadTimeout  = &Error{Code: "request_timeout", Status: 408, Text: Text{"网络较慢，提交超时，请重试", "Sending took too long. Please try again."}}
	ErrBodyTooLarge = &Error{Code: "body_too_large", Status: 413, Text: Text{"提交的内容过大，请减少后重试", "The content sent is too large."}}
	ErrMediaType    = &Error{Code: "unsupported_media_type", Status: 415, Text: Text{"提交的内容类型不受支持，请使用 JSON", "This type of content is not supported. Please send JSON."}}
	ErrValidation   = &Error{Code: "validation", Status: 422, Text: Text{"提交的信息有误，请检查后重试", "Some of the information is not right. Please check it and try again."}}
	ErrHeadersLarge = &Error{Code: "headers_too_large", Status: 431, Text: Text{"请求头过大，请清理缓存后重试", "The request's headers are too large."}}
	ErrRate         = &Error{Code: "too_many_requests", Status: 429, Retry: time.Second, Text: Text{"操作过于频繁，请稍后再试", "Too many requests. Please try again later."}}
	ErrToken        = &Error{Code: "token_invalid", Status: 401, Text: Text{"登录已失效，请重新进入小程序", "Your sign-in has ended. Please open the mini-program again."}}
	ErrNotFound     = &Error{Code: "not_found", Status: 404, Text: Text{"未找到相关信息", "Nothing was found here."}}
	ErrInternal     = &Error{Code: "internal", Status: 500, Text: Text{"系统出现异常，请稍后再试", "Something went wrong. Please try again later."}}
	ErrTimedOut     = &Error{Code: "timed_out", Status: 503, Retry: 5 * time.Second, Text: Text{"处理超时，请稍后再试", "This took too long. Please try again later."}}
)

// classify finds the part of an error that a client may know. An unknown error is internal: its text may carry any value,
// so only its types are noted for the log.
func (s *server) classify(c *call, err error) *Failure {
	var ready *Failure
	if errors.As(err, &ready) {
		return ready
	}
	var public *Error
	if errors.As(err, &public) {
		return &Failure{Public: public}
	}
	if s.api.Classify != nil {
		if found := s.api.Classify(err); found != nil {
			return found
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &Failure{Public: ErrTimedOut}
	}
	public = ErrInternal
	var routing *fiber.Error
	if errors.As(err, &routing) {
		public = publicOf(routing.Code)
	}
	if public == ErrInternal {
		c.fault = errorTypes(err)
	}
	return &Failure{Public: public}
}

// errorTypes names the types of an error and of the errors that it wraps.
func errorTypes(err error) string {
	var names []string
	for ; err != nil && len(names) < 8; err = errors.Unwrap(err) {
		names = append(names, fmt.Sprintf("%T", err))
	}
	return strings.Join(names, " < ")
}

// byStatus are the errors that a status alone tells.
var byStatus = map[int]*Error{
	404: ErrNotFound, 405: ErrMethod, 406: ErrNotAccepted, 408: ErrReadTimeout, 413: ErrBodyTooLarge, 415: ErrMediaType,
	422: ErrValidation, 429: ErrRate, 431: ErrHeadersLarge,
	502: ErrReadTimeout, // Fiber's word for a connection that broke while sending
}

// publicOf chooses by status alone, for the refusals of Fiber and Huma.
func publicOf(status int) *Error {
	if status >= 500 {
		return cmp.Or(byStatus[status], ErrInternal)
	}
	return cmp.Or(byStatus[status], ErrBadRequest)
}

// titles name statuses in a few words; an error's text says the rest.
var titles = map[int]Text{
	200: {"成功", "OK"},
	201: {"已创建", "Created"},
	202: {"已受理", "Accepted"},
	204: {"成功，无返回内容", "No content"},
	400: {"请求有误", "Bad request"},
	401: {"请重新登录", "Please sign in"},
	403: {"无法访问", "Not allowed"},
	404: {"未找到", "Not found"},
	405: {"不支持该操作", "Method not allowed"},
	406: {"格式不受支持", "Not acceptable"},
	408: {"请求超时", "Request timeout"},
	409: {"当前无法办理", "Not possible now"},
	413: {"内容过大", "Content too large"},
	415: {"内容类型不受支持", "Unsupported content type"},
	422: {"信息有误", "Information not valid"},
	429: {"操作过于频繁", "Too many requests"},
	431: {"请求头过大", "Headers too large"},
	500: {"系统异常", "Internal error"},
	503: {"服务暂时不可用", "Service unavailable"},
}
