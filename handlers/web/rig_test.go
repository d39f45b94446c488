package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"yibao/handlers/web/webtest"
	"yibao/identity"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	goodToken = "good-token"
	thing     = "/v1/things/ONE"
	goodThing = `{"name":"甲","size":{"width":7}}`
	// marker stands in every bad value, and may be in no answer and no line of the log.
	marker = "泄露Leak"
)

// things is a small API: it answers for a service, and remembers the last request that reached it.
type things struct {
	mu      sync.Mutex
	fail    error
	panics  any
	reached int
	address string
	tokens  []string
	within  time.Duration // until the context's deadline
}

type ThingID struct {
	ID string `path:"id" maxLength:"128" example:"ONE"`
}

type thingSize struct {
	Width int `json:"width" minimum:"1"`
}

type thingInput struct {
	ThingID
	Body struct {
		Name string    `json:"name" minLength:"1" maxLength:"64"`
		Size thingSize `json:"size"`
	}
}

type thingView struct {
	Name string `json:"name" example:"甲"`
}

type thingOut struct{ Body thingView }

func (s *things) reach(ctx context.Context) (*thingOut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached++
	s.address = AddressOf(ctx)
	if until, ok := ctx.Deadline(); ok {
		s.within = time.Until(until)
	}
	if s.panics != nil {
		panic(s.panics)
	}
	return &thingOut{thingView{Text{"甲", "A"}[LanguageOf(ctx)]}}, s.fail
}

func (s *things) get(ctx context.Context, in *ThingID) (*thingOut, error) {
	if in.ID != "ONE" {
		return nil, ErrNotFound
	}
	return s.reach(ctx)
}

func (s *things) put(ctx context.Context, _ *thingInput) (*thingOut, error) { return s.reach(ctx) }

func (s *things) open(ctx context.Context, _ *struct{}) (*thingOut, error) { return s.reach(ctx) }

func (s *things) verify(_ context.Context, token string) (*identity.Caller, error) {
	s.mu.Lock()
	s.tokens = append(s.tokens, token)
	s.mu.Unlock()
	switch token {
	case goodToken:
		return &identity.Caller{UserID: "user-own"}, nil
	case "store-down":
		return nil, errStoreDown
	}
	return nil, ErrToken
}

var (
	errStoreDown = errors.New("store down")
	errStore     = &Error{Code: "store_unavailable", Status: 503, Retry: 5 * time.Second, Text: Text{"系统繁忙", "Busy."}, Detail: Text{"数据库", "The database."}}
	errGone      = &Error{Code: "gone", Status: 409, Text: Text{"已经没有了", "It is gone."}, Detail: Text{"已删除", "Deleted."}}
)

func (s *things) api() API {
	return API{
		Verify: s.verify,
		Classify: func(err error) *Failure {
			if errors.Is(err, errStoreDown) {
				return &Failure{Public: errStore}
			}
			return nil
		},
		Routes: []Route{
			On("GET /v1/things/{id}", Citizen, "getThing", Text{"查看", "Get a thing"}, s.get).Fails(errGone),
			On("PUT /v1/things/{id}", Citizen, "putThing", Text{"修改", "Change a thing"}, s.put),
			On("GET /v1/open", Visitor, "open", Text{"公开", "Open"}, s.open),
		},
		Errors: []*Error{
			ErrBadRequest, ErrMalformed, ErrNotUTF8, ErrBodyMissing, ErrMethod, ErrNotAccepted, ErrReadTimeout, ErrBodyTooLarge,
			ErrMediaType, ErrValidation, ErrHeadersLarge, ErrRate, ErrToken, ErrNotFound, errGone, ErrInternal, errStore, ErrTimedOut,
		},
		Common: []*Error{errStore},
		Document: Document{
			Title: "物品 API", About: Text{"物品 <甲>", "Things <of any kind>"}, Token: Text{"令牌", "Token"},
			License: "L", LicenseID: "LicenseRef-L", Contact: "C",
			Operations: map[string]Text{"getThing": {"查看物品。", "Shows a thing."}, "putThing": {"修改物品。", "Changes a thing."}, "open": {"公开的。", "Open to all."}},
			Groups:     []Group{{"things", Text{"物品", "Things"}}, {"open", Text{"公开", "Open"}}},
			Fields: []Fields{{
				"/v1/things/{id}": {"id": {"编号", "Id"}},
				"ThingInputBody":  {"name": {"名称", "Name"}, "size": {"尺寸", "Size"}},
				"ThingSize":       {"width": {"宽度", "Width"}},
				"ThingView":       {"name": {"名称", "Name"}},
			}},
			Codes: map[string][]Note{"ThingView.name": Notes(map[string]Text{"甲": {"第一件", "The first"}, "乙": {"第二件", "The second"}})},
		},
	}
}

// rig is one app with its service and its log.
type rig struct {
	t       testing.TB
	app     *fiber.App
	service *things
	log     *webtest.Log
	options Options
}

func testOptions() Options {
	return Options{
		Version: "test",
		Now:     func() time.Time { return noon },
		Metrics: prometheus.NewRegistry(),
		Limits:  Limits{PerAddress: Rate{PerSecond: -1}, PerUser: Rate{PerSecond: -1}},
	}
}

func newRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, service: &things{}, log: &webtest.Log{}}
	o := testOptions()
	o.Log = slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, c := range change {
		c(&o)
	}
	app, err := New(o, r.service.api())
	if err != nil {
		t.Fatal(err)
	}
	r.app, r.options = app, o
	return r
}

func (r *rig) send(request *http.Request) webtest.Answer {
	r.t.Helper()
	return webtest.Send(r.t, r.app, request)
}

// do sends a request of a signed-in caller.
func (r *rig) do(method, path, body string) webtest.Answer {
	r.t.Helper()
	made := webtest.Request(method, path, body)
	made.Header.Set("Authorization", "Bearer "+goodToken)
	return r.send(made)
}

// served serves the rig's app on a port, as programs do, and returns its host and port.
func served(t testing.TB, r *rig) string {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := Bound(inner, r.options)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = r.app.Listener(listener) }()
	t.Cleanup(func() { _ = r.app.ShutdownWithTimeout(time.Second) })
	return inner.Addr().String()
}

// dialed opens a connection to a served app. Nothing of the tests waits for the clock: the deadline only ends a test that hangs.
func dialed(t testing.TB, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}
