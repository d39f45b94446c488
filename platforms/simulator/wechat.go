package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The platform, as records and the control API name it, and the targets of its faults.
const (
	wechatPlatform    = "wechat"
	targetWeChatLogin = "wechat.login"
	targetWeChatToken = "wechat.token"
	targetWeChatSend  = "wechat.send"
)

// wechatServer is the simulated WeChat.
type wechatServer struct {
	*server
	apps map[string]WeChatApp // by app id
}

func mountWeChat(s *server, mux *http.ServeMux) {
	w := &wechatServer{server: s, apps: map[string]WeChatApp{}}
	for _, app := range s.options.WeChatApps {
		w.apps[app.AppID] = app
		s.add(wechatPlatform, app.Name, app.AppID, func(id string) bool { return wechatTemplate(app, id) != nil })
	}
	mux.Handle("/wechat/sns/jscode2session", s.endpoint(target(targetWeChatLogin), w.code2session))
	mux.Handle("/wechat/cgi-bin/stable_token", s.endpoint(target(targetWeChatToken), w.stableToken))
	mux.Handle("/wechat/cgi-bin/message/subscribe/send", s.endpoint(target(targetWeChatSend), w.subscribeSend))
}

var wechatFaults = map[string]map[string]string{
	wechatPlatform:    wechatShapes,
	targetWeChatLogin: union(wechatShapes, wechatLogin),
	targetWeChatToken: union(wechatShapes, wechatToken),
	targetWeChatSend:  union(wechatShapes, wechatSend),
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

// WeChat answers HTTP 200 always; errcode tells. The request id behind errmsg is part of what is seen
// in the wild.
func (c *call) wechatError(code int, text string) reply {
	return c.wechatReply(map[string]any{"errcode": code, "errmsg": text + ", rid: " + requestID()})
}

func (c *call) wechatReply(fields map[string]any) reply {
	if c.fault.is("errcode_string") {
		code, _ := fields["errcode"].(int)
		fields["errcode"] = strconv.Itoa(code)
	}
	if c.fault.is("extra_fields") {
		fields["is_new_field"] = true
		fields["nested_new_field"] = map[string]any{"errcode": "x", "list": []int{1, 2}}
	}
	return jsonReply(http.StatusOK, fields)
}

// wechatErrcodes are the faults that are no more than an errcode.
var wechatErrcodes = map[string]string{
	"40001": "invalid credential, access_token is invalid or not latest", "40003": "invalid openid", "40013": "invalid appid",
	"40014": "invalid access_token", "40029": "invalid code", "40037": "invalid template_id", "40125": "invalid appsecret",
	"40163": "code been used", "40164": "invalid ip, not in whitelist", "40226": "code blocked", "41030": "invalid page", "42001": "access_token expired",
	"43101": "user refuse to accept the msg", "43107": "subscribe message capability banned",
	"43108": "concurrent send to the same user", "45009": "reach max api daily quota limit",
	"45011": "api minute-quota reach limit", "45168": "sensitive word",
}

// wechatFault answers with the errcode that the fault asks for.
func (c *call) wechatFault() (reply, bool) {
	if c.fault.is("busy") {
		return c.wechatError(-1, "system error"), true
	}
	text, there := wechatErrcodes[c.fault.Name]
	if !there {
		return reply{}, false
	}
	code, _ := strconv.Atoi(c.fault.Name)
	return c.wechatError(code, text), true
}

// code2session is GET /sns/jscode2session. It is stricter than WeChat about parameters it does not
// know: they are the mark of a code that was put into the address unescaped.
func (s *wechatServer) code2session(c *call) reply {
	if c.request.Method != http.MethodGet {
		return c.wechatError(43001, "require GET method")
	}
	query, err := onlyOnce(c.request.URL.RawQuery, "appid", "secret", "js_code", "grant_type")
	if err != nil {
		return c.wechatError(40097, "invalid args")
	}
	if answer, there := c.wechatFault(); there {
		return answer
	}
	app, known := s.apps[query["appid"]]
	switch {
	case query["appid"] == "":
		return c.wechatError(41002, "appid missing")
	case query["secret"] == "":
		return c.wechatError(41004, "appsecret missing")
	case query["js_code"] == "":
		return c.wechatError(41008, "missing code")
	case query["grant_type"] != "authorization_code":
		return c.wechatError(40002, "invalid grant_type")
	case !known:
		return c.wechatError(40013, "invalid appid")
	case query["secret"] != app.Secret:
		return c.wechatError(40125, "invalid appsecret")
	}
	openID, err := s.world.useCode(wechatPlatform, app.AppID, query["js_code"])
	switch {
	case errors.Is(err, errCodeUsed):
		return c.wechatError(40163, "code been used")
	case err != nil:
		return c.wechatError(40029, "invalid code")
	}
	return c.session(app, openID)
}

// session answers as WeChat does: no errcode at all, and text/plain.
func (c *call) session(app WeChatApp, openID string) reply {
	key := sha256.Sum256([]byte("session-key\n" + openID + requestID()))
	fields := map[string]any{"openid": openID, "session_key": base64.StdEncoding.EncodeToString(key[:16])}
	if app.UnionID {
		union := sha256.Sum256([]byte("union\n" + openID))
		fields["unionid"] = "o" + base64.RawURLEncoding.EncodeToString(union[:])[:27]
	}
	answer := c.wechatReply(fields)
	answer.contentType = "text/plain"
	return answer
}

// The life of a stable token: 7200 s; in the last 300 s the next one is given out, and both are valid.
const (
	tokenLife   = 7200
	tokenPeriod = tokenLife - 300
)

// tokenAt makes the token of a period. It is derived, not kept: a token outlives the simulator's restart as it would
// outlive nothing at WeChat. Generations change when a token is revoked.
func tokenAt(app WeChatApp, generation int, period int64) string {
	mac := hmac.New(sha256.New, []byte(app.Secret))
	fmt.Fprintf(mac, "%s\n%d\n%d", app.AppID, generation, period)
	return fmt.Sprintf("%d_%d_%s", generation, period, hex.EncodeToString(mac.Sum(nil)))
}

// tokenNow is the period whose token is given out at a Unix time, and the seconds that it has left: 300 to 7200.
func tokenNow(now int64) (period, left int64) {
	period = now / tokenPeriod
	return period, period*tokenPeriod + tokenLife - now
}

// stableToken is POST /cgi-bin/stable_token.
func (s *wechatServer) stableToken(c *call) reply {
	var request struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}
	switch {
	case c.request.Method != http.MethodPost:
		return c.wechatError(43002, "require POST method")
	case c.request.URL.RawQuery != "":
		return c.wechatError(40097, "invalid args")
	case !isMedia(c.request, "application/json") || strict(c.body, &request) != nil:
		return c.wechatError(47001, "data format error")
	}
	if answer, there := c.wechatFault(); there {
		return answer
	}
	app, known := s.apps[request.AppID]
	switch {
	case request.GrantType != "client_credential":
		return c.wechatError(40002, "invalid grant_type")
	case !known:
		return c.wechatError(40013, "invalid appid")
	case request.Secret != app.Secret:
		return c.wechatError(40125, "invalid appsecret")
	case request.ForceRefresh && !s.world.mayForce(app.AppID):
		return c.wechatError(45009, "reach max api daily quota limit")
	}
	return s.token(c, app)
}

