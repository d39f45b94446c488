package store

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"yibao/identity"
)

// TestNamesByRegion: a person comes back as it was; names are sealed, each to its region.
func TestNamesByRegion(t *testing.T) {
	t.Parallel()
	s := offline(t)
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	p := &identity.Person{
		ID: "p", IDType: "01", IDNumber: "110101190001010000", CreatedAt: at,
		Names: map[string]string{"990100": "阿依古丽·测试", "990200": "阿依古丽测试"},
		Slots: []identity.Slot{{LinkID: "l", UserID: "u", Region: "990100", ConsentAt: at}},
	}
	sealed := &personDoc{ID: "p"}
	if err := s.sealPerson(sealed, p); err != nil {
		t.Fatal(err)
	}
	raw, doc, err := encoded(s.persons, sealed)
	if err != nil {
		t.Fatal(err)
	}
	for region, name := range p.Names {
		if contains(raw, name) {
			t.Errorf("the name in %s is in clear", region)
		}
	}
	if back, err := s.openPerson(doc); err != nil || !reflect.DeepEqual(back, p) {
		t.Errorf("%+v, %v", back, err)
	}
	doc.Names[0].Name, doc.Names[1].Name = doc.Names[1].Name, doc.Names[0].Name
	if _, err := s.openPerson(doc); !errors.Is(err, ErrUnreadable) || !errors.Is(err, identity.ErrStore) {
		t.Error("a name was moved to another region:", err)
	}
}
