package balance

// Format names a chart library; each has its own data shape.
type Format string

// Formats are all of them, in the order of the document.
var Formats = []Format{FormatSeries, FormatECharts, FormatF2, FormatUCharts}

// The formats. FormatSeries is plain and has the keys of the series; uCharts reads it unchanged.
const (
	FormatSeries  Format = "series"
	FormatECharts Format = "echarts" // an option fragment; echarts-for-weixin, pages/line/index.js
	FormatF2      Format = "f2"      // tidy rows; antvis/F2, site/docs/tutorial/data.zh.md
	FormatUCharts Format = "ucharts" // categories and series; u-charts.js
)

type plainChart struct {
	Categories []string      `json:"categories"`
	Series     []plainSeries `json:"series"`
}

type plainSeries struct {
	Key  string     `json:"key"`
	Name string     `json:"name"`
	Data []*float64 `json:"data"`
}

type uChart struct {
	Categories []string  `json:"categories"`
	Series     []uSeries `json:"series"`
}

type uSeries struct {
	Name string     `json:"name"`
	Data []*float64 `json:"data"`
}

type echartsOption struct {
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
	Type          string     `json:"type" enum:"line" example:"line"`
	ShowAllSymbol bool       `json:"showAllSymbol" example:"true"`
	Symbol        string     `json:"symbol" enum:"circle" example:"circle"`
	SymbolSize    int        `json:"symbolSize" example:"6"`
	Data          []*float64 `json:"data"`
}

type f2Row struct {
	Date  string   `json:"date"`
	Value *float64 `json:"value"`
	Type  string   `json:"type"`
}

// Chart returns the data in the library's shape, to be encoded as JSON: numbers in yuan with at most two decimals, null
// for gaps. All three libraries break the line at null by default (connectNulls), so a gap is a row of F2 too. A reading
// with a gap on either side makes no line: ECharts is told to draw it, uCharts does, and F2 needs a Point beside the Line.
// An unknown format gives FormatSeries.
func (t *Trend) Chart(format Format) any {
	switch format {
	case FormatECharts:
		return t.echarts()
	case FormatF2:
		return t.f2()
	case FormatUCharts:
		return t.uCharts()
	}
	return t.plain()
}

func (t *Trend) plain() plainChart {
	c := plainChart{Categories: t.Categories, Series: []plainSeries{}}
	for _, s := range t.Series {
		c.Series = append(c.Series, plainSeries{Key: s.Key, Name: s.Name, Data: yuan(s.Fen)})
	}
	return c
}

func (t *Trend) uCharts() uChart {
	c := uChart{Categories: t.Categories, Series: []uSeries{}}
	for _, s := range t.Series {
		c.Series = append(c.Series, uSeries{Name: s.Name, Data: yuan(s.Fen)})
	}
	return c
}

func (t *Trend) echarts() echartsOption {
	o := echartsOption{
		Grid:   echartsGrid{Left: 64},
		XAxis:  echartsAxis{Type: "category", Data: t.Categories},
		YAxis:  echartsAxis{Type: "value"},
		Series: []echartsSeries{},
	}
	if len(t.Series) > 1 {
		o.Legend = &echartsLegend{}
	}
	for _, s := range t.Series {
		o.Series = append(o.Series, echartsSeries{
			Name: s.Name, Type: "line", ShowAllSymbol: true, Symbol: "circle", SymbolSize: symbolSize(s.Fen), Data: yuan(s.Fen),
		})
	}
	return o
}

// symbolSize is the width of a reading's dot in pixels: large where there are few readings, little wider than the line
// where they stand close together.
func symbolSize(fen []*Fen) int {
	known := 0
	for _, f := range fen {
		if f != nil {
			known++
		}
	}
	if known > defaultDays {
		return 4
	}
	return 6
}

func (t *Trend) f2() []f2Row {
	rows := []f2Row{}
	for _, s := range t.Series {
		for i, value := range yuan(s.Fen) {
			rows = append(rows, f2Row{Date: t.Categories[i], Value: value, Type: s.Name})
		}
	}
	return rows
}

func yuan(fen []*Fen) []*float64 {
	numbers := make([]*float64, len(fen))
	for i, f := range fen {
		if f != nil {
			n := f.Yuan()
			numbers[i] = &n
		}
	}
	return numbers
}
