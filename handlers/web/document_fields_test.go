package web

import (
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

type Described struct {
	Name string `json:"name"`
}

// TestFieldsAndTextsGoTogether: a field or a parameter without a text in both languages is an error, and so is a text
// without a field.
func TestFieldsAndTextsGoTogether(t *testing.T) {
	t.Parallel()
	whole := func() Fields {
		return Fields{
			"Described":          {"name": {"名称", "Name"}},
			"/things/{id}":       {"id": {"编号", "Id"}},
			"/things/{id}/parts": {"step": {"步长", "Step"}},
		}
	}
	for wrong, change := range map[string]func(Fields){
		"": func(Fields) {},
		"no text in both languages: Described name":          func(f Fields) { f["Described"] = nil },
		"no text in both languages: /things/{id} id":         func(f Fields) { f["/things/{id}"]["id"] = Text{"编号"} },
		"no text in both languages: /things/{id}/parts step": func(f Fields) { f["/things/{id}/parts"]["step"] = Text{English: "Step"} },
		"no field for the text: Described age":               func(f Fields) { f["Described"]["age"] = Text{"年龄", "Age"} },
		"no field for the text: /things/{id}/parts id":       func(f Fields) { f["/things/{id}/parts"]["id"] = Text{"编号", "Id"} },
	} {
		registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
		registry.Schema(reflect.TypeFor[Described](), true, "")
		document := &huma.OpenAPI{Components: &huma.Components{Schemas: registry}}
		op := &huma.Operation{Path: "/things/{id}/parts", Parameters: []*huma.Param{
			{Name: "id", In: "path", Schema: &huma.Schema{}}, {Name: "step", In: "query", Schema: &huma.Schema{}},
		}}
		describe(&op.Description, &op.Extensions, Text{"部件。", "Parts."})
		table := whole()
		change(table)
		err := describeFields(document, []*huma.Operation{op}, []Fields{table})
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("want %q, got %v", wrong, err)
		}
		if step := op.Parameters[1]; wrong == "" && (step.Description != "步长" || step.Schema.Extensions["x-description-en"] != "Step") {
			t.Errorf("%+v", step)
		}
	}
}
