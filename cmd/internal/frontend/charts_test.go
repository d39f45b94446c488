package frontend

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yibao/balance"
	"yibao/balance/chart"
)

var pictures = flag.String("pictures", "", "folder that the charts are written to as PNG, to look at")

// byDay is the longest range that StepAuto shows by days.
var byDay = categories(92, func(n int) string { return string(balance.Day("2026-08-28").Add(n)) })

// byMonth is one of several years.
var byMonth = categories(36, func(n int) string { return fmt.Sprintf("%d-%02d", 2024+n/12, n%12+1) })

func categories(n int, label func(int) string) []string {
	var labels []string
	for i := range n {
		labels = append(labels, label(i))
	}
	return labels
}

// readings are the known amounts of one account, in fen by category.
type readings map[int]balance.Fen

// daily has one reading for each of some days in a row.
func daily(from, to int) readings {
	r := readings{}
	for day := from; day <= to; day++ {
		r[day] = balance.Fen(100000 - 750*day)
	}
	return r
}

// trendOf is a trend with a line for each account.
func trendOf(labels []string, accounts ...readings) *chart.Chart {
	t := &balance.Trend{Categories: labels, Series: []balance.Series{}, Account: balance.AccountNo}
	for i, r := range accounts {
		one := balance.Series{Name: []string{"个人账户（职工医保）", "个人账户（城乡居民医保）"}[i], Fen: make([]*balance.Fen, len(labels))}
		for day, amount := range r {
			one.Fen[day] = &amount
		}
		t.Series = append(t.Series, one)
	}
	return t.Chart()
}

// stacked has bars, one colour for each of the sums.
func stacked(labels []string, names []string, sums ...readings) *chart.Chart {
	c := trendOf(labels)
	for i, r := range sums {
		one := chart.Series{Name: names[i], Kind: chart.Bar, Stack: "one", Fen: make([]*int64, len(labels))}
		for month, amount := range r {
			one.Fen[month] = (*int64)(&amount)
		}
		c.Series = append(c.Series, one)
	}
	return c
}

// chartCase is a chart, and what there is to see on it.
type chartCase struct {
	name     string
	chart    *chart.Chart
	accounts int
	readings int
	runs     int // of readings on days in a row
	alone    int // readings between two gaps
}

// TestChartsShowEveryReading draws the chart of every format with the real library in a browser, at the width of a small
// phone, and counts the marks that can be seen, those of the legend with them.
func TestChartsShowEveryReading(t *testing.T) {
	t.Parallel()
	alone := readings{3: 123450, 20: 110025, 47: 98000, 90: 5678}
	cases := []chartCase{
		{"no account", trendOf(byDay), 0, 0, 0, 0},
		{"one reading", trendOf(byDay, readings{91: 12050}), 1, 1, 0, 1},
		{"one day", trendOf(byDay[91:], readings{0: 12050}), 1, 1, 0, 1},
		{"readings alone", trendOf(byDay, alone), 1, 4, 0, 4},
		{"a reading every day", trendOf(byDay, daily(0, 91)), 1, 92, 1, 0},
		{"two runs and one alone", trendOf(byDay, merge(daily(5, 30), readings{45: 60000}, daily(60, 91))), 1, 59, 2, 1},
		{"two accounts", trendOf(byDay, alone, readings{10: 30000, 60: 20000}), 2, 6, 0, 6},
		{"months", trendOf(byMonth, readings{0: 12345678, 12: 0, 35: -500}), 1, 3, 0, 3},
	}
	libraries := []struct {
		name, draw, file string
		format           chart.Format
		marks            func(chartCase) int
	}{
		{"ECharts of echarts-for-weixin", "echarts", "echarts-for-weixin/dist/echarts.min.js", chart.ECharts, echartsMarks},
		{"ECharts", "echarts", "echarts/dist/echarts.min.js", chart.ECharts, echartsMarks},
		{"F2", "f2", "@antv/f2/dist/index.min.js", chart.F2, func(c chartCase) int { return c.runs + c.alone + c.accounts }},
		// The document says that F2 needs Point: so it does.
		{"F2 without Point", "f2 without Point", "@antv/f2/dist/index.min.js", chart.F2, func(c chartCase) int { return c.runs + c.accounts }},
		{"uCharts", "ucharts", "@qiun/ucharts/u-charts.min.js", chart.UCharts, uchartsMarks},
		{"uCharts from the plain series", "ucharts", "@qiun/ucharts/u-charts.min.js", chart.Plain, uchartsMarks},
	}
	for _, l := range libraries {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			charts := map[string]any{}
			for _, c := range cases {
				charts[c.name] = c.chart.Encode(l.format)
			}
			got := drawn(t, l.draw, l.file, charts)
			for _, c := range cases {
				if n, want := got[c.name], l.marks(c); n != want {
					t.Errorf("%s: %d marks are seen, want %d", c.name, n, want)
				}
			}
		})
	}
}

