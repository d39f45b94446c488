package handlers

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/handlers/web"
	"yibao/handlers/web/webtest"
	"yibao/identity"
	"yibao/identity/linking"
	"yibao/reminder"
)

// TestAnswers holds every success against the JSON that the API promises.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const insured = `{"id":"LINKOWN","region":"330100","region_name":"示例市","relation":"self","name":"测*甲",` +
		`"id_number":"1****************X","assurance":"sms","since":"2026-11-21T12:00:00+08:00",` +
		`"consent":{"version":"v1","at":"2026-11-21T12:00:00+08:00","unattended":true}}`
	const waiting = `{"id":"ATTEMPT","state":"waiting","method":"sms_on_file","message":"如信息与参保登记一致，` +
		`验证码将在约2分钟内发送至参保登记的手机号。如未收到，请核对所填信息后重新发起，或一小时后再试；也可拨打12393医保服务热线咨询登记的手机号。验证码请勿告诉他人",` +
		`"sends_left":2,"tries_left":5,"expires_in":900,"code_expires_in":300,"resend_in":60}`
	const quota = `{"template":"low_balance","free":1,"reserved":1,"unknown":0}`
	const rule = `{"threshold_fen":10000,"threshold":"¥100.00","margin_fen":1000,"insurance_type":"310","insurance_name":"职工医保",` +
		`"template":"low_balance","show_amount":false,"quiet_hours":{"start":"22:00","end":"07:30"},"state":"below",` +
		`"already_below":true,"last_reason":"already_below","last_reason_text":"设置时余额已低于提醒金额，回升后再提醒",` +
		`"evaluated_at":"2026-11-21T12:00:00+08:00","next_check_at":"2026-11-21T13:00:00+08:00",` +
		`"created_at":"2026-11-21T12:00:00+08:00","quota":` + quota + `,"reachable":true,"notices":[]}`
	const trendMeta = `"meta":{"unit":"CNY","step":"day","gaps":"null","timezone":"Asia/Shanghai","as_of":"2026-11-21T12:00:00+08:00",` +
		`"coverage":"partial","notices":[{"code":"gaps","message":"截至2026年11月21日12:00，部分日期没有余额记录",` +
		`"at":"2026-11-21T12:00:00+08:00"}],"account":"yes","since":"2026-11-19","from":"2026-11-19","to":"2026-11-21",` +
		`"summary":[{"key":"personal","name":"个人账户","min_fen":9800,"max_fen":12050,"opening_fen":12050,"closing_fen":9800}]}`
	const monthsMeta = `"meta":{"unit":"CNY","step":"month","timezone":"Asia/Shanghai","as_of":"2026-11-21T12:00:00+08:00",` +
		`"fetched_at":"2026-11-21T12:00:00+08:00","source":"fsi/L204","freshness":"fresh","coverage":"partial","complete_to":"2026-10-31","amounts":"given",` +
		`"notices":[{"code":"complete_to","message":"2026年10月31日及以前的记录已收录完整，之后的记录可能尚未传到，请过几天再查看",` +
		`"at":"2026-10-31T00:00:00+08:00"}],"from":"2026-10-01","to":"2026-11-21",` +
		`"summary":[{"key":"in","name":"收入","total_fen":23000,"min_fen":23000,"max_fen":23000}]}`
	own := "/v1/insured/" + linkID
	cases := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/v1/sessions", goodSignIn, 201, `{"token":"new-token","token_type":"Bearer",` +
			`"expires_at":"2026-11-21T14:00:00+08:00","user":{"platform":"wechat","app":"main","links":1}}`},
		{"GET", "/v1/sessions", "", 200, `{"sessions":[` +
			`{"id":"session-own","created_at":"2026-11-21T12:00:00+08:00","expires_at":"2026-11-21T13:00:00+08:00","current":true}],"next":"next"}`},
		{"GET", "/v1/sessions?page=next&limit=7", "", 200, `{"sessions":[` +
			`{"id":"session-other","created_at":"2026-11-21T12:00:00+08:00","expires_at":"2026-11-21T13:00:00+08:00","current":false}]}`},
		{"DELETE", "/v1/sessions", "", 204, ""},
		{"DELETE", "/v1/sessions?keep_current=true", "", 204, ""},
		{"DELETE", "/v1/sessions/current", "", 204, ""},
		{"DELETE", "/v1/sessions/session-other", "", 204, ""},
		{"GET", "/v1/me", "", 200, `{"platform":"wechat","app":"main","session":{"id":"session-own",` +
			`"expires_at":"2026-11-21T14:00:00+08:00"},"insured":[` + insured + `],"quotas":[` + quota + `]}`},
		{"GET", "/v1/regions", "", 200, `{"regions":[{"code":"330100","name":"示例市","methods":["sms_on_file"],"unattended":true}],` +
			`"consent":{"version":"v1","text":"授权说明","unattended_text":"定期查询说明"}}`},
		{"GET", "/v1/institutions?region=330100&q=sl&type=medical&level=02&limit=2&cursor=x", "", 200, `{"items":[` +
			`{"code":"H99010000001","name":"示例医院","type":"medical","type_name":"定点医疗机构","level":"02","level_name":"三级甲等"},` +
			`{"code":"P99010000001","name":"示例药房","type":"pharmacy","type_name":"定点零售药店"}],"next":"more",` +
			`"meta":{"as_of":"2026-11-21T12:00:00+08:00","source":"fsi/1201","coverage":"complete","truncated":false,` +
			`"explanation":"` + aboutPlaces[0] + `"}}`},
		{"GET", "/v1/drugs?region=330100&q=sl&grade=B", "", 200, `{"items":[{"code":"XYL000001","name":"示例片","list":"medicine",` +
			`"grade":"B","grade_text":"乙类：先由个人按比例自付，其余按规定报销","self_pay":"0.1","from":"2024-01-01"}],` +
			`"meta":{"coverage":"partial","truncated":true,"explanation":"` + aboutDrugs[0] + `"}}`},
		{"POST", "/v1/link-attempts", goodLink, 202, waiting},
		{"GET", "/v1/link-attempts/ATTEMPT", "", 200, waiting},
		{"POST", "/v1/link-attempts/ATTEMPT/code", "", 202, waiting},
		{"POST", "/v1/link-attempts/ATTEMPT/code", "{}", 202, waiting},
		{"GET", "/v1/insured", "", 200, `{"insured":[` + insured + `]}`},
		{"GET", own, "", 200, insured},
		{"DELETE", own, "", 204, ""},
		{"GET", own + "/balance", "", 200, `{"meta":{"as_of":"2026-11-21T11:59:00+08:00","fetched_at":"2026-11-21T11:59:30+08:00",` +
			`"age_seconds":30,"source":"fsi/1101","freshness":"fresh","coverage":"complete","notices":[]},"enrolments":[{"id":"274ba0f7f6bc8cf3","primary":true,"insurance_type":"310",` +
			`"insurance_name":"职工医保","status":"active","status_name":"正常参保","region":"330100","region_name":"示例市",` +
			`"employer":"示例单位","personal_account":{"exists":"yes","amount_fen":123450,"amount":"¥1,234.50","text":"¥1,234.50"}}]}`},
		{"GET", own + "/charts/trend", "", 200, `{` + trendMeta + `,"format":"series","chart":{"categories":["2026-11-19","2026-11-20","2026-11-21"],` +
			`"series":[{"key":"personal","name":"个人账户","data":[120.5,null,98]}]}}`},
		{"GET", own + "/charts/trend?format=f2&step=day&from=2026-11-19&to=2026-11-21", "", 200, `{` + trendMeta + `,"format":"f2","chart":[` +
			`{"date":"2026-11-19","value":120.5,"type":"个人账户"},{"date":"2026-11-20","value":null,"type":"个人账户"},` +
			`{"date":"2026-11-21","value":98,"type":"个人账户"}]}`},
		{"GET", own + "/charts/flow", "", 200, `{` + monthsMeta + `,"format":"series","chart":{"categories":["2026-10","2026-11"],` +
			`"series":[{"key":"in","name":"收入","data":[230,null]}]}}`},
		{"GET", own + "/charts/spending?by=institution&format=echarts", "", 200, `{` + monthsMeta + `,"format":"echarts","chart":{"color":["#0072b2"],"grid":{"left":64},` +
			`"xAxis":{"type":"category","data":["2026-10","2026-11"]},"yAxis":{"type":"value"},"series":[{"name":"收入","type":"bar","stack":"flow","data":[230,null]}]}}`},
		{"GET", own + "/charts/contributions?format=ucharts", "", 200, `{` + monthsMeta + `,"format":"ucharts","chart":{"categories":["2026-10","2026-11"],` +
			`"series":[{"name":"收入","data":[230,null]}]}}`},
		{"PUT", own + "/unattended", goodUnattended, 200, insured},
		{"PUT", own + "/unattended", `{"unattended":false}`, 200, strings.Replace(insured, `"unattended":true`, `"unattended":false`, 1)},
		{"PUT", own + "/reminder", goodReminder, 200, rule},
		{"PATCH", own + "/reminder", goodReminder, 200, rule},
		{"GET", own + "/reminder", "", 200, rule},
		{"DELETE", own + "/reminder", "", 204, ""},
		{"GET", own + "/deliveries", "", 200, `{"deliveries":[{"id":"DELIVERY","state":"dropped","state_text":"未发送","reason":"recovered",` +
			`"reason_text":"余额已回升，未发送","template":"low_balance","created_at":"2026-11-21T12:00:00+08:00","ended_at":"2026-11-21T12:01:00+08:00"}]}`},
		{"GET", "/v1/templates", "", 200, `{"templates":[{"name":"low_balance","template_id":"tpl-1","kind":"one_time","title":"余额提醒","shows_amount":true,"free":1}]}`},
		{"POST", "/v1/subscriptions", goodReport, 200, `{"quotas":[{"template":"low_balance","free":2,"reserved":0,"unknown":0}]}`},
		{"POST", "/v1/subscriptions", `{"report_id":"r-2","results":{"tpl-1":"accept","tpl-9":"accept","errMsg":"ok"}}`, 200,
			`{"quotas":[{"template":"low_balance","free":2,"reserved":0,"unknown":0}],"ignored":["errMsg","tpl-9"]}`},
		{"POST", "/v1/subscriptions", `{"report_id":"r-3","results":{"tpl-1":"subscribe","low_balance":"accept"}}`, 200,
			`{"quotas":[{"template":"low_balance","free":2,"reserved":0,"unknown":0}],"ignored":["low_balance","tpl-1"]}`},
		{"POST", "/v1/subscriptions", `{"report_id":"r-4","results":{"tpl-1":"filter"}}`, 200,
			`{"quotas":[{"template":"low_balance","free":2,"reserved":0,"unknown":0}]}`},
	}
	r := newRig(t)
	for _, c := range cases {
		got := r.do(c.method, c.path, c.body)
		if got.StatusCode != c.status || got.Text != c.want {
			t.Errorf("%s %s: %d\n got %s\nwant %s", c.method, c.path, got.StatusCode, got.Text, c.want)
		}
		if got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s may be cached", c.method, c.path)
		}
		for _, secret := range []string{"hidden", secretID} {
			if strings.Contains(got.Text, secret) {
				t.Errorf("%s shows %s", c.path, secret)
			}
		}
	}
}

func TestServicesGetWhatWasAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do("POST", "/v1/link-attempts", goodLink).JSON(t, 202)
	want := linking.Request{
		Region: "330100", Name: "测试甲", IDType: "01", IDNumber: "11010119000101001X", Relation: identity.Self,
		Method: identity.SMSOnFile, ConsentVersion: "v1", Unattended: true, Address: "0.0.0.0",
	}
	if r.fake.request != want {
		t.Errorf("link request %+v", r.fake.request)
	}
	r.do("PUT", "/v1/insured/"+linkID+"/reminder", goodReminder).JSON(t, 200)
	setting := r.fake.setting
	if setting.Threshold != 10000 || setting.Margin != nil || setting.ConsentVersion != "v1" ||
		setting.Quiet != (reminder.QuietHours{Start: 1320, End: 450}) {
		t.Errorf("setting %+v", setting)
	}
	r.do("GET", "/v1/insured/"+linkID+"/charts/trend?from=2026-01-01&to=2026-02-01&step=week&gaps=carry&insurance=310", "").JSON(t, 200)
	query := balance.TrendQuery{From: "2026-01-01", To: "2026-02-01", Step: balance.StepWeek, Gaps: balance.GapsCarry, InsuranceType: "310", Language: "zh"}
	if r.fake.query != query {
		t.Errorf("query %+v", r.fake.query)
	}
	r.doIn("en", "GET", "/v1/insured/"+linkID+"/charts/trend", "").JSON(t, 200)
	if r.fake.query.Language != "en" {
		t.Errorf("asked in English: %+v", r.fake.query)
	}
	r.do("POST", "/v1/subscriptions", goodReport).JSON(t, 200)
	if r.fake.report.ID != "r-1" || r.fake.report.Results["tpl-1"] != "accept" {
		t.Errorf("report %+v", r.fake.report)
	}
}

