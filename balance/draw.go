package balance

import (
	"maps"
	"slices"
)

// bucket is the days of one category, both ends inclusive and inside the range.
type bucket struct {
	label       string
	first, last Day
}

// buckets cuts the range into categories, in order and without holes.
func (f frame) buckets() []bucket {
	var list []bucket
	for day := f.from; day <= f.to; {
		b := bucket{label: string(day), first: day, last: day}
		switch f.step {
		case StepWeek:
			start := day.monday()
			b.label, b.last = string(start), start.Add(6)
		case StepMonth:
			b.label, b.last = day.Month(), day.MonthEnd()
		}
		b.last = min(b.last, f.to)
		list = append(list, b)
		day = b.last.Add(1)
	}
	return list
}

// line is one insurance type on the chart.
type line struct {
	insurance string
	fen       []*Fen
	missing   bool      // a finished category since the link's start has no reading
	account   Existence // of the last point; "" without points
	days      []Fen     // the figures by days, in order, without days that repeat the day before
}

// draw makes the chart of the points. The caller has removed all points that the link may not see.
func draw(f frame, points map[string][]Point) *Trend {
	buckets := f.buckets()
	t := &Trend{
		Unit: "CNY", Step: f.step, Gaps: f.gaps, Timezone: Shanghai.String(), Language: f.language, From: f.from, To: f.to, Since: f.since,
		Series: []Series{}, Summary: []Summary{},
	}
	for _, b := range buckets {
		t.Categories = append(t.Categories, b.label)
	}
	var lines, shown []line
	for _, insurance := range slices.Sorted(maps.Keys(points)) {
		l := trace(f, buckets, points[insurance])
		l.insurance = insurance
		lines = append(lines, l)
		if slices.ContainsFunc(l.fen, func(v *Fen) bool { return v != nil }) {
			shown = append(shown, l)
		}
		for _, p := range points[insurance] {
			if p.AsOf.After(t.AsOf) {
				t.AsOf = p.AsOf
			}
		}
	}
	for _, l := range shown {
		t.add(l, f.language, len(shown) == 1)
	}
	t.Account = account(lines)
	t.Coverage = coverage(t.Account, shown)
	return t
}

// trace walks one insurance type's points along the buckets. A bucket shows the last known balance in it. With GapsCarry
// a bucket without one shows the known balance before it. A day without an account ends the carrying; a day with an
// unknown balance does not.
func trace(f frame, buckets []bucket, points []Point) line {
	l := line{fen: make([]*Fen, len(buckets))}
	var carried *Fen
	next := 0
	advance := func(until Day) (known *Fen, read bool) {
		for ; next < len(points) && points[next].Day <= until; next++ {
			switch p := points[next]; {
			case p.Account.known():
				value := *p.Account.Balance
				known, carried, read = &value, &value, true
				if points[next].Day >= f.from {
					l.days = append(l.days, value)
				}
			case p.Account.Exists == AccountNo:
				carried, read = nil, true
			}
			l.account = points[next].Account.Exists
		}
		return known, read
	}
	advance(f.from.Add(-1)) // points before the range, there with GapsCarry only
	if carried != nil && !(next < len(points) && points[next].Day == f.from && points[next].Account.certain()) {
		l.days = append(l.days, *carried) // the first day has no figure of its own
	}
	for i, b := range buckets {
		known, read := advance(b.last)
		seen := b.last >= f.since && b.first <= f.today
		if known == nil && f.gaps == GapsCarry && seen {
			known = carried
		}
		l.fen[i] = copyOf(known)
		if seen && !read && b.last < f.today {
			l.missing = true
		}
	}
	return l
}

func copyOf(f *Fen) *Fen {
	if f == nil {
		return nil
	}
	c := *f
	return &c
}

func (t *Trend) add(l line, language string, only bool) {
	s := Series{Key: "personal", Name: accountName(l.insurance, language, only), InsuranceType: l.insurance, Fen: l.fen}
	if !only {
		s.Key += "_" + l.insurance
	}
	t.Series = append(t.Series, s)
	// A drawn line has at least one day.
	t.Summary = append(t.Summary, Summary{
		Key: s.Key, Name: s.Name, Min: slices.Min(l.days), Max: slices.Max(l.days), Opening: l.days[0], Closing: l.days[len(l.days)-1],
	})
}

// account joins the accounts of the last points: yes if one exists, no only if it is certain that none does.
func account(lines []line) Existence {
	result := Existence("")
	for _, l := range lines {
		switch {
		case l.account == AccountYes:
			return AccountYes
		case l.account == AccountNo && result == "":
			result = AccountNo
		case l.account == AccountUnknown:
			result = AccountUnknown
		}
	}
	if result == "" {
		return AccountUnknown
	}
	return result
}

func coverage(account Existence, shown []line) Coverage {
	if len(shown) == 0 {
		if account == AccountNo {
			return Unsupported
		}
		return Partial
	}
	if slices.ContainsFunc(shown, func(l line) bool { return l.missing }) {
		return Partial
	}
	return Complete
}
