package balance

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance/chart"
)

func sample() *Trend {
	return draw(
		frame{from: "2026-11-19", to: "2026-11-21", today: "2026-11-21", since: "2026-11-01", step: StepDay, gaps: GapsNull},
		map[string][]Point{"310": {
			{Day: "2026-11-19", Account: PersonalAccount{Exists: AccountYes, Balance: fen(12050)}, AsOf: time.Unix(1, 0)},
			{Day: "2026-11-21", Account: PersonalAccount{Exists: AccountYes, Balance: fen(9800)}, AsOf: time.Unix(2, 0)},
		}})
}

func two() *Trend {
	return draw(
		frame{from: "2026-11-20", to: "2026-11-21", today: "2026-11-21", since: "2026-11-01", step: StepDay, gaps: GapsNull},
		map[string][]Point{
			"390": {{Day: "2026-11-21", Account: PersonalAccount{Exists: AccountYes, Balance: fen(-5)}}},
			"310": {{Day: "2026-11-20", Account: PersonalAccount{Exists: AccountYes, Balance: fen(0)}}, {Day: "2026-11-21", Account: PersonalAccount{Exists: AccountYes, Balance: fen(99999999999999)}}},
		})
}

func none() *Trend {
	return draw(frame{from: "2026-11-20", to: "2026-11-21", today: "2026-11-21", since: "2026-11-01", step: StepDay, gaps: GapsNull}, nil)
}

func TestChartShapes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		trend  *Trend
		format chart.Format
		want   string
	}{
		{"one", sample(), chart.Plain, `{"categories":["2026-11-19","2026-11-20","2026-11-21"],"series":[{"key":"personal","name":"个人账户","data":[120.5,null,98]}]}`},
		{"one", sample(), chart.UCharts, `{"categories":["2026-11-19","2026-11-20","2026-11-21"],"series":[{"name":"个人账户","data":[120.5,null,98]}]}`},
		{"one", sample(), chart.ECharts, `{"color":["#0072b2"],"grid":{"left":64},"xAxis":{"type":"category","data":["2026-11-19","2026-11-20","2026-11-21"]},"yAxis":{"type":"value"},"series":[{"name":"个人账户","type":"line","showAllSymbol":true,"symbol":"circle","symbolSize":6,"data":[120.5,null,98]}]}`},
		{"one", sample(), chart.F2, `[{"date":"2026-11-19","value":120.5,"type":"个人账户"},{"date":"2026-11-20","value":null,"type":"个人账户"},{"date":"2026-11-21","value":98,"type":"个人账户"}]`},
		{"two", two(), chart.Plain, `{"categories":["2026-11-20","2026-11-21"],"series":[{"key":"personal_310","name":"个人账户（职工医保）","data":[0,999999999999.99]},{"key":"personal_390","name":"个人账户（城乡居民医保）","data":[null,-0.05]}]}`},
		{"two", two(), chart.F2, `[{"date":"2026-11-20","value":0,"type":"个人账户（职工医保）"},{"date":"2026-11-21","value":999999999999.99,"type":"个人账户（职工医保）"},{"date":"2026-11-20","value":null,"type":"个人账户（城乡居民医保）"},{"date":"2026-11-21","value":-0.05,"type":"个人账户（城乡居民医保）"}]`},
		{"two", two(), chart.ECharts, `{"color":["#0072b2","#d55e00"],"legend":{},"grid":{"left":64},"xAxis":{"type":"category","data":["2026-11-20","2026-11-21"]},"yAxis":{"type":"value"},"series":[{"name":"个人账户（职工医保）","type":"line","showAllSymbol":true,"symbol":"circle","symbolSize":6,"data":[0,999999999999.99]},{"name":"个人账户（城乡居民医保）","type":"line","showAllSymbol":true,"symbol":"circle","symbolSize":6,"data":[null,-0.05]}]}`},
		{"none", none(), chart.Plain, `{"categories":["2026-11-20","2026-11-21"],"series":[]}`},
		{"none", none(), chart.UCharts, `{"categories":["2026-11-20","2026-11-21"],"series":[]}`},
		{"none", none(), chart.ECharts, `{"grid":{"left":64},"xAxis":{"type":"category","data":["2026-11-20","2026-11-21"]},"yAxis":{"type":"value"},"series":[]}`},
		{"none", none(), chart.F2, `[]`},
		{"unknown format", none(), "pie", `{"categories":["2026-11-20","2026-11-21"],"series":[]}`},
	}
	for _, c := range cases {
		got, err := json.Marshal(c.trend.Chart().Encode(c.format))
		if err != nil || string(got) != c.want {
			t.Errorf("%s, %s:\n got %s, %v\nwant %s", c.name, c.format, got, err, c.want)
		}
	}
}

// Every number of every chart is exactly an amount of fen, and the same in every library.
func TestChartNumbersAreTheAmounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawFen(t)
		trend := draw(
			frame{from: "2026-11-21", to: "2026-11-21", today: "2026-11-21", since: "2026-11-21", step: StepDay, gaps: GapsNull},
			map[string][]Point{"310": {{Day: "2026-11-21", Account: PersonalAccount{Exists: AccountYes, Balance: &want}}}})
		for _, format := range []chart.Format{chart.Plain, chart.UCharts, chart.ECharts, chart.F2} {
			text, err := json.Marshal(trend.Chart().Encode(format))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := ParseYuan(number(t, format, text)); err != nil || got != want {
				t.Fatalf("%s: %s, want %s", format, text, want)
			}
		}
	})
}

func number(t *rapid.T, format chart.Format, text []byte) string {
	if format == chart.F2 {
		var rows []struct{ Value json.Number }
		if err := json.Unmarshal(text, &rows); err != nil {
			t.Fatal(err)
		}
		return rows[0].Value.String()
	}
	var chart struct {
		Series []struct{ Data []json.Number }
	}
	if err := json.Unmarshal(text, &chart); err != nil {
		t.Fatal(err)
	}
	return chart.Series[0].Data[0].String()
}

// BenchmarkTrendYearAssembled assembles a year's chart of points in memory and encodes it. BenchmarkTrendYear reads them
// from the store first, and BenchmarkTrendYearEncoded encodes alone.
func BenchmarkTrendYearAssembled(b *testing.B) {
	first := Day("2025-11-22")
	f := frame{from: first, to: "2026-11-21", today: "2026-11-21", since: first, step: StepDay, gaps: GapsNull}
	var points []Point
	for day := range 365 {
		points = append(points, Point{Day: first.Add(day), Account: PersonalAccount{Exists: AccountYes, Balance: fen(int64(100_000 - 100*day))}})
	}
	for b.Loop() {
		if _, err := json.Marshal(draw(f, map[string][]Point{"310": points}).Chart().Encode(chart.Plain)); err != nil {
			b.Fatal(err)
		}
	}
}
