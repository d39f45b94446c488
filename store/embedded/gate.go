package embedded

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// gate passes one command at a time for all connections. The engine loses concurrent updates of one document when it is
// left alone; behind the gate there are none.
type gate struct {
	listener net.Listener
	dial     func() (net.Conn, error) // to the engine
	hung     func()                   // called with the turn held, after a command got no answer in time
	done     func(request command)    // called with the turn held, after a command was answered
	deadline time.Duration            // for one command
	log      *slog.Logger
	turn     chan struct{} // holds one token while nobody has the turn

	mu         sync.Mutex
	closed     bool
	generation int // counts engines: a connection to an earlier one is dialled anew
	conns      map[net.Conn]struct{}
	sessions   sync.WaitGroup
}

func newGate(listener net.Listener, dial func() (net.Conn, error), deadline time.Duration, log *slog.Logger) *gate {
	g := &gate{
		listener: listener, dial: dial, deadline: deadline, log: log,
		hung: func() {}, done: func(command) {},
		turn: make(chan struct{}, 1), conns: map[net.Conn]struct{}{},
	}
	g.turn <- struct{}{}
	return g
}

// serve accepts clients until the gate is closed.
func (g *gate) serve() {
	for {
		client, err := g.listener.Accept()
		if err != nil {
			if g.isClosed() || errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond) // out of file descriptors, most likely: a tight loop would not free any
			continue
		}
		if !g.add(client) {
			_ = client.Close()
			return
		}
		go func() {
			defer g.sessions.Done()
			g.session(client)
		}()
	}
}

// add counts a client's connection in; false when the gate is closed already.
func (g *gate) add(client net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.conns[client] = struct{}{}
	g.sessions.Add(1)
	return true
}

func (g *gate) isClosed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

func (g *gate) currentGeneration() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.generation
}

// renew makes every session dial the engine anew before its next command.
func (g *gate) renew() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.generation++
}

// session is one client's connection with its own connection to the engine.
type session struct {
	g          *gate
	engine     net.Conn // nil before the first command
	generation int
}

// session serves one client until either side ends or something is not as it must be; then both are closed.
func (g *gate) session(client net.Conn) {
	s := &session{g: g}
	defer func() {
		s.closeEngine()
		_ = client.Close()
		g.mu.Lock()
		delete(g.conns, client)
		g.mu.Unlock()
	}()
	for {
		request, err := readFrame(client)
		if err != nil {
			if !quiet(err) {
				g.log.Warn("embedded: connection closed", "reason", err.Error())
			}
			return
		}
		if err := checkRequest(request); err != nil {
			g.log.Warn("embedded: connection closed", "reason", err.Error())
			return
		}
		answer, ok := s.pass(request)
		if !ok {
			return
		}
		_ = client.SetWriteDeadline(time.Now().Add(g.deadline))
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

// quiet says whether a connection ended in a way that needs no log line.
func quiet(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.As(err, &network)
}

// pass waits for the turn, sends the request to the engine and returns its answer. The turn is free again when pass
// returns, whatever happened.
func (s *session) pass(request frame) (frame, bool) {
	g := s.g
	<-g.turn
	defer func() { g.turn <- struct{}{} }()
	if g.isClosed() {
		return nil, false
	}
	what, _ := parseCommand(request)
	answer, err := s.exchange(request)
	if err != nil {
		s.failed(what, err)
		return nil, false
	}
	g.done(what)
	return answer, true
}

// failed closes the side to the engine; a command without an answer is logged and the engine told of.
func (s *session) failed(what command, err error) {
	s.closeEngine()
	var network net.Error
	switch {
	case errors.As(err, &network) && network.Timeout():
		s.g.log.Error("embedded: no answer in time, both sides closed", "command", what.name, "after", s.g.deadline)
		s.g.hung()
	default:
		s.g.log.Warn("embedded: the engine's side failed, both sides closed", "command", what.name)
	}
}

// exchange is one request and its one answer.
func (s *session) exchange(request frame) (frame, error) {
	if err := s.connect(); err != nil {
		return nil, err
	}
	if err := s.engine.SetDeadline(time.Now().Add(s.g.deadline)); err != nil {
		return nil, err
	}
	if _, err := s.engine.Write(request); err != nil {
		return nil, err
	}
	answer, err := readFrame(s.engine)
	if err != nil {
		return nil, err
	}
	return answer, checkResponse(request, answer)
}

// connect dials the engine unless there is a connection to the present one.
func (s *session) connect() error {
	current := s.g.currentGeneration()
	if s.engine != nil && s.generation == current {
		return nil
	}
	s.closeEngine()
	engine, err := s.g.dial()
	if err != nil {
		return err
	}
	s.engine, s.generation = engine, current
	return nil
}

func (s *session) closeEngine() {
	if s.engine != nil {
		_ = s.engine.Close()
		s.engine = nil
	}
}

// close stops accepting, lets the command under way finish, and ends every session.
func (g *gate) close() {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return
	}
	g.closed = true
	g.mu.Unlock()
	_ = g.listener.Close()
	<-g.turn // the command under way has its answer now, or its deadline passed
	g.turn <- struct{}{}
	g.mu.Lock()
	for client := range g.conns {
		// Reads end at once; an answer being written has until the write deadline.
		_ = client.SetReadDeadline(time.Unix(1, 0))
	}
	g.mu.Unlock()
	g.sessions.Wait()
}
