package app_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"yibao/balance/catalogue"
	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// searched is a page of a search.
type searched struct {
	Items []struct {
		Code, Name, Type, Grade, Level string
		SelfPay                        string `json:"self_pay"`
	}
	Next string
	Meta struct {
		AsOf     string `json:"as_of"`
		Coverage string
	}
}

func search(t *testing.T, p *phone.Phone, path string, query url.Values) searched {
	t.Helper()
	var page searched
	if err := p.Call(t.Context(), http.MethodGet, path+"?"+query.Encode(), nil, &page); err != nil {
		t.Fatal(path, query, err)
	}
	return page
}

// TestCataloguesAreImportedAndSearched: over real HTTP, in every region. Before the import a search finds nothing and says that
// the catalogue is not whole; after it every institution and every drug of the region is found by its name.
func TestCataloguesAreImportedAndSearched(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	p := s.signedIn(t, "wechat", "reader")
	if page := search(t, p, "/v1/drugs", url.Values{"region": {simulator.RegionA}, "q": {"slja"}}); len(page.Items) != 0 || page.Meta.Coverage != "partial" || page.Meta.AsOf != "" {
		t.Errorf("before the import: %+v", page)
	}
	for _, region := range []string{simulator.RegionA, simulator.RegionB, simulator.RegionC} {
		read := map[catalogue.Kind]catalogue.Progress{}
		if err := app.ImportCatalogues(t.Context(), s.settings, slog.New(slog.DiscardHandler), region, false, func(p catalogue.Progress) { read[p.Kind] = p }); err != nil {
			t.Fatal(region, err)
		}
		if places := simulator.Designated(region); read[catalogue.Institutions].Written != len(places) || !read[catalogue.Drugs].Done || read[catalogue.Drugs].Bad != 0 {
			t.Errorf("%s: %+v", region, read)
		}
		for _, c := range []struct {
			path, text, filter, value, name string
		}{
			{"/v1/institutions", "dcslyy", "type", "medical", "东城示例医院"},
			{"/v1/institutions", "样例药房", "", "", "东城样例药房"},
			{"/v1/institutions", "P" + region + "00100", "level", "", ""},
			{"/v1/drugs", "slyntkl", "", "", "示例乙宁酮颗粒"},
			{"/v1/drugs", "shilijiaanku", "", "", ""},
			{"/v1/drugs", "丁舒灵", "grade", "B", ""},
		} {
			query := url.Values{"region": {region}, "q": {c.text}, "limit": {"100"}}
			if c.value != "" {
				query.Set(c.filter, c.value)
			}
			page := search(t, p, c.path, query)
			found := c.name == ""
			for _, one := range page.Items {
				found = found || one.Name == c.name
				if c.filter == "grade" && one.Grade != c.value || c.filter == "type" && one.Type != c.value {
					t.Errorf("%s %v: %+v", c.path, query, one)
				}
			}
			if !found || page.Meta.Coverage != "complete" || page.Meta.AsOf == "" {
				t.Errorf("%s %v: %+v", c.path, query, page)
			}
		}
		all := map[string]bool{}
		for cursor := ""; ; {
			page := search(t, p, "/v1/institutions", url.Values{"region": {region}, "limit": {"7"}, "cursor": {cursor}})
			for _, one := range page.Items {
				all[one.Code] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(all) != len(simulator.Designated(region)) {
			t.Errorf("%s: %d institutions on all pages", region, len(all))
		}
	}
	for query, want := range map[string]string{"region=000000": "422 region_unknown", "region=990100&q=%EF%BC%8C": "422 search_text_invalid", "region=990100&cursor=x": "422 cursor_invalid"} {
		if got := codeOf(t, p.Call(t.Context(), http.MethodGet, "/v1/drugs?"+query, nil, nil)); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
