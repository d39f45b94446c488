package chart

// Plain is the format that belongs to no library and has the keys of the series; uCharts reads it unchanged.
const Plain Format = "series"

var plainEncoder = Encoder{Plain, "Series", func(c *Chart) any {
	p := plainChart{Categories: c.Categories, Series: []plainSeries{}}
	for _, s := range c.Series {
		p.Series = append(p.Series, plainSeries{Key: s.Key, Name: s.Name, Data: yuan(s.Fen)})
	}
	return p
}}

type plainChart struct {
	Categories []string      `json:"categories"`
	Series     []plainSeries `json:"series"`
}

type plainSeries struct {
	Key  string     `json:"key"`
	Name string     `json:"name"`
	Data []*float64 `json:"data"`
}
