package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// schemaVersion is the version of every document this program writes. It reads this and older ones.
const schemaVersion = 1

const (
	// rememberedWrites is how many of the last write ids a document keeps. A writer whose answer was lost finds its own
	// among them unless more than so many others wrote in the meantime.
	rememberedWrites = 8
	// maxTries bounds an update against other writers; twenty writers on one document need a few dozen at worst.
	maxTries = 400
	// maxLost bounds the tries after writes without an answer.
	maxLost = 4
	// minBackoff and maxBackoff bound the random pause after a lost race.
	minBackoff = time.Millisecond
	maxBackoff = time.Second
)

// Meta is what every document has. The name is exported for the codec alone, which skips fields that are not.
type Meta struct {
	ID      string   `bson:"_id"`
	Schema  int      `bson:"schema"`
	Version int64    `bson:"version"` // grows by one with each write
	Writes  []string `bson:"writes"`  // the last write ids, newest last
}

func (m *Meta) head() *Meta { return m }

// document is a pointer to a document type that embeds meta.
type document[D any] interface {
	*D
	head() *Meta
}

// table reads and writes the documents of one collection as values of a domain type.
type table[T, D any, P document[D]] struct {
	name    string
	coll    *mongo.Collection
	log     *slog.Logger
	missing error // the domain's "not found"
	// toDoc fills all but meta's Schema, Version and Writes; it sets the ID.
	toDoc func(*T) (*D, error)
	toDom func(*D) (*T, error)
}

// stored is a document as it was read, with its value.
type stored[T any] struct {
	meta  Meta
	value *T
}

func (t *table[T, D, P]) failed(operation string, err error) error {
	return failed(t.name+"."+operation, err)
}

// decode refuses a document of a newer schema: writing it back would lose what this program does not know.
func (t *table[T, D, P]) decode(raw bson.Raw) (*stored[T], error) {
	var m Meta
	if err := bson.Unmarshal(raw, &m); err != nil {
		return nil, ErrUnreadable
	}
	if m.Schema > schemaVersion {
		return nil, fmt.Errorf("%w: %s has schema %d, this program knows %d", ErrSchema, t.name, m.Schema, schemaVersion)
	}
	var doc D
	if err := bson.Unmarshal(raw, &doc); err != nil {
		return nil, ErrUnreadable
	}
	value, err := t.toDom(&doc)
	if err != nil {
		return nil, err
	}
	return &stored[T]{m, value}, nil
}

// load reads one document; missing when it is not there.
func (t *table[T, D, P]) load(ctx context.Context, id string) (*stored[T], error) {
	raw, err := t.coll.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, t.missing
	}
	if err != nil {
		return nil, t.failed("find", err)
	}
	s, err := t.decode(raw)
	if err != nil {
		return nil, t.failed("find", err)
	}
	return s, nil
}

