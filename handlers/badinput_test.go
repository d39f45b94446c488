package handlers

import (
	"net/http"
	"strings"
	"testing"

	"yibao/balance"
	"yibao/handlers/web/webtest"
	"yibao/reminder"
)

const (
	goodLink = `{"region":"330100","name":"测试甲","id_number":"11010119000101001X","relation":"self","method":"sms_on_file",` +
		`"consent":{"version":"v1","unattended":true}}`
	goodReminder   = `{"threshold_fen":10000,"quiet_hours":{"start":"22:00","end":"07:30"},"consent":{"version":"v1"}}`
	goodUnattended = `{"unattended":true,"consent":{"version":"v1"}}`
	goodReport     = `{"report_id":"r-1","results":{"tpl-1":"accept"}}`
	goodSignIn     = `{"platform":"wechat","code":"code-1"}`
	goodProof      = `{"code":"123456"}`
	// marker stands in every bad value, and may be in no answer and no line of the log.
	marker = "泄露Leak"
)

// bodied lists every route that takes a body, with one that it accepts.
var bodied = []struct{ method, path, good string }{
	{"POST", "/v1/sessions", goodSignIn},
	{"POST", "/v1/link-attempts", goodLink},
	{"POST", "/v1/link-attempts/ATTEMPT/proof", goodProof},
	{"PUT", "/v1/insured/" + linkID + "/reminder", goodReminder},
	{"PATCH", "/v1/insured/" + linkID + "/reminder", goodReminder},
	{"PUT", "/v1/insured/" + linkID + "/unattended", goodUnattended},
	{"POST", "/v1/subscriptions", goodReport},
}

// TestBodiesThatNoRouteTakes sends bodies that are wrong everywhere to every route with a body.
func TestBodiesThatNoRouteTakes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, body, contentType string
		status                  int
		code                    string
	}{
		{"empty", "", "application/json", 400, "body_missing"},
		{"one megabyte", `{"code":"` + strings.Repeat(marker, 1<<20/len(marker)) + `"}`, "application/json", 413, "body_too_large"},
		{"just too long", strings.Repeat(" ", 64<<10+1), "application/json", 413, "body_too_large"},
		{"not UTF-8", "{\"code\":\"" + marker + "\xff\xfe\"}", "application/json", 400, "not_utf8"},
		{"GBK", "{\"name\":\"\xb2\xe2\xca\xd4\"}", "application/json", 400, "not_utf8"},
		{"cut off", `{"code":"` + marker, "application/json", 400, "malformed_json"},
		{"two values", goodProof + goodProof, "application/json", 400, "malformed_json"},
		{"no JSON", marker, "application/json", 400, "malformed_json"},
		{"deep", strings.Repeat("[", 30_000), "application/json", 400, "malformed_json"},
		{"a form", "code=" + marker, "application/x-www-form-urlencoded", 415, "unsupported_media_type"},
		{"no type", goodProof, "", 415, "unsupported_media_type"},
		{"another character set", goodProof, "application/json; charset=gbk", 415, "unsupported_media_type"},
		{"a list", `["` + marker + `"]`, "application/json", 422, "validation"},
		{"null", `null`, "application/json", 422, "validation"},
		{"unknown field", `{"` + marker + `":"` + marker + `"}`, "application/json", 422, "validation"},
	}
	r := newRig(t)
	for _, route := range bodied {
		for _, c := range cases {
			made := webtest.Request(route.method, route.path, c.body)
			made.Header.Set("Authorization", "Bearer "+goodToken)
			made.Header.Set("Content-Type", c.contentType)
			got := r.send(made)
			p := got.Problem(t)
			if p.Status != c.status || p.Code != c.code {
				t.Errorf("%s %s: %s: %d %s instead of %d %s", route.method, route.path, c.name, p.Status, p.Code, c.status, c.code)
			}
			if strings.Contains(got.Text, marker) {
				t.Errorf("%s: %s: value echoed: %s", route.path, c.name, got.Text)
			}
		}
	}
	if n := r.fake.calls(); n != 0 {
		t.Errorf("%d services reached: %v", n, r.fake.reached)
	}
	if strings.Contains(r.log.String(), marker) {
		t.Error("a value is in the log")
	}
}

