package identity

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

// MaskIDNumber hides all but the first and the last character.
func MaskIDNumber(number string) string { return maskMiddle(number, 1, 1) }

// MaskPhone hides all but the first three and the last two digits.
func MaskPhone(phone string) string { return maskMiddle(phone, 3, 2) }

// maskMiddle hides everything when too little would stay hidden.
func maskMiddle(s string, head, tail int) string {
	runes := []rune(s)
	n := len(runes)
	if n <= head+tail {
		return strings.Repeat("*", n)
	}
	return string(runes[:head]) + strings.Repeat("*", n-head-tail) + string(runes[n-tail:])
}
