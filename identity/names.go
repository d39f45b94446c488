package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A name on a Chinese identity document has 2 to 50 characters; the upper bound is the national field's length.
const (
	minNameRunes = 2
	maxNameRunes = 50
	maxNameBytes = 400 // read before anything is counted, so that a huge text costs nothing
)

// nameDot is the middle dot that the registers use in names such as 阿依古丽·测试.
const nameDot = '·'

// NormaliseName brings a typed name into the form that registers use: full-width letters become plain, every kind of
// middle dot becomes U+00B7, and spaces go. A name is either Chinese characters with dots between them, or, for
// foreigners, Latin letters with single spaces, hyphens, apostrophes or dots between them; never a mixture.
//
// It returns ErrNameInvalid for anything else.
func NormaliseName(s string) (string, error) {
	if len(s) > maxNameBytes || !utf8.ValidString(s) {
		return "", ErrNameInvalid
	}
	var name string
	if strings.ContainsFunc(s, isHan) {
		name = strings.Map(foldHanName, s)
	} else {
		name = strings.Join(strings.FieldsFunc(strings.Map(foldLatinName, s), unicode.IsSpace), " ")
	}
	if n := utf8.RuneCountInString(name); n < minNameRunes || n > maxNameRunes {
		return "", ErrNameInvalid
	}
	if !wellFormedName(name) {
		return "", ErrNameInvalid
	}
	return name, nil
}

// wellFormedName wants letters of one script, and every separator between two letters.
func wellFormedName(name string) bool {
	var han, latin, lastLetter bool
	for _, r := range name {
		switch {
		case isHan(r):
			han, lastLetter = true, true
		case unicode.Is(unicode.Latin, r):
			latin, lastLetter = true, true
		case !lastLetter || !isSeparator(r):
			return false
		default:
			lastLetter = false
		}
	}
	return lastLetter && han != latin
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func isSeparator(r rune) bool {
	return r == nameDot || r == ' ' || r == '-' || r == '\''
}

// foldHanName drops spaces and makes every dot the one that registers use. Phone keyboards offer all of these dots.
func foldHanName(r rune) rune {
	r = foldWidth(r)
	switch {
	case isBlank(r):
		return -1
	case r == '.':
		return nameDot
	}
	return foldDot(r)
}

// foldLatinName leaves spaces: they part a foreigner's names.
func foldLatinName(r rune) rune {
	r = foldWidth(r)
	switch {
	case isInvisible(r):
		return -1
	case r == '’':
		return '\''
	}
	return foldDot(r)
}

// foldDot maps the middle dots that keyboards and registers mix up to U+00B7.
func foldDot(r rune) rune {
	switch r {
	case '\u2022', '\u30FB', '\u2027', '\uFF65', '\u22C5', '\u2219':
		return nameDot
	}
	return r
}

// foldWidth maps the full-width forms of ASCII (U+FF01 to U+FF5E, and the ideographic space) to plain ASCII.
func foldWidth(r rune) rune {
	switch {
	case r >= '\uFF01' && r <= '\uFF5E':
		return r - 0xFEE0
	case r == '\u3000':
		return ' '
	}
	return r
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) }

// isInvisible tells characters that copying from a chat or a PDF leaves behind.
func isInvisible(r rune) bool {
	return r == '\uFEFF' || (r >= '\u200B' && r <= '\u200F')
}
