package insurer

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"yibao/platforms/internal/lenient"
)

// fields is a JSON object as it came. A map, not a struct: encoding/json would match struct fields in any letter case,
// and one of two such fields would silently win.
type fields map[string]json.RawMessage

// object reads a JSON object; false for anything else, null too.
func object(raw []byte) (fields, bool) {
	if !utf8.Valid(raw) {
		return nil, false
	}
	var f fields
	if json.Unmarshal(raw, &f) != nil || f == nil {
		return nil, false
	}
	return f, true
}

// text reads a string without the spaces around it, or a number or boolean as it is written, but for decimals of zeros: the
// same field comes as either. null, missing, objects and arrays are "".
func (f fields) text(name string) string {
	raw := bytes.TrimSpace(f[name])
	switch {
	case len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || string(raw) == "null":
		return ""
	case raw[0] != '"':
		return lenient.Whole(string(raw))
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return strings.TrimSpace(s)
}

// firstText returns the first of the fields that is not "".
func (f fields) firstText(names ...string) string {
	for _, name := range names {
		if s := f.text(name); s != "" {
			return s
		}
	}
	return ""
}

// loosen returns the object in raw: plain, alone in an array, or as JSON in a string. blank says that there is nothing
// in it: missing, null, "", [] or {}; ok is false for everything else, also for an array of several objects, because
// nobody can say which one is meant.
func loosen(raw json.RawMessage) (f fields, blank, ok bool) {
	for range 3 { // a string of an array of an object at most
		raw = bytes.TrimSpace(raw)
		switch {
		case len(raw) == 0 || string(raw) == "null":
			return nil, true, true
		case raw[0] == '{':
			f, ok = object(raw)
			return f, ok && len(f) == 0, ok
		case raw[0] == '[':
			var items []json.RawMessage
			if json.Unmarshal(raw, &items) != nil || len(items) > 1 {
				return nil, false, false
			}
			if len(items) == 0 {
				return nil, true, true
			}
			raw = items[0]
		case raw[0] == '"':
			var s string
			if json.Unmarshal(raw, &s) != nil {
				return nil, false, false
			}
			raw = lenient.JSON([]byte(s))
		default:
			return nil, false, false
		}
	}
	return nil, false, false
}
