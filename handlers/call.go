package handlers

import (
	"context"
	"net/netip"

	"github.com/gofiber/fiber/v2"

	"yibao/identity"
)

// call is what the layers of one request tell each other. It is also the request's context, so that handlers, which see
// no Fiber, find it with callOf. It is never pooled: a service may keep its context longer than the request lasts.
type call struct {
	context.Context // background at first, then the one with the deadline

	id       string // our own random id; none is accepted from the client
	language language
	address  netip.Addr
	endpoint *endpoint        // nil until a route is matched
	caller   *identity.Caller // nil without a token
	code     string           // of the problem that was answered; "" for none
	fault    string           // for the log: the types of an unknown error, or where a panic came from
}

type callKey struct{}

// Value finds the call itself, then what lies below.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// callOf returns the request's call. Without one (a request so malformed that no middleware ran) it returns a new one.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return newCall("")
}

// callIn is callOf for Fiber's layers: it keeps what it had to make.
func callIn(c *fiber.Ctx) *call {
	if found, ok := c.UserContext().(*call); ok {
		return found
	}
	made := newCall(c.Get(fiber.HeaderAcceptLanguage))
	c.SetUserContext(made)
	return made
}

// callerOf returns the verified caller; nil on routes that need no token when none came.
func callerOf(ctx context.Context) *identity.Caller { return callOf(ctx).caller }
