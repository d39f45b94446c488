package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// publicError is one kind of error as a client may know it. Codes are promised to stay; texts may change.
type publicError struct {
	code   string
	status int
	field  string        // the field of the request it is about, if it always is the same
	retry  time.Duration // when to try again, where the error itself does not say
	text   text          // what a citizen is told
}

// publicErrors holds every public error in the order of the list below.
var publicErrors []*publicError

// publish adds an error to the list, which the document shows.
func publish(e publicError) *publicError {
	publicErrors = append(publicErrors, &e)
	return &e
}

// The one list of public errors.
var (
	errBadRequest   = publish(publicError{code: "bad_request", status: 400, text: text{"请求有误，请更新小程序后重试", "The request cannot be understood. Please update the mini-program and try again."}})
	errMalformed    = publish(publicError{code: "malformed_json", status: 400, text: text{"提交的内容格式有误，请重试", "The content sent is not valid JSON."}})
	errNotUTF8      = publish(publicError{code: "not_utf8", status: 400, text: text{"提交的内容编码有误，请使用 UTF-8", "The content sent is not valid UTF-8."}})
	errBodyMissing  = publish(publicError{code: "body_missing", status: 400, text: text{"没有收到提交的内容，请重试", "No content was received."}})
	errMethod       = publish(publicError{code: "method_not_allowed", status: 405, text: text{"不支持该操作", "This operation is not supported."}})
	errNotAccepted  = publish(publicError{code: "not_acceptable", status: 406, text: text{"无法按要求的格式返回结果", "The answer cannot be given in the format asked for."}})
	errReadTimeout  = publish(publicError{code: "request_timeout", status: 408, text: text{"网络较慢，提交超时，请重试", "Sending took too long. Please try again."}})
	errBodyTooLarge = publish(publicError{code: "body_too_large", status: 413, text: text{"提交的内容过大，请减少后重试", "The content sent is too large."}})
	errMediaType    = publish(publicError{code: "unsupported_media_type", status: 415, text: text{"提交的内容类型不受支持，请使用 JSON", "This type of content is not supported. Please send JSON."}})
	errValidation   = publish(publicError{code: "validation", status: 422, text: text{"提交的信息有误，请检查后重试", "Some of the information is not right. Please check it and try again."}})
	errHeadersLarge = publish(publicError{code: "headers_too_large", status: 431, text: text{"请求头过大，请清理缓存后重试", "The request's headers are too large."}})
	errRate         = publish(publicError{code: "too_many_requests", status: 429, retry: time.Second, text: text{"操作过于频繁，请稍后再试", "Too many requests. Please try again later."}})

	errToken       = publish(publicError{code: "token_invalid", status: 401, text: text{"登录已失效，请重新进入小程序", "Your sign-in has ended. Please open the mini-program again."}})
	errSignInCode  = publish(publicError{code: "code_invalid", status: 401, field: "code", text: text{"登录凭证无效或已过期，请重新进入小程序", "The sign-in code is not valid or has expired. Please open the mini-program again."}})
	errUserBlocked = publish(publicError{code: "user_blocked", status: 403, text: text{"当前账号被平台限制，暂时无法登录", "The platform has restricted this account; signing in is not possible at the moment."}})
	errApp         = publish(publicError{code: "app_unknown", status: 422, field: "app", text: text{"该小程序尚未开通本服务", "This mini-program does not offer the service."}})
	errNotFound    = publish(publicError{code: "not_found", status: 404, text: text{"未找到相关信息", "Nothing was found here."}})

	errAttemptOver = publish(publicError{code: "attempt_over", status: 409, text: text{"本次绑定申请已结束，请重新发起", "This request has ended. Please start again."}})
	errCodeWrong   = publish(publicError{code: "code_wrong", status: 422, field: "code", text: text{"验证码不正确，请核对后重新输入", "The code is not right. Please check it and enter it again."}})
	errCodeExpired = publish(publicError{code: "code_expired", status: 422, field: "code", text: text{"验证码已过期，请重新获取", "The code has expired. Please ask for a new one."}})
	errTooSoon     = publish(publicError{code: "too_soon", status: 429, retry: time.Minute, text: text{"验证码发送过于频繁，请稍后再试", "A code was sent a moment ago. Please wait before asking for another."}})
	errNoSendsLeft = publish(publicError{code: "no_sends_left", status: 409, text: text{"本次申请的验证码发送次数已用完，请重新发起", "No more codes can be sent for this request. Please start again."}})
	errTooMany     = publish(publicError{code: "too_many_attempts", status: 429, retry: time.Hour, text: text{"尝试次数过多，请稍后再试", "Too many attempts. Please try again later."}})
	errNotOffered  = publish(publicError{code: "not_offered", status: 422, text: text{"该地区暂未开通此办理方式", "This region does not offer this way of linking."}})
	errName        = publish(publicError{code: "name_invalid", status: 422, field: "name", text: text{"姓名填写有误，请按证件填写", "The name is not valid. Please enter it as on the ID."}})
	errIDNumber    = publish(publicError{code: "id_number_invalid", status: 422, field: "id_number", text: text{"证件号码填写有误，请核对", "The ID number is not valid. Please check it."}})
	errConsent     = publish(publicError{code: "consent_missing", status: 422, field: "consent", text: text{"请先阅读并同意最新版授权说明", "Please read and agree to the current consent text first."}})
	errGuardian    = publish(publicError{code: "guardian_required", status: 422, field: "consent.guardian", text: text{"未满十四周岁，须由监护人绑定并同意，关系请勿选“本人”", "A person under 14 is linked by a guardian who agrees, not as oneself."}})
	errLinkLimit   = publish(publicError{code: "link_limit", status: 409, text: text{"绑定人数已达上限，请先解除不需要的绑定", "The number of links has reached its limit. Please remove one first."}})
	errNotEnrolled = publish(publicError{code: "not_enrolled", status: 409, text: text{"暂未查询到参保信息，如有疑问请咨询参保地医保部门", "No enrolment was found. Please ask the local medical-insurance office."}})
	errMismatch    = publish(publicError{code: "person_changed", status: 409, text: text{"参保登记信息已变更，请解除绑定后重新绑定", "The registration has changed. Please remove the link and link again."}})
	errUnsupported = publish(publicError{code: "unsupported", status: 409, text: text{"该地区暂不提供此项查询", "This region does not provide this information."}})
	errRange       = publish(publicError{code: "range_invalid", status: 422, text: text{"日期范围有误，请重新选择", "The range of dates is not valid."}})
	errTooManyDays = publish(publicError{code: "too_many_points", status: 422, text: text{"日期范围过长，请缩短范围或改为按周、按月查看", "The range is too long. Please shorten it, or view it by week or month."}})
	errNoReading   = publish(publicError{code: "no_reading", status: 503, retry: 30 * time.Second, text: text{"暂时无法获取余额，请稍后再试", "The balance cannot be had at the moment. Please try again later."}})

	errNoRule      = publish(publicError{code: "no_reminder", status: 404, text: text{"尚未设置余额提醒", "No reminder is set."}})
	errTemplate    = publish(publicError{code: "template_unknown", status: 422, field: "template", text: text{"该消息模板不可用，请更新小程序后重试", "There is no such message template."}})
	errThreshold   = publish(publicError{code: "threshold_invalid", status: 422, field: "threshold_fen", text: text{"提醒金额须在 1 元至 100 万元之间", "The threshold must be between ¥1 and ¥1,000,000."}})
	errMargin      = publish(publicError{code: "margin_invalid", status: 422, field: "margin_fen", text: text{"回升金额须在 0 至 100 万元之间", "The margin must be between ¥0 and ¥1,000,000."}})
	errReportID    = publish(publicError{code: "report_id_invalid", status: 422, field: "report_id", text: text{"上报编号有误", "The report's id is not valid."}})
	errNoAccount   = publish(publicError{code: "no_personal_account", status: 409, text: text{"该参保人没有可提醒的个人账户", "There is no personal account to watch."}})
	errNoAgreement = publish(publicError{code: "unattended_consent_missing", status: 409, text: text{"请先同意由系统定期查询余额", "Please agree first that the balance is read regularly."}})
	errUnattended  = publish(publicError{code: "unattended_unsupported", status: 409, text: text{"该地区暂不支持余额提醒", "This region does not support reminders."}})
	errQuiet       = publish(publicError{code: "quiet_hours_invalid", status: 422, field: "quiet_hours", text: text{"免打扰时段填写有误", "The quiet hours are not valid."}})

	errInternal     = publish(publicError{code: "internal", status: 500, text: text{"系统出现异常，请稍后再试", "Something went wrong. Please try again later."}})
	errStore        = publish(publicError{code: "store_unavailable", status: 503, retry: 5 * time.Second, text: text{"系统繁忙，请稍后再试", "The service is busy. Please try again later."}})
	errSignInOften  = publish(publicError{code: "sign_in_too_often", status: 429, retry: time.Minute, text: text{"登录过于频繁，请稍后再试", "You have signed in too often. Please try again in a minute."}})
	errPlatformBusy = publish(publicError{code: "platform_busy", status: 503, retry: 10 * time.Second, text: text{"登录服务繁忙，请稍后再试", "The sign-in service is busy. Please try again later."}})
	errPlatform     = publish(publicError{code: "platform_unavailable", status: 503, retry: 10 * time.Second, text: text{"暂时无法连接登录平台，请稍后再试", "The platform cannot be reached. Please try again later."}})
	errUpstream     = publish(publicError{code: "upstream_unavailable", status: 503, retry: 30 * time.Second, text: text{"医保系统暂时无法访问，请稍后再试", "The medical-insurance system cannot be reached. Please try again later."}})
	errUpstreamBusy = publish(publicError{code: "upstream_busy", status: 503, retry: 10 * time.Second, text: text{"查询服务繁忙，请稍后再试", "The query service is busy. Please try again later."}})
	errTimedOut     = publish(publicError{code: "timed_out", status: 503, retry: 5 * time.Second, text: text{"处理超时，请稍后再试", "This took too long. Please try again later."}})
)

