package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"yibao/platforms/simulator/books"
)

func TestControlSetsBalances(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	two := r.person(RegionA, "two enrolments")
	path := "balance?id_number=" + two.IDNumber
	before := r.control("GET", path, "")
	if got := r.control("POST", "balance", `{"id_number":"`+two.IDNumber+`","region":"990100","yuan":"1234.5"}`); got != "¥1,234.50" {
		t.Errorf("set: %q", got)
	}
	if got := r.control("GET", path+"&insurance_type=310", ""); got != "¥1,234.50" || got == before {
		t.Errorf("the employee account was meant: %q", got)
	}
	if got := r.control("POST", path+"&yuan=0.01", ""); got != "¥0.01" {
		t.Errorf("by query: %q", got)
	}
	resident := r.person(RegionA, "no personal account")
	r.control("POST", "balance", `{"id_number":"`+resident.IDNumber+`","yuan":"5"}`)
	if row := firstRow(t, r.ask(RegionA, insurerBody(infnoPerson, resident))); row["balc"] != 5.0 {
		t.Errorf("an account that was set shows: %v", row)
	}
	for _, bad := range []string{
		`{"id_number":"x","yuan":"1"}`, `{"id_number":"` + two.IDNumber + `","yuan":"1.234"}`, `{"id_number":"` + two.IDNumber + `","yuan":""}`,
		`{"id_number":"` + two.IDNumber + `","region":"990200","yuan":"1"}`, `{`, `{"id_number":"` + two.IDNumber + `","yuan":1}`,
	} {
		if status, _, _ := r.do(r.request("POST", "/control/balance", "application/json", bad)); status != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, status)
		}
	}
}

// TestControlKeepsBooks: what is spent, credited and taken back is in the books, and in the balance that the upstream tells.
func TestControlKeepsBooks(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	person := r.person(RegionA, "personal account of exactly 0")
	who := `"id_number":"` + person.IDNumber + `"`
	if got := r.control("POST", "credit", `{`+who+`,"yuan":"100"}`); got != "¥100.00" {
		t.Errorf("credited: %q", got)
	}
	if got := r.control("POST", "spend", `{`+who+`,"yuan":"300","abroad":true,"days_late":2}`); got != "¥0.00" {
		t.Errorf("spent: %q", got)
	}
	var kept books.Books
	if err := json.Unmarshal([]byte(r.control("GET", "books?id_number="+person.IDNumber, "")), &kept); err != nil || len(kept.Settlements) != 1 {
		t.Fatal(kept, err)
	}
	bill := kept.Settlements[0]
	if bill.Account != 100_00 || bill.Cash != 200_00 || bill.PayLoc != "4" || !bill.Seen.Equal(bill.At.AddDate(0, 0, 2)) {
		t.Errorf("%+v", bill)
	}
	if got := r.control("POST", "reverse", `{`+who+`,"bill":"`+bill.ID+`"}`); got != "¥100.00" {
		t.Errorf("taken back: %q", got)
	}
	if row := firstRow(t, r.ask(RegionA, insurerBody(infnoPerson, person))); row["balc"] != 100.0 {
		t.Errorf("the upstream tells %v", row)
	}
	for path, bad := range map[string]string{
		"spend": `{` + who + `,"yuan":"-1"}`, "credit": `{` + who + `,"yuan":"0"}`, "reverse": `{` + who + `,"bill":"` + bill.ID + `"}`,
	} {
		if status, _, _ := r.do(r.request("POST", "/control/"+path, "application/json", bad)); status != http.StatusBadRequest {
			t.Errorf("%s %s: %d", path, bad, status)
		}
	}
}

func TestControlRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	tests := map[string]struct {
		method, path, body string
		status             int
	}{
		"code without user":    {"GET", "wechat/code", "", 400},
		"code of unknown app":  {"GET", "wechat/code?app=x&user=a", "", 400},
		"unknown platform":     {"POST", "qq/code?user=a", "", 400},
		"long user":            {"GET", "wechat/code?user=" + strings.Repeat("a", 65), "", 400},
		"grant: template":      {"POST", "grant", `{"platform":"wechat","user":"a","template":"x"}`, 400},
		"grant: user":          {"POST", "grant", `{"platform":"wechat","template":"wx-once"}`, 400},
		"grant: n":             {"POST", "grant", `{"platform":"wechat","user":"a","template":"wx-once","n":-1}`, 400},
		"grant: platform":      {"POST", "grant", `{"platform":"x","user":"a","template":"wx-once"}`, 400},
		"grant: field":         {"POST", "grant", `{"x":1}`, 400},
		"latest of nobody":     {"GET", "sms/latest?id=x", "", 400},
		"latest of no attempt": {"GET", "sms/latest?attempt=x", "", 404},
		"no message yet":       {"GET", "sms/latest?phone=19900000001", "", 404},
		"none for a user":      {"GET", "inbox/latest?user=x", "", 404},
		"after":                {"GET", "inbox?after=x", "", 400},
		"wait":                 {"GET", "inbox?wait=-1", "", 400},
		"latest, wait":         {"GET", "inbox/latest?wait=x", "", 400},
		"latest code, after":   {"GET", "sms/latest?phone=1&after=x", "", 400},
		"balance of nobody":    {"GET", "balance?id_number=x", "", 400},
	}
	for name, test := range tests {
		status, body, err := r.do(r.request(test.method, "/control/"+test.path, "application/json", test.body))
		if err != nil || status != test.status {
			t.Errorf("%s: %d %s %v", name, status, body, err)
		}
	}
}

