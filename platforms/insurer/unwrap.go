package insurer

import (
	"bytes"
	"encoding/json"
)

// maxNesting bounds how deep relays are followed.
const maxNesting = 4

var wrappers = []string{"data", "output", "body"}

// envelopeOf finds the insurer's envelope in what a relay answered: the object with infcode. Without one, the outermost
// object is all there is. Behind a relay that says success:false nobody looks; its other codes have no common meaning.
func (p Profile) envelopeOf(outer fields) fields {
	if p.Unwrap != UnwrapNested {
		return outer
	}
	for depth, f := 0, outer; depth < maxNesting; depth++ {
		if f.text("infcode") != "" {
			return f
		}
		if f.text("success") == "false" {
			return f
		}
		inner, found := within(f)
		if !found {
			break
		}
		f = inner
	}
	return outer
}

// within returns the object under the first wrapper that holds one.
func within(f fields) (fields, bool) {
	for _, name := range wrappers {
		if inner, blank, ok := loosen(f[name]); ok && !blank {
			return inner, true
		}
	}
	return nil, false
}

// output returns a transaction's output as an object; nil when it is blank, false when it cannot be read. want names a
// field of the output itself: where wrappers are followed, that ends the search.
func (p Profile) output(envelope fields, want string) (fields, bool) {
	raw := p.rawOutput(envelope)
	if p.Unwrap != UnwrapNested {
		return p.unwrap(raw)
	}
	f, blank, ok := loosen(raw)
	for range maxNesting {
		if blank || !ok {
			return nil, ok
		}
		if _, found := f[want]; found {
			return f, true
		}
		inner, found := within(f)
		if !found {
			return f, true
		}
		f = inner
	}
	return f, ok
}

// rawOutput is the output as it came; in nested mode, behind the first wrapper where there is none.
func (p Profile) rawOutput(envelope fields) json.RawMessage {
	raw, present := envelope["output"]
	if !present && p.Unwrap == UnwrapNested {
		raw = firstOf(envelope, wrappers)
	}
	return bytes.TrimSpace(raw)
}

// unwrap follows the profile's one wrapping; a plain object is understood always.
func (p Profile) unwrap(raw json.RawMessage) (fields, bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && ((raw[0] == '[' && p.Unwrap != UnwrapArray) || (raw[0] == '"' && p.Unwrap != UnwrapString)) {
		blank := string(raw) == `""` || string(bytes.Join(bytes.Fields(raw), nil)) == "[]"
		return nil, blank
	}
	f, blank, ok := loosen(raw)
	if blank {
		return nil, ok
	}
	return f, ok
}
