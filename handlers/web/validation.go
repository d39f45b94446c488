package web

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// fieldProblems are the codes a single field can have. Huma's finding is an English message; the first phrase that it
// begins with decides. Tests hold Huma's messages against this list.
var fieldProblems = []struct {
	phrase, code string
	text         Text
}{
	{"unexpected property", "unknown_field", Text{"包含无法识别的字段", "There is a field that is not known."}},
	{"expected required property", "required", Text{"此项必填", "This is required."}},
	{"required ", "required", Text{"此项必填", "This is required."}},
	{"expected length >=", "too_short", Text{"内容过短", "This is too short."}},
	{"expected length <=", "too_long", Text{"内容过长", "This is too long."}},
	{"expected number >=", "too_small", Text{"数值过小", "This number is too small."}},
	{"expected number <=", "too_large", Text{"数值过大", "This number is too large."}},
	{"expected value to be one of", "not_allowed", Text{"取值不在可选范围内", "This is not one of the allowed values."}},
	{"expected string to", "wrong_format", Text{"格式有误", "This is not in the right format."}},
	{"expected object with at", "wrong_count", Text{"数量不符合要求", "There are too many or too few of these."}},
	{"expected array length", "wrong_count", Text{"数量不符合要求", "There are too many or too few of these."}},
	{"expected ", "wrong_type", Text{"类型有误", "This is of the wrong type."}},
	{"invalid ", "wrong_type", Text{"类型有误", "This is of the wrong type."}},
	{"", "invalid", Text{"填写有误", "This is not right."}},
}

// maxFieldErrors bounds the answer to a body that is full of unknown fields.
const maxFieldErrors = 20

// fieldErrors turns Huma's findings into codes, in an order of our own (Huma walks maps). It names only the fields that the
// operation declares: a client's own name for a field could be any text.
func fieldErrors(names map[string]bool, details []error, l Language) []FieldError {
	found := make([]FieldError, 0, len(details))
	for _, err := range details {
		var detail *huma.ErrorDetail
		if !errors.As(err, &detail) {
			continue
		}
		found = append(found, fieldError(names, detail, l))
	}
	slices.SortFunc(found, func(a, b FieldError) int {
		return cmp.Or(strings.Compare(a.Field, b.Field), strings.Compare(a.Code, b.Code))
	})
	found = slices.Compact(found)
	return found[:min(len(found), maxFieldErrors)]
}

func fieldError(names map[string]bool, detail *huma.ErrorDetail, l Language) FieldError {
	path := detail.Location
	if name, ok := strings.CutPrefix(detail.Message, "expected required property "); ok {
		path += "." + strings.TrimSuffix(name, " to be present")
	}
	if name, ok := strings.CutPrefix(detail.Message, wrongTypeAt); ok {
		path += "." + name
	}
	for _, p := range fieldProblems {
		if strings.HasPrefix(detail.Message, p.phrase) {
			return FieldError{Field: longestKnown(names, path), Code: p.code, Text: p.text[l]}
		}
	}
	return FieldError{} // the last phrase is "": never reached
}

// longestKnown cuts a path ("body.consent.version") back to a known field ("consent.version"), or to "".
func longestKnown(names map[string]bool, path string) string {
	_, path, _ = strings.Cut(path, ".")
	for path != "" && !names[path] {
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return path
}

// fieldNames collects the names of an operation's parameters and of its body's fields.
func fieldNames(op *huma.Operation, schemas huma.Registry) map[string]bool {
	names := map[string]bool{}
	for _, p := range op.Parameters {
		names[p.Name] = true
	}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			addProperties(names, "", media.Schema, schemas)
		}
	}
	return names
}

func addProperties(names map[string]bool, prefix string, s *huma.Schema, schemas huma.Registry) {
	for s != nil && s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	if s == nil {
		return
	}
	for name, property := range s.Properties {
		names[prefix+name] = true
		addProperties(names, prefix+name+".", property, schemas)
	}
}
