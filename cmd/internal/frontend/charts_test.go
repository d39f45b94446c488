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

func trendOf(labels []string, accounts ...readings) *balance.Trend {
	t := &balance.Trend{Categories: labels, Series: []balance.Series{}}
	for i, r := range accounts {
		one := balance.Series{Name: []string{"个人账户（职工医保）", "个人账户（城乡居民医保）"}[i], Fen: make([]*balance.Fen, len(labels))}
		for day, amount := range r {
			one.Fen[day] = &amount
		}
		t.Series = append(t.Series, one)
	}
	return t
}

// chartCase is a chart, and what there is to see on it.
type chartCase struct {
	name     string
	trend    *balance.Trend
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
		format           balance.Format
		marks            func(chartCase) int
	}{
		{"ECharts of echarts-for-weixin", "echarts", "echarts-for-weixin/dist/echarts.min.js", balance.FormatECharts, echartsMarks},
		{"ECharts", "echarts", "echarts/dist/echarts.min.js", balance.FormatECharts, echartsMarks},
		{"F2", "f2", "@antv/f2/dist/index.min.js", balance.FormatF2, func(c chartCase) int { return c.runs + c.alone + c.accounts }},
		// The document says that F2 needs Point: so it does.
		{"F2 without Point", "f2 without Point", "@antv/f2/dist/index.min.js", balance.FormatF2, func(c chartCase) int { return c.runs + c.accounts }},
		{"uCharts", "ucharts", "@qiun/ucharts/u-charts.min.js", balance.FormatUCharts, uchartsMarks},
		{"uCharts from the plain series", "ucharts", "@qiun/ucharts/u-charts.min.js", balance.FormatSeries, uchartsMarks},
	}
	for _, l := range libraries {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			charts := map[string]any{}
			for _, c := range cases {
				charts[c.name] = c.trend.Chart(l.format)
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
		name := strings.ReplaceAll(strings.TrimPrefix(t.Name(), "TestChartsShowEveryReading/"), "/", "-")
		browser.Picture(t, file, filepath.Join(*pictures, name+".png"), fmt.Sprintf("360,%d", 260*len(charts)))
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
