package handlers

import (
	"errors"
	"time"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/balance/records"
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

	_             = publish(web.ErrToken)
	errSignInCode = publish(&web.Error{Code: "code_invalid", Status: 401, Field: "code", Text: text{"登录未成功，请关闭小程序后重新进入", "Signing in did not succeed. Please close the mini-program and open it again."},
		Detail: text{"平台不认可 code：每个 code 只能使用一次，五分钟内有效；请重新调用 wx.login 或 my.getAuthCode", "The platform refuses the code: each is good once, for five minutes; call wx.login or my.getAuthCode again."}})
	errUserBlocked = publish(&web.Error{Code: "user_blocked", Status: 403, Text: text{"当前账号被平台限制，暂时无法登录", "The platform has restricted this account; signing in is not possible at the moment."},
		Detail: text{"平台将该用户判定为高风险，拒绝登录", "The platform takes the user for a high risk and refuses the sign-in."}})
	errApp = publish(&web.Error{Code: "app_unknown", Status: 422, Field: "app", Text: text{"该小程序尚未开通本服务", "This mini-program does not offer the service."},
		Detail: text{"服务端没有该平台或该名称的小程序，或平台有多个小程序而未指明 app", "No such mini-program is configured for the platform, or there are several and app does not say which."}})
	errPage = publish(&web.Error{Code: "page_invalid", Status: 422, Field: "page", Text: text{"无法继续翻页，请从第一页重新查看", "There is no such page. Please start from the first one."},
		Detail: text{"page 须为上一页返回的 next，原样提交", "page must be next of the page before, as it is."}})
	_ = publish(web.ErrNotFound)

	errAttemptOver = publish(&web.Error{Code: "attempt_over", Status: 409, Text: text{"本次绑定申请已结束，请重新发起", "This request has ended. Please start again."},
		Detail: text{"绑定申请已完成、失败或过期，请重新调用 POST /v1/link-attempts", "The attempt has succeeded, failed or expired; start with POST /v1/link-attempts."}})
	errTooSoon = publish(&web.Error{Code: "too_soon", Status: 429, Retry: time.Minute, Text: text{"验证码刚刚发送，请在{wait}后重新获取", "A code was sent a moment ago. Please ask for another in {wait}."},
		Detail: text{"未到可重发的时间，见 resend_in", "Another code cannot be sent yet; see resend_in."}})
	errNoSendsLeft = publish(&web.Error{Code: "no_sends_left", Status: 409, Text: text{"本次申请不能再发送验证码，请重新发起绑定", "No more codes can be sent for this request. Please start again."},
		Detail: text{"sends_left 为 0", "sends_left is 0."}})
	errNoTriesLeft = publish(&web.Error{Code: "no_tries_left", Status: 422, Text: text{"输错次数已达上限，本次申请已结束，请重新发起", "That was the last try. This request has ended; please start again."},
		Detail: text{"tries_left 为 0，绑定申请已失败", "tries_left is 0; the attempt has failed."}})
	errTooMany = publish(&web.Error{Code: "too_many_attempts", Status: 429, Retry: time.Hour, Text: text{"操作次数过多，请在{wait}后重试；如急需查询，可拨打12393医保服务热线", "Too many attempts. Please try again in {wait}; if it is urgent, call the medical-insurance hotline 12393."},
		Detail: text{"达到该用户、参保人或地址在 24 小时内的上限；retryable 为 false 时不要自动重试", "A limit of 24 hours is reached, for the user, the person or the address; do not try again by yourself while retryable is false."}})
	errNotOffered = publish(&web.Error{Code: "not_offered", Status: 422, Text: text{"参保地暂未开通此办理方式，可选择其他方式或拨打12393医保服务热线咨询", "This region does not offer this way of linking. Please choose another, or call the medical-insurance hotline 12393."},
		Detail: text{"地区、核验方式或关系不在该小程序开通的范围内，见 GET /v1/regions", "Region, method or relation is not offered to this mini-program; see GET /v1/regions."}})
	errName = publish(&web.Error{Code: "name_invalid", Status: 422, Field: "name", Text: text{"姓名填写有误，请按证件填写", "The name is not valid. Please enter it as on the ID."},
		Detail: text{"姓名含有不可用的字符，或长度不符", "The name has characters that no name has, or is too short or long."}})
	errIDNumber = publish(&web.Error{Code: "id_number_invalid", Status: 422, Field: "id_number", Text: text{"证件号码填写有误，请核对", "The ID number is not valid. Please check it."},
		Detail: text{"证件号码与证件类型不符，或校验位有误", "The number does not go with the kind of ID, or its check digit is wrong."}})
	errConsent = publish(&web.Error{Code: "consent_missing", Status: 422, Field: "consent", Text: text{"请先阅读并同意最新版授权说明", "Please read and agree to the current consent text first."},
		Detail: text{"consent.version 不是现行版本，见 GET /v1/regions", "consent.version is not the one in force; see GET /v1/regions."}})
	errGuardian = publish(&web.Error{Code: "guardian_required", Status: 422, Field: "consent.guardian", Text: text{"未满十四周岁，须由监护人绑定并同意，关系请勿选“本人”", "A person under 14 is linked by a guardian who agrees, not as oneself."},
		Detail: text{"参保人未满 14 周岁：consent.guardian 须为 true，relation 须为 child 或 other", "The person is under 14: consent.guardian must be true, and relation child or other."}})
	errLinkLimit = publish(&web.Error{Code: "link_limit", Status: 409, Text: text{"绑定人数已达上限，请先解除不需要的绑定", "The number of links has reached its limit. Please remove one first."},
		Detail: text{"该用户的绑定数已达服务端设定的上限", "The user has as many links as the server allows."}})
	errNotEnrolled = publish(&web.Error{Code: "not_enrolled", Status: 409, Text: text{"暂未查询到参保信息，可拨打12393医保服务热线或向参保地医保经办机构咨询", "No enrolment was found. Please call the medical-insurance hotline 12393 or ask the local medical-insurance office."},
		Detail: text{"医保系统没有该参保人", "The medical-insurance system does not know the person."}})
	errMismatch = publish(&web.Error{Code: "person_changed", Status: 409, Text: text{"参保登记信息已变更，请解除绑定后重新绑定；如有疑问，可拨打12393医保服务热线", "The registration has changed. Please remove the link and link again; for questions, call the medical-insurance hotline 12393."},
		Detail: text{"医保系统登记的姓名与绑定时不同", "The medical-insurance system has another name than the link."}})
	errUnsupported = publish(&web.Error{Code: "unsupported", Status: 409, Text: text{"参保地暂不提供此项查询，可拨打12393医保服务热线咨询", "This region does not provide this information. For questions, please call the medical-insurance hotline 12393."},
		Detail: text{"该地区的医保系统不提供此接口", "The region's system has no such interface."}})
	errRegion = publish(&web.Error{Code: "region_unknown", Status: 422, Field: "region", Text: text{"暂不支持该地区", "This region is not supported."},
		Detail: text{"region 不是已开通的地区，见 GET /v1/regions", "region is not one of GET /v1/regions."}})
	errSearchText = publish(&web.Error{Code: "search_text_invalid", Status: 422, Field: "q", Text: text{"请输入名称、代码或拼音", "Please enter a name, a code or pinyin."},
		Detail: text{"q 没有文字或数字，或超过 50 个字符", "q has neither letter nor digit, or more than 50 characters."}})
	errRange = publish(&web.Error{Code: "range_invalid", Status: 422, AnyField: true, Text: text{"日期范围有误，请重新选择", "The range of dates is not valid."},
		Detail: text{"from、to 须为 yyyy-MM-dd，from 不晚于 to 和今天；余额走势的范围不超过十年，明细及其图表不超过五个自然年", "from and to must be yyyy-MM-dd, from not after to or today; the range of a trend not above ten years, that of a list and of its charts not in more than five calendar years."}})
	errTooManyDays = publish(&web.Error{Code: "too_many_points", Status: 422, Text: text{"日期范围过长，请缩短范围或改为按周、按月查看", "The range is too long. Please shorten it, or view it by week or month."},
		Detail: text{"按所选 step 超过 366 个点", "The step makes more than 366 points."}})
	errCursor = publish(&web.Error{Code: "cursor_invalid", Status: 422, Field: "cursor", Text: text{"无法继续翻页，请从第一页重新查看", "There is no such page. Please start from the first one."},
		Detail: text{"cursor 须为上一页返回的 next，原样提交", "cursor must be next of the page before, as it is."}})
	errTooManyRows = publish(&web.Error{Code: "too_many_rows", Status: 422, Text: text{"记录过多，请缩短日期范围后再导出", "There are too many records. Please shorten the range of dates."},
		Detail: text{"导出的文件最多 5000 行", "A file has 5000 rows at most."}})
	errNoBill = publish(&web.Error{Code: "no_such_bill", Status: 404, Text: text{"未找到这笔结算，请从结算记录重新进入", "This bill was not found. Please open it from the list of bills again."},
		Detail: text{"近五年的结算中没有此编号", "No bill of the last five years has this id."}})
	errNoReading = publish(&web.Error{Code: "no_reading", Status: 503, Retry: 30 * time.Second, Text: text{"暂时无法获取数据，请约1分钟后再试", "The figures cannot be had at the moment. Please try again in about a minute."},
		Detail: text{"医保系统无法访问，且没有此前的数据", "The medical-insurance system cannot be reached, and there is no earlier answer."}})

	errNoRule = publish(&web.Error{Code: "no_reminder", Status: 404, Text: text{"尚未设置余额提醒", "No reminder is set."},
		Detail: text{"该参保人没有提醒，可用 PUT 设置", "The person has no reminder; PUT makes one."}})
	errTemplate = publish(&web.Error{Code: "template_unknown", Status: 422, Field: "template", Text: text{"暂时无法订阅该提醒，请更新小程序后重试", "This reminder is not available. Please update the mini-program and try again."},
		Detail: text{"没有此名称的消息模板，见 GET /v1/templates", "There is no template of that name; see GET /v1/templates."}})
	errThreshold = publish(&web.Error{Code: "threshold_invalid", Status: 422, Field: "threshold_fen", Text: text{"提醒金额须在1元至100万元之间", "The threshold must be between ¥1 and ¥1,000,000."},
		Detail: text{"threshold_fen 须为 100 至 100000000", "threshold_fen must be 100 to 100000000."}})
	errMargin = publish(&web.Error{Code: "margin_invalid", Status: 422, Field: "margin_fen", Text: text{"余额回升多少后再次提醒，须在0至100万元之间", "How far the balance must recover must be between ¥0 and ¥1,000,000."},
		Detail: text{"margin_fen 须为 0 至 100000000", "margin_fen must be 0 to 100000000."}})
	errReportID = publish(&web.Error{Code: "report_id_invalid", Status: 422, Field: "report_id", Text: text{"提交的信息有误，请更新小程序后重试", "Some of the information is not right. Please update the mini-program and try again."},
		Detail: text{"report_id 须为 1 至 64 个字符", "report_id must have 1 to 64 characters."}})
	errNoAccount = publish(&web.Error{Code: "no_personal_account", Status: 409, Text: text{"该参保人没有可提醒的个人账户", "There is no personal account to watch."},
		Detail: text{"该险种没有个人账户，或没有任何险种有个人账户", "The insurance, or every insurance of the person, has no personal account."}})
	errNoAgreement = publish(&web.Error{Code: "unattended_consent_missing", Status: 409, Text: text{"请先同意由系统定期查询余额", "Please agree first that the balance is read regularly."},
		Detail: text{"绑定和提醒均未同意定期查询，请提交 consent", "Neither link nor reminder has the consent to regular reading; send consent."}})
	errUnattended = publish(&web.Error{Code: "unattended_unsupported", Status: 409, Text: text{"该地区暂不支持余额提醒", "This region does not support reminders."},
		Detail: text{"该地区未开通定期查询，见 GET /v1/regions 的 unattended", "The region does not allow regular reading; see unattended of GET /v1/regions."}})
	errQuiet = publish(&web.Error{Code: "quiet_hours_invalid", Status: 422, Field: "quiet_hours", Text: text{"免打扰时段填写有误", "The quiet hours are not valid."},
		Detail: text{"start 与 end 须为不同的 HH:MM", "start and end must be HH:MM and not the same."}})

	_        = publish(web.ErrInternal)
	errStore = publish(&web.Error{Code: "store_unavailable", Status: 503, Retry: 5 * time.Second, Text: text{"系统繁忙，请稍后再试", "The service is busy. Please try again later."},
		Detail: text{"数据库暂时不可用", "The database is not available at the moment."}})
	errSignInOften = publish(&web.Error{Code: "sign_in_too_often", Status: 429, Retry: time.Minute, Text: text{"登录过于频繁，请约1分钟后再试", "You have signed in too often. Please try again in a minute."},
		Detail: text{"平台限制了该用户的登录频率", "The platform limits how often this user signs in."}})
	errPlatformBusy = publish(&web.Error{Code: "platform_busy", Status: 503, Retry: 10 * time.Second, Text: text{"登录服务繁忙，请稍后再试", "The sign-in service is busy. Please try again later."},
		Detail: text{"平台限制了本服务的调用频率", "The platform limits the calls of this service."}})
	errPlatform = publish(&web.Error{Code: "platform_unavailable", Status: 503, Retry: 10 * time.Second, Text: text{"暂时无法连接登录平台，请稍后再试", "The platform cannot be reached. Please try again later."},
		Detail: text{"平台没有答复，或答复无法识别", "The platform does not answer, or its answer cannot be read."}})
	errUpstream = publish(&web.Error{Code: "upstream_unavailable", Status: 503, Retry: 30 * time.Second, Text: text{"医保系统暂时无法访问，请约1分钟后再试", "The medical-insurance system cannot be reached. Please try again in about a minute."},
		Detail: text{"医保系统没有答复，或答复无法识别", "The medical-insurance system does not answer, or its answer cannot be read."}})
	errThrottled = publish(&web.Error{Code: "upstream_throttled", Status: 503, Retry: time.Minute, Text: text{"医保系统查询繁忙，请在{wait}后重试", "The medical-insurance system is busy. Please try again in {wait}."},
		Detail: text{"医保系统要求减少查询，在 Retry-After 之前不会再查询", "The medical-insurance system asks for fewer questions; none is asked before Retry-After."}})
	errUpstreamBusy = publish(&web.Error{Code: "upstream_busy", Status: 503, Retry: 10 * time.Second, Text: text{"查询服务繁忙，请稍后再试", "The query service is busy. Please try again later."},
		Detail: text{"对该地区的并发查询已满", "There are as many questions to this region as allowed at once."}})
	_ = publish(web.ErrTimedOut)
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

	{records.ErrCursor, errCursor},
	{records.ErrLimit, web.ErrValidation},
	{records.ErrNoSuchBill, errNoBill},
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

	{catalogue.ErrRegion, errRegion},
	{catalogue.ErrText, errSearchText},
	{catalogue.ErrCursor, errCursor},

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
