package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// scale finds the amounts at the edges. Zero is always there, so that heights can be compared.
func (p *picture) scale() {
	up, down := map[string][]float64{}, map[string][]float64{}
	reach := func(f float64) { p.low, p.high = min(p.low, f), max(p.high, f) }
	for _, s := range p.chart.Series {
		for i, f := range s.Fen {
			if f == nil {
				continue
			}
			if s.Kind != Bar {
				reach(float64(*f))
				continue
			}
			part := up
			if *f < 0 {
				part = down
			}
			if part[s.Stack] == nil {
				part[s.Stack] = make([]float64, len(s.Fen))
			}
			part[s.Stack][i] += float64(*f)
			reach(part[s.Stack][i])
		}
	}
	if p.low == p.high {
		p.high = 100
	}
}

// axis draws a line for each round amount, and writes the amount beside it.
func (p *picture) axis() {
	step := roundStep((p.high - p.low) / 4)
	p.low, p.high = math.Floor(p.low/step)*step, math.Ceil(p.high/step)*step
	type tick struct {
		fen  float64
		text string
	}
	var ticks []tick
	for n := math.Round(p.low / step); n <= math.Round(p.high/step); n++ {
		t := tick{n * step, amount(n*step, step, max(p.high, -p.low), p.chart.Language)}
		p.left = max(p.left, width(t.text, svgText)+svgMargin+6)
		ticks = append(ticks, t)
	}
	for _, t := range ticks {
		class := "g"
		if t.fen == 0 {
			class = "z"
		}
		y := p.at(t.fen)
		fmt.Fprintf(&p.body, `<path class="%s" d="M%s %sH%d"/>`, class, num(p.left), num(y), svgWidth-svgMargin)
		p.text(p.left-6, y+4, svgText, "end", "m", t.text)
	}
}

// roundStep is the next of 1, 2, 5, 10, 20, 25, 50 … fen that is not less.
func roundStep(fen float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(max(fen, 1))))
	for _, times := range []float64{1, 2, 2.5, 5} {
		if step*times >= fen && step*times == math.Trunc(step*times) {
			return step * times
		}
	}
	return step * 10
}

// amount is a round amount in yuan. Where the largest has six digits, all are in 万, or in k from five digits on.
func amount(fen, step, largest float64, language string) string {
	yuan, unit, per := fen/100, "万", 10000.0
	if language == "en" {
		unit, per = "k", 1000
	}
	step /= 100
	if largest/100 < 10*per || fen == 0 {
		unit, per = "", 1
	}
	yuan, step = yuan/per, step/per
	digits := 0
	for ; fen != 0 && digits < 4 && math.Abs(step-math.Round(step)) > 1e-9; digits++ {
		step *= 10
	}
	text := strconv.FormatFloat(yuan, 'f', digits, 64)
	whole, rest, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	if strings.HasPrefix(text, "-") {
		whole = "−" + whole
	}
	return whole + unit
}

// categories writes as many names of categories as there is room for.
func (p *picture) categories() {
	names := short(p.chart.Categories)
	widest := 0.0
	for _, n := range names {
		widest = max(widest, width(n, svgText))
	}
	room := svgWidth - svgMargin - p.left
	every := max(int(math.Ceil((widest+12)/(room/float64(len(names))))), 1)
	for i := 0; i < len(names); i += every {
		half := width(names[i], svgText) / 2
		x := max(min(p.x(i), svgWidth-4-half), 4+half)
		p.text(x, p.y+svgLine, svgText, "middle", "m", names[i])
	}
}

// short leaves out the year where all categories are days of one.
func short(categories []string) []string {
	names := make([]string, len(categories))
	for i, c := range categories {
		if names[i] = c; len(c) == len("2006-01-02") && c[:4] == categories[0][:min(4, len(categories[0]))] && c[:4] == categories[len(categories)-1][:4] {
			names[i] = c[5:]
		}
	}
	return names
}
