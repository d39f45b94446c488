package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/store"
	"yibao/store/storetest"
)

// TestQueries: the database in memory finds, orders and cuts as the real one does.
func TestQueries(t *testing.T) { storetest.Each(t, testQueries) }

func testQueries(t *testing.T, d *storetest.Database) {
	late := start.Add(time.Second)
	for _, doc := range []bson.D{
		{{Key: "_id", Value: "a"}, {Key: "n", Value: 1}, {Key: "text", Value: "x"}, {Key: "at", Value: start}, {Key: "on", Value: true}, {Key: "writes", Value: bson.A{"1", "2"}}},
		{{Key: "_id", Value: "b"}, {Key: "n", Value: int64(2)}, {Key: "text", Value: "X"}, {Key: "at", Value: late}, {Key: "on", Value: false}, {Key: "writes", Value: bson.A{"2", "3"}}},
		{{Key: "_id", Value: "c"}, {Key: "n", Value: "1"}, {Key: "text", Value: "文"}, {Key: "at", Value: nil}, {Key: "writes", Value: bson.A{}}},
		{{Key: "_id", Value: "d"}, {Key: "n", Value: int64(-1)}, {Key: "at", Value: time.Time{}}, {Key: "on", Value: true}},
	} {
		d.Insert(t, "c", doc)
	}
	in := func(values ...any) bson.D { return bson.D{{Key: "$in", Value: append(bson.A{}, values...)}} }
	by := func(field string, order int) *options.FindOptionsBuilder {
		return options.Find().SetSort(bson.D{{Key: field, Value: order}})
	}
	db := d.Commands(t)
	for _, c := range []struct {
		field string
		value any
		how   *options.FindOptionsBuilder
		want  string
	}{
		{"_id", "b", by("_id", 1), "b"},
		{"_id", "none", by("_id", 1), ""},
		{"_id", in("d", "none", "a"), by("_id", 1), "a d"},
		{"_id", in(), by("_id", 1), ""},
		{"_id", bson.D{{Key: "$gte", Value: "b"}, {Key: "$lt", Value: "d"}}, by("_id", 1), "b c"},
		{"n", 1, by("_id", 1), "a"},
		{"n", int64(1), by("_id", 1), "a"},
		{"n", "1", by("_id", 1), "c"},
		{"n", bson.D{{Key: "$lt", Value: 2}}, by("_id", 1), "a d"},
		{"n", bson.D{{Key: "$gt", Value: -1}}, by("_id", 1), "a b"},
		{"text", bson.D{{Key: "$gt", Value: "X"}}, by("_id", 1), "a c"},
		{"text", nil, by("_id", 1), "d"},
		{"at", nil, by("_id", 1), "c"},
		{"on", nil, by("_id", 1), "c"},
		{"on", true, by("_id", 1), "a d"},
		{"on", in(true, nil), by("_id", 1), "a c d"},
		{"at", bson.D{{Key: "$lte", Value: start}}, by("_id", 1), "a d"},
		{"at", bson.D{{Key: "$lt", Value: start}}, by("_id", 1), "d"},
		{"at", start, by("_id", 1), "a"},
		{"writes", "2", by("_id", 1), "a b"},
		{"writes", in("1", "3"), by("_id", 1), "a b"},
		{"writes", nil, by("_id", 1), "d"},
		{"_id", in("a", "b", "c", "d"), by("at", 1), "c d a b"},
		{"_id", in("a", "b", "c", "d"), by("at", -1), "b a d c"},
		{"_id", in("a", "b", "d"), by("n", 1), "d a b"},
		{"_id", in("a", "b", "c", "d"), by("text", 1), "d b a c"},
		{"_id", in("a", "b", "c", "d"), by("at", -1).SetLimit(2), "b a"},
		{"_id", in("a", "b", "c", "d"), by("at", -1).SetLimit(-1), "b"},
		{"on", true, options.Find().SetSort(bson.D{{Key: "on", Value: 1}, {Key: "n", Value: 1}}), "d a"},
	} {
		var found []string
		for raw, err := range db.Find(t.Context(), "c", bson.D{{Key: c.field, Value: c.value}}, c.how) {
			if err != nil {
				t.Fatal(c.field, c.value, err)
			}
			found = append(found, raw.Lookup("_id").StringValue())
		}
		if got := strings.Join(found, " "); got != c.want {
			t.Errorf("%s: %v found %q, not %q", c.field, c.value, got, c.want)
		}
	}
	testProjection(t, db)
}

func testProjection(t *testing.T, db store.Database) {
	both := bson.D{{Key: "n", Value: 1}, {Key: "on", Value: true}}
	for raw, err := range db.Find(t.Context(), "c", both, options.Find().SetProjection(bson.D{{Key: "text", Value: 1}})) {
		want := bson.D{{Key: "_id", Value: "a"}, {Key: "text", Value: "x"}}
		var got bson.D
		if err != nil || bson.Unmarshal(raw, &got) != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Error(got, err)
		}
	}
	for range db.Find(t.Context(), "c", bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: ""}}}}) {
		break // leaves early
	}
}

// TestCommands: the database in memory writes and refuses as the real one does.
func TestCommands(t *testing.T) { storetest.Each(t, testCommands) }

func testCommands(t *testing.T, d *storetest.Database) {
	db := d.Commands(t)
	doc := func(id string, n int) bson.Raw {
		raw, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "n", Value: n}})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	is := func(id string, n any) bson.D { return bson.D{{Key: "_id", Value: id}, {Key: "n", Value: n}} }
	for _, id := range []string{"a", "b", "c"} {
		if err := db.Insert(t.Context(), "c", doc(id, 1)); err != nil {
			t.Fatal(err)
		}
		if err := db.Insert(t.Context(), "c", doc(id, 9)); !mongo.IsDuplicateKeyError(err) {
			t.Error("inserted twice:", err)
		}
	}
	for _, step := range []struct {
		guard, n int
		want     bool
	}{{0, 5, false}, {1, 2, true}, {1, 3, false}, {2, 3, true}} {
		if ok, err := db.Replace(t.Context(), "c", is("a", step.guard), doc("a", step.n)); err != nil || ok != step.want {
			t.Errorf("replace %+v: %v %v", step, ok, err)
		}
	}
	if ok, err := db.Replace(t.Context(), "c", is("none", 1), doc("none", 1)); err != nil || ok {
		t.Error("replaced nothing:", ok, err)
	}
	for _, step := range []struct {
		filter bson.D
		want   int64
	}{
		{is("b", 2), 0}, {is("b", 1), 1}, {is("b", 1), 0},
		{bson.D{{Key: "n", Value: bson.D{{Key: "$gte", Value: 1}}}}, 2},
	} {
		if n, err := db.Delete(t.Context(), "c", step.filter); err != nil || n != step.want {
			t.Errorf("deleted by %v: %d %v", step.filter, n, err)
		}
	}
	if left := d.Documents(t, "c", bson.D{}); len(left) != 0 {
		t.Error(left)
	}
	testIndexes(t, db)
}

func testIndexes(t *testing.T, db store.Database) {
	index := mongo.IndexModel{Keys: bson.D{{Key: "n", Value: 1}}, Options: options.Index().SetName("n_1")}
	if names, err := db.Indexes(t.Context(), "i"); err != nil || len(names) != 0 {
		t.Error(names, err)
	}
	for range 2 {
		if err := db.CreateIndex(t.Context(), "i", index); err != nil {
			t.Error(err)
		}
	}
	if names, err := db.Indexes(t.Context(), "i"); err != nil || !slices.Contains(names, "n_1") {
		t.Error(names, err)
	}
}
