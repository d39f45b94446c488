package web

import (
	"context"
	"crypto/rand"
	"net/netip"

	"github.com/gofiber/fiber/v2"

	"yibao/identity"
)

// call carries the facts of one request from layer to layer. It is also the request's context, so that handlers, which
// see no Fiber, find it. It is never pooled: a service may keep its context longer than the request lasts.
type call struct {
	context.Context // background at first, then the one with the deadline

	id       string // our own random id; none is accepted from the client
	language Language
	address  netip.Addr       // the zero Addr if it is not known
	endpoint *endpoint        // nil until a route is matched
	caller   *identity.Caller // nil without a token
	code     string           // of the problem that was answered; "" for none
	fault    string           // for the log: the types of an unknown error, or of a panic
}

// newCall starts a call in the language that the header asks for.
func newCall(acceptLanguage string) *call {
	return &call{Context: context.Background(), id: rand.Text(), language: parseLanguage(acceptLanguage)}
}

type callKey struct{}

// Value finds the call itself, then the values of the context below.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// callOf returns the request's call. If no middleware ran, as for a malformed request, it returns a new one.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return newCall("")
}

// callIn is callOf for Fiber's layers: it keeps the call if it had to make one.
func callIn(c *fiber.Ctx) *call {
	if found, ok := c.UserContext().(*call); ok {
		return found
	}
	made := newCall(c.Get(fiber.HeaderAcceptLanguage))
	c.SetUserContext(made)
	return made
}

// CallerOf returns the verified caller of a request; nil if the route needs no token and none came.
func CallerOf(ctx context.Context) *identity.Caller { return callOf(ctx).caller }

// LanguageOf returns the language that a request asks for.
func LanguageOf(ctx context.Context) Language { return callOf(ctx).language }

// AddressOf returns the address that a request came from, behind trusted proxies the client's; "" if it is not known.
func AddressOf(ctx context.Context) string {
	if address := callOf(ctx).address; address.IsValid() {
		return address.String()
	}
	return ""
}
