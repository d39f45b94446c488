package simulator

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestGatewayChecksCommonParameters(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	at := func(d time.Duration, zone *time.Location) string {
		return time.Now().Add(d).In(zone).Format("2006-01-02 15:04:05")
	}
	tests := map[string]struct {
		change map[string]string
		want   string
	}{
		"app":             {map[string]string{"app_id": "x"}, "isv.invalid-app-id"},
		"charset":         {map[string]string{"charset": "gbk"}, "isv.invalid-charset"},
		"sign type":       {map[string]string{"sign_type": "RSA"}, "isv.invalid-signature-type"},
		"version":         {map[string]string{"version": "2.0"}, "isv.invalid-version"},
		"format":          {map[string]string{"format": "XML"}, "isv.invalid-format"},
		"method":          {map[string]string{"method": "alipay.trade.pay"}, "isv.invalid-method"},
		"too late":        {map[string]string{"timestamp": at(-6*time.Minute, beijing)}, "isv.invalid-timestamp"},
		"too early":       {map[string]string{"timestamp": at(6*time.Minute, beijing)}, "isv.invalid-timestamp"},
		"in UTC":          {map[string]string{"timestamp": at(0, time.UTC)}, "isv.invalid-timestamp"},
		"unknown":         {map[string]string{"extra": "x"}, "isv.invalid-parameter"},
		"empty":           {map[string]string{"auth_token": ""}, "isv.invalid-parameter"},
		"no code":         {map[string]string{"grant_type": "authorization_code"}, "isv.missing-code"},
		"no grant type":   {nil, "isv.missing-grant-type"},
		"wrong grant":     {map[string]string{"grant_type": "x"}, "isv.grant-type-invalid"},
		"unknown code":    {map[string]string{"grant_type": "authorization_code", "code": "x"}, "isv.code-invalid"},
		"encrypted":       {map[string]string{"encrypt_type": "AES"}, "isv.invalid-encrypt-type"},
		"missing charset": {map[string]string{"charset": ""}, "isv.invalid-parameter"},
	}
	for name, test := range tests {
		answer := r.ali(methodOauthToken, test.change)
		if answer.status != 200 || answer.sub() != test.want {
			t.Errorf("%s: %s", name, answer.body)
		}
		if answer.signed != (name != "app" && test.want != "isv.invalid-parameter") || answer.signed && !answer.verified {
			t.Errorf("%s: signed %t, verified %t", name, answer.signed, answer.verified)
		}
	}
}

func TestGatewayChecksTheSignature(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	params := aliParams(methodOauthToken, map[string]string{"grant_type": "authorization_code", "code": "x"})
	form := url.Values{}
	for key, value := range params {
		form.Set(key, value)
	}
	form.Set("sign", aliSign(t, params))
	form.Set("code", "y")
	if answer := r.aliPost(form); answer.sub() != "isv.invalid-signature" {
		t.Errorf("changed after signing: %s", answer.body)
	}
	delete(params, "sign_type")
	form.Set("code", "x")
	form.Set("sign", aliSign(t, params))
	if answer := r.aliPost(form); answer.sub() != "isv.invalid-signature" {
		t.Errorf("signed without sign_type: %s", answer.body)
	}
	form.Add("code", "z")
	if answer := r.aliPost(form); answer.sub() != "isv.invalid-parameter" {
		t.Errorf("twice: %s", answer.body)
	}
	form.Del("code")
	form.Del("sign")
	if answer := r.aliPost(form); answer.sub() != "isv.missing-sign" {
		t.Errorf("no signature: %s", answer.body)
	}
	status, body, _ := r.do(r.request("GET", "/alipay/gateway.do?"+form.Encode(), "", ""))
	if answer := readAli(status, body); answer.node != "error_response" {
		t.Errorf("GET: %s", body)
	}
}

func TestAuthorisationCodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	code := map[string]string{"grant_type": "authorization_code", "code": r.control("GET", "alipay/code?user=demo1", "")}
	first := r.ali(methodOauthToken, code)
	if first.fields["open_id"] != OpenID(alipayPlatform, aliApp, "demo1") || first.fields["code"] != nil || first.fields["user_id"] != nil {
		t.Errorf("first: %s", first.body)
	}
	if again := r.ali(methodOauthToken, code); again.sub() != "isv.code-invalid" || again.node != "error_response" {
		t.Errorf("again: %s", again.body)
	}
	wechat := map[string]string{"grant_type": "authorization_code", "code": r.control("GET", "wechat/code?user=demo1", "")}
	if answer := r.ali(methodOauthToken, wechat); answer.sub() != "isv.code-invalid" {
		t.Errorf("WeChat's code: %s", answer.body)
	}
}

func TestTemplateSendRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open := r.aliUser("demo1")
	r.grant("alipay", "demo1", aliOnce, 1)
	tests := map[string]struct{ field, value, want string }{
		"user":         {"to_open_id", "x", "SIM_USER_NOT_EXIST"},
		"two users":    {"to_user_id", alipayUserID(open), "SIM_USER_NOT_EXIST"},
		"template":     {"user_template_id", "x", "USER_TEMPLATE_ILLEGAL"},
		"no template":  {"user_template_id", "", "isv.missing-parameter"},
		"form id":      {"form_id", "x", "USER_TEMPLATE_ILLEGAL"},
		"page":         {"page", strings.Repeat("p", 129), "isv.invalid-parameter"},
		"no data":      {"data", "", "isv.missing-parameter"},
		"not JSON":     {"data", "{", "isv.invalid-parameter"},
		"one keyword":  {"data", `{"keyword1":{"value":"a"}}`, "USER_TEMPLATE_LACK_KEYWORD"},
		"three":        {"data", `{"keyword1":{"value":"a"},"keyword2":{"value":"b"},"keyword3":{"value":"c"}}`, "USER_TEMPLATE_LACK_KEYWORD"},
		"other names":  {"data", `{"keyword1":{"value":"a"},"thing2":{"value":"b"}}`, "USER_TEMPLATE_LACK_KEYWORD"},
		"empty value":  {"data", `{"keyword1":{"value":"a"},"keyword2":{"value":""}}`, "USER_TEMPLATE_LACK_KEYWORD"},
		"no value":     {"data", `{"keyword1":{"value":"a"},"keyword2":{}}`, "USER_TEMPLATE_LACK_KEYWORD"},
		"too long":     {"data", fmt.Sprintf(`{"keyword1":{"value":"a"},"keyword2":{"value":%q}}`, strings.Repeat("长", 51)), "USER_KEYWORD_LENGTH_ERROR"},
		"long data":    {"data", fmt.Sprintf(`{"keyword1":{"value":"a"},"keyword2":{"value":%q}}`, strings.Repeat("长", 2048)), "isv.invalid-parameter"},
		"unknown name": {"extra", "x", "isv.invalid-parameter"},
	}
	for name, test := range tests {
		message := aliMessage(open)
		message[test.field] = test.value
		if answer := r.aliSend(message); answer.sub() != test.want || !answer.verified {
			t.Errorf("%s: %s", name, answer.body)
		}
	}
	answer := r.ali(methodSend, map[string]string{"biz_content": `{"to_open_id":"` + open + `","user_template_id":"ali-once","data":{"keyword1":{"value":"a"}}}`})
	if answer.sub() != "isv.invalid-parameter" {
		t.Errorf("data as an object: %s", answer.body)
	}
	if len(r.world.Inbox(InboxQuery{})) != 0 {
		t.Error("a refused message arrived")
	}
	byUserID := aliMessage("")
	delete(byUserID, "to_open_id")
	byUserID["to_user_id"] = alipayUserID(open)
	if answer := r.aliSend(byUserID); answer.code() != "10000" {
		t.Errorf("by user id: %s", answer.body)
	}
}

