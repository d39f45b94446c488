package insurer

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/identity"
)

var _ records.Upstream = (*Client)(nil)

// maxPages bounds the pages of one list.
const maxPages = 50

// Contributions implements records.Upstream. Rows that were reversed, and those that reverse them, are left out.
func (c *Client) Contributions(ctx context.Context, code string, person identity.Claim, year string) (*records.Listing[records.Contribution], error) {
	return rowsOf(ctx, c, code, person, recordContributions, year, nil, readContribution)
}

// Settlements implements records.Upstream.
func (c *Client) Settlements(ctx context.Context, code string, person identity.Claim, year string) (*records.Listing[records.Settlement], error) {
	return rowsOf(ctx, c, code, person, recordSettlements, year, nil, readSettlement)
}

// Lines implements records.Upstream.
func (c *Client) Lines(ctx context.Context, code string, person identity.Claim, params string) (*records.Listing[records.Line], error) {
	settlement, visit := records.ReadBillParams(params)
	return rowsOf(ctx, c, code, person, recordLines, "", map[string]string{"setl_id": settlement, "mdtrt_id": visit}, readLine)
}

// Ledger implements records.Upstream.
func (c *Client) Ledger(ctx context.Context, code string, person identity.Claim, year string) (*records.Listing[records.Entry], error) {
	return rowsOf(ctx, c, code, person, recordLedger, year, nil, readEntry)
}

// Claims implements records.Upstream.
func (c *Client) Claims(ctx context.Context, code string, person identity.Claim, year string) (*records.Listing[records.Claim], error) {
	return rowsOf(ctx, c, code, person, recordClaims, year, nil, readClaim)
}

// Accumulated implements records.Upstream.
func (c *Client) Accumulated(ctx context.Context, code string, person identity.Claim, year string) (*records.Listing[records.Accumulated], error) {
	return rowsOf(ctx, c, code, person, recordAccumulated, year, nil, readAccumulated)
}

// Quotas implements records.Upstream. The region names each of its figures by records.quotas.fields.
func (c *Client) Quotas(ctx context.Context, code string, person identity.Claim, year string) (*records.Listing[records.Quota], error) {
	if year != strconv.Itoa(c.now().In(balance.Shanghai).Year()) {
		return nil, &Error{Class: ClassUnsupported, Region: code} // regions tell the rest of the present year alone
	}
	listing, err := rowsOf(ctx, c, code, person, recordQuotas, "", nil, readQuotas)
	if err != nil {
		return nil, err
	}
	all := &records.Listing[records.Quota]{Meta: listing.Meta}
	for _, some := range listing.Rows {
		all.Rows = append(all.Rows, some...)
	}
	return all, nil
}

// Designated implements records.Upstream: the institutions and the diseases, each where the region tells it.
func (c *Client) Designated(ctx context.Context, code string, person identity.Claim, _ string) (*records.Listing[records.Designated], error) {
	r := c.regions[code]
	if r == nil || r.Records[recordInstitutions].Transaction == "" && r.Records[recordDiseases].Transaction == "" {
		return nil, &Error{Class: ClassUnsupported, Region: code}
	}
	var all *records.Listing[records.Designated]
	for _, kind := range []string{recordInstitutions, recordDiseases} {
		if r.Records[kind].Transaction == "" {
			continue
		}
		some, err := rowsOf(ctx, c, code, person, kind, "", nil, readDesignated)
		if err != nil {
			return nil, err
		}
		if all != nil {
			some.Rows, some.Source = append(all.Rows, some.Rows...), all.Source+" "+some.Source
			if all.Coverage != balance.Complete {
				some.Coverage = all.Coverage
			}
		}
		all = some
	}
	return all, nil
}

