package chart

// UCharts takes categories and series (u-charts.js). Bars are its type column, with extra.column.type stack; it does not stack
// what is below zero.
const UCharts Format = "ucharts"

var uchartsEncoder = Encoder{UCharts, "UCharts", func(c *Chart) any {
	u := uChart{Categories: c.Categories, Series: []uSeries{}}
	for _, s := range c.Series {
		u.Series = append(u.Series, uSeries{Name: s.Name, Data: yuan(s.Fen)})
	}
	return u
}}

type uChart struct {
	Categories []string  `json:"categories"`
	Series     []uSeries `json:"series"`
}

type uSeries struct {
	Name string     `json:"name"`
	Data []*float64 `json:"data"`
}
