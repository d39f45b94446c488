package insurer

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/balance/desk"
	"yibao/balance/records"
	"yibao/config/setting"
)

// TestListsAreFound: the rows stand behind a path, or are the output itself, in any of the wrappings of relays; where there
// is no list none is made up.
func TestListsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		output, path string
		rows         int
		found, ok    bool
	}{
		{`[{"a":1},{"a":2}]`, "", 2, true, true},
		{`{"list":[{"a":1}]}`, "list", 1, true, true},
		{`{"list":{"a":1}}`, "list", 1, true, true},
		{`{"list":[]}`, "list", 0, true, true},
		{`[]`, "", 0, true, true},
		{`{"a":{"b":[{"c":1}]}}`, "a.b", 1, true, true},
		{`"[{\"a\":1}]"`, "", 1, true, true},
		{`{"data":{"output":{"list":[{"a":.5}]}}}`, "list", 1, true, true},
		{`[{"list":[{"a":1}]}]`, "list", 1, true, true},
		{`{"exp":"{\"a\":\"1\"}"}`, "exp", 1, true, true},
		{`{"list":null}`, "list", 0, false, true},
		{`{"other":[{"a":1}]}`, "list", 0, false, true},
		{`null`, "", 0, false, true},
		{``, "", 0, false, true},
		{`""`, "list", 0, false, true},
		{`[1,2]`, "", 0, true, false},
		{`{"list":"none"}`, "list", 0, false, false},
		{`5`, "", 0, false, false},
		{`[{"list":[]},{"list":[]}]`, "list", 0, false, false},
	} {
		list, found, ok := listAt([]byte(c.output), c.path)
		if len(list) != c.rows || found != c.found || ok != c.ok {
			t.Errorf("%s at %q: %d rows, %t, %t", c.output, c.path, len(list), found, ok)
		}
	}
}

func rowOf(t *testing.T, kind, text string, fields map[string]string) *row {
	t.Helper()
	f, ok := object([]byte(text))
	if !ok {
		t.Fatal(text)
	}
	return &row{fields: f, record: Record{Fields: fields}, names: recordFields[kind], mode: NumbersEither}
}

// TestRowsSayWhatTheyGive: a sum that is missing, null or blank is not given; one that cannot be read is not given either
// and makes the row bad; codes outside their tables stay as they came.
func TestRowsSayWhatTheyGive(t *testing.T) {
	t.Parallel()
	r := rowOf(t, recordSettlements, `{"setl_id":"1","setl_time":"2026-01-31T16:00:00.000Z","med_type":"9216","pay_loc":"7","medfee_sumamt":0.56,"fund_pay_sumamt":"","acct_pay":null,"cashPayamt":"1.20","hosp_part_amt":"x"}`, nil)
	s, at, ok := readSettlement(r)
	if !ok || at.Format(time.DateTime) != "2026-02-01 00:00:00" || s.Kind != records.VisitOther || s.Code != "9216" || s.Where != records.WhereUnknown ||
		*s.Total != 56 || s.Fund != nil || s.Account != nil || *s.Cash != 120 || s.Hospital != nil || !r.bad {
		t.Errorf("%+v %v %t, bad %t", s, at, ok, r.bad)
	}
	for text, want := range map[string]records.SettlementState{
		`{"setl_id":"1","setl_time":"2026-01-31","vali_flag":"0"}`:      records.SettlementVoid,
		`{"setl_id":"1","setl_time":"2026-01-31","refd_setl_flag":"1"}`: records.SettlementReversed,
		`{"setl_id":"1","setl_time":"2026-01-31"}`:                      records.SettlementValid,
	} {
		if s, _, ok := readSettlement(rowOf(t, recordSettlements, text, nil)); !ok || s.State != want {
			t.Errorf("%s: %s", text, s.State)
		}
	}
	for _, text := range []string{`{"setl_time":"2026-01-31"}`, `{"setl_id":"1"}`, `{"setl_id":"1","setl_time":"9999-12-31"}`} {
		if _, _, ok := readSettlement(rowOf(t, recordSettlements, text, nil)); ok {
			t.Error("a bill:", text)
		}
	}
}