// rowsOf asks for the person first, which checks the identity and gives the person number, and then
// for the rows. A row that cannot be read is left out, and the listing is Partial then.
func rowsOf[T any](ctx context.Context, c *Client, code string, claim identity.Claim, kind, year string, more map[string]string,
	read func(*row) (T, time.Time, bool)) (*records.Listing[T], error) {
	r := c.regions[code]
	if r == nil || r.Records[kind].Transaction == "" {
		return nil, &Error{Class: ClassUnsupported, Region: code}
	}
	r, infno, err := c.find(code, CapIdentity)
	if err != nil {
		return nil, err
	}
	p, first, err := r.person(ctx, infno, claim)
	if err != nil {
		return nil, err
	}
	record := r.Records[kind]
	l := &records.Listing[T]{Rows: []T{}}
	l.Meta = records.Meta{FetchedAt: c.now(), Coverage: balance.Complete, Source: string(r.Family) + "/" + record.Transaction}
	l.CompleteTo = record.completeTo(l.FetchedAt, year)
	if record.Transaction == infno { // the region's own part of the person's answer
		list, ok := rowsIn(first.output, record)
		if !ok {
			return nil, r.fail(ctx, ask{infno: infno, question: question(claim)}, &Error{Class: ClassMalformed, Reference: first.reference})
		}
		take(&l.Meta, first, claim)
		return addRows(l, r, kind, year, list, read), nil
	}
	a := ask{infno: record.Transaction, insuredRegion: r.insuredRegion(p), question: question(claim), list: true, fields: record.input(p, year, more)}
	for page := 1; ; page++ {
		if record.Page != "" {
			a.fields[record.Page], a.fields[record.Size] = strconv.Itoa(page), strconv.Itoa(record.PageRows)
		}
		answer, err := r.do(ctx, a)
		if err != nil {
			return nil, err
		}
		list, found, ok := listAt(answer.raw, record.Rows)
		if !ok || !found && !record.BlankMeansNone || page > maxPages {
			return nil, r.fail(ctx, a, &Error{Class: ClassMalformed, Reference: answer.reference}) // no list is not an empty list
		}
		if page == 1 {
			take(&l.Meta, answer, claim)
		}
		addRows(l, r, kind, year, list, read)
		if record.Page == "" || len(list) < record.PageRows {
			return l, nil
		}
	}
}

// take dates a listing by an answer.
func take(m *records.Meta, answer reply, claim identity.Claim) {
	m.AsOf, m.Reference = asOf(answer.at, m.FetchedAt), safeReference(answer.reference, claim.IDNumber)
}

func rowsIn(output fields, record Record) ([]fields, bool) {
	raw, err := json.Marshal(output)
	if err != nil {
		return nil, false
	}
	list, found, ok := listAt(raw, record.Rows)
	return list, ok && (found || record.BlankMeansNone)
}

// completeTo is the day up to which nothing is missing in the rows of a year; "" where the region does not promise it.
func (c Record) completeTo(now time.Time, year string) balance.Day {
	if c.CompleteAfterDays == 0 {
		return ""
	}
	day := balance.DayOf(now).Add(-c.CompleteAfterDays)
	if last := balance.Day(year + "-12-31"); !last.Start().IsZero() && last < day {
		return last
	}
	return day
}

// input is a question's part about the rows.
func (c Record) input(p *person, year string, more map[string]string) map[string]string {
	input := map[string]string{"psn_no": p.personNo}
	maps.Copy(input, c.Input)
	maps.Copy(input, more)
	if first, err := time.Parse("2006", year); err == nil {
		if c.Begin != "" {
			input[c.Begin] = c.Days.text(first, false)
		}
		if c.End != "" {
			input[c.End] = c.Days.text(first.AddDate(1, 0, -1), true)
		}
	}
	return input
}

// addRows adds the rows that can be read and are of the year.
func addRows[T any](l *records.Listing[T], r *region, kind, year string, list []fields, read func(*row) (T, time.Time, bool)) *records.Listing[T] {
	for _, f := range list {
		one := &row{fields: f, record: r.Records[kind], names: recordFields[kind], mode: r.Numbers}
		value, at, ok := read(one)
		if !ok || one.bad {
			l.Coverage = balance.Partial
		}
		if ok && !one.skip && (year == "" || at.IsZero() || at.In(balance.Shanghai).Format("2006") == year) {
			l.Rows = append(l.Rows, value)
		}
	}
	return l
}

func splitPath(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, ".")
}