func TestOldConsentIsRefusedForReminders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.do("PUT", "/v1/insured/"+linkID+"/reminder", strings.Replace(goodReminder, `"v1"`, `"v0"`, 1)).Problem(t)
	if p.Code != "consent_missing" || r.fake.calls() != 0 {
		t.Errorf("%s, %d calls", p.Code, r.fake.calls())
	}
	r.do("PUT", "/v1/insured/"+linkID+"/reminder", `{"threshold_fen":10000}`).JSON(t, 200)
	if r.fake.setting.ConsentVersion != "" {
		t.Error("a consent that nobody gave")
	}
}

// TestEnrolmentsOfOneInsuranceAreToldApart: each has an id of its own, which its state does not change, and one is the one that
// charts and reminders are about.
func TestEnrolmentsOfOneInsuranceAreToldApart(t *testing.T) {
	t.Parallel()
	resident := balance.Enrolment{InsuranceType: "390", Status: balance.StatusActive, Region: "330100"}
	elsewhere, ended, again := resident, resident, resident
	elsewhere.Region = "330200"
	ended.Status, ended.Employer = balance.StatusEnded, "示例单位"
	again.Status = balance.StatusEnded
	show := func(rows ...balance.Enrolment) []enrolmentView {
		r := newRig(t)
		r.fake.answer.Enrolments = rows
		var body balanceView
		if err := json.Unmarshal([]byte(r.do("GET", hotPath, "").Text), &body); err != nil {
			t.Fatal(err)
		}
		return body.Enrolments
	}
	first := show(elsewhere, resident, ended, again)
	ids := map[string]bool{}
	for n, e := range first {
		ids[e.ID] = true
		if e.ID == "" || e.Primary != (n == 1) {
			t.Errorf("%d: %+v", n, e)
		}
	}
	if len(ids) != len(first) {
		t.Errorf("ids %v", ids)
	}
	elsewhere.Status = balance.StatusPaused
	if second := show(resident, elsewhere); second[0].ID != first[1].ID || second[1].ID != first[0].ID {
		t.Errorf("the ids changed: %+v, %+v", first, second)
	}
}