// get returns the value of one document.
func (t *table[T, D, P]) get(ctx context.Context, id string) (*T, error) {
	s, err := t.load(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.value, nil
}

// find returns all documents that match, as they are. All of the cursor is read before it returns: the embedded server
// has few of them.
func (t *table[T, D, P]) find(ctx context.Context, filter bson.D, o ...options.Lister[options.FindOptions]) ([]bson.Raw, error) {
	cursor, err := t.coll.Find(ctx, filter, o...)
	if err != nil {
		return nil, t.failed("find", err)
	}
	var raws []bson.Raw
	if err := cursor.All(ctx, &raws); err != nil {
		return nil, t.failed("find", err)
	}
	return raws, nil
}

// values returns the values of all documents that match; one that cannot be read fails the whole.
func (t *table[T, D, P]) values(ctx context.Context, filter bson.D, o ...options.Lister[options.FindOptions]) ([]*T, error) {
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

// work returns the documents that match and can be read. It is for the passes of workers: one document that a newer
// program wrote, or whose key is lost, must not keep all others from their turn. A log line says that there is one.
func (t *table[T, D, P]) work(ctx context.Context, filter bson.D, o ...options.Lister[options.FindOptions]) ([]*stored[T], error) {
	raws, err := t.find(ctx, filter, o...)
	if err != nil {
		return nil, err
	}
	found := make([]*stored[T], 0, len(raws))
	for _, raw := range raws {
		s, err := t.decode(raw)
		if err != nil {
			t.log.Warn("store: documents are passed over", "collection", t.name, "cause", kindOf(err))
			continue
		}
		found = append(found, s)
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

// encode makes the next version of a document and the value that reading it back gives.
func (t *table[T, D, P]) encode(value *T, before Meta, write string) (bson.Raw, *T, error) {
	doc, err := t.toDoc(value)
	if err != nil {
		return nil, nil, err
	}
	m := P(doc).head()
	if before.ID != "" && m.ID != before.ID {
		return nil, nil, errors.New("store: an update may not change the document's key")
	}
	m.Schema, m.Version = schemaVersion, before.Version+1
	m.Writes = append(slices.Clone(before.Writes), write)
	if over := len(m.Writes) - rememberedWrites; over > 0 {
		m.Writes = m.Writes[over:]
	}
	raw, err := bson.Marshal(doc)
	if err != nil {
		return nil, nil, ErrUnreadable
	}
	// Read back, so that a caller sees times as they are stored, in milliseconds, and shares nothing with the value.
	s, err := t.decode(raw)
	if err != nil {
		return nil, nil, err
	}
	return raw, s.value, nil
}

// newWriteID names one write; 60 random bits are enough among the few ids of one document.
func newWriteID() string { return rand.Text()[:12] }

// insert adds a document. exists is true when one of that key is there that this call did not write.
func (t *table[T, D, P]) insert(ctx context.Context, value *T) (written *T, exists bool, err error) {
	write := newWriteID()
	raw, written, err := t.encode(value, Meta{}, write)
	if err != nil {
		return nil, false, t.failed("insert", err)
	}
	id, _ := raw.Lookup("_id").StringValueOK()
	for try := 0; ; try++ {
		_, err = t.coll.InsertOne(ctx, raw)
		switch {
		case err == nil:
			return written, false, nil
		case !mongo.IsDuplicateKeyError(err) && !unclear(err) || ctx.Err() != nil || try == 3:
			return nil, false, t.failed("insert", err)
		}
		// Is it our write that stands there? The answer to an earlier try may be lost, or something between the server and
		// us may have sent it twice.
		if s, loadErr := t.load(ctx, id); loadErr == nil {
			return written, !slices.Contains(s.meta.Writes, write), nil
		}
	}
}

// update changes one document by fn, guarded by its version, until no other writer comes between. A document that is not
// there is t.missing. fn's error is returned unchanged and nothing is written.
func (t *table[T, D, P]) update(ctx context.Context, id string, fn func(*T) error) (*T, error) {
	return t.change(ctx, id, func(value *T) (*T, error) {
		if value == nil {
			return nil, t.missing
		}
		return value, fn(value)
	})
}

// upsert is update that starts from fresh where the document is not there.
func (t *table[T, D, P]) upsert(ctx context.Context, id string, fresh func() *T, fn func(*T) error) (*T, error) {
	return t.change(ctx, id, func(value *T) (*T, error) {
		if value == nil {
			value = fresh()
		}
		return value, fn(value)
	})
}

// change is one read and one guarded write, again and again until it holds; fn gets nil for a document that is not
// there, and writes nothing by returning nil. Whatever became of the answer to a write, it counts as ours when its id
// stands in the document: fn is not applied twice then.
func (t *table[T, D, P]) change(ctx context.Context, id string, fn func(*T) (*T, error)) (*T, error) {
	sent := map[string]*T{} // write id → value
	lost := 0               // writes without an answer
	var p pace
	for range maxTries {
		if err := p.next(ctx); err != nil {
			return nil, t.failed("update", err)
		}
		s, err := t.load(ctx, id)
		if errors.Is(err, t.missing) {
			s, err = &stored[T]{meta: Meta{ID: id}}, nil
		}
		if err != nil {
			return nil, err
		}
		for _, write := range s.meta.Writes {
			if value, ours := sent[write]; ours {
				return value, nil
			}
		}
		value, err := fn(s.value)
		if err != nil || value == nil {
			return nil, err
		}
		write := newWriteID()
		value, ok, err := t.replace(ctx, s.meta, value, write)
		sent[write] = value
		switch {
		case ok:
			return value, nil
		case unclear(err) && lost < maxLost:
			lost++
		case err != nil:
			return nil, t.failed("update", err)
		}
	}
	return nil, t.failed("update", errContended)
}

// replace writes the next version unless another writer was first: false then. The value comes back with an error, too.
func (t *table[T, D, P]) replace(ctx context.Context, before Meta, value *T, write string) (*T, bool, error) {
	raw, written, err := t.encode(value, before, write)
	if err != nil {
		return nil, false, t.failed("update", err)
	}
	if before.Version == 0 {
		_, err := t.coll.InsertOne(ctx, raw)
		if mongo.IsDuplicateKeyError(err) {
			return written, false, nil // another writer was first
		}
		return written, err == nil, err
	}
	guard := bson.D{{Key: "_id", Value: before.ID}, {Key: "version", Value: before.Version}}
	result, err := t.coll.ReplaceOne(ctx, guard, raw)
	if err != nil {
		return written, false, err
	}
	return written, result.MatchedCount == 1, nil
}

// claim writes the document as fn changes it, once: false when another writer was first. That is what claiming is.
func (t *table[T, D, P]) claim(ctx context.Context, s *stored[T], fn func(*T)) (*T, bool, error) {
	fn(s.value)
	write := newWriteID()
	value, ok, err := t.replace(ctx, s.meta, s.value, write)
	if unclear(err) && ctx.Err() == nil {
		// Ours when our id stands there. If the write lands later all the same, the claim's time runs out unused.
		if again, loadErr := t.load(ctx, s.meta.ID); loadErr == nil {
			return value, slices.Contains(again.meta.Writes, write), nil
		}
	}
	if err != nil {
		return nil, false, t.failed("claim", err)
	}
	return value, ok, nil
}

// deleteOne removes the document of one id, if the rest of the filter fits, and says whether it went. The driver repeats
// it by itself when a server fails over, which it does not with deleteMany.
func (t *table[T, D, P]) deleteOne(ctx context.Context, id string, also ...bson.E) (bool, error) {
	result, err := t.coll.DeleteOne(ctx, append(bson.D{{Key: "_id", Value: id}}, also...))
	if err != nil {
		return false, t.failed("delete", err)
	}
	return result.DeletedCount > 0, nil
}

// deleteMany removes documents and says how many went.
func (t *table[T, D, P]) deleteMany(ctx context.Context, filter bson.D) (int64, error) {
	result, err := t.coll.DeleteMany(ctx, filter)
	if err != nil {
		return 0, t.failed("delete", err)
	}
	return result.DeletedCount, nil
}

// pace spaces the tries of one operation against other writers. The pauses are random, double with each try, and go by
// how long the last try took: a slow server needs its writers further apart.
type pace struct {
	try   int
	begun time.Time
}

// next waits for the next try; an error when ctx is over.
func (p *pace) next(ctx context.Context) error {
	if p.try > 0 {
		base := max(time.Since(p.begun), minBackoff)
		timer := time.NewTimer(mrand.N(min(base<<min(p.try-1, 6), maxBackoff)))
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	p.try++
	p.begun = time.Now()
	return ctx.Err()
}
