package wechat

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"yibao/platforms/internal/wording"
	"yibao/reminder"
)

// Characters that fit.
const (
	maxThing = 20
	maxName  = 10 // of a name with any Chinese in it
)

const (
	datePart = `\d{4}(?:-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])|/(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])` +
		`|年(?:0?[1-9]|1[0-2])月(?:0?[1-9]|[12]\d|3[01])日)`
	timePart = `(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?`
	oneTime  = `(?:` + datePart + ` ?)?` + timePart
	oneDate  = datePart + `(?: ?` + timePart + `)?`
)

// rules are WeChat's limits on a value by the type of its field, as the page api_sendmessage lists them; where the page
// is vague the narrower reading is taken. thing is not here: it takes any text and is cut. Characters are runes.
var rules = map[string]func(string) bool{
	"number":           isNumber,
	"letter":           matches(`^[A-Za-z]{1,32}$`),
	"symbol":           func(s string) bool { return atMost(5, s) && !strings.ContainsFunc(s, letterOrDigit) },
	"character_string": matches(`^[ -~]{1,32}$`),
	"time":             matches(`^` + oneTime + `(?:~` + oneTime + `)?$`),
	"date":             matches(`^` + oneDate + `(?:~` + oneDate + `)?$`),
	"amount":           isAmount,
	"phone_number":     matches(`^[0-9+\-() *]{1,17}$`),
	"car_number":       matches(`^[\p{Han}0-9A-Za-z][0-9A-Za-z]{0,6}[\p{Han}0-9A-Za-z]?$`),
	"name":             isName,
	"phrase":           matches(`^\p{Han}{1,5}$`),
	// Which values an enum takes is known to WeChat's console only; checkTemplate demands a text without placeholders.
	"enum": func(s string) bool { return atMost(maxThing, s) },
}

// fieldKey is a type followed by a number: thing1, character_string12.
var fieldKey = regexp.MustCompile(`^([a-z_]+)[0-9]{1,3}$`)

var (
	errKey   = errors.New("the key is no type of WeChat's with a number after it, like thing1")
	errValue = errors.New("the value breaks the rule of the field's type")
	errCut   = errors.New("the text is too long with long names in it: an amount or time would be cut")
)

// fill puts the message into the field's text and returns the value as it may be sent. Words may be cut, a text with a
// figure in it never: half a figure is a wrong one.
func fill(key, text string, m reminder.Message) (string, error) {
	whole := wording.Render(text, m)
	fitted, err := fit(key, whole)
	if err == nil && fitted != whole && wording.HasFigure(text) {
		return "", errCut
	}
	return fitted, err
}

// fit returns the value as it may be sent: a thing is cut to 20 characters and a name to 10, with an ellipsis within
// them; any other value stays as it is or is refused.
func fit(key, text string) (string, error) {
	parts := fieldKey.FindStringSubmatch(key)
	if parts == nil {
		return "", errKey
	}
	if strings.TrimSpace(text) == "" || !utf8.ValidString(text) || hasControl(text) {
		return "", errValue
	}
	switch parts[1] {
	case "thing":
		return ellipsis(text, maxThing), nil
	case "name":
		if strings.ContainsFunc(text, isHan) { // 20 letters need no cutting: no name of ours is so long
			text = ellipsis(text, maxName)
		}
	}
	rule, ok := rules[parts[1]]
	if !ok {
		return "", errKey
	}
	if !rule(text) {
		return "", errValue
	}
	return text, nil
}

func ellipsis(text string, most int) string {
	if atMost(most, text) {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// hasControl finds control characters and the two line separators that are none by their class.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

func atMost(n int, s string) bool { return utf8.RuneCountInString(s) <= n }

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// isName: up to 10 characters with any Chinese among them, else up to 20 letters and symbols.
func isName(s string) bool {
	if strings.ContainsFunc(s, unicode.IsDigit) {
		return false
	}
	if strings.ContainsFunc(s, isHan) {
		return atMost(maxName, s)
	}
	return atMost(20, s)
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func matches(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }

var (
	numeral = regexp.MustCompile(`^-?\d+(?:\.\d+)?$`)
	sum     = regexp.MustCompile(`^[¥￥$€£]?(\d+)(?:\.(\d{1,2}))?元?$`)
)

// isAmount: one currency sign at most, then up to 10 digits with the decimals among them, then perhaps 元.
func isAmount(s string) bool {
	parts := sum.FindStringSubmatch(s)
	return parts != nil && len(parts[1])+len(parts[2]) <= 10
}

func isNumber(s string) bool { return len(s) <= 32 && numeral.MatchString(s) }
