package web

import (
	"fmt"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestFieldErrorsAreBounded: a body full of mistakes gets an answer of a bounded length, without repetitions.
func TestFieldErrorsAreBounded(t *testing.T) {
	t.Parallel()
	names, details := map[string]bool{}, []error{}
	for i := range 30 {
		name := fmt.Sprintf("field%02d", i)
		names[name] = true
		for range 2 {
			details = append(details, &huma.ErrorDetail{Location: "body." + name, Message: "expected string"})
		}
	}
	found := fieldErrors(names, details, English)
	if len(found) != maxFieldErrors || found[1] != (FieldError{"field01", "wrong_type", "This is not right.", "field01 is of another JSON type."}) {
		t.Errorf("%d: %+v", len(found), found)
	}
}
