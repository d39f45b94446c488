package handlers

import (
	"errors"
	"time"

	"yibao/balance"
	"yibao/handlers/web"
	"yibao/identity"
	"yibao/identity/document"
	"yibao/reminder"
)

// publicErrors holds the errors of the list below.
var publicErrors []*web.Error

// publish adds errors to the list, which the document shows, and returns the last.
func publish(list ...*web.Error) *web.Error {
	publicErrors = append(publicErrors, list...)
	return list[len(list)-1]
}

// The one list of public errors, in the order in which the document explains them. Package web has those of HTTP itself.
var (
	_ = publish(web.ErrBadRequest, web.ErrMalformed, web.ErrNotUTF8, web.ErrBodyMissing, web.ErrMethod, web.ErrNotAccepted,
		web.ErrReadTimeout, web.ErrBodyTooLarge, web.ErrMediaType, web.ErrValidation, web.ErrHeadersLarge, web.ErrRate)

	_              = publish(web.ErrToken)
	errSignInCode  = publish(&web.Error{Code: "code_invalid", Status: 401, Field: "code", Text: text{"登录凭证无效或已过期，请重新进入小程序", "The sign-in code is not valid or has expired. Please open the mini-program again."}})
	errUserBlocked = publish(&web.Error{Code: "user_blocked", Status: 403, Text: text{"当前账号被平台限制，暂时无法登录", "The platform has restricted this account; signing in is not possible at the moment."}})
	errApp         = publish(&web.Error{Code: "app_unknown", Status: 422, Field: "app", Text: text{"该小程序尚未开通本服务", "This mini-program does not offer the service."}})
	errPage        = publish(&web.Error{Code: "page_invalid", Status: 422, Field: "page", Text: text{"无法继续翻页，请从第一页重新查看", "There is no such page. Please start from the first one."}})
	_              = publish(web.ErrNotFound)

	errAttemptOver = publish(&web.Error{Code: "attempt_over", Status: 409, Text: text{"本次绑定申请已结束，请重新发起", "This request has ended. Please start again."}})
	errTooSoon     = publish(&web.Error{Code: "too_soon", Status: 429, Retry: time.Minute, Text: text{"验证码发送过于频繁，请在 {wait}后再获取", "A code was sent a moment ago. Please ask for another in {wait}."}})
	errNoSendsLeft = publish(&web.Error{Code: "no_sends_left", Status: 409, Text: text{"本次申请的验证码发送次数已用完，请重新发起", "No more codes can be sent for this request. Please start again."}})
	errNoTriesLeft = publish(&web.Error{Code: "no_tries_left", Status: 422, Text: text{"输错次数已达上限，本次申请已结束，请重新发起", "That was the last try. This request has ended; please start again."}})
	errTooMany     = publish(&web.Error{Code: "too_many_attempts", Status: 429, Retry: time.Hour, Text: text{"尝试次数过多，请在 {wait}后重试", "Too many attempts. Please try again in {wait}."}})
	errNotOffered  = publish(&web.Error{Code: "not_offered", Status: 422, Text: text{"该地区暂未开通此办理方式", "This region does not offer this way of linking."}})
	errName        = publish(&web.Error{Code: "name_invalid", Status: 422, Field: "name", Text: text{"姓名填写有误，请按证件填写", "The name is not valid. Please enter it as on the ID."}})
	errIDNumber    = publish(&web.Error{Code: "id_number_invalid", Status: 422, Field: "id_number", Text: text{"证件号码填写有误，请核对", "The ID number is not valid. Please check it."}})
	errConsent     = publish(&web.Error{Code: "consent_missing", Status: 422, Field: "consent", Text: text{"请先阅读并同意最新版授权说明", "Please read and agree to the current consent text first."}})
	errGuardian    = publish(&web.Error{Code: "guardian_required", Status: 422, Field: "consent.guardian", Text: text{"未满十四周岁，须由监护人绑定并同意，关系请勿选“本人”", "A person under 14 is linked by a guardian who agrees, not as oneself."}})
	errLinkLimit   = publish(&web.Error{Code: "link_limit", Status: 409, Text: text{"绑定人数已达上限，请先解除不需要的绑定", "The number of links has reached its limit. Please remove one first."}})
	errNotEnrolled = publish(&web.Error{Code: "not_enrolled", Status: 409, Text: text{"暂未查询到参保信息，如有疑问请咨询参保地医保部门", "No enrolment was found. Please ask the local medical-insurance office."}})
	errMismatch    = publish(&web.Error{Code: "person_changed", Status: 409, Text: text{"参保登记信息已变更，请解除绑定后重新绑定", "The registration has changed. Please remove the link and link again."}})
	errUnsupported = publish(&web.Error{Code: "unsupported", Status: 409, Text: text{"该地区暂不提供此项查询", "This region does not provide this information."}})
	errRange       = publish(&web.Error{Code: "range_invalid", Status: 422, AnyField: true, Text: text{"日期范围有误，请重新选择", "The range of dates is not valid."}})
	errTooManyDays = publish(&web.Error{Code: "too_many_points", Status: 422, Text: text{"日期范围过长，请缩短范围或改为按周、按月查看", "The range is too long. Please shorten it, or view it by week or month."}})
	errNoReading   = publish(&web.Error{Code: "no_reading", Status: 503, Retry: 30 * time.Second, Text: text{"暂时无法获取余额，请稍后再试", "The balance cannot be had at the moment. Please try again later."}})

	errNoRule      = publish(&web.Error{Code: "no_reminder", Status: 404, Text: text{"尚未设置余额提醒", "No reminder is set."}})
	errTemplate    = publish(&web.Error{Code: "template_unknown", Status: 422, Field: "template", Text: text{"该消息模板不可用，请更新小程序后重试", "There is no such message template."}})
	errThreshold   = publish(&web.Error{Code: "threshold_invalid", Status: 422, Field: "threshold_fen", Text: text{"提醒金额须在 1 元至 100 万元之间", "The threshold must be between ¥1 and ¥1,000,000."}})
	errMargin      = publish(&web.Error{Code: "margin_invalid", Status: 422, Field: "margin_fen", Text: text{"回升金额须在 0 至 100 万元之间", "The margin must be between ¥0 and ¥1,000,000."}})
	errReportID    = publish(&web.Error{Code: "report_id_invalid", Status: 422, Field: "report_id", Text: text{"上报编号有误", "The report's id is not valid."}})
	errNoAccount   = publish(&web.Error{Code: "no_personal_account", Status: 409, Text: text{"该参保人没有可提醒的个人账户", "There is no personal account to watch."}})
	errNoAgreement = publish(&web.Error{Code: "unattended_consent_missing", Status: 409, Text: text{"请先同意由系统定期查询余额", "Please agree first that the balance is read regularly."}})
	errUnattended  = publish(&web.Error{Code: "unattended_unsupported", Status: 409, Text: text{"该地区暂不支持余额提醒", "This region does not support reminders."}})
	errQuiet       = publish(&web.Error{Code: "quiet_hours_invalid", Status: 422, Field: "quiet_hours", Text: text{"免打扰时段填写有误", "The quiet hours are not valid."}})

	_               = publish(web.ErrInternal)
	errStore        = publish(&web.Error{Code: "store_unavailable", Status: 503, Retry: 5 * time.Second, Text: text{"系统繁忙，请稍后再试", "The service is busy. Please try again later."}})
	errSignInOften  = publish(&web.Error{Code: "sign_in_too_often", Status: 429, Retry: time.Minute, Text: text{"登录过于频繁，请稍后再试", "You have signed in too often. Please try again in a minute."}})
	errPlatformBusy = publish(&web.Error{Code: "platform_busy", Status: 503, Retry: 10 * time.Second, Text: text{"登录服务繁忙，请稍后再试", "The sign-in service is busy. Please try again later."}})
	errPlatform     = publish(&web.Error{Code: "platform_unavailable", Status: 503, Retry: 10 * time.Second, Text: text{"暂时无法连接登录平台，请稍后再试", "The platform cannot be reached. Please try again later."}})
	errUpstream     = publish(&web.Error{Code: "upstream_unavailable", Status: 503, Retry: 30 * time.Second, Text: text{"医保系统暂时无法访问，请稍后再试", "The medical-insurance system cannot be reached. Please try again later."}})
	errThrottled    = publish(&web.Error{Code: "upstream_throttled", Status: 503, Retry: time.Minute, Text: text{"医保系统查询繁忙，请在 {wait}后重试", "The medical-insurance system is busy. Please try again in {wait}."}})
	errUpstreamBusy = publish(&web.Error{Code: "upstream_busy", Status: 503, Retry: 10 * time.Second, Text: text{"查询服务繁忙，请稍后再试", "The query service is busy. Please try again later."}})
	_               = publish(web.ErrTimedOut)
)

