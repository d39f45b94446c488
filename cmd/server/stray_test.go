package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"yibao/cmd/internal/world"
	"yibao/platforms/simulator"
)

// stray stands before the simulated insurer and spoils how it answers, as gateways do: it writes the answer twice, or counts
// characters where Content-Length wants bytes. What is left over is the next answer to a client that asked nothing.
type stray struct {
	behind     string
	characters atomic.Bool
	answered   atomic.Int64
}

func (s *stray) serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = connection.Close() }()
			for reader := bufio.NewReader(connection); s.answer(reader, connection) == nil; {
			}
		}()
	}
}

func (s *stray) answer(reader *bufio.Reader, connection net.Conn) error {
	request, err := http.ReadRequest(reader)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return err
	}
	onward, err := http.NewRequest(request.Method, s.behind+request.URL.Path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	onward.Header = request.Header
	answer, err := http.DefaultClient.Do(onward)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	length, times := len(text), 2
	if s.characters.Load() {
		length, times = utf8.RuneCount(text), 1
	}
	whole := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", length, text)
	_, err = io.WriteString(connection, strings.Repeat(whole, times))
	s.answered.Add(1)
	return err
}

// TestStrayBytesOfAnUpstreamAreNowhere: net/http prints up to 4 KB of them to standard error. The server says that there was
// something, and not what.
func TestStrayBytesOfAnUpstreamAreNowhere(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	settings := map[string]any{"regions." + simulator.RegionA + ".insurer.base_url": "http://" + listener.Addr().String() + "/insurer/" + simulator.RegionA}
	for key, value := range quick {
		settings[key] = value
	}
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	upstream := &stray{behind: w.URL}
	go upstream.serve(listener)
	c := &child{world: w, output: &buffer{}}
	c.run(t)
	p, person := c.phone("wechat", "stray"), c.people()[3]
	if err := p.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, err := p.Link(t.Context(), person, "demo-1") // over answers that come twice
	if err != nil {
		t.Fatal(err)
	}
	upstream.characters.Store(true)
	before := upstream.answered.Load()
	for tries := 0; upstream.answered.Load() == before && tries < 100; tries++ {
		time.Sleep(50 * time.Millisecond)
		_ = p.Call(t.Context(), http.MethodGet, "/v1/insured/"+id+"/balance", nil, nil) // a cut answer is no answer
	}
	c.stop(t)
	text := c.output.String()
	if !strings.Contains(text, "library_output_withheld") {
		t.Errorf("no word of the lines that are left out:\n%s", text)
	}
	for _, private := range []string{"Unsolicited", person.Name, person.IDNumber, person.Phone, "baseinfo"} {
		if strings.Contains(text, private) {
			t.Errorf("the output holds %q", private)
		}
	}
}