// TestAStaleBalanceSaysWhy: a region that asks for fewer questions is not one that is down.
func TestAStaleBalanceSaysWhy(t *testing.T) {
	t.Parallel()
	for because, want := range map[balance.StaleReason]struct{ code, zh, en string }{
		balance.StaleThrottled: {"throttled", "医保系统查询繁忙，以下为2026年11月21日11:59的数据，请稍后再查看",
			"The medical-insurance system is busy. These are the figures of 2026-11-21 11:59; please look again later."},
		balance.StaleNoAnswer: {"stale", "暂时无法获取最新数据，以下为2026年11月21日11:59的数据，请稍后再查看",
			"The latest figures cannot be had at the moment. These are the figures of 2026-11-21 11:59; please look again later."},
	} {
		for l, message := range map[string]string{"zh": want.zh, "en": want.en} {
			r := newRig(t)
			r.fake.answer.Stale, r.fake.answer.Because = true, because
			var body balanceView
			if err := json.Unmarshal([]byte(r.doIn(l, "GET", hotPath, "").Text), &body); err != nil {
				t.Fatal(err)
			}
			m := body.Meta
			if m.StaleReason != because || len(m.Notices) != 1 || m.Notices[0] != (noticeView{want.code, message, m.AsOf}) {
				t.Errorf("%+v", m)
			}
		}
	}
}

