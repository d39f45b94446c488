package chart

import (
	"fmt"
	"strings"
)

// Description says in words what is to be seen: the range, and of each series the figures of its summary.
func (c *Chart) Description() string {
	if len(c.Series) == 0 {
		return c.Empty
	}
	words := describing["zh"]
	if c.Language == "en" {
		words = describing["en"]
	}
	text := fmt.Sprintf(words.span, c.Categories[0], c.Categories[len(c.Categories)-1])
	for _, s := range c.Summary {
		var figures []string
		for _, one := range []struct {
			name string
			fen  *int64
		}{{words.total, s.Total}, {words.opening, s.Opening}, {words.closing, s.Closing}, {words.lowest, s.Min}, {words.highest, s.Max}} {
			if one.fen != nil {
				figures = append(figures, fmt.Sprintf(words.figure, one.name, exact(*one.fen)))
			}
		}
		text += shorten(s.Name, svgRoom, svgText) + words.colon + strings.Join(figures, words.comma) + words.stop
	}
	return strings.TrimSpace(text)
}

// wording is how a language puts the figures.
type wording struct {
	span, total, opening, closing, lowest, highest, figure, colon, comma, stop string
}

var describing = map[string]wording{
	"zh": {"%s至%s。", "合计", "期初", "期末", "最低", "最高", "%s%s元", "：", "，", "。"},
	"en": {"From %s to %s. ", "total", "first", "last", "lowest", "highest", "%s %s yuan", ": ", ", ", ". "},
}

// exact is an amount in yuan with two decimals.
func exact(fen int64) string {
	sign, n := "", uint64(fen)
	if fen < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}
