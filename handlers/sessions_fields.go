package handlers

import "yibao/handlers/web"

// sessionFields explain the fields of sessions.go.
var sessionFields = web.Fields{
	"/v1/sessions/{id}": {
		"id": {
			"登录记录编号，即 GET /v1/sessions 返回的 id；current 表示本次登录",
			"Id of the session: the id of GET /v1/sessions, or current for the one in use",
		},
	},
	"/v1/sessions": {
		"limit":        {"每页条数", "How many sessions a page has"},
		"page":         {"上一页返回的 next；省略为第一页", "The next of the page before; the first page if left out"},
		"keep_current": {"是否保留本次登录", "Does the session in use stay?"},
	},
	"SignInInputBody": {
		"platform": {"平台", "Platform"},
		"app": {
			"小程序的配置名；平台只有一个小程序时可省略",
			"Configured name of the mini-program; may be left out where the platform has only one",
		},
		"code": {
			"wx.login 或 my.getAuthCode 取得的登录凭证，只能使用一次",
			"Code from wx.login or my.getAuthCode; good once",
		},
	},
	"SignedInView": {
		"token":      {"访问令牌，放入 Authorization: Bearer", "Token, to be sent as Authorization: Bearer"},
		"token_type": {"令牌类型", "Type of the token"},
		"expires_at": {"令牌到期时间；到期后重新静默登录", "When the token ends; sign in silently again then"},
		"user":       {"当前用户", "The user"},
	},
	"UserView": {
		"platform": {"平台", "Platform"},
		"app":      {"小程序的配置名", "Configured name of the mini-program"},
		"links":    {"已绑定的参保人数", "How many insured persons are linked"},
	},
	"SessionView": {
		"id":         {"登录记录编号，用于 DELETE /v1/sessions/{id}", "Id of the session, for DELETE /v1/sessions/{id}"},
		"created_at": {"登录时间", "When the session began"},
		"expires_at": {"登录的到期时间", "When the session ends"},
		"current":    {"是否为本次登录", "Is it the session in use?"},
	},
	"SessionsView": {
		"sessions": {"由新到旧，未过期的登录", "Sessions that have not expired, newest first"},
		"next": {
			"下一页，用作 page 参数；已是最后一页时不出现",
			"The page that follows, for the parameter page; absent on the last one",
		},
	},
	"MeView": {
		"platform": {"平台", "Platform"},
		"app":      {"小程序的配置名", "Configured name of the mini-program"},
		"session":  {"本次登录", "The session in use"},
		"insured":  {"已绑定的参保人", "Insured persons linked to the user"},
		"quotas":   {"各消息模板的订阅次数", "Subscriptions to each message template"},
	},
	"MeSessionView": {
		"id":         {"登录记录编号", "Id of the session"},
		"expires_at": {"登录的到期时间", "When the session ends"},
	},
}
