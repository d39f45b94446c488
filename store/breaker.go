package store

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/identity"
)

// A database that hangs accepts commands and answers none. A request must not wait for it: see bounded.
const (
	breakerTimeouts = 2           // in a row, after which the breaker opens
	breakerDelay    = time.Second // from then until one command is sent as a trial
)

// bounded is a Database that bounds each command in a context with a deadline, as those of requests are. After timeouts in a
// row it refuses such commands at once, until a trial is answered. A context without a deadline is a worker's. Its commands
// wait for as long as Options.Timeout says, also while the breaker is open: a failed write can make a message unknown.
type bounded struct {
	Database
	limit   time.Duration
	breaker circuitbreaker.CircuitBreaker[any]
}

func newBounded(db Database, limit time.Duration, log *slog.Logger) *bounded {
	changed := func(event circuitbreaker.StateChangedEvent) {
		log.Warn("store_breaker", "state", event.NewState.String())
	}
	return &bounded{db, limit, circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(breakerTimeouts).
		WithDelay(breakerDelay).
		WithSuccessThreshold(1).
		OnStateChanged(changed).
		Build()}
}

// errOpen refuses a command. It is the store's own error, by which unclear knows that the command was not sent.
var errOpen = &storeError{where: "breaker", what: "the database does not answer", causes: []error{identity.ErrStore}}

func (b *bounded) do(ctx context.Context, command func(context.Context) error) error {
	if _, hurried := ctx.Deadline(); !hurried {
		return command(ctx)
	}
	if !b.breaker.TryAcquirePermit() {
		return errOpen
	}
	limited, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	err := context.DeadlineExceeded // if the command panics: a trial's permit must come back
	defer func() { b.learn(ctx, err) }()
	err = command(limited)
	return err
}

// learn counts timeouts. Any answer closes the breaker, also a refusal. A caller that gave up shows nothing, but a trial
// that shows nothing has failed.
func (b *bounded) learn(ctx context.Context, err error) {
	switch gaveUp := err != nil && ctx.Err() != nil; {
	case gaveUp && b.breaker.IsClosed():
	case gaveUp, errors.Is(err, context.DeadlineExceeded), mongo.IsTimeout(err):
		b.breaker.RecordFailure()
	default:
		b.breaker.RecordSuccess()
	}
}

// Find implements Database. The work in the range over it counts towards the bound.
func (b *bounded) Find(ctx context.Context, collection string, filter bson.D, o ...options.Lister[options.FindOptions]) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		err := b.do(ctx, func(ctx context.Context) error {
			for raw, err := range b.Database.Find(ctx, collection, filter, o...) {
				if err != nil || !yield(raw, nil) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// Insert implements Database.
func (b *bounded) Insert(ctx context.Context, collection string, doc bson.Raw) error {
	return b.do(ctx, func(ctx context.Context) error { return b.Database.Insert(ctx, collection, doc) })
}

// Replace implements Database.
func (b *bounded) Replace(ctx context.Context, collection string, filter bson.D, doc bson.Raw) (ok bool, err error) {
	err = b.do(ctx, func(ctx context.Context) (err error) {
		ok, err = b.Database.Replace(ctx, collection, filter, doc)
		return err
	})
	return ok, err
}

// Delete implements Database.
func (b *bounded) Delete(ctx context.Context, collection string, filter bson.D) (n int64, err error) {
	err = b.do(ctx, func(ctx context.Context) (err error) {
		n, err = b.Database.Delete(ctx, collection, filter)
		return err
	})
	return n, err
}

// Time implements Database.
func (b *bounded) Time(ctx context.Context) (now time.Time, err error) {
	err = b.do(ctx, func(ctx context.Context) (err error) {
		now, err = b.Database.Time(ctx)
		return err
	})
	return now, err
}
