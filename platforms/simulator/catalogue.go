package simulator

import (
	"maps"
	"strings"
)

// The targets that faults are set for. "wechat", "alipay" and "insurer" alone mean all of theirs; an insurer's own
// target is "insurer." and the region.
const (
	targetWeChatLogin = "wechat.login"
	targetWeChatToken = "wechat.token"
	targetWeChatSend  = "wechat.send"
	targetAlipayToken = "alipay.token"
	targetAlipaySend  = "alipay.send"
	targetAlipayQuery = "alipay.query"
	targetAlipayOther = "alipay.other"
	targetInsurer     = "insurer"
	targetSMS         = "sms.send"
)

// everywhere are the faults of the way between; they fit every target.
var everywhere = map[string]string{
	"http_500":   "HTTP 500 with a short text; nothing was accepted",
	"http_503":   "HTTP 503 with an empty body; nothing was accepted",
	"http_504":   "HTTP 504 with an HTML page of a relay; nothing was accepted",
	"html_502":   "HTTP 502 with an HTML page; nothing was accepted",
	"html":       "HTTP 200 with an HTML page; nothing was accepted",
	"empty":      "HTTP 200 with an empty body; nothing was accepted",
	"huge":       "HTTP 200 with 32 MB of JSON; nothing was accepted",
	"hang":       "never answers; nothing was accepted",
	"hang_after": "accepts, then never answers",
	"cut_before": "closes the connection without an answer; nothing was accepted",
	"cut_after":  "accepts, then closes the connection without an answer",
	"cut_body":   "accepts, then closes the connection in the middle of the answer",
	"html_after": "accepts, then answers HTTP 502 with an HTML page",
	"slow":       "accepts and answers properly after ms milliseconds (3000)",
}

var wechatShapes = map[string]string{
	"errcode_string": "errcode as a string, also on success",
	"extra_fields":   "unknown fields in a proper answer",
	"busy":           "errcode -1, system busy",
	"45009":          "errcode 45009, quota of the interface",
}

var wechatLogin = map[string]string{
	"40029": "errcode 40029, code invalid", "40163": "errcode 40163, code used",
	"45011": "errcode 45011, too often this minute",
	"40226": "errcode 40226, high-risk user", "40013": "errcode 40013, app id", "40125": "errcode 40125, secret",
	"40164": "errcode 40164, address not allowed",
}

var wechatToken = map[string]string{
	"token_300":      "the token has 300 s left",
	"token_turnover": "a new token; the old one stays valid for now",
	"40125":          "errcode 40125, secret", "40164": "errcode 40164, address not allowed",
}

var wechatSend = map[string]string{
	"revoke_token": "the token dies for good: 40001 until a new one is fetched",
	"40001":        "errcode 40001 though the token is good", "40014": "errcode 40014, token", "42001": "errcode 42001, token expired",
	"40003": "errcode 40003, open id", "40037": "errcode 40037, template", "41030": "errcode 41030, page",
	"43101": "errcode 43101, not subscribed", "43107": "errcode 43107, template banned",
	"43108": "errcode 43108, parallel sends", "45168": "errcode 45168, sensitive word",
	"47003": "errcode 47003, naming the first value",
}

var alipayShapes = map[string]string{
	"spaces":           "spaces and line feeds inside the signed bytes",
	"escaped_slashes":  "escaped slashes inside the signed bytes",
	"40004":            "signed 40004 with the sub_code in detail (USER_TEMPLATE_ILLEGAL)",
	"40005":            "signed 40005, call limit",
	"40006":            "signed 40006, permission",
	"20000":            "signed 20000, service unavailable",
	"unsigned_error":   "error_response without signature",
	"unsigned_success": "a proper answer without its signature",
	"unsigned_40004":   "40004 in the method's node without signature",
	"wrong_key":        "a proper answer signed by another key",
	"extra_fields":     "unknown fields in a proper answer",
}

var alipayToken = map[string]string{
	"both_ids":          "open_id and user_id",
	"user_id_only":      "user_id without open_id",
	"expires_in_quoted": "expires_in and re_expires_in as strings",
	"code_invalid":      "error_response isv.code-invalid, with a signature",
}

var insurerShapes = map[string]string{
	"infcode_number":      "infcode 0 as a number",
	"infcode_string":      `infcode "0" as a string`,
	"infcode_missing":     "no infcode in an otherwise proper answer",
	"success_1":           `infcode "1" on success`,
	"business":            "infcode -1 with the err_msg in detail",
	"zero_with_err_msg":   `infcode "0" with an err_msg that means failure`,
	"code_999":            `{"code":"999","msg":…} of the middle platform`,
	"code_500159":         `{"code":500159,"success":false,"message":…} of the gateway`,
	"code_504":            `{"code":"504","msg":…} of a relay that timed out`,
	"output_array":        "output is an array that holds the object",
	"output_string":       "output is a string that holds JSON",
	"output_nested":       "output sits under data.output.body",
	"output_missing":      "no output",
	"rows_missing":        "output without insuinfo",
	"balc_empty":          `every balc is ""`,
	"balc_null":           "every balc is null",
	"balc_missing":        "no balc",
	"balc_exponent":       "balc with an exponent, worth the same",
	"balc_zeros":          "balc with four decimals, the last two zeros",
	"balc_three_decimals": "balc with three decimals that count",
	"balc_negative":       "balc below zero",
	"balc_text":           "balc is not a number",
	"other_person":        "the rows and the name of somebody else",
}

var smsShapes = map[string]string{
	"RATE_LIMITED": "refused: too many messages", "PHONE_INVALID": "refused: phone", "TEMPLATE_INVALID": "refused: template",
	"PARAMS_INVALID": "refused: parameters", "APP_KEY_UNKNOWN": "refused: key", "SIGNATURE_INVALID": "refused: signature",
	"TIMESTAMP_INVALID": "refused: clock", "no_message_id": "accepted, but the answer lacks message_id",
}

// catalogue lists, for each target, every fault with a line of what it does.
func catalogue() map[string]map[string]string {
	return map[string]map[string]string{
		targetWeChatLogin: union(everywhere, wechatShapes, wechatLogin),
		targetWeChatToken: union(everywhere, wechatShapes, wechatToken),
		targetWeChatSend:  union(everywhere, wechatShapes, wechatSend),
		targetAlipayToken: union(everywhere, alipayShapes, alipayToken),
		targetAlipaySend:  union(everywhere, alipayShapes),
		targetAlipayQuery: union(everywhere, alipayShapes),
		targetInsurer:     union(everywhere, insurerShapes),
		targetSMS:         union(everywhere, smsShapes),
		wechatPlatform:    union(everywhere, wechatShapes),
		alipayPlatform:    union(everywhere, alipayShapes),
	}
}

var known = catalogue()

func knownFault(target, name string) bool {
	if strings.HasPrefix(target, targetInsurer+".") {
		target = targetInsurer
	}
	return known[target][name] != ""
}

func union(all ...map[string]string) map[string]string {
	sum := map[string]string{}
	for _, one := range all {
		maps.Copy(sum, one)
	}
	return sum
}
