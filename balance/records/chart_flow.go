package records

import (
	"context"

	"yibao/balance"
	"yibao/identity"
)

// The keys of the flow's series.
const (
	flowIn       = "in"
	flowOut      = "out"
	flowInterest = "interest"
	flowTransfer = "transfer"
)

var flowNames = []named{
	{flowIn, [2]string{"收入", "In"}}, {flowOut, [2]string{"支出", "Out"}},
	{flowInterest, [2]string{"利息", "Interest"}}, {flowTransfer, [2]string{"转移", "Transfers"}},
}

// FlowChart draws what came into the personal account and what went out of it. Sums are signed: those that went out lie below
// zero, so that the balance before the range and all series make the balance behind it. What is carried from one year to
// the next is left out, and so is an entry that was taken back, together with the one that takes it back. Interest and
// transfers are series of their own.
//
// Errors: identity.ErrNoSuchLink; balance.ErrRange for days that are not valid, or a range that starts after today, or
// touches more than five years; balance.ErrUnsupported for a region without a ledger; balance.ErrNotEnrolled;
// balance.ErrMismatch; balance.ErrNoReading.
func (s *Service) FlowChart(ctx context.Context, caller *identity.Caller, linkID string, q ChartQuery) (*Chart, error) {
	m, err := newMonths(q, balance.DayOf(s.now()))
	if err != nil {
		return nil, err
	}
	entries, err := gather(ctx, s, s.ledger, caller, linkID, m.years()...)
	if err != nil {
		return nil, err
	}
	return flow(m, entries.distinct(s.ledger), q.Language), nil
}

func flow(m months, entries *gathered[Entry], language string) *Chart {
	t := newTable(m, entries.meta)
	for _, e := range entries.rows {
		if e.Kind == EntryCarry || e.Reversed {
			continue
		}
		key := flowIn
		switch {
		case e.Kind == EntryInterest:
			key = flowInterest
		case e.Kind == EntryTransfer:
			key = flowTransfer
		case e.Fen < 0:
			key = flowOut
		}
		t.add(key, m.at(e.At), &e.Fen)
	}
	return entries.drawn(t.draw([2]string{"个人账户收支（元）", "Personal account: in and out (yuan)"}, "flow", flowNames, language))
}
