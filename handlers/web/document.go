package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Document holds the parts of the OpenAPI document that routes and types do not have.
type Document struct {
	Title string
	About Text // opens the document; the two languages are parted by an empty line, so neither has one
	Token Text // how to get a token
	// License and Contact are the document's info; neither is translated.
	License, LicenseID, Contact string
	// Operations say what each operation does, by its id.
	Operations map[string]Text
	Groups     []Group
	Fields     []Fields
	Codes      map[string][]Note // "Schema.property" → its values
}

// Group is a group of routes in the document, by the second part of their paths.
type Group struct {
	Name  string
	Title Text
}

// scheme is the name of the token in the document.
const scheme = "bearer"

// config is Huma without its own additions: schema links, pages that load from other hosts, CBOR.
func (s *server) config() huma.Config {
	d := s.api.Document
	token := &huma.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: "JWT"}
	describe(&token.Description, &token.Extensions, d.Token)
	tags := make([]*huma.Tag, len(d.Groups))
	for i, g := range d.Groups {
		tags[i] = &huma.Tag{Name: g.Name}
		describe(&tags[i].Description, &tags[i].Extensions, g.Title)
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: d.Title, Version: s.Version, Description: d.About[Chinese] + "\n\n" + d.About[English],
				License: &huma.License{Name: d.License, Identifier: d.LicenseID}, Contact: &huma.Contact{Name: d.Contact},
			},
			Servers: []*huma.Server{{URL: "/"}}, // the host that serves the document
			Tags:    tags,
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{scheme: token},
			},
		},
		// Huma looks for the second behind application/problem+json.
		Formats:       map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat, sheetFormat: tableFormat},
		DefaultFormat: "application/json",
	}
}

// operation is the route as Huma registers it.
func (r Route) operation() huma.Operation {
	op := huma.Operation{
		OperationID:   r.ID,
		Method:        r.Method,
		Path:          r.Path,
		Summary:       r.summary[Chinese],
		Tags:          []string{strings.Split(r.Path, "/")[2]},
		DefaultStatus: r.status,
		Errors:        []int{http.StatusInternalServerError}, // for their shape; documentErrors lists them all
		MaxBodyBytes:  int64(r.maxBody) + 2,                  // the guard has refused longer ones; Huma refuses at its limit, not above
		Extensions:    map[string]any{"x-summary-en": r.summary[English]},
	}
	if r.picture != "" {
		op.Responses = map[string]*huma.Response{"200": {Content: map[string]*huma.MediaType{r.picture: {Schema: &huma.Schema{Type: huma.TypeString}}}}}
	}
	switch r.Access {
	case Citizen:
		op.Security = []map[string][]string{{scheme: {}}}
	case Visitor:
		op.Security = []map[string][]string{{}, {scheme: {}}}
	case Anyone:
		op.Security = []map[string][]string{}
	}
	return op
}

// finish adds the facts that no type has: statuses of success with their examples, errors and titles.
func (s *server) finish(op *huma.Operation, r Route) {
	for status, example := range r.examples {
		media := *op.Responses["200"].Content["application/json"]
		media.Example = example
		op.Responses[strconv.Itoa(status)] = &huma.Response{Content: map[string]*huma.MediaType{"application/json": &media}}
	}
	if r.patches {
		op.RequestBody.Content[mergePatch] = op.RequestBody.Content["application/json"]
	}
	if r.sheets {
		documentSheet(op)
	}
	s.documentErrors(op, r)
	for status, response := range op.Responses {
		number, _ := strconv.Atoi(status)
		describe(&response.Description, &response.Extensions, titles[number])
	}
	describe(&op.Description, &op.Extensions, s.api.Document.Operations[r.ID])
	declareHeaders(op)
}
