package store

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// unmarked are the fields that a mark does not cover: they say how a document was written, not what it says.
var unmarked = []string{"schema", "version", "writes", "mark"}

// marks are the marks of a document under each version of the proof key, the primary's first. They cover the document as
// it is stored, the texts sealed: not the type of the program that reads it, which may know a field more or less.
func (t *table[T]) marks(raw bson.Raw) ([]string, error) {
	elements, err := raw.Elements()
	if err != nil {
		return nil, ErrUnreadable
	}
	elements = slices.DeleteFunc(elements, func(e bson.RawElement) bool { return slices.Contains(unmarked, e.Key()) })
	slices.SortFunc(elements, func(a, b bson.RawElement) int { return strings.Compare(a.Key(), b.Key()) })
	parts := make([]string, len(elements))
	for i, e := range elements {
		parts[i] = string(e)
	}
	return t.store.keys.documentMarks(t.name, parts), nil
}

// mark puts the mark into a document that has none.
func (t *table[T]) mark(raw bson.Raw) (bson.Raw, error) {
	marks, err := t.marks(raw)
	if err != nil {
		return nil, err
	}
	elements, _ := raw.Elements()
	doc := make(bson.D, len(elements), len(elements)+1)
	for i, e := range elements {
		doc[i] = bson.E{Key: e.Key(), Value: e.Value()}
	}
	return bson.Marshal(append(doc, bson.E{Key: "mark", Value: marks[0]}))
}

// checkMark refuses a document whose mark does not fit, logs it and counts it.
func (t *table[T]) checkMark(raw bson.Raw) error {
	mark, _ := raw.Lookup("mark").StringValueOK()
	if marks, err := t.marks(raw); err == nil && slices.Contains(marks, mark) {
		return nil
	}
	t.store.forged.Add(1)
	t.store.log.Error("store_document_forged", "collection", t.name)
	return ErrUnreadable
}
