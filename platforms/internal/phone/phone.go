// Package phone reads mobile numbers of mainland China as registers and people write them.
package phone

import (
	"regexp"
	"strings"
	"unicode"

	"yibao/identity/document"
)

// mobile is a number with or without the country code (86, +86, 0086, 086, any of them in brackets) and the 0 that some
// put before a number of another city.
var mobile = regexp.MustCompile(`^(?:\((?:\+|0{0,2})86\)|(?:\+|0{0,2})86)?0?(1[3-9][0-9]{9})$`)

// Normalise returns the eleven digits (1, then 3–9, then nine more). Full width becomes plain; blanks, invisible
// characters and hyphens go. It returns false for anything else: a landline, two numbers, a number with a note. None of
// these says for certain which phone is the person's.
func Normalise(text string) (string, bool) {
	found := mobile.FindStringSubmatch(strings.Map(dropHyphen, document.Plain(text)))
	if found == nil {
		return "", false
	}
	return found[1], true
}

func dropHyphen(r rune) rune {
	if unicode.Is(unicode.Pd, r) {
		return -1
	}
	return r
}
