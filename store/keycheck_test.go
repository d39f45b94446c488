package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/store/embedded"
)

// TestOtherKeysAreRefused swaps each key file in turn for one of another set: the database is refused, and the error
// says which key it is. With the right files it opens again.
func TestOtherKeysAreRefused(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	mine, other := t.TempDir(), t.TempDir()
	for _, dir := range []string{mine, other} {
		if err := NewKeyFiles(dir); err != nil {
			t.Fatal(err)
		}
	}
	open := func() error {
		keys, err := LoadKeyring(KeyFiles{}.In(mine))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), Options{URI: server.URI(), Database: "d", Keys: keys})
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
		if err := open(); !errors.Is(err, ErrKeys) || !strings.Contains(err.Error(), "the "+name+" key") {
			t.Errorf("%s: %v", name, err)
		}
		swap(t, filepath.Join(mine, name+".json"), filepath.Join(other, name+".json"))
	}
	if err := open(); err != nil {
		t.Error("the right keys are refused:", err)
	}
	removeCodeMark(t, server.URI())
	swap(t, filepath.Join(mine, "code.json"), filepath.Join(other, "code.json"))
	if err := errors.Join(open(), open()); err != nil {
		t.Error("a code key that was replaced on purpose:", err)
	}
	swap(t, filepath.Join(mine, "code.json"), filepath.Join(other, "code.json"))
	if err := open(); !errors.Is(err, ErrKeys) || !strings.Contains(err.Error(), "marks.code") {
		t.Error("the code key of before:", err)
	}
}

// removeCodeMark does what the error tells the operator to do.
func removeCodeMark(t *testing.T, uri string) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(t.Context()) }()
	unset := bson.D{{Key: "$unset", Value: bson.D{{Key: "marks.code", Value: ""}}}}
	done, err := client.Database("d").Collection("about").UpdateByID(t.Context(), aboutID, unset)
	if err != nil || done.ModifiedCount != 1 {
		t.Fatal("the mark stays:", err)
	}
}

// TestMarksFollowARotation opens a database with the old keys, with both in either order, and with the new ones.
func TestMarksFollowARotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := NewKeyFiles(dir); err != nil {
		t.Fatal(err)
	}
	before, during, after := rotated(t, dir)
	for _, writer := range []*Keyring{before, during, after} {
		marks, err := writer.marks()
		if err != nil {
			t.Fatal(err)
		}
		for _, reader := range []*Keyring{during, after} {
			if err := reader.fits(marks); err != nil {
				t.Error(err)
			}
		}
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
