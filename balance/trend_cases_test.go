package balance

// point is a reading that trendCases puts into the store.
type point struct {
	insurance string
	day       Day
	exists    Existence
	balance   *Fen
}

// trendCases holds readings of a link and the chart that they make.
var trendCases = map[string]struct {
	since        Day
	points       []point
	query        TrendQuery
	labels       string
	want         map[string]string
	completeness Completeness
	account      Existence
}{
	"gaps stay gaps": {
		since:  "2026-11-01",
		points: []point{{"310", "2026-11-17", AccountYes, fen(100)}, {"310", "2026-11-19", AccountYes, fen(300)}, {"310", "2026-11-21", AccountYes, fen(-5)}},
		query:  TrendQuery{From: "2026-11-16"},
		labels: "2026-11-16 2026-11-17 2026-11-18 2026-11-19 2026-11-20 2026-11-21",
		want:   map[string]string{"personal": "- 1.00 - 3.00 - -0.05"}, completeness: Partial, account: AccountYes,
	},
	"carried on, not before the first figure and not into the future": {
		since:  "2026-11-01",
		points: []point{{"310", "2026-11-18", AccountYes, fen(100)}, {"310", "2026-11-20", AccountYes, fen(300)}},
		query:  TrendQuery{From: "2026-11-17", To: "2026-11-23", Gaps: GapsCarry},
		labels: "2026-11-17 2026-11-18 2026-11-19 2026-11-20 2026-11-21 2026-11-22 2026-11-23",
		want:   map[string]string{"personal": "- 1.00 1.00 3.00 3.00 - -"}, completeness: Partial, account: AccountYes,
	},
	"carried in from before the range": {
		since:  "2026-10-01",
		points: []point{{"310", "2026-10-20", AccountYes, fen(700)}},
		query:  TrendQuery{From: "2026-11-20", Gaps: GapsCarry},
		want:   map[string]string{"personal": "7.00 7.00"}, completeness: Partial, account: AccountYes,
	},
	"not carried in from more than a month before": {
		since:  "2026-10-01",
		points: []point{{"310", "2026-10-19", AccountYes, fen(700)}},
		query:  TrendQuery{From: "2026-11-20", Gaps: GapsCarry},
		want:   map[string]string{}, completeness: Partial, account: AccountUnknown,
	},
	"not carried in from before the link": {
		since:  "2026-11-20",
		points: []point{{"310", "2026-11-19", AccountYes, fen(700)}},
		query:  TrendQuery{From: "2026-11-19", Gaps: GapsCarry},
		want:   map[string]string{}, completeness: Partial, account: AccountUnknown,
	},
	"a day without account ends the carrying, one not known does not": {
		since: "2026-11-01",
		points: []point{
			{"310", "2026-11-16", AccountYes, fen(100)}, {"310", "2026-11-17", AccountUnknown, nil}, {"310", "2026-11-18", AccountYes, nil},
			{"310", "2026-11-19", AccountNo, nil}, {"310", "2026-11-21", AccountYes, fen(0)},
		},
		query: TrendQuery{From: "2026-11-16", Gaps: GapsCarry},
		want:  map[string]string{"personal": "1.00 1.00 1.00 - - 0.00"}, completeness: Partial, account: AccountYes,
	},
	"neither is a figure": {
		since: "2026-11-01",
		points: []point{
			{"310", "2026-11-18", AccountYes, fen(100)}, {"310", "2026-11-19", AccountUnknown, fen(0)}, {"310", "2026-11-20", AccountYes, nil},
			{"310", "2026-11-21", AccountNo, fen(0)},
		},
		query: TrendQuery{From: "2026-11-18"},
		want:  map[string]string{"personal": "1.00 - - -"}, completeness: Partial, account: AccountNo,
	},
	"weeks by their Monday, the last figure of each": {
		since: "2026-10-01",
		points: []point{
			{"310", "2026-11-03", AccountYes, fen(100)}, {"310", "2026-11-08", AccountYes, fen(200)}, {"310", "2026-11-09", AccountYes, fen(300)},
			{"310", "2026-11-16", AccountYes, fen(400)}, {"310", "2026-11-17", AccountUnknown, nil},
		},
		query:  TrendQuery{From: "2026-11-04", Step: StepWeek},
		labels: "2026-11-02 2026-11-09 2026-11-16",
		want:   map[string]string{"personal": "2.00 3.00 4.00"}, completeness: Complete, account: AccountUnknown,
	},
	"months, carried over an empty one": {
		since:  "2026-07-01",
		points: []point{{"310", "2026-08-01", AccountYes, fen(100)}, {"310", "2026-08-31", AccountYes, fen(200)}, {"310", "2026-10-31", AccountYes, fen(300)}},
		query:  TrendQuery{From: "2026-07-15", Step: StepMonth, Gaps: GapsCarry},
		labels: "2026-07 2026-08 2026-09 2026-10 2026-11",
		want:   map[string]string{"personal": "- 2.00 2.00 3.00 3.00"}, completeness: Partial, account: AccountYes,
	},
	"each insurance with a figure is a line": {
		since: "2026-11-20",
		points: []point{
			{"390", "2026-11-20", AccountYes, fen(1)}, {"310", "2026-11-21", AccountYes, fen(2)}, {"510", "2026-11-21", AccountNo, nil},
			{"310", "2026-11-20", AccountYes, fen(3)}, {"390", "2026-11-21", AccountYes, fen(4)},
		},
		query: TrendQuery{From: "2026-11-20"},
		want:  map[string]string{"personal_310": "0.03 0.02", "personal_390": "0.01 0.04"}, completeness: Complete, account: AccountYes,
	},
	"one that is picked": {
		since:  "2026-11-20",
		points: []point{{"390", "2026-11-21", AccountYes, fen(1)}, {"310", "2026-11-21", AccountYes, fen(2)}},
		query:  TrendQuery{From: "2026-11-21", InsuranceType: "390"},
		want:   map[string]string{"personal": "0.01"}, completeness: Complete, account: AccountYes,
	},
	"no personal account": {
		since:  "2026-11-20",
		points: []point{{"390", "2026-11-20", AccountNo, nil}, {"390", "2026-11-21", AccountNo, nil}},
		query:  TrendQuery{From: "2026-11-20"},
		want:   map[string]string{}, completeness: Unsupported, account: AccountNo,
	},
	"not known whether there is one": {
		since:  "2026-11-20",
		points: []point{{"390", "2026-11-20", AccountNo, nil}, {"310", "2026-11-21", AccountUnknown, nil}},
		query:  TrendQuery{From: "2026-11-20"},
		want:   map[string]string{}, completeness: Partial, account: AccountUnknown,
	},
	"today not yet read is no gap": {
		since:  "2026-11-20",
		points: []point{{"310", "2026-11-20", AccountYes, fen(100)}},
		query:  TrendQuery{From: "2026-11-20"},
		want:   map[string]string{"personal": "1.00 -"}, completeness: Complete, account: AccountYes,
	},
	"a range before the link": {
		since:  "2026-11-20",
		points: []point{{"310", "2026-11-10", AccountYes, fen(100)}},
		query:  TrendQuery{From: "2026-11-10", To: "2026-11-12"},
		labels: "2026-11-10 2026-11-11 2026-11-12",
		want:   map[string]string{}, completeness: Partial, account: AccountUnknown,
	},
	"not looked at before the range without carrying": {
		since:  "2026-10-01",
		points: []point{{"310", "2026-11-10", AccountYes, fen(100)}},
		query:  TrendQuery{From: "2026-11-20"},
		want:   map[string]string{}, completeness: Partial, account: AccountUnknown,
	},
	"an insurance without account does not name the other": {
		since:  "2026-11-21",
		points: []point{{"310", "2026-11-21", AccountYes, fen(100)}, {"390", "2026-11-21", AccountNo, nil}},
		query:  TrendQuery{From: "2026-11-21"},
		want:   map[string]string{"personal": "1.00"}, completeness: Complete, account: AccountYes,
	},
}
