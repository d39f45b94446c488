package store_test

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"yibao/balance/catalogue"
	"yibao/store/storetest"
)

func entry(region, code, name string) catalogue.Entry {
	return catalogue.Entry{Region: region, Code: code, Name: name, Valid: true}
}

func TestCatalogues(t *testing.T) { storetest.Each(t, testCatalogues) }

// testCatalogues: rows are written where they differ; each field finds what begins with the value, within one region, in its
// order and no more than the limit; the state of an import comes back as it was.
func testCatalogues(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	rows := []catalogue.Drug{
		{Entry: entry("990100", "X1", "阿莫西林胶囊"), Grade: "A"}, {Entry: entry("990100", "X2", "阿莫西林片"), Grade: "B"},
		{Entry: entry("990100", "X3", "头孢西林片"), Grade: "B"}, {Entry: entry("990200", "X1", "阿莫西林胶囊"), Grade: "A"},
		{Entry: catalogue.Entry{Region: "990100", Code: "X4", Name: "阿莫西林粉"}, Grade: "A"}, // struck off
	}
	for i, want := range []int{5, 0, 1} {
		if i == 2 {
			rows[1].SelfPay = "0.1"
		}
		if written, err := s.SaveDrugs(t.Context(), rows); err != nil || written != want {
			t.Errorf("save %d: %d written, %v", i, written, err)
		}
	}
	for _, c := range []struct {
		l    catalogue.Lookup
		want string
		cut  bool
	}{
		{catalogue.Lookup{Field: catalogue.FieldCode, Value: "x"}, "[X1 X2 X3]", false},
		{catalogue.Lookup{Field: catalogue.FieldCode, Value: "x2"}, "[X2]", false},
		{catalogue.Lookup{Field: catalogue.FieldName, Value: "阿莫"}, "[X2 X1]", false},
		{catalogue.Lookup{Field: catalogue.FieldInitials, Value: "amxl"}, "[X1 X2]", false},
		{catalogue.Lookup{Field: catalogue.FieldPinyin, Value: "toubao"}, "[X3]", false},
		{catalogue.Lookup{Field: catalogue.FieldPieces, Value: "西林"}, "[X1 X2 X3]", false},
		{catalogue.Lookup{Field: catalogue.FieldPieces, Value: "西林", Only: map[string]string{"grade": "B"}}, "[X2 X3]", false},
		{catalogue.Lookup{Field: catalogue.FieldPieces, Value: "西林", Keep: func(e catalogue.Entry) bool { return e.Code > "X2" }}, "[X3]", false},
		{catalogue.Lookup{Field: catalogue.FieldCode, Limit: 2}, "[X1 X2]", true},
		{catalogue.Lookup{Field: catalogue.FieldCode, Scan: 1}, "[X1]", true},
		{catalogue.Lookup{Field: catalogue.FieldCode, SeenFrom: start}, "[]", false},
	} {
		c.l.Region, c.l.Limit, c.l.Scan = "990100", cmp.Or(c.l.Limit, 100), cmp.Or(c.l.Scan, 100)
		found, cut, err := s.FindDrugs(t.Context(), c.l)
		var codes []string
		for _, one := range found {
			codes = append(codes, one.Code)
		}
		if err != nil || fmt.Sprint(codes) != c.want || cut != c.cut {
			t.Errorf("%s %q: %v, cut %t, %v; want %s", c.l.Field, c.l.Value, codes, cut, err, c.want)
		}
	}
	if state, err := s.Import(t.Context(), "990100", catalogue.Drugs); err != nil || state != (catalogue.State{}) {
		t.Errorf("no import: %+v %v", state, err)
	}
	want := catalogue.State{Region: "990100", Kind: catalogue.Drugs, Next: "0/2", Read: 7, Began: start, Saved: start.Add(time.Minute)}
	if err := s.SaveImport(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Import(t.Context(), "990100", catalogue.Drugs); err != nil || got.Next != "0/2" || got.Read != 7 || !got.Began.Equal(start) || !got.Whole.IsZero() {
		t.Errorf("%+v %v", got, err)
	}
}
