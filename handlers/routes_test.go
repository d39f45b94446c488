package handlers

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

var update = flag.Bool("update", false, "write testdata anew")

// public is everything that can be had without a token.
var public = []string{
	"POST /v1/sessions", "GET /v1/regions",
	"GET /livez", "GET /readyz", "GET /openapi.json", "GET /docs", "GET /docs/swagger-ui.css",
	"GET /docs/swagger-ui-bundle.js", "GET /docs/swagger-ui-standalone-preset.js", "GET /docs/favicon-16x16.png", "GET /docs/favicon-32x32.png",
	"HEAD /livez", "HEAD /readyz", "HEAD /openapi.json", "HEAD /docs", "HEAD /docs/swagger-ui.css",
	"HEAD /docs/swagger-ui-bundle.js", "HEAD /docs/swagger-ui-standalone-preset.js", "HEAD /docs/favicon-16x16.png", "HEAD /docs/favicon-32x32.png",
}

// mounted lists all that the app really serves.
func mounted(r *rig) []string {
	var list []string
	for _, route := range r.app.GetRoutes(true) {
		list = append(list, route.Method+" "+regexp.MustCompile(`:(\w+)`).ReplaceAllString(route.Path, "{$1}"))
	}
	return list
}

func TestEveryRouteOffThePublicListNeedsAToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, line := range mounted(r) {
		method, path, _ := strings.Cut(line, " ")
		path = strings.ReplaceAll(path, "{id}", linkID)
		for _, token := range []string{"", "Bearer ", "Bearer expired", "Basic " + goodToken, goodToken} {
			made := webtest.Request(method, path, "")
			if token != "" {
				made.Header.Set("Authorization", token)
			}
			got := r.send(made)
			if slices.Contains(public, line) {
				if token == "" && got.StatusCode == http.StatusUnauthorized {
					t.Errorf("%s: 401 though public", line)
				}
				continue
			}
			if got.StatusCode != http.StatusUnauthorized || got.Problem(t).Code != "token_invalid" {
				t.Errorf("%s with %q: %d %s", line, token, got.StatusCode, got.Text)
			}
			if got.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: no WWW-Authenticate", line)
			}
		}
	}
	if n := r.fake.calls(); n != 0 {
		t.Errorf("%d services reached without a token", n)
	}
}

func TestDocumentAndRoutesAgree(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var document struct {
		OpenAPI string                               `json:"openapi"`
		Info    struct{ Description string }         `json:"info"`
		Paths   map[string]map[string]map[string]any `json:"paths"`
	}
	got := r.send(webtest.Request("GET", "/openapi.json", ""))
	if err := json.Unmarshal([]byte(got.Text), &document); err != nil {
		t.Fatal(err)
	}
	if document.OpenAPI != "3.1.0" {
		t.Errorf("openapi %s", document.OpenAPI)
	}
	var described []string
	for path, methods := range document.Paths {
		for method, operation := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
			if operation["summary"] == "" || operation["x-summary-en"] == "" || operation["operationId"] == "" {
				t.Errorf("%s %s is not described", method, path)
			}
		}
	}
	var served []string
	for _, line := range mounted(r) {
		if strings.Contains(line, "/v1/") {
			served = append(served, line)
			continue
		}
		_, path, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(path, "/docs") && path != "/openapi.json" && strings.Count(document.Info.Description, path) != 2 {
			t.Errorf("the description does not name %s once in each language", path)
		}
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described %v\nserved %v", described, served)
	}
}

func TestEveryRouteOfTheDocumentExists(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, route := range (&server{}).routes() {
		path := strings.ReplaceAll(route.Path, "{id}", linkID)
		got := r.do(route.Method, path, "")
		if got.StatusCode == http.StatusMethodNotAllowed || got.StatusCode == http.StatusNotFound && route.ID != "signOut" &&
			!strings.Contains(path, "link-attempts") {
			t.Errorf("%s %s: %d %s", route.Method, path, got.StatusCode, got.Text)
		}
	}
}

func TestOpenAPIGolden(t *testing.T) {
	t.Parallel()
	const file = "testdata/openapi.json"
	got := newRig(t).send(webtest.Request("GET", "/openapi.json", ""))
	var any map[string]any
	if err := json.Unmarshal([]byte(got.Text), &any); err != nil {
		t.Fatal(err)
	}
	shown, err := json.MarshalIndent(any, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	shown = append(shown, '\n')
	if *update {
		if err := os.WriteFile(file, shown, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(shown) {
		t.Errorf("the API has changed: look at the difference, then run go test ./handlers -run Golden -update")
	}
	for _, foreign := range []string{"$schema", "unpkg", "cdn."} {
		if strings.Contains(got.Text, foreign) {
			t.Errorf("the document mentions %s", foreign)
		}
	}
}
