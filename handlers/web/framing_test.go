package web

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"yibao/handlers/web/webtest"
)

// exchange sends bytes over one connection and returns every answer until the server closes it. With end set the client says
// that nothing more comes; without, only the server can end the connection.
func exchange(t *testing.T, address, send string, end bool) (answers []webtest.Answer) {
	t.Helper()
	conn := dialed(t, address)
	go func() {
		_, _ = io.WriteString(conn, send) // the server may close first
		if end {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	}()
	reader := bufio.NewReader(conn)
	for {
		answer, err := http.ReadResponse(reader, nil)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return answers
		}
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, webtest.Read(t, answer))
	}
}

func statuses(answers []webtest.Answer) (list []int) {
	for _, a := range answers {
		list = append(list, a.StatusCode)
	}
	return list
}

// hidden is a request that must never be answered: it hides in another.
const hidden = "GET /v1/open HTTP/1.1\r\nHost: h\r\n\r\n"

// oddlyFramed are requests of which two readers may think differently. %s is where a second request hides.
var oddlyFramed = map[string]string{
	"a blank behind the name of the length":     "GET /livez HTTP/1.1\r\nHost: h\r\nContent-Length : 36\r\n\r\n%s",
	"a tab behind the name of the length":       "GET /livez HTTP/1.1\r\nHost: h\r\nContent-Length\t: 36\r\n\r\n%s",
	"a blank behind the name of the encoding":   "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n24\r\n%s\r\n0\r\n\r\n",
	"a blank in a name":                         "GET /livez HTTP/1.1\r\nHost: h\r\nContent Length: 36\r\n\r\n%s",
	"length and chunks":                         "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 41\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"chunks and length":                         "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 41\r\n\r\n0\r\n\r\n%s",
	"no length and chunks":                      "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"encoding identity":                         "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n%s",
	"encoding identity and length":              "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\nContent-Length: 36\r\n\r\n%s",
	"chunks twice":                              "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"chunks and identity":                       "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n%s",
	"an unknown encoding":                       "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n%s",
	"two encodings":                             "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n%s",
	"no encoding":                               "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n%s",
	"an odd byte before the encoding":           "PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n%s",
	"chunks in HTTP/1.0":                        "PUT /livez HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"two lengths":                               "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 36\r\nContent-Length: 0\r\n\r\n%s",
	"the same length twice":                     "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 36\r\nContent-Length: 36\r\n\r\n%s",
	"a list of lengths":                         "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 36, 36\r\n\r\n%s",
	"a length with a sign":                      "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: +36\r\n\r\n%s",
	"a length below zero":                       "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n%s",
	"a length in another base":                  "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 0x24\r\n\r\n%s",
	"a length that is empty":                    "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n%s",
	"a length beyond all bounds":                "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551652\r\n\r\n%s",
	"a length that is folded":                   "PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n 36\r\n\r\n%s",
	"no host":                                   "GET /livez HTTP/1.1\r\n\r\n%s",
	"no host among others":                      "GET /livez HTTP/1.1\r\nAccept: */*\r\n\r\n%s",
	"two hosts":                                 "GET /livez HTTP/1.1\r\nHost: h\r\nHost: other\r\n\r\n%s",
	"the same host twice":                       "GET /livez HTTP/1.1\r\nHost: h\r\nhost: h\r\n\r\n%s",
	"a host with a path":                        "GET /livez HTTP/1.1\r\nHost: h/v1\r\n\r\n%s",
	"a host with a user":                        "GET /livez HTTP/1.1\r\nHost: me@h\r\n\r\n%s",
	"a host with a blank":                       "GET /livez HTTP/1.1\r\nHost: h other\r\n\r\n%s",
	"a blank behind the name of the host":       "GET /livez HTTP/1.1\r\nHost : h\r\n\r\n%s",
	"HTTP/9.9":                                  "GET /livez HTTP/9.9\r\nHost: h\r\n\r\n%s",
	"HTTP/1.2":                                  "GET /livez HTTP/1.2\r\nHost: h\r\nConnection: keep-alive\r\n\r\n%s",
	"HTTP/2.0":                                  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n%s",
	"HTTP/0.9":                                  "GET /livez\r\n\r\n%s",
	"http/1.1":                                  "GET /livez http/1.1\r\nHost: h\r\n\r\n%s",
	"a folded line":                             "PUT /livez HTTP/1.1\r\nHost: h\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n%s",
	"a line folded with a tab":                  "PUT /livez HTTP/1.1\r\nHost: h\r\nX: a\r\n\tTransfer-Encoding: chunked\r\n\r\n%s",
	"a first line that is folded":               "GET /livez HTTP/1.1\r\n Host: h\r\nHost: h\r\n\r\n%s",
	"a line that ends in LF":                    "PUT /livez HTTP/1.1\r\nHost: h\r\nX: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"an empty line that is LF":                  "PUT /livez HTTP/1.1\r\nHost: h\r\nX: a\n\nContent-Length: 36\r\n\r\n%s",
	"an empty line of LF behind CRLF":           "GET /livez HTTP/1.1\r\nHost: h\r\n\n%s",
	"a CR in a value":                           "PUT /livez HTTP/1.1\r\nHost: h\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"a NUL in a value":                          "GET /livez HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n%s",
	"a NUL in a name":                           "GET /livez HTTP/1.1\r\nHost: h\r\nX\x00: a\r\n\r\n%s",
	"a line without a colon":                    "GET /livez HTTP/1.1\r\nHost: h\r\nContent-Length 36\r\n\r\n%s",
	"a line without a name":                     "GET /livez HTTP/1.1\r\nHost: h\r\n: 36\r\n\r\n%s",
	"two blanks in the request line":            "GET  /livez HTTP/1.1\r\nHost: h\r\n\r\n%s",
	"something behind the version":              "GET /livez HTTP/1.1 x\r\nHost: h\r\n\r\n%s",
	"a length, and a long body that never ends": "PUT /livez HTTP/1.1\r\nHost: h\r\nHost: h\r\nContent-Length: 100\r\n\r\n%s" + strings.Repeat("x", 64),
}

