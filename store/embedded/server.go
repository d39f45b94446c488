// Package embedded is a server of the MongoDB protocol inside the process, for trying and testing: FerretDB on SQLite
// behind a gate that passes one command at a time. It is not for production, and cmd/server does not link it.
//
// Anybody on the same machine can connect to it: it listens on loopback, without a password.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// DefaultDeadline is how long one command may take before both of its sides are closed.
const DefaultDeadline = 30 * time.Second

// stopWithin bounds the wait for an engine that is told to stop. It gives its clients three seconds by itself.
const stopWithin = 10 * time.Second

// Options says where the server keeps its data.
type Options struct {
	Dir      string        // created with mode 0700 when missing; nothing is written outside
	Address  string        // loopback address to listen on; "" is a free port of 127.0.0.1
	Deadline time.Duration // for one command; 0 is DefaultDeadline
	Log      *slog.Logger  // nil: no log
}

// Server is a running embedded server.
type Server struct {
	dir     string
	lock    *folderLock
	gate    *gate
	indexer *indexer
	served  sync.WaitGroup

	mu     sync.Mutex
	engine *engine
	closed bool
}

// Start opens the folder and listens. A folder that another program has open is ErrInUse. The server runs until Close;
// ctx bounds the start alone.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := prepareDir(o.Dir)
	if err != nil {
		return nil, err
	}
	listener, err := listenLoopback(ctx, o.Address)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, indexer: newIndexer(dir)}
	if err := s.open(ctx); err != nil {
		_ = listener.Close()
		return nil, err
	}
	s.gate = newGate(listener, s.dial, o.Deadline, o.Log)
	s.gate.hung = func() { s.restart(o.Log) }
	s.gate.done = func(c command) {
		if err := s.indexer.follow(context.Background(), c); err != nil {
			o.Log.Warn("embedded: no index on _id; reads will be slow", "collection", c.collection)
		}
	}
	s.served.Go(s.gate.serve)
	return s, nil
}

// prepareDir makes the folder and returns its absolute path.
func prepareDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("embedded: no data folder given")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("embedded: data folder: %w", err)
	}
	if strings.ContainsAny(dir, "?#%") {
		return "", fmt.Errorf("embedded: data folder %s: the characters ? # %% cannot be in its path", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("embedded: data folder: %w", err)
	}
	return dir, nil
}

// listenLoopback refuses every address that other machines can reach.
func listenLoopback(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("embedded: address %q is not a loopback address with a port", address)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("embedded: listen: %w", err)
	}
	return listener, nil
}

// open locks the folder, indexes what is there, and starts the engine.
func (s *Server) open(ctx context.Context) error {
	lock, err := lockFolder(s.dir)
	if err != nil {
		return err
	}
	if err = s.indexer.ensureAll(ctx); err == nil {
		s.engine, err = startEngine(s.dir)
	}
	if err != nil {
		lock.release()
		return err
	}
	s.lock = lock
	return nil
}

// URI is what a MongoDB driver connects to.
func (s *Server) URI() string {
	return "mongodb://" + s.gate.listener.Addr().String() + "/?directConnection=true"
}

// Close stops accepting, lets the command under way finish, stops the engine and gives the folder back.
func (s *Server) Close() error {
	s.gate.close()
	s.served.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	stopped := s.engine.stop()
	s.lock.release()
	if !stopped {
		return errors.New("embedded: the engine did not stop in time")
	}
	return nil
}

func (s *Server) dial() (net.Conn, error) {
	s.mu.Lock()
	address := s.engine.address
	s.mu.Unlock()
	return net.DialTimeout("tcp", address, 5*time.Second)
}

// restart replaces an engine that left a command without an answer: its connections to that database stay taken for
// good. The gate's turn is held meanwhile.
func (s *Server) restart(log *slog.Logger) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.engine.stop() {
		log.Error("embedded: the engine does not stop; starting another beside it")
	}
	fresh, err := startEngine(s.dir)
	if err != nil {
		log.Error("embedded: the engine does not start again; commands will fail")
		return
	}
	s.engine = fresh
	s.gate.renew()
}

// engine is one running FerretDB.
type engine struct {
	address string
	cancel  context.CancelFunc
	done    chan struct{}
}

// starting lets one engine start at a time: FerretDB writes a global variable in New.
var starting sync.Mutex

func startEngine(dir string) (*engine, error) {
	starting.Lock()
	defer starting.Unlock()
	db, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		// Its log repeats documents, and its level for "should not happen" is far from rare.
		Logger:    slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.Level(100)})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/",
	})
	if err != nil {
		return nil, fmt.Errorf("embedded: engine: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := &engine{address: strings.TrimSuffix(strings.TrimPrefix(db.MongoDBURI(), "mongodb://"), "/"), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(e.done)
		_ = db.Run(ctx)
	}()
	return e, nil
}

// stop ends the engine; false when it did not end in time.
func (e *engine) stop() bool {
	e.cancel()
	select {
	case <-e.done:
		return true
	case <-time.After(stopWithin):
		return false
	}
}
