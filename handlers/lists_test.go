package handlers

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web/webtest"
	"yibao/identity"
)

func fen(n int64) *balance.Fen { f := balance.Fen(n); return &f }

const listsPath = "/v1/insured/" + linkID

// listPaths are all lists behind an account.
var listPaths = []string{"/settlements", "/settlements/unusual", "/settlements/S1/lines", "/ledger", "/contributions", "/claims", "/pooled", "/institutions"}

// filled is a fake with a row of every list; what is not set is not given.
func filled(r *rig) *fakeRows {
	rows, place := &r.fake.rows, records.Institution{Code: "H1", Name: "示例医院"}
	rows.settlements = []records.Settlement{
		{ID: "S2", InsuranceType: "310", At: noon, Institution: place, Kind: records.VisitPharmacy, Code: "41", Where: records.WhereCountry,
			Total: fen(-12800), Fund: fen(-10000), Account: fen(-2800), Cash: fen(0), State: records.SettlementReversal, Pair: "S1"},
		{ID: "S1", At: noon.Add(-time.Hour), Institution: place, Kind: records.VisitOther, Code: "9901", Where: records.WhereUnknown,
			Total: fen(12800), State: records.SettlementReversed, Pair: "S2"},
	}
	rows.lines = []records.Line{{ID: "1", Name: "=HYPERLINK(\"x\")", Code: "X1", Grade: records.GradeB, Quantity: "2", Price: fen(50), SelfPay: "0.1"}}
	rows.flags = []records.Flag{
		{Kind: records.FlagRepeated, Day: "2026-11-20", Settlements: []string{"S0", "S1"}, Total: 25600},
		{Kind: records.FlagHigh, Day: "2026-11-21", Settlements: []string{"S2"}, Total: 123450, Usual: 4000, Compared: 8},
	}
	rows.ledger = []records.Entry{{ID: "L1", At: noon, Kind: records.EntrySpent, Code: "201", Fen: -2800, Settlement: "S1", Reversed: true}}
	rows.contributions = []records.Contribution{
		{ID: "C2", InsuranceType: "310", From: "2026-10", To: "2026-10", Kind: records.ContributionRegular, Code: "10", Paid: records.PaidYes,
			PaidOn: "2026-10-15", Personal: fen(16000), Missing: []string{"2026-08", "2026-09"}},
		{ID: "C1", InsuranceType: "390", From: "2026-01", To: "2026-12", Kind: records.ContributionOther, Code: "77", Paid: records.PaidUnknown, Missing: []string{"2025"}},
	}
	rows.claims = []records.Claim{
		{ID: "B1", Institution: place, State: records.ClaimReturned, Code: "5", Label: "经办初审退回", Since: noon.AddDate(0, 0, -3).Add(11 * time.Hour),
			Submitted: noon.AddDate(0, 0, -9), Opinion: "缺少清单", Total: fen(120000),
			Steps: []records.Step{{At: noon.AddDate(0, 0, -9), State: records.ClaimSubmitted, Code: "0", Label: "已提交"}}},
		{ID: "B0", Institution: place, State: records.ClaimPaid, Code: "8", Since: noon, Total: fen(1), Paid: fen(1)},
	}
	visits := int64(7)
	rows.accumulated = []records.Accumulated{
		{InsuranceType: "310", Year: "2026", Kind: records.AccumulatedVisits, Code: "C0000", Count: &visits},
		{InsuranceType: "310", Year: "2026", Kind: records.AccumulatedPool, Code: "D310101", Fen: fen(180000)},
		{InsuranceType: "310", Year: "2026", Kind: records.AccumulatedPool, Code: "D310101_BIZ11", Visit: "11", Fen: fen(90000)},
		{InsuranceType: "390", Year: "2026", Kind: records.AccumulatedPool, Code: "D390102", Fen: fen(500)},
		{InsuranceType: "390", Year: "2026", Kind: records.AccumulatedDeductible, Code: "Q0000", Fen: fen(0)},
	}
	rows.quotas = []records.Quota{{Key: "outpatient_pool", Left: fen(120000)}, {Key: "local", Left: nil}}
	rows.designated = []records.Designated{
		{Kind: records.DesignatedInstitution, Institution: place, From: "2026-01-01"}, {Kind: records.DesignatedDisease, Disease: "高血压"},
	}
	return rows
}

