// Package memory is a database in memory that answers the store's commands as a MongoDB does. It is for tests: it keeps
// documents as BSON, knows only the filters and options that the store uses, and panics on any other, so that nothing
// matches by accident. A test can stop a client before and after each of its commands.
package memory

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// Server holds the documents. Any number of clients share it.
type Server struct {
	mu          sync.Mutex
	collections map[string][]document // in the order they were inserted in
	indexes     map[string][]string
	ahead       time.Duration // of the machine's clock
}

type document struct {
	id  string
	raw bson.Raw
}

// NewServer returns an empty server.
func NewServer() *Server {
	return &Server{collections: map[string][]document{}, indexes: map[string][]string{}}
}

// Connect returns a client without hooks.
func (s *Server) Connect() *Client {
	return &Client{Server: s, counts: map[string]int{}, races: map[string]race{}}
}

// SetAhead sets how far the server's clock is ahead of the machine's.
func (s *Server) SetAhead(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = by
}

// Documents copies all documents of a collection, past all hooks and counts, in the order they were inserted in.
func (s *Server) Documents(collection string) []bson.Raw {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []bson.Raw
	for _, d := range s.collections[collection] {
		all = append(all, bytes.Clone(d.raw))
	}
	return all
}

// IDs lists the ids of all documents of a collection, past all hooks and counts, in the order they were inserted in.
func (s *Server) IDs(collection string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, d := range s.collections[collection] {
		all = append(all, d.id)
	}
	return all
}

// The rest needs the lock.

func (s *Server) insert(collection string, raw bson.Raw) error {
	d := document{idOf(raw), bytes.Clone(raw)}
	if slices.ContainsFunc(s.collections[collection], func(o document) bool { return o.id == d.id }) {
		return duplicate(collection)
	}
	s.collections[collection] = append(s.collections[collection], d)
	return nil
}

func (s *Server) replace(collection string, f filter, raw bson.Raw) bool {
	for i, d := range s.collections[collection] {
		if !f.matches(d) {
			continue
		}
		if idOf(raw) != d.id {
			panic("memory: a replace may not change the _id")
		}
		s.collections[collection][i].raw = bytes.Clone(raw)
		return true
	}
	return false
}

func (s *Server) remove(collection string, f filter) int64 {
	before := len(s.collections[collection])
	s.collections[collection] = slices.DeleteFunc(s.collections[collection], f.matches)
	return int64(before - len(s.collections[collection]))
}

func (s *Server) find(collection string, f filter) []document {
	var found []document
	for _, d := range s.collections[collection] {
		if f.matches(d) {
			found = append(found, d)
		}
	}
	return found
}

func idOf(raw bson.Raw) string {
	id, ok := raw.Lookup("_id").StringValueOK()
	if !ok {
		panic("memory: a document's _id must be a text")
	}
	return id
}

// duplicate is the driver's error for an _id that is taken.
func duplicate(collection string) error {
	return mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 11000, Message: "E11000 duplicate key error: " + collection}}}
}
