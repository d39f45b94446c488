package handlers

import (
	"net/url"
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

// TestShortcuts: what people say, as speech recognition writes it down.
func TestShortcuts(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"查询医保": "balance", "查一下医保余额。": "balance", "我医保卡里还有多少钱？": "balance", "个人账户": "balance", "How much is left?": "balance",
		"我的报销到哪了": "claims", "报销进度": "claims", "上次的 报销 到账了吗": "claims", "my claim": "claims",
		"缴费记录": "contributions", "公司给我交了多少医保": "contributions", "我有没有断缴": "contributions",
		"打开医保码": "insurance_code", "医保电子凭证": "insurance_code", "ＱＲ　ｃｏｄｅ": "insurance_code",
		"上个月看病花了多少钱": "settlements", "买药记录": "settlements", "住院结算": "settlements", "消费明细": "settlements",
		"账户明细": "ledger", "这个月钱划入了吗": "ledger", "统筹报了多少": "pooled", "起付线还差多少": "pooled", "门诊额度还剩多少": "pooled",
		"我的定点医院": "institutions", "余额走势": "trend", "余额少了提醒我": "reminder", "绑定家人": "link", "是不是被盗刷了": "unusual",
		"今天天气怎么样": "", "。。。": "", "12345": "",
	} {
		got := ""
		if s := understand(said); s != nil {
			got = s.screen
		}
		if got != want {
			t.Errorf("%q opens %q, want %q", said, got, want)
		}
	}
	r := newRig(t)
	for path, want := range map[string]string{
		"/v1/shortcuts?text=" + url.QueryEscape("我的报销到哪了"): `{"understood":true,"screen":"claims","title":"报销进度","message":"打开报销进度"}`,
		"/v1/shortcuts?text=" + url.QueryEscape("天气"):      `{"understood":false,"message":"没有听懂，您可以说“查询医保余额”“我的报销到哪了”“缴费记录”"}`,
	} {
		if got := r.do("GET", path, ""); got.Text != want {
			t.Errorf("%s: %s", path, got.Text)
		}
	}
	for _, path := range []string{"/v1/shortcuts", "/v1/shortcuts?text=", "/v1/shortcuts?text=" + strings.Repeat("a", 101)} {
		if p := r.do("GET", path, "").Problem(t); p.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != "text" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if strings.Contains(r.log.String(), "天气") {
		t.Error("what was said is in the log")
	}
	for _, s := range shortcuts {
		for _, word := range s.words {
			if word != strings.ToLower(word) {
				t.Errorf("%q is not in small letters", word)
			}
		}
		if !webtest.Han(s.title[0]) || webtest.Han(s.title[1]) || s.title[1] == "" {
			t.Errorf("%s is called %q", s.screen, s.title)
		}
	}
}
