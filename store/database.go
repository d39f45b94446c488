package store

import (
	"context"
	"iter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Database is the few commands that the store is made of. Connect gives a real one; tests use the one in store/memory.
//
// Errors are the driver's own types, also from a database that is not the driver: the store tells by them whether a
// document existed already and whether a write may have happened (see unclear).
type Database interface {
	// Find runs when its result is ranged over, once for each range. An error is the last pair. Leaving the range early
	// frees the cursor. The bytes are the caller's.
	Find(ctx context.Context, collection string, filter bson.D, o ...options.Lister[options.FindOptions]) iter.Seq2[bson.Raw, error]
	// Insert adds a document; mongo.IsDuplicateKeyError when its _id is taken.
	Insert(ctx context.Context, collection string, doc bson.Raw) error
	// Replace puts doc in the place of one document that matches, and returns false if none does.
	Replace(ctx context.Context, collection string, filter bson.D, doc bson.Raw) (bool, error)
	// Delete removes all documents that match and returns how many went.
	Delete(ctx context.Context, collection string, filter bson.D) (int64, error)

	// CreateIndex is no error when the collection has that index.
	CreateIndex(ctx context.Context, collection string, index mongo.IndexModel) error
	// Indexes lists the names of the collection's indexes; none for a collection that does not exist.
	Indexes(ctx context.Context, collection string) ([]string, error)

	// Time returns the time by the database's own clock.
	Time(ctx context.Context) (time.Time, error)
	Close(ctx context.Context) error
}
