package store

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

const (
	// rememberedWrites is how many of the last write ids a document keeps. A writer whose answer was lost finds its own
	// among them unless more than so many others wrote in the meantime.
	rememberedWrites = 8
	// maxTries bounds an update against other writers; twenty writers on one document need a few dozen at worst.
	maxTries = 400
	// maxLost bounds the tries after writes without an answer.
	maxLost = 4
)

// encode makes the next version of a document and the value that reading it back gives.
func (t *table[T]) encode(value *T, before *stored[T], write string) (bson.Raw, *T, error) {
	doc := record[T]{Value: *value}
	doc.Schema, doc.Version, doc.WrittenAt = schemaVersion, before.meta.Version+1, t.store.now()
	doc.Writes = append(slices.Clone(before.meta.Writes), write)
	if over := len(doc.Writes) - rememberedWrites; over > 0 {
		doc.Writes = doc.Writes[over:]
	}
	if t.derived != nil {
		doc.Derived = t.derived(value)
	}
	if t.sealed != nil {
		id, texts := t.sealed(&doc.Value)
		for field, text := range texts {
			var err error
			if *text, err = t.store.keys.sealText(t.name, field, id, *text); err != nil {
				return nil, nil, err
			}
		}
	}
	raw, err := bson.Marshal(doc)
	if err == nil && t.marked {
		raw, err = t.mark(raw)
	}
	if err != nil {
		return nil, nil, ErrUnreadable
	}
	// Read back, so that a caller sees times as they are stored, in milliseconds, and shares nothing with the value.
	s, err := t.decode(raw)
	if err != nil {
		return nil, nil, err
	}
	if before.id != "" && s.id != before.id {
		return nil, nil, errors.New("store: an update may not change the document's key")
	}
	return raw, s.value, nil
}

// newWriteID names one write; 60 random bits are enough among the few ids of one document.
func newWriteID() string { return rand.Text()[:12] }

// insert adds a document. exists is true when one of that key is there that this call did not write.
func (t *table[T]) insert(ctx context.Context, value *T) (written *T, exists bool, err error) {
	write := newWriteID()
	raw, written, err := t.encode(value, &stored[T]{}, write)
	if err != nil {
		return nil, false, t.failed("insert", err)
	}
	id := idOf(raw)
	for try := 0; ; try++ {
		err = t.store.db.Insert(ctx, t.name, raw)
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

// update changes one document by fn, guarded by its version and last write, until no other writer comes between. A
// document that is not there is t.missing. fn's error is returned unchanged and nothing is written.
func (t *table[T]) update(ctx context.Context, id string, fn func(*T) error) (*T, error) {
	return t.change(ctx, id, func(value *T) (*T, error) {
		if value == nil {
			return nil, t.missing
		}
		return value, fn(value)
	})
}

// upsert is update that starts from fresh where the document is not there.
func (t *table[T]) upsert(ctx context.Context, id string, fresh func() *T, fn func(*T) error) (*T, error) {
	return t.change(ctx, id, func(value *T) (*T, error) {
		if value == nil {
			value = fresh()
		}
		return value, fn(value)
	})
}

// change is one read and one guarded write, again and again until it holds; fn gets nil for a document that is not
// there, and writes nothing by returning nil. A write whose answer is lost counts as ours when its id is in the document:
// fn is not applied twice then.
func (t *table[T]) change(ctx context.Context, id string, fn func(*T) (*T, error)) (*T, error) {
	sent := map[string]*T{} // write id → value
	lost := 0               // writes without an answer
	var p pace
	for range maxTries {
		if err := p.next(ctx); err != nil {
			return nil, t.failed("update", err)
		}
		s, err := t.load(ctx, id)
		if errors.Is(err, t.missing) {
			s, err = &stored[T]{id: id, absent: true}, nil
		}
		if err != nil {
			return nil, err
		}
		for _, write := range s.meta.Writes {
			if value, ours := sent[write]; ours {
				return value, nil
			}
		}
		value := t.mended(ctx, s)
		mends := value != nil // first; then fn
		if !mends {
			if value, err = fn(s.value); err != nil || value == nil {
				return nil, err
			}
		}
		write := newWriteID()
		value, ok, err := t.replace(ctx, s, value, write)
		if !mends {
			sent[write] = value
		}
		switch {
		case ok && !mends:
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
func (t *table[T]) replace(ctx context.Context, before *stored[T], value *T, write string) (*T, bool, error) {
	raw, written, err := t.encode(value, before, write)
	if err != nil {
		return nil, false, t.failed("update", err)
	}
	if !before.absent {
		ok, err := t.store.db.Replace(ctx, t.name, guard(before.id, before.meta), raw)
		return written, ok, err
	}
	err = t.store.db.Insert(ctx, t.name, raw)
	if mongo.IsDuplicateKeyError(err) {
		return written, false, nil // another writer was first
	}
	return written, err == nil, err
}

// guard finds the document only as it was read. The version alone would take a document that was deleted and made anew,
// and has had as many writes since, for the one that was read; no write id comes twice. A document without write ids or
// version was written by other means.
func guard(id string, before Meta) bson.D {
	filter := bson.D{{Key: "_id", Value: id}, {Key: "version", Value: before.Version}}
	if before.Version == 0 {
		filter[1].Value = nil // matches a field that is missing
	}
	if n := len(before.Writes); n > 0 {
		filter = append(filter, bson.E{Key: "writes", Value: before.Writes[n-1]})
	}
	return filter
}

// claim writes the document as fn changes it, once: false when another writer was first.
func (t *table[T]) claim(ctx context.Context, s *stored[T], fn func(*T)) (*T, bool, error) {
	if mended := t.mended(ctx, s); mended != nil {
		s.value = mended
	}
	fn(s.value)
	write := newWriteID()
	value, ok, err := t.replace(ctx, s, s.value, write)
	if unclear(err) && ctx.Err() == nil {
		// Ours when our id stands there. If the write lands later all the same, the claim's time runs out unused.
		if again, loadErr := t.load(ctx, s.id); loadErr == nil {
			return value, slices.Contains(again.meta.Writes, write), nil
		}
	}
	if err != nil {
		return nil, false, t.failed("claim", err)
	}
	return value, ok, nil
}

// deleteOne removes the document of one id, if the rest of the filter fits, and says whether it went.
func (t *table[T]) deleteOne(ctx context.Context, id string, also ...bson.E) (bool, error) {
	n, err := t.deleteMany(ctx, append(bson.D{{Key: "_id", Value: id}}, also...))
	return n > 0, err
}

// deleteMany removes documents and says how many went.
func (t *table[T]) deleteMany(ctx context.Context, filter bson.D) (int64, error) {
	n, err := t.store.db.Delete(ctx, t.name, filter)
	return n, t.failed("delete", err)
}