// itemsOf are the items of an answer as JSON.
func itemsOf(t *testing.T, text string) string {
	t.Helper()
	var page struct{ Items json.RawMessage }
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		t.Fatal(err, text)
	}
	return string(page.Items)
}

// TestRowsOfLists holds the rows of every list against the JSON that the API promises: a sum that is not given is null, codes
// stay beside their names, and a name is in the language asked for.
func TestRowsOfLists(t *testing.T) {
	t.Parallel()
	const at, place = `"2026-11-21T12:00:00+08:00"`, `"institution":{"code":"H1","name":"示例医院"}`
	for _, c := range []struct{ language, path, want string }{
		{"", "/settlements", `[{"id":"S2","insurance_type":"310","insurance_name":"职工医保","at":` + at + `,` + place + `,"kind":"pharmacy","code":"41","label":"药店购药",` +
			`"where":"out_of_province","where_label":"跨省异地","out_of_area":true,"total_fen":-12800,"fund_fen":-10000,"account_fen":-2800,"mutual_aid_fen":null,` +
			`"cash_fen":0,"hospital_fen":null,"deductible_fen":null,"sums":"agree","sums_text":"各项支付合计与总费用一致","state":"reversal","state_label":"退费","pair":"S1"},` +
			`{"id":"S1","insurance_type":"","insurance_name":"","at":"2026-11-21T11:00:00+08:00",` + place + `,"kind":"other","code":"9901","label":"其他（9901）",` +
			`"where":"unknown","where_label":"未提供","out_of_area":null,"total_fen":12800,"fund_fen":null,"account_fen":null,"mutual_aid_fen":null,` +
			`"cash_fen":null,"hospital_fen":null,"deductible_fen":null,"sums":"unknown","sums_text":"部分金额未提供，无法核对","state":"reversed","state_label":"已退费","pair":"S2"}]`},
		{"en", "/settlements/S1/lines", `[{"id":"1","name":"=HYPERLINK(\"x\")","code":"X1","grade":"B","grade_label":"Class B","quantity":"2","price_fen":50,"sum_fen":null,"self_pay":"0.1"}]`},
		{"", "/settlements/unusual", `[{"kind":"repeated","day":"2026-11-20","settlements":["S0","S1"],"total_fen":25600,"usual_fen":null,"compared":null,` +
			`"message":"2026年11月20日在同一机构有两笔金额相同的结算，每笔¥128.00。如只就诊或购药一次，请向该机构核对。"},` +
			`{"kind":"high","day":"2026-11-21","settlements":["S2"],"total_fen":123450,"usual_fen":4000,"compared":8,` +
			`"message":"2026年11月21日的一笔结算为¥1,234.50，您此前8笔同类结算通常为¥40.00（中位数）。如与实际就诊不符，请向该机构核对。"}]`},
		{"en", "/ledger", `[{"id":"L1","at":` + at + `,"kind":"spent","code":"201","label":"Spent","amount_fen":-2800,"settlement":"S1","reversed":true}]`},
		{"", "/contributions", `[{"id":"C2","insurance_type":"310","insurance_name":"职工医保","from":"2026-10","to":"2026-10","kind":"regular","code":"10","label":"正常缴费",` +
			`"paid":"paid","paid_label":"已缴","paid_on":"2026-10-15","base_fen":null,"employer_fen":null,"personal_fen":16000,"subsidy_fen":null,"total_fen":null,` +
			`"into_account_fen":null,"missing_months":["2026-08","2026-09"],"missing_years":[]},` +
			`{"id":"C1","insurance_type":"390","insurance_name":"城乡居民医保","from":"2026-01","to":"2026-12","kind":"other","code":"77","label":"其他（77）",` +
			`"paid":"unknown","paid_label":"未提供","base_fen":null,"employer_fen":null,"personal_fen":null,"subsidy_fen":null,"total_fen":null,` +
			`"into_account_fen":null,"missing_months":[],"missing_years":["2025"]}]`},
		{"", "/claims", `[{"id":"B1",` + place + `,"state":"returned","state_label":"已退回","code":"5","label":"经办初审退回","since":"2026-11-18T23:00:00+08:00","days_in_step":3,` +
			`"next_step":"申请被退回，请查看退回原因，补齐材料后重新提交","submitted":"2026-11-12T12:00:00+08:00","opinion":"缺少清单","total_fen":120000,"paid_fen":null,` +
			`"steps":[{"at":"2026-11-12T12:00:00+08:00","state":"submitted","state_label":"已提交","code":"0","label":"已提交"}]},` +
			`{"id":"B0",` + place + `,"state":"paid","state_label":"已拨付","code":"8","label":"","since":` + at + `,"days_in_step":null,` +
			`"next_step":"报销款已拨付，本次报销已办结","total_fen":1,"paid_fen":1,"steps":[]}]`},
		{"", "/pooled", `[{"insurance_type":"310","insurance_name":"职工医保","year":"2026","paid_fen":180000,"deductible_fen":null,"total_fen":null,"in_scope_fen":null,"visits":7,` +
			`"figures":[{"kind":"visits","label":"就诊次数","code":"C0000","amount_fen":null,"count":7},` +
			`{"kind":"pool","label":"统筹基金支付","code":"D310101","amount_fen":180000,"count":null},` +
			`{"kind":"pool","label":"统筹基金支付","code":"D310101_BIZ11","visit":"11","visit_label":"普通门诊","amount_fen":90000,"count":null}]},` +
			`{"insurance_type":"390","insurance_name":"城乡居民医保","year":"2026","paid_fen":null,"deductible_fen":0,"total_fen":null,"in_scope_fen":null,"visits":null,` +
			`"figures":[{"kind":"pool","label":"统筹基金支付","code":"D390102","amount_fen":500,"count":null},` +
			`{"kind":"deductible","label":"已用起付线","code":"Q0000","amount_fen":0,"count":null}]}]`},
		{"", "/institutions", `[{"kind":"institution","label":"定点医药机构",` + place + `,"from":"2026-01-01"},{"kind":"disease","label":"门诊慢特病登记","disease":"高血压"}]`},
	} {
		r := newRig(t)
		filled(r)
		if got := r.doIn(c.language, "GET", listsPath+c.path, ""); got.StatusCode != 200 || itemsOf(t, got.Text) != c.want {
			t.Errorf("%s: %d\n%s\nwant\n%s", c.path, got.StatusCode, got.Text, c.want)
		}
	}
}

