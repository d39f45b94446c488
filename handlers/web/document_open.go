package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// openAnswers lets answers have fields that the document does not name yet, so that a new field breaks no client. Requests
// stay closed: a field that is not known is refused. It fails on a schema that is in both.
func openAnswers(operations []*huma.Operation, schemas huma.Registry) error {
	asked, answered := map[string]bool{}, map[string]bool{}
	for _, op := range operations {
		if op.RequestBody != nil {
			addSchemas(asked, op.RequestBody.Content, schemas)
		}
		for _, response := range op.Responses {
			addSchemas(answered, response.Content, schemas)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(answered)) {
		if asked[name] {
			return fmt.Errorf("web: the document: %s is in a request and in an answer", name)
		}
		if closed, ok := schemas.Map()[name].AdditionalProperties.(bool); ok && !closed {
			schemas.Map()[name].AdditionalProperties = nil
		}
	}
	return nil
}

func addSchemas(found map[string]bool, content map[string]*huma.MediaType, schemas huma.Registry) {
	for _, media := range content {
		addSchema(found, media.Schema, schemas)
	}
}

// addSchema adds the names of a schema and of all below it.
func addSchema(found map[string]bool, s *huma.Schema, schemas huma.Registry) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		if found[name] {
			return
		}
		found[name] = true
		s = schemas.SchemaFromRef(s.Ref)
	}
	for _, property := range s.Properties {
		addSchema(found, property, schemas)
	}
	values, _ := s.AdditionalProperties.(*huma.Schema)
	for _, below := range slices.Concat(s.OneOf, s.AnyOf, s.AllOf, []*huma.Schema{s.Items, values}) {
		addSchema(found, below, schemas)
	}
}