// known maps the domain's errors. The first that matches counts, so what is wrong with the store or an upstream stands
// before what was made of it.
var known = []struct {
	err    error
	public *publicError
}{
	{identity.ErrStore, errStore},
	{identity.ErrTokenInvalid, errToken},
	{identity.ErrCodeInvalid, errSignInCode},
	{identity.ErrNoSuchApp, errApp},
	{identity.ErrUserBlocked, errUserBlocked},
	{identity.ErrSignInTooOften, errSignInOften},
	{identity.ErrPlatformBusy, errPlatformBusy},
	{identity.ErrPlatformUnavailable, errPlatform},
	{identity.ErrNoSuchSession, errNotFound},
	{identity.ErrNoSuchLink, errNotFound},
	{identity.ErrNoSuchAttempt, errNotFound},
	{identity.ErrNotFound, errNotFound},
	{identity.ErrAttemptOver, errAttemptOver},
	{identity.ErrCodeWrong, errCodeWrong},
	{identity.ErrCodeExpired, errCodeExpired},
	{identity.ErrTooSoon, errTooSoon},
	{identity.ErrNoSendsLeft, errNoSendsLeft},
	{identity.ErrNotOffered, errNotOffered},
	{identity.ErrNameInvalid, errName},
	{identity.ErrIDNumber, errIDNumber},
	{identity.ErrConsentMissing, errConsent},
	{identity.ErrGuardian, errGuardian},
	{identity.ErrLinkLimit, errLinkLimit},
	{identity.ErrNotEnrolled, errNotEnrolled},
	{identity.ErrMismatch, errMismatch},
	{identity.ErrUpstreamUnavailable, errUpstream},

	{balance.ErrNoReading, errNoReading},
	{balance.ErrUnsupported, errUnsupported},
	{balance.ErrNotEnrolled, errNotEnrolled},
	{balance.ErrMismatch, errMismatch},
	{balance.ErrBusy, errUpstreamBusy},
	{balance.ErrTimeout, errUpstream},
	{balance.ErrUpstream, errUpstream},
	{balance.ErrMalformed, errUpstream},
	{balance.ErrRange, errRange},
	{balance.ErrTooMany, errTooManyDays},
	{balance.ErrNotFound, errNotFound},

	{reminder.ErrNoRule, errNoRule},
	{reminder.ErrNotFound, errNotFound},
	{reminder.ErrNoTemplate, errTemplate},
	{reminder.ErrThreshold, errThreshold},
	{reminder.ErrMargin, errMargin},
	{reminder.ErrReportID, errReportID},
	{reminder.ErrNoAccount, errNoAccount},
	{reminder.ErrNoConsent, errNoAgreement},
	{reminder.ErrUnattended, errUnattended},
	{reminder.ErrQuietHours, errQuiet},

	{context.DeadlineExceeded, errTimedOut},
	{context.Canceled, errTimedOut},
}

