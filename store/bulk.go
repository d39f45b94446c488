package store

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// maxBulk is how many updates go in one command: the embedded server hangs for good at a hundred.
const maxBulk = 90

// bulk sends the writes, at most maxBulk a command. They are not one unit: each must be safe to repeat, as after an
// error some have happened.
func bulk(ctx context.Context, coll *mongo.Collection, writes []mongo.WriteModel) error {
	for len(writes) > 0 {
		n := min(len(writes), maxBulk)
		if _, err := coll.BulkWrite(ctx, writes[:n], options.BulkWrite().SetOrdered(false)); err != nil {
			return failed(coll.Name()+".bulk", err)
		}
		writes = writes[n:]
	}
	return nil
}

// ignore turns an error that is expected into none.
func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