// TestFieldsThatAreWrong breaks one field at a time and expects its name, a code and texts in both languages.
func TestFieldsThatAreWrong(t *testing.T) {
	t.Parallel()
	link, put := "/v1/link-attempts", "/v1/insured/"+linkID+"/reminder"
	long := strings.Repeat(marker, 200)
	cases := []struct{ path, from, to, field, code string }{
		{"/v1/sessions", `"wechat"`, `"` + marker + `"`, "platform", "not_allowed"},
		{"/v1/sessions", `"platform":"wechat",`, ``, "platform", "required"},
		{"/v1/sessions", `"code-1"`, `"` + long + `"`, "code", "too_long"},
		{"/v1/sessions", `"code-1"`, `""`, "code", "too_short"},
		{"/v1/sessions", `"code-1"`, `["` + marker + `"]`, "code", "wrong_type"},
		{"/v1/sessions", `"platform"`, `"Platform"`, "platform", "required"},

		{link, `"330100"`, `"` + marker + `"`, "region", "wrong_format"},
		{link, `"330100"`, `330100`, "region", "wrong_type"},
		{link, `"测试甲"`, `"` + long + `"`, "name", "too_long"},
		{link, `"name":"测试甲",`, ``, "name", "required"},
		{link, `"测试甲"`, `null`, "name", "wrong_type"},
		{link, `"self"`, `"` + marker + `"`, "relation", "not_allowed"},
		{link, `"sms_on_file"`, `"face"`, "method", "not_allowed"},
		{link, `"v1"`, `""`, "consent.version", "too_short"},
		{link, `"version":"v1",`, ``, "consent.version", "required"},
		{link, `true`, `"` + marker + `"`, "consent.unattended", "wrong_type"},
		{link, `"unattended"`, `"` + marker + `.x"`, "consent", "unknown_field"},
		{link, `"consent":{"version":"v1","unattended":true}`, `"consent":"` + marker + `"`, "consent", "wrong_type"},
		{link, `"11010119000101001X"`, `"` + long + `"`, "id_number", "too_long"},

		{"/v1/insured/" + linkID + "/unattended", `true`, `"` + marker + `"`, "unattended", "wrong_type"},
		{"/v1/insured/" + linkID + "/unattended", `"unattended":true,`, ``, "unattended", "required"},
		{"/v1/insured/" + linkID + "/unattended", `"v1"`, `""`, "consent.version", "too_short"},
		{"/v1/link-attempts/ATTEMPT/proof", `"123456"`, `"` + long + `"`, "code", "too_long"},
		{"/v1/link-attempts/ATTEMPT/proof", `"123456"`, `123456`, "code", "wrong_type"},
		{"/v1/link-attempts/ATTEMPT/proof", `"123456"`, `""`, "code", "too_short"},

		{put, `10000`, `"10000"`, "threshold_fen", "wrong_type"},
		{put, `10000`, `100.5`, "threshold_fen", "wrong_type"},
		{put, `10000`, `10000.0`, "threshold_fen", "wrong_type"},
		{put, `10000`, `1e300`, "threshold_fen", "wrong_type"},
		{put, `10000`, `10000,"margin_fen":7.0`, "margin_fen", "wrong_type"},
		{put, `"22:00"`, `"24:00"`, "quiet_hours.start", "wrong_format"},
		{put, `"07:30"`, `"` + marker + `"`, "quiet_hours.end", "wrong_format"},

		{"/v1/subscriptions", `"r-1"`, `"` + marker + `"`, "report_id", "wrong_format"},
		{"/v1/subscriptions", `{"tpl-1":"accept"}`, `{}`, "results", "wrong_count"},
		{"/v1/subscriptions", `"accept"`, `7`, "results", "wrong_type"},
		{"/v1/subscriptions", `"tpl-1":"accept"`, `"` + marker + `":7`, "results", "wrong_type"},
	}
	r := newRig(t)
	for _, c := range cases {
		for _, route := range bodied {
			if route.path != c.path {
				continue
			}
			body := strings.Replace(route.good, c.from, c.to, 1)
			zh, en := r.do(route.method, c.path, body), r.doIn("en-US", route.method, c.path, body)
			for _, got := range []webtest.Answer{zh, en} {
				p := got.Problem(t)
				if p.Code != "validation" || p.Status != http.StatusUnprocessableEntity || !p.Has(c.field, c.code) {
					t.Errorf("%s %s with %s for %s: %s", route.method, c.path, c.to[:min(len(c.to), 20)], c.from, got.Text)
				}
				if strings.Contains(got.Text, marker) {
					t.Errorf("%s: value echoed: %s", c.path, got.Text)
				}
			}
			if webtest.Han(zh.Problem(t).Detail) == webtest.Han(en.Problem(t).Detail) {
				t.Errorf("one language only: %s / %s", zh.Text, en.Text)
			}
		}
	}
	if n := r.fake.calls(); n != 0 {
		t.Errorf("%d services reached: %v", n, r.fake.reached)
	}
	if strings.Contains(r.log.String(), marker) {
		t.Error("a value is in the log")
	}
}

func TestQueriesThatAreWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := "/v1/insured/" + linkID + "/charts/trend?"
	for _, c := range []struct{ query, field, code, problem string }{
		{"step=" + marker, "step", "not_allowed", "validation"},
		{"gaps=zero", "gaps", "not_allowed", "validation"},
		{"format=svg", "format", "not_allowed", "validation"},
		{"insurance=abc", "insurance", "wrong_format", "validation"},
		{"insurance=1234567", "insurance", "too_long", "validation"},
		{"from=2026-11-210", "from", "too_long", "validation"},
		{"from=2026-02-30", "from", "range_invalid", "range_invalid"},
		{"from=2026-02-01&to=yesterday", "to", "range_invalid", "range_invalid"},
	} {
		got := r.do("GET", path+c.query, "")
		p := got.Problem(t)
		if p.Status != 422 || p.Code != c.problem || c.field != "" && !p.Has(c.field, c.code) {
			t.Errorf("%s: %s", c.query, got.Text)
		}
		if strings.Contains(got.Text, marker) {
			t.Errorf("value echoed: %s", got.Text)
		}
	}
	if n := r.fake.calls(); n != 0 {
		t.Errorf("%d services reached", n)
	}
}

// TestForeignIDs: another person's id, an unknown one and nonsense answer the same everywhere, but for the request id.
func TestForeignIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	bodies := map[string]string{"putReminder": goodReminder, "patchReminder": goodReminder, "proveLink": goodProof, "setUnattended": goodUnattended}
	for _, route := range (&server{}).routes() {
		if !strings.Contains(route.Path, "{id}") {
			continue
		}
		answers := map[string]bool{}
		for _, id := range []string{"LINKOTHER", "NEVERHEARDOF", "%00", "..%2f", strings.Repeat("x", 200), "%ff", marker} {
			got := r.do(route.Method, strings.ReplaceAll(route.Path, "{id}", id), bodies[route.ID])
			p := got.Problem(t)
			if p.Status != http.StatusNotFound || p.Code != "not_found" {
				t.Errorf("%s with %.20q: %s", route.ID, id, got.Text)
			}
			answers[strings.ReplaceAll(got.Text, p.RequestID, "")] = true
		}
		if len(answers) != 1 {
			t.Errorf("%s: answers differ: %v", route.ID, answers)
		}
	}
	for _, word := range []string{"LINKOTHER", "NEVERHEARDOF", marker} {
		if strings.Contains(r.log.String(), word) {
			t.Errorf("an id is in the log")
		}
	}
}

// TestQuietHoursOfNoLength: hours that end as they begin could mean all day or never, so neither is guessed.
func TestQuietHoursOfNoLength(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.do("PUT", "/v1/insured/"+linkID+"/reminder", strings.Replace(goodReminder, "07:30", "22:00", 1))
	if p := got.Problem(t); p.Code != "quiet_hours_invalid" || !p.Has("quiet_hours", "quiet_hours_invalid") || r.fake.calls() != 0 {
		t.Errorf("%s, %d calls", got.Text, r.fake.calls())
	}
}

// TestRangesThatAreWrong: a single day that makes no range is named; of two, neither is.
func TestRangesThatAreWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.fail = balance.ErrRange
	path := "/v1/insured/" + linkID + "/charts/trend?"
	for query, field := range map[string]string{"from=2027-01-01": "from", "to=2027-12-31": "to", "from=2026-02-01&to=2026-01-01": ""} {
		p := r.do("GET", path+query, "").Problem(t)
		if p.Code != "range_invalid" || p.Has(field, "range_invalid") != (field != "") {
			t.Errorf("%s: %+v", query, p)
		}
	}
}

// TestAmountsAreLeftToTheDomain: it knows the bounds and names them, so nothing stands before it.
func TestAmountsAreLeftToTheDomain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.fail = reminder.ErrThreshold
	for _, amount := range []string{"0", "-1", "1000000000001"} {
		p := r.do("PUT", "/v1/insured/"+linkID+"/reminder", `{"threshold_fen":`+amount+`}`).Problem(t)
		if p.Code != "threshold_invalid" || !p.Has("threshold_fen", "threshold_invalid") {
			t.Errorf("%s: %+v", amount, p)
		}
	}
}
