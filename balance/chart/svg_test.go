package chart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func months(n int) (labels []string) {
	for i := range n {
		labels = append(labels, fmt.Sprintf("%d-%02d", 2024+i/12, i%12+1))
	}
	return labels
}

// amounts reads "1 _ 2": a gap is _.
func amounts(text string) (fen []*int64) {
	for word := range strings.FieldsSeq(text) {
		if word == "_" {
			fen = append(fen, nil)
			continue
		}
		n, _ := strconv.ParseInt(word, 10, 64)
		fen = append(fen, &n)
	}
	return fen
}

func of(kind Kind, rows ...string) *Chart {
	c := &Chart{Title: "个人账户余额（元）", Empty: "未查询到个人账户", Language: "zh"}
	for i, row := range rows {
		s := Series{Key: fmt.Sprint("s", i), Name: fmt.Sprint("系列", i), Kind: kind, Stack: "one", Fen: amounts(row)}
		c.Categories = months(len(s.Fen))
		c.Series = append(c.Series, s)
	}
	return c
}

// drawing is what there is in a picture.
type drawing struct {
	width, height float64
	marks         map[string]int // by the class that says what they are
	texts         []string
	order         []string // of the elements
}

// read parses a picture and holds every place in it against its edges.
func read(t interface{ Fatalf(string, ...any) }, svg []byte) drawing {
	d := drawing{marks: map[string]int{}}
	inside := ""
	for decoder := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return d
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		switch one := token.(type) {
		case xml.StartElement:
			inside = one.Name.Local
			d.order = append(d.order, inside)
			at := map[string]string{}
			for _, a := range one.Attr {
				at[a.Name.Local] = a.Value
			}
			if inside == "svg" {
				if at["role"] != "img" || !strings.Contains(string(svg), `id="`+strings.Fields(at["aria-labelledby"])[0]+`"`) {
					t.Fatalf("nobody is told what it is: %v", at)
				}
				d.width, d.height = number(at["width"]), number(at["height"])
			}
			for _, class := range strings.Fields(at["class"]) {
				d.marks[class]++
			}
			d.inside(t, inside, at)
		case xml.CharData:
			if inside == "text" {
				d.texts = append(d.texts, string(one))
			}
		case xml.EndElement:
			inside = ""
		}
	}
}

