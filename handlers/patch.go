package handlers

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// patched is a field of a JSON merge patch (RFC 7396): a value replaces what is set, null sets the default, and what is
// absent stays.
type patched[T any] struct {
	Given bool
	Value *T // nil for null
}

// UnmarshalJSON is called for fields that are there.
func (p *patched[T]) UnmarshalJSON(raw []byte) error {
	p.Given, p.Value = true, nil
	return json.Unmarshal(raw, &p.Value)
}

// Schema is the value's own, or null.
func (patched[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	if s.Ref != "" {
		r.SchemaFromRef(s.Ref).Nullable = true // nothing but patches uses it
	} else {
		s.Nullable = true
	}
	return s
}

// apply sets the value, or the default for null.
func (p patched[T]) apply(to *T) {
	if p.Given {
		var value T
		if p.Value != nil {
			value = *p.Value
		}
		*to = value
	}
}
