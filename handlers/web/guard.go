package web

import (
	"context"
	"strings"

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

// guard stands between the middleware and a route's handler. It starts the deadline, and checks in the order that costs least
// to refuse: the length that the body is said to have, token, limits, the form of ids, the body.
func (s *server) guard(e *endpoint) fiber.Handler {
	return func(c *fiber.Ctx) error {
		call := callIn(c)
		call.endpoint = e
		if c.Request().Header.ContentLength() > e.maxBody {
			return ErrBodyTooLarge
		}
		limited, cancel := context.WithTimeout(call.Context, s.Deadline)
		defer cancel()
		call.Context = limited
		if err := s.authenticate(c, call, e.Access); err != nil {
			return err
		}
		if err := s.charge(call); err != nil {
			return err
		}
		if id := c.Params("id", "none"); !plainID(id) {
			return ErrNotFound
		}
		if !e.sheets {
			c.Request().Header.Del(fiber.HeaderAccept) // there is JSON alone, which is answered whatever is asked for
		}
		if e.takesBody {
			if err := takeBody(c, e.maxBody, e.patches); err != nil {
				return err
			}
		}
		return c.Next()
	}
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
	if err := s.checkToken(token); err != nil {
		return err
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
