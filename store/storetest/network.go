package storetest

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Network lies between a store and its server. While it is frozen it takes in everything and passes nothing on. It can
// also move the server's clock.
type Network struct {
	mu     sync.Mutex
	thawed chan struct{} // closed while it is not frozen
	ahead  atomic.Int64  // milliseconds
}

// NewNetwork returns a network before the server of the URI, and the URI that leads through it.
func NewNetwork(t testing.TB, uri string) (*Network, string) {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &Network{thawed: make(chan struct{})}
	close(n.thawed)
	server, _, _ := strings.Cut(u.Host, ",")
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go n.join(client, server)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		n.Thaw()
	})
	query := u.Query()
	query.Set("directConnection", "true") // the driver must not go past this network
	u.Host, u.RawQuery = listener.Addr().String(), query.Encode()
	return n, u.String()
}

// Freeze holds up all that is under way, and all that comes.
func (n *Network) Freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.thawed = make(chan struct{})
}

// Thaw passes on all that was held up.
func (n *Network) Thaw() {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.thawed:
	default:
		close(n.thawed)
	}
}

// SetAhead moves the time that the server tells by so much.
func (n *Network) SetAhead(by time.Duration) { n.ahead.Store(by.Milliseconds()) }

func (n *Network) join(client net.Conn, server string) {
	defer func() { _ = client.Close() }()
	there, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer func() { _ = there.Close() }()
	go func() {
		n.pass(client, there)
		_ = client.Close()
	}()
	n.pass(there, client)
}

// localTime is the head of that field in the answer to "hello"; eight bytes of milliseconds follow.
var localTime = []byte("\x09localTime\x00")

func (n *Network) pass(to io.Writer, from io.Reader) {
	buffer := make([]byte, 1<<16)
	for {
		size, err := from.Read(buffer)
		n.mu.Lock()
		thawed := n.thawed
		n.mu.Unlock()
		<-thawed
		if at := bytes.Index(buffer[:size], localTime) + len(localTime); at >= len(localTime) && at+8 <= size {
			told := binary.LittleEndian.Uint64(buffer[at:])
			binary.LittleEndian.PutUint64(buffer[at:], told+uint64(n.ahead.Load()))
		}
		if _, failed := to.Write(buffer[:size]); err != nil || failed != nil {
			return
		}
	}
}
