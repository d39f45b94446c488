package balance

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestOneReadingPerInsurance(t *testing.T) {
	t.Parallel()
	row := func(insurance string, status Status, exists Existence, balance *Fen) Enrolment {
		return Enrolment{InsuranceType: insurance, Status: status, Account: PersonalAccount{Exists: exists, Balance: balance}}
	}
	at := func(e Enrolment, region string) Enrolment { e.Region = region; return e }
	cases := map[string]struct {
		rows []Enrolment
		want []Reading
	}{
		"none": {},
		"no insurance type": {
			rows: []Enrolment{row("", StatusActive, AccountYes, fen(1))},
		},
		"each its own": {
			rows: []Enrolment{row("310", StatusActive, AccountYes, fen(1)), row("390", StatusPaused, AccountNo, nil)},
			want: []Reading{
				{InsuranceType: "310", Account: PersonalAccount{AccountYes, fen(1)}},
				{InsuranceType: "390", Account: PersonalAccount{AccountNo, nil}},
			},
		},
		"the active one, not the sum": {
			rows: []Enrolment{row("310", StatusEnded, AccountYes, fen(5)), row("390", StatusActive, AccountUnknown, nil), row("310", StatusActive, AccountYes, fen(7))},
			want: []Reading{
				{InsuranceType: "310", Account: PersonalAccount{AccountYes, fen(7)}},
				{InsuranceType: "390", Account: PersonalAccount{AccountUnknown, nil}},
			},
		},
		"active before a figure": {
			rows: []Enrolment{row("310", StatusEnded, AccountYes, fen(5)), row("310", StatusActive, AccountYes, nil)},
			want: []Reading{{InsuranceType: "310", Account: PersonalAccount{AccountYes, nil}}},
		},
		"a figure before none": {
			rows: []Enrolment{row("310", StatusActive, AccountYes, nil), row("310", StatusActive, AccountYes, fen(6))},
			want: []Reading{{InsuranceType: "310", Account: PersonalAccount{AccountYes, fen(6)}}},
		},
		"the link's own region of two": {
			rows: []Enrolment{row("310", StatusActive, AccountYes, fen(5)), at(row("310", StatusActive, AccountYes, fen(6)), region)},
			want: []Reading{{InsuranceType: "310", Account: PersonalAccount{AccountYes, fen(6)}}},
		},
		"the first of equals": {
			rows: []Enrolment{row("310", StatusActive, AccountYes, fen(5)), row("310", StatusActive, AccountYes, fen(6))},
			want: []Reading{{InsuranceType: "310", Account: PersonalAccount{AccountYes, fen(5)}}},
		},
	}
	for name, c := range cases {
		got := Readings(subject, &Answer{Enrolments: c.rows, AsOf: start, FetchedAt: start, Source: "fsi/1101"})
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for i, r := range got {
			w := c.want[i]
			if r.InsuranceType != w.InsuranceType || r.Account.Exists != w.Account.Exists || !same(r.Account.Balance, w.Account.Balance) {
				t.Errorf("%s: reading %d is %+v", name, i, r)
			}
			if r.PersonID != subject.PersonID || r.Region != region || r.AsOf != start || r.FetchedAt != start || r.Source != "fsi/1101" {
				t.Errorf("%s: reading %d is of something else: %+v", name, i, r)
			}
		}
	}
}

func same(a, b *Fen) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

func TestThePointOfADay(t *testing.T) {
	t.Parallel()
	known, unread := PersonalAccount{AccountYes, fen(12050)}, PersonalAccount{AccountYes, nil}
	none, unknown := PersonalAccount{AccountNo, nil}, PersonalAccount{AccountUnknown, nil}
	for _, c := range []struct {
		morning, evening PersonalAccount
		evenings         bool // which of the two stays
	}{
		{known, PersonalAccount{AccountYes, fen(0)}, true},
		{known, unread, false},
		{known, unknown, false},
		{known, none, true},
		{none, known, true},
		{none, unread, false},
		{none, unknown, false},
		{unread, known, true},
		{unread, unknown, true},
		{unknown, none, true},
	} {
		morning := Point{Day: "2026-11-21", Account: c.morning, FetchedAt: start}
		evening := Point{Day: "2026-11-21", Account: c.evening, FetchedAt: start.Add(10 * time.Hour)}
		if evening.Replaces(morning) != c.evenings || morning.Replaces(evening) == c.evenings {
			t.Errorf("%+v in the morning, %+v in the evening: want the evening's %v", c.morning, c.evening, c.evenings)
		}
		if !morning.Replaces(morning) {
			t.Errorf("%+v cannot be written again", c.morning)
		}
	}
}

// Readings are written by several processes, late and more than once. In any order the same one stays.
func TestThePointOfADayDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	accounts := []PersonalAccount{
		{AccountYes, fen(12050)}, {AccountYes, fen(0)}, {AccountYes, nil}, {AccountNo, nil}, {AccountUnknown, nil},
	}
	rapid.Check(t, func(t *rapid.T) {
		var points []Point
		for hour, account := range rapid.SliceOfN(rapid.SampledFrom(accounts), 1, 6).Draw(t, "accounts") {
			points = append(points, Point{Account: account, FetchedAt: start.Add(time.Duration(hour) * time.Hour)})
		}
		last := func(points []Point) (stays Point) {
			for i, p := range points {
				if i == 0 || p.Replaces(stays) {
					stays = p
				}
			}
			return stays
		}
		shuffled := rapid.Permutation(points).Draw(t, "order")
		if got, want := last(append(shuffled, shuffled...)), last(points); !got.FetchedAt.Equal(want.FetchedAt) {
			t.Fatalf("%+v stays, want %+v", got, want)
		}
	})
}