func TestSubscribeQuery(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open := r.aliUser("demo1")
	query := map[string]string{"biz_content": `{"open_id":"` + open + `","template_id_list":["ali-once","ali-long","x"]}`}
	if answer := r.ali(methodQuery, query); answer.code() != "10000" || answer.fields["subscribe_relations"] != nil {
		t.Errorf("never subscribed: %s", answer.body)
	}
	r.grant("alipay", "demo1", "ali-long", 1)
	relations, _ := r.ali(methodQuery, query).fields["subscribe_relations"].([]any)
	if len(relations) != 1 || relations[0].(map[string]any)["template_id"] != "ali-long" {
		t.Errorf("subscribed: %v", relations)
	}
	for _, bad := range []string{`{"open_id":"x","template_id_list":[]}`, `{"open_id":"` + open + `","template_id_list":["1","2","3","4"]}`, `{`} {
		if answer := r.ali(methodQuery, map[string]string{"biz_content": bad}); answer.sub() == nil {
			t.Errorf("%s: %s", bad, answer.body)
		}
	}
}

func TestAlipayFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open := r.aliUser("demo1")
	r.grant("alipay", "demo1", aliOnce, 100)
	tests := map[string]struct {
		code, sub        any
		signed, verified bool
		has              string
	}{
		"spaces":           {"10000", nil, true, true, "\n"},
		"escaped_slashes":  {"10000", nil, true, true, ""},
		"extra_fields":     {"10000", nil, true, true, "new_field"},
		"40004":            {"40004", "USER_TEMPLATE_ILLEGAL", true, true, ""},
		"40005":            {"40005", "isv.app-call-limited", true, true, ""},
		"40006":            {"40006", "isv.insufficient-isv-permissions", true, true, ""},
		"20000":            {"20000", "isp.unknow-error", true, true, ""},
		"unsigned_error":   {"20000", "isp.unknow-error", false, false, "error_response"},
		"unsigned_success": {"10000", nil, false, false, "send_response"},
		"unsigned_40004":   {"40004", "USER_TEMPLATE_ILLEGAL", false, false, "send_response"},
		"wrong_key":        {"10000", nil, true, false, ""},
	}
	for name := range alipayShapes {
		test, there := tests[name]
		if !there {
			t.Errorf("%s has no test", name)
		}
		r.fault(targetAlipaySend, name)
		answer := r.aliSend(aliMessage(open))
		if answer.code() != test.code || answer.sub() != test.sub || answer.signed != test.signed || answer.verified != test.verified ||
			!strings.Contains(string(answer.body), test.has) {
			t.Errorf("%s: signed %t, verified %t: %s", name, answer.signed, answer.verified, answer.body)
		}
	}
	r.control("POST", "faults", `{"target":"alipay.send","fault":"40004","detail":"FORM_ID_OVER_TIME"}`)
	if answer := r.aliSend(aliMessage(open)); answer.sub() != "FORM_ID_OVER_TIME" {
		t.Errorf("detail: %s", answer.body)
	}
}

func TestAlipayTokenFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	login := func(fault string) aliAnswer {
		r.fault(targetAlipayToken, fault)
		return r.ali(methodOauthToken, map[string]string{"grant_type": "authorization_code", "code": r.control("GET", "alipay/code?user=demo1", "")})
	}
	open := OpenID(alipayPlatform, aliApp, "demo1")
	if got := login("both_ids").fields; got["open_id"] != open || got["user_id"] != alipayUserID(open) {
		t.Errorf("both_ids: %v", got)
	}
	if got := login("user_id_only").fields; got["open_id"] != nil || got["user_id"] != alipayUserID(open) {
		t.Errorf("user_id_only: %v", got)
	}
	if got := login("expires_in_quoted").fields; got["expires_in"] != "1296000" {
		t.Errorf("expires_in_quoted: %v", got)
	}
	if got := login("code_invalid"); got.node != "error_response" || got.sub() != "isv.code-invalid" || !got.signed {
		t.Errorf("code_invalid: %s", got.body)
	}
	if got := login("20000"); got.code() != "20000" {
		t.Errorf("20000: %s", got.body)
	}
}

func TestShapesKeepTheMeaning(t *testing.T) {
	t.Parallel()
	raw := marshal(map[string]string{"url": "a/b", "text": "<&>"})
	for _, name := range []string{"spaces", "escaped_slashes"} {
		a := &alipayCall{call: &call{fault: fault{Name: name}}}
		got := a.shape(append([]byte(nil), raw...))
		if string(got) == string(raw) || object(t, got)["url"] != "a/b" || object(t, got)["text"] != "<&>" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
