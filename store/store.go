package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// DefaultTimeout bounds one operation whose context has no deadline of its own.
const DefaultTimeout = 10 * time.Second

// Options says where the database is and what opens it.
type Options struct {
	URI      string
	Database string
	Keys     *Keyring
	Timeout  time.Duration    // 0 is DefaultTimeout
	Now      func() time.Time // rules what has expired; nil is time.Now
	Log      *slog.Logger     // nil: no log
}

// Store is the whole store. It implements the stores of identity, balance and reminder; all methods may be called at
// once from many goroutines.
type Store struct {
	client *mongo.Client
	db     *mongo.Database
	keys   *Keyring
	now    func() time.Time
	log    *slog.Logger
	reads  atomic.Int64

	tables
}

var (
	_ identity.Store = (*Store)(nil)
	_ balance.Store  = (*Store)(nil)
	_ balance.People = (*Store)(nil)
	_ reminder.Store = (*Store)(nil)
	_ reminder.Users = (*Store)(nil)
)

// Open connects, and refuses a database that a newer program has written to (ErrSchema) or that other keys have (ErrKeys). What older programs wrote is
// read as it is and becomes the present schema as it is next written; the log says so once.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Keys == nil || o.Database == "" {
		return nil, errors.New("store: a database name and keys are needed")
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{keys: o.Keys, now: o.Now, log: o.Log}
	client, err := mongo.Connect(s.clientOptions(o))
	if err != nil {
		return nil, errors.New("store: the address of the database is not a MongoDB connection string") // the driver's text may quote its password
	}
	s.client = client
	s.db = client.Database(o.Database)
	s.tables = s.newTables()
	if err := s.start(ctx); err != nil {
		_ = client.Disconnect(context.WithoutCancel(ctx))
		return nil, err
	}
	return s, nil
}

func (s *Store) clientOptions(o Options) *options.ClientOptions {
	return options.Client().ApplyURI(o.URI).
		SetAppName("yibao").
		SetTimeout(o.Timeout).
		// Explicit, whatever the server's default or the URI says: an acknowledged write survives a failover.
		SetWriteConcern(writeconcern.Majority()).
		// So does what is read. A write that found no majority in time is looked for in the document (see change): found
		// on one server alone it may still be undone. A secondary would show revoked sessions and ended links as alive.
		SetReadConcern(readconcern.Majority()).
		SetReadPreference(readpref.Primary()).
		SetMonitor(&event.CommandMonitor{Started: s.countRead, Failed: s.logFailure})
}

func (s *Store) start(ctx context.Context) error {
	if err := s.Ping(ctx); err != nil {
		return err
	}
	return s.checkSchema(ctx)
}

// countRead counts the commands that read documents.
func (s *Store) countRead(_ context.Context, e *event.CommandStartedEvent) {
	switch e.CommandName {
	case "find", "aggregate", "getMore", "count", "distinct":
		s.reads.Add(1)
	}
}

// logFailure is where the log says why the store fails: above it all failures are one (identity.ErrStore). A command that
// its caller gave up is none; EnsureIndexes speaks for itself, and at Close nothing hangs on a goodbye.
func (s *Store) logFailure(_ context.Context, e *event.CommandFailedEvent) {
	if e.CommandName == "createIndexes" || e.CommandName == "endSessions" || errors.Is(e.Failure, context.Canceled) {
		return
	}
	s.log.Warn("store: a command failed", "command", e.CommandName, "cause", kindOf(e.Failure))
}

// Reads is the number of commands sent so far that read documents.
func (s *Store) Reads() int64 { return s.reads.Load() }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return failed("ping", s.client.Ping(ctx, nil))
}

// Close gives the connections back. Operations under way fail when ctx ends before they do.
func (s *Store) Close(ctx context.Context) error {
	return failed("close", s.client.Disconnect(ctx))
}

// aboutID is the one document of the collection "about": what the database itself is.
const aboutID = "database"

type aboutDoc struct {
	ID     string    `bson:"_id"`
	Schema int       `bson:"schema"`
	Marks  *keyMarks `bson:"marks"` // nil before the first start that writes them
}

// checkSchema compares the database's schema with the program's, and its keys with those at hand. It costs one read,
// however many documents there are; each document's own version is checked as it is read.
func (s *Store) checkSchema(ctx context.Context) error {
	var about aboutDoc
	err := s.db.Collection("about").FindOne(ctx, bson.D{{Key: "_id", Value: aboutID}}).Decode(&about)
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return nil // new; EnsureIndexes writes it
	case err != nil:
		return failed("about.find", err)
	case about.Schema > schemaVersion:
		return failed("about.find", fmt.Errorf("%w: database schema %d, this program knows %d", ErrSchema, about.Schema, schemaVersion))
	case about.Schema < schemaVersion:
		s.log.Info("store: documents of an older schema are read as they are and rewritten when they next change",
			"schema", about.Schema, "program", schemaVersion)
	}
	if about.Marks != nil {
		return s.keys.fits(*about.Marks)
	}
	return nil
}

// writeSchema notes the program's schema and marks of its keys. $max never lets the schema go back, so replicas of two
// versions may both do it; so may replicas before and after a rotation, as each has the other's keys, too.
func (s *Store) writeSchema(ctx context.Context) error {
	setMarks, err := s.keys.noteKeys()
	if err != nil {
		return failed("about.update", err)
	}
	_, err = s.db.Collection("about").UpdateOne(ctx, bson.D{{Key: "_id", Value: aboutID}},
		bson.D{{Key: "$max", Value: bson.D{{Key: "schema", Value: schemaVersion}}}, setMarks}, options.UpdateOne().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) {
		return nil // another replica inserted it in the same instant
	}
	return failed("about.update", err)
}