func number(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

var places = regexp.MustCompile(`[ML]([-\d.]+) ([-\d.]+)`)

func (d drawing) inside(t interface{ Fatalf(string, ...any) }, name string, at map[string]string) {
	within := func(x, y float64) {
		if !(x >= 0 && x <= d.width && y >= 0 && y <= d.height) {
			t.Fatalf("%s at %v, %v of %v × %v: %v", name, x, y, d.width, d.height, at)
		}
	}
	switch name {
	case "rect":
		if at["class"] != "bg" {
			within(number(at["x"]), number(at["y"]))
			within(number(at["x"])+number(at["width"]), number(at["y"])+number(at["height"]))
		}
	case "circle":
		within(number(at["cx"]), number(at["cy"]))
	case "text":
		within(number(at["x"]), number(at["y"]))
	case "path":
		found := places.FindAllStringSubmatch(at["d"], -1)
		if len(found) == 0 {
			t.Fatalf("a path without a place: %v", at)
		}
		for _, p := range found {
			within(number(p[1]), number(p[2]))
		}
	}
}

// TestPicturesShowWhatIsKnown: a run of readings is a line, a reading alone a dot, a sum a bar, zero a mark of its own, and
// a gap nothing.
func TestPicturesShowWhatIsKnown(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("5 ", 40)
	for _, c := range []struct {
		name                          string
		chart                         *Chart
		runs, dots, bars, zeros, keys int
	}{
		{"one reading", of(Line, "5"), 0, 1, 0, 0, 0},
		{"readings alone", of(Line, "5 _ 7 _ _ 0"), 0, 3, 0, 0, 0},
		{"a run and one alone", of(Line, "5 6 _ 7"), 1, 3, 0, 0, 0},
		{"many days and one alone", of(Line, long+"_ 5"), 1, 1, 0, 0, 0},
		{"two accounts", of(Line, "5 6 _", "_ 7 _"), 1, 3, 0, 0, 2},
		{"in and out", of(Bar, "5 _ 0 7", "-5 _ -3 _"), 0, 0, 4, 1, 2},
		{"nothing but zero", of(Bar, "0 0 _"), 0, 0, 0, 2, 0},
		{"an account overdrawn", of(Line, "-5 -6"), 1, 2, 0, 0, 0},
	} {
		d := read(t, c.chart.SVG(ThemeAuto))
		if d.marks["run"] != c.runs || d.marks["dot"] != c.dots || d.marks["bar"] != c.bars || d.marks["zero"] != c.zeros || d.marks["key"] != c.keys {
			t.Errorf("%s: %v", c.name, d.marks)
		}
		if d.order[1] != "title" || d.order[2] != "desc" {
			t.Errorf("%s begins with %v", c.name, d.order[:3])
		}
	}
	d := read(t, (&Chart{Title: "个人账户余额（元）", Empty: "未查询到个人账户", Notes: []string{"说明"}}).SVG(ThemeLight))
	if len(d.texts) != 3 || d.texts[1] != "未查询到个人账户" || d.marks["g"] != 0 {
		t.Errorf("without an account: %q", d.texts)
	}
}

// TestPicturesAreDescribed: who cannot see the picture is told the same in words.
func TestPicturesAreDescribed(t *testing.T) {
	t.Parallel()
	low, high := int64(-5), int64(123450)
	c := of(Line, "-5 123450")
	c.Summary = []Summary{{Name: "个人账户", Min: &low, Max: &high, Opening: &low, Closing: &high}, {Name: "收入", Total: &high}}
	const zh = "2024-01至2024-02。个人账户：期初-0.05元，期末1234.50元，最低-0.05元，最高1234.50元。收入：合计1234.50元。"
	if got := c.Description(); got != zh {
		t.Error(got)
	}
	c.Language = "en"
	c.Summary[1].Name = "In"
	if got := c.Description(); !strings.HasSuffix(got, "In: total 1234.50 yuan.") {
		t.Error(got)
	}
	if svg := string(c.SVG(ThemeDark)); !strings.Contains(svg, `lang="en"`) || !strings.Contains(svg, "In: total 1234.50 yuan.</desc>") {
		t.Error(svg)
	}
}

// TestThemes: a dark picture is dark whatever the system says, and only the automatic one asks it.
func TestThemes(t *testing.T) {
	t.Parallel()
	c := of(Line, "5 6")
	for theme, want := range map[Theme][3]bool{ThemeAuto: {true, true, true}, ThemeLight: {true, false, false}, ThemeDark: {false, true, false}} {
		svg := string(c.SVG(theme))
		got := [3]bool{strings.Contains(svg, "fill:#ffffff"), strings.Contains(svg, "fill:#16191d"), strings.Contains(svg, "prefers-color-scheme")}
		if got != want {
			t.Errorf("%s: %v", theme, got)
		}
	}
}

// TestTextsOfPicturesAreHarmless: no text of a region is read as markup, whatever is in it, and none is without an end.
func TestTextsOfPicturesAreHarmless(t *testing.T) {
	t.Parallel()
	evil := "]]></title><script>alert(1)</script>\"'&\x00\x1b\xff\u202e" + strings.Repeat("长", 100_000)
	c := of(Bar, "1 2", "3 4")
	c.Title, c.Empty, c.Notes = evil, evil, []string{evil}
	for i := range c.Series {
		c.Series[i].Name = evil
	}
	c.Summary = []Summary{{Name: evil}}
	for _, one := range []*Chart{c, {Title: evil, Empty: evil}} {
		svg := one.SVG(ThemeAuto)
		d := read(t, svg)
		for _, element := range d.order {
			if element == "script" {
				t.Fatal("a script")
			}
		}
		if len(svg) > 16<<10 {
			t.Errorf("%d bytes", len(svg))
		}
	}
}

// TestPicturesStayInside: whatever the amounts are, all marks lie inside the picture, each known one has a mark, and the
// size is bounded.
func TestPicturesStayInside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 366).Draw(t, "categories")
		c := &Chart{Title: "图", Categories: months(n), Language: rapid.SampledFrom([]string{"zh", "en"}).Draw(t, "language")}
		kind := rapid.SampledFrom([]Kind{Line, Bar}).Draw(t, "kind")
		alone, sums, zeros := 0, 0, 0
		for i := range rapid.IntRange(1, 6).Draw(t, "series") {
			s := Series{Key: fmt.Sprint(i), Name: strings.Repeat("某机构", i+1), Kind: kind, Stack: "s", Fen: make([]*int64, n)}
			for at := range n {
				if f := rapid.Int64Range(-1e15, 1e15).Draw(t, "fen"); f%3 != 0 || f == 0 {
					s.Fen[at] = &f
					if f == 0 {
						zeros++
					} else {
						sums++
					}
				}
			}
			for at, f := range s.Fen {
				if f != nil && (at == 0 || s.Fen[at-1] == nil) && (at+1 == n || s.Fen[at+1] == nil) {
					alone++
				}
			}
			c.Series = append(c.Series, s)
		}
		svg := c.SVG(ThemeAuto)
		d := read(t, svg)
		if kind == Bar && (d.marks["bar"] != sums || d.marks["zero"] != zeros) || kind == Line && d.marks["dot"] < alone {
			t.Fatalf("%d sums, %d zeros, %d alone: %v", sums, zeros, alone, d.marks)
		}
		if len(svg) > 256<<10 {
			t.Fatalf("%d bytes", len(svg))
		}
	})
}