// An unknown balance is never shown as an amount.
func TestUnknownBalancesHaveNoAmount(t *testing.T) {
	t.Parallel()
	zero := balance.Fen(0)
	cases := []struct {
		account  balance.PersonalAccount
		zh, en   string
		hasMoney bool
	}{
		{balance.PersonalAccount{Exists: balance.AccountYes, Balance: &zero}, "¥0.00", "¥0.00", true},
		{balance.PersonalAccount{Exists: balance.AccountYes}, "暂时无法获取", "Not available at the moment", false},
		{balance.PersonalAccount{Exists: balance.AccountNo}, "无个人账户", "No personal account", false},
		{balance.PersonalAccount{Exists: balance.AccountNo, Balance: &zero}, "无个人账户", "No personal account", false},
		{balance.PersonalAccount{Exists: balance.AccountUnknown, Balance: &zero}, "暂时无法确认是否有个人账户", "It is not known whether there is a personal account", false},
		{balance.PersonalAccount{}, "暂时无法确认是否有个人账户", "It is not known whether there is a personal account", false},
	}
	for _, c := range cases {
		for l, want := range map[string]string{"zh": c.zh, "en": c.en} {
			r := newRig(t)
			r.fake.answer.Enrolments[0].Account = c.account
			got := r.doIn(l, "GET", hotPath, "")
			var body balanceView
			if err := json.Unmarshal([]byte(got.Text), &body); err != nil {
				t.Fatal(err)
			}
			if account := body.Enrolments[0].Account; account.Text != want {
				t.Errorf("%+v in %s: %+v", c.account, l, account)
			}
			if strings.Contains(got.Text, "amount") != c.hasMoney {
				t.Errorf("%+v: %s", c.account, got.Text)
			}
		}
	}
}

// fullOthers are the links that the person of a full attempt may end. They name nobody.
const fullOthers = `"others":[{"id":"other-1","platform":"alipay","relation":"other","since":"2026-11-21T12:00:00+08:00"}]}`

func TestStatesOfAnAttempt(t *testing.T) {
	t.Parallel()
	cases := []struct {
		state, reason string
		method, path  string
		body          string
		status        int
		want          string
	}{
		{"linked", "", "POST", "/proof", goodProof, 200, `"state":"linked","method":"sms_on_file","message":"绑定成功","insured_id":"LINKNEW","sends_left":0,"tries_left":0,"expires_in":0`},
		{"proved", "", "POST", "/proof", goodProof, 202, `"state":"proving"`},
		{"proved", "", "GET", "", "", 200, `"state":"proving"`},
		{"failed", "tries_used_up", "GET", "", "", 200, `"message":"输错次数过多，请重新发起","reason":"tries_used_up"`},
		{"failed", "something_new", "GET", "", "", 200, `"message":"其他原因"`},
		{"waiting", "", "GET", "", "", 200, `"state":"waiting"`},
		{"waiting", "", "GET", "", "", 200, `12393`},
		{"full", "", "GET", "", "", 200, fullOthers},
		{"full", "", "POST", "/proof", goodProof, 200, fullOthers},
		{"full", "", "DELETE", "/others/other-1", "", 200, fullOthers},
		{"full", "", "DELETE", "/others/other-2", "", 404, `"code":"not_found"`},
	}
	for _, c := range cases {
		r := newRig(t)
		r.fake.attempt.State, r.fake.attempt.Reason = identity.AttemptState(c.state), c.reason
		got := r.do(c.method, "/v1/link-attempts/ATTEMPT"+c.path, c.body)
		if got.StatusCode != c.status || !strings.Contains(got.Text, c.want) {
			t.Errorf("%s %s: %d %s", c.state, c.path, got.StatusCode, got.Text)
		}
		if strings.Contains(got.Text, "LINKNEW") != (c.state == "linked") {
			t.Errorf("%s shows the link to be: %s", c.state, got.Text)
		}
	}
}

