package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestCode2SessionRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	good := func() url.Values {
		values, _ := url.ParseQuery(loginQuery(r.control("GET", "wechat/code?app=main&user=demo1", "")))
		return values
	}
	tests := map[string]struct {
		change func(url.Values)
		want   float64
	}{
		"no appid":          {func(v url.Values) { v.Del("appid") }, 41002},
		"no secret":         {func(v url.Values) { v.Del("secret") }, 41004},
		"no code":           {func(v url.Values) { v.Del("js_code") }, 41008},
		"grant type":        {func(v url.Values) { v.Set("grant_type", "x") }, 40002},
		"unknown app":       {func(v url.Values) { v.Set("appid", "wx9") }, 40013},
		"wrong secret":      {func(v url.Values) { v.Set("secret", "x") }, 40125},
		"unknown code":      {func(v url.Values) { v.Set("js_code", "x") }, 40029},
		"unknown parameter": {func(v url.Values) { v.Set("extra", "x") }, 40097},
		"parameter twice":   {func(v url.Values) { v.Add("js_code", "x") }, 40097},
		"another app's code": {func(v url.Values) {
			v.Set("appid", "wx0000000000000002")
			v.Set("secret", "other")
		}, 40029},
	}
	for name, test := range tests {
		query := good()
		test.change(query)
		if answer := r.wxLogin(query.Encode()); answer["errcode"] != test.want || answer["openid"] != nil {
			t.Errorf("%s: %v", name, answer)
		}
	}
	once := good().Encode()
	if answer := r.wxLogin(once); answer["openid"] == nil || answer["unionid"] == nil || answer["errcode"] != nil {
		t.Errorf("first use: %v", answer)
	}
	if answer := r.wxLogin(once); answer["errcode"] != 40163.0 || answer["openid"] != nil {
		t.Errorf("second use: %v", answer)
	}
	_, body, _ := r.do(r.request("POST", "/wechat/sns/jscode2session?"+good().Encode(), "", ""))
	if object(t, body)["errcode"] != 43001.0 {
		t.Errorf("POST: %s", body)
	}
}

func TestCodesGrowOld(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	code := r.control("GET", "wechat/code?user=demo1", "")
	r.world.mu.Lock()
	r.world.codes[codeKey{wechatPlatform, code}].at = time.Now().Add(-codeLife - time.Second)
	r.world.mu.Unlock()
	if answer := r.wxLogin(loginQuery(code)); answer["errcode"] != 40029.0 {
		t.Errorf("an old code: %v", answer)
	}
}

func TestStableTokenRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	good := fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q}`, wxApp, wxSecret)
	tests := map[string]struct {
		method, path, contentType, body string
		want                            float64
	}{
		"GET":            {"GET", "", "application/json", good, 43002},
		"query":          {"POST", "?appid=x", "application/json", good, 40097},
		"form":           {"POST", "", "application/x-www-form-urlencoded", good, 47001},
		"no JSON":        {"POST", "", "application/json", "{", 47001},
		"unknown field":  {"POST", "", "application/json", `{"x":1,` + good[1:], 47001},
		"something else": {"POST", "", "application/json", good + "{}", 47001},
		"grant type":     {"POST", "", "application/json", strings.Replace(good, "client_credential", "x", 1), 40002},
		"unknown app":    {"POST", "", "application/json", strings.Replace(good, wxApp, "wx9", 1), 40013},
		"wrong secret":   {"POST", "", "application/json", strings.Replace(good, wxSecret, "x", 1), 40125},
	}
	for name, test := range tests {
		_, body, err := r.do(r.request(test.method, "/wechat/cgi-bin/stable_token"+test.path, test.contentType, test.body))
		if err != nil || object(t, body)["errcode"] != test.want {
			t.Errorf("%s: %s %v", name, body, err)
		}
	}
}

func TestStableTokenIsStable(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	first := r.wxTokenAnswer(false)
	if left, _ := first["expires_in"].(float64); left < 300 || left > 7200 {
		t.Errorf("expires_in %v", left)
	}
	old := r.wxToken()
	r.fault(targetWeChatToken, "token_turnover")
	next := r.wxToken()
	if next == old {
		t.Error("no turnover")
	}
	open := r.wxUser("demo1")
	for _, token := range []string{old, next} {
		if answer := r.wxSend(token, wxMessage(open, wxLong)); answer["errcode"] != 43101.0 {
			t.Errorf("both tokens should be valid at turnover: %v", answer)
		}
	}
	if forced := r.wxTokenAnswer(true); forced["access_token"] == nil {
		t.Errorf("forced: %v", forced)
	}
	if again := r.wxTokenAnswer(true); again["errcode"] != 45009.0 {
		t.Errorf("forced again at once: %v", again)
	}
	if answer := r.wxSend(old, wxMessage(open, wxLong)); answer["errcode"] != 40001.0 {
		t.Errorf("a forced refresh leaves the old token alive: %v", answer)
	}
	expired := tokenAt(testOptions(t).WeChatApps[0], 1, time.Now().Unix()/tokenPeriod-2)
	if answer := r.wxSend(expired, wxMessage(open, wxLong)); answer["errcode"] != 42001.0 {
		t.Errorf("expired: %v", answer)
	}
	for _, token := range []string{"x", "a_b_c", "1_x_y", "1_99999999999_" + old[len(old)-64:]} {
		if answer := r.wxSend(token, wxMessage(open, wxLong)); answer["errcode"] != 40001.0 {
			t.Errorf("token %q: %v", token, answer)
		}
	}
}

func TestSubscribeSendRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open, token := r.wxUser("demo1"), r.wxToken()
	r.grant("wechat", "demo1", wxOnce, 1)
	value := func(key, text string) func(map[string]any) {
		return func(m map[string]any) { m["data"].(map[string]any)[key] = map[string]string{"value": text} }
	}
	set := func(key string, v any) func(map[string]any) { return func(m map[string]any) { m[key] = v } }
	tests := map[string]struct {
		change func(map[string]any)
		want   float64
		names  string
	}{
		"open id":         {set("touser", "o1"), 40003, ""},
		"template":        {set("template_id", "x"), 40037, ""},
		"state":           {set("miniprogram_state", ""), 47003, "miniprogram_state"},
		"lang":            {set("lang", "zh"), 47003, "lang"},
		"page":            {set("page", "https://example.com"), 47003, "page"},
		"unknown field":   {set("extra", 1), 47001, ""},
		"number as value": {func(m map[string]any) { m["data"].(map[string]any)["thing1"] = map[string]any{"value": 1} }, 47001, ""},
		"key missing":     {func(m map[string]any) { delete(m["data"].(map[string]any), "amount2") }, 47003, "data.amount2.value"},
		"key unknown":     {value("thing9", "x"), 47003, "data.thing9.value"},
		"value empty":     {value("thing1", ""), 47003, "data.thing1.value"},
		"value too long":  {value("thing1", strings.Repeat("长", 21)), 47003, "data.thing1.value"},
		"line feed":       {value("thing1", "a\nb"), 47003, "data.thing1.value"},
		"amount":          {value("amount2", "¥1,234.00"), 47003, "data.amount2.value"},
		"time":            {value("time3", "25:00"), 47003, "data.time3.value"},
	}
	for name, test := range tests {
		message := wxMessage(open, wxOnce)
		message["data"] = maps.Clone(message["data"].(map[string]any))
		test.change(message)
		answer := r.wxSend(token, message)
		if text, _ := answer["errmsg"].(string); answer["errcode"] != test.want || !strings.Contains(text, test.names) {
			t.Errorf("%s: %v", name, answer)
		}
	}
	if len(r.world.Inbox(InboxQuery{})) != 0 {
		t.Error("a refused message arrived")
	}
	if answer := r.wxSend(token, wxMessage(open, wxOnce)); answer["errcode"] != 0.0 {
		t.Errorf("refusals used the quota up: %v", answer)
	}
}

func TestSubscribeSendRefusesTheRequest(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open, token := r.wxUser("demo1"), r.wxToken()
	body := string(marshal(wxMessage(open, wxOnce)))
	tests := map[string]struct {
		method, query, contentType string
		want                       float64
	}{
		"GET":       {"GET", "access_token=" + token, "application/json", 43002},
		"no token":  {"POST", "access_token=", "application/json", 41001},
		"two":       {"POST", "access_token=" + token + "&access_token=x", "application/json", 40097},
		"parameter": {"POST", "access_token=" + token + "&x=1", "application/json", 40097},
		"form":      {"POST", "access_token=" + token, "application/x-www-form-urlencoded", 47001},
		"charset":   {"POST", "access_token=" + token, "application/json;charset=gbk", 47001},
	}
	for name, test := range tests {
		_, answer, err := r.do(r.request(test.method, "/wechat/cgi-bin/message/subscribe/send?"+test.query, test.contentType, body))
		if err != nil || object(t, answer)["errcode"] != test.want {
			t.Errorf("%s: %s %v", name, answer, err)
		}
	}
}

func TestParallelSendsToOneUser(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open, other, token := r.wxUser("demo1"), r.wxUser("demo2"), r.wxToken()
	r.grant("wechat", "demo1", wxLong, 1)
	r.grant("wechat", "demo2", wxLong, 1)
	r.fault(targetWeChatSend, "hang_after")
	first := make(chan struct{})
	go func() {
		defer close(first)
		_, _, _ = r.do(r.wxSendRequest(token, wxMessage(open, wxLong)))
	}()
	r.world.await(InboxQuery{User: "demo1"}, 10*time.Second) // accepted, and still under way
	if answer := r.wxSend(token, wxMessage(open, wxLong)); answer["errcode"] != 43108.0 {
		t.Errorf("parallel: %v", answer)
	}
	if answer := r.wxSend(token, wxMessage(other, wxLong)); answer["errcode"] != 0.0 {
		t.Errorf("another user: %v", answer)
	}
	_ = r.world.Close()
	<-first
}

func TestValueLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 33)
	tests := map[string]struct{ good, bad []string }{
		"thing1":            {[]string{strings.Repeat("长", 20), "a b，c"}, []string{strings.Repeat("长", 21), "a\tb", "\xff"}},
		"number1":           {[]string{"1", "1.5", "-3"}, []string{"", "1.", "1,000", long}},
		"letter1":           {[]string{"abcXYZ"}, []string{"a1", "", "中"}},
		"symbol1":           {[]string{"+-*/%"}, []string{"a", "++++++"}},
		"character_string1": {[]string{"A-1 b"}, []string{"中", long}},
		"time1":             {[]string{"15:01", "2026年11月21日 15:01", "2026-11-21 09:00:59", "09:00~10:00"}, []string{"24:00", "9:00", "2026-11-21"}},
		"date1":             {[]string{"2018-01-01", "2018/01/01", "2018年1月1日", "2018-01-01 10:00"}, []string{"10:00", "2018.01.01"}},
		"amount1":           {[]string{"¥100.00", "100元", "￥0.01", "12345678.90"}, []string{"-1", "¥1,000", "123456789.00", "¥¥1", "1 元"}},
		"phone_number1":     {[]string{"+86-0766-66888866"}, []string{"+86-0766-668888661", "a"}},
		"car_number1":       {[]string{"粤A8Z888挂"}, []string{"粤A8Z888挂挂"}},
		"name1":             {[]string{"测试甲", "Test Person"}, []string{"测试甲测试甲测试甲测试", strings.Repeat("a", 21), "a1"}},
		"phrase1":           {[]string{"配送中"}, []string{"配送中a", "配送中配送中"}},
		"enum1":             {[]string{"是"}, []string{"否"}},
		"unknown1":          {nil, []string{"x"}},
	}
	for key, test := range tests {
		for _, value := range test.good {
			if !fits(key, value, []string{"是"}) {
				t.Errorf("%s refuses %q", key, value)
			}
		}
		for _, value := range test.bad {
			if fits(key, value, []string{"是"}) {
				t.Errorf("%s takes %q", key, value)
			}
		}
	}
}

func TestWeChatFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	open, token := r.wxUser("demo1"), r.wxToken()
	r.grant("wechat", "demo1", wxLong, 1)
	for name := range wechatSend {
		if name == "revoke_token" {
			continue
		}
		r.fault(targetWeChatSend, name)
		if answer := r.wxSend(token, wxMessage(open, wxLong)); fmt.Sprint(answer["errcode"]) != name {
			t.Errorf("%s: %v", name, answer)
		}
	}
	for name := range wechatLogin {
		r.fault(targetWeChatLogin, name)
		if answer := r.wxLogin(loginQuery("x")); fmt.Sprint(answer["errcode"]) != name {
			t.Errorf("%s: %v", name, answer)
		}
	}
	r.fault(wechatPlatform, "busy")
	if answer := r.wxSend(token, wxMessage(open, wxLong)); answer["errcode"] != -1.0 {
		t.Errorf("busy: %v", answer)
	}
	r.fault(targetWeChatSend, "errcode_string")
	if answer := r.wxSend(token, wxMessage(open, wxLong)); answer["errcode"] != "0" {
		t.Errorf("errcode_string: %v", answer)
	}
	r.fault(targetWeChatSend, "extra_fields")
	if answer := r.wxSend(token, wxMessage(open, wxLong)); answer["is_new_field"] != true || answer["errcode"] != 0.0 {
		t.Errorf("extra_fields: %v", answer)
	}
	r.fault(targetWeChatToken, "token_300")
	if answer := r.wxTokenAnswer(false); answer["expires_in"] != 300.0 {
		t.Errorf("token_300: %v", answer)
	}
	r.fault(targetWeChatSend, "revoke_token")
	for range 2 {
		if answer := r.wxSend(token, wxMessage(open, wxLong)); answer["errcode"] != 40001.0 {
			t.Errorf("revoke_token: %v", answer)
		}
	}
	if answer := r.wxSend(r.wxToken(), wxMessage(open, wxLong)); answer["errcode"] != 0.0 {
		t.Errorf("a new token after revoke_token: %v", answer)
	}
}

func TestWrongMethodOfControl(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	if status, _, _ := r.do(r.request("DELETE", "/control/inbox", "", "")); status != http.StatusMethodNotAllowed {
		t.Errorf("status %d", status)
	}
}
