package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// maxRequest is more than any of the platforms takes.
const maxRequest = 1 << 20

// hangFor bounds a request that nobody gives up.
const hangFor = 2 * time.Minute

// call is one request to a simulated server.
type call struct {
	world   *World
	request *http.Request
	body    []byte
	now     time.Time // the books' clock
	fault   fault
	after   []func() // run when the answer has left
}

// reply is what a server answers.
type reply struct {
	status      int // 0 means 200
	contentType string
	body        []byte
	retryAfter  string // seconds; "" sends no such header
}

func target(name string) func(*http.Request, []byte) string {
	return func(*http.Request, []byte) string { return name }
}

// endpoint counts the request, takes the fault that waits for it, and plays the faults of the way between: those before
// anything is accepted, and those after.
func (s *server) endpoint(targetOf func(*http.Request, []byte) string, serve func(*call) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		name := targetOf(r, body)
		s.world.stats.add(name)
		c := &call{world: s.world, request: r, body: body, now: s.now(), fault: s.world.faults.take(name)}
		defer c.finish()
		if c.before(w) {
			return
		}
		c.write(w, serve(c))
	})
}

func (c *call) finish() {
	for _, f := range c.after {
		f()
	}
}

const htmlPage = "<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"

// before plays a fault that comes before anything is accepted; true when that was the answer.
func (c *call) before(w http.ResponseWriter) bool {
	switch c.fault.Name {
	case "http_500":
		put(w, reply{status: http.StatusInternalServerError, contentType: "text/plain", body: []byte("internal error")})
	case "http_503":
		put(w, reply{status: http.StatusServiceUnavailable, contentType: "text/plain", body: nil})
	case "http_504":
		put(w, reply{status: http.StatusGatewayTimeout, contentType: "text/html", body: []byte(htmlPage)})
	case "html_502":
		put(w, reply{status: http.StatusBadGateway, contentType: "text/html", body: []byte(htmlPage)})
	case "html":
		put(w, reply{status: http.StatusOK, contentType: "text/html", body: []byte(htmlPage)})
	case "empty":
		put(w, reply{status: http.StatusOK, contentType: "application/json", body: nil})
	case "huge":
		putHuge(w)
	case "hang":
		c.hang()
	case "cut_before":
		cut()
	default:
		return false
	}
	return true
}

// write answers, unless a fault that comes after acceptance spoils it.
func (c *call) write(w http.ResponseWriter, r reply) {
	switch c.fault.Name {
	case "hang_after":
		c.hang()
	case "cut_after":
		cut()
	case "cut_body":
		w.Header().Set("Content-Type", r.contentType)
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(r.body[:len(r.body)/2])
		_ = http.NewResponseController(w).Flush()
		cut()
	case "html_after":
		r = reply{status: http.StatusBadGateway, contentType: "text/html", body: []byte(htmlPage)}
	case "slow":
		c.pause(c.fault.delay())
	}
	put(w, r)
}

// cut closes the connection; the server does so for this very panic, and logs nothing.
func cut() { panic(http.ErrAbortHandler) }

// hang answers nothing until the caller gives up or the world ends.
func (c *call) hang() {
	c.pause(hangFor)
	cut()
}

func (c *call) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.request.Context().Done():
	case <-c.world.done:
	}
}

func put(w http.ResponseWriter, r reply) {
	if r.contentType != "" {
		w.Header().Set("Content-Type", r.contentType)
	}
	if r.retryAfter != "" {
		w.Header().Set("Retry-After", r.retryAfter)
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
	_, _ = w.Write(r.body)
}

// putHuge is valid JSON all along, so that only a limit on the body stops a reader.
func putHuge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	filler := bytes.Repeat([]byte{' '}, 64<<10)
	_, err := io.WriteString(w, `{"errcode":0,"infcode":0,"code":"OK","filler":"`)
	for n := 0; n < 32<<20 && err == nil; n += len(filler) {
		_, err = w.Write(filler)
	}
	if err == nil {
		_, _ = io.WriteString(w, `"}`)
	}
}

func jsonReply(status int, v any) reply {
	return reply{status: status, contentType: "application/json; charset=utf-8", body: marshal(v)}
}

// marshal writes JSON as the platforms do, without escaping <, > and &.
func marshal(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // only our own values come here
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

var errShape = errors.New("simulator: wrong shape")

// strict reads one JSON value with no unknown field and nothing behind it.
func strict(body []byte, v any) error {
	if !utf8.Valid(body) {
		return errShape
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(v) != nil {
		return errShape
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errShape
	}
	return nil
}

// isMedia says whether the request's content type is the wanted one, in UTF-8 when it names a charset.
func isMedia(r *http.Request, want string) bool {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	return err == nil && media == want && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// onlyOnce reads parameters of which every one must be known and come once.
func onlyOnce(raw string, names ...string) (map[string]string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errShape
	}
	single := map[string]string{}
	for name, list := range values {
		if len(list) != 1 || !oneOf(name, names...) {
			return nil, errShape
		}
		single[name] = list[0]
	}
	return single, nil
}
