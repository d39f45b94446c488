package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5/static"
	"github.com/swaggest/swgui/v5emb"
	"github.com/valyala/fasthttp"
)

// pages mounts the OpenAPI document, and Swagger UI, which shows it. /openapi.json has both languages; the page asks for
// one (?lang=zh, ?lang=en). A document is written when it is first asked for: most processes, those of tests above all,
// are never asked.
func (s *server) pages(app *fiber.App, api huma.API) {
	documents := map[string]func() ([]byte, error){
		"":   sync.OnceValues(func() ([]byte, error) { return json.Marshal(api.OpenAPI()) }),
		"zh": sync.OnceValues(func() ([]byte, error) { return s.inOneLanguage(api.OpenAPI(), Chinese) }),
		"en": sync.OnceValues(func() ([]byte, error) { return s.inOneLanguage(api.OpenAPI(), English) }),
	}
	s.page(app, "/openapi.json", func(c *fiber.Ctx) error {
		write := documents[c.Query("lang")]
		if write == nil {
			write = documents[""]
		}
		document, err := write()
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
		return c.Send(document)
	})
	ui := [...]fiber.Handler{s.swagger(Chinese), s.swagger(English)}
	s.page(app, "/docs", func(c *fiber.Ctx) error {
		l := Chinese
		if c.Query("lang") == "en" {
			l = English
		}
		if err := ui[l](c); err != nil {
			return err
		}
		page := bytes.Replace(c.Response().Body(), []byte(`lang="en"`), []byte(`lang="`+l.Tag()+`"`), 1)
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		c.Set(fiber.HeaderContentSecurityPolicy, docsPolicy(page))
		return c.Send(page)
	})
	for _, name := range []string{"swagger-ui.css.gz", "swagger-ui-bundle.js.gz", "swagger-ui-standalone-preset.js.gz",
		"favicon-16x16.png", "favicon-32x32.png"} {
		s.file(app, name)
	}
}

// file mounts one file of Swagger UI. All answers share its bytes: a copy each would cost over a megabyte for a client that
// asks and never reads.
func (s *server) file(app *fiber.App, name string) {
	stored := sync.OnceValues(func() ([]byte, error) { return static.FS.ReadFile(name) })
	unpacked := sync.OnceValues(func() ([]byte, error) {
		packed, err := stored()
		if err != nil {
			return nil, err
		}
		return fasthttp.AppendGunzipBytes(nil, packed)
	})
	shown, packs := strings.CutSuffix(name, ".gz")
	s.page(app, "/docs/"+shown, func(c *fiber.Ctx) error {
		read := stored
		c.Vary(fiber.HeaderAcceptEncoding)
		switch {
		case packs && c.Request().Header.HasAcceptEncoding("gzip"):
			c.Set(fiber.HeaderContentEncoding, "gzip")
		case packs:
			read = unpacked
		}
		body, err := read()
		if err != nil {
			return err
		}
		c.Type(strings.TrimPrefix(path.Ext(shown), "."))
		return c.Send(body)
	})
}

// page mounts a plain handler. Its answer is not personal: caches may keep it for a short while.
func (s *server) page(app *fiber.App, path string, handler fiber.Handler) {
	s.plain(app, path, false, func(c *fiber.Ctx) error {
		if err := handler(c); err != nil {
			return err
		}
		c.Set(fiber.HeaderCacheControl, "public, max-age=300")
		return nil
	})
}

// swagger serves /docs in one language. Calls that are tried on the page are answered in that
// language.
func (s *server) swagger(l Language) fiber.Handler {
	ui := v5emb.NewHandlerWithConfig(swgui.Config{
		Title: s.api.Document.Title, SwaggerJSON: "/openapi.json?lang=" + l.Short(), BasePath: "/docs",
		SettingsUI: map[string]string{
			"requestInterceptor": fmt.Sprintf("function (r) { r.headers['Accept-Language'] = '%s'; return r }", l.Tag()),
		},
		AppendHead: `<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
	nav { padding: 12px 20px 0; text-align: right; font: 15px sans-serif; }
	.swagger-ui .response-col_links { display: none; }
	.swagger-ui .opblock-body { overflow-x: auto; }
</style>`,
		PrependHTML: `<nav><a href="/docs" lang="zh-CN">中文</a> · <a href="/docs?lang=en" lang="en">English</a></nav>`,
	})
	return adaptor.HTTPHandler(ui)
}

// inline finds the scripts and styles that stand in a page.
var inline = regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`)

// docsPolicy allows a page its own files, the very scripts and styles that stand in it, and calls to this server.
func docsPolicy(page []byte) string {
	hashes := map[string]string{}
	for _, found := range inline.FindAllSubmatch(page, -1) {
		sum := sha256.Sum256(found[2])
		hashes[string(found[1])] += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'" +
		"; frame-ancestors 'none'; script-src 'self'" + hashes["script"] + "; style-src 'self'" + hashes["style"]
}

// inOneLanguage writes the document as the page shows it: texts in one language, and the codes of fields and answers as
// lists in their descriptions.
func (s *server) inOneLanguage(document *huma.OpenAPI, l Language) ([]byte, error) {
	raw, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	tree["info"].(map[string]any)["description"] = s.api.Document.About[l]
	translate(tree, l)
	return json.Marshal(tree)
}

// markdown keeps a text as it is in a description, which is Markdown: there <token> would be a tag.
var markdown = strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`, "\n", "\n\n")

func translate(tree any, l Language) {
	switch node := tree.(type) {
	case []any:
		for _, item := range node {
			translate(item, l)
		}
	case map[string]any:
		for _, item := range node {
			translate(item, l)
		}
		for _, name := range []string{"summary", "description"} {
			if en, ok := node["x-"+name+"-en"]; ok && l == English {
				node[name] = en
			}
			delete(node, "x-"+name+"-en")
		}
		if about, ok := node["description"].(string); ok {
			about = markdown.Replace(about) + "\n"
			notes, _ := node[codesKey].([]any)
			for _, one := range notes {
				note := one.(map[string]any)
				about += fmt.Sprintf("\n- `%s` %s", note["code"], markdown.Replace(note[l.Short()].(string)))
			}
			node["description"] = strings.TrimSuffix(about, "\n")
			delete(node, codesKey)
		}
	}
}
