package store

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// schemaVersion is the version of every document this program writes. It reads this and older ones.
const schemaVersion = 1

// Meta is part of every document. The name is exported for the codec alone, which skips fields that are not.
type Meta struct {
	Schema  int      `bson:"schema"`
	Version int64    `bson:"version"` // grows by one with each write
	Writes  []string `bson:"writes"`  // the last write ids, newest last
	// WrittenAt is the time of the last write by the writer's clock: see ahead.go.
	WrittenAt time.Time `bson:"written_at"`
}

// record is a value with its meta. The domain types name their own fields by tags, so a name is written once.
type record[T any] struct {
	Value   T `bson:",inline"`
	Meta    `bson:",inline"`
	Derived map[string]any `bson:",inline"` // further fields that queries need
}

// table reads and writes the documents of one collection as values of one type.
type table[T any] struct {
	name    string
	store   *Store
	missing error // the domain's "not found"
	// sealed lists the texts of a value that are sealed in the document, by name, and the document's id; nil for none.
	sealed func(*T) (id string, texts map[string]*string)
	// marked says that the document carries a keyed mark (mark.go). It is for documents that say which user may see
	// which person: write access to the database alone must not change that. An older version of a document, put back
	// whole, still fits.
	marked bool
	// derived are further fields of the document, and its _id where the value has none; nil for none.
	derived func(*T) map[string]any
}

// stored is a document as it was read, with its value. absent: there was none; then it has the id alone.
type stored[T any] struct {
	id     string
	meta   Meta
	value  *T
	absent bool
}

func (t *table[T]) failed(operation string, err error) error {
	return failed(t.name+"."+operation, err)
}

// decode refuses a document of a newer schema: writing it back would lose its new fields.
func (t *table[T]) decode(raw bson.Raw) (*stored[T], error) {
	if schema, ok := raw.Lookup("schema").AsInt64OK(); ok && schema > schemaVersion {
		return nil, fmt.Errorf("%w: %s has schema %d, this program knows %d", ErrSchema, t.name, schema, schemaVersion)
	}
	var doc record[T]
	id, ok := raw.Lookup("_id").StringValueOK()
	if !ok || bson.Unmarshal(raw, &doc) != nil {
		return nil, ErrUnreadable
	}
	if t.marked {
		if err := t.checkMark(raw); err != nil {
			return nil, err
		}
	}
	if t.sealed != nil {
		_, texts := t.sealed(&doc.Value)
		for field, text := range texts {
			var err error
			if *text, err = t.store.keys.openText(t.name, field, id, *text); err != nil {
				return nil, err
			}
		}
	}
	return &stored[T]{id: id, meta: doc.Meta, value: &doc.Value}, nil
}

// idOf is the document's id; "" for one that is no text.
func idOf(raw bson.Raw) string {
	id, _ := raw.Lookup("_id").StringValueOK()
	return id
}

// load reads one document; missing when it is not there.
func (t *table[T]) load(ctx context.Context, id string) (*stored[T], error) {
	found, err := t.find(ctx, bson.D{{Key: "_id", Value: id}}, options.Find().SetLimit(-1)) // negative: one batch, no cursor
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, t.missing
	}
	s, err := t.decode(found[0])
	return s, t.failed("find", err)
}

// get returns the value of one document.
func (t *table[T]) get(ctx context.Context, id string) (*T, error) {
	s, err := t.load(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.value, nil
}

// find returns all documents that match, as they are. The cursor is closed when it returns: the embedded server has few.
func (t *table[T]) find(ctx context.Context, filter bson.D, o ...options.Lister[options.FindOptions]) ([]bson.Raw, error) {
	var raws []bson.Raw
	for raw, err := range t.store.find(ctx, t.name, filter, o...) {
		if err != nil {
			return nil, t.failed("find", err)
		}
		raws = append(raws, raw)
	}
	return raws, nil
}

// values returns the values of all documents that match; one that cannot be read fails the whole.
func (t *table[T]) values(ctx context.Context, filter bson.D, o ...options.Lister[options.FindOptions]) ([]*T, error) {
	raws, err := t.find(ctx, filter, o...)
	if err != nil {
		return nil, err
	}
	found := make([]*T, 0, len(raws))
	for _, raw := range raws {
		s, err := t.decode(raw)
		if err != nil {
			return nil, t.failed("find", err)
		}
		found = append(found, s.value)
	}
	return found, nil
}

// knownSchema excludes documents of newer programs. These have workers of their own.
var knownSchema = bson.E{Key: "schema", Value: bson.D{{Key: "$lte", Value: schemaVersion}}}

// work returns up to limit documents that match and can be read, in the order of the field. It is for the passes of
// workers: no number of documents of a newer program, or with a lost key, may keep the others from their turn.
// A log line says how many cannot be read.
func (t *table[T]) work(ctx context.Context, filter bson.D, by string, limit int) ([]*stored[T], error) {
	if err := t.store.checkClock(); err != nil {
		return nil, err
	}
	// No limit, as it would count unreadable ones, too. Leaving the loop frees the cursor.
	inOrder := options.Find().SetSort(bson.D{{Key: by, Value: 1}}).SetBatchSize(int32(limit))
	var found []*stored[T]
	passed, why := 0, error(nil)
	for raw, err := range t.store.find(ctx, t.name, append(filter, knownSchema), inOrder) {
		if err != nil {
			return nil, t.failed("find", err)
		}
		s, err := t.decode(raw)
		if err != nil {
			passed, why = passed+1, err
			continue
		}
		if found = append(found, s); len(found) == limit {
			break
		}
	}
	if passed > 0 {
		t.store.log.Warn("store_document_passed_over", "collection", t.name, "documents", passed, "cause", kindOf(why))
	}
	return found, nil
}

// valuesOf drops the meta.
func valuesOf[T any](found []*stored[T]) []*T {
	values := make([]*T, len(found))
	for i, s := range found {
		values[i] = s.value
	}
	return values
}
