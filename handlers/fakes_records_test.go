package handlers

import (
	"context"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/identity"
)

// fakeRows answers for the rows behind an account with what a test puts in; fakeService has its failures.
type fakeRows struct {
	fake  *fakeService
	query records.Query // of the last question, and what else it named
	bill  string
	year  string

	meta          records.Meta
	stale         bool
	cause         error
	next          string
	total         int
	settlements   []records.Settlement
	lines         []records.Line
	flags         []records.Flag
	ledger        []records.Entry
	contributions []records.Contribution
	claims        []records.Claim
	accumulated   []records.Accumulated
	quotas        []records.Quota
	quotaFails    error
	designated    []records.Designated
}

func fakePage[T any](ctx context.Context, r *fakeRows, c *identity.Caller, id, name string, rows []T) (*records.Page[T], error) {
	if err := r.fake.own(ctx, c, id, name); err != nil {
		return nil, err
	}
	meta := r.meta
	if meta.AsOf.IsZero() {
		meta = records.Meta{AsOf: noon.Add(-60e9), FetchedAt: noon.Add(-30e9), Source: "fsi/5203", Coverage: balance.Complete}
	}
	p := &records.Page[T]{Rows: rows, Meta: meta, Stale: r.stale, Cause: r.cause, Total: records.Total{Rows: max(r.total, len(rows))}, Next: r.next}
	return p, nil
}

func (r *fakeRows) Settlements(ctx context.Context, c *identity.Caller, id string, q records.Query) (*records.Page[records.Settlement], error) {
	r.query = q
	return fakePage(ctx, r, c, id, "Settlements", r.settlements)
}

func (r *fakeRows) Lines(ctx context.Context, c *identity.Caller, id, bill string, q records.Query) (*records.Page[records.Line], error) {
	r.query, r.bill = q, bill
	return fakePage(ctx, r, c, id, "Lines", r.lines)
}

func (r *fakeRows) Unusual(ctx context.Context, c *identity.Caller, id string, q records.Query) (*records.Page[records.Flag], error) {
	r.query = q
	return fakePage(ctx, r, c, id, "Unusual", r.flags)
}

func (r *fakeRows) Ledger(ctx context.Context, c *identity.Caller, id string, q records.Query) (*records.Page[records.Entry], error) {
	r.query = q
	return fakePage(ctx, r, c, id, "Ledger", r.ledger)
}

func (r *fakeRows) Contributions(ctx context.Context, c *identity.Caller, id string, q records.Query) (*records.Page[records.Contribution], error) {
	r.query = q
	return fakePage(ctx, r, c, id, "Contributions", r.contributions)
}

func (r *fakeRows) Claims(ctx context.Context, c *identity.Caller, id string, q records.Query) (*records.Page[records.Claim], error) {
	r.query = q
	return fakePage(ctx, r, c, id, "Claims", r.claims)
}

func (r *fakeRows) Accumulated(ctx context.Context, c *identity.Caller, id, year string) (*records.Page[records.Accumulated], error) {
	r.year = year
	return fakePage(ctx, r, c, id, "Accumulated", r.accumulated)
}

func (r *fakeRows) Quotas(context.Context, *identity.Caller, string, string) (*records.Page[records.Quota], error) {
	if r.quotaFails != nil {
		return nil, r.quotaFails
	}
	return &records.Page[records.Quota]{Rows: r.quotas}, nil
}

func (r *fakeRows) Designated(ctx context.Context, c *identity.Caller, id string) (*records.Page[records.Designated], error) {
	return fakePage(ctx, r, c, id, "Designated", r.designated)
}
