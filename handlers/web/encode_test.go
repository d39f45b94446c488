package web

import (
	"bytes"
	"errors"
	"testing"
)

type written struct{ text string }

func (w written) AppendJSON(b []byte) []byte { return AppendText(b, w.text) }

// TestAppenderWritesItself: an Appender gives the bytes of encoding/json.
func TestAppenderWritesItself(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "职工医保", "<a&b>", "\u2028", "\x7f", "\"\\\n", "\xff"} {
		var quick, slow bytes.Buffer
		if err := errors.Join(jsonFormat.Marshal(&quick, written{text}), jsonFormat.Marshal(&slow, text)); err != nil {
			t.Fatal(err)
		}
		if quick.String() != slow.String() {
			t.Errorf("%q: quick %s, slow %s", text, &quick, &slow)
		}
	}
}
