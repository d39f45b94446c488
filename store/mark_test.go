package store

import (
	"errors"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// older and newer are one type in two releases of the program.
type (
	older struct {
		ID   string `bson:"_id"`
		User string `bson:"user"`
	}
	newer struct {
		ID    string   `bson:"_id"`
		Kind  string   `bson:"kind"`
		User  string   `bson:"user"`
		Since int64    `bson:"since"`
		Links []string `bson:"links"`
	}
)

// TestMarksOutliveFields: a document that was written before a field was added, or that has a field which was since taken
// away, is no forgery. One whose fields were changed, added or taken away without a key is.
func TestMarksOutliveFields(t *testing.T) {
	t.Parallel()
	s := offline(t)
	before, after := newTable[older](s, "users", errNoAbout), newTable[newer](s, "users", errNoAbout)
	before.marked, after.marked = true, true
	old, _, err := encoded(before, &older{ID: "1", User: "u"})
	if err != nil {
		t.Fatal(err)
	}
	if read, err := after.decode(old); err != nil || read.value.User != "u" {
		t.Error("with a field more:", read, err)
	}
	young, _, err := encoded(after, &newer{ID: "1", User: "u", Kind: "k"})
	if err != nil {
		t.Fatal(err)
	}
	if read, err := before.decode(young); err != nil || read.value.User != "u" {
		t.Error("with a field less:", read, err)
	}

	var doc bson.D
	if err := bson.Unmarshal(young, &doc); err != nil {
		t.Fatal(err)
	}
	reversed := slices.Clone(doc)
	slices.Reverse(reversed)
	if _, err := after.decode(rawOf(t, reversed)); err != nil {
		t.Error("in another order:", err)
	}
	for name, forged := range map[string]bson.D{
		"a field more": append(slices.Clone(doc), bson.E{Key: "role", Value: "admin"}),
		"a field less": slices.DeleteFunc(slices.Clone(doc), func(e bson.E) bool { return e.Key == "kind" }),
		"no mark":      slices.DeleteFunc(slices.Clone(doc), func(e bson.E) bool { return e.Key == "mark" }),
	} {
		if _, err := after.decode(rawOf(t, forged)); !errors.Is(err, ErrUnreadable) {
			t.Error(name+":", err)
		}
	}
	other := newTable[newer](s, "attempts", errNoAbout)
	other.marked = true
	if _, err := other.decode(young); !errors.Is(err, ErrUnreadable) {
		t.Error("moved to another collection:", err)
	}
}

func rawOf(t *testing.T, doc bson.D) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