// TestChartsOfBarsShowEveryMonth does the same for stacked bars. Those of one month touch and are one mark.
func TestChartsOfBarsShowEveryMonth(t *testing.T) {
	t.Parallel()
	in, out := readings{}, readings{}
	for month := range 12 {
		in[month] = 23000
		out[month] = balance.Fen(-9000 - 500*month)
	}
	delete(in, 4)
	delete(out, 4)
	cases := []struct {
		name          string
		chart         *chart.Chart
		months, names int
	}{
		{"flow", stacked(byMonth[:12], []string{"收入", "支出"}, in, out), 11, 2},
		{"spending", stacked(byMonth[:12], []string{"门诊", "住院", "药店购药"}, readings{0: 12000, 3: 5000}, readings{3: 900000}, readings{0: 400000, 7: 300000}), 3, 3},
		{"contributions", stacked(byMonth, []string{"单位缴费", "个人缴费"}, readings{0: 92000, 35: 92000}, readings{0: 23000, 35: 23000}), 2, 2},
		{"one month", stacked(byMonth[:1], []string{"个人缴费"}, readings{0: 40000}), 1, 1},
		{"no amounts", stacked(byMonth[:12], nil), 0, 0},
	}
	// uCharts stacks sums below zero as if they were above: the document says that it needs the columns of the flow side by
	// side.
	all := func(*chart.Chart) bool { return true }
	signed := func(c *chart.Chart) bool { return len(c.Series) == 2 && c.Series[1].Name == "支出" }
	unsigned := func(c *chart.Chart) bool { return !signed(c) }
	for _, l := range []struct {
		name, draw, file string
		format           chart.Format
		legendOfOne      int
		fits             func(*chart.Chart) bool
	}{
		{"ECharts of echarts-for-weixin", "echarts", "echarts-for-weixin/dist/echarts.min.js", chart.ECharts, 0, all},
		{"ECharts", "echarts", "echarts/dist/echarts.min.js", chart.ECharts, 0, all},
		{"F2", "f2 bars", "@antv/f2/dist/index.min.js", chart.F2, 1, all},
		{"uCharts side by side", "ucharts columns", "@qiun/ucharts/u-charts.min.js", chart.UCharts, 1, signed},
		{"uCharts", "ucharts bars", "@qiun/ucharts/u-charts.min.js", chart.UCharts, 1, unsigned},
		{"uCharts from the plain series", "ucharts bars", "@qiun/ucharts/u-charts.min.js", chart.Plain, 1, unsigned},
	} {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			charts := map[string]any{}
			for _, c := range cases {
				if l.fits(c.chart) {
					charts[c.name] = c.chart.Encode(l.format)
				}
			}
			got := drawn(t, l.draw, l.file, charts)
			for _, c := range cases {
				legend, months := c.names, c.months
				if !l.fits(c.chart) {
					continue
				}
				if l.draw == "ucharts columns" {
					months = 2 // columns without a gap touch at their corners
				}
				if legend == 1 {
					legend = l.legendOfOne
				}
				if n, want := got[c.name], months+legend; n != want {
					t.Errorf("%s: %d marks are seen, want %d", c.name, n, want)
				}
			}
		})
	}
}

