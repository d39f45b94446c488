package balance

import (
	"context"
	"maps"
	"time"

	"yibao/identity"
)

// Step is the width of a chart's categories.
type Step string

// The steps. StepAuto chooses days for up to 92 days, weeks for up to two years, and months beyond.
const (
	StepAuto  Step = "auto"
	StepDay   Step = "day"
	StepWeek  Step = "week"
	StepMonth Step = "month"
)

// Gaps says how a category without a reading is drawn.
type Gaps string

// The values of Gaps.
const (
	GapsNull  Gaps = "null"  // nothing
	GapsCarry Gaps = "carry" // the last known balance before it
)

const (
	maxPoints    = 366
	maxYears     = 10
	defaultDays  = 30
	autoDays     = 92
	autoWeekDays = 2 * 366
	// lookBackDays bounds how far before the range a carried balance may come from.
	lookBackDays = 31
)

// TrendQuery asks for a chart of the balance.
type TrendQuery struct {
	From, To Day  // inclusive; "" is 29 days before To, and today
	Step     Step // "" is StepAuto
	Gaps     Gaps // "" is GapsNull
	// InsuranceType picks one; "" is every one that has a personal account.
	InsuranceType string
	Language      string // of the names of the series, as in InsuranceName; "" is "zh"
}

// Trend is the balance over a range of days.
type Trend struct {
	Unit     string // "CNY"
	Step     Step   // never StepAuto
	Gaps     Gaps
	Timezone string
	Language string // of the names of the series
	From, To Day
	// Since is the first day that the link may see: that of its start, or for a self link that of the first reading if it
	// is earlier. Categories before it are empty.
	Since Day
	// AsOf is the upstream's time of the youngest reading in the range; zero without one.
	AsOf time.Time
	// Coverage is Complete if every finished category from Since on has a reading of its own (carried ones do not
	// count). It is Partial if one is missing or the account's existence is not known. It is Unsupported if there is no
	// personal account.
	Coverage Coverage
	// Account says whether there is a personal account by the latest readings.
	Account Existence
	// Categories are all days ("2026-11-21"), weeks (by their Monday) or months ("2026-11") of the range, in order.
	Categories []string
	// Series has one entry for each insurance type with at least one figure in the range. It is never nil.
	Series  []Series
	Summary []Summary
}

// Series is one line of the chart. Fen has one element for each of Trend.Categories, nil for a gap.
type Series struct {
	Key           string // "personal" when it is the only one, else "personal_310"
	Name          string
	InsuranceType string
	Fen           []*Fen
}

// Summary holds the lowest, highest, first and last figure of a series as a chart by days shows them. So it is the same at
// every step.
type Summary struct {
	Key, Name                  string
	Min, Max, Opening, Closing Fen
}

// Trend draws the balance of the caller's link over the given days. A link sees readings from its own start; a self link
// sees all that are kept of the person. Future days are empty.
//
// Errors: identity.ErrNoSuchLink; ErrRange for days, steps or gaps that are not valid, a range that starts after today,
// or one longer than ten years; ErrTooMany if the given step makes more than 366 points; the store's.
func (s *Service) Trend(ctx context.Context, caller *identity.Caller, linkID string, query TrendQuery) (*Trend, error) {
	link, err := caller.Link(linkID)
	if err != nil {
		return nil, err
	}
	today := DayOf(s.now())
	frame, err := newFrame(query, today)
	if err != nil {
		return nil, err
	}
	subject := Subject{PersonID: link.PersonID, Region: link.Region}
	if frame.since, err = s.firstDay(ctx, subject, link); err != nil {
		return nil, err
	}
	points, err := s.visible(ctx, subject, frame)
	if err != nil {
		return nil, err
	}
	return draw(frame, points), nil
}

// firstDay is the first day that the link may see.
func (s *Service) firstDay(ctx context.Context, subject Subject, link identity.Link) (Day, error) {
	start := DayOf(link.Since)
	if link.Relation != identity.Self {
		return start, nil
	}
	first, err := s.store.FirstDay(ctx, subject)
	if err != nil || first == "" {
		return start, err
	}
	return min(first, start), nil
}

// visible reads the points that the chart may use, by insurance type.
func (s *Service) visible(ctx context.Context, subject Subject, f frame) (map[string][]Point, error) {
	from, to := f.from, min(f.to, f.today)
	if f.gaps == GapsCarry {
		from = from.Add(-lookBackDays)
	}
	if from = max(from, f.since); from > to {
		return nil, nil
	}
	points, err := s.store.Points(ctx, subject, from, to)
	if f.insurance != "" {
		maps.DeleteFunc(points, func(insurance string, _ []Point) bool { return insurance != f.insurance })
	}
	return points, err
}

// frame is a checked query.
type frame struct {
	from, to, today, since Day
	step                   Step
	gaps                   Gaps
	insurance, language    string
}

func newFrame(q TrendQuery, today Day) (frame, error) {
	f := frame{from: q.From, to: q.To, today: today, step: q.Step, gaps: q.Gaps, insurance: q.InsuranceType, language: q.Language}
	if f.to == "" {
		f.to = today
	}
	if _, err := ParseDay(string(f.to)); err != nil {
		return frame{}, err
	}
	if f.from == "" {
		f.from = f.to.Add(1 - defaultDays)
	}
	if _, err := ParseDay(string(f.from)); err != nil {
		return frame{}, err
	}
	if f.gaps == "" {
		f.gaps = GapsNull
	}
	lastDay := Day(f.from.date().AddDate(maxYears, 0, 0).Format(dayLayout))
	if f.from > f.to || f.from > today || f.to >= lastDay || (f.gaps != GapsNull && f.gaps != GapsCarry) {
		return frame{}, ErrRange
	}
	return f.withStep()
}

func (f frame) withStep() (frame, error) {
	days := f.from.until(f.to) + 1
	points := 0
	switch f.step {
	case StepAuto, "":
		f.step = autoStep(days)
		return f, nil
	case StepDay:
		points = days
	case StepWeek:
		points = f.from.monday().until(f.to)/7 + 1
	case StepMonth: // ten years are 121 of them at most
	default:
		return frame{}, ErrRange
	}
	if points > maxPoints {
		return frame{}, ErrTooMany
	}
	return f, nil
}

func autoStep(days int) Step {
	switch {
	case days <= autoDays:
		return StepDay
	case days <= autoWeekDays:
		return StepWeek
	}
	return StepMonth
}
