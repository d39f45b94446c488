package web

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
)

// Route is one line of an API's list.
type Route struct {
	Method, Path string
	Access       Access
	ID           string   // of the operation in the document
	Failures     []*Error // its own, beside those that follow from access and input

	summary   Text
	status    int         // of success
	examples  map[int]any // by status of success, if there are several
	takesBody bool
	maxBody   int
	picture   string // the media type of an answer that is no JSON
	sheets    bool   // answers a Sheet
	patches   bool   // takes a JSON merge patch
	probe     bool   // asked by machines all the time: not worth a line in the log
	register  func(huma.API, huma.Operation)
}

// On reads "GET /path" and ties a typed handler to it. The path's second part ("/v1/GROUP") is the route's group.
func On[I, O any](pattern string, access Access, id string, summary Text, handler func(context.Context, *I) (*O, error)) Route {
	method, path, _ := strings.Cut(pattern, " ")
	_, takesBody := reflect.TypeFor[I]().FieldByName("Body")
	return Route{
		Method: method, Path: path, Access: access, ID: id, summary: summary, takesBody: takesBody, maxBody: maxBody,
		register: func(api huma.API, op huma.Operation) { huma.Register(api, op, handler) },
	}
}

// Created answers 201.
func (r Route) Created() Route { r.status = http.StatusCreated; return r }

// Accepted answers 202.
func (r Route) Accepted() Route { r.status = http.StatusAccepted; return r }

// Picture answers text of another media type than JSON, such as image/svg+xml.
func (r Route) Picture(mediaType string) Route { r.picture = mediaType; return r }

// MergePatch takes a JSON merge patch (RFC 7396), as application/merge-patch+json or as plain JSON.
func (r Route) MergePatch() Route { r.patches = true; return r }

// Shows documents several statuses of success, with an example each.
func (r Route) Shows(examples map[int]any) Route { r.examples = examples; return r }

// Fails documents the errors of the route's own.
func (r Route) Fails(errors ...*Error) Route { r.Failures = errors; return r }

// mount adds every route, the OpenAPI document and the page that shows it.
func (s *server) mount(app *fiber.App) error {
	router := &guarded{Router: app}
	config := s.config()
	var operations []*huma.Operation
	config.OnAddOperation = []huma.AddOpFunc{func(_ *huma.OpenAPI, op *huma.Operation) { operations = append(operations, op) }}
	api := humafiber.NewWithGroup(app, router, config)
	for i, r := range s.api.Routes {
		e := s.endpoint(r)
		router.guard = s.guard(e)
		r.register(api, r.operation())
		e.fields = fieldNames(operations[i], api.OpenAPI().Components.Schemas)
		s.finish(operations[i], r)
	}
	s.documentCodes(api.OpenAPI().Components.Schemas)
	if err := openAnswers(operations, api.OpenAPI().Components.Schemas); err != nil {
		return err
	}
	s.pages(app, api)
	return describeFields(api.OpenAPI(), operations, append([]Fields{problemFields}, s.api.Document.Fields...))
}
