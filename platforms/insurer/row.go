package insurer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/platforms/internal/lenient"
)

// row is a row of a list, read by our names of its fields. bad says that something was there and could not be read.
type row struct {
	fields
	record Record
	names  map[string]string
	mode   Numbers
	bad    bool
	skip   bool // by the reader: it is no row of the list, and nothing is missing
}

// name is the region's name of a field; "" where it has none.
func (r *row) name(ours string) string { return cmp.Or(r.record.Fields[ours], r.names[ours]) }

func (r *row) get(ours string) string {
	if name := r.name(ours); name != "" {
		return clean(r.text(name), 200)
	}
	return ""
}

// fen is a sum, nil where it is not given or cannot be read.
func (r *row) fen(ours string) *balance.Fen {
	f := readFigure(r.fields[r.name(ours)], r.mode)
	r.bad = r.bad || f.bad
	if !f.known {
		return nil
	}
	return &f.fen
}

// at is a time; zero where it is not given.
func (r *row) at(ours string) time.Time {
	text := r.get(ours)
	if text == "" || date(text) == "" {
		return time.Time{}
	}
	at, _ := moment(text)
	return at.In(balance.Shanghai)
}

// month reads 202601 and 2026-01, and the month of a day.
func (r *row) month(ours string) string {
	text := r.get(ours)
	for _, layout := range []string{"200601", "2006-01"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Format("2006-01")
		}
	}
	if day := date(text); day != "" {
		return day[:7]
	}
	return ""
}

func (r *row) institution() records.Institution {
	return records.Institution{Code: r.get("institution"), Name: r.get("institution_name"), Level: r.get("level")}
}

// id is the row's own id, or a hash of all that it says: the same row has the same id, and a join that repeats rows
// repeats none here.
func (r *row) id() string {
	if id := r.get("id"); id != "" {
		return id
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		h.Write([]byte(name + "\x00" + r.text(name) + "\x00")) // never fails
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// maxListRows bounds one answer's list.
const maxListRows = 5000

// listAt finds the rows in an output: behind the path, or the output itself. Strings that hold JSON, arrays of one and the
// wrappers of relays are followed. found is false where there is no list, and ok false where it cannot be read.
func listAt(raw json.RawMessage, path string) (list []fields, found, ok bool) {
	steps := splitPath(path)
	for range maxNesting + len(steps) {
		raw = unquoted(raw)
		switch {
		case len(raw) == 0 || string(raw) == "null":
			return nil, false, true
		case raw[0] == '[' && len(steps) == 0:
			return allRows(raw)
		case raw[0] == '[':
			var items []json.RawMessage
			if json.Unmarshal(raw, &items) != nil || len(items) > 1 {
				return nil, false, false
			}
			if len(items) == 0 {
				return nil, false, true
			}
			raw = items[0]
		case raw[0] == '{':
			f, ok := object(raw)
			if !ok {
				return nil, false, false
			}
			if len(steps) > 0 && f[steps[0]] != nil {
				raw, steps = f[steps[0]], steps[1:]
				if inner := unquoted(raw); len(steps) == 0 && len(inner) > 0 && inner[0] == '{' {
					return allRows(inner) // a serialiser made an object of an array of one
				}
				continue
			}
			next := firstOf(f, wrappers)
			if next == nil {
				return nil, false, true
			}
			raw = next
		default:
			return nil, false, false
		}
	}
	return nil, false, false
}

func allRows(raw json.RawMessage) ([]fields, bool, bool) {
	if raw[0] == '{' {
		f, ok := object(raw)
		return []fields{f}, true, ok
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) > maxListRows {
		return nil, true, false
	}
	list := make([]fields, len(items))
	for i, item := range items {
		f, ok := object(item)
		if !ok {
			return nil, true, false
		}
		list[i] = f
	}
	return list, true, true
}

// unquoted is the JSON within a string, or the value itself.
func unquoted(raw json.RawMessage) json.RawMessage {
	raw = lenient.JSON(raw)
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return lenient.JSON([]byte(text))
	}
	return raw
}

func firstOf(f fields, names []string) json.RawMessage {
	for _, name := range names {
		if f[name] != nil {
			return f[name]
		}
	}
	return nil
}
