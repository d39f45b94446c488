package store

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// driver is a Database behind MongoDB's official driver.
type driver struct {
	client *mongo.Client
	db     *mongo.Database
}

// Connect returns the database that the options name. It connects in the background.
func Connect(o Options) (Database, error) {
	o = o.withDefaults()
	if o.Database == "" {
		return nil, errors.New("store: a database name is needed")
	}
	client, err := mongo.Connect(clientOptions(o))
	if err != nil {
		return nil, errors.New("store: the address of the database is not a MongoDB connection string") // the driver's text may quote its password
	}
	return newBounded(&driver{client, client.Database(o.Database)}, o.RequestTimeout, o.Log), nil
}

func clientOptions(o Options) *options.ClientOptions {
	return options.Client().ApplyURI(o.URI).
		SetAppName("yibao").
		SetTimeout(o.Timeout).
		// These overrule the server's defaults and the URI. An acknowledged write survives a failover.
		SetWriteConcern(writeconcern.Majority()).
		// So does a document that was read. If a write finds no majority in time, change looks for it in the document; a
		// write that is on one server alone may still be undone. A secondary would show revoked sessions as alive.
		SetReadConcern(readconcern.Majority()).
		SetReadPreference(readpref.Primary()).
		SetMonitor(&event.CommandMonitor{Failed: logFailure(o.Log)})
}

// logFailure is where the log says why the store fails: above it all failures are one (identity.ErrStore). A command
// that its caller gave up is no failure; EnsureIndexes logs its own; at Close nothing depends on the goodbye.
func logFailure(log *slog.Logger) func(context.Context, *event.CommandFailedEvent) {
	return func(_ context.Context, e *event.CommandFailedEvent) {
		if e.CommandName == "createIndexes" || e.CommandName == "endSessions" || errors.Is(e.Failure, context.Canceled) {
			return
		}
		log.Warn("store_command_failed", "command", e.CommandName, "cause", kindOf(e.Failure))
	}
}

func (d *driver) Find(ctx context.Context, collection string, filter bson.D, o ...options.Lister[options.FindOptions]) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		cursor, err := d.db.Collection(collection).Find(ctx, filter, o...)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }() // an open cursor holds a connection of the server's
		for cursor.Next(ctx) {
			if !yield(bytes.Clone(cursor.Current), nil) {
				return
			}
		}
		if err := cursor.Err(); err != nil {
			yield(nil, err)
		}
	}
}

func (d *driver) Insert(ctx context.Context, collection string, doc bson.Raw) error {
	_, err := d.db.Collection(collection).InsertOne(ctx, doc)
	return err
}

func (d *driver) Replace(ctx context.Context, collection string, filter bson.D, doc bson.Raw) (bool, error) {
	result, err := d.db.Collection(collection).ReplaceOne(ctx, filter, doc)
	if err != nil {
		return false, err
	}
	return result.MatchedCount == 1, nil
}

// Delete sends deleteOne where the filter begins with the one id that can match: the driver repeats that by itself when
// a server fails over, unlike deleteMany.
func (d *driver) Delete(ctx context.Context, collection string, filter bson.D) (int64, error) {
	coll := d.db.Collection(collection)
	var result *mongo.DeleteResult
	var err error
	if _, one := filter[0].Value.(string); one && filter[0].Key == "_id" {
		result, err = coll.DeleteOne(ctx, filter)
	} else {
		result, err = coll.DeleteMany(ctx, filter)
	}
	if err != nil {
		return 0, err
	}
	return result.DeletedCount, nil
}

func (d *driver) CreateIndex(ctx context.Context, collection string, index mongo.IndexModel) error {
	_, err := d.db.Collection(collection).Indexes().CreateOne(ctx, index)
	return err
}

// codeNamespaceNotFound is the server's answer for a collection that does not exist.
const codeNamespaceNotFound = 26

func (d *driver) Indexes(ctx context.Context, collection string) ([]string, error) {
	specs, err := d.db.Collection(collection).Indexes().ListSpecifications(ctx)
	var server mongo.ServerError
	if errors.As(err, &server) && server.HasErrorCode(codeNamespaceNotFound) {
		return nil, nil
	}
	names := make([]string, len(specs))
	for i, spec := range specs {
		names[i] = spec.Name
	}
	return names, err
}

func (d *driver) Time(ctx context.Context) (time.Time, error) {
	var hello struct {
		LocalTime time.Time `bson:"localTime"`
	}
	err := d.db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello) // the primary's
	return hello.LocalTime, err
}

func (d *driver) Close(ctx context.Context) error { return d.client.Disconnect(ctx) }
