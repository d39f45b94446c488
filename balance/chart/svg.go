package chart

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
)

// Theme says for which background a picture is drawn.
type Theme string

// The themes. ThemeAuto follows the reader's system (prefers-color-scheme).
const (
	ThemeAuto  Theme = "auto"
	ThemeLight Theme = "light"
	ThemeDark  Theme = "dark"
)

// The picture's sizes, in pixels of a phone 360 wide. It is vectors: it can be shown at any width.
const (
	svgWidth   = 360
	svgPlot    = 180 // height between the highest and the lowest amount
	svgMargin  = 10
	svgTitle   = 15 // font sizes
	svgText    = 12
	svgLine    = 18 // height of a line of text
	svgMaxRows = 6  // lines of the legend, and of each note
	svgRoom    = svgWidth - 2*svgMargin
)

// colours are for a light and a dark background, one a series. Those next to each other differ for people who cannot tell
// red from green, and in lightness (after Okabe and Ito, darkened or lightened until each has three times the contrast of
// its background, as WCAG 2.2 asks for in 1.4.11).
var colours = [][2]string{
	{"#0072b2", "#56b4e9"}, {"#d55e00", "#f0a030"}, {"#00855f", "#35c99c"}, {"#b0508a", "#e79ac6"}, {"#7a6a00", "#f0e442"}, {"#555555", "#b8b8b8"},
}

// dashes tell lines apart where colours do not.
var dashes = []string{"", "6 3", "2 3", "8 3 2 3", "1 4", "10 4"}

// svgFonts are the fonts of systems that have Chinese.
const svgFonts = `-apple-system,'PingFang SC','Hiragino Sans GB','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','WenQuanYi Micro Hei',sans-serif`

// SVG draws the chart, with its title and, in words, what is to be seen, for those who listen. Texts stay texts, in the
// reader's own Chinese font. (go-analyze/charts 0.6.4 was looked at: its SVG has no title or description, colours in each
// element, which no dark mode can change, and labels placed by the width of a Latin font, so that Chinese ones overlap.)
func (c *Chart) SVG(theme Theme) []byte {
	p := &picture{chart: c, id: c.mark()}
	p.text(svgMargin, p.y+svgTitle+5, svgTitle, "start", "t b", shorten(c.Title, svgRoom, svgTitle))
	p.y += svgTitle + 15
	if len(c.Series) == 0 {
		p.y += svgLine
		p.lines(c.Empty, "middle", svgWidth/2, "t")
		p.y += svgLine
	} else {
		p.legend()
		p.plot()
	}
	for _, note := range c.Notes {
		p.y += 2
		p.lines(note, "start", svgMargin, "m")
	}
	return p.wrap(theme)
}

// picture is one being drawn.
type picture struct {
	chart *Chart
	id    string // of the picture: its colours touch no other on the page
	body  bytes.Buffer
	y     float64 // the lower edge of what is drawn
	left  float64 // of the plot
	low   float64 // amounts at the edges of the plot, in fen
	high  float64
	top   float64
}

// mark is an id made of the chart's texts and amounts.
func (c *Chart) mark() string {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, c.Title, c.Categories) // never fails
	for _, s := range c.Series {
		_, _ = fmt.Fprint(h, s.Key, yuan(s.Fen)[:min(1, len(s.Fen))])
	}
	return "chart-" + strconv.FormatUint(uint64(h.Sum32()), 16)
}

func (p *picture) wrap(theme Theme) []byte {
	var out bytes.Buffer
	height := int(math.Ceil(p.y + svgMargin))
	language := map[bool]string{true: "en", false: "zh-CN"}[p.chart.Language == "en"]
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" id="%s" role="img" lang="%s" aria-labelledby="%s-title %s-desc" width="%d" height="%d" viewBox="0 0 %d %d" font-family="%s">`,
		p.id, language, p.id, p.id, svgWidth, height, svgWidth, height, svgFonts)
	fmt.Fprintf(&out, `<title id="%s-title">%s</title><desc id="%s-desc">%s</desc>`, p.id, escape(shorten(p.chart.Title, 4*svgRoom, svgText)),
		p.id, escape(shorten(p.chart.Description(), 40*svgRoom, svgText)))
	out.WriteString("<style>" + p.style(theme) + "</style>")
	fmt.Fprintf(&out, `<rect class="bg" width="%d" height="%d"/>`, svgWidth, height)
	out.Write(p.body.Bytes())
	out.WriteString("</svg>")
	return out.Bytes()
}

// style has the colours of the theme; of both, where the system chooses.
func (p *picture) style(theme Theme) string {
	switch theme {
	case ThemeLight:
		return p.palette(0)
	case ThemeDark:
		return p.palette(1)
	}
	return p.palette(0) + "@media(prefers-color-scheme:dark){" + p.palette(1) + "}"
}

func (p *picture) palette(n int) string {
	var css strings.Builder
	rule := func(class, what string) { fmt.Fprintf(&css, "#%s .%s{%s}", p.id, class, what) }
	text, muted, grid, ground := "#1f2328", "#59636e", "#d8dce0", "#ffffff"
	if n == 1 {
		text, muted, grid, ground = "#f0f2f4", "#a9b2bc", "#3a4149", "#16191d"
	}
	rule("bg", "fill:"+ground)
	rule("t", "fill:"+text)
	rule("b", "font-weight:600")
	rule("m", "fill:"+muted)
	rule("g", "stroke:"+grid)
	rule("z", "stroke:"+muted)
	for i := range min(len(colours), len(p.chart.Series)) {
		rule("l"+strconv.Itoa(i), "fill:none;stroke:"+colours[i][n])
		rule("f"+strconv.Itoa(i), "fill:"+colours[i][n]+";stroke:"+ground)
	}
	return css.String()
}

