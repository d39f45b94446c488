package chart

// F2 takes tidy rows (antvis/F2, site/docs/tutorial/data.zh.md).
const F2 Format = "f2"

var f2Encoder = Encoder{F2, "F2", func(c *Chart) any {
	rows := []f2Row{}
	for _, s := range c.Series {
		for i, value := range yuan(s.Fen) {
			rows = append(rows, f2Row{Date: c.Categories[i], Value: value, Type: s.Name})
		}
	}
	return rows
}}

type f2Row struct {
	Date  string   `json:"date"`
	Value *float64 `json:"value"`
	Type  string   `json:"type"`
}
