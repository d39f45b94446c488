package balance_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
)

func TestOneReadingPerInsurance(t *testing.T) {
	t.Parallel()
	const active, paused, ended = balance.StatusActive, balance.StatusPaused, balance.StatusEnded
	row := func(insurance string, status balance.Status, account balance.PersonalAccount) balance.Enrolment {
		return balance.Enrolment{InsuranceType: insurance, Status: status, Account: account}
	}
	at := func(e balance.Enrolment, region string) balance.Enrolment { e.Region = region; return e }
	type want struct {
		insurance string
		account   balance.PersonalAccount
	}
	cases := map[string]struct {
		rows []balance.Enrolment
		want []want
	}{
		"none":              {},
		"no insurance type": {rows: []balance.Enrolment{row("", active, known(1))}},
		"each its own": {
			rows: []balance.Enrolment{row("310", active, known(1)), row("390", paused, none)},
			want: []want{{"310", known(1)}, {"390", none}},
		},
		"the active one, not the sum": {
			rows: []balance.Enrolment{row("310", ended, known(5)), row("390", active, unknown), row("310", active, known(7))},
			want: []want{{"310", known(7)}, {"390", unknown}},
		},
		"active before a figure": {
			rows: []balance.Enrolment{row("310", ended, known(5)), row("310", active, unread)},
			want: []want{{"310", unread}},
		},
		"a state that is not known before an ended one": {
			rows: []balance.Enrolment{row("310", ended, known(5)), row("310", balance.StatusUnknown, unread)},
			want: []want{{"310", unread}},
		},
		"active before a state that is not known": {
			rows: []balance.Enrolment{row("310", balance.StatusUnknown, known(5)), row("310", active, unread)},
			want: []want{{"310", unread}},
		},
		"a figure before none": {
			rows: []balance.Enrolment{row("310", active, unread), row("310", active, known(6))},
			want: []want{{"310", known(6)}},
		},
		"the link's own region of two": {
			rows: []balance.Enrolment{row("310", active, known(5)), at(row("310", active, known(6)), region)},
			want: []want{{"310", known(6)}},
		},
		"the first of equals": {
			rows: []balance.Enrolment{row("310", active, known(5)), row("310", active, known(6))},
			want: []want{{"310", known(5)}},
		},
	}
	subject := balance.Subject{PersonID: "person-1", Region: region}
	for name, c := range cases {
		got := balance.Readings(subject, &balance.Answer{Enrolments: c.rows, AsOf: start, FetchedAt: start, Source: "fsi/1101"})
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for i, r := range got {
			w := c.want[i]
			if r.InsuranceType != w.insurance || r.Account.Exists != w.account.Exists || !same(r.Account.Balance, w.account.Balance) {
				t.Errorf("%s: reading %d is %+v", name, i, r)
			}
			if r.PersonID != subject.PersonID || r.Region != region || r.AsOf != start || r.FetchedAt != start || r.Source != "fsi/1101" {
				t.Errorf("%s: reading %d is of something else: %+v", name, i, r)
			}
		}
	}
}

func TestThePointOfADay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		morning, evening balance.PersonalAccount
		evenings         bool // which of the two stays
	}{
		{known(12050), known(0), true},
		{known(12050), unread, false},
		{known(12050), unknown, false},
		{known(12050), none, true},
		{none, known(12050), true},
		{none, unread, false},
		{none, unknown, false},
		{unread, known(12050), true},
		{unread, unknown, true},
		{unknown, none, true},
	} {
		morning := balance.Point{Day: today, Account: c.morning, FetchedAt: start}
		evening := balance.Point{Day: today, Account: c.evening, FetchedAt: start.Add(10 * time.Hour)}
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
	accounts := []balance.PersonalAccount{known(12050), known(0), unread, none, unknown}
	rapid.Check(t, func(t *rapid.T) {
		var points []balance.Point
		for hour, account := range rapid.SliceOfN(rapid.SampledFrom(accounts), 1, 6).Draw(t, "accounts") {
			points = append(points, balance.Point{Account: account, FetchedAt: start.Add(time.Duration(hour) * time.Hour)})
		}
		last := func(points []balance.Point) (stays balance.Point) {
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
