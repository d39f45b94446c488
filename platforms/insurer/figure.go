package insurer

import (
	"bytes"
	"encoding/json"
	"strings"

	"yibao/balance"
)

// figure is an amount as a row gave it.
type figure struct {
	fen   balance.Fen
	known bool // read exactly
	bad   bool // something was there and could not be read exactly
}

// empty says that the row shows no money: nothing there, or zero.
func (f figure) empty() bool { return !f.bad && f.fen == 0 }

// readFigure reads an amount in yuan, exactly, in the spellings of balance.ParseYuan. A field that is missing, null, "" or
// blank is not known; so is everything that is no amount, has other digits than zeros behind the second decimal, or is
// written in the way that the mode excludes. Blanks around a text are dropped: fixed-width systems pad.
func readFigure(raw json.RawMessage, mode Numbers) figure {
	raw = bytes.Trim(raw, " \t\r\n")
	if len(raw) == 0 || string(raw) == "null" {
		return figure{}
	}
	text := string(raw)
	isText := raw[0] == '"'
	if isText && json.Unmarshal(raw, &text) != nil {
		return figure{bad: true}
	}
	if isText && strings.TrimSpace(text) == "" {
		return figure{}
	}
	if (isText && mode == NumbersNumber) || (!isText && mode == NumbersText) {
		return figure{bad: true}
	}
	fen, err := balance.ParseYuan(text)
	if err != nil {
		return figure{bad: true}
	}
	return figure{fen: fen, known: true}
}
