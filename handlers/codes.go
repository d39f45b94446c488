package handlers

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yibao/balance"
)

// codeNote is one code as the document explains it, under x-codes.
type codeNote struct {
	Code   string `json:"code"`
	Status int    `json:"status,omitempty"` // of an error
	ZH     string `json:"zh"`
	EN     string `json:"en"`
}

func noteOf(e *publicError) codeNote { return codeNote{e.code, e.status, e.text.zh, e.text.en} }

const codesKey = "x-codes"

// possible lists the errors that a route can answer: its own, and those that follow from its access and its input.
func (r route) possible(op *huma.Operation) []*publicError {
	list := append([]*publicError{errRate, errInternal, errStore, errTimedOut}, r.failures...)
	if r.access != anyone {
		list = append(list, errToken)
	}
	if strings.Contains(r.path, "{id}") {
		list = append(list, errNotFound)
	}
	if r.takesBody {
		list = append(list, errMalformed, errNotUTF8, errBodyMissing, errBodyTooLarge, errMediaType, errValidation)
	} else if slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.In == "query" }) {
		list = append(list, errValidation)
	}
	slices.SortFunc(list, func(a, b *publicError) int {
		return cmp.Or(a.status-b.status, slices.Index(publicErrors, a)-slices.Index(publicErrors, b))
	})
	return list
}

// documentErrors replaces what Huma says of errors by each status with the codes it can come with.
func documentErrors(op *huma.Operation, r route) {
	problem := op.Responses["500"].Content
	maps.DeleteFunc(op.Responses, func(status string, _ *huma.Response) bool { return status >= "400" })
	for _, e := range r.possible(op) {
		status := strconv.Itoa(e.status)
		response := op.Responses[status]
		if response == nil {
			response = &huma.Response{Content: problem, Extensions: map[string]any{codesKey: []codeNote{}}}
			op.Responses[status] = response
		}
		if e.retry > 0 {
			header := &huma.Param{Schema: &huma.Schema{Type: huma.TypeInteger}}
			describe(&header.Description, &header.Extensions, text{"秒数，之后可以重试", "Seconds after which to try again"})
			response.Headers = map[string]*huma.Param{"Retry-After": header}
		}
		response.Extensions[codesKey] = append(response.Extensions[codesKey].([]codeNote), noteOf(e))
	}
}

// documentCodes explains the codes that answers carry, from the lists they are made of. The codes of errors are no enum:
// there will be more.
func documentCodes(schemas huma.Registry) {
	property := func(schema, field string) *huma.Schema { return schemas.Map()[schema].Properties[field] }
	for _, c := range []struct {
		schema, field string
		notes         []codeNote
	}{
		{"AttemptView", "reason", notesOf(failureTexts)},
		{"DeliveryView", "reason", notesOf(reasonTexts)},
		{"DeliveryView", "state", notesOf(deliveryTexts)},
		{"EnrolmentView", "status", statusNotes()},
		{"ReminderView", "last_reason", notesOf(evaluationTexts)},
	} {
		p := property(c.schema, c.field)
		p.Extensions = map[string]any{codesKey: c.notes}
		p.Enum = nil
		for _, note := range c.notes {
			p.Enum = append(p.Enum, note.Code)
		}
	}
	property("Problem", "code").Extensions = map[string]any{codesKey: each(publicErrors, noteOf)}
	property("FieldError", "code").Extensions = map[string]any{codesKey: fieldNotes()}
}

// notesOf explains the codes of a map of texts, in the alphabet's order.
func notesOf(texts map[string]text) []codeNote {
	return each(slices.Sorted(maps.Keys(texts)), func(code string) codeNote {
		return codeNote{Code: code, ZH: texts[code].zh, EN: texts[code].en}
	})
}

// fieldNotes are the codes of what Huma checks, and of the public errors that are about one field.
func fieldNotes() []codeNote {
	texts := map[string]text{}
	for _, p := range fieldProblems {
		texts[p.code] = p.text
	}
	for _, e := range publicErrors {
		if e.field != "" || e == errRange { // which field of a range depends
			texts[e.code] = e.text
		}
	}
	return notesOf(texts)
}

// statuses are all states of an enrolment.
var statuses = []balance.Status{
	balance.StatusNone, balance.StatusActive, balance.StatusPaused, balance.StatusInvalid, balance.StatusEnded, balance.StatusUnknown,
}

func statusNotes() []codeNote {
	return each(statuses, func(s balance.Status) codeNote {
		return codeNote{Code: string(s), ZH: balance.StatusName(s, "zh"), EN: balance.StatusName(s, "en")}
	})
}
