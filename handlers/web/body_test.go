package web

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"yibao/handlers/web/webtest"
)

// TestLongBodiesGetTheirAnswer: a client that sends all before it reads learns that it was too much, however much it was.
func TestLongBodiesGetTheirAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address := served(t, r)
	for _, c := range []struct {
		method, path, token string
		byLength, inChunks  int // chunks tell no length, so an unread body is not too long
	}{
		{"PUT", thing, goodToken, 413, 413}, {"GET", thing, goodToken, 413, 200}, {"PUT", thing, "", 413, 401},
		{"PATCH", thing, goodToken, 405, 405}, {"POST", "/nowhere", "", 404, 404},
	} {
		for _, size := range []int{maxBody + 1, 200 << 10, 6 << 20, 20 << 20} {
			for inChunks, want := range map[bool]int{false: c.byLength, true: c.inChunks} {
				got := overlong(t, address, c.method, c.path, c.token, size, inChunks)
				if got.StatusCode != want || !got.Close {
					t.Errorf("%s %s, %d bytes, in chunks %v: %d", c.method, c.path, size, inChunks, got.StatusCode)
				}
			}
		}
	}
}

// overlong sends a body to its end and then reads the answer.
func overlong(t *testing.T, address, method, path, token string, size int, inChunks bool) webtest.Answer {
	t.Helper()
	conn := dialed(t, address)
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n", method, path, token)
	piece, before, behind := strings.Repeat("x", 32<<10), "", ""
	if inChunks {
		head += "Transfer-Encoding: chunked\r\n\r\n"
		before, behind = fmt.Sprintf("%x\r\n", len(piece)), "\r\n"
	} else {
		head += fmt.Sprintf("Content-Length: %d\r\n\r\n", size)
	}
	send := func(text string) {
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatalf("%s %s, %d bytes, in chunks %v: %v", method, path, size, inChunks, err)
		}
	}
	send(head)
	for left := size; left > 0; left -= len(piece) {
		if !inChunks {
			piece = piece[:min(len(piece), left)]
		}
		send(before + piece + behind)
	}
	if inChunks {
		send("0\r\n\r\n")
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s %s, %d bytes, in chunks %v: %v", method, path, size, inChunks, err)
	}
	return webtest.Read(t, answer)
}

// TestOtherRefusalsAreRead: refusals of fasthttp itself are read too, by a client that sends on.
func TestOtherRefusalsAreRead(t *testing.T) {
	t.Parallel()
	address := served(t, newRig(t))
	for name, c := range map[string]struct {
		head   string
		status int
	}{
		"headers":     {"GET /livez HTTP/1.1\r\nHost: h\r\nX: ", 431},
		"two lengths": {"PUT /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
		"two hosts":   {"PUT /livez HTTP/1.1\r\nHost: h\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n", 400},
	} {
		conn := dialed(t, address)
		if _, err := io.WriteString(conn, c.head+strings.Repeat("x", 8_000_000)); err != nil {
			t.Fatal(name, err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != c.status {
			t.Errorf("%s: %v %v", name, answer, err)
		}
	}
}

// TestBodiesInPieces: a body that comes byte by byte, by length or in chunks, with or without "100-continue", is one body.
func TestBodiesInPieces(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address := served(t, r)
	long := `{"name":"甲","size":{"width":7}` + strings.Repeat(" ", maxBody-len(goodThing)) + `}`
	if len(long) != maxBody {
		t.Fatal(len(long))
	}
	head := "PUT " + thing + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Bearer " + goodToken + "\r\n"
	for name, send := range map[string][]string{
		"length":    append([]string{head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(goodThing))}, strings.Split(goodThing, "")...),
		"longest":   {head + fmt.Sprintf("Content-Length: %d\r\n\r\n", maxBody), long[:firstRead], long[firstRead:40_000], long[40_000:]},
		"continued": {head + fmt.Sprintf("Expect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(goodThing)), goodThing},
		"chunks": {head + "Transfer-Encoding: chunked\r\n\r\n", fmt.Sprintf("1;x=y\r\n{\r\n%X\r\n", maxBody-1), long[1:30_000],
			long[30_000:], "\r\n0\r\n\r\n"},
	} {
		conn := dialed(t, address)
		for _, piece := range send {
			if _, err := io.WriteString(conn, piece); err != nil {
				t.Fatal(name, err)
			}
		}
		reader := bufio.NewReader(conn)
		answer, err := http.ReadResponse(reader, nil)
		if err == nil && answer.StatusCode == http.StatusContinue {
			answer, err = http.ReadResponse(reader, nil)
		}
		if err != nil || answer.StatusCode != 200 {
			t.Errorf("%s: %v %v", name, answer, err)
		}
	}
	if r.service.reached != 4 {
		t.Errorf("%d bodies arrived", r.service.reached)
	}
}

// TestBodiesThatStop are given up after the read timeout.
func TestBodiesThatStop(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.ReadTimeout = 50 * time.Millisecond })
	address := served(t, r)
	head := "PUT " + thing + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Bearer " + goodToken + "\r\n"
	for _, rest := range []string{"Content-Length: 100\r\n\r\n{", "Content-Length: 60000\r\n\r\n" + strings.Repeat(" ", 9000),
		"Transfer-Encoding: chunked\r\n\r\n64\r\n{"} {
		if got := exchange(t, address, head+rest, false); len(got) != 1 || got[0].Problem(t).Code != "request_timeout" || !got[0].Close {
			t.Errorf("%.60q: %v", rest, statuses(got))
		}
	}
	if r.service.reached != 0 {
		t.Error("the service was reached")
	}
}
