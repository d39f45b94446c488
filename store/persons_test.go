package store

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/identity"
)

// TestNamesByRegion: the spellings are sealed, each to its region, and come back; a document of before has one name.
func TestNamesByRegion(t *testing.T) {
	t.Parallel()
	s := offline(t)
	names := map[string]string{"990100": "阿依古丽·测试", "990200": "阿依古丽测试"}
	raw, back, err := s.persons.encode(&identity.Person{ID: "p", Name: "测试甲", Names: names}, Meta{}, "w")
	if err != nil {
		t.Fatal(err)
	}
	for region, name := range names {
		if back.NameIn(region) != name || contains(raw, name) {
			t.Errorf("%s: %q, or it is in clear", region, back.NameIn(region))
		}
	}
	if back.NameIn("990300") != "测试甲" {
		t.Error("a region without a spelling:", back.NameIn("990300"))
	}

	var doc personDoc
	if err := bson.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	doc.Names["990100"], doc.Names["990200"] = doc.Names["990200"], doc.Names["990100"]
	if _, err := s.personToDom(&doc); err == nil {
		t.Error("a name was moved to another region")
	}

	old, err := bson.Marshal(bson.D{{Key: "_id", Value: "p"}, {Key: "schema", Value: 1}, {Key: "name", Value: doc.Name}})
	if err != nil {
		t.Fatal(err)
	}
	read, err := s.persons.decode(old)
	if err != nil || read.value.Names != nil || read.value.NameIn("990100") != "测试甲" {
		t.Error("a document of before:", read, err)
	}
}

// TestUserOfBefore: a user whom an older program wrote has ended no link.
func TestUserOfBefore(t *testing.T) {
	t.Parallel()
	s := offline(t)
	raw, _, err := s.users.encode(&identity.PlatformUser{ID: "u", Links: []identity.Link{{ID: "l"}}}, Meta{}, "w")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.LookupErr("ended"); err == nil {
		t.Error("the field is written where there is none")
	}
	if read, err := s.users.decode(raw); err != nil || read.value.Ended != nil || len(read.value.Links) != 1 {
		t.Error(read, err)
	}
}
