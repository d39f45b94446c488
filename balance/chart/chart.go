// Package chart is a chart apart from every library: what it is called, its categories, its series, and in words what is
// to be seen. Each file beside this one encodes it for one library, or draws it.
package chart

// Chart is one chart. Amounts are in fen; a nil one is a gap and never zero.
type Chart struct {
	Title      string // a line, such as "个人账户余额（元）"
	Empty      string // the sentence that stands in the place of a picture with nothing to draw
	Language   string // of all texts, "zh" or "en"
	Unit       string // of the amounts of encoded charts, "CNY"; they are in yuan
	Categories []string
	Series     []Series
	Summary    []Summary
	Notes      []string // sentences below the picture
}

// Kind says how a series is drawn.
type Kind string

// The kinds of series.
const (
	Line Kind = "line"
	Bar  Kind = "bar"
)

// Series is one line, or one colour of the bars. Fen has one element for each category.
type Series struct {
	Key, Name string
	Kind      Kind
	Stack     string // bars of one stack stand on one another, those below zero hang; "" for none
	Fen       []*int64
}

// Summary is about one series. What has no meaning for it is nil: a balance has no total, spending no opening.
type Summary struct {
	Key, Name                         string
	Min, Max, Opening, Closing, Total *int64
}

// Format names a chart library.
type Format string

// Encoder makes the shape of one library.
type Encoder struct {
	Format Format
	Name   string           // in the names of schemas
	Encode func(*Chart) any // to be written as JSON: numbers in yuan with at most two decimals, null for gaps
}

// Encoders are all of them, in the order of the document. The first is for whoever names none.
var Encoders = []Encoder{plainEncoder, echartsEncoder, f2Encoder, uchartsEncoder}

// Encode returns the chart in the library's shape. ECharts, F2 and uCharts break the line at null by default
// (connectNulls), so a gap is a row of F2 too. A reading with a gap on either side makes no line: ECharts is told to draw
// it, uCharts does, and F2 needs a Point beside the Line. An unknown format gives that of the first encoder.
func (c *Chart) Encode(format Format) any {
	for _, e := range Encoders {
		if e.Format == format {
			return e.Encode(c)
		}
	}
	return Encoders[0].Encode(c)
}

func yuan(fen []*int64) []*float64 {
	numbers := make([]*float64, len(fen))
	values := make([]float64, len(fen))
	for i, f := range fen {
		if f != nil {
			values[i] = float64(*f) / 100
			numbers[i] = &values[i]
		}
	}
	return numbers
}
