package chart

// ECharts takes an option fragment (echarts-for-weixin, pages/line/index.js).
const ECharts Format = "echarts"

var echartsEncoder = Encoder{ECharts, "ECharts", func(c *Chart) any {
	o := echartsOption{
		Grid:   echartsGrid{Left: 64},
		XAxis:  echartsAxis{Type: "category", Data: c.Categories},
		YAxis:  echartsAxis{Type: "value"},
		Series: []echartsSeries{},
	}
	if len(c.Series) > 1 {
		o.Legend = &echartsLegend{}
	}
	for i, s := range c.Series {
		o.Color = append(o.Color, colours[i%len(colours)][0])
		one := echartsSeries{Name: s.Name, Type: s.Kind, Stack: s.Stack, Data: yuan(s.Fen)}
		if s.Kind == Line {
			one.ShowAllSymbol, one.Symbol, one.SymbolSize = true, "circle", symbolSize(s.Fen)
		}
		o.Series = append(o.Series, one)
	}
	return o
}}

type echartsOption struct {
	Color  []string        `json:"color,omitempty"`  // of the series: those of our pictures
	Legend *echartsLegend  `json:"legend,omitempty"` // drawn where it is present
	Grid   echartsGrid     `json:"grid"`
	XAxis  echartsAxis     `json:"xAxis"`
	YAxis  echartsAxis     `json:"yAxis"`
	Series []echartsSeries `json:"series"`
}

type echartsLegend struct{}

// echartsGrid leaves so many pixels for the amounts on the left. The default of ECharts 5, a tenth of the width, cuts off
// the first digits of ¥1,400 on a phone.
type echartsGrid struct {
	Left int `json:"left" example:"64"`
}

type echartsAxis struct {
	Type string   `json:"type" enum:"category,value" example:"category"`
	Data []string `json:"data,omitempty"`
}

type echartsSeries struct {
	Name          string     `json:"name"`
	Type          Kind       `json:"type" enum:"line,bar" example:"line"`
	Stack         string     `json:"stack,omitempty" example:"flow"`
	ShowAllSymbol bool       `json:"showAllSymbol,omitempty" example:"true"`
	Symbol        string     `json:"symbol,omitempty" enum:"circle" example:"circle"`
	SymbolSize    int        `json:"symbolSize,omitempty" example:"6"`
	Data          []*float64 `json:"data"`
}

// crowded is how many readings stand so close together that large dots would touch.
const crowded = 30

// symbolSize is the width of a reading's dot in pixels: large where there are few readings, little wider than the line
// where they stand close together.
func symbolSize(fen []*int64) int {
	if known(fen) > crowded {
		return 4
	}
	return 6
}

func known(fen []*int64) (n int) {
	for _, f := range fen {
		if f != nil {
			n++
		}
	}
	return n
}
