package simulator

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// subscribeMessage is the body of a send. Nothing else may be in it.
type subscribeMessage struct {
	ToUser           string                    `json:"touser"`
	TemplateID       string                    `json:"template_id"`
	Page             string                    `json:"page"`
	Data             map[string]subscribeValue `json:"data"`
	MiniprogramState string                    `json:"miniprogram_state"`
	Lang             string                    `json:"lang"`
}

type subscribeValue struct {
	Value string `json:"value"`
	Color string `json:"color"`
}

var wechatSend = map[string]string{
	"revoke_token": "the token dies for good: 40001 until a new one is fetched",
	"40001":        "errcode 40001 though the token is good", "40014": "errcode 40014, token", "42001": "errcode 42001, token expired",
	"40003": "errcode 40003, open id", "40037": "errcode 40037, template", "41030": "errcode 41030, page",
	"43101": "errcode 43101, not subscribed", "43107": "errcode 43107, template banned",
	"43108": "errcode 43108, parallel sends", "45168": "errcode 45168, sensitive word",
	"47003": "errcode 47003, naming the first value",
}

// subscribeSend is POST /cgi-bin/message/subscribe/send.
func (s *wechatServer) subscribeSend(c *call) reply {
	if c.request.Method != http.MethodPost {
		return c.wechatError(43002, "require POST method")
	}
	query, err := onlyOnce(c.request.URL.RawQuery, "access_token")
	switch {
	case err != nil:
		return c.wechatError(40097, "invalid args")
	case query["access_token"] == "":
		return c.wechatError(41001, "access_token missing")
	}
	app, bad := s.appOfToken(query["access_token"])
	if bad != 0 {
		return c.wechatError(bad, "invalid credential, access_token is invalid or not latest")
	}
	var message subscribeMessage
	if !isMedia(c.request, "application/json") || strict(c.body, &message) != nil {
		return c.wechatError(47001, "data format error")
	}
	if c.fault.is("revoke_token") {
		s.world.revokeTokens(app.AppID)
		return c.wechatError(40001, "invalid credential, access_token is invalid or not latest")
	}
	return s.sendTo(c, app, message)
}

// sendTo allows one send at a time to a user: WeChat answers 43108 to the second.
func (s *server) sendTo(c *call, app WeChatApp, message subscribeMessage) reply {
	if !s.world.knowsUser(wechatPlatform, app.AppID, message.ToUser) {
		return c.wechatError(40003, "invalid openid")
	}
	key := userKey{wechatPlatform, app.AppID, message.ToUser}
	if !s.world.beginSending(key) {
		return c.wechatError(43108, "concurrent send to the same user")
	}
	c.after = append(c.after, func() { s.world.endSending(key) })
	template := wechatTemplate(app, message.TemplateID)
	if template == nil {
		return c.wechatError(40037, "invalid template_id")
	}
	if bad := checkMessage(*template, message, c.fault); bad != "" {
		return c.wechatError(47003, "argument invalid! "+bad)
	}
	if answer, there := c.wechatFault(); there {
		return answer
	}
	return s.acceptWeChat(c, app, *template, message)
}

func (s *server) acceptWeChat(c *call, app WeChatApp, template WeChatTemplate, message subscribeMessage) reply {
	values, lines := map[string]string{}, []string{}
	for _, key := range template.Keys {
		values[key] = message.Data[key].Value
		lines = append(lines, cmp.Or(template.Labels[key], key)+"："+values[key])
	}
	uses := 0
	if template.OneTime {
		uses = 1
	}
	seq, err := s.world.accept(Message{
		At: c.now, Kind: wechatPlatform, App: app.AppID, OpenID: message.ToUser, Template: template.ID, Page: message.Page,
		Text: shown(cmp.Or(template.Title, template.ID), lines), Values: values,
	}, 1, uses)
	if errors.Is(err, errNoQuota) {
		return c.wechatError(43101, "user refuse to accept the msg")
	}
	if err != nil {
		return c.wechatError(-1, "system error")
	}
	s.world.stats.add("accepted.wechat")
	return c.wechatReply(map[string]any{"errcode": 0, "errmsg": "ok", "msgid": 3_000_000_000_000_000_000 + seq})
}

// checkMessage names the first part that breaks a rule; "" when all is well.
func checkMessage(template WeChatTemplate, message subscribeMessage, f fault) string {
	if f.is("47003") && len(template.Keys) > 0 {
		return "data." + template.Keys[0] + ".value invalid"
	}
	for _, key := range template.Keys {
		item, there := message.Data[key]
		if !there || item.Value == "" {
			return "data." + key + ".value is empty"
		}
		if !fits(key, item.Value, template.Enums[key]) {
			return "data." + key + ".value invalid"
		}
	}
	for key := range message.Data {
		if !slices.Contains(template.Keys, key) {
			return "data." + key + ".value not in template"
		}
	}
	switch {
	case !oneOf(message.MiniprogramState, "developer", "trial", "formal"):
		return "miniprogram_state invalid"
	case !oneOf(message.Lang, "zh_CN", "en_US", "zh_HK", "zh_TW"):
		return "lang invalid"
	case len(message.Page) > 1024, hasControl(message.Page), strings.Contains(message.Page, "://"):
		return "page invalid"
	}
	return ""
}

// wechatTemplate returns nil for an unknown template.
func wechatTemplate(app WeChatApp, id string) *WeChatTemplate {
	at := slices.IndexFunc(app.Templates, func(t WeChatTemplate) bool { return t.ID == id })
	if at < 0 {
		return nil
	}
	return &app.Templates[at]
}

func (w *World) beginSending(key userKey) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, busy := w.sending[key]; busy {
		return false
	}
	w.sending[key] = struct{}{}
	return true
}

func (w *World) endSending(key userKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.sending, key)
}
