package wechat

import (
	"strings"
	"testing"
	"unicode/utf8"

	"yibao/balance"
	"yibao/config/setting"
	"yibao/platforms/internal/miniprogram"
	"yibao/reminder"
)

func TestFit(t *testing.T) {
	t.Parallel()
	for key, c := range map[string]struct{ good, bad []string }{
		"thing1":  {[]string{"余额", "a", "😀 any", strings.Repeat("长", 20)}, []string{"", " ", "a\nb", "a\tb", "\xff", "a\u2028b"}},
		"number2": {[]string{"0", "12", "-3", "12.50", strings.Repeat("9", 32)}, []string{"¥1", "1,000", "1.", ".5", "１", strings.Repeat("9", 33), "1e3"}},
		"letter3": {[]string{"a", "Ab", strings.Repeat("x", 32)}, []string{"a1", "a b", "é", strings.Repeat("x", 33)}},
		"symbol4": {[]string{"%", "!@#$%", "￥"}, []string{"a", "1", "!@#$%^", "余"}},
		"character_string5": {[]string{"A-1 b", "$1.50", strings.Repeat("x", 32)},
			[]string{"余额", "a余", strings.Repeat("x", 33)}},
		"time6": {[]string{"15:01", "9:05", "15:01:30", "2026年11月21日 15:01", "2026-11-21 15:01", "15:01~16:02"},
			[]string{"24:00", "15:60", "2026年11月21日", "3pm", "15:01~", "15:01 ~ 16:02"}},
		"date7": {[]string{"2018-01-01", "2018/01/01", "2018年1月1日", "2026年11月21日 15:01", "2018-01-01~2018-01-31"},
			[]string{"15:01", "2018-13-01", "2018-01-32", "18-01-01", "2018-1/1"}},
		"amount8": {[]string{"0", "¥100.00", "100.5元", "￥99999999.99", "9999999999", "$5"},
			[]string{"¥1,234.50", "-¥3.00", "¥12345678901", "¥123456789.01", "请进入小程序查看", "100.555", "¥", "100 元", "¥¥1"}},
		"phone_number9":  {[]string{"13800000000", "+86-0766-66888866"}, []string{"电话", strings.Repeat("1", 18), "1380000x"}},
		"car_number10":   {[]string{"粤A8Z888挂", "粤A12345"}, []string{"粤A粤23456", "粤A1234567", "粤A 1234"}},
		"name11":         {[]string{"测试甲", "测*甲", "Test Name", strings.Repeat("测", 10)}, []string{"测试1", strings.Repeat("n", 21)}},
		"phrase12":       {[]string{"余额不足", "五个汉字啊"}, []string{"六个汉字啊啊", "ok", "余额!"}},
		"enum13":         {[]string{"待处理"}, []string{"", strings.Repeat("长", 21)}},
		"thing":          {nil, []string{"x"}},
		"Thing1":         {nil, []string{"x"}},
		"unknown1":       {nil, []string{"x"}},
		"thing1.value":   {nil, []string{"x"}},
		"thing1\nthing2": {nil, []string{"x"}},
	} {
		for _, text := range c.good {
			if got, err := fit(key, text); err != nil || got != text {
				t.Errorf("%s refuses %q: %q, %v", key, text, got, err)
			}
		}
		for _, text := range c.bad {
			if _, err := fit(key, text); err == nil {
				t.Errorf("%s takes %q", key, text)
			}
		}
	}
}

// Words are cut to what fits; an amount is sent whole or not at all.
func TestFillCutsNoFigure(t *testing.T) {
	t.Parallel()
	fen := balance.Fen(123456)
	m := reminder.Message{Balance: &fen, Threshold: 200000, Region: strings.Repeat("区", 30), MaskedName: "测******·*****甲"}
	for text, want := range map[string]string{
		"{region}":          strings.Repeat("区", 19) + "…",
		"余额{balance}":       "余额¥1234.56",
		"{region}{balance}": "",
		"职工基本医疗保险个人账户余额{balance}": "",
	} {
		if got, err := fill("thing1", text, m); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q %v", text, got, err)
		}
	}
	if got, err := fill("name1", "{name}", m); err != nil || got != "测******·*…" {
		t.Errorf("a long name: %q %v", got, err)
	}
}

