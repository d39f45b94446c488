package alipay

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
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

var fieldKey = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_]{0,31}$`)

// CheckTemplate reports everything wrong with a template: placeholders, keys, and texts that would break a limit with
// the amount shown, with it hidden, or with the highest line.
func CheckTemplate(t Template) error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if t.Name == "" {
		add("the name is empty")
	}
	if !plain.MatchString(t.TemplateID) {
		add("the template id is empty or has characters that Alipay never uses")
	}
	if len(t.Page) > maxPage || strings.ContainsFunc(t.Page, unicode.IsControl) || strings.ContainsAny(t.Page, " {}") {
		add("the page is longer than 128 bytes or has spaces, braces or control characters")
	}
	if len(t.Fields) == 0 {
		add("there are no fields")
	}
	for _, key := range slices.Sorted(maps.Keys(t.Fields)) {
		if !fieldKey.MatchString(key) {
			add("field %q: not a key like keyword1", key)
		}
		if err := wording.Check(t.Fields[key]); err != nil {
			add("field %s: %w", key, err)
		}
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	for _, m := range wording.Samples() {
		if _, code := render(t, m); code != "" {
			return fmt.Errorf("an example message breaks a limit (50 characters a value, 2048 bytes in all): %s", code)
		}
	}
	return nil
}

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
