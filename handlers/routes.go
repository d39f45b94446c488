package handlers

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
)

// route is one line of the list below.
type route struct {
	method, path string
	access       access
	id           string // operation id in the OpenAPI document
	summary      text
	status       int            // of success
	others       []int          // further statuses of success
	examples     map[int]any    // of success, where the status decides what the answer looks like
	failures     []*publicError // beside those that follow from access and input
	takesBody    bool
	maxBody      int
	probe        bool // asked for by machines all the time: not worth a line in the log
	register     func(huma.API, huma.Operation)
}

// routes is the list of everything the API offers, with who may use it.
func (s *server) routes() []route {
	return []route{
		on("POST /v1/sessions", anyone, "signIn", text{"登录", "Sign in"}, s.signIn).created().
			fails(errSignInCode, errApp, errUserBlocked, errSignInOften, errPlatformBusy, errPlatform),
		on("GET /v1/sessions", citizen, "listSessions", text{"登录记录", "List sessions"}, s.listSessions),
		on("DELETE /v1/sessions/{id}", citizen, "signOut", text{"退出登录", "Sign out"}, s.signOut),
		on("GET /v1/me", citizen, "me", text{"当前用户", "Who I am"}, s.me),
		on("GET /v1/regions", visitor, "listRegions", text{"开通地区与授权说明", "Regions and the consent text"}, s.listRegions),

		on("POST /v1/link-attempts", citizen, "startLink", text{"发起绑定", "Start linking a person"}, s.startLink).accepted().
			fails(errNotOffered, errName, errIDNumber, errConsent, errGuardian, errLinkLimit, errTooMany),
		on("GET /v1/link-attempts/{id}", citizen, "getLinkAttempt", text{"绑定进度", "Progress of a link"}, s.getAttempt),
		on("POST /v1/link-attempts/{id}/code", citizen, "resendCode", text{"重发验证码", "Send another code"}, s.resendCode).accepted().
			fails(errAttemptOver, errTooSoon, errNoSendsLeft, errTooMany),
		on("POST /v1/link-attempts/{id}/proof", citizen, "proveLink", text{"提交验证码", "Prove a link"}, s.proveLink).also(202).shows(provenExamples).
			fails(errAttemptOver, errCodeWrong, errCodeExpired, errTooMany),

		on("GET /v1/insured", citizen, "listInsured", text{"已绑定的参保人", "List insured persons"}, s.listInsured),
		on("GET /v1/insured/{id}", citizen, "getInsured", text{"参保人", "One insured person"}, s.getInsured),
		on("DELETE /v1/insured/{id}", citizen, "unlink", text{"解除绑定", "Remove a link"}, s.unlink),
		on("GET /v1/insured/{id}/balance", citizen, "getBalance", text{"医保余额", "Current balance"}, s.getBalance).
			fails(errNotEnrolled, errMismatch, errUnsupported, errNoReading),
		on("GET /v1/insured/{id}/charts/trend", citizen, "getTrend", text{"余额走势图", "Balance trend"}, s.getTrend).
			fails(errRange, errTooManyDays),

		on("GET /v1/insured/{id}/reminder", citizen, "getReminder", text{"查看余额提醒", "Get the reminder"}, s.getReminder).fails(errNoRule),
		on("PUT /v1/insured/{id}/reminder", citizen, "putReminder", text{"设置余额提醒", "Set the reminder"}, s.putReminder).
			fails(errThreshold, errMargin, errQuiet, errTemplate, errConsent, errUnattended, errNoAgreement, errNoAccount),
		on("DELETE /v1/insured/{id}/reminder", citizen, "deleteReminder", text{"取消余额提醒", "Remove the reminder"}, s.deleteReminder),
		on("GET /v1/insured/{id}/deliveries", citizen, "listDeliveries", text{"提醒记录", "List notifications"}, s.listDeliveries),
		on("GET /v1/templates", citizen, "listTemplates", text{"可订阅的消息", "Message templates"}, s.listTemplates),
		on("POST /v1/subscriptions", citizen, "reportSubscription", text{"上报订阅结果", "Report what was subscribed to"}, s.reportSubscription),
	}
}

// on reads "GET /path" and ties a typed handler to it.
func on[I, O any](pattern string, who access, id string, summary text, handler func(context.Context, *I) (*O, error)) route {
	method, path, _ := strings.Cut(pattern, " ")
	_, takesBody := reflect.TypeFor[I]().FieldByName("Body")
	return route{
		method: method, path: path, access: who, id: id, summary: summary, takesBody: takesBody, maxBody: maxBody,
		register: func(api huma.API, op huma.Operation) { huma.Register(api, op, handler) },
	}
}

func (r route) created() route  { r.status = http.StatusCreated; return r }
func (r route) accepted() route { r.status = http.StatusAccepted; return r }

// also documents further statuses of success.
func (r route) also(statuses ...int) route { r.others = statuses; return r }

// shows gives statuses of success an example each.
func (r route) shows(examples map[int]any) route { r.examples = examples; return r }

// fails documents the errors of the route's own. A test holds them against what the services say of themselves.
func (r route) fails(errors ...*publicError) route { r.failures = errors; return r }

// register mounts every route, the OpenAPI document, the page that shows it and the metrics.
func (s *server) register(app *fiber.App) error {
	routes := s.routes()
	router := &guarded{Router: app, server: s, routes: map[string]route{}}
	api := humafiber.NewWithGroup(app, router, apiConfig(s.Version))
	var operations []*huma.Operation
	for _, r := range routes {
		router.routes[r.method+" "+fiberPath(r.path)] = r
		r.register(api, r.operation())
		op := operationOf(api, r)
		declareFields(op, api.OpenAPI().Components.Schemas)
		operations = append(operations, op)
	}
	finishDocument(api, routes)
	s.pages(app, api)
	s.showMetrics(app)
	return describeFields(api.OpenAPI(), operations, documented...)
}
