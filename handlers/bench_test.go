package handlers

import (
	"bufio"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"yibao/handlers/web"
)

const hotPath = "/v1/insured/" + linkID + "/balance"

func benchOptions() Options {
	o := testOptions(newFake())
	o.Limits = web.Limits{PerAddress: web.Rate{PerSecond: 1e9, Burst: 1e9}, PerUser: web.Rate{PerSecond: 1e9, Burst: 1e9}}
	o.Log = slog.New(slog.DiscardHandler)
	return o
}

// serve runs the app on a listener in memory and asks it for the hot route over one kept connection.
func serve(b *testing.B, app *fiber.App) {
	listener := fasthttputil.NewInmemoryListener()
	go func() { _ = app.Listener(listener) }()
	b.Cleanup(func() { _ = app.Shutdown() })
	conn, err := listener.Dial()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	question := []byte("GET " + hotPath + " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + goodToken + "\r\n\r\n")
	reader := bufio.NewReader(conn)
	var answer fasthttp.Response
	b.ReportAllocs()
	for b.Loop() {
		ask(b, conn, reader, question, &answer)
	}
	b.SetBytes(int64(len(answer.Body())))
}

func ask(b *testing.B, conn net.Conn, reader *bufio.Reader, question []byte, answer *fasthttp.Response) {
	if _, err := conn.Write(question); err != nil {
		b.Fatal(err)
	}
	if err := answer.Read(reader); err != nil {
		b.Fatal(err)
	}
	if answer.StatusCode() != http.StatusOK {
		b.Fatal(answer.String())
	}
}

// BenchmarkBalance is the hot route as it is served.
func BenchmarkBalance(b *testing.B) {
	app, err := New(benchOptions())
	if err != nil {
		b.Fatal(err)
	}
	serve(b, app)
}

// BenchmarkBare answers the same bytes from a plain Fiber handler behind the same middleware and token check.
func BenchmarkBare(b *testing.B) {
	r := newRig(b)
	bytes := []byte(r.do("GET", hotPath, "").Text)
	o := benchOptions()
	app, err := web.NewBare(o.Options, web.API{Verify: o.Sessions.Verify}, "GET", "/v1/insured/{id}/balance", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(bytes)
	})
	if err != nil {
		b.Fatal(err)
	}
	serve(b, app)
}

// BenchmarkNaked is Fiber with nothing before the handler.
func BenchmarkNaked(b *testing.B) {
	r := newRig(b)
	bytes := []byte(r.do("GET", hotPath, "").Text)
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/v1/insured/:id/balance", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(bytes)
	})
	serve(b, app)
}