func (s *server) token(c *call, app WeChatApp) reply {
	period, left := tokenNow(time.Now().Unix())
	if c.fault.is("token_300") {
		left = 300
	}
	if c.fault.is("token_turnover") {
		period, left = period+1, tokenLife
	}
	return c.wechatReply(map[string]any{
		"access_token": tokenAt(app, s.world.generation(app.AppID), period), "expires_in": left,
	})
}

// tokenValid answers the errcode for a token: 0, 40001 or 42001. Of the current generation, the tokens of the last,
// this and the next period are known; the next one only ever comes from the fault token_turnover.
func (s *server) tokenValid(app WeChatApp, token string) int {
	now := time.Now().Unix()
	generation := s.world.generation(app.AppID)
	parts := strings.Split(token, "_")
	if len(parts) != 3 {
		return 40001
	}
	period, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || period > now/tokenPeriod+1 || !hmac.Equal([]byte(token), []byte(tokenAt(app, generation, period))) {
		return 40001
	}
	if now >= period*tokenPeriod+tokenLife {
		return 42001
	}
	return 0
}

// appOfToken finds whose token it is.
func (s *wechatServer) appOfToken(token string) (WeChatApp, int) {
	worst := 40001
	for _, app := range s.apps {
		switch code := s.tokenValid(app, token); code {
		case 0:
			return app, 0
		case 42001:
			worst = code
		}
	}
	return WeChatApp{}, worst
}

func (w *World) generation(app string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tokens[app]
}

// revokeTokens kills every token of the app.
func (w *World) revokeTokens(app string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens[app]++
}

// mayForce counts forced refreshes: 20 a day, at least 30 s apart; the old token dies.
func (w *World) mayForce(app string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	var day []time.Time
	for _, at := range w.forced[app] {
		if now.Sub(at) < 24*time.Hour {
			day = append(day, at)
		}
	}
	if len(day) >= 20 || (len(day) > 0 && now.Sub(day[len(day)-1]) < 30*time.Second) {
		return false
	}
	w.forced[app] = append(day, now)
	w.tokens[app]++
	return true
}
