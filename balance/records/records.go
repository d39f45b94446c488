package records

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"yibao/balance"
	"yibao/balance/desk"
	"yibao/identity"
)

// Deps are the service's dependencies.
type Deps struct {
	Desk     *desk.Desk // shared with the balances: a region's slots and breaker are for all questions together
	Upstream Upstream
	Now      func() time.Time
}

// Service returns the rows behind an account.
type Service struct {
	cfg           Config
	desk          *desk.Desk
	now           func() time.Time
	contributions list[Contribution]
	settlements   list[Settlement]
	lines         list[Line]
	ledger        list[Entry]
	claims        list[Claim]
	accumulated   list[Accumulated]
	quotas        list[Quota]
	designated    list[Designated]
}

// list is a kind of rows: how the region is asked, where a row stands, and which rows a query means.
type list[T any] struct {
	question desk.Question[*Listing[T]]
	place    func(T) place
	fits     func(T, Query) bool
	prepare  func([]T, Meta) // makes the rows of several questions one list; nil where there is nothing to do
	before   func([]T) bool  // says whether rows of the year before are needed to understand these; nil: they never are
}

// New returns a service. It starts nothing.
func New(cfg Config, deps Deps) *Service {
	u := deps.Upstream
	s := &Service{
		cfg: cfg, desk: deps.Desk, now: deps.Now,
		contributions: newList("contributions", u.Contributions, contributionPlace, contributionFits),
		settlements:   newList("settlements", u.Settlements, settlementPlace, settlementFits),
		lines:         newList("lines", u.Lines, func(l Line) place { return place{l.At, l.ID} }, nil),
		ledger:        newList("ledger", u.Ledger, func(e Entry) place { return place{e.At, e.ID} }, entryFits),
		claims:        newList("claims", u.Claims, func(c Claim) place { return place{c.Since, c.ID} }, claimFits),
		accumulated:   newList("accumulated", u.Accumulated, nil, nil),
		quotas:        newList("quotas", u.Quotas, nil, nil),
		designated:    newList("designated", u.Designated, nil, nil),
	}
	s.settlements.prepare, s.settlements.before = pair, anyUnpaired
	s.contributions.prepare, s.contributions.before = gaps, always
	s.claims.before = always // a claim belongs to the year in which it was handed in, and stands in that in which something happened
	return s
}

func newList[T any](name string, ask func(context.Context, string, identity.Claim, string) (*Listing[T], error),
	at func(T) place, fits func(T, Query) bool) list[T] {
	if fits == nil {
		fits = func(T, Query) bool { return true }
	}
	return list[T]{place: at, fits: fits, question: desk.Question[*Listing[T]]{Capability: name,
		Ask: func(ctx context.Context, region string, person identity.Claim, params string) (*Listing[T], error) {
			l, err := ask(ctx, region, person, params)
			if err == nil && l == nil {
				return nil, desk.ErrMalformed
			}
			return l, err
		}}}
}

func always[T any]([]T) bool { return true }

// Contributions returns the contributions, the latest month first. The year before is asked for too: its last months say
// whether the first of the query's follow them.
//
// Errors: as Settlements.
func (s *Service) Contributions(ctx context.Context, caller *identity.Caller, linkID string, q Query) (*Page[Contribution], error) {
	return page(ctx, s, s.contributions, caller, linkID, q)
}

// Settlements returns the bills; those that were taken back, and those that take one back, are among them and say so.
//
// Errors: identity.ErrNoSuchLink, balance.ErrRange, ErrCursor, ErrLimit, balance.ErrUnsupported, balance.ErrNotEnrolled,
// balance.ErrMismatch, and balance.ErrNoReading with the cause where nothing is in memory either; balance.ErrThrottled is
// such a cause.
func (s *Service) Settlements(ctx context.Context, caller *identity.Caller, linkID string, q Query) (*Page[Settlement], error) {
	return page(ctx, s, s.settlements, caller, linkID, q)
}

// Ledger returns the entries of the personal account.
//
// Errors: as Settlements.
func (s *Service) Ledger(ctx context.Context, caller *identity.Caller, linkID string, q Query) (*Page[Entry], error) {
	return page(ctx, s, s.ledger, caller, linkID, q)
}

// Claims returns the claims, those first in which something happened last.
//
// Errors: as Settlements.
func (s *Service) Claims(ctx context.Context, caller *identity.Caller, linkID string, q Query) (*Page[Claim], error) {
	return page(ctx, s, s.claims, caller, linkID, q)
}

// Lines returns the items of one bill, which is looked for among the person's own.
//
// Errors: ErrNoSuchBill, and those of Settlements.
func (s *Service) Lines(ctx context.Context, caller *identity.Caller, linkID, settlement string, q Query) (*Page[Line], error) {
	bill, err := s.bill(ctx, caller, linkID, settlement)
	if err != nil {
		return nil, err
	}
	all, err := gather(ctx, s, s.lines, caller, linkID, BillParams(settlement, bill.Visit))
	if err != nil {
		return nil, err
	}
	return all.page(s.lines, q)
}

