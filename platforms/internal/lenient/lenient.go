// Package lenient reads JSON that upstreams write with their own serialisers: nearly JSON, and clear in its meaning. It
// mends a few named mistakes and nothing else; what is still no JSON then stays unreadable.
package lenient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// JSON returns the document that the body means:
//
//   - without a byte order mark before it, and without blanks and NULs around it (C strings, fixed-width buffers)
//   - control characters that stand raw in a string escaped (a line break in a message)
//   - numbers with digits on one side of their point completed: .56, -.56 (Oracle's JSON functions), 5.
//
// A body that is JSON already comes back as it is. The result may still be no JSON.
func JSON(body []byte) []byte {
	body = trim(body)
	if json.Valid(body) {
		return body
	}
	mended := make([]byte, 0, len(body)+16)
	for len(body) > 0 {
		var n int
		switch c := body[0]; {
		case c == '"':
			n = stringLength(body)
			mended = appendString(mended, body[:n])
		case numeric(c):
			n = numberLength(body)
			mended = appendNumber(mended, body[:n])
		default:
			n = 1
			mended = append(mended, c)
		}
		body = body[n:]
	}
	return mended
}

func trim(body []byte) []byte {
	body = bytes.TrimPrefix(bytes.Trim(body, " \t\r\n\x00"), byteOrderMark)
	return bytes.Trim(body, " \t\r\n\x00")
}

// stringLength is the length of the string that the text begins with, quotes included; all of it without an end.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// appendString escapes raw control characters. Behind a backslash one stays, and the string with it unreadable.
func appendString(to, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			to = append(to, c, text[i+1])
			i++
		case c < ' ':
			to = fmt.Appendf(to, `\u%04x`, c)
		default:
			to = append(to, c)
		}
	}
	return to
}

func numeric(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

func numberLength(text []byte) int {
	if n := bytes.IndexFunc(text, func(r rune) bool { return r > 'e' || !numeric(byte(r)) }); n >= 0 {
		return n
	}
	return len(text)
}

// oneSided is a number with digits before its point alone, or behind it alone.
var oneSided = regexp.MustCompile(`^(-?)([0-9]*)\.([0-9]*)([eE][-+]?[0-9]+)?$`)

func appendNumber(to, text []byte) []byte {
	parts := oneSided.FindSubmatch(text)
	if parts == nil || len(parts[2])+len(parts[3]) == 0 {
		return append(to, text...)
	}
	for n := 2; n <= 3; n++ {
		if len(parts[n]) == 0 {
			parts[n] = []byte("0")
		}
	}
	return fmt.Appendf(to, "%s%s.%s%s", parts[1], parts[2], parts[3], parts[4])
}

var zeroFraction = regexp.MustCompile(`^(-?[0-9]+)\.0+$`)

// Whole returns a whole number that was written with decimals of zeros (0.0, 10000.0) without them, and every other text
// as it is: serialisers that know floating-point numbers alone write codes so.
func Whole(number string) string {
	if parts := zeroFraction.FindStringSubmatch(number); parts != nil {
		return parts[1]
	}
	return number
}

// Members returns the members of the object that the body is, each value with the very bytes that it came in: a signature
// covers those. Of two members of one name the later counts, as in encoding/json. Raw control characters in strings do no
// harm here; JSON escapes them in a value. It is nil for anything but one object.
func Members(body []byte) map[string][]byte {
	body = trim(body)
	blank := blanked(body)
	if len(body) == 0 || body[0] != '{' || !json.Valid(blank) {
		return nil
	}
	members, decoder := map[string][]byte{}, json.NewDecoder(bytes.NewReader(blank))
	_, _ = decoder.Token() // {
	for decoder.More() {
		name, _ := decoder.Token()
		var value json.RawMessage
		text, ok := name.(string)
		if !ok || decoder.Decode(&value) != nil {
			return nil
		}
		end := int(decoder.InputOffset())
		members[text] = body[end-len(value) : end]
	}
	return members
}

// blanked is a copy of the body, of the same length, with blanks for the control characters in its strings.
func blanked(body []byte) []byte {
	blank := bytes.Clone(body)
	for i := 0; i < len(blank); i++ {
		if blank[i] != '"' {
			continue
		}
		n := stringLength(blank[i:])
		for j := i; j < i+n; j++ {
			if blank[j] < ' ' {
				blank[j] = ' '
			}
		}
		i += n - 1
	}
	return blank
}