// TestListsWithoutRows: each is an empty list with its explanation, in both languages, never null.
func TestListsWithoutRows(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range listPaths {
		for language, han := range map[string]bool{"": true, "en": false} {
			got := r.doIn(language, "GET", listsPath+path, "")
			var page struct {
				Next *string
				Meta listMeta
			}
			if err := json.Unmarshal([]byte(got.Text), &page); err != nil || itemsOf(t, got.Text) != "[]" || page.Next != nil {
				t.Errorf("%s: %s", path, got.Text)
			}
			if m := page.Meta; webtest.Han(m.Explanation) != han || m.Freshness != "fresh" || m.Coverage != "complete" || m.AgeSeconds != 30 || m.Notices == nil ||
				strings.Contains(got.Text, "complete_to") {
				t.Errorf("%s in %q: %s", path, language, got.Text)
			}
		}
	}
}

// TestMetaOfLists: what is old, partial or not complete yet is said in the meta, and in words.
func TestMetaOfLists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change func(*fakeRows)
		want   string
	}{
		{func(r *fakeRows) { r.stale, r.cause = true, balance.ErrTimeout }, `"freshness":"stale","stale_reason":"no_answer","coverage":"complete","total":0,"notices":[{"code":"stale",` +
			`"message":"暂时无法获取最新数据，以下为2026年11月21日12:00的数据，请稍后再查看","at":"2026-11-21T12:00:00+08:00"}]`},
		{func(r *fakeRows) { r.stale, r.cause = true, fmt.Errorf("w: %w", &balance.ThrottledError{}) }, `"freshness":"stale","stale_reason":"throttled","coverage":"complete","total":0,"notices":[{"code":"throttled",` +
			`"message":"医保系统查询繁忙，以下为2026年11月21日12:00的数据，请稍后再查看","at":"2026-11-21T12:00:00+08:00"}]`},
		{func(r *fakeRows) { r.meta.Coverage, r.meta.CompleteTo, r.total = balance.Partial, "2026-11-18", 37 }, `"freshness":"fresh","coverage":"partial","complete_to":"2026-11-18","total":37,"notices":[{"code":"partial",` +
			`"message":"截至2026年11月21日12:00，部分信息暂时无法获取；如有疑问，可拨打12393医保服务热线咨询","at":"2026-11-21T12:00:00+08:00"},{"code":"complete_to",` +
			`"message":"2026年11月18日及以前的记录已收录完整，之后的记录可能尚未传到，请过几天再查看","at":"2026-11-18T00:00:00+08:00"}]`},
	} {
		r := newRig(t)
		r.fake.rows.meta = records.Meta{AsOf: noon, FetchedAt: noon, Source: "fsi/5203", Coverage: balance.Complete}
		c.change(&r.fake.rows)
		if got := r.do("GET", listsPath+"/settlements", ""); !strings.Contains(got.Text, c.want) {
			t.Errorf("%s\nwant %s", got.Text, c.want)
		}
	}
}

