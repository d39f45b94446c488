package web

import (
	"cmp"
	"fmt"
	"strings"
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

// TestUnknownFieldsAreNamed: a developer is told which field is one too many, unless the name could be a person's data.
func TestUnknownFieldsAreNamed(t *testing.T) {
	t.Parallel()
	names := map[string]bool{"consent": true, "consent.version": true, "name": true}
	for location, want := range map[string]string{
		"body.treshold_fen":               "treshold_fen",
		"body.thresholdFen":               "thresholdFen",
		"body.Name":                       "Name",
		"body.consent.versoin":            "consent.versoin",
		"body.consent.测试甲":                "consent",
		"body.11010119000101001X":         "",
		"body.E12345678":                  "",
		"body.张三":                         "",
		"body.a.b":                        "",
		"body." + strings.Repeat("x", 41): "",
	} {
		for _, l := range []Language{Chinese, English} {
			found := fieldErrors(names, []error{&huma.ErrorDetail{Location: location, Message: "unexpected property"}}, l)
			if len(found) != 1 || found[0].Field != want || found[0].Code != "unknown_field" ||
				!strings.Contains(found[0].Detail, cmp.Or(want, "body")) {
				t.Errorf("%s: %+v", location, found)
			}
		}
	}
}