// TestDirectionOfAnEntry: a sum goes in or out by its field, by its sign, or by the type; never by a guess.
func TestDirectionOfAnEntry(t *testing.T) {
	t.Parallel()
	two := map[string]string{"out": "out"}
	for _, c := range []struct {
		text   string
		fields map[string]string
		fen    balance.Fen
		ok     bool
	}{
		{`{"acct_modi_date":"2026-01-05","acct_incexpd_type":"101","inc_sumamt":"5.00"}`, nil, 500, true},
		{`{"acct_modi_date":"2026-01-05","acct_incexpd_type":"201","inc_sumamt":"5.00"}`, nil, -500, true},
		{`{"acct_modi_date":"2026-01-05","acct_incexpd_type":"201","inc_sumamt":"-5.00"}`, nil, -500, true},
		{`{"acct_modi_date":"2026-01-05","acct_incexpd_type":"201","out":"5.00"}`, two, -500, true},
		{`{"acct_modi_date":"2026-01-05","acct_incexpd_type":"201","out":"-5.00","revs_flag":"-"}`, two, 500, true},
		{`{"acct_modi_date":"2026-01-05","acct_incexpd_type":"101","inc_sumamt":"5.00","out":"0.00"}`, two, 500, true},
		{`{"acct_modi_date":"2026-01-05","acct_incexpd_type":"101","inc_sumamt":"5.00","out":"1.00"}`, two, 0, false},
		{`{"acct_modi_date":"2026-01-05","acct_incexpd_type":"101"}`, two, 0, false},
		{`{"acct_incexpd_type":"101","inc_sumamt":"5.00"}`, nil, 0, false},
	} {
		e, _, ok := readEntry(rowOf(t, recordLedger, c.text, c.fields))
		if ok != c.ok || ok && e.Fen != c.fen {
			t.Errorf("%s: %v %t", c.text, e.Fen, ok)
		}
	}
}

