package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Fields are the texts of the document, by schema and property or by path and parameter. A parameter in the path is
// found under the path that ends with it ("/v1/insured/{id}"), so that all routes below share its text.
type Fields map[string]map[string]Text

// describe sets a description in both languages.
func describe(description *string, extensions *map[string]any, t Text) {
	if *extensions == nil {
		*extensions = map[string]any{}
	}
	*description, (*extensions)["x-description-en"] = t[Chinese], t[English]
}

// describeFields describes every field and parameter of the document. It fails on a field or parameter that has no text
// in both languages, and on a text that has no field.
func describeFields(document *huma.OpenAPI, operations []*huma.Operation, tables []Fields) error {
	texts := map[string]Text{}
	for _, table := range tables {
		for owner, list := range table {
			for name, t := range list {
				texts[owner+" "+name] = t
			}
		}
	}
	unused := maps.Clone(texts)
	var problems []string
	find := func(key string) Text {
		if t := texts[key]; t[Chinese] == "" || t[English] == "" {
			problems = append(problems, "no text in both languages: "+key)
		}
		delete(unused, key)
		return texts[key]
	}
	for name, schema := range document.Components.Schemas.Map() {
		for field, property := range schema.Properties {
			describe(&property.Description, &property.Extensions, find(name+" "+field))
		}
	}
	for _, op := range operations {
		if op.Description == "" || op.Extensions["x-description-en"] == "" {
			problems = append(problems, "no text in both languages: operation "+op.OperationID)
		}
		for _, p := range op.Parameters {
			if p.In == "header" {
				continue // see declareHeaders
			}
			owner := op.Path
			if before, _, found := strings.Cut(op.Path, "{"+p.Name+"}"); found {
				owner = before + "{" + p.Name + "}"
			}
			t := find(owner + " " + p.Name)
			describe(&p.Description, &p.Extensions, t)
			describe(&p.Schema.Description, &p.Schema.Extensions, t)
		}
	}
	for key := range unused {
		problems = append(problems, "no field for the text: "+key)
	}
	if len(problems) == 0 {
		return nil
	}
	slices.Sort(problems)
	return fmt.Errorf("web: the document: %s", strings.Join(problems, "; "))
}
