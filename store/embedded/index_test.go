package embedded_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"yibao/store/embedded"
)

// plan asks SQLite how it would run the engine's query for one document by its _id. (The engine's own explain goes by
// the tables as its connection first saw them.)
func plan(t testing.TB, dir, database, collection string) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, database+".sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var table, detail string
	var ignored int
	if err := db.QueryRow(`SELECT table_name FROM _ferretdb_collections WHERE name = ?`, collection).Scan(&table); err != nil {
		t.Fatal(err)
	}
	query := fmt.Sprintf(`EXPLAIN QUERY PLAN SELECT _ferretdb_sjson FROM %q WHERE _ferretdb_sjson->'$._id' = ?`, table)
	if err := db.QueryRow(query, "x").Scan(&ignored, &ignored, &ignored, &detail); err != nil {
		t.Fatal(err)
	}
	return detail
}

// TestIndex: whatever brings a collection into being, finding by _id uses the index; after a drop and a restart, too.
func TestIndex(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := start(t, embedded.Options{Dir: dir})
	db := connect(t, server).Database("d")
	makers := map[string]func(c *mongo.Collection) error{
		"insert": func(c *mongo.Collection) error {
			_, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "a"}})
			return err
		},
		"create": func(c *mongo.Collection) error { return c.Database().CreateCollection(t.Context(), c.Name()) },
		"createIndexes": func(c *mongo.Collection) error {
			_, err := c.Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: bson.D{{Key: "x", Value: 1}}})
			return err
		},
	}
	check := func(name string) {
		t.Helper()
		if p := plan(t, dir, "d", name); !strings.Contains(p, "USING INDEX") {
			t.Errorf("%s: %s", name, p)
		}
	}
	for name, create := range makers {
		for range 2 {
			if err := create(db.Collection(name)); err != nil {
				t.Fatal(name, err)
			}
			check(name)
			if err := db.Collection(name).Drop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := makers["insert"](db.Collection("insert")); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	// A folder from before the index: it is added at the start.
	dropIndexes(t, dir, "d")
	start(t, embedded.Options{Dir: dir})
	check("insert")
}

func dropIndexes(t *testing.T, dir, database string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, database+".sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var name string
	if err := db.QueryRow(`SELECT name FROM sqlite_master WHERE name LIKE '%_find_id'`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(fmt.Sprintf(`DROP INDEX %q`, name)); err != nil {
		t.Fatal(err)
	}
}

func fill(b *testing.B, coll *mongo.Collection, n int) {
	b.Helper()
	for from := 0; from < n; from += 500 {
		var docs []any
		for i := range 500 {
			docs = append(docs, bson.D{{Key: "_id", Value: fmt.Sprint("id", from+i)}, {Key: "pad", Value: strings.Repeat("x", 200)}})
		}
		if _, err := coll.InsertMany(b.Context(), docs); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFindByID reports how many times faster a find by _id is with the index than a find that has to read the
// table.
func BenchmarkFindByID(b *testing.B) {
	server := start(b, embedded.Options{Dir: b.TempDir()})
	coll := connect(b, server).Database("d").Collection("c")
	const n = 5000
	fill(b, coll, n)
	timed := func(filter bson.D) time.Duration {
		begin := time.Now()
		if err := coll.FindOne(b.Context(), filter).Err(); err != nil {
			b.Fatal(err)
		}
		return time.Since(begin)
	}
	var indexed, scanned time.Duration
	for i := 0; b.Loop(); i++ {
		id := fmt.Sprint("id", i*7919%n)
		indexed += timed(bson.D{{Key: "_id", Value: id}})
		// $in is not pushed down to the index.
		scanned += timed(bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: bson.A{id}}}}})
	}
	b.ReportMetric(float64(scanned)/float64(indexed), "scan/index")
}