func TestCheckTemplate(t *testing.T) {
	t.Parallel()
	good := func() Template {
		return Template{TemplateID: "T-1", Lang: "zh_CN", Fields: map[string]string{"thing1": "余额 {balance}", "amount2": "{threshold}"}}
	}
	if problems := checkTemplate("low", good()); len(problems) > 0 {
		t.Fatal(problems)
	}
	if problems := checkTemplate("", good()); len(problems) != 1 {
		t.Errorf("a template without a name: %v", problems)
	}
	for want, change := range map[string]func(*Template){
		"template_id":         func(t *Template) { t.TemplateID = "a b" },
		"lang":                func(t *Template) { t.Lang = "de" },
		"page":                func(t *Template) { t.Page = "pages/{balance}" },
		"unknown placeholder": func(t *Template) { t.Fields["thing1"] = "{oops}" },
		"no type of WeChat's": func(t *Template) { t.Fields["keyword1"] = "x" },
		"hides the amount":    func(t *Template) { t.Fields["amount2"] = "{balance}" },
		"breaks the rule":     func(t *Template) { t.Fields["phrase3"] = "{insurance}" },
		"would be cut":        func(t *Template) { t.Fields["thing5"] = "{region}的{insurance}余额{balance}" },
		"an enum takes":       func(t *Template) { t.Fields["enum4"] = "{region}" },
		"text is empty":       func(t *Template) { t.Fields["thing1"] = "" },
	} {
		tpl := good()
		change(&tpl)
		if problems := checkTemplate("low", tpl); !strings.Contains(problems.Error(), want) {
			t.Errorf("want %q, got %v", want, problems)
		}
	}
}

func TestNewReportsAllProblems(t *testing.T) {
	t.Parallel()
	app := func(id, secret string) App {
		return App{App: miniprogram.App{AppID: id, Regions: []string{"990100"}}, Secret: setting.Secret(secret), State: "formal"}
	}
	bad := app("wx1&secret=", "S3cr&t")
	bad.State, bad.Regions, bad.Templates = "beta", nil, map[string]Template{"t": {Kind: "daily"}}
	_, err := New(Config{BaseURL: "ftp://x?y", Timeout: maxTimeout + 1,
		Apps: map[string]App{"a": bad, "b": app("", ""), "": app("wx1", "abc")}}, Options{})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{" timeout: is above", " base_url: is not", " apps.a.app_id: has", " apps.a.secret: has", " apps.a.state: is not",
		" apps.a.regions: is empty", " apps.a.templates.t.fields: is empty", " apps.a.templates.t.kind: is not", " apps.a.templates.t.template_id: is missing",
		" apps.b.app_id: is missing", " apps.b.secret: is missing", " apps.: is not a name"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "S3cr&t") {
		t.Error("the secret is in the report")
	}
	c := Config{}
	if _, err := New(c, Options{}); err != nil {
		t.Errorf("no app: %v", err)
	}
	c.SetDefaults()
	c.Apps = map[string]App{"a": app("wx1", "abc")}
	if _, err := New(c, Options{}); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

// TestOneMistakeLeavesTheRest: `server check` tries an app with a bad template, and the other apps beside a bad one.
func TestOneMistakeLeavesTheRest(t *testing.T) {
	t.Parallel()
	var c Config
	c.SetDefaults()
	good := App{App: miniprogram.App{AppID: "wx1", Regions: []string{"990100"}, Templates: map[string]Template{"t": {}}}, Secret: "abc", State: "formal"}
	bad := good
	bad.AppID = "a b"
	c.Apps = map[string]App{"good": good, "bad": bad}
	client, err := New(c, Options{})
	if err == nil || client.apps["good"] == nil || client.apps["bad"] != nil || len(client.apps["good"].templates) != 0 {
		t.Errorf("%v, apps %v", err, client.apps)
	}
}

func FuzzFit(f *testing.F) {
	for key := range rules {
		f.Add(key+"1", "2026年1月2日 15:04")
	}
	f.Add("thing1", strings.Repeat("长", 30))
	f.Fuzz(func(t *testing.T, key, text string) {
		got, err := fit(key, text)
		if err != nil {
			return
		}
		if !utf8.ValidString(got) || hasControl(got) || utf8.RuneCountInString(got) > 60 || got == "" {
			t.Fatalf("%s lets %q through", key, got)
		}
		if strings.HasPrefix(key, "thing") && utf8.RuneCountInString(got) > maxThing {
			t.Fatalf("thing of %d characters", utf8.RuneCountInString(got))
		}
	})
}

func FuzzDecodeSend(f *testing.F) {
	for _, s := range []string{`{"errcode":0,"msgid":1}`, `{"errcode":"43101","msgid":"1"}`, `{"errcode":null}`, `{"msgid":{}}`, ``, `{"errcode":0.0}`, "{\"errcode\":0,\"errmsg\":\"a\nb\"}\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		errcode, msgid, err := decodeSend(body)
		if err != nil && (errcode != 0 || msgid != "") {
			t.Fatal("an error and an answer")
		}
		if len(msgid) > 64 || !utf8.ValidString(msgid) {
			t.Fatal("a message id without end, or cut in a character")
		}
	})
}

func FuzzDecodeToken(f *testing.F) {
	for _, s := range []string{`{"access_token":"T","expires_in":7200}`, `{"errcode":"40001"}`, `{"expires_in":"x"}`, `[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		text, seconds, err := decodeToken(body)
		if err == nil && (text == "" || seconds < 0) {
			t.Fatal("no token and no error")
		}
	})
}
