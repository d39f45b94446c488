// Package document brings names and ID numbers into the form that registers use, compares, checks and masks them.
package document

import (
	"errors"
	"regexp"
	"strings"
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

// han is Unicode's script with the blocks that are younger than Go's tables: extensions I and J. Names on identity cards
// were a reason to encode them.
const han = `[\p{Han}\x{2EBF0}-\x{2EE5D}\x{323B0}-\x{33479}]`

var (
	someHan   = regexp.MustCompile(han)
	hanName   = regexp.MustCompile(`^` + han + `+(·` + han + `+)*$`)
	latinName = regexp.MustCompile(`^\p{Latin}+(?:(?:[ ·'/-]|[.,] ?)\p{Latin}+)*\.?$`)
	// looseMark finds the spaces that do not belong beside a mark of a Latin name.
	looseMark = regexp.MustCompile(` ?([·'/-]) ?| ([.,])`)
)

// NormaliseName brings a typed name into the form that registers use: characters of the private area of GBK, radicals and
// compatibility forms become the characters that they stand for, and invisible characters go. A name is either Chinese
// characters with dots between them (every kind of dot becomes U+00B7, spaces go), or, for foreigners, Latin letters with
// single spaces and marks between them, as in CESHI, JIA or TEST A/L SAMPLE; never a mixture.
//
// It returns ErrName for anything else.
func NormaliseName(s string) (string, error) {
	if len(s) > maxNameBytes || !utf8.ValidString(s) {
		return "", ErrName
	}
	name, form := strings.Join(strings.Fields(plainName(s)), " "), latinName
	if someHan.MatchString(name) {
		name, form = strings.Map(foldHanMark, name), hanName
	} else {
		name = looseMark.ReplaceAllString(name, "$1$2")
	}
	if n := utf8.RuneCountInString(name); n < minNameRunes || n > maxNameRunes || !form.MatchString(name) {
		return "", ErrName
	}
	return name, nil
}

// foldHanMark drops spaces and takes for the dot what is typed where a keyboard has none.
func foldHanMark(r rune) rune {
	switch r {
	case ' ':
		return -1
	case '.', '-', '\'':
		return nameDot
	}
	return r
}
