// Package storetest gives tests a store of their own on a real server of the MongoDB protocol: the one that MONGODB_URI
// names when it is set, else the embedded one, shared by all tests of the test binary.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/store"
	"yibao/store/embedded"
)

// Database is a fresh database with the keys it is read with; dropped at the end of the test.
type Database struct {
	URI  string
	Name string
	Keys *store.Keyring
}

// New returns a store on a fresh database.
func New(t testing.TB) *store.Store {
	t.Helper()
	return NewDatabase(t).Open(t)
}

// NewDatabase makes a fresh database that any number of stores can open.
func NewDatabase(t testing.TB) *Database {
	t.Helper()
	keys, err := store.NewTestKeyring()
	if err != nil {
		t.Fatal(err)
	}
	d := &Database{URI: URI(t), Name: "test_" + strings.ToLower(rand.Text()), Keys: keys}
	t.Cleanup(func() {
		if err := d.drop(); err != nil {
			t.Error("the test's database was not dropped:", err)
		}
	})
	return d
}

// Open opens a store of its own connections on the database, closed at the end of the test. change, if given, alters the
// options first.
func (d *Database) Open(t testing.TB, change ...func(*store.Options)) *store.Store {
	t.Helper()
	o := store.Options{URI: d.URI, Database: d.Name, Keys: d.Keys, Timeout: time.Minute}
	for _, c := range change {
		c(&o)
	}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Client returns a bare client of the database's server, disconnected at the end of the test.
func (d *Database) Client(t testing.TB) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(d.URI))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client
}

func (d *Database) drop() error {
	client, err := mongo.Connect(options.Client().ApplyURI(d.URI).SetTimeout(time.Minute))
	if err != nil {
		return err
	}
	err = client.Database(d.Name).Drop(context.Background())
	return errors.Join(err, client.Disconnect(context.Background()))
}

// shared is the embedded server of this test binary: up while any test uses it, then closed and its folder removed.
var shared struct {
	mu     sync.Mutex
	users  int
	server *embedded.Server
	dir    string
}

// URI is the server that tests use, there until the end of the test.
func URI(t testing.TB) string {
	t.Helper()
	if uri := os.Getenv("MONGODB_URI"); uri != "" {
		return uri
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.users == 0 {
		if err := startShared(); err != nil {
			t.Fatal(err)
		}
	}
	shared.users++
	t.Cleanup(func() {
		if err := leaveShared(); err != nil {
			t.Error(err)
		}
	})
	return shared.server.URI()
}

func startShared() (err error) {
	if shared.dir, err = os.MkdirTemp("", "yibao-storetest-"); err != nil {
		return err
	}
	shared.server, err = embedded.Start(context.Background(), embedded.Options{Dir: shared.dir})
	return err
}

func leaveShared() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.users--; shared.users > 0 {
		return nil
	}
	return errors.Join(shared.server.Close(), os.RemoveAll(shared.dir))
}