// bill finds a bill of this year or the last, where most are, then of the years that a list can show.
func (s *Service) bill(ctx context.Context, caller *identity.Caller, linkID, id string) (*Settlement, error) {
	this := year(balance.DayOf(s.now()))
	for _, span := range [][2]int{{this - 1, this}, {this - maxYears + 1, this - 2}} {
		var params []string
		for y := span[0]; y <= span[1]; y++ {
			params = append(params, strconv.Itoa(y))
		}
		bills, err := gather(ctx, s, s.settlements, caller, linkID, params...)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(bills.rows, func(b Settlement) bool { return b.ID == id }); i >= 0 {
			return &bills.rows[i], nil
		}
	}
	return nil, ErrNoSuchBill
}

// BillParams are the parameters of the question for the items of a bill; ReadBillParams reads them.
func BillParams(settlement, visit string) string { return settlement + "\n" + visit }

// ReadBillParams undoes BillParams.
func ReadBillParams(params string) (settlement, visit string) {
	settlement, visit, _ = strings.Cut(params, "\n")
	return settlement, visit
}

// Unusual returns the flags of the bills of the query's days; its other fields are of no account. The
// bills are compared with those of the same years.
//
// Errors: identity.ErrNoSuchLink, balance.ErrRange, balance.ErrUnsupported, balance.ErrNotEnrolled, balance.ErrMismatch, and
// balance.ErrNoReading with the cause where nothing is in memory either; balance.ErrThrottled is such a cause.
func (s *Service) Unusual(ctx context.Context, caller *identity.Caller, linkID string, q Query) (*Page[Flag], error) {
	from, to, err := q.days(balance.DayOf(s.now()))
	if err != nil {
		return nil, err
	}
	bills, err := gather(ctx, s, s.settlements, caller, linkID, years(from, to)...)
	if err != nil {
		return nil, err
	}
	flags := slices.DeleteFunc(Unusual(bills.rows), func(f Flag) bool { return f.Day < from || f.Day > to })
	return &Page[Flag]{Rows: flags, Total: Total{len(flags)}, Meta: bills.meta, Stale: bills.stale, Cause: bills.cause}, nil
}

// Accumulated returns the year's figures.
//
// Errors: as Unusual.
func (s *Service) Accumulated(ctx context.Context, caller *identity.Caller, linkID, year string) (*Page[Accumulated], error) {
	return whole(ctx, s, s.accumulated, caller, linkID, year)
}

// Quotas returns the rest of the year's limits, where the region tells it.
//
// Errors: as Unusual.
func (s *Service) Quotas(ctx context.Context, caller *identity.Caller, linkID, year string) (*Page[Quota], error) {
	return whole(ctx, s, s.quotas, caller, linkID, year)
}

// Designated returns the person's institutions and registered diseases.
//
// Errors: as Unusual; the year is always good.
func (s *Service) Designated(ctx context.Context, caller *identity.Caller, linkID string) (*Page[Designated], error) {
	return whole(ctx, s, s.designated, caller, linkID, balance.DayOf(s.now()).Month()[:4])
}

// gathered are the rows of one or more questions.
type gathered[T any] struct {
	rows  []T
	meta  Meta
	stale bool
	cause error
}

