package web

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Note is one code as the document explains it, under x-codes.
type Note struct {
	Code   string `json:"code"`
	Status int    `json:"status,omitempty"` // of an error
	ZH     string `json:"zh"`
	EN     string `json:"en"`
}

const codesKey = "x-codes"

// Notes explains the codes of a map of texts, in the alphabet's order.
func Notes(texts map[string]Text) []Note {
	notes := make([]Note, 0, len(texts))
	for _, code := range slices.Sorted(maps.Keys(texts)) {
		notes = append(notes, Note{Code: code, ZH: texts[code][Chinese], EN: texts[code][English]})
	}
	return notes
}

func noteOf(e *Error) Note {
	f := Failure{Public: e}
	return Note{Code: e.Code, Status: e.Status, ZH: f.text(Chinese), EN: f.text(English)}
}

// possible lists the errors that a route can answer: its own, the common ones, and those that follow from its access and
// its input.
func (s *server) possible(op *huma.Operation, r Route) []*Error {
	list := slices.Concat([]*Error{ErrRate, ErrInternal, ErrTimedOut}, s.api.Common, r.Failures)
	if r.Access != Anyone {
		list = append(list, ErrToken)
	}
	if strings.Contains(r.Path, "{id}") {
		list = append(list, ErrNotFound)
	}
	if r.takesBody {
		list = append(list, ErrMalformed, ErrNotUTF8, ErrBodyMissing, ErrBodyTooLarge, ErrMediaType, ErrValidation)
	} else if slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.In == "query" }) {
		list = append(list, ErrValidation)
	}
	slices.SortFunc(list, func(a, b *Error) int {
		return cmp.Or(a.Status-b.Status, slices.Index(s.api.Errors, a)-slices.Index(s.api.Errors, b))
	})
	return list
}

// documentErrors replaces Huma's list of errors by each status with the codes it can come with.
func (s *server) documentErrors(op *huma.Operation, r Route) {
	problem := op.Responses["500"].Content
	maps.DeleteFunc(op.Responses, func(status string, _ *huma.Response) bool { return status >= "400" })
	for _, e := range s.possible(op, r) {
		status := strconv.Itoa(e.Status)
		response := op.Responses[status]
		if response == nil {
			response = &huma.Response{Content: problem, Extensions: map[string]any{codesKey: []Note{}}}
			op.Responses[status] = response
		}
		response.Extensions[codesKey] = append(response.Extensions[codesKey].([]Note), noteOf(e))
	}
}

// documentCodes explains the codes that answers carry. The codes of errors are no enum: there will be more.
func (s *server) documentCodes(schemas huma.Registry) {
	property := func(schema, field string) *huma.Schema { return schemas.Map()[schema].Properties[field] }
	for place, notes := range s.api.Document.Codes {
		schema, field, _ := strings.Cut(place, ".")
		p := property(schema, field)
		p.Extensions = map[string]any{codesKey: notes}
		p.Enum = nil
		for _, note := range notes {
			p.Enum = append(p.Enum, note.Code)
		}
	}
	var all []Note
	for _, e := range s.api.Errors {
		all = append(all, noteOf(e))
	}
	property("Problem", "code").Extensions = map[string]any{codesKey: all}
	property("FieldError", "code").Extensions = map[string]any{codesKey: s.fieldNotes()}
}

// fieldNotes are the codes of Huma's checks, and of the public errors that are about one field.
func (s *server) fieldNotes() []Note {
	texts := map[string]Text{}
	for _, p := range fieldProblems {
		texts[p.code] = p.text
	}
	for _, e := range s.api.Errors {
		if e.Field != "" || e.AnyField {
			texts[e.Code] = e.Text
		}
	}
	return Notes(texts)
}
