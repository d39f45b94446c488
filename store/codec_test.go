package store

import (
	"reflect"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// filled sets every field of a value to something that is not its zero, so that a field which a codec forgets shows.
func filled(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString("text " + string(rune('a'+*n%26)) + time.Duration(*n).String())
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			filled(v.Index(i), n)
		}
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem(), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		filled(key, n)
		filled(value, n)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.UnixMilli(1_700_000_000_000 + int64(*n)).UTC()))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("bson") == "-" {
				continue // never stored
			}
			filled(v.Field(i), n)
		}
	}
}

// roundTrip writes a filled value as a document and reads it back.
func roundTrip[T any](t *testing.T, tab *table[T]) {
	t.Helper()
	var value T
	n := 0
	filled(reflect.ValueOf(&value).Elem(), &n)
	raw, back, err := tab.encode(&value, &stored[T]{}, "w1")
	if err != nil {
		t.Fatal(tab.name, err)
	}
	if id, ok := raw.Lookup("_id").StringValueOK(); !ok || id == "" {
		t.Error("no key in", tab.name)
	}
	if !reflect.DeepEqual(&value, back) {
		t.Errorf("%s:\nwrote %+v\nread  %+v", tab.name, value, *back)
	}
	var m Meta
	if err := bson.Unmarshal(raw, &m); err != nil || m.Schema != schemaVersion || m.Version != 1 || len(m.Writes) != 1 {
		t.Errorf("%s: %+v %v", tab.name, m, err)
	}
}

// encoded is the first version of a document, and its value read back.
func encoded[T any](t *table[T], value *T) (bson.Raw, *T, error) {
	return t.encode(value, &stored[T]{}, "w")
}

// TestRoundTrips: every field of every domain type comes back as it was.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	s := offline(t)
	roundTrip(t, s.users)
	roundTrip(t, s.sessions)
	roundTrip(t, s.changes)
	roundTrip(t, s.attempts)
	roundTrip(t, s.persons)
	roundTrip(t, s.personKeys)
	roundTrip(t, s.counters)
	roundTrip(t, s.readings)
	roundTrip(t, s.answers)
	roundTrip(t, s.schedules)
	roundTrip(t, s.rules)
	roundTrip(t, s.deliveries)
	roundTrip(t, s.quotas)
}

// TestZeroes: unset times stay unset and nil pointers nil; "not known" must not become a number.
func TestZeroes(t *testing.T) {
	t.Parallel()
	s := offline(t)
	_, rule, err := encoded(s.rules, &reminder.Rule{LinkID: "l"})
	if err != nil || !rule.FiredAt.IsZero() || rule.Outbox != nil {
		t.Errorf("%+v %v", rule, err)
	}
	_, delivery, err := encoded(s.deliveries, &reminder.Delivery{ID: "d"})
	if err != nil || delivery.Message.Balance != nil || !delivery.EndedAt.IsZero() {
		t.Errorf("%+v %v", delivery, err)
	}
	zero := balance.Fen(0)
	month := &readingMonth{ID: "m", Points: []pointDoc{
		{Point: balance.Point{Account: balance.PersonalAccount{Exists: balance.AccountYes, Balance: &zero}}},
		{Point: balance.Point{Account: balance.PersonalAccount{Exists: balance.AccountUnknown}}},
	}}
	_, back, err := encoded(s.readings, month)
	if err != nil {
		t.Fatal(err)
	}
	if p := back.Points[0]; p.Account.Balance == nil || *p.Account.Balance != 0 {
		t.Error("zero yuan:", p)
	}
	if p := back.Points[1]; p.Account.Balance != nil {
		t.Error("not known:", p)
	}
}

// TestNothingPersonalInClear searches the stored bytes for what must be sealed.
func TestNothingPersonalInClear(t *testing.T) {
	t.Parallel()
	s := offline(t)
	secrets := []string{"测试甲", "110101190001010000", "openid-secret", "userid-secret", "测试单位"}
	var raws []bson.Raw
	keep := func(raw bson.Raw, err error) {
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, raw)
	}
	raw, _, err := encoded(s.users, &identity.PlatformUser{ID: "u", Account: identity.PlatformAccount{OpenID: secrets[2], UserID: secrets[3]}})
	keep(raw, err)
	person := &personDoc{ID: "p"}
	if err := s.sealPerson(person, &identity.Person{Names: map[string]string{"990100": secrets[0]}, IDNumber: secrets[1]}); err != nil {
		t.Fatal(err)
	}
	raw, _, err = encoded(s.persons, person)
	keep(raw, err)
	raw, _, err = encoded(s.attempts, &identity.Attempt{ID: "a", Claim: identity.Claim{Name: secrets[0], IDNumber: secrets[1]}})
	keep(raw, err)
	raw, _, err = encoded(s.answers, &lastAnswer{ID: "x", JSON: secrets[4]})
	keep(raw, err)
	for _, raw := range raws {
		for _, secret := range secrets {
			if contains(raw, secret) {
				t.Errorf("%q is in clear", secret)
			}
		}
	}
}