// TestFiltersOfLists: what a list is asked for arrives, a parameter that is zero apart from one that is left out.
func TestFiltersOfLists(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for path, want := range map[string]records.Query{
		"/settlements": {Limit: 20},
		"/settlements?from=2026-01-02&to=2026-02-03&kind=inpatient&institution=%E5%8C%BB%E9%99%A2&min_fen=0&max_fen=-5&insurance_type=310&limit=7&cursor=c": {
			From: "2026-01-02", To: "2026-02-03", Kind: "inpatient", Institution: "医院", Min: fen(0), Max: fen(-5), InsuranceType: "310", Limit: 7, Cursor: "c"},
		"/settlements/unusual?from=2026-01-02":        {From: "2026-01-02"},
		"/settlements/S1/lines?limit=3":               {Limit: 3},
		"/ledger?kind=carry&max_fen=9":                {Kind: "carry", Max: fen(9), Limit: 20},
		"/contributions?kind=back&insurance_type=390": {Kind: "back", InsuranceType: "390", Limit: 20},
		"/claims?state=in_review&institution=H1":      {Kind: "in_review", Institution: "H1", Limit: 20},
		"/ledger?format=csv&cursor=c&limit=3":         {Limit: 3, Cursor: "c", All: true},
	} {
		if got := r.do("GET", listsPath+path, ""); got.StatusCode != 200 || !reflect.DeepEqual(r.fake.rows.query, want) {
			t.Errorf("%s: %d, asked %+v", path, got.StatusCode, r.fake.rows.query)
		}
	}
	if r.fake.rows.bill != "S1" {
		t.Errorf("asked for the bill %q", r.fake.rows.bill)
	}
	for path, year := range map[string]string{"/pooled": "2026", "/pooled?year=2025": "2025"} {
		if r.do("GET", listsPath+path, ""); r.fake.rows.year != year {
			t.Errorf("%s asks for %s", path, r.fake.rows.year)
		}
	}
}

// TestBadFilters: each wrong parameter is named.
func TestBadFilters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, field, code string
		fails             error
	}{
		{"/settlements?kind=spa", "kind", "not_allowed", nil},
		{"/ledger?kind=inpatient", "kind", "not_allowed", nil},
		{"/claims?state=lost", "state", "not_allowed", nil},
		{"/ledger?limit=0", "limit", "too_small", nil},
		{"/ledger?limit=101", "limit", "too_large", nil},
		{"/ledger?limit=x", "limit", "wrong_type", nil},
		{"/ledger?min_fen=1.5", "min_fen", "wrong_type", nil},
		{"/ledger?min_fen=many", "min_fen", "wrong_type", nil},
		{"/ledger?format=xls", "format", "not_allowed", nil},
		{"/claims?from=2026-02-30", "from", "range_invalid", nil},
		{"/claims?to=tomorrow", "to", "range_invalid", nil},
		{"/settlements/unusual?to=2026-13-01", "to", "range_invalid", nil},
		{"/claims?to=2020-01-01", "to", "range_invalid", balance.ErrRange},
		{"/claims?from=2020-01-01", "from", "range_invalid", balance.ErrRange},
		{"/contributions?insurance_type=abc", "insurance_type", "wrong_format", nil},
		{"/pooled?year=26", "year", "wrong_format", nil},
		{"/pooled?year=0000", "year", "range_invalid", balance.ErrRange},
		{"/claims?cursor=x", "cursor", "cursor_invalid", records.ErrCursor},
	} {
		r := newRig(t)
		r.fake.fail = c.fails
		if p := r.do("GET", listsPath+c.path, "").Problem(t); p.Status != 422 || !p.Has(c.field, c.code) {
			t.Errorf("%s: %+v", c.path, p)
		}
	}
}

