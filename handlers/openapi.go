package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// scheme is the name of the token in the OpenAPI document.
const scheme = "bearer"

// aboutAPI opens the document. The page shows one language: the two are parted by an empty line, so neither has one.
var aboutAPI = text{
	"微信、支付宝医保余额小程序的后端接口。金额单位为分（amount_fen），未知的金额不会出现，也不会以 0 代替。\n" +
		"使用顺序：以平台登录凭证换取令牌（POST /v1/sessions），之后的请求均携带 Authorization: Bearer <令牌>；" +
		"取得授权说明（GET /v1/regions），经短信核验绑定参保人，再以其编号查询余额、设置提醒。\n" +
		"出错时返回 application/problem+json：程序按 code 处理，detail 可直接展示给用户；返回 429、503 时请按 Retry-After 等待后重试。" +
		"默认返回简体中文，Accept-Language: en 返回英文。\n" +
		"以下地址供运维使用，不在接口列表中：/livez（进程存活）、/readyz（可接收请求，否则返回 503）、/metrics（Prometheus 指标，请勿对公网开放）。",
	"The back end of a medical-insurance balance mini-program. Amounts are in fen; what is not known is absent, never 0.\n" +
		"In order: exchange the platform's code for a token (POST /v1/sessions) and send Authorization: Bearer <token> from then on; " +
		"show the consent text (GET /v1/regions), link a person by a code sent as SMS, then ask for the balance and set reminders by that person's id.\n" +
		"Errors are application/problem+json: decide by code, show detail to the user; after 429 and 503 wait for Retry-After. " +
		"Texts are Chinese, or English with Accept-Language: en.\n" +
		"Not listed because they are the operator's: /livez (the process is alive), /readyz (it can take requests, else 503) and /metrics (for Prometheus; keep it from the public).",
}

var aboutToken = text{
	"登录（POST /v1/sessions）取得的令牌，有效期至同时返回的 expires_at",
	"Token from signing in (POST /v1/sessions), good until the expires_at that is answered with it",
}

// groups are the routes' groups in the order in which a mini-program meets them.
var groups = []struct {
	name  string
	title text
}{
	{"sessions", text{"登录", "Signing in"}},
	{"me", text{"当前用户", "The user"}},
	{"regions", text{"地区与授权说明", "Regions and consent"}},
	{"link-attempts", text{"绑定参保人", "Linking a person"}},
	{"insured", text{"参保人、余额、图表与提醒", "Insured persons: balance, chart, reminder"}},
	{"templates", text{"消息模板", "Message templates"}},
	{"subscriptions", text{"订阅授权", "Subscriptions"}},
}

func documentTags() []*huma.Tag {
	tags := make([]*huma.Tag, len(groups))
	for i, g := range groups {
		tags[i] = &huma.Tag{Name: g.name, Description: g.title.zh, Extensions: map[string]any{"x-description-en": g.title.en}}
	}
	return tags
}

// apiConfig is Huma without what it would add by itself: schema links, pages that load from other hosts, CBOR.
func apiConfig(version string) huma.Config {
	token := &huma.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: "JWT"}
	describe(&token.Description, &token.Extensions, aboutToken)
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "医保余额 API",
				Version:     version,
				Description: aboutAPI.zh + "\n\n" + aboutAPI.en,
			},
			Tags: documentTags(),
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{scheme: token},
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
		Errors:        []int{http.StatusInternalServerError}, // for their shape; documentErrors lists them all
		MaxBodyBytes:  int64(r.maxBody) + 2,                  // the guard has refused longer ones; Huma refuses at its limit, not above
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

// finishDocument adds what types cannot say: other statuses of success, errors and codes.
func finishDocument(api huma.API, routes []route) {
	for _, r := range routes {
		op := operationOf(api, r)
		for _, status := range r.others {
			op.Responses[strconv.Itoa(status)] = &huma.Response{Content: op.Responses["200"].Content}
		}
		documentExamples(op, r)
		documentErrors(op, r)
		for status, response := range op.Responses {
			number, _ := strconv.Atoi(status)
			describe(&response.Description, &response.Extensions, titles[number])
		}
	}
	documentCodes(api.OpenAPI().Components.Schemas)
}

// documentExamples replaces the example that the fields make up where one status of success looks unlike another.
func documentExamples(op *huma.Operation, r route) {
	for status, example := range r.examples {
		response := op.Responses[strconv.Itoa(status)]
		media := *response.Content["application/json"] // which another status may share
		media.Example = example
		response.Content = map[string]*huma.MediaType{"application/json": &media}
	}
}
