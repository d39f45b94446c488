// Package storetest gives tests a store of their own on a real server of the MongoDB protocol: the one that MONGODB_URI
// names when it is set, else the embedded one, shared by all tests of the test binary. For a store above a database in
// memory, see package memory.
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

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/store"
	"yibao/store/embedded"
	"yibao/store/memory"
)

// Each runs a test on a database in memory and on a real server, side by side.
func Each(t *testing.T, test func(*testing.T, *Database)) {
	t.Helper()
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, &Database{Keys: memory.Keys(), Memory: memory.NewServer()})
	})
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		test(t, NewDatabase(t))
	})
}

// Database is a fresh database with the keys it is read with; dropped at the end of the test.
type Database struct {
	Keys   *store.Keyring
	URI    string // of a real server; "" in memory
	Name   string
	Memory *memory.Server // nil on a real server
}

// New returns a store on a fresh database of a real server.
func New(t testing.TB) *store.Store {
	t.Helper()
	return NewDatabase(t).Open(t)
}

// NewDatabase makes a fresh database on a real server. Any number of stores can open it.
func NewDatabase(t testing.TB) *Database {
	t.Helper()
	d := &Database{URI: URI(t), Name: "test_" + strings.ToLower(rand.Text()), Keys: memory.Keys()}
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
	o := d.Options()
	for _, c := range change {
		c(&o)
	}
	s, err := d.OpenWith(t.Context(), o)
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

// OpenWith is Open for a test that expects an error, or closes by itself.
func (d *Database) OpenWith(ctx context.Context, o store.Options) (*store.Store, error) {
	if d.Memory != nil {
		return store.OpenOn(ctx, d.Memory.Connect(), o)
	}
	return store.Open(ctx, o)
}

// Options are those that Open starts from.
func (d *Database) Options() store.Options {
	return store.Options{URI: d.URI, Database: d.Name, Keys: d.Keys, Timeout: time.Minute}
}

// Commands returns the bare database, for documents that no store writes.
func (d *Database) Commands(t testing.TB) store.Database {
	t.Helper()
	if d.Memory != nil {
		return d.Memory.Connect()
	}
	db, err := store.Connect(d.Options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

// Insert adds a document past the store.
func (d *Database) Insert(t testing.TB, collection string, doc any) {
	t.Helper()
	raw, err := bson.Marshal(doc)
	if err == nil {
		err = d.Commands(t).Insert(t.Context(), collection, raw)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Documents returns the documents that match, past the store.
func (d *Database) Documents(t testing.TB, collection string, filter bson.D) []bson.Raw {
	t.Helper()
	var all []bson.Raw
	for raw, err := range d.Commands(t).Find(t.Context(), collection, filter) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
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
