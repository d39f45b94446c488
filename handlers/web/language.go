package web

import (
	"strconv"
	"strings"
)

// Language is one of the two that texts exist in.
type Language int

// The languages.
const (
	Chinese Language = iota // the default
	English
)

// Tag is the language as Content-Language names it: "zh-CN" or "en".
func (l Language) Tag() string {
	if l == English {
		return "en"
	}
	return "zh-CN"
}

// Short is the language as domain packages name it: "zh" or "en".
func (l Language) Short() string { return l.Tag()[:2] }

// Text is one sentence in Chinese and in English; a Language is its index.
type Text [2]string

// maxLanguages bounds the work that one header can make.
const maxLanguages = 16

// parseLanguage chooses by Accept-Language (RFC 9110, 12.5.4). Every other language means Chinese, and so does a header
// that cannot be read.
func parseLanguage(header string) Language {
	if header == "" {
		return Chinese
	}
	chosen, best := Chinese, 0.0
	for n := 0; header != "" && n < maxLanguages; n++ {
		var item string
		item, header, _ = strings.Cut(header, ",")
		tag, weight := parseWeight(item)
		if weight <= best {
			continue // of equal weights the one named first is meant
		}
		switch primary, _, _ := strings.Cut(tag, "-"); primary {
		case "zh":
			chosen, best = Chinese, weight
		case "en":
			chosen, best = English, weight
		}
	}
	return chosen
}

// parseWeight reads "en-GB;q=0.8"; a weight that cannot be read counts as none.
func parseWeight(item string) (tag string, weight float64) {
	tag, parameters, _ := strings.Cut(item, ";")
	tag = strings.ToLower(strings.TrimSpace(tag))
	q, found := strings.CutPrefix(strings.TrimSpace(parameters), "q=")
	if !found {
		return tag, 1
	}
	weight, err := strconv.ParseFloat(q, 64)
	if err != nil || !(weight >= 0 && weight <= 1) {
		return tag, 0
	}
	return tag, weight
}
