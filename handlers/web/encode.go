package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// jsonFormat is JSON as encoding/json writes it, without escaping HTML and without a newline at the end.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		buffer := buffers.Get().(*bytes.Buffer)
		defer buffers.Put(buffer)
		buffer.Reset()
		if err := encodeJSON(buffer, v); err != nil {
			return err
		}
		_, err := w.Write(buffer.Bytes())
		return err
	},
	Unmarshal: decodeJSON,
}

// wrongTypeAt begins the error about a value that its field cannot hold.
const wrongTypeAt = "expected another type at "

// decodeJSON keeps the path of a field and drops its value. It finds values that Huma's own check lets pass (10000.0 for a
// whole number).
func decodeJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return errors.New(wrongTypeAt + wrong.Field)
	}
	return err
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// encodeJSON lets an Appender write itself, which is faster than encoding/json. It is meant for the route that is asked
// most.
func encodeJSON(buffer *bytes.Buffer, v any) error {
	if quick, ok := v.(Appender); ok {
		buffer.Write(quick.AppendJSON(buffer.AvailableBuffer()))
		return nil
	}
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	buffer.Truncate(buffer.Len() - 1)
	return nil
}

// Appender is a value that writes itself at the end of b, exactly as encoding/json would without escaping HTML.
type Appender interface {
	AppendJSON(b []byte) []byte
}

// AppendText writes a string in quotes. If it has anything to escape, encoding/json writes it.
func AppendText(b []byte, s string) []byte {
	for _, r := range s {
		if r < ' ' || r == '"' || r == '\\' || r == 0x7f || r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			var escaped bytes.Buffer
			_ = encodeJSON(&escaped, s) // a string always encodes
			return append(b, escaped.Bytes()...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
