// Package document brings names and ID numbers into the form that registers use, checks them, and masks them.
package document

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Errors of this package.
var (
	ErrName   = errors.New("document: not a name")
	ErrNumber = errors.New("document: not a valid ID number")
)

// A name on a Chinese identity document has 2 to 50 characters; the upper bound is the national field's length.
const (
	minNameRunes = 2
	maxNameRunes = 50
	maxNameBytes = 400 // read before anything is counted, so that a huge text costs nothing
)

// nameDot is the middle dot that the registers use in names such as 阿依古丽·测试.
const nameDot = '·'

// MiddleDots are the characters that stand for nameDot in one keyboard, system or register or another. The full stop is
// one of them between Chinese characters only: between Latin letters it is a full stop.
const MiddleDots = "·•‧∙⋅・･⸱˙●."

// newHan are the blocks of Chinese characters that are younger than Go's tables of scripts: extensions I and J. Names on
// identity cards were a reason to encode them.
var newHan = &unicode.RangeTable{R32: []unicode.Range32{
	{Lo: 0x2EBF0, Hi: 0x2EE5D, Stride: 1},
	{Lo: 0x323B0, Hi: 0x33479, Stride: 1},
}}

// NormaliseName brings a typed name into the form that registers use: full-width letters become plain, every kind of
// middle dot becomes U+00B7, and spaces and invisible characters go. A name is either Chinese characters with dots between
// them, or, for foreigners, Latin letters with single spaces, hyphens, apostrophes or dots between them; never a mixture.
//
// It returns ErrName for anything else.
func NormaliseName(s string) (string, error) {
	if len(s) > maxNameBytes || !utf8.ValidString(s) {
		return "", ErrName
	}
	var name string
	if strings.ContainsFunc(s, isHan) {
		name = strings.Map(foldHanName, s)
	} else {
		name = strings.Join(strings.FieldsFunc(strings.Map(foldLatinName, s), unicode.IsSpace), " ")
	}
	if n := utf8.RuneCountInString(name); n < minNameRunes || n > maxNameRunes {
		return "", ErrName
	}
	if !wellFormedName(name) {
		return "", ErrName
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

func isHan(r rune) bool { return unicode.In(r, unicode.Han, newHan) }

func isSeparator(r rune) bool {
	return r == nameDot || r == ' ' || r == '-' || r == '\''
}

// foldHanName drops spaces and makes every dot the one that registers use. Phone keyboards offer most of these dots.
func foldHanName(r rune) rune {
	r = foldWidth(r)
	switch {
	case isBlank(r):
		return -1
	case strings.ContainsRune(MiddleDots, r):
		return nameDot
	}
	return r
}

// foldLatinName leaves spaces: they part a foreigner's names.
func foldLatinName(r rune) rune {
	r = foldWidth(r)
	switch {
	case isInvisible(r):
		return -1
	case r == '’':
		return '\''
	case r != '.' && strings.ContainsRune(MiddleDots, r):
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

// isInvisible tells characters that copying from a chat or a PDF leaves behind: of format (joiners, directions, the soft
// hyphen, marks of byte order) and those that choose among the shapes of the character before them.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector)
}
