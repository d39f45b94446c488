package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// message builds an OP_MSG of one document.
func message(t testing.TB, id, responseTo, flags uint32, document any) frame {
	t.Helper()
	body, err := bson.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	f := make(frame, headerLen+5, headerLen+5+len(body))
	f = append(f, body...)
	binary.LittleEndian.PutUint32(f, uint32(len(f)))
	binary.LittleEndian.PutUint32(f[4:], id)
	binary.LittleEndian.PutUint32(f[8:], responseTo)
	binary.LittleEndian.PutUint32(f[12:], opMsg)
	binary.LittleEndian.PutUint32(f[16:], flags)
	return f
}

func ping(t testing.TB, id uint32) frame {
	return message(t, id, 0, 0, bson.D{{Key: "ping", Value: 1}, {Key: "$db", Value: "admin"}})
}

// fakeEngine answers every message by the function; nil hangs, an empty frame closes.
type fakeEngine struct {
	listener net.Listener
	answer   func(frame) frame
	closed   chan struct{} // one token for each connection that the gate closed
}

func newFakeEngine(t *testing.T, answer func(frame) frame) *fakeEngine {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &fakeEngine{listener, answer, make(chan struct{}, 100)}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go e.serve(conn)
		}
	}()
	return e
}

func (e *fakeEngine) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		request, err := readFrame(conn)
		if err != nil {
			e.closed <- struct{}{}
			return
		}
		answer := e.answer(request)
		if answer == nil {
			_, _ = io.Copy(io.Discard, conn) // hangs until the gate gives up
			e.closed <- struct{}{}
			return
		}
		if len(answer) == 0 {
			return
		}
		_, _ = conn.Write(answer)
	}
}

// startGate starts a gate before the engine and returns how to connect, and its log.
func startGate(t *testing.T, e *fakeEngine, deadline time.Duration) (g *gate, connect func() net.Conn, log *safeBuffer) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log = &safeBuffer{}
	dial := func() (net.Conn, error) { return net.Dial("tcp", e.listener.Addr().String()) }
	g = newGate(listener, dial, deadline, slog.New(slog.NewTextHandler(log, nil)))
	go g.serve()
	t.Cleanup(g.close)
	connect = func() net.Conn {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		return conn
	}
	return g, connect, log
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestGateOneAtATime(t *testing.T) {
	t.Parallel()
	var inside, most atomic.Int32
	e := newFakeEngine(t, func(f frame) frame {
		if n := inside.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(time.Millisecond)
		inside.Add(-1)
		return message(t, 7, f.id(), 0, bson.D{{Key: "ok", Value: 1}})
	})
	_, connect, _ := startGate(t, e, 10*time.Second)
	var all sync.WaitGroup
	for range 20 {
		conn := connect()
		all.Go(func() {
			for id := range uint32(10) {
				_, _ = conn.Write(ping(t, id))
				if answer, err := readFrame(conn); err != nil || answer.responseTo() != id {
					t.Error("answer:", err)
					return
				}
			}
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Error("commands inside at once:", most.Load())
	}
}

func TestGateHangingCommand(t *testing.T) {
	t.Parallel()
	e := newFakeEngine(t, func(f frame) frame {
		if c, _ := parseCommand(f); c.name == "hang" {
			return nil
		}
		return message(t, 7, f.id(), 0, bson.D{{Key: "ok", Value: 1}})
	})
	g, connect, log := startGate(t, e, 50*time.Millisecond)
	var told atomic.Int32
	g.hung = func() { told.Add(1) }
	stuck, other := connect(), connect()
	_, _ = stuck.Write(message(t, 1, 0, 0, bson.D{{Key: "hang", Value: 1}}))
	if _, err := readFrame(stuck); !errors.Is(err, io.EOF) {
		t.Error("client's side of the hanging command:", err)
	}
	<-e.closed // the engine's side
	_, _ = other.Write(ping(t, 2))
	if answer, err := readFrame(other); err != nil || answer.responseTo() != 2 {
		t.Error("the gate is not free:", err)
	}
	if told.Load() != 1 || !strings.Contains(log.String(), "command=hang") {
		t.Error("not told or not logged:", told.Load(), log.String())
	}
}

func TestGateRefuses(t *testing.T) {
	t.Parallel()
	ok := bson.D{{Key: "ok", Value: 1}}
	insert := bson.D{{Key: "insert", Value: "c"}}
	wrongOp := ping(t, 1)
	binary.LittleEndian.PutUint32(wrongOp[12:], 2012)
	tooLong := ping(t, 1)
	binary.LittleEndian.PutUint32(tooLong, maxMessage+1)
	for name, c := range map[string]struct {
		request frame
		answer  func(frame) frame
	}{
		"unacknowledged write":    {message(t, 1, 0, flagMoreToCome, insert), nil},
		"unknown required flag":   {message(t, 1, 0, 1<<5, insert), nil},
		"compressed":              {wrongOp, nil},
		"too long":                {tooLong, nil},
		"answer to another":       {ping(t, 1), func(f frame) frame { return message(t, 7, f.id()+1, 0, ok) }},
		"answer with more coming": {ping(t, 1), func(f frame) frame { return message(t, 7, f.id(), flagMoreToCome, ok) }},
		"engine closes":           {ping(t, 1), func(frame) frame { return frame{} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newFakeEngine(t, func(f frame) frame {
				if c.answer == nil {
					t.Error("it was passed on")
					return frame{}
				}
				return c.answer(f)
			})
			_, connect, log := startGate(t, e, time.Second)
			conn := connect()
			_, _ = conn.Write(c.request)
			if _, err := readFrame(conn); err == nil {
				t.Error("an answer came")
			}
			if log.String() == "" {
				t.Error("nothing was logged")
			}
		})
	}
}

func TestGateExhaustAllowedPasses(t *testing.T) {
	t.Parallel()
	e := newFakeEngine(t, func(f frame) frame { return message(t, 7, f.id(), 0, bson.D{{Key: "ok", Value: 1}}) })
	_, connect, _ := startGate(t, e, 5*time.Second)
	conn := connect()
	_, _ = conn.Write(message(t, 3, 0, 1<<16, bson.D{{Key: "hello", Value: 1}}))
	if answer, err := readFrame(conn); err != nil || answer.responseTo() != 3 {
		t.Error(err)
	}
}

func TestGateCloseWaitsForTheCommandUnderWay(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	e := newFakeEngine(t, func(f frame) frame {
		close(entered)
		<-leave
		return message(t, 7, f.id(), 0, bson.D{{Key: "ok", Value: 1}})
	})
	g, connect, _ := startGate(t, e, 20*time.Second)
	conn := connect()
	_, _ = conn.Write(ping(t, 1))
	<-entered
	closed := make(chan struct{})
	go func() {
		g.close()
		close(closed)
	}()
	close(leave)
	if answer, err := readFrame(conn); err != nil || answer.responseTo() != 1 {
		t.Error("the command under way lost its answer:", err)
	}
	<-closed
}

func TestListenLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "localhost:0", "127.0.0.1"} {
		if l, err := listenLoopback(context.Background(), address); err == nil {
			_ = l.Close()
			t.Error("listens on", address)
		}
	}
	l, err := listenLoopback(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}
