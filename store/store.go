package store

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/identity"
	"yibao/reminder"
)

// DefaultTimeout bounds one operation whose context has no deadline of its own.
const DefaultTimeout = 10 * time.Second

// Options says where the database is and which keys open it.
type Options struct {
	URI      string
	Database string
	Keys     *Keyring
	Timeout  time.Duration // 0 is DefaultTimeout
	// RequestTimeout bounds one command in a context with a deadline, as requests have one; 0 is Timeout.
	RequestTimeout time.Duration
	Now            func() time.Time // decides what has expired; nil is time.Now
	Machine        func() time.Time // the clock that is compared with the database's; nil is time.Now
	Log            *slog.Logger     // nil: no log
	// Shuffle orders the due documents that a pass may claim; nil is rand.Shuffle. A test that has to be repeatable keeps
	// the order.
	Shuffle func(n int, swap func(i, j int))
}

func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = o.Timeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Machine == nil {
		o.Machine = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Shuffle == nil {
		o.Shuffle = rand.Shuffle
	}
	return o
}

// Store is the whole store. It implements the stores of identity, balance and reminder; all methods may be called at
// once from many goroutines.
type Store struct {
	db     Database
	keys   *Keyring
	now    func() time.Time
	log    *slog.Logger
	reads  atomic.Int64
	forged atomic.Int64

	shuffle func(n int, swap func(i, j int))

	machine    func() time.Time
	clockWrong atomic.Bool // as the last answer of the database showed

	tables
}

var (
	_ identity.Store  = (*Store)(nil)
	_ balance.Store   = (*Store)(nil)
	_ balance.People  = (*Store)(nil)
	_ catalogue.Store = (*Store)(nil)
	_ reminder.Store  = (*Store)(nil)
	_ reminder.Users  = (*Store)(nil)
)

// Open connects to the database that the options name, and opens the store on it.
func Open(ctx context.Context, o Options) (*Store, error) {
	db, err := Connect(o)
	if err != nil {
		return nil, err
	}
	s, err := OpenOn(ctx, db, o)
	if err != nil {
		_ = db.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return s, nil
}

// OpenOn opens the store on a database; the options' URI, Database and timeouts do not matter. It refuses a database
// that a newer program has written to (ErrSchema) or that other keys have (ErrKeys). Documents of an older program are
// read as they are and get the present schema when they next change; the log says so once.
func OpenOn(ctx context.Context, db Database, o Options) (*Store, error) {
	if o.Keys == nil {
		return nil, errors.New("store: keys are needed")
	}
	o = o.withDefaults()
	s := &Store{db: db, keys: o.Keys, now: o.Now, machine: o.Machine, log: o.Log, shuffle: o.Shuffle}
	s.tables = s.newTables()
	if err := s.Ping(ctx); err != nil {
		return nil, err
	}
	return s, s.checkAbout(ctx)
}

// find is the one command that reads.
func (s *Store) find(ctx context.Context, collection string, filter bson.D, o ...options.Lister[options.FindOptions]) iter.Seq2[bson.Raw, error] {
	s.reads.Add(1)
	return s.db.Find(ctx, collection, filter, o...)
}

// Reads is the number of queries sent so far.
func (s *Store) Reads() int64 { return s.reads.Load() }

// Close gives the connections back. Operations under way fail when ctx ends before they do.
func (s *Store) Close(ctx context.Context) error { return failed("close", s.db.Close(ctx)) }

// Forged is the number of documents met so far whose mark does not fit.
func (s *Store) Forged() int64 { return s.forged.Load() }
