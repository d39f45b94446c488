package simulator

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

var alipayFaults = map[string]map[string]string{
	alipayPlatform:    alipayShapes,
	targetAlipayToken: union(alipayShapes, alipayToken),
	targetAlipaySend:  alipayShapes,
	targetAlipayQuery: alipayShapes,
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

// oauthToken exchanges an authorisation code. Success has no code field; a bad code is
// isv.code-invalid in an error_response that carries a signature.
func (s *server) oauthToken(a *alipayCall) reply {
	switch {
	case a.params["grant_type"] == "":
		return a.fail("40001", "isv.missing-grant-type")
	case a.params["grant_type"] != "authorization_code":
		return a.fail("40002", "isv.grant-type-invalid")
	case a.params["code"] == "":
		return a.fail("40001", "isv.missing-code")
	}
	openID, err := s.world.useCode(alipayPlatform, a.app.AppID, a.params["code"])
	if err != nil {
		return a.answer("error_response", alipayError("40002", "isv.code-invalid"))
	}
	fields := map[string]any{
		"open_id": openID, "access_token": "authbseB" + rand.Text(), "refresh_token": "authbseB" + rand.Text(),
		"expires_in": 1296000, "re_expires_in": 2592000, "auth_start": time.Now().In(beijing).Format("2006-01-02 15:04:05"),
	}
	if a.app.UserID || a.fault.oneOf("both_ids", "user_id_only") {
		fields["user_id"] = alipayUserID(openID)
	}
	if a.fault.is("user_id_only") {
		delete(fields, "open_id")
	}
	if a.fault.is("expires_in_quoted") {
		fields["expires_in"], fields["re_expires_in"] = "1296000", "2592000"
	}
	return a.succeed(fields)
}

// templateMessage is biz_content of a send. data is a string that holds JSON.
type templateMessage struct {
	ToOpenID       string `json:"to_open_id"`
	ToUserID       string `json:"to_user_id"`
	UserTemplateID string `json:"user_template_id"`
	Page           string `json:"page"`
	Data           string `json:"data"`
	FormID         string `json:"form_id"`
}

// templateSend is alipay.open.app.mini.templatemessage.send.
func (s *server) templateSend(a *alipayCall) reply {
	var message templateMessage
	if strict([]byte(a.params["biz_content"]), &message) != nil {
		return a.fail("40002", "isv.invalid-parameter")
	}
	openID, known := s.receiver(a.app.AppID, message)
	template := alipayTemplate(a.app.AlipayApp, message.UserTemplateID)
	switch {
	case message.UserTemplateID == "" || message.Data == "":
		return a.fail("40001", "isv.missing-parameter")
	case !known:
		return a.fail("40004", noSuchUser)
	case template == nil, message.FormID != "":
		return a.fail("40004", "USER_TEMPLATE_ILLEGAL")
	case len(message.Page) > 128 || hasControl(message.Page), utf8.RuneCountInString(message.Data) > 2048:
		return a.fail("40002", "isv.invalid-parameter")
	}
	values, sub := keywords(*template, message.Data)
	if sub != "" {
		return a.fail("40004", sub)
	}
	return s.acceptAlipay(a, openID, *template, message, values)
}

// receiver is the open id meant by to_open_id or to_user_id; exactly one must be given.
func (s *server) receiver(app string, message templateMessage) (string, bool) {
	if (message.ToOpenID == "") == (message.ToUserID == "") {
		return "", false
	}
	if message.ToOpenID != "" {
		return message.ToOpenID, s.world.knowsUser(alipayPlatform, app, message.ToOpenID)
	}
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	for key := range s.world.users {
		if key.platform == alipayPlatform && key.app == app && alipayUserID(key.openID) == message.ToUserID {
			return key.openID, true
		}
	}
	return "", false
}

// keywords reads the inner JSON: keyword1 … keywordN, all of them and no other, 50 characters each at most.
func keywords(template AlipayTemplate, data string) (map[string]string, string) {
	var items map[string]struct {
		Value *string `json:"value"`
	}
	if strict([]byte(data), &items) != nil {
		return nil, "isv.invalid-parameter"
	}
	if len(items) != template.Keywords {
		return nil, "USER_TEMPLATE_LACK_KEYWORD"
	}
	values := map[string]string{}
	for i := 1; i <= template.Keywords; i++ {
		name := fmt.Sprintf("keyword%d", i)
		item, there := items[name]
		switch {
		case !there, item.Value == nil, *item.Value == "":
			return nil, "USER_TEMPLATE_LACK_KEYWORD"
		case utf8.RuneCountInString(*item.Value) > 50:
			return nil, "USER_KEYWORD_LENGTH_ERROR"
		}
		values[name] = *item.Value
	}
	return values, ""
}

// Invented, as the prefix says: no source names the sub_codes for a user who allows no message and for one who does not
// exist, nor the words of a subscription.
const (
	notSubscribed = "SIM_USER_NOT_SUBSCRIBED"
	noSuchUser    = "SIM_USER_NOT_EXIST"
	subscribed    = "SIM_SUBSCRIBED"
	longTerm      = "SIM_LONG_TERM"
	oneTime       = "SIM_ONE_TIME"
)

func (s *server) acceptAlipay(a *alipayCall, openID string, template AlipayTemplate, message templateMessage, values map[string]string) reply {
	var lines []string
	for i := 1; i <= template.Keywords; i++ {
		name := fmt.Sprintf("keyword%d", i)
		label := name
		if i <= len(template.Labels) {
			label = cmp.Or(template.Labels[i-1], name)
		}
		lines = append(lines, label+"："+values[name])
	}
	uses := 1
	if template.LongTerm {
		uses = 0
	}
	_, err := s.world.accept(Message{
		At: a.now, Kind: alipayPlatform, App: a.app.AppID, OpenID: openID, Template: template.ID, Page: message.Page,
		Text: shown(cmp.Or(template.Title, template.ID), lines), Values: values,
	}, 1, uses)
	if errors.Is(err, errNoQuota) {
		return a.fail("40004", notSubscribed)
	}
	if err != nil {
		return reply{status: http.StatusInternalServerError}
	}
	s.world.stats.add("accepted.alipay")
	return a.succeed(map[string]any{"code": "10000", "msg": "Success"})
}

// subscribeQuery is alipay.open.app.messagetemplate.subscribe.query: a template the user never subscribed to is not in
// the list, and without any the list itself is absent.
func (s *server) subscribeQuery(a *alipayCall) reply {
	var request struct {
		OpenID         string          `json:"open_id"`
		UserID         string          `json:"user_id"`
		TemplateIDList json.RawMessage `json:"template_id_list"`
	}
	var ids []string
	if strict([]byte(a.params["biz_content"]), &request) != nil || json.Unmarshal(request.TemplateIDList, &ids) != nil || len(ids) > 3 {
		return a.fail("40002", "isv.invalid-parameter")
	}
	openID, known := s.receiver(a.app.AppID, templateMessage{ToOpenID: request.OpenID, ToUserID: request.UserID})
	if !known {
		return a.fail("40004", noSuchUser)
	}
	fields := map[string]any{"code": "10000", "msg": "Success", "show_component": "true"}
	var relations []map[string]any
	for _, id := range ids {
		template := alipayTemplate(a.app.AlipayApp, id)
		if template == nil || s.world.quotaOf(alipayPlatform, a.app.AppID, openID, id) < 1 {
			continue
		}
		relations = append(relations, map[string]any{
			"template_id": id, "subscribe_state": subscribed, "keep_state": "false", "show": "true",
			"subscribe_type": map[bool]string{true: longTerm, false: oneTime}[template.LongTerm],
		})
	}
	if len(relations) > 0 {
		fields["subscribe_relations"] = relations
	}
	return a.succeed(fields)
}

// alipayTemplate returns nil for an unknown template.
func alipayTemplate(app AlipayApp, id string) *AlipayTemplate {
	at := slices.IndexFunc(app.Templates, func(t AlipayTemplate) bool { return strings.TrimSpace(id) == t.ID })
	if at < 0 {
		return nil
	}
	return &app.Templates[at]
}
