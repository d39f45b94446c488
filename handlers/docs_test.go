package handlers

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestDocumentIsBilingual: whatever the document describes it describes in both languages, and it describes every field
// and every parameter.
func TestDocumentIsBilingual(t *testing.T) {
	t.Parallel()
	var document map[string]any
	if err := json.Unmarshal([]byte(newRig(t).send(request("GET", "/openapi.json", "")).body), &document); err != nil {
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
		if described && path != "/info" && (!han(zh) || en == "" || han(en) || strings.Contains(zh+en, languageBar)) {
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

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
