package handlers

import (
	"yibao/balance"
	"yibao/handlers/web"
)

// document holds the parts of the OpenAPI document that routes and types do not have. Codes come from the lists that
// answers are made of.
var apiDocument = web.Document{
	Title: "医保余额 API",
	About: aboutAPI,
	Token: text{
		"登录（POST /v1/sessions）取得的令牌，有效期至同时返回的 expires_at",
		"Token from signing in (POST /v1/sessions), good until the expires_at that is answered with it",
	},
	License: "保留所有权利 All rights reserved", LicenseID: "LicenseRef-AllRightsReserved",
	Contact:    "本服务的运营单位 The operator of this service",
	Operations: operationTexts,
	Groups: []web.Group{ // in the order in which a mini-program meets them
		{Name: "sessions", Title: text{"登录", "Signing in"}},
		{Name: "home", Title: text{"首页", "The first screen"}},
		{Name: "me", Title: text{"当前用户", "The user"}},
		{Name: "regions", Title: text{"地区与授权说明", "Regions and consent"}},
		{Name: "link-attempts", Title: text{"绑定参保人", "Linking a person"}},
		{Name: "insured", Title: text{"参保人：余额、记录、图表与提醒", "Insured persons: balance, rows, chart, reminder"}},
		{Name: "institutions", Title: text{"定点医药机构", "Designated institutions"}},
		{Name: "drugs", Title: text{"医保药品目录", "Covered drugs"}},
		{Name: "shortcuts", Title: text{"语音指令", "Spoken commands"}},
		{Name: "templates", Title: text{"消息模板", "Message templates"}},
		{Name: "subscriptions", Title: text{"订阅授权", "Subscriptions"}},
	},
	Fields: []web.Fields{web.PartFields, homeFields, sessionFields, insuredFields, linkingFields, proofFields, balanceFields, trendFields, chartFields, noticeFields, reminderFields,
		listFields, settlementFields, unusualFields, ledgerFields, contributionFields, claimFields, pooledFields, designatedFields,
		codeOpeningFields, shortcutFields, catalogueFields},
	Codes: map[string][]web.Note{
		"NoticeView.code":          web.Notes(noticeTexts),
		"AttemptView.reason":       web.Notes(failureTexts),
		"DeliveryView.reason":      web.Notes(reasonTexts),
		"DeliveryView.state":       web.Notes(deliveryTexts),
		"EnrolmentView.status":     statusNotes(),
		"ReminderView.last_reason": web.Notes(evaluationTexts),
		"SettlementView.kind":      web.Notes(visitTexts),
		"EntryView.kind":           web.Notes(entryTexts),
		"ContributionView.kind":    web.Notes(contributionTexts),
		"ClaimView.state":          web.Notes(claimTexts),
		"FigureView.kind":          web.Notes(accumulatedTexts),
	},
}

var aboutAPI = text{
	"微信、支付宝医保余额小程序的后端接口。金额单位为分（…_fen），未知的金额不会出现或为 null，绝不以 0 代替。\n" +
		"使用顺序：以小程序登录取得的 code 换取令牌（POST /v1/sessions），之后的请求均携带 Authorization: Bearer <令牌>；" +
		"首屏内容一次取得（GET /v1/home）；取得授权说明（GET /v1/regions），经短信核验绑定参保人，再以其编号查询余额和各项记录、设置提醒。各项记录的列表格式相同：items、next、meta，meta.explanation 说明这些记录是什么。\n" +
		"出错时返回 application/problem+json：程序按 code 处理，title 和 message 可直接展示给用户，detail 供开发者阅读；" +
		"返回 429、503 时，retryable 为 true 的，请等待 Retry-After 后自动重试；为 false 的，请将 message 展示给用户，不要自动重试。" +
		"notices 是应向用户展示的提示。返回内容今后可能增加字段。" +
		"默认返回简体中文，Accept-Language: en 返回英文。\n" +
		"以下地址供运维使用，不在接口列表中：/livez（进程存活）、/readyz（可接收请求，否则返回 503）、/metrics（Prometheus 指标，请勿对公网开放）。",
	"The back end of a medical-insurance balance mini-program. Amounts are in fen; what is not known is absent or null, never 0.\n" +
		"In order: exchange the platform's code for a token (POST /v1/sessions) and send Authorization: Bearer <token> from then on; " +
		"get the first screen in one call (GET /v1/home); show the consent texts (GET /v1/regions), link a person by a code sent as SMS, " +
		"then ask for the balance and the rows behind it and set reminders by that person's id. All lists of rows have one shape: items, next, meta, with meta.explanation saying what the rows are.\n" +
		"Errors are application/problem+json: decide by code, show title and message to the user, read detail yourself; after 429 and 503 " +
		"with retryable true wait for Retry-After and try again, with false show message and do not try by yourself. " +
		"notices are for the user, too. Answers may get further fields. Texts are Chinese, or English with Accept-Language: en.\n" +
		"Not listed because they are the operator's: /livez (the process is alive), /readyz (it can take requests, else 503) and /metrics (for Prometheus; keep it from the public).",
}

// statusNotes explain all states of an enrolment.
func statusNotes() []web.Note {
	return each([]balance.Status{
		balance.StatusNone, balance.StatusActive, balance.StatusPaused, balance.StatusInvalid, balance.StatusEnded, balance.StatusUnknown,
	}, func(s balance.Status) web.Note {
		return web.Note{Code: string(s), ZH: balance.StatusName(s, "zh"), EN: balance.StatusName(s, "en")}
	})
}
