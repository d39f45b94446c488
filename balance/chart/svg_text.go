package chart

import (
	"bytes"
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// num writes a coordinate, to a hundredth.
func num(f float64) string {
	return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
}

// escape makes text safe inside an element: markup is escaped, and what XML cannot have is U+FFFD.
func escape(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text)) // a buffer takes everything
	return out.String()
}

// width is about how wide a text is: a Chinese character is as wide as it is high, others a little more than half.
func width(text string, size int) float64 {
	wide := 0.0
	for _, r := range text {
		wide += wideness(r)
	}
	return wide * float64(size)
}

func wideness(r rune) float64 {
	switch {
	case r >= 0x2e80:
		return 1
	case unicode.IsUpper(r) || r == 'm' || r == 'w' || r == '—' || r == '…':
		return 0.75
	case unicode.Is(unicode.Mn, r):
		return 0
	case strings.ContainsRune(" ,.:;il-'|", r):
		return 0.38
	}
	return 0.6
}

// shorten cuts a text to so many pixels.
func shorten(text string, room float64, size int) string {
	if width(text, size) <= room {
		return text
	}
	wide := width("…", size)
	for i, r := range text {
		if wide += wideness(r) * float64(size); wide > room {
			return text[:i] + "…"
		}
	}
	return text
}

// broken cuts a sentence into lines: anywhere between Chinese characters, else at a blank. It has svgMaxRows of them at
// most.
func broken(sentence string, room float64, size int) []string {
	var lines []string
	for sentence != "" && len(lines) < svgMaxRows {
		wide, cut, fits := 0.0, 0, len(sentence)
		for i, r := range sentence {
			if i > 0 && (r >= 0x2e80 && !strings.ContainsRune("，。；：、）！？”", r) || r == ' ') {
				cut = i
			}
			if wide += wideness(r) * float64(size); wide > room {
				if fits = cut; cut == 0 {
					fits = max(i, 1)
				}
				break
			}
		}
		lines = append(lines, strings.TrimSpace(sentence[:fits]))
		sentence = strings.TrimSpace(sentence[fits:])
	}
	if sentence != "" {
		lines[len(lines)-1] += "…"
	}
	return lines
}
