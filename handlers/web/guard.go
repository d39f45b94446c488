package web

import (
	"context"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// Access says which token a route needs.
type Access int

// The kinds of access.
const (
	Anyone  Access = iota // no token is looked at
	Visitor               // a token is not needed, but one that comes must be good
	Citizen               // a good token is needed
)

// guarded is a router that puts the guard of a route before the handlers that Huma adds.
type guarded struct {
	fiber.Router
	guard fiber.Handler
}

// Add mounts the handlers behind the guard.
func (g *guarded) Add(method, path string, handlers ...fiber.Handler) fiber.Router {
	return g.Router.Add(method, path, append([]fiber.Handler{g.guard}, handlers...)...)
}

// fiberPath turns {id} into :id.
func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// guard stands between the middleware and a route's handler. It starts the deadline, and checks in the order that costs
// least to refuse: body, token, limit of the user, the form of ids.
func (s *server) guard(e *endpoint) fiber.Handler {
	return func(c *fiber.Ctx) error {
		call := callIn(c)
		call.endpoint = e
		if err := checkBody(c, &e.Route); err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(call.Context, s.Deadline)
		defer cancel()
		call.Context = limited
		if err := s.authenticate(c, call, e.Access); err != nil {
			return err
		}
		if call.caller != nil {
			if wait, ok := s.byUser.take(call.caller.UserID, s.Now()); !ok {
				return &Failure{Public: ErrRate, Retry: wait}
			}
		}
		if id := c.Params("id", "none"); !plainID(id) {
			return ErrNotFound
		}
		return c.Next()
	}
}

// checkBody refuses bodies that no handler should see. It looks at the raw body: Fiber would unpack a compressed one,
// however large it becomes.
func checkBody(c *fiber.Ctx, r *Route) error {
	body := c.Request().Body()
	if len(body) > r.maxBody {
		return ErrBodyTooLarge
	}
	if len(body) == 0 || !r.takesBody {
		return nil
	}
	if len(c.Request().Header.ContentEncoding()) != 0 || !isJSON(c.Get(fiber.HeaderContentType)) {
		return ErrMediaType
	}
	if !utf8.Valid(body) {
		return ErrNotUTF8
	}
	return nil
}

// isJSON accepts application/json, in UTF-8 where it says a character set.
func isJSON(contentType string) bool {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || kind != fiber.MIMEApplicationJSON {
		return false
	}
	charset, said := parameters["charset"]
	return !said || strings.EqualFold(charset, "utf-8")
}

// maxToken is far above the length of our tokens.
const maxToken = 4096

// authenticate finds the caller behind "Bearer TOKEN"; the scheme's case does not matter (RFC 9110, 11.1).
func (s *server) authenticate(c *fiber.Ctx, call *call, access Access) error {
	authorization := c.Get(fiber.HeaderAuthorization)
	if access == Anyone || authorization == "" && access == Visitor {
		return nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	if token == "" || len(authorization) > maxToken || !strings.EqualFold(scheme, "Bearer") {
		return ErrToken
	}
	caller, err := s.api.Verify(call, token)
	if err != nil {
		return err
	}
	call.caller = caller
	return nil
}

// idLetters are all that our ids are made of.
const idLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:"

// plainID says whether a text can be one of our ids. If not, the answer is 404 and no store is asked.
func plainID(id string) bool {
	return id != "" && len(id) <= 128 && strings.Trim(id, idLetters) == ""
}
