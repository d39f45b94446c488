package handlers

import (
	"strconv"
	"strings"
)

// language is one of the two that texts exist in.
type language int

const (
	chinese language = iota // the default
	english
)

// tag is the language as Content-Language names it.
func (l language) tag() string {
	if l == english {
		return "en"
	}
	return "zh-CN"
}

// short is the language as the domain packages name it.
func (l language) short() string {
	if l == english {
		return "en"
	}
	return "zh"
}

// text is one sentence in both languages.
type text struct{ zh, en string }

func (t text) in(l language) string {
	if l == english {
		return t.en
	}
	return t.zh
}

// maxLanguages bounds the work that one header can make.
const maxLanguages = 16

// parseLanguage chooses by Accept-Language (RFC 9110, 12.5.4). Whatever cannot be
// read, and every other language, means Chinese.
func parseLanguage(header string) language {
	if header == "" {
		return chinese
	}
	chosen, best := chinese, 0.0
	for n := 0; header != "" && n < maxLanguages; n++ {
		var item string
		item, header, _ = strings.Cut(header, ",")
		tag, weight := parseWeight(item)
		if weight <= best {
			continue // of equal weights the one named first is meant
		}
		switch primary, _, _ := strings.Cut(tag, "-"); primary {
		case "zh":
			chosen, best = chinese, weight
		case "en":
			chosen, best = english, weight
		}
	}
	return chosen
}

// parseWeight reads "en-GB;q=0.8"; a weight that cannot be read counts as none.
func parseWeight(item string) (tag string, weight float64) {
	tag, parameters, has := strings.Cut(strings.TrimSpace(item), ";")
	tag = strings.ToLower(strings.TrimSpace(tag))
	if !has {
		return tag, 1
	}
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
