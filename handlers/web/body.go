package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// fasthttp hands over a request once its headers are there and, of a body with a length, the first 8 KB. The rest is read
// here, for routes that take one; so a body costs memory as it arrives, and never more than its route allows.

const (
	// maxBody is the longest body of an ordinary route.
	maxBody = 64 << 10
	// firstRead is how much of a body fasthttp reads before the handler runs.
	firstRead = 8 << 10
)

// takeBody reads the body of a route that takes one, and puts it back for Huma. It refuses bodies that no handler should
// see. It looks at the raw body: Fiber would unpack a compressed one, however large it becomes.
func takeBody(c *fiber.Ctx, most int, patches bool) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(stream, int64(most)+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrReadTimeout
	case err != nil: // it was cut off, or its chunks are none
		return ErrBadRequest
	case len(body) > most:
		return ErrBodyTooLarge
	}
	c.Request().SetBodyStream(bytes.NewReader(body), len(body))
	switch {
	case len(body) == 0:
		return nil
	case len(c.Request().Header.ContentEncoding()) != 0 || !isJSON(c.Get(fiber.HeaderContentType), patches):
		return ErrMediaType
	case !utf8.Valid(body):
		return ErrNotUTF8
	}
	return nil
}

// mergePatch is the media type of RFC 7396.
const mergePatch = "application/merge-patch+json"

// isJSON accepts application/json, and a merge patch where one is taken, in UTF-8 where it says a character set.
func isJSON(contentType string, patches bool) bool {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || kind != fiber.MIMEApplicationJSON && (kind != mergePatch || !patches) {
		return false
	}
	charset, said := parameters["charset"]
	return !said || strings.EqualFold(charset, "utf-8")
}

// leaveNothing keeps the rest of a body from being read as the next request of its connection. A short rest has arrived
// already and is dropped. With a longer one the connection ends, and so it does behind every body in chunks: fasthttp reads
// sizes like "0x5" that another reader takes for another size.
func leaveNothing(ctx *fasthttp.RequestCtx, announced int) {
	stream := ctx.RequestBodyStream()
	if stream == nil {
		return
	}
	if _, taken := stream.(*bytes.Reader); taken && announced >= 0 {
		return
	}
	if announced >= 0 && announced <= firstRead {
		if _, err := io.Copy(io.Discard, stream); err == nil {
			return
		}
	}
	hangUp(ctx)
}

// hangUp ends the connection behind the answer. The client may still be sending: see conn.
func hangUp(ctx *fasthttp.RequestCtx) {
	ctx.SetConnectionClose()
	if c, ok := ctx.Conn().(*conn); ok && ctx.Response.StatusCode() != fiber.StatusRequestTimeout {
		c.linger.Store(true)
	}
}
