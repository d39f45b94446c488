package handlers

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

// schema is what a test reads of a schema of the document.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Format               string
	Enum                 []any
	Properties           map[string]schema
	Items                *schema
	OneOf                []schema
	AdditionalProperties any
	Required             []string
}

type content map[string]struct{ Schema schema }

// contract is the document as those read it who generate clients from it.
type contract struct {
	Info struct {
		License struct{ Name, Identifier string }
		Contact struct{ Name string }
	}
	Servers    []struct{ URL string }
	Components struct{ Schemas map[string]schema }
	Paths      map[string]map[string]struct {
		Description string
		Parameters  []struct {
			Name, In string
			Schema   schema
		}
		RequestBody struct{ Content content }
		Responses   map[string]struct {
			Headers map[string]any
			Content content
		}
	}
}

func readContract(t *testing.T) (contract, string) {
	t.Helper()
	text := newRig(t).send(webtest.Request("GET", "/openapi.json", "")).Text
	var c contract
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c, text
}

// walk visits a schema and all below it, each named schema once.
func (c contract) walk(s schema, path string, seen map[string]bool, visit func(path string, s schema)) {
	if s.Ref != "" {
		name := last(s.Ref)
		if seen[name] {
			return
		}
		seen[name] = true
		s, path = c.Components.Schemas[name], name
	}
	visit(path, s)
	for name, property := range s.Properties {
		c.walk(property, path+"."+name, seen, visit)
	}
	for _, one := range s.OneOf {
		c.walk(one, path, seen, visit)
	}
	if s.Items != nil {
		c.walk(*s.Items, path, seen, visit)
	}
}

// bodies visits the schemas of all requests, or of all answers.
func (c contract) bodies(requests bool, visit func(path string, s schema)) {
	seen := map[string]bool{}
	for _, methods := range c.Paths {
		for _, op := range methods {
			all := []content{op.RequestBody.Content}
			if !requests {
				all = nil
				for _, response := range op.Responses {
					all = append(all, response.Content)
				}
			}
			for _, one := range all {
				for _, media := range one {
					c.walk(media.Schema, "", seen, visit)
				}
			}
		}
	}
}

// TestAnswersAreOpenAndRequestsClosed: a new field in an answer breaks no client that checks answers by the document; a
// field that is not known is refused in a request.
func TestAnswersAreOpenAndRequestsClosed(t *testing.T) {
	t.Parallel()
	c, _ := readContract(t)
	c.bodies(false, func(path string, s schema) {
		if s.AdditionalProperties == false {
			t.Errorf("%s is in an answer and closed", path)
		}
	})
	c.bodies(true, func(path string, s schema) {
		if s.Properties != nil && s.AdditionalProperties != false {
			t.Errorf("%s is in a request and open", path)
		}
	})
}

// TestEnumsOfAnswersAreThoseOfRequests: a field that has a list of values in a body has it in every answer, a parameter in the
// answer of its own operation: the kinds of bills are others than those of ledgers.
func TestEnumsOfAnswersAreThoseOfRequests(t *testing.T) {
	t.Parallel()
	c, _ := readContract(t)
	asked := map[string][]any{}
	c.bodies(true, func(path string, s schema) {
		if s.Enum != nil {
			asked[last(strings.ReplaceAll(path, ".", "/"))] = s.Enum
		}
	})
	asked["methods"] = asked["method"]
	met := map[string]bool{}
	compare := func(asked map[string][]any) func(string, schema) {
		return func(path string, s schema) {
			name := last(strings.ReplaceAll(path, ".", "/"))
			values, ok := asked[name]
			if !ok || s.Type == "array" {
				return
			}
			met[name] = true
			if s.Enum == nil || name != "step" && name != "format" && len(s.Enum) != len(values) || slices.ContainsFunc(s.Enum, func(v any) bool { return !slices.Contains(values, v) }) {
				t.Errorf("%s has %v, a request %v", path, s.Enum, values)
			}
		}
	}
	c.bodies(false, compare(asked))
	for _, methods := range c.Paths {
		for _, op := range methods {
			own := map[string][]any{}
			for _, p := range op.Parameters {
				if p.Schema.Enum != nil {
					own[p.Name] = p.Schema.Enum
				}
			}
			for _, media := range op.Responses["200"].Content {
				c.walk(media.Schema, "", map[string]bool{}, compare(own))
			}
		}
	}
	for _, name := range []string{"platform", "relation", "method", "methods", "step", "gaps", "format", "kind", "state"} {
		if !met[name] {
			t.Errorf("no answer has %s", name)
		}
	}
}