// TestAttackBySmuggling plays each attack: the answer is 400, the connection is closed, and nothing behind the request is answered.
func TestAttackBySmuggling(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address := served(t, r)
	for name, request := range oddlyFramed {
		t.Run(name, func(t *testing.T) {
			answers := exchange(t, address, fmt.Sprintf(request, hidden), false)
			if len(answers) != 1 || answers[0].Problem(t).Code != "bad_request" || !answers[0].Close {
				t.Errorf("answered by %v", statuses(answers))
			}
		})
	}
	if r.service.reached != 0 {
		t.Errorf("%d hidden requests were answered", r.service.reached)
	}
}

// TestAttackHiddenInABody puts a request into bodies that are not read. It is never answered. The request behind the body
// is, or the connection is closed.
func TestAttackHiddenInABody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address := served(t, r)
	const behind = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"
	for _, c := range []struct {
		method, path, token string
		status              int // of a body that is not too long
	}{
		{"PUT", thing, "", 401}, {"GET", thing, goodToken, 200}, {"PATCH", thing, goodToken, 405}, {"BREW", thing, goodToken, 405},
		{"POST", "/nowhere", "", 404}, {"GET", "/livez", "", 200}, {"PUT", thing, goodToken, 415},
	} {
		before := r.service.reached
		head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n", c.method, c.path, c.token)
		sent := 0
		for _, size := range []int{len(hidden), firstRead - 1, firstRead, firstRead + 1, maxBody, maxBody + 1, 1 << 20} {
			body := strings.Repeat(hidden, size/len(hidden)) + strings.Repeat("x", size%len(hidden))
			for name, request := range map[string]string{
				"length": fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s%s", head, size, body, behind),
				"chunks": fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n%s", head, size, body, behind),
			} {
				got := statuses(exchange(t, address, request, true))
				sent++
				first := c.status
				if size > maxBody && c.path == thing && c.method != "PATCH" && c.method != "BREW" && (name == "length" || c.status == 415) {
					first = 413
				}
				if len(got) == 0 || got[0] != first || len(got) > 2 || len(got) == 2 && got[1] != 200 {
					t.Errorf("%s %s, %d bytes by %s: answered by %v, want %d", c.method, c.path, size, name, got, first)
				}
				if name == "length" && size <= firstRead && len(got) != 2 {
					t.Errorf("%s %s, %d bytes: the connection does not go on", c.method, c.path, size)
				}
			}
		}
		if reached := r.service.reached - before; reached != 0 && (c.method != "GET" || reached > sent) {
			t.Errorf("%s %s: %d requests reached the service", c.method, c.path, reached)
		}
	}
}