// gather asks for the rows of the caller's person, one question for each of params, all at once.
//
// Errors: identity.ErrNoSuchLink; those of the desk that are answers; balance.ErrNoReading with the cause where nothing is
// in memory either.
func gather[T any](ctx context.Context, s *Service, l list[T], caller *identity.Caller, linkID string, params ...string) (*gathered[T], error) {
	link, err := caller.Link(linkID)
	if err != nil {
		return nil, err
	}
	subject := desk.Subject{PersonID: link.PersonID, Region: link.Region}
	answers := make([]answered[T], len(params))
	var group errgroup.Group
	for i, p := range params {
		group.Go(func() error {
			var err error
			answers[i], err = l.ask(ctx, s, subject, p)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		if errors.Is(err, desk.ErrNoPerson) {
			err = identity.ErrNoSuchLink // deleted after the caller's links were read
		}
		return nil, err
	}
	var all gathered[T]
	for i, a := range answers {
		all.rows = append(all.rows, a.Rows...)
		all.meta = a.Meta.least(all.meta, i == 0)
		if a.cause != nil {
			all.stale, all.cause = true, a.cause
		}
	}
	if l.prepare != nil {
		l.prepare(all.rows, all.meta)
	}
	return &all, nil
}

// answered is a listing, and why it is an older one.
type answered[T any] struct {
	*Listing[T]
	cause error
}

func (l list[T]) ask(ctx context.Context, s *Service, subject desk.Subject, params string) (answered[T], error) {
	answer, err := desk.Ask(ctx, s.desk, l.question, subject, params, s.now().Add(-s.cfg.FreshFor))
	if err == nil {
		return answered[T]{answer.Value, nil}, nil
	}
	if desk.Final(err) || errors.Is(err, desk.ErrNoPerson) || errors.Is(err, context.Canceled) {
		return answered[T]{}, err
	}
	if answer, ok := desk.Recent(s.desk, l.question, subject, params, s.now().Add(-s.cfg.KeepFor)); ok {
		return answered[T]{answer.Value, err}, nil
	}
	return answered[T]{}, errors.Join(balance.ErrNoReading, err)
}

// least combines the dates and coverage of two listings.
func (m Meta) least(other Meta, only bool) Meta {
	if only {
		return m
	}
	if other.AsOf.Before(m.AsOf) {
		m.AsOf = other.AsOf
	}
	if other.FetchedAt.Before(m.FetchedAt) {
		m.FetchedAt = other.FetchedAt
	}
	if other.Coverage != balance.Complete {
		m.Coverage = other.Coverage
	}
	if other.CompleteTo > m.CompleteTo { // the later year's; that of an earlier one is its end
		m.CompleteTo = other.CompleteTo
	}
	return m
}

// page asks for every year of the query's range, and for the one before where it is needed, and cuts the page.
func page[T any](ctx context.Context, s *Service, l list[T], caller *identity.Caller, linkID string, q Query) (*Page[T], error) {
	from, to, err := q.days(balance.DayOf(s.now()))
	if err != nil {
		return nil, err
	}
	all, err := gather(ctx, s, l, caller, linkID, years(from, to)...)
	if err == nil && l.before != nil && l.before(all.rows) {
		all, err = gather(ctx, s, l, caller, linkID, append([]string{strconv.Itoa(year(from) - 1)}, years(from, to)...)...)
	}
	if err != nil {
		return nil, err
	}
	q.From, q.To = from, to
	return all.page(l, q)
}

// years lists the years of the days from..to.
func years(from, to balance.Day) (list []string) {
	for y := year(from); y <= year(to); y++ {
		list = append(list, strconv.Itoa(y))
	}
	return list
}

func (g *gathered[T]) page(l list[T], q Query) (*Page[T], error) {
	rows := make([]T, 0, len(g.rows))
	for _, row := range g.rows {
		if within(l.place(row).at, q) && l.fits(row, q) {
			rows = append(rows, row)
		}
	}
	p, err := cut(rows, l.place, q)
	if err != nil {
		return nil, err
	}
	p.Meta, p.Stale, p.Cause = g.meta, g.stale, g.cause
	return p, nil
}

// within says whether a time lies in the query's days; always where it has none.
func within(at time.Time, q Query) bool {
	day := balance.DayOf(at)
	return (q.From == "" || day >= q.From) && (q.To == "" || day <= q.To)
}

// whole returns all rows of a year, in the upstream's order.
func whole[T any](ctx context.Context, s *Service, l list[T], caller *identity.Caller, linkID, year string) (*Page[T], error) {
	if balance.Day(year + "-01-01").Start().IsZero() {
		return nil, balance.ErrRange
	}
	g, err := gather(ctx, s, l, caller, linkID, year)
	if err != nil {
		return nil, err
	}
	return &Page[T]{Rows: append([]T{}, g.rows...), Total: Total{len(g.rows)}, Meta: g.meta, Stale: g.stale, Cause: g.cause}, nil
}

func contributionPlace(c Contribution) place {
	at, _ := time.ParseInLocation("2006-01", c.From, balance.Shanghai) // the zero time for a row without a month
	return place{at, c.ID}
}

func contributionFits(c Contribution, q Query) bool {
	return q.about(c.InsuranceType, string(c.Kind), Institution{}) && q.costs(c.Total)
}

func settlementPlace(b Settlement) place { return place{b.At, b.ID} }

func settlementFits(b Settlement, q Query) bool {
	return q.about(b.InsuranceType, string(b.Kind), b.Institution) && q.costs(b.Total)
}

func entryFits(e Entry, q Query) bool {
	size := max(e.Fen, -e.Fen)
	return q.about("", string(e.Kind), Institution{}) && q.costs(&size)
}

func claimFits(c Claim, q Query) bool {
	return q.about("", string(c.State), c.Institution) && q.costs(c.Total)
}

// about compares insurance, kind and institution; "" of a row's insurance fits all: the row does not tell.
func (q Query) about(insurance, kind string, place Institution) bool {
	return (q.InsuranceType == "" || insurance == "" || q.InsuranceType == insurance) && (q.Kind == "" || q.Kind == kind) &&
		(q.Institution == "" || q.Institution == place.Code || strings.Contains(place.Name, q.Institution))
}

// costs compares a sum with Min and Max; a sum that is not given fits where neither is set.
func (q Query) costs(fen *balance.Fen) bool {
	if q.Min == nil && q.Max == nil {
		return true
	}
	return fen != nil && (q.Min == nil || *fen >= *q.Min) && (q.Max == nil || *fen <= *q.Max)
}
