package handlers

import (
	"context"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// access says who may use a route.
type access int

const (
	anyone  access = iota // no token is looked at
	visitor               // a token is not needed, but one that comes must be good
	citizen               // a good token is needed
)

// guarded is a router that puts the guard before every handler that is added to it.
type guarded struct {
	fiber.Router
	server *server
	routes map[string]route // by method and path, as Huma names it
}

// Add mounts the handlers behind the guard of their route.
func (g *guarded) Add(method, path string, handlers ...fiber.Handler) fiber.Router {
	r := g.routes[method+" "+path]
	guard := g.server.guard(g.server.metrics.endpoint(r))
	return g.Router.Add(method, path, append([]fiber.Handler{guard}, handlers...)...)
}

// fiberPath turns {id} into :id.
func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// guard is what stands between the middleware and a route's handler, in the order that costs least to refuse: body,
// token, limit of the user, the form of ids; then the deadline runs.
func (s *server) guard(e *endpoint) fiber.Handler {
	return func(c *fiber.Ctx) error {
		call := callIn(c)
		call.endpoint = e
		if err := checkBody(c, e.route); err != nil {
			return err
		}
		if err := s.authenticate(c, call, e.access); err != nil {
			return err
		}
		if call.caller != nil {
			if wait, ok := s.byUser.take(call.caller.UserID, s.Now()); !ok {
				return &failure{public: errRate, retry: wait}
			}
		}
		if id := c.Params("id", "none"); !plainID(id) {
			return fail(errNotFound)
		}
		limited, cancel := context.WithTimeout(call.Context, s.Deadline)
		defer cancel()
		call.Context = limited
		return c.Next()
	}
}

// checkBody refuses what no handler should see. The raw body is looked at: Fiber would unpack a compressed one, however
// large it becomes.
func checkBody(c *fiber.Ctx, r route) error {
	body := c.Request().Body()
	if len(body) > r.maxBody {
		return fail(errBodyTooLarge)
	}
	if len(body) == 0 || !r.takesBody {
		return nil
	}
	if len(c.Request().Header.ContentEncoding()) != 0 || !isJSON(c.Get(fiber.HeaderContentType)) {
		return fail(errMediaType)
	}
	if !utf8.Valid(body) {
		return fail(errNotUTF8)
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

// authenticate finds the caller behind the token.
func (s *server) authenticate(c *fiber.Ctx, call *call, who access) error {
	if who == anyone {
		return nil
	}
	authorization := c.Get(fiber.HeaderAuthorization)
	if authorization == "" && who == visitor {
		return nil
	}
	token, ok := bearer(authorization)
	if !ok {
		return fail(errToken)
	}
	caller, err := s.Sessions.Verify(call, token)
	if err != nil {
		return err
	}
	call.caller = caller
	return nil
}

// maxToken is far above what our tokens take.
const maxToken = 4096

// bearer reads "Bearer TOKEN"; the scheme's case does not matter (RFC 9110, 11.1).
func bearer(authorization string) (string, bool) {
	const scheme = "Bearer "
	if len(authorization) <= len(scheme) || len(authorization) > maxToken {
		return "", false
	}
	if !strings.EqualFold(authorization[:len(scheme)], scheme) {
		return "", false
	}
	return authorization[len(scheme):], true
}

// plainID says whether a text can be one of our ids. What cannot be is not found; it need not reach a store.
func plainID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case b >= '0' && b <= '9', b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '-', b == '_', b == '.', b == ':':
		default:
			return false
		}
	}
	return true
}