// TestAttackByOddChunks: nothing behind a body in chunks is answered, even if the sizes are odd.
func TestAttackByOddChunks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address := served(t, r)
	for _, body := range []string{
		"0x24\r\n%s\r\n0\r\n\r\n", "24;x\r\n%s\r\n0\r\n\r\n", "24 \r\n%s\r\n0\r\n\r\n", "24\n%s\r\n0\r\n\r\n", "24;\n\r\n%s\r\n0\r\n\r\n",
		"-1\r\n%s\r\n0\r\n\r\n", "0\r\n%s", "0\r\n\r\n%s", "0\r\nX: y\r\n\r\n%s", "0\r\nContent-Length: 0\r\n\r\n%s", "1\r\nxx\r\n%s",
		"ffffffffffffffff\r\n%s", "\r\n%s", "2\r\n{}\r\n00\r\n\r\n%s", "0\n\n%s",
	} {
		for _, token := range []string{"", "Authorization: Bearer " + goodToken + "\r\n"} {
			send := "PUT " + thing + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" + token +
				"Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf(body, hidden)
			answers := exchange(t, address, send, true)
			if len(answers) != 1 || answers[0].StatusCode < 400 || !answers[0].Close {
				t.Errorf("%q: answered by %v", body, statuses(answers))
			}
		}
	}
	good := "PUT " + thing + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Bearer " + goodToken +
		"\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", goodThing[:5], len(goodThing)-5, goodThing[5:])
	if got := statuses(exchange(t, address, good+hidden, false)); !slices.Equal(got, []int{200}) {
		t.Errorf("good chunks: %v", got)
	}
	if r.service.reached != 1 {
		t.Errorf("%d requests reached the service", r.service.reached)
	}
}

// TestWellFramed: requests that the letter allows are answered, and the connection goes on.
func TestWellFramed(t *testing.T) {
	t.Parallel()
	address := served(t, newRig(t))
	for _, send := range []string{
		"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n",
		"\r\nGET /livez HTTP/1.1\r\nHost:\th:8080 \r\n\r\n",
		"GET /livez HTTP/1.1\r\nhOST: [2001:db8::1]:443\r\nX-Empty:\r\n\r\n",
		"GET http://h/livez HTTP/1.1\r\nHost: xn--fiq228c.example\r\n\r\n",
		"GET /livez HTTP/1.1\r\nHost:\r\n\r\n",
		"GET /livez HTTP/1.1\r\nHost: h\r\ncontent-length: 2\r\n\r\n{}",
		"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"GET /livez HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
	} {
		if got := statuses(exchange(t, address, send+send, true)); !slices.Equal(got, []int{200, 200}) {
			t.Errorf("%q twice: %v", send, got)
		}
	}
	if got := statuses(exchange(t, address, "GET /livez HTTP/1.0\r\n\r\n", false)); !slices.Equal(got, []int{200}) {
		t.Errorf("a probe in HTTP/1.0: %v", got)
	}
}

// FuzzFramed holds framed against the reader of net/http: it reads every request that we accept to the same end.
func FuzzFramed(f *testing.F) {
	for _, request := range oddlyFramed {
		f.Add([]byte(fmt.Sprintf(request, hidden)))
	}
	f.Add([]byte("PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 36\r\n\r\n" + hidden))
	f.Add([]byte("PUT /livez HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden))
	f.Fuzz(func(t *testing.T, sent []byte) {
		var h fasthttp.RequestHeader
		reader := bufio.NewReaderSize(bytes.NewReader(sent), maxHeaders)
		if h.Read(reader) != nil || !framed(&h) {
			return
		}
		sent = bytes.TrimLeft(sent, "\r\n") // both skip empty lines, net/http only some
		other, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(sent)))
		if err != nil {
			return // it is stricter: nothing can be smuggled past it
		}
		length := int64(h.ContentLength())
		if length == -2 {
			length = 0
		}
		if other.ContentLength != length || (length == -1) != slices.Contains(other.TransferEncoding, "chunked") {
			t.Errorf("%q: length %d, net/http reads %d %v", sent, length, other.ContentLength, other.TransferEncoding)
		}
	})
}