// TestStartTellsNothing: the bytes are the same but for the id, however far the work in the background has come.
func TestStartTellsNothing(t *testing.T) {
	t.Parallel()
	answers := map[string]bool{}
	for i, state := range []identity.AttemptState{identity.AttemptRequested, identity.AttemptWaiting} {
		late := time.Duration(i) * 7 * time.Second
		r := newRig(t, func(o *Options) { o.Now = func() time.Time { return noon.Add(late) } })
		r.fake.late = late
		r.fake.attempt.ID = fmt.Sprintf("ATTEMPT%d", i)
		r.fake.attempt.State, r.fake.attempt.Challenge.Sends = state, i
		got := r.do("POST", "/v1/link-attempts", goodLink)
		got.JSON(t, 202)
		answers[strings.Replace(got.Text, r.fake.attempt.ID, "", 1)] = true
	}
	if len(answers) != 1 {
		t.Errorf("answers differ: %v", answers)
	}
}

func TestPagesOfSessions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for query, want := range map[string]string{
		"": "", "?limit=1": "", "?limit=100&page=next": "", "?page=x": "page", "?limit=0": "limit", "?limit=101": "limit", "?limit=all": "limit",
		"?page=" + strings.Repeat("a", 257): "page",
	} {
		got := r.do("GET", "/v1/sessions"+query, "")
		if want == "" {
			got.JSON(t, 200)
		} else if p := got.Problem(t); p.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != want {
			t.Errorf("%s: %+v", query, p)
		}
	}
	slices.Sort(r.fake.pages)
	if want := []string{" 1", " 50", "next 100", "x 50"}; !slices.Equal(r.fake.pages, want) {
		t.Errorf("asked for %q", r.fake.pages)
	}
	for _, query := range []string{"", "?keep_current=true", "?keep_current=false"} {
		if got := r.do("DELETE", "/v1/sessions"+query, ""); got.StatusCode != 204 {
			t.Errorf("%s: %d", query, got.StatusCode)
		}
	}
	if p := r.do("DELETE", "/v1/sessions?keep_current=current", "").Problem(t); p.Status != 422 || p.Errors[0].Field != "keep_current" {
		t.Errorf("%+v", p)
	}
	if !slices.Equal(r.fake.kept, []bool{false, true, false}) {
		t.Errorf("kept: %v", r.fake.kept)
	}
}

func TestRegionsWithoutAToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := r.send(webtest.Request("GET", "/v1/regions", "")).JSON(t, 200)["regions"].([]any)
	if len(all) != 2 {
		t.Errorf("%d regions", len(all))
	}
	if methods := all[1].(map[string]any)["methods"].([]any); len(methods) != 0 {
		t.Errorf("methods %v", methods)
	}
}

func TestEveryReasonHasAText(t *testing.T) {
	t.Parallel()
	for _, texts := range []map[string]text{reasonTexts, failureTexts, deliveryTexts} {
		for reason, text := range texts {
			if !webtest.Han(text[web.Chinese]) || text[web.English] == "" || webtest.Han(text[web.English]) {
				t.Errorf("%s: %+v", reason, text)
			}
		}
	}
	source, err := os.ReadFile("../reminder/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	reasons := regexp.MustCompile(`\tReason\w+\s+Reason = "(\w+)"`).FindAllSubmatch(source, -1)
	if len(reasons) < 25 {
		t.Fatalf("%d reasons are found in the source", len(reasons))
	}
	for _, reason := range reasons {
		if _, ok := reasonTexts[string(reason[1])]; !ok {
			t.Errorf("%s has no text", reason[1])
		}
	}
	for state := range deliveryTexts {
		if reasonText(deliveryTexts, state, web.Chinese) == textOther[web.Chinese] {
			t.Error(state)
		}
	}
}