// TestDaysAreDates: every field that is a day says so.
func TestDaysAreDates(t *testing.T) {
	t.Parallel()
	c, text := readContract(t)
	for schema, fields := range map[string][]string{
		"EnrolmentView": {"enrolled_on", "paused_on"}, "TrendMeta": {"from", "to", "since"}, "ListMeta": {"complete_to"}, "MonthsMeta": {"from", "to", "complete_to"},
		"ContributionView": {"paid_on"}, "DesignatedView": {"from", "to"}, "FlagView": {"day"},
	} {
		for _, field := range fields {
			if got := c.Components.Schemas[schema].Properties[field].Format; got != "date" {
				t.Errorf("%s.%s is of the format %q", schema, field, got)
			}
		}
	}
	for path, methods := range c.Paths {
		for _, p := range methods["get"].Parameters {
			if (p.Name == "from" || p.Name == "to") && p.Schema.Format != "date" {
				t.Errorf("%s: the parameter %s is of the format %q", path, p.Name, p.Schema.Format)
			}
		}
	}
	if strings.Contains(text, "patternDescription") {
		t.Error("patternDescription is no word of JSON Schema")
	}
}

// TestChartsAreTypedByFormat: format tells the shape of chart, and no schema is left without one.
func TestChartsAreTypedByFormat(t *testing.T) {
	t.Parallel()
	c, _ := readContract(t)
	formats := map[string]bool{}
	for _, one := range slices.Concat(c.Components.Schemas["TrendView"].OneOf, c.Components.Schemas["MonthsView"].OneOf) {
		s := c.Components.Schemas[last(one.Ref)]
		chart := s.Properties["chart"]
		if len(s.Properties["format"].Enum) != 1 || chart.Ref == "" && (chart.Items == nil || chart.Items.Ref == "") || !slices.Contains(s.Required, "format") {
			t.Errorf("%s: %+v", one.Ref, s)
			continue
		}
		formats[fmt.Sprint(s.Properties["format"].Enum[0])] = true
	}
	if len(formats) != 4 {
		t.Errorf("formats %v", formats)
	}
	c.bodies(false, func(path string, s schema) {
		if s.Type == nil && s.OneOf == nil {
			t.Errorf("%s has no type", path)
		}
	})
}

// TestHeadersAreDeclared: those that each operation reads and writes, and where the document is served.
func TestHeadersAreDeclared(t *testing.T) {
	t.Parallel()
	c, _ := readContract(t)
	if c.Info.License.Name == "" || c.Info.License.Identifier == "" || c.Info.Contact.Name == "" || len(c.Servers) != 1 {
		t.Errorf("%+v, servers %v", c.Info, c.Servers)
	}
	for path, methods := range c.Paths {
		for method, op := range methods {
			reads := false
			for _, p := range op.Parameters {
				reads = reads || p.Name == "Accept-Language" && p.In == "header"
			}
			if !reads || op.Description == "" {
				t.Errorf("%s %s does not read Accept-Language, or is not described", method, path)
			}
			for status, response := range op.Responses {
				_, id := response.Headers["X-Request-Id"]
				_, wait := response.Headers["Retry-After"]
				if !id || wait != (status == "429" || status == "503") {
					t.Errorf("%s %s %s declares %v", method, path, status, response.Headers)
				}
			}
		}
	}
}
