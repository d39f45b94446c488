package insurer

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/config/setting"
)

func withCatalogues(p *Profile) {
	p.Catalogues = Catalogues{
		Drugs: Catalogue{Record: Record{Transaction: "1312", Rows: "data", Begin: "updt_time", Page: "page_num", Size: "page_size", PageRows: 2},
			Total: "recordCounts"},
		Institutions: Catalogue{Record: Record{Transaction: "1201", Rows: "medinsinfo"}, Node: "medinsinfo", PartField: "fixmedins_type", Parts: []string{"1", "2"}},
	}
	p.Failures.NotEnrolled = []FailureRule{{Contains: "未查询到"}}
}

// TestCataloguesAreAskedPartByPart: the pages of a list, and the values of a field that takes one at a time; under the name
// that the input's node has there, from a day on, and without any person.
func TestCataloguesAreAskedPartByPart(t *testing.T) {
	t.Parallel()
	rows := []string{`{"hilist_code":"X1","hilist_name":"甲"},{"hilist_code":"X2","hilist_name":"乙"}`, `{"hilist_code":"X3","hilist_name":"丙"}`, `{"fixmedins_code":"H1","fixmedins_name":"丁"}`, ``}
	n := 0
	client, u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		output := fmt.Sprintf(`{"data":[%s],"recordCounts":"3"}`, rows[n])
		if n > 1 {
			output = fmt.Sprintf(`{"medinsinfo":[%s]}`, rows[n])
		}
		n++
		answering(good(output))(w, r)
	}, withCatalogues)
	first, err := client.Drugs(t.Context(), "990100", time.Time{}, "")
	if err != nil || len(first.Rows) != 2 || first.Next != "0/2" || first.Total != 3 || first.Source != "fsi/1312" {
		t.Fatalf("%+v %v", first, err)
	}
	second, err := client.Drugs(t.Context(), "990100", fetchedAt, first.Next)
	if err != nil || len(second.Rows) != 1 || second.Next != "" {
		t.Fatalf("%+v %v", second, err)
	}
	places, err := client.Institutions(t.Context(), "990100", time.Time{}, "")
	if err != nil || len(places.Rows) != 1 || places.Next != "1/1" || places.Total != 0 {
		t.Fatalf("%+v %v", places, err)
	}
	if last, err := client.Institutions(t.Context(), "990100", time.Time{}, places.Next); err != nil || len(last.Rows) != 0 || last.Next != "" {
		t.Fatalf("%+v %v", last, err)
	}
	for i, want := range []string{
		"map[data:map[page_num:1 page_size:2 updt_time:2000-01-01]]", "map[data:map[page_num:2 page_size:2 updt_time:2026-11-21]]",
		"map[medinsinfo:map[fixmedins_type:1]]", "map[medinsinfo:map[fixmedins_type:2]]",
	} {
		if got := fmt.Sprint(u.seen[i]["input"]); got != want {
			t.Errorf("question %d is %s", i, got)
		}
	}
}

// TestACatalogueThatCannotBeReadIsNoEmptyOne: no list, pages shorter than asked for, rows without code or name.
func TestACatalogueThatCannotBeReadIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer string
		err    error
		bad    int
	}{
		{good(`{}`), balance.ErrMalformed, 0},
		{good(`{"data":null,"recordCounts":0}`), balance.ErrMalformed, 0},
		{good(`{"data":[{"hilist_code":"X1","hilist_name":"甲"}],"recordCounts":9}`), balance.ErrMalformed, 0},
		{good(`{"data":[],"recordCounts":0}`), nil, 0},
		{good(`{"data":[{"hilist_code":"X1"},{"hilist_name":"甲","list_type":"101"}],"recordCounts":2}`), nil, 2},
		{good(`{"data":[{"list_type":"201"}],"recordCounts":1}`), nil, 0}, // a service is no drug
		{`{"infcode":"-1","err_msg":"FSI-未查询到数据"}`, balance.ErrNotEnrolled, 0},
		{`{"infcode":"-1","err_msg":"x"}`, balance.ErrUpstream, 0},
	} {
		client, _ := serve(t, answering(c.answer), withCatalogues)
		batch, err := client.Drugs(t.Context(), "990100", time.Time{}, "")
		if !errors.Is(err, c.err) || err == nil && (len(batch.Rows) != 0 || batch.Bad != c.bad) {
			t.Errorf("%s: %+v %v", c.answer, batch, err)
		}
	}
	client, _ := serve(t, answering(`{"infcode":"-1","err_msg":"FSI-未查询到数据"}`), withCatalogues, func(p *Profile) { p.Catalogues.Drugs.BlankMeansNone = true })
	if batch, err := client.Drugs(t.Context(), "990100", time.Time{}, ""); err != nil || len(batch.Rows) != 0 {
		t.Errorf("nothing found: %+v %v", batch, err)
	}
	bare, _ := serve(t, answering(good(`{}`)))
	if _, err := bare.Institutions(t.Context(), "990100", time.Time{}, ""); !errors.Is(err, balance.ErrUnsupported) {
		t.Errorf("a region without the catalogue: %v", err)
	}
}

// TestRowsOfCatalogues: codes are put into words, dates that mean "none" are none, and only a flag that says so strikes off.
func TestRowsOfCatalogues(t *testing.T) {
	t.Parallel()
	f, _ := object([]byte(`{"hilist_code":"X1","hilist_name":" 甲 ","list_type":"106","chrgitm_lv":"02","begndate":"2024-01-01 00:00:00","enddate":"2099-12-31","vali_flag":"0","p":"0.1"}`))
	d, ok := readDrug(&row{fields: f, record: Record{Fields: map[string]string{"self_pay": "p"}}, names: drugFields}, "990100")
	want := catalogue.Drug{Entry: catalogue.Entry{Region: "990100", Code: "X1", Name: "甲"}, List: catalogue.ListGranules, ListCode: "106", Grade: "B", SelfPay: "0.1", From: "2024-01-01"}
	if !ok || d != want {
		t.Errorf("%+v", d)
	}
	f, _ = object([]byte(`{"fixmedins_code":"H1","fixmedins_name":"乙","fixmedins_type":2,"hosp_lv":null}`))
	i, ok := readInstitution(&row{fields: f, names: institutionFields}, "990100")
	if !ok || !i.Valid || i.Type != catalogue.TypePharmacy || i.Level != "" {
		t.Errorf("%+v", i)
	}
}

// TestProfilesOfCataloguesAreChecked: every mistake is named by its key.
func TestProfilesOfCataloguesAreChecked(t *testing.T) {
	t.Parallel()
	for key, spoil := range map[string]func(*Catalogues){
		"drugs.transaction":       func(c *Catalogues) { c.Drugs.Transaction = "x" },
		"drugs.page_field":        func(c *Catalogues) { c.Drugs.Size = "" },
		"drugs.fields":            func(c *Catalogues) { c.Drugs.Fields = map[string]string{"cost": "x"} },
		"drugs.total":             func(c *Catalogues) { c.Drugs.Total = "." },
		"drugs.end_field":         func(c *Catalogues) { c.Drugs.End = "x" },
		"institutions.part_field": func(c *Catalogues) { c.Institutions.Parts = nil },
	} {
		p := profile("https://insurer.example")
		withCatalogues(&p)
		spoil(&p.Catalogues)
		var problems setting.Problems
		p.check(setting.NewReport(&problems), "990100")
		if !slices.ContainsFunc(problems, func(one setting.Problem) bool { return strings.HasSuffix(one.Key, "catalogue."+key) }) || len(problems) != 1 {
			t.Errorf("%s: %v", key, problems)
		}
	}
}