// TestErrorsOfLists: each comes out typed, from every list, and another user's link is not found.
func TestErrorsOfLists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{balance.ErrUnsupported, 409, "unsupported"}, {balance.ErrNotEnrolled, 409, "not_enrolled"}, {balance.ErrMismatch, 409, "person_changed"},
		{errors.Join(balance.ErrNoReading, balance.ErrTimeout), 503, "no_reading"},
		{errors.Join(balance.ErrNoReading, &balance.ThrottledError{}), 503, "upstream_throttled"},
		{records.ErrLimit, 422, "validation"}, {identity.ErrNoSuchLink, 404, "not_found"},
	} {
		r := newRig(t)
		r.fake.fail = c.err
		for _, path := range listPaths {
			for _, end := range []string{"", "?format=csv"} {
				if p := r.do("GET", listsPath+path+end, "").Problem(t); p.Status != c.status || p.Code != c.code {
					t.Errorf("%s%s, %v: %+v", path, end, c.err, p)
				}
			}
		}
	}
	r := newRig(t)
	for _, path := range append([]string{"/insurance-code"}, listPaths...) {
		if p := r.do("GET", "/v1/insured/ANOTHERS"+path, "").Problem(t); p.Status != 404 || p.Code != "not_found" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	r.fake.fail = records.ErrNoSuchBill
	if p := r.do("GET", listsPath+"/settlements/S9/lines", "").Problem(t); p.Status != 404 || p.Code != "no_such_bill" {
		t.Errorf("%+v", p)
	}
}

// TestQuotaIsToldOrNot: a limit that the region does not tell leaves the figures of the pooled fund as they are.
func TestQuotaIsToldOrNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change func(*fakeRows)
		want   string
	}{
		{func(*fakeRows) {}, `"quota":{"state":"told","text":"以下为参保地提供的剩余额度","left":[{"key":"outpatient_pool","name":"门诊统筹","amount_fen":120000},{"key":"local","name":"local","amount_fen":null}]}`},
		{func(r *fakeRows) { r.quotas = nil }, `"quota":{"state":"not_told","text":"参保地未提供剩余额度","left":[]}`},
		{func(r *fakeRows) { r.quotaFails = balance.ErrUnsupported }, `"quota":{"state":"not_told","text":"参保地未提供剩余额度","left":[]}`},
		{func(r *fakeRows) { r.quotaFails = balance.ErrTimeout }, `"quota":{"state":"unavailable","text":"暂时无法获取剩余额度，请稍后再查看","left":[],"problem":{"code":"upstream_unavailable"`},
	} {
		r := newRig(t)
		c.change(filled(r))
		if got := r.do("GET", listsPath+"/pooled", ""); got.StatusCode != 200 || !strings.Contains(got.Text, c.want) || !strings.Contains(got.Text, `"paid_fen":180000`) {
			t.Errorf("%s\nwant %s", got.Text, c.want)
		}
	}
}

