// Package phone reads mobile numbers of mainland China as registers and people write them.
package phone

import "strings"

var prefixes = []string{"+86", "0086", "86"}

// Normalise returns the eleven digits (1, then 3–9, then nine more) without spaces, hyphens and the country code in
// front; false for anything else, a landline too.
func Normalise(text string) (string, bool) {
	number := strings.NewReplacer(" ", "", "-", "").Replace(text)
	if len(number) > 11 {
		for _, prefix := range prefixes {
			if rest, found := strings.CutPrefix(number, prefix); found {
				number = rest
				break
			}
		}
	}
	if len(number) != 11 || strings.Trim(number, "0123456789") != "" {
		return "", false
	}
	if number[0] != '1' || number[1] < '3' {
		return "", false
	}
	return number, true
}