// serviceErrors maps the errors of services. The first that matches counts. An error that wraps the cause (the store, an
// upstream) goes out as the cause, which therefore stands first.
var serviceErrors = append([]serviceError{
	{identity.ErrStore, errStore},
	{balance.ErrThrottled, errThrottled},
	{identity.ErrTokenInvalid, web.ErrToken},
	{identity.ErrCodeInvalid, errSignInCode},
	{identity.ErrNoSuchApp, errApp},
	{identity.ErrUserBlocked, errUserBlocked},
	{identity.ErrSignInTooOften, errSignInOften},
	{identity.ErrPlatformBusy, errPlatformBusy},
	{identity.ErrPlatformUnavailable, errPlatform},
	{identity.ErrPage, errPage},
	{identity.ErrNoSuchSession, web.ErrNotFound},
	{identity.ErrNoSuchLink, web.ErrNotFound},
	{identity.ErrNoSuchAttempt, web.ErrNotFound},
	{identity.ErrNotFound, web.ErrNotFound},
	{identity.ErrAttemptOver, errAttemptOver},
	{identity.ErrTooSoon, errTooSoon},
	{identity.ErrNoSendsLeft, errNoSendsLeft},
	{identity.ErrNotOffered, errNotOffered},
	{document.ErrName, errName},
	{document.ErrNumber, errIDNumber},
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
	{balance.ErrNotFound, web.ErrNotFound},

	{reminder.ErrNoRule, errNoRule},
	{reminder.ErrNotFound, web.ErrNotFound},
	{reminder.ErrNoTemplate, errTemplate},
	{reminder.ErrThreshold, errThreshold},
	{reminder.ErrMargin, errMargin},
	{reminder.ErrReportID, errReportID},
	{reminder.ErrNoAccount, errNoAccount},
	{reminder.ErrNoConsent, errNoAgreement},
	{reminder.ErrUnattended, errUnattended},
	{reminder.ErrQuietHours, errQuiet},
}, proofErrors...)

type serviceError struct {
	err    error
	public *web.Error
}

// classify finds the public error for an error of a service; nil for an unknown one.
func classify(err error) *web.Failure {
	var limit *identity.LimitError
	if errors.As(err, &limit) {
		return &web.Failure{Public: errTooMany, Retry: limit.RetryAfter}
	}
	var soon *identity.TooSoonError
	if errors.As(err, &soon) {
		return &web.Failure{Public: errTooSoon, Retry: soon.RetryAfter}
	}
	for _, k := range serviceErrors {
		if errors.Is(err, k.err) {
			return &web.Failure{Public: k.public}
		}
	}
	return nil
}
