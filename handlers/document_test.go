package handlers

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

// TestDocumentIsBilingual: every description is in both languages, and every field and parameter has one.
func TestDocumentIsBilingual(t *testing.T) {
	t.Parallel()
	var document map[string]any
	if err := json.Unmarshal([]byte(newRig(t).send(webtest.Request("GET", "/openapi.json", "")).Text), &document); err != nil {
		t.Fatal(err)
	}
	checkDescriptions(t, "", document)
}

func checkDescriptions(t *testing.T, path string, tree any) {
	t.Helper()
	switch node := tree.(type) {
	case []any:
		for _, item := range node {
			checkDescriptions(t, path, item)
		}
	case map[string]any:
		zh, described := node["description"].(string)
		en, _ := node["x-description-en"].(string)
		if described && path != "/info" && (!webtest.Han(zh) || en == "" || webtest.Han(en)) {
			t.Errorf("%s is described as %q and %q", path, zh, en)
		}
		if _, parameter := node["in"]; !described && (parameter || strings.HasSuffix(path, "/properties/"+last(path))) {
			t.Errorf("%s is not described", path)
		}
		for name, item := range node {
			if name != "examples" {
				checkDescriptions(t, path+"/"+name, item)
			}
		}
	}
}

// TestExamplesCanBe: a field with a list of allowed values shows one of them as its example. Without one the page would
// show the first of the list, which rarely goes with the other fields' examples.
func TestExamplesCanBe(t *testing.T) {
	t.Parallel()
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum, Examples []any }
				Required   []string
			}
		}
	}
	if err := json.Unmarshal([]byte(newRig(t).send(webtest.Request("GET", "/openapi.json", "")).Text), &document); err != nil {
		t.Fatal(err)
	}
	for schema, s := range document.Components.Schemas {
		for name, p := range s.Properties {
			if p.Enum == nil || p.Examples == nil && !slices.Contains(s.Required, name) {
				continue
			}
			if len(p.Examples) != 1 || !slices.Contains(p.Enum, p.Examples[0]) {
				t.Errorf("%s.%s shows %q of %q", schema, name, p.Examples, p.Enum)
			}
		}
	}
}

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// TestEveryRouteIsInAGroup: the page shows routes by the groups of the document.
func TestEveryRouteIsInAGroup(t *testing.T) {
	t.Parallel()
	var document struct {
		Tags  []struct{ Name string }
		Paths map[string]map[string]struct{ Tags []string }
	}
	if err := json.Unmarshal([]byte(newRig(t).send(webtest.Request("GET", "/openapi.json", "")).Text), &document); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, group := range document.Tags {
		known[group.Name] = true
	}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			if len(operation.Tags) != 1 || !known[operation.Tags[0]] {
				t.Errorf("%s %s is in %v, which is no group", method, path, operation.Tags)
			}
		}
	}
}