// TestListsAsFiles: the bytes that spreadsheet programs want, in the language asked for; no cell is a formula; all pages are
// in the file, and one that would lack rows is refused.
func TestListsAsFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	filled(r)
	got := r.do("GET", listsPath+"/settlements/S1/lines?format=csv", "")
	want := "\ufeff项目,医保编码,等级,数量,单价（元）,金额（元）,先行自付比例,发生时间,数据时间\r\n" +
		"\"'=HYPERLINK(\"\"x\"\")\",X1,乙类,2,0.50,,0.1,,2026-11-21T11:59:00+08:00\r\n"
	if got.Text != want || got.Header.Get("Content-Type") != "text/csv; charset=utf-8" ||
		got.Header.Get("Content-Disposition") != `attachment; filename="lines-2026-11-21.csv"` {
		t.Errorf("%q %v", got.Text, got.Header)
	}
	asked := webtest.Request("GET", listsPath+"/ledger", "")
	asked.Header.Set("Authorization", "Bearer "+goodToken)
	asked.Header.Set("Accept", "text/csv")
	asked.Header.Set("Accept-Language", "en")
	want = "\ufeffTime,Kind,\"Amount (CNY, negative out of the account)\",Bill,\"Reversed (1 yes, 0 no)\",Entry,As of\r\n" +
		"2026-11-21T12:00:00+08:00,Spent,-28.00,S1,1,L1,2026-11-21T11:59:00+08:00\r\n"
	if got := r.send(asked); got.Text != want {
		t.Errorf("%q", got.Text)
	}
	few := r.fake.rows.ledger
	for n, code := range map[int]string{maxSheet: "", maxSheet + 1: "too_many_rows"} {
		r.fake.rows.ledger = make([]records.Entry, n)
		got := r.do("GET", listsPath+"/ledger?format=csv", "")
		if code == "" && strings.Count(got.Text, "\r\n") != n+1 || code != "" && got.Problem(t).Code != code {
			t.Errorf("%d rows: %d, %d lines", n, got.StatusCode, strings.Count(got.Text, "\r\n"))
		}
	}
	r.fake.rows.ledger = few
	for _, path := range listPaths {
		got := r.do("GET", listsPath+path+"?format=csv", "")
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.Text, "\ufeff"))).ReadAll()
		if err != nil || len(lines) < 2 || !strings.HasPrefix(got.Text, "\ufeff") || strings.Count(got.Text, "\r\n") != strings.Count(got.Text, "\n") {
			t.Errorf("%s: %q %v", path, got.Text, err)
		}
	}
}

// TestAcceptChoosesTheFile: only where a file is wanted more than JSON, only where there is one, and errors stay problems.
func TestAcceptChoosesTheFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	send := func(path, accept string) webtest.Answer {
		asked := webtest.Request("GET", path, "")
		asked.Header.Set("Authorization", "Bearer "+goodToken)
		asked.Header.Set("Accept", accept)
		return r.send(asked)
	}
	for _, c := range []struct{ path, accept, want string }{
		{listsPath + "/claims", "*/*", "application/json"},
		{listsPath + "/claims", "application/json, text/csv", "application/json"},
		{listsPath + "/claims", "application/json;q=0.5, text/csv", "text/csv; charset=utf-8"},
		{listsPath + "/claims", "text/html", "application/json"},
		{listsPath + "/balance", "text/csv", "application/json"},
		{"/v1/insured/ANOTHERS/claims", "text/csv", "application/problem+json"},
		{listsPath + "/claims?kind=1&limit=0", "text/csv", "application/problem+json"},
	} {
		if got := send(c.path, c.accept); got.Header.Get("Content-Type") != c.want {
			t.Errorf("%s, %s: %d %s", c.path, c.accept, got.StatusCode, got.Header.Get("Content-Type"))
		}
	}
}

// TestInsuranceCode: what is configured for the caller's platform, and a clear word where nothing is.
func TestInsuranceCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		openings map[identity.Platform]identity.CodeOpening
		want     string
	}{
		{map[identity.Platform]identity.CodeOpening{identity.WeChat: {AppID: "wx1", Path: "p"}}, `{"configured":true,"platform":"wechat","region":"330100","app_id":"wx1","path":"p","message":"将打开官方医保码，由医保部门和平台提供"}`},
		{map[identity.Platform]identity.CodeOpening{identity.WeChat: {Plugin: "plugin://a/b"}}, `{"configured":true,"platform":"wechat","region":"330100","plugin":"plugin://a/b","message":"将打开官方医保码，由医保部门和平台提供"}`},
		{map[identity.Platform]identity.CodeOpening{identity.Alipay: {Scheme: "alipays://x"}}, `{"configured":false,"platform":"wechat","region":"330100","message":"暂不能从这里打开该地区的医保码，请在国家医保服务平台或当地医保小程序中打开医保码"}`},
	} {
		r := newRig(t, func(o *Options) {
			o.Regions = identity.NewRegions([]identity.Region{{Code: "330100", InsuranceCode: c.openings}}, nil)
		})
		if got := r.do(http.MethodGet, listsPath+"/insurance-code", ""); got.Text != c.want {
			t.Errorf("%s\nwant %s", got.Text, c.want)
		}
	}
}
