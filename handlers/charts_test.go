package handlers

import (
	"strings"
	"testing"

	"yibao/balance/records"
)

// TestQueriesOfChartsReachTheirService: what a request says of rows arrives as it is; what it leaves out is the service's.
func TestQueriesOfChartsReachTheirService(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	own := "/v1/insured/" + linkID + "/charts/"
	for path, want := range map[string]records.ChartQuery{
		"flow?from=2026-01-01&to=2026-02-01&step=month&timezone=Asia/Shanghai": {From: "2026-01-01", To: "2026-02-01", Language: "zh"},
		"spending":                          {By: records.ByKind, Language: "zh"},
		"spending?by=institution":           {By: records.ByInstitution, Language: "zh"},
		"contributions?insurance=390":       {InsuranceType: "390", Language: "zh"},
		"spending.svg?insurance=310":        {InsuranceType: "310", By: records.ByKind, Language: "zh"},
		"flow.svg?to=2026-02-01&theme=dark": {To: "2026-02-01", Language: "zh"},
		"contributions.svg?from=2026-02-01": {From: "2026-02-01", Language: "zh"},
	} {
		if got := r.do("GET", own+path, ""); got.StatusCode != 200 || r.fake.chartQuery != want {
			t.Errorf("%s: %d, %+v", path, got.StatusCode, r.fake.chartQuery)
		}
	}
	for query, field := range map[string]string{
		"flow?step=week": "step", "flow?timezone=UTC": "timezone", "spending?by=doctor": "by", "trend.svg?theme=pink": "theme", "flow.svg?from=x": "from",
	} {
		if p := r.do("GET", own+query, "").Problem(t); p.Status != 422 || !p.Has(field, "not_allowed") && !p.Has(field, "range_invalid") {
			t.Errorf("%s: %+v", query, p)
		}
	}
}

// TestPicturesOfCharts: each is SVG, says so, may run nothing but its own style sheet, and has the notices of the chart in
// the language that was asked for.
func TestPicturesOfCharts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, name := range []string{"trend", "flow", "spending", "contributions"} {
		for language, said := range map[string]string{"zh-CN": "截至", "en": "As of"} {
			got := r.doIn(language, "GET", "/v1/insured/"+linkID+"/charts/"+name+".svg?theme=light", "")
			policy := got.Header.Get("Content-Security-Policy")
			if got.StatusCode != 200 || got.Header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(got.Text, "<svg ") || !strings.Contains(got.Text, said) ||
				!strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") || got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %v\n%s", name, got.StatusCode, got.Header, got.Text)
			}
		}
	}
}
