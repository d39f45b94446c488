package balance_test

import "yibao/balance"

// point is a reading that trendCases puts into the store.
type point struct {
	insurance string
	day       balance.Day
	account   balance.PersonalAccount
}

// trendCases holds readings of a link and the chart that they make.
var trendCases = map[string]struct {
	since    balance.Day
	points   []point
	query    query
	labels   string
	want     map[string]string
	coverage balance.Coverage
	account  balance.Existence
}{
	"gaps stay gaps": {
		since:  "2026-11-01",
		points: []point{{"310", "2026-11-17", known(100)}, {"310", "2026-11-19", known(300)}, {"310", "2026-11-21", known(-5)}},
		query:  query{From: "2026-11-16"},
		labels: "2026-11-16 2026-11-17 2026-11-18 2026-11-19 2026-11-20 2026-11-21",
		want:   map[string]string{"personal": "- 1.00 - 3.00 - -0.05"}, coverage: balance.Partial, account: balance.AccountYes,
	},
	"carried on, not before the first figure and not into the future": {
		since:  "2026-11-01",
		points: []point{{"310", "2026-11-18", known(100)}, {"310", "2026-11-20", known(300)}},
		query:  query{From: "2026-11-17", To: "2026-11-23", Gaps: balance.GapsCarry},
		labels: "2026-11-17 2026-11-18 2026-11-19 2026-11-20 2026-11-21 2026-11-22 2026-11-23",
		want:   map[string]string{"personal": "- 1.00 1.00 3.00 3.00 - -"}, coverage: balance.Partial, account: balance.AccountYes,
	},
	"carried in from before the range": {
		since:  "2026-10-01",
		points: []point{{"310", "2026-10-20", known(700)}},
		query:  query{From: "2026-11-20", Gaps: balance.GapsCarry},
		want:   map[string]string{"personal": "7.00 7.00"}, coverage: balance.Partial, account: balance.AccountYes,
	},
	"not carried in from more than a month before": {
		since:  "2026-10-01",
		points: []point{{"310", "2026-10-19", known(700)}},
		query:  query{From: "2026-11-20", Gaps: balance.GapsCarry},
		want:   map[string]string{}, coverage: balance.Partial, account: balance.AccountUnknown,
	},
	"not carried in from before the link": {
		since:  "2026-11-20",
		points: []point{{"310", "2026-11-19", known(700)}},
		query:  query{From: "2026-11-19", Gaps: balance.GapsCarry},
		want:   map[string]string{}, coverage: balance.Partial, account: balance.AccountUnknown,
	},
	"a day without account ends the carrying, one not known does not": {
		since: "2026-11-01",
		points: []point{
			{"310", "2026-11-16", known(100)}, {"310", "2026-11-17", unknown}, {"310", "2026-11-18", unread},
			{"310", "2026-11-19", none}, {"310", "2026-11-21", known(0)},
		},
		query: query{From: "2026-11-16", Gaps: balance.GapsCarry},
		want:  map[string]string{"personal": "1.00 1.00 1.00 - - 0.00"}, coverage: balance.Partial, account: balance.AccountYes,
	},
	"neither is a figure": {
		since: "2026-11-01",
		points: []point{
			{"310", "2026-11-18", known(100)}, {"310", "2026-11-19", balance.PersonalAccount{Exists: balance.AccountUnknown, Balance: fen(0)}}, {"310", "2026-11-20", unread},
			{"310", "2026-11-21", balance.PersonalAccount{Exists: balance.AccountNo, Balance: fen(0)}},
		},
		query: query{From: "2026-11-18"},
		want:  map[string]string{"personal": "1.00 - - -"}, coverage: balance.Partial, account: balance.AccountNo,
	},
	"weeks by their Monday, the last figure of each": {
		since: "2026-10-01",
		points: []point{
			{"310", "2026-11-03", known(100)}, {"310", "2026-11-08", known(200)}, {"310", "2026-11-09", known(300)},
			{"310", "2026-11-16", known(400)}, {"310", "2026-11-17", unknown},
		},
		query:  query{From: "2026-11-04", Step: balance.StepWeek},
		labels: "2026-11-02 2026-11-09 2026-11-16",
		want:   map[string]string{"personal": "2.00 3.00 4.00"}, coverage: balance.Complete, account: balance.AccountUnknown,
	},
	"months, carried over an empty one": {
		since:  "2026-07-01",
		points: []point{{"310", "2026-08-01", known(100)}, {"310", "2026-08-31", known(200)}, {"310", "2026-10-31", known(300)}},
		query:  query{From: "2026-07-15", Step: balance.StepMonth, Gaps: balance.GapsCarry},
		labels: "2026-07 2026-08 2026-09 2026-10 2026-11",
		want:   map[string]string{"personal": "- 2.00 2.00 3.00 3.00"}, coverage: balance.Partial, account: balance.AccountYes,
	},
	"each insurance with a figure is a line": {
		since: "2026-11-20",
		points: []point{
			{"390", "2026-11-20", known(1)}, {"310", "2026-11-21", known(2)}, {"510", "2026-11-21", none},
			{"310", "2026-11-20", known(3)}, {"390", "2026-11-21", known(4)},
		},
		query: query{From: "2026-11-20"},
		want:  map[string]string{"personal_310": "0.03 0.02", "personal_390": "0.01 0.04"}, coverage: balance.Complete, account: balance.AccountYes,
	},
	"one that is picked": {
		since:  "2026-11-20",
		points: []point{{"390", "2026-11-21", known(1)}, {"310", "2026-11-21", known(2)}},
		query:  query{From: "2026-11-21", InsuranceType: "390"},
		want:   map[string]string{"personal": "0.01"}, coverage: balance.Complete, account: balance.AccountYes,
	},
	"no personal account": {
		since:  "2026-11-20",
		points: []point{{"390", "2026-11-20", none}, {"390", "2026-11-21", none}},
		query:  query{From: "2026-11-20"},
		want:   map[string]string{}, coverage: balance.Unsupported, account: balance.AccountNo,
	},
	"not known whether there is one": {
		since:  "2026-11-20",
		points: []point{{"390", "2026-11-20", none}, {"310", "2026-11-21", unknown}},
		query:  query{From: "2026-11-20"},
		want:   map[string]string{}, coverage: balance.Partial, account: balance.AccountUnknown,
	},
	"today not yet read is no gap": {
		since:  "2026-11-20",
		points: []point{{"310", "2026-11-20", known(100)}},
		query:  query{From: "2026-11-20"},
		want:   map[string]string{"personal": "1.00 -"}, coverage: balance.Complete, account: balance.AccountYes,
	},
	"a range before the link": {
		since:  "2026-11-20",
		points: []point{{"310", "2026-11-10", known(100)}},
		query:  query{From: "2026-11-10", To: "2026-11-12"},
		labels: "2026-11-10 2026-11-11 2026-11-12",
		want:   map[string]string{}, coverage: balance.Partial, account: balance.AccountUnknown,
	},
	"not looked at before the range without carrying": {
		since:  "2026-10-01",
		points: []point{{"310", "2026-11-10", known(100)}},
		query:  query{From: "2026-11-20"},
		want:   map[string]string{}, coverage: balance.Partial, account: balance.AccountUnknown,
	},
	"an insurance without account does not name the other": {
		since:  "2026-11-21",
		points: []point{{"310", "2026-11-21", known(100)}, {"390", "2026-11-21", none}},
		query:  query{From: "2026-11-21"},
		want:   map[string]string{"personal": "1.00"}, coverage: balance.Complete, account: balance.AccountYes,
	},
}
