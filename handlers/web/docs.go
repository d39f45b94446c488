package web

import (
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// docsPage lists the operations of /openapi.json. It loads nothing from other hosts.
//
//go:embed docs.html
var docsPage string

// pages mounts the OpenAPI document and the page that shows it. Neither is personal, so both may be kept by browsers. The
// document is written out when it is first asked for: most processes that are started, in tests above all, never are.
func (s *server) pages(app *fiber.App, api huma.API) {
	written := sync.OnceValues(func() ([]byte, error) { return json.Marshal(api.OpenAPI()) })
	s.plain(app, "/openapi.json", false, func(c *fiber.Ctx) error {
		document, err := written()
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderCacheControl, "public, max-age=300")
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
		return c.Send(document)
	})
	policy := docsPolicy(docsPage)
	s.plain(app, "/docs", false, func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderCacheControl, "public, max-age=300")
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		c.Set(fiber.HeaderContentSecurityPolicy, policy)
		return c.SendString(docsPage)
	})
}

// docsPolicy allows the page exactly the script and the style it has, and to read the document from here.
func docsPolicy(page string) string {
	return "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" +
		"; script-src '" + inlineHash(page, "script") + "'; style-src '" + inlineHash(page, "style") + "'"
}

// inlineHash is what a policy names an inline element by.
func inlineHash(page, tag string) string {
	_, rest, _ := strings.Cut(page, "<"+tag+">")
	content, _, _ := strings.Cut(rest, "</"+tag+">")
	sum := sha256.Sum256([]byte(content))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
