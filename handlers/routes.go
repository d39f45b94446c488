package handlers

import "yibao/handlers/web"

// The errors of the routes of rows: rowFailures of all (the first of those with days), listFailures of those with pages.
var (
	rowFailures  = []*web.Error{errRange, errUnsupported, errNotEnrolled, errMismatch, errNoReading, errThrottled}
	listFailures = append([]*web.Error{errCursor, errTooManyRows}, rowFailures...)
)

// routes is the list of all that the API offers, with the token that each needs.
func (s *server) routes() []web.Route {
	return []web.Route{
		web.On("POST /v1/sessions", web.Anyone, "signIn", text{"登录", "Sign in"}, s.signIn).Created().
			Fails(errSignInCode, errApp, errUserBlocked, errSignInOften, errPlatformBusy, errPlatform),
		web.On("GET /v1/sessions", web.Citizen, "listSessions", text{"登录记录", "List sessions"}, s.listSessions).Fails(errPage),
		web.On("DELETE /v1/sessions", web.Citizen, "signOutAll", text{"退出全部登录", "Sign out everywhere"}, s.signOutAll),
		web.On("DELETE /v1/sessions/{id}", web.Citizen, "signOut", text{"退出登录", "Sign out"}, s.signOut),
		web.On("GET /v1/me", web.Citizen, "me", text{"当前用户", "Who I am"}, s.me),
		web.On("GET /v1/home", web.Citizen, "home", text{"首页", "The first screen"}, s.home),
		web.On("GET /v1/regions", web.Visitor, "listRegions", text{"开通地区与授权说明", "Regions and the consent text"}, s.listRegions),
		web.On("GET /v1/institutions", web.Citizen, "searchInstitutions", text{"查找定点医药机构", "Search designated institutions"}, s.searchInstitutions).
			Fails(errRegion, errUnsupported, errSearchText, errCursor),
		web.On("GET /v1/drugs", web.Citizen, "searchDrugs", text{"查询医保药品目录", "Search covered drugs"}, s.searchDrugs).
			Fails(errRegion, errUnsupported, errSearchText, errCursor),

		web.On("POST /v1/link-attempts", web.Citizen, "startLink", text{"发起绑定", "Start linking a person"}, s.startLink).Accepted().
			Fails(errNotOffered, errName, errIDNumber, errConsent, errGuardian, errLinkLimit, errTooMany),
		web.On("GET /v1/link-attempts/{id}", web.Citizen, "getLinkAttempt", text{"绑定进度", "Progress of a link"}, s.getAttempt),
		web.On("POST /v1/link-attempts/{id}/code", web.Citizen, "resendCode", text{"重发验证码", "Send another code"}, s.resendCode).Accepted().
			Fails(errAttemptOver, errNotOffered, errTooSoon, errNoSendsLeft, errTooMany),
		web.On("POST /v1/link-attempts/{id}/proof", web.Citizen, "proveLink", text{"提交核验信息", "Prove a link"}, s.proveLink).Shows(provenExamples).
			Fails(append(publicOf(proofErrors), errAttemptOver, errTooMany, errUpstream)...),
		web.On("DELETE /v1/link-attempts/{id}/others/{other}", web.Citizen, "endOther", text{"解除他人对本人的绑定", "Remove another account's link to oneself"}, s.endOther).
			Fails(errAttemptOver),

		web.On("GET /v1/insured", web.Citizen, "listInsured", text{"已绑定的参保人", "List insured persons"}, s.listInsured),
		web.On("GET /v1/insured/{id}", web.Citizen, "getInsured", text{"参保人", "One insured person"}, s.getInsured),
		web.On("PUT /v1/insured/{id}/unattended", web.Citizen, "setUnattended", text{"同意或撤回定期查询余额", "Give or withdraw regular reading"}, s.setUnattended).Fails(errConsent),
		web.On("DELETE /v1/insured/{id}", web.Citizen, "unlink", text{"解除绑定", "Remove a link"}, s.unlink),
		web.On("GET /v1/insured/{id}/balance", web.Citizen, "getBalance", text{"医保余额", "Current balance"}, s.getBalance).
			Fails(errNotEnrolled, errMismatch, errUnsupported, errNoReading, errThrottled),
		web.On("GET /v1/insured/{id}/charts/trend", web.Citizen, "getTrend", text{"余额走势图", "Balance trend"}, s.getTrend).
			Fails(errRange, errTooManyDays),
		web.On("GET /v1/insured/{id}/charts/trend.svg", web.Citizen, "getTrendPicture", text{"余额走势图（图片）", "Balance trend as a picture"}, s.trendPicture).Picture(svg).
			Fails(errRange, errTooManyDays),
		web.On("GET /v1/insured/{id}/charts/flow", web.Citizen, "getFlow", text{"账户收支图", "What came in and went out"}, s.getFlow).
			Fails(errRange, errNotEnrolled, errMismatch, errUnsupported, errNoReading),
		web.On("GET /v1/insured/{id}/charts/flow.svg", web.Citizen, "getFlowPicture", text{"账户收支图（图片）", "What came in and went out as a picture"}, s.flowPicture).Picture(svg).
			Fails(errRange, errNotEnrolled, errMismatch, errUnsupported, errNoReading),
		web.On("GET /v1/insured/{id}/charts/spending", web.Citizen, "getSpending", text{"医疗费用图", "Medical spending"}, s.getSpending).
			Fails(errRange, errNotEnrolled, errMismatch, errUnsupported, errNoReading),
		web.On("GET /v1/insured/{id}/charts/spending.svg", web.Citizen, "getSpendingPicture", text{"医疗费用图（图片）", "Medical spending as a picture"}, s.spendingPicture).Picture(svg).
			Fails(errRange, errNotEnrolled, errMismatch, errUnsupported, errNoReading),
		web.On("GET /v1/insured/{id}/charts/contributions", web.Citizen, "getContributionsChart", text{"缴费图", "Contributions"}, s.getContributionsChart).
			Fails(errRange, errNotEnrolled, errMismatch, errUnsupported, errNoReading),
		web.On("GET /v1/insured/{id}/charts/contributions.svg", web.Citizen, "getContributionsChartPicture", text{"缴费图（图片）", "Contributions as a picture"}, s.contributionsPicture).Picture(svg).
			Fails(errRange, errNotEnrolled, errMismatch, errUnsupported, errNoReading),

		web.On("GET /v1/insured/{id}/settlements", web.Citizen, "listSettlements", text{"结算记录", "List bills"}, s.listSettlements).Sheets().Fails(listFailures...),
		web.On("GET /v1/insured/{id}/settlements/unusual", web.Citizen, "listUnusual", text{"值得核对的结算", "Bills to look at"}, s.listUnusual).Sheets().Fails(rowFailures...),
		web.On("GET /v1/insured/{id}/settlements/{bill}/lines", web.Citizen, "listLines", text{"结算的项目", "Items of a bill"}, s.listLines).Sheets().
			Fails(append([]*web.Error{errNoBill}, listFailures...)...),
		web.On("GET /v1/insured/{id}/ledger", web.Citizen, "listLedger", text{"个人账户明细", "Ledger of the account"}, s.listLedger).Sheets().Fails(listFailures...),
		web.On("GET /v1/insured/{id}/contributions", web.Citizen, "listContributions", text{"缴费记录", "List contributions"}, s.listContributions).Sheets().Fails(listFailures...),
		web.On("GET /v1/insured/{id}/claims", web.Citizen, "listClaims", text{"报销进度", "Progress of claims"}, s.listClaims).Sheets().Fails(listFailures...),
		web.On("GET /v1/insured/{id}/pooled", web.Citizen, "getPooled", text{"统筹基金本年累计", "The year with the pooled fund"}, s.getPooled).Sheets().Fails(rowFailures...),
		web.On("GET /v1/insured/{id}/institutions", web.Citizen, "listInstitutions", text{"定点医药机构与慢特病登记", "Designated institutions and registered diseases"}, s.listDesignated).Sheets().Fails(rowFailures[1:]...),
		web.On("GET /v1/insured/{id}/insurance-code", web.Citizen, "getInsuranceCode", text{"打开医保码的方式", "How to open the insurance code"}, s.getInsuranceCode),
		web.On("GET /v1/shortcuts", web.Citizen, "getShortcut", text{"语音指令", "What a spoken text opens"}, s.getShortcut),

		web.On("GET /v1/insured/{id}/reminder", web.Citizen, "getReminder", text{"查看余额提醒", "Get the reminder"}, s.getReminder).Fails(errNoRule),
		web.On("PUT /v1/insured/{id}/reminder", web.Citizen, "putReminder", text{"设置余额提醒（提交全部内容，省略的项恢复默认）", "Set the reminder as a whole: what is left out gets its default"}, s.putReminder).
			Fails(errThreshold, errMargin, errQuiet, errTemplate, errConsent, errUnattended, errNoAgreement, errNoAccount),
		web.On("PATCH /v1/insured/{id}/reminder", web.Citizen, "patchReminder", text{"修改余额提醒的部分内容", "Change parts of the reminder"}, s.patchReminder).MergePatch().
			Fails(errNoRule, errThreshold, errMargin, errQuiet, errTemplate, errConsent, errUnattended, errNoAgreement, errNoAccount),
		web.On("DELETE /v1/insured/{id}/reminder", web.Citizen, "deleteReminder", text{"取消余额提醒", "Remove the reminder"}, s.deleteReminder),
		web.On("GET /v1/insured/{id}/deliveries", web.Citizen, "listDeliveries", text{"提醒记录", "List notifications"}, s.listDeliveries),
		web.On("GET /v1/templates", web.Citizen, "listTemplates", text{"可订阅的消息", "Message templates"}, s.listTemplates),
		web.On("POST /v1/subscriptions", web.Citizen, "reportSubscription", text{"上报订阅结果", "Report what was subscribed to"}, s.reportSubscription),
	}
}
