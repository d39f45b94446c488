package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/store"
	"yibao/store/storetest"
)

// TestOtherKeysAreRefused swaps each key file in turn for one of another set: the database is refused, and the error
// says which key it is. With the right files it opens again.
func TestOtherKeysAreRefused(t *testing.T) { storetest.Each(t, testOtherKeysAreRefused) }

func testOtherKeysAreRefused(t *testing.T, d *storetest.Database) {
	mine, other := t.TempDir(), t.TempDir()
	for _, dir := range []string{mine, other} {
		if err := store.NewKeyFiles(dir); err != nil {
			t.Fatal(err)
		}
	}
	open := func() error {
		keys, err := store.LoadKeyring(store.KeyFiles{}.In(mine))
		if err != nil {
			t.Fatal(err)
		}
		o := d.Options()
		o.Keys = keys
		s, err := d.OpenWith(t.Context(), o)
		if err != nil {
			return err
		}
		return errors.Join(s.EnsureIndexes(t.Context()), s.Close(t.Context()))
	}
	if err := errors.Join(open(), open()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"seal", "lookup", "proof", "code"} {
		swap(t, filepath.Join(mine, name+".json"), filepath.Join(other, name+".json"))
		if err := open(); !errors.Is(err, store.ErrKeys) || !strings.Contains(err.Error(), "the "+name+" key") {
			t.Errorf("%s: %v", name, err)
		}
		swap(t, filepath.Join(mine, name+".json"), filepath.Join(other, name+".json"))
	}
	if err := open(); err != nil {
		t.Error("the right keys are refused:", err)
	}
	removeCodeMark(t, d)
	swap(t, filepath.Join(mine, "code.json"), filepath.Join(other, "code.json"))
	if err := errors.Join(open(), open()); err != nil {
		t.Error("a code key that was replaced on purpose:", err)
	}
	swap(t, filepath.Join(mine, "code.json"), filepath.Join(other, "code.json"))
	if err := open(); !errors.Is(err, store.ErrKeys) || !strings.Contains(err.Error(), "marks.code") {
		t.Error("the code key of before:", err)
	}
}

// removeCodeMark does what the error tells the operator to do.
func removeCodeMark(t *testing.T, d *storetest.Database) {
	t.Helper()
	about := bson.D{{Key: "_id", Value: "database"}}
	var doc bson.M
	if err := bson.Unmarshal(d.Documents(t, "about", about)[0], &doc); err != nil {
		t.Fatal(err)
	}
	marks := doc["marks"].(bson.D)
	doc["marks"] = slices.DeleteFunc(marks, func(e bson.E) bool { return e.Key == "code" })
	raw, err := bson.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := d.Commands(t).Replace(t.Context(), "about", about, raw); err != nil || !done || len(marks) != 4 {
		t.Fatal("the mark stays:", err)
	}
}

func swap(t *testing.T, a, b string) {
	t.Helper()
	for _, move := range [][2]string{{a, a + ".aside"}, {b, a}, {a + ".aside", b}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
	}
}