func TestControlTells(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	if index := r.control("GET", "", ""); !strings.Contains(index, "/control/faults") || !strings.Contains(index, "/control/people") {
		t.Errorf("the index: %s", index)
	}
	var people []Person
	if err := json.Unmarshal([]byte(r.control("GET", "people?region=990200", "")), &people); err != nil || len(people) < 15 {
		t.Errorf("%d people, %v", len(people), err)
	}
	if text := r.control("GET", "people.txt", ""); strings.Count(text, "\n")+1 != len(r.world.People()) {
		t.Error("people.txt is not a line each")
	}
	faults := object(t, []byte(r.control("GET", "faults", "")))
	for target, list := range faults["known"].(map[string]any) {
		for name, line := range list.(map[string]any) {
			if line == "" || !knownFault(target, name) {
				t.Errorf("%s %s: %v", target, name, line)
			}
		}
	}
	r.wxUser("demo1")
	r.smsSend(smsBody("19900000001", "request-1"))
	stats := object(t, []byte(r.control("GET", "stats", "")))
	if stats["wechat.login"] != 1.0 || stats["sms.send"] != 1.0 || stats["accepted.sms"] != 1.0 {
		t.Errorf("stats: %v", stats)
	}
	var inbox []Message
	if err := json.Unmarshal([]byte(r.control("GET", "inbox?phone=19900000001&kind=sms&wait=1", "")), &inbox); err != nil || len(inbox) != 1 {
		t.Errorf("inbox: %v %v", inbox, err)
	}
	text := r.control("GET", "inbox/latest?kind=sms", "")
	for _, part := range []string{"【测试】验证码 123456", "绑定医保账户", "5分钟内有效", "请勿告诉任何人"} {
		if !strings.Contains(text, part) {
			t.Errorf("as the phone shows it: %q, without %s", text, part)
		}
	}
	if text := r.control("GET", "inbox?after=1", ""); text != "[]" {
		t.Errorf("after the last: %q", text)
	}
}

func TestControlWaitsForAMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	got := make(chan string)
	go func() {
		status, body, err := r.do(r.request("GET", "/control/sms/latest?phone=19900000001&wait=9", "", ""))
		if err != nil || status != http.StatusOK {
			body = []byte("failed")
		}
		got <- strings.TrimSpace(string(body))
	}()
	r.smsSend(smsBody("19900000001", "request-1"))
	if code := <-got; code != "123456" {
		t.Errorf("code %q", code)
	}
	r.world.await(InboxQuery{Kind: "none"}, 1) // a nanosecond's patience ends
}

func TestControlToken(t *testing.T) {
	t.Parallel()
	options := testOptions(t)
	options.ControlToken = "test-control"
	handler := Handler(mustOpen(t, ""), options)
	for path, want := range map[string]int{"/control/stats": 403, "/control/stats?token=test-control": 200} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest("GET", path, nil))
		if recorder.Code != want {
			t.Errorf("%s: %d", path, recorder.Code)
		}
	}
	request := httptest.NewRequest("GET", "/control/stats", nil)
	request.Header.Set("X-Control-Token", "test-control")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	if recorder.Code != 200 {
		t.Errorf("by header: %d", recorder.Code)
	}
}

func TestJSONOfCurlIsUnderstood(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	// curl -d sends JSON as a form unless it is told otherwise.
	status, body, err := r.do(r.request("POST", "/control/grant", "application/x-www-form-urlencoded", `{"platform":"wechat","user":"a","template":"wx-once"}`))
	if err != nil || status != 200 || object(t, body)["allowed"] != 1.0 {
		t.Errorf("%d %s %v", status, body, err)
	}
	status, body, err = r.do(r.request("POST", "/control/wechat/code", "application/x-www-form-urlencoded", "user=demo1"))
	if err != nil || status != 200 || len(strings.TrimSpace(string(body))) != 26 {
		t.Errorf("%d %s %v", status, body, err)
	}
}