// TestCompleteTo: a list says up to which day nothing is missing where the contract promises it, and of a year that is over
// no day beyond it.
func TestCompleteTo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC) // the 22nd in Beijing
	for _, c := range []struct {
		days int
		year string
		want balance.Day
	}{{0, "2026", ""}, {6, "2026", "2026-11-16"}, {6, "2025", "2025-12-31"}, {330, "2026", "2025-12-27"}, {6, "", "2026-11-16"}} {
		if got := (Record{CompleteAfterDays: c.days}).completeTo(now, c.year); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestStatesOfAClaim: the region's own meaning of a code comes first; a code that is not known stays unknown.
func TestStatesOfAClaim(t *testing.T) {
	t.Parallel()
	fields := map[string]string{"id": "id", "state": "flag", "since": "at"}
	for code, want := range map[string]records.ClaimState{"8": records.ClaimPaid, "4": records.ClaimApproved, "0": records.ClaimSubmitted, "5": records.ClaimUnknown,
		"12": records.ClaimUnknown, "": records.ClaimUnknown} {
		r := rowOf(t, recordClaims, `{"id":"1","at":"2026-01-05","flag":"`+code+`"}`, fields)
		r.record.States = map[string]records.ClaimState{"0": records.ClaimSubmitted, "4": records.ClaimApproved}
		if c, _, ok := readClaim(r); !ok || c.State != want || c.Code != code {
			t.Errorf("%q: %s", code, c.State)
		}
	}
}

// TestRecordsOfAProfileAreChecked: each mistake is named by its key.
func TestRecordsOfAProfileAreChecked(t *testing.T) {
	t.Parallel()
	p := profile("http://127.0.0.1:1")
	p.Records = map[string]Record{
		"bills": {Transaction: "90100"}, recordClaims: {Transaction: "90100", States: map[string]records.ClaimState{"1": "done"}}, recordLedger: {Transaction: "9"},
		recordSettlements: {Transaction: "90100", Page: "p", Days: "week", Fields: map[string]string{"colour": "x"}, Rows: ".a"},
	}
	var found setting.Problems
	p.check(setting.NewReport(&found), "990100")
	for _, want := range []string{"records.bills", "records.claims.fields", "records.claims.states", "records.ledger.transaction", "records.settlements.page_field", "records.settlements.page_rows",
		"records.settlements.day_format", "records.settlements.fields", "records.settlements.rows"} {
		named := false
		for _, one := range found {
			named = named || one.Key == want
		}
		if !named {
			t.Errorf("%s is not named in %v", want, found)
		}
	}
	c := newClient(t, profile("http://127.0.0.1:1"))
	if _, err := c.Ledger(t.Context(), "990100", someone, "2026"); !errors.Is(err, desk.ErrUnsupported) {
		t.Error("what no profile maps:", err)
	}
}

// FuzzRecords: no answer makes a reader panic, or a sum that is not given a zero.
func FuzzRecords(f *testing.F) {
	f.Add(200, []byte(`{"infcode":0,"output":{"setlinfo":[{"setl_id":"1","setl_time":"2026-01-01","medfee_sumamt":1.5,"acct_pay":null}]}}`), "setlinfo")
	f.Add(200, []byte(`{"infcode":"0","output":[{"accrym_begn":"202601","clct_flag":"1","clct_sumamt":""}]}`), "")
	f.Add(200, []byte(`{"infcode":0,"output":{"claiminfo":[{"state":"8","steps":[{"state":"0"}]}]}}`), "claiminfo")
	f.Add(200, []byte(`{"infcode":0,"output":"{\"cuminfo\":[{\"cum_type_code\":\"C0000\",\"cum\":\"3.00\",\"year\":\"2026\"}]}"}`), "cuminfo")
	f.Add(200, []byte(`{"infcode":0,"output":{"data":[{"hilist_code":"X1","hilist_name":"甲","enddate":"9999-12-31"},{"fixmedins_code":"H1"}],"recordCounts":2}}`), "data")
	f.Fuzz(func(t *testing.T, status int, body []byte, path string) {
		p := profile("http://127.0.0.1:1")
		answer, refusal := p.readReply(status, body, ask{list: true})
		if refusal != nil {
			return
		}
		list, _, _ := listAt(answer.raw, path)
		for _, one := range list {
			if d, ok := readDrug(&row{fields: one, names: drugFields}, "990100"); ok && (d.Code == "" || d.Name == "") && d.ListCode < "2" {
				t.Errorf("a drug without code or name: %+v", d)
			}
			if i, ok := readInstitution(&row{fields: one, names: institutionFields}, "990100"); ok && (i.Code == "" || i.Name == "" || i.Type == "") {
				t.Errorf("an institution without code, name or type: %+v", i)
			}
			for kind := range recordFields {
				r := func() *row {
					return &row{fields: one, names: recordFields[kind], mode: NumbersEither,
						record: Record{Fields: map[string]string{"id": "id", "state": "state", "since": "since", "steps": "steps", "out": "out"}}}
				}
				s, _, _ := readSettlement(r())
				if s.Total != nil && len(one["medfee_sumamt"]) == 0 {
					t.Error("a total out of nothing")
				}
				_, _, _ = readContribution(r())
				_, _, _ = readLine(r())
				_, _, _ = readEntry(r())
				_, _, _ = readClaim(r())
				_, _, _ = readAccumulated(r())
				_, _, _ = readQuotas(r())
				_, _, _ = readDesignated(r())
			}
		}
	})
}

// TestRegionsPageNamesEveryField: docs/region.md has our name of each field of each kind of rows with its usual spelling.
func TestRegionsPageNamesEveryField(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/region.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind, fields := range recordFields {
		_, row, found := strings.Cut(string(page), "| `"+kind+"` | ")
		row, _, _ = strings.Cut(row, "\n")
		if !found {
			t.Errorf("there is no row for %s", kind)
		}
		for name, spelling := range fields {
			want := "`" + name + "` `" + spelling + "`"
			if spelling == "" {
				want = "`" + name + "`"
			}
			if !strings.Contains(row, want) {
				t.Errorf("%s: %s is not named", kind, want)
			}
		}
		if len(fields) > 0 && strings.Count(row, ", ")+1 != len(fields) {
			t.Errorf("%s: the row has not %d fields: %s", kind, len(fields), row)
		}
	}
}

// TestNothingUnsignedIsASuccess: of the envelope of public services only a signed answer is believed, in every mode that
// looks for the output elsewhere; a refusal and the words of a relay are told apart all the same.
func TestNothingUnsignedIsASuccess(t *testing.T) {
	t.Parallel()
	person := `{"baseinfo":{"psn_name":"` + someone.Name + `","certno":"` + someone.IDNumber + `","psn_no":"1"},"insuinfo":[{"insutype":"310","balc":"1.00"}]}`
	for name, c := range map[string]struct {
		body string
		want Class
	}{
		"in clear":              {`{"code":"0","success":true,"data":` + person + `}`, ClassAccess},
		"output in clear":       {`{"infcode":"0","output":` + person + `}`, ClassAccess},
		"data that is no hex":   {`{"code":"0","encData":"zz","signData":"AA==","data":` + person + `}`, ClassMalformed},
		"data that is no block": {`{"code":"0","encData":"00","signData":"AA==","data":` + person + `}`, ClassMalformed},
		"behind a mark":         {"\ufeff" + `{"code":"0","encData":"zz","signData":"AA==","data":` + person + `}`, ClassMalformed},
		"half signed":           {`{"code":"0","signData":"AA==","data":` + person + `}`, ClassAccess},
		"a refusal":             {`{"code":"-1","message":"系统繁忙"}`, ClassBusiness},
		"words of a relay":      {`<html>504</html>`, ClassTimeout},
		"a list":                {`[` + person + `]`, ClassMalformed},
	} {
		for _, unwrap := range unwraps {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.body) }))
			p := profile(server.URL)
			p.Family, p.PathMode, p.Unwrap = FamilyGM, PathSingle, unwrap
			p.GM.AppID, p.GM.AppSecret = "SANDBOXAPPID00010000000000000001", "SANDBOXSECRET0010000000000000001"
			p.GM.PrivateKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABE="
			p.GM.PlatformKey = "BN0YqkrsJurEHJk/ARFcV/e/UROrhbXtRDaWn4t3El5qFh5YUZadqCIzYUk/dvrFD2zOYAHXwLhT4BgNVNSuIiE="
			answer, err := newClient(t, p).Enrolments(t.Context(), "990100", someone)
			server.Close()
			var refused *Error
			if !errors.As(err, &refused) || refused.Class != c.want {
				t.Errorf("%s, %s: %+v %v", name, unwrap, answer, err)
			}
		}
	}
}
