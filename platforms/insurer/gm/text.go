package gm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// signedText is the text that both sides sign: the members of the envelope with the data in clear, in the order of their
// names, joined by &, and the secret at the end. signData, encData and extra are no part of it. Empty values at
// any depth are left out; values that are no texts are compact JSON in the order of names.
func signedText(envelope map[string]any, secret string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(envelope)) {
		value, there := pruned(envelope[name])
		if !there || name == "signData" || name == "encData" || name == "extra" {
			continue
		}
		b.WriteString(name)
		b.WriteByte('=')
		if text, ok := value.(string); ok {
			b.WriteString(text)
		} else {
			write(&b, value)
		}
		b.WriteByte('&')
	}
	b.WriteString("key=")
	b.WriteString(secret)
	return b.String()
}

// pruned is the value without its empty parts: null, "", {} and []; false when nothing is left. That elements of lists
// are pruned as well is the reading of "recursively" here: no list with an empty element was seen.
func pruned(value any) (any, bool) {
	switch v := value.(type) {
	case nil:
		return nil, false
	case string:
		return v, v != ""
	case map[string]any:
		left := map[string]any{}
		for name, inner := range v {
			if inner, there := pruned(inner); there {
				left[name] = inner
			}
		}
		return left, len(left) > 0
	case []any:
		var left []any
		for _, inner := range v {
			if inner, there := pruned(inner); there {
				left = append(left, inner)
			}
		}
		return left, len(left) > 0
	}
	return value, true
}

// write writes compact JSON, members by name. Unlike encoding/json it leaves < > & and U+2028 as they are, as the clients
// in Java do.
func write(b *strings.Builder, value any) {
	switch v := value.(type) {
	case map[string]any:
		for i, name := range slices.Sorted(maps.Keys(v)) {
			b.WriteByte("{,"[min(i, 1)])
			quote(b, name)
			b.WriteByte(':')
			write(b, v[name])
		}
		if len(v) == 0 {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	case []any:
		for i, inner := range v {
			b.WriteByte("[,"[min(i, 1)])
			write(b, inner)
		}
		if len(v) == 0 {
			b.WriteByte('[')
		}
		b.WriteByte(']')
	case string:
		quote(b, v)
	case json.Number:
		b.WriteString(v.String()) // as it was written
	case bool:
		fmt.Fprint(b, v)
	default:
		b.WriteString("null")
	}
}

func quote(b *strings.Builder, text string) {
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ':
			if short := strings.IndexRune("\b\f\n\r\t", r); short >= 0 {
				b.WriteByte('\\')
				b.WriteByte("bfnrt"[short])
			} else {
				fmt.Fprintf(b, `\u%04x`, r)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// escaped is JSON text with everything beyond ASCII as \u and four digits, as web portals send it.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r > 0xFFFF:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// tree reads one JSON value, numbers as they were written.
func tree(raw []byte) (any, bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil, false
	}
	_, err := decoder.Token()
	return value, err == io.EOF
}