// TestAmountsOfAxes: they are short and name their unit.
func TestAmountsOfAxes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fen, step, largest float64
		language, want     string
	}{
		{0, 100, 100, "zh", "0"}, {120000, 20000, 120000, "zh", "1,200"}, {5, 5, 10, "zh", "0.05"}, {-5000, 5000, 9999, "en", "−50"},
		{50_000_00, 50_000_00, 150_000_00, "zh", "5万"}, {5_000_00, 5_000_00, 20_000_00, "en", "5k"}, {5_000_00, 5_000_00, 20_000_00, "zh", "5,000"},
		{25_000_00, 5_000_00, 100_000_00, "zh", "2.5万"}, {0, 5_000_00, 100_000_00, "zh", "0"},
	} {
		if got := amount(c.fen, c.step, c.largest, c.language); got != c.want {
			t.Errorf("%v by %v in %s: %s, want %s", c.fen, c.step, c.language, got, c.want)
		}
	}
}

// TestColoursCanBeToldApart: each has three times the contrast of its background (WCAG 2.2, 1.4.11), and neighbours of a
// stack differ for people who see no red or no green (Viénot, Brettel and Mollon 1999).
func TestColoursCanBeToldApart(t *testing.T) {
	t.Parallel()
	for theme, ground := range []string{"#ffffff", "#16191d"} {
		for i, one := range colours {
			if got := contrast(rgb(one[theme]), rgb(ground)); got < 3 {
				t.Errorf("%s on %s: %.2f", one[theme], ground, got)
			}
			if i == 0 {
				continue
			}
			for eye, matrix := range map[string][9]float64{
				"all":      {1, 0, 0, 0, 1, 0, 0, 0, 1},
				"no red":   {0.1124, 0.8876, 0, 0.1124, 0.8876, 0, 0.0040, -0.0040, 1},
				"no green": {0.2920, 0.7080, 0, 0.2920, 0.7080, 0, -0.0223, 0.0223, 1},
			} {
				a, b := seen(rgb(one[theme]), matrix), seen(rgb(colours[i-1][theme]), matrix)
				if apart := math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2]); apart < 0.12 {
					t.Errorf("%s and %s, %s: %.3f", colours[i-1][theme], one[theme], eye, apart)
				}
			}
		}
	}
}

// rgb is a colour in linear light.
func rgb(hex string) (c [3]float64) {
	for i := range c {
		n, _ := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if v := float64(n) / 255; v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return c
}

func seen(c [3]float64, m [9]float64) (s [3]float64) {
	for i := range s {
		s[i] = m[3*i]*c[0] + m[3*i+1]*c[1] + m[3*i+2]*c[2]
	}
	return s
}

func contrast(a, b [3]float64) float64 {
	light := func(c [3]float64) float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }
	return (max(light(a), light(b)) + 0.05) / (min(light(a), light(b)) + 0.05)
}
