package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// smsWindow is how far the timestamp may be off, and how long a nonce is remembered.
const smsWindow = 300 * time.Second

type smsMessage struct {
	Phone     string            `json:"phone"`
	SignName  string            `json:"sign_name"`
	Template  string            `json:"template"`
	Params    map[string]string `json:"params"`
	RequestID string            `json:"request_id"`
}

var (
	smsPhone   = regexp.MustCompile(`^1[3-9]\d{9}$`)
	smsRequest = regexp.MustCompile(`^[0-9A-Za-z-]{1,40}$`)
	smsCode    = regexp.MustCompile(`^\d{4,8}$`)
	smsMinutes = regexp.MustCompile(`^[1-9]\d?$`)
)

func smsRefusal(status int, code string) reply {
	return jsonReply(status, map[string]any{"code": code, "message": "refused"})
}

// sms is POST /sms/send: the gateway protocol of package platforms/sms.
func (s *server) sms(c *call) reply {
	if c.request.Method != http.MethodPost {
		return smsRefusal(http.StatusMethodNotAllowed, "METHOD_INVALID")
	}
	if bad := s.smsHeaders(c); bad != "" {
		return smsRefusal(http.StatusUnauthorized, bad)
	}
	var message smsMessage
	if c.request.URL.RawQuery != "" || !isMedia(c.request, "application/json") || strict(c.body, &message) != nil {
		return smsRefusal(http.StatusBadRequest, "PARAMS_INVALID")
	}
	if bad := s.smsBody(message); bad != "" {
		return smsRefusal(http.StatusBadRequest, bad)
	}
	if c.fault.Name != "no_message_id" && smsShapes[c.fault.Name] != "" {
		return smsRefusal(http.StatusOK, c.fault.Name)
	}
	if !s.world.once("sms-request|"+message.RequestID, 24*time.Hour) {
		return smsRefusal(http.StatusBadRequest, "REQUEST_REPEATED")
	}
	return s.acceptSMS(c, message)
}

func (s *server) smsHeaders(c *call) string {
	header := c.request.Header
	stamp, nonce := header.Get("X-Timestamp"), header.Get("X-Nonce")
	mac := hmac.New(sha256.New, []byte(s.options.SMS.Secret))
	mac.Write([]byte(s.options.SMS.AppKey + "\n" + stamp + "\n" + nonce + "\n"))
	mac.Write(c.body)
	want := hex.EncodeToString(mac.Sum(nil))
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	switch {
	case header.Get("X-App-Key") != s.options.SMS.AppKey || s.options.SMS.Secret == "":
		return "APP_KEY_UNKNOWN"
	case !hmac.Equal([]byte(header.Get("X-Signature")), []byte(want)):
		return "SIGNATURE_INVALID"
	case err != nil || time.Since(time.Unix(seconds, 0)).Abs() > smsWindow:
		return "TIMESTAMP_INVALID"
	case len(nonce) < 8 || !s.world.once("sms-nonce|"+nonce, 2*smsWindow):
		return "NONCE_REUSED"
	}
	return ""
}

func (s *server) smsBody(m smsMessage) string {
	switch {
	case !smsPhone.MatchString(m.Phone):
		return "PHONE_INVALID"
	case m.SignName == "" || m.Template == "", s.options.SMS.SignName != "" && m.SignName != s.options.SMS.SignName,
		len(s.options.SMS.Templates) > 0 && !slices.Contains(s.options.SMS.Templates, m.Template):
		return "TEMPLATE_INVALID"
	case !smsRequest.MatchString(m.RequestID), len(m.Params) != 2, !smsCode.MatchString(m.Params["code"]), !smsMinutes.MatchString(m.Params["minutes"]):
		return "PARAMS_INVALID"
	}
	return ""
}

func (s *server) acceptSMS(c *call, m smsMessage) reply {
	// The text that package sms asks to have approved under the template.
	text := fmt.Sprintf("验证码 %s，用于在小程序绑定医保账户、查询余额，%s分钟内有效。工作人员不会索要验证码，请勿告诉任何人；"+
		"如非本人操作，请忽略本短信。", m.Params["code"], m.Params["minutes"])
	seq, err := s.world.accept(Message{
		At: c.now, Kind: smsKind, Phone: m.Phone, Request: m.RequestID, Template: m.Template, Text: "【" + m.SignName + "】" + text, Values: m.Params,
	}, 0, 0)
	if err != nil {
		return reply{status: http.StatusInternalServerError}
	}
	s.world.stats.add("accepted.sms")
	answer := map[string]any{"code": "OK", "message_id": fmt.Sprintf("sim-%d", seq)}
	if c.fault.is("no_message_id") {
		delete(answer, "message_id")
	}
	return jsonReply(http.StatusOK, answer)
}
