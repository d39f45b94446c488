package alipay

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yibao/platforms/internal/wording"
	"yibao/reminder"
)

// Alipay's limits on templatemessage.send.
const (
	maxValue = 50   // characters of one keyword's value
	maxData  = 2048 // bytes of data; the page does not say of what, so the narrower reading
	maxPage  = 128  // bytes
)

// render returns the JSON text of data, or the code of the limit that it would break.
func render(t Template, m reminder.Message) (data, code string) {
	values := map[string]map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(t.Fields)) {
		text := wording.Render(t.Fields[key], m)
		if !fits(text) {
			return "", codeField + key
		}
		values[key] = map[string]string{"value": text}
	}
	raw, err := json.Marshal(values)
	if err != nil || len(raw) > maxData {
		return "", codeData
	}
	return string(raw), ""
}

// fits says whether Alipay takes the text as a keyword's value.
func fits(text string) bool {
	control := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	return strings.TrimSpace(text) != "" && utf8.ValidString(text) &&
		utf8.RuneCountInString(text) <= maxValue && !strings.ContainsFunc(text, control)
}
