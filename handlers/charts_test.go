package handlers

import (
	"strings"
	"testing"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web"
	"yibao/handlers/web/webtest"
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
		for language, said := range map[string]string{"zh-CN": "记录", "en": "ecord"} {
			got := r.doIn(language, "GET", "/v1/insured/"+linkID+"/charts/"+name+".svg?theme=light", "")
			policy := got.Header.Get("Content-Security-Policy")
			if got.StatusCode != 200 || got.Header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(got.Text, "<svg ") || !strings.Contains(got.Text, said) ||
				!strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") || got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %v\n%s", name, got.StatusCode, got.Header, got.Text)
			}
		}
	}
}

// TestNoticesOfChartsOfRows: what is old, not all there, or without amounts is said once, and a picture that is a sentence
// has no second one below it.
func TestNoticesOfChartsOfRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		chart records.Chart
		want  string
	}{
		"complete":            {records.Chart{Coverage: balance.Complete, Amounts: records.AmountsGiven}, ""},
		"some months missing": {records.Chart{Coverage: balance.Partial, Amounts: records.AmountsGiven}, "records_incomplete"},
		"old and not all":     {records.Chart{Coverage: balance.Partial, Amounts: records.AmountsGiven, Stale: true}, "stale records_incomplete"},
		"old, and why":        {records.Chart{Coverage: balance.Complete, Amounts: records.AmountsGiven, Stale: true, Cause: balance.ErrThrottled}, "throttled"},
		"complete to a day":   {records.Chart{Coverage: balance.Partial, Amounts: records.AmountsGiven, Meta: records.Meta{Coverage: balance.Complete, CompleteTo: "2026-10-31"}}, "complete_to"},
		"without amounts":     {records.Chart{Coverage: balance.Unsupported, Amounts: records.AmountsNotGiven}, "amounts_not_given"},
	} {
		c.chart.Meta.AsOf = noon
		for _, l := range []web.Language{web.Chinese, web.English} {
			var codes []string
			for _, n := range monthNotices(&c.chart, l) {
				codes = append(codes, n.Code)
				if webtest.Han(n.Message) != (l == web.Chinese) || strings.Contains(n.Message, "{") {
					t.Errorf("%s: %s", name, n.Message)
				}
			}
			if got := strings.Join(codes, " "); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	}
	r := newRig(t)
	r.fake.noAmounts = true
	got := r.do("GET", "/v1/insured/"+linkID+"/charts/contributions.svg", "")
	if n := strings.Count(got.Text, "参保地不提供缴费金额"); n != 2 || strings.Contains(got.Text, "12393") { // described, and shown
		t.Errorf("the sentence is there %d times: %s", n, got.Text)
	}
}
