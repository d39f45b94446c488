// Package handlers is the API's endpoints: the list of routes, request and response types, the one list of public errors
// and the texts of the document. Package web below it serves them.
//
// A handler reads its input, calls a service and returns a value or an error; it never writes an error itself.
package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"yibao/handlers/web"
	"yibao/identity"
)

// text is a sentence in Chinese and in English.
type text = web.Text

// Options are the services, regions and texts, which are required, and the settings of the process.
type Options struct {
	Sessions  Sessions
	Linking   Linking
	Balances  Balances
	RowCharts RowCharts
	Records   Records
	Reminders Reminders
	Catalogue Catalogue
	Regions   *identity.Regions
	Consent   identity.ConsentText

	web.Options
}

// server is shared by the handlers.
type server struct{ Options }

// New builds the whole app. It does not listen: tests call app.Test, programs app.Listener.
func New(o Options) (*fiber.App, error) {
	if o.Sessions == nil || o.Linking == nil || o.Balances == nil || o.Records == nil || o.RowCharts == nil || o.Reminders == nil || o.Catalogue == nil || o.Regions == nil {
		return nil, errors.New("handlers: a service or the directory of regions is missing")
	}
	o.SetDefaults()
	s := &server{o}
	return web.New(o.Options, web.API{
		Verify: o.Sessions.Verify, Classify: classify, Routes: s.routes(),
		Errors: publicErrors, Common: []*web.Error{errStore}, Document: apiDocument,
	})
}
