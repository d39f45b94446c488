package document

import "strings"

// The masks follow WeChat's own security guide for mini-programs, the strictest rule in use.

// MaskName hides a name: of two characters the first, of more all but the first and the last (*三, 王*四).
func MaskName(name string) string {
	runes := []rune(name)
	switch n := len(runes); n {
	case 0:
		return ""
	case 1:
		return "*"
	case 2:
		return "*" + string(runes[1])
	default:
		return string(runes[0]) + strings.Repeat("*", n-2) + string(runes[n-1])
	}
}

// MaskNumber hides all but the first and the last character, or all of a number of one or two.
func MaskNumber(number string) string {
	runes := []rune(number)
	n := len(runes)
	if n <= 2 {
		return strings.Repeat("*", n)
	}
	return string(runes[0]) + strings.Repeat("*", n-2) + string(runes[n-1])
}
