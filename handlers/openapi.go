package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// scheme is the name of the token in the OpenAPI document.
const scheme = "bearer"

// apiConfig is Huma without what it would add by itself: schema links, pages that load from other hosts, CBOR.
func apiConfig(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "医保余额 API",
				Version: version,
				Description: "微信、支付宝医保余额小程序的后端接口。金额单位为分（amount_fen），未知的金额不会出现，也不会以 0 代替。\n\n" +
					"The back end of a medical-insurance balance mini-program. Amounts are in fen; what is not known is absent, never 0.",
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{scheme: {
					Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "登录（POST /v1/sessions）取得的令牌，两小时有效",
				}},
			},
		},
		// The second is what Huma looks for behind application/problem+json.
		Formats:       map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat: "application/json",
	}
}

// operation is what the document says of a route.
func (r route) operation() huma.Operation {
	op := huma.Operation{
		OperationID:   r.id,
		Method:        r.method,
		Path:          r.path,
		Summary:       r.summary.zh,
		Tags:          []string{strings.Split(r.path, "/")[2]},
		DefaultStatus: r.status,
		Errors:        r.statuses(),
		MaxBodyBytes:  int64(r.maxBody) + 2, // the guard has refused longer ones; Huma refuses at its limit, not above
		Metadata:      map[string]any{},
		Extensions:    map[string]any{"x-summary-en": r.summary.en},
	}
	switch r.access {
	case citizen:
		op.Security = []map[string][]string{{scheme: {}}}
	case visitor:
		op.Security = []map[string][]string{{}, {scheme: {}}}
	case anyone:
		op.Security = []map[string][]string{}
	}
	return op
}

// statuses lists every error that the route can answer. Huma adds 422 and 500.
func (r route) statuses() []int {
	list := []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}
	if r.access != anyone || r.id == "signIn" {
		list = append(list, http.StatusUnauthorized)
	}
	if strings.Contains(r.path, "{id}") {
		list = append(list, http.StatusNotFound)
	}
	if r.takesBody {
		list = append(list, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	for _, status := range r.errors {
		if status >= http.StatusBadRequest {
			list = append(list, status)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// operationOf finds a registered operation.
func operationOf(api huma.API, r route) *huma.Operation {
	item := api.OpenAPI().Paths[r.path]
	switch r.method {
	case http.MethodGet:
		return item.Get
	case http.MethodPut:
		return item.Put
	case http.MethodPost:
		return item.Post
	}
	return item.Delete
}

// finishDocument adds what types cannot say: other statuses of success, and the header of 429 and 503.
func finishDocument(api huma.API, routes []route) {
	for _, r := range routes {
		op := operationOf(api, r)
		for _, status := range r.errors {
			if status < http.StatusBadRequest {
				op.Responses[strconv.Itoa(status)] = &huma.Response{
					Description: http.StatusText(status), Content: op.Responses["200"].Content,
				}
			}
		}
		for _, status := range []string{"429", "503"} {
			if response := op.Responses[status]; response != nil {
				response.Headers = map[string]*huma.Param{"Retry-After": {
					Description: "秒数，之后可以重试", Schema: &huma.Schema{Type: huma.TypeInteger},
				}}
			}
		}
	}
}