// failure is a public error with what is particular to one request. It never holds a value of the request.
type failure struct {
	public *publicError
	retry  time.Duration // overrides the public error's when set
	field  string        // likewise
	fields []FieldError
}

func (f *failure) Error() string { return f.public.code }

// fail makes a public error an error.
func fail(public *publicError) error { return &failure{public: public} }

// classify finds what a client may know of any error; what nobody knows is internal.
func classify(err error) *failure {
	var ready *failure
	if errors.As(err, &ready) {
		return ready
	}
	var limit *identity.LimitError
	if errors.As(err, &limit) {
		return &failure{public: errTooMany, retry: limit.RetryAfter}
	}
	var soon *identity.TooSoonError
	if errors.As(err, &soon) {
		return &failure{public: errTooSoon, retry: soon.RetryAfter}
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return &failure{public: k.public}
		}
	}
	var routing *fiber.Error
	if errors.As(err, &routing) {
		return &failure{public: publicOf(routing.Code)}
	}
	return &failure{public: errInternal}
}

// publicOf chooses by status alone, for what Fiber and Huma refuse by themselves.
func publicOf(status int) *publicError {
	switch status {
	case http.StatusNotFound:
		return errNotFound
	case http.StatusMethodNotAllowed:
		return errMethod
	case http.StatusNotAcceptable:
		return errNotAccepted
	case http.StatusRequestTimeout, http.StatusBadGateway: // Fiber's word for a connection that broke while sending
		return errReadTimeout
	case http.StatusRequestEntityTooLarge:
		return errBodyTooLarge
	case http.StatusUnsupportedMediaType:
		return errMediaType
	case http.StatusUnprocessableEntity:
		return errValidation
	case http.StatusRequestHeaderFieldsTooLarge:
		return errHeadersLarge
	case http.StatusTooManyRequests:
		return errRate
	}
	if status >= http.StatusInternalServerError {
		return errInternal
	}
	return errBadRequest
}

// titles says in a few words what a status means; an error's detail says the rest.
var titles = map[int]text{
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
