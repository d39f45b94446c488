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
	Detail   Text          // told to the developer of the client
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
	ErrBadRequest = &Error{Code: "bad_request", Status: 400, Text: Text{"提交的信息有误，请更新小程序后重试", "This cannot be understood. Please update the mini-program and try again."},
		Detail: Text{"请求的格式不符合 HTTP 或本接口的约定", "The request does not follow HTTP or this API's conventions."}}
	ErrMalformed = &Error{Code: "malformed_json", Status: 400, Text: Text{"提交的内容有误，请更新小程序后重试", "The content sent cannot be read. Please update the mini-program and try again."},
		Detail: Text{"请求体不是有效的 JSON", "The body is not valid JSON."}}
	ErrNotUTF8 = &Error{Code: "not_utf8", Status: 400, Text: Text{"提交的内容有误，请更新小程序后重试", "The content sent cannot be read. Please update the mini-program and try again."},
		Detail: Text{"请求体不是有效的 UTF-8", "The body is not valid UTF-8."}}
	ErrBodyMissing = &Error{Code: "body_missing", Status: 400, Text: Text{"没有收到提交的内容，请重试", "No content was received."},
		Detail: Text{"该接口需要请求体，收到的为空", "This operation needs a body; none was received."}}
	ErrMethod = &Error{Code: "method_not_allowed", Status: 405, Text: Text{"不支持该操作", "This operation is not supported."},
		Detail: Text{"该路径不支持此 HTTP 方法", "The path does not know this HTTP method."}}
	ErrNotAccepted = &Error{Code: "not_acceptable", Status: 406, Text: Text{"暂时无法显示该内容，请更新小程序后重试", "This cannot be shown at the moment. Please update the mini-program and try again."},
		Detail: Text{"Accept 中没有可用的类型，本接口只返回 application/json", "Accept has no type that can be given; this API answers application/json."}}
	ErrReadTimeout = &Error{Code: "request_timeout", Status: 408, Text: Text{"网络较慢，提交超时，请重试", "Sending took too long. Please try again."},
		Detail: Text{"请求在限定时间内没有收完", "The request did not arrive in time."}}
	ErrBodyTooLarge = &Error{Code: "body_too_large", Status: 413, Text: Text{"提交的内容过大，请减少后重试", "The content sent is too large."},
		Detail: Text{"请求体超过该接口的上限", "The body is longer than this operation takes."}}
	ErrMediaType = &Error{Code: "unsupported_media_type", Status: 415, Text: Text{"提交的内容有误，请更新小程序后重试", "The content sent cannot be read. Please update the mini-program and try again."},
		Detail: Text{"请求体须为 application/json，且不得压缩", "The body must be application/json, and not compressed."}}
	ErrValidation = &Error{Code: "validation", Status: 422, Text: Text{"提交的信息有误，请检查后重试", "Some of the information is not right. Please check it and try again."},
		Detail: Text{"请求不符合接口文档，见 errors", "The request does not fit the document; see errors."}}
	ErrHeadersLarge = &Error{Code: "headers_too_large", Status: 431, Text: Text{"提交的内容过大，请删除小程序后重新添加", "The content sent is too large. Please remove the mini-program and add it again."},
		Detail: Text{"请求行与请求头合计超过 16 KB", "Request line and headers are longer than 16 KB together."}}
	ErrRate = &Error{Code: "too_many_requests", Status: 429, Retry: time.Second, Text: Text{"操作过于频繁，请稍后再试", "You have done this too often. Please try again later."},
		Detail: Text{"超过请求频率上限：有令牌的按用户计，其余按地址计；请等待 Retry-After 后重试", "More requests than allowed: by user with a token, by address without; wait for Retry-After."}}
	ErrToken = &Error{Code: "token_invalid", Status: 401, Text: Text{"登录已失效，请重新进入小程序", "Your sign-in has ended. Please open the mini-program again."},
		Detail: Text{"Authorization 缺失，或令牌无效、已过期；请重新调用 POST /v1/sessions", "Authorization is missing, or the token is not good or has ended; call POST /v1/sessions again."}}
	ErrNotFound = &Error{Code: "not_found", Status: 404, Text: Text{"未找到相关信息", "Nothing was found here."},
		Detail: Text{"路径不存在，或编号不属于当前用户", "There is no such path, or the id is not one of the user's."}}
	ErrInternal = &Error{Code: "internal", Status: 500, Text: Text{"系统出现异常，请稍后再试", "Something went wrong. Please try again later."},
		Detail: Text{"未预料的错误，已记入日志；反馈时请提供 request_id", "An unexpected error, which is in the log; name request_id when reporting it."}}
	ErrTimedOut = &Error{Code: "timed_out", Status: 503, Retry: 5 * time.Second, Text: Text{"处理超时，请稍后再试", "This took too long. Please try again later."},
		Detail: Text{"处理超过时限，可重试", "The work took longer than allowed; it can be tried again."}}
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
	400: {"提交有误", "Not understood"},
	401: {"请重新登录", "Please sign in"},
	403: {"无法访问", "Not allowed"},
	404: {"未找到", "Not found"},
	405: {"不支持该操作", "Not supported"},
	406: {"无法显示", "Cannot be shown"},
	408: {"提交超时", "Sending took too long"},
	409: {"当前无法办理", "Not possible now"},
	413: {"内容过大", "Content too large"},
	415: {"内容有误", "Content not understood"},
	422: {"信息有误", "Information not valid"},
	429: {"操作过于频繁", "Too often"},
	431: {"内容过大", "Content too large"},
	500: {"系统异常", "Internal error"},
	503: {"服务暂时不可用", "Service unavailable"},
}