// TestPicturesFitIntoThePhone lets the browser lay out the pictures: each text lies inside, none covers another, and what is
// to be seen has a size. The file that is kept shows them light and dark.
func TestPicturesFitIntoThePhone(t *testing.T) {
	t.Parallel()
	names := []string{"示例市第一人民医院东院区", "示例市中医院", "示例大药房", "示例社区卫生服务中心", "示例诊所", "其他机构"}
	sums := make([]readings, len(names))
	for i := range sums {
		sums[i] = readings{0: 1200000, 5: balance.Fen(-30000 * i), 11: 999999999}
	}
	flow := stacked(byMonth[:12], []string{"收入", "支出", "利息", "转移"}, readings{0: 23000, 1: 23000}, readings{0: -5000, 1: 0}, readings{1: 300}, readings{0: -9000})
	flow.Notes = []string{"截至2026年11月21日12:00，部分月份的记录可能尚未到齐，请以后续更新为准"}
	english := stacked(byMonth[:12], []string{"Outpatient", "Inpatient"}, readings{0: 23000}, readings{1: 5000})
	english.Language, english.Title = "en", "Medical spending by institution (yuan)"
	cases := map[string]struct {
		chart *chart.Chart
		marks int // with those of the legend
	}{
		"no account":   {trendOf(byDay), 0},
		"alone":        {trendOf(byDay, readings{3: 123450, 20: 110025, 90: 5678}), 3},
		"every day":    {trendOf(byDay, daily(0, 91)), 1},
		"two accounts": {trendOf(byDay, daily(0, 40), readings{60: 20000}), 4},
		"one day":      {trendOf(byDay[91:], readings{0: 12050}), 1},
		"large":        {trendOf(byMonth, readings{0: 99999999999999, 35: -99999999999999}), 2},
		"flow":         {flow, 4 + 6},
		"institutions": {stacked(byMonth[:12], names, sums...), 6 + 3*6},
		"five years":   {stacked(categories(60, func(n int) string { return fmt.Sprintf("%d-%02d", 2022+n/12, n%12+1) }), []string{"收入"}, readings{0: 1, 59: 100}), 2},
		"English":      {english, 4},
	}
	charts := map[string]any{}
	for name, c := range cases {
		for _, theme := range []chart.Theme{chart.ThemeLight, chart.ThemeDark} {
			charts[name+" "+string(theme)] = string(c.chart.SVG(theme))
		}
	}
	got := drawn(t, "picture", "echarts/dist/echarts.min.js", charts)
	for name, c := range cases {
		for _, theme := range []string{" light", " dark"} {
			if n := got[name+theme]; n != c.marks {
				t.Errorf("%s: %d marks, want %d", name+theme, n, c.marks)
			}
		}
	}
}

// echartsMarks has a legend only where there are series to tell apart.
func echartsMarks(c chartCase) int {
	if c.accounts < 2 {
		return c.runs + c.alone
	}
	return c.runs + c.alone + c.accounts
}

// uchartsMarks: each reading is a dot with a white rim.
func uchartsMarks(c chartCase) int { return c.readings + c.accounts }

func merge(all ...readings) readings {
	sum := readings{}
	for _, one := range all {
		for day, amount := range one {
			sum[day] = amount
		}
	}
	return sum
}

// drawn returns the number of marks by the name of the chart.
func drawn(t *testing.T, draw, library string, charts map[string]any) map[string]int {
	t.Helper()
	browser, packages := Browser(t), Node(t, ".")
	cases, err := json.Marshal(charts)
	if err != nil {
		t.Fatal(err)
	}
	page := fmt.Sprintf(`<!doctype html><meta charset="utf-8"><style>body{margin:0;background:#fff}</style><body><script type="module">
import * as library from %q
import {run} from %q
run(%q, %s, library)
</script>`, "file://"+packages.File(t, "node_modules/"+library), "file://"+packages.File(t, "testdata/charts.js"), draw, cases)
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	if *pictures != "" {
		name := strings.ReplaceAll(strings.TrimPrefix(t.Name(), "Test"), "/", "-")
		browser.Picture(t, file, filepath.Join(*pictures, name+".png"), fmt.Sprintf("360,%d", 320*len(charts)))
	}
	return result(t, browser.Page(t, file))
}

// result reads what the page has written down; an error or a warning of the library fails the test.
func result(t *testing.T, page string) map[string]int {
	t.Helper()
	found := regexp.MustCompile(`<script type="application/json">(.*)</script>`).FindStringSubmatch(page)
	var r struct {
		Failures []string
		Marks    map[string]int
	}
	if found == nil || json.Unmarshal([]byte(found[1]), &r) != nil {
		t.Fatalf("the page has not come to its end: %.2000s", page[strings.LastIndex(page, "</script>")+1:])
	}
	for _, failure := range r.Failures {
		t.Error(failure)
	}
	return r.Marks
}