func (p *picture) text(x, y float64, size int, anchor, class, text string) {
	fmt.Fprintf(&p.body, `<text class="%s" x="%s" y="%s" font-size="%d" text-anchor="%s">%s</text>`, class, num(x), num(y), size, anchor, escape(text))
}

// lines writes a sentence, broken where it is too wide.
func (p *picture) lines(sentence, anchor string, x float64, class string) {
	for _, line := range broken(sentence, svgRoom, svgText) {
		p.y += svgLine
		p.text(x, p.y-4, svgText, anchor, class, line)
	}
}

// legend names the series, where there are several.
func (p *picture) legend() {
	if len(p.chart.Series) < 2 {
		return
	}
	x := float64(svgMargin)
	for i, s := range p.chart.Series {
		name := shorten(s.Name, svgRoom-34, svgText)
		wide := width(name, svgText) + 34
		if x > svgMargin && x+wide > svgWidth-svgMargin {
			x, p.y = svgMargin, p.y+svgLine
		}
		middle := p.y + svgLine/2
		if s.Kind == Bar {
			fmt.Fprintf(&p.body, `<rect class="f%d key" x="%s" y="%s" width="14" height="10"/>`, i%len(colours), num(x), num(middle-5))
		} else {
			fmt.Fprintf(&p.body, `<path class="l%d key" stroke-width="2.5" stroke-dasharray="%s" d="M%s %sh18"/>`, i%len(colours), dashes[i%len(dashes)], num(x), num(middle))
		}
		p.text(x+22, middle+4.5, svgText, "start", "t", name)
		x += wide
	}
	p.y += svgLine + 4
}

// plot draws axes and series.
func (p *picture) plot() {
	p.scale()
	p.top = p.y + 8
	p.y = p.top + svgPlot
	p.axis()
	p.categories()
	slots := p.stacks()
	for i, s := range p.chart.Series {
		if s.Kind == Bar {
			p.bars(i, s, slots[s.Stack])
		} else {
			p.line(i, s)
		}
	}
	p.y += svgLine + 4
}

// x is the middle of a category.
func (p *picture) x(category int) float64 {
	wide := svgWidth - svgMargin - p.left
	return p.left + wide*(float64(category)+0.5)/float64(len(p.chart.Categories))
}

func (p *picture) at(fen float64) float64 {
	return p.top + svgPlot*(p.high-fen)/(p.high-p.low)
}

// stack is where the bars of one stack stand, and how high they are by now.
type stack struct {
	shift, wide float64
	up, down    []float64
}

// stacks puts the stacks side by side.
func (p *picture) stacks() map[string]*stack {
	found := map[string]*stack{}
	var order []string
	for _, s := range p.chart.Series {
		if s.Kind == Bar && found[s.Stack] == nil {
			found[s.Stack] = &stack{up: make([]float64, len(s.Fen)), down: make([]float64, len(s.Fen))}
			order = append(order, s.Stack)
		}
	}
	room := min((svgWidth-svgMargin-p.left)/float64(len(p.chart.Categories))*0.72, 32*float64(len(order)))
	for i, name := range order {
		found[name].wide = room / float64(len(order))
		found[name].shift = found[name].wide*float64(i) - room/2
	}
	return found
}

// bars draws one series of a stack. Zero is a line on the axis: it is known, as a gap is not.
func (p *picture) bars(n int, s Series, on *stack) {
	for i, f := range s.Fen {
		if f == nil {
			continue
		}
		side := on.up
		if *f < 0 {
			side = on.down
		}
		from := side[i]
		side[i] += float64(*f)
		top, bottom := p.at(max(from, side[i])), p.at(min(from, side[i]))
		x := p.x(i) + on.shift
		if *f == 0 {
			fmt.Fprintf(&p.body, `<path class="z zero" stroke-width="2" d="M%s %sh%s"/>`, num(x), num(p.at(0)), num(on.wide))
			continue
		}
		fmt.Fprintf(&p.body, `<rect class="f%d bar" stroke-width=".6" x="%s" y="%s" width="%s" height="%s"/>`,
			n%len(colours), num(x), num(top), num(on.wide), num(max(bottom-top, 1)))
	}
}

// line draws the runs of one series, and its readings as dots where they would touch no other, or stand alone.
func (p *picture) line(n int, s Series) {
	var run strings.Builder
	length := 0
	end := func() {
		if length > 1 {
			fmt.Fprintf(&p.body, `<path class="l%d run" stroke-width="2.5" stroke-linejoin="round" stroke-dasharray="%s" d="%s"/>`, n%len(colours), dashes[n%len(dashes)], run.String())
		}
		run.Reset()
		length = 0
	}
	few := known(s.Fen) <= crowded
	var dots bytes.Buffer
	for i, f := range s.Fen {
		if f == nil {
			end()
			continue
		}
		x, y := num(p.x(i)), num(p.at(float64(*f)))
		if length++; length == 1 {
			run.WriteString("M")
		} else {
			run.WriteString("L")
		}
		run.WriteString(x + " " + y)
		alone := length == 1 && (i+1 == len(s.Fen) || s.Fen[i+1] == nil)
		if few || alone {
			fmt.Fprintf(&dots, `<circle class="f%d dot" cx="%s" cy="%s" r="3.5"/>`, n%len(colours), x, y)
		}
	}
	end()
	p.body.Write(dots.Bytes())
}
