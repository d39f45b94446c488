package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/balance/desk"
	"yibao/balance/records"
	"yibao/identity"
	"yibao/platforms/insurer"
	"yibao/platforms/simulator"
	"yibao/platforms/simulator/books"
)

// recordsOf is how the simulated regions tell rows. The first city's contributions have no amounts.
func recordsOf(region string) map[string]insurer.Record {
	paid := insurer.Record{Transaction: "L200", Rows: "clctdetl", Begin: "year", Days: insurer.DaysYear}
	if region == simulator.RegionA {
		paid = insurer.Record{Transaction: "90100"}
	}
	lines := insurer.Record{Transaction: "5204"}
	if region == simulator.RegionC {
		lines.Rows = "list"
	}
	all := map[string]insurer.Record{
		"contributions": paid,
		"settlements": {Transaction: "L203", Rows: "setlinfo", Begin: "begntime", End: "endtime", Days: insurer.DaysDateTime, Page: "page_num", Size: "page_size",
			PageRows: 25, BlankMeansNone: region == simulator.RegionC},
		"lines":        lines,
		"accumulated":  {Transaction: "5206", Rows: "cuminfo"},
		"institutions": {Transaction: "5302", Rows: "psnfixmedin", Input: map[string]string{"biz_appy_type": "03"}},
	}
	if region == simulator.RegionB {
		return all
	}
	blank := region == simulator.RegionC // its envelope leaves empty lists out
	all["ledger"] = insurer.Record{Transaction: "L204", Rows: "acctdetl", Begin: "year", Days: insurer.DaysYear, BlankMeansNone: blank,
		Fields: map[string]string{"id": "acct_detl_id", "out": "expd_sumamt"}}
	all["claims"] = insurer.Record{Transaction: "L205", Rows: "claiminfo", BlankMeansNone: blank,
		Fields: map[string]string{"id": "claim_no", "state": "flag", "label": "flag_name", "since": "step_time", "submitted": "apply_time", "opinion": "opinion", "steps": "steps"},
		States: map[string]records.ClaimState{"0": records.ClaimSubmitted, "5": records.ClaimReturned}}
	all["diseases"] = insurer.Record{Transaction: "5301", Rows: "feedetail", BlankMeansNone: blank}
	all["quotas"] = insurer.Record{Transaction: "1101", Rows: "baseinfo.exp_content", Fields: map[string]string{"outpatient_pool": "opt_pool_balc"}}
	return all
}

func insurers(t *testing.T, base string) *insurer.Client {
	t.Helper()
	profiles := insurer.Profiles{}
	for _, region := range []string{simulator.RegionA, simulator.RegionB, simulator.RegionC} {
		profiles[region] = insurerProfile(region, base)
	}
	client, err := insurer.New(profiles, insurer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestEveryRowOfEverybody compares every row that the adapter reads, of every fifth person in every region, in both families
// of wires, with the world's own books.
func TestEveryRowOfEverybody(t *testing.T) {
	t.Parallel()
	world, base := serve(t)
	client := insurers(t, base)
	seen := map[string]int{}
	for i, p := range world.People() {
		if i%5 != 0 && i > 40 {
			continue
		}
		for _, region := range []string{simulator.RegionA, simulator.RegionB, simulator.RegionC} {
			if !slices.ContainsFunc(p.Enrolments, func(e simulator.Enrolment) bool { return e.Region == region }) {
				continue
			}
			c := &compared{t: t, client: client, world: world, person: p, region: region, seen: seen, now: time.Now(),
				claim: identity.Claim{Region: region, Name: p.Name, IDType: p.CertType, IDNumber: p.IDNumber}}
			for _, year := range []string{"2025", strconv.Itoa(c.now.In(balance.Shanghai).Year())} {
				c.contributions(year)
				c.settlements(year)
				c.ledger(year)
				c.claims(year)
				c.accumulated(year)
			}
			c.quotas()
		}
	}
	for _, want := range []string{"contributions", "settlements", "lines", "ledger", "claims", "accumulated", "quotas", "reversals", "mutual aid", "out of province"} {
		if seen[want] == 0 {
			t.Errorf("no %s were compared", want)
		}
	}
	t.Log(seen)
}

// compared compares one person in one region.
type compared struct {
	t      *testing.T
	client *insurer.Client
	world  *simulator.World
	person simulator.Person
	region string
	claim  identity.Claim
	now    time.Time
	seen   map[string]int
}

// books are those of each of the person's enrolments.
func (c *compared) books(each func(simulator.Enrolment, *books.Books)) {
	for _, e := range c.person.Enrolments {
		if e.Region == c.region {
			each(e, c.world.Books(c.person.IDNumber, e.Region, e.Type, c.now))
		}
	}
}

func (c *compared) same(what string, got, want []string) {
	c.t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	c.seen[what] += len(want)
	if !slices.Equal(got, want) {
		c.t.Errorf("%s in %s, %s:\n%s\nwant\n%s", c.person.Note, c.region, what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func sum(fen *balance.Fen) string {
	if fen == nil {
		return "-"
	}
	return fen.String()
}

// given is a sum that is told only where there is one.
func given(fen balance.Fen) string {
	if fen == 0 {
		return "-"
	}
	return fen.String()
}

func listing[T any](c *compared, what string, l *records.Listing[T], err error) []T {
	c.t.Helper()
	told := recordsOf(c.region)[what].Transaction != ""
	if !told {
		if !errors.Is(err, desk.ErrUnsupported) {
			c.t.Errorf("%s in %s: %s is not unsupported: %v", c.person.Note, c.region, what, err)
		}
		return nil
	}
	if err != nil {
		c.t.Fatalf("%s in %s: %s: %v", c.person.Note, c.region, what, err)
	}
	if l.Coverage != balance.Complete || l.FetchedAt.IsZero() || l.AsOf.IsZero() || !strings.HasSuffix(l.Source, recordsOf(c.region)[what].Transaction) {
		c.t.Errorf("%s: %+v", what, l.Meta)
	}
	return l.Rows
}

func (c *compared) contributions(year string) {
	l, err := c.client.Contributions(context.Background(), c.region, c.claim, year)
	var got, want []string
	for _, r := range listing(c, "contributions", l, err) {
		got = append(got, fmt.Sprint(r.InsuranceType, r.From, r.To, r.Kind, r.Paid, r.PaidOn, sum(r.Base), sum(r.Employer), sum(r.Personal), sum(r.Subsidy), sum(r.Total), sum(r.IntoAccount)))
	}
	c.books(func(e simulator.Enrolment, b *books.Books) {
		for _, r := range b.Contributions {
			if r.Seen.After(c.now) || r.From[:4] != year {
				continue
			}
			figures := fmt.Sprint("-", "-", "-", "-", "-", "-")
			if c.region != simulator.RegionA {
				figures = fmt.Sprint(given(r.Base), given(r.Employer), given(r.Personal), given(r.Subsidy), given(r.Employer+r.Personal+r.Subsidy), given(r.IntoAccount))
			}
			want = append(want, fmt.Sprint(e.Type, r.From, r.To, records.ContributionRegular, records.PaidYes, balance.DayOf(r.PaidAt))+figures)
		}
	})
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], " ", "")
	}
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], " ", "")
	}
	c.same("contributions", got, want)
}

func (c *compared) settlements(year string) {
	l, err := c.client.Settlements(context.Background(), c.region, c.claim, year)
	rows := listing(c, "settlements", l, err)
	var got, want []string
	for _, s := range rows {
		got = append(got, fmt.Sprintln(s.ID, s.Visit, s.InsuranceType, s.At.Unix(), s.Institution.Code, s.Institution.Name, s.Institution.Level, s.Code, s.Where,
			sum(s.Total), sum(s.Fund), sum(s.Account), sum(s.MutualAid), sum(s.Cash), sum(s.Hospital), sum(s.Deductible), s.Sums()))
	}
	first := true
	c.books(func(e simulator.Enrolment, b *books.Books) {
		for _, s := range b.Settlements {
			if s.Seen.After(c.now) || s.At.Format("2006") != year {
				continue
			}
			where := map[string]records.Where{"2": records.WhereLocal, "4": records.WhereCountry}[s.PayLoc]
			want = append(want, fmt.Sprintln(s.ID, s.Visit, e.Type, s.At.Unix(), s.Institution.Code, s.Institution.Name, s.Institution.Level, s.MedType, where,
				s.Total, s.Fund, s.Account, given(s.MutualAid), s.Cash, given(s.Hospital), s.Deductible, records.SumsAgree))
			c.seen["reversals"] += map[bool]int{true: 1}[s.Reverses != ""]
			c.seen["mutual aid"] += map[bool]int{true: 1}[s.MutualAid != 0]
			c.seen["out of province"] += map[bool]int{true: 1}[s.PayLoc == "4"]
			if first && len(s.Lines) > 0 {
				first = false
				c.lines(s)
			}
		}
	})
	c.same("settlements", got, want)
}

func (c *compared) lines(s books.Settlement) {
	l, err := c.client.Lines(context.Background(), c.region, c.claim, records.BillParams(s.ID, s.Visit))
	var got, want []string
	for _, r := range listing(c, "lines", l, err) {
		got = append(got, fmt.Sprintln(r.Name, r.Code, r.Grade, r.Quantity, sum(r.Price), sum(r.Sum)))
	}
	for _, r := range s.Lines {
		grade := map[string]records.Grade{"01": records.GradeA, "02": records.GradeB, "03": records.GradeC}[r.Grade]
		want = append(want, fmt.Sprintln(r.Name, r.Code, grade, r.Count, r.Price, r.Sum))
	}
	c.same("lines", got, want)
}

func (c *compared) ledger(year string) {
	l, err := c.client.Ledger(context.Background(), c.region, c.claim, year)
	var got, want []string
	for _, e := range listing(c, "ledger", l, err) {
		got = append(got, fmt.Sprintln(e.ID, e.At.Unix(), e.Code, e.Fen, e.Settlement, e.Reversed))
	}
	if recordsOf(c.region)["ledger"].Transaction == "" {
		return
	}
	c.books(func(_ simulator.Enrolment, b *books.Books) {
		for _, e := range b.Ledger {
			if !e.Seen.After(c.now) && e.At.Format("2006") == year {
				want = append(want, fmt.Sprintln(e.ID, e.At.Unix(), e.Type, e.Fen, e.Bill, e.Reversed || e.Reverses != ""))
			}
		}
	})
	c.same("ledger", got, want)
}

func (c *compared) claims(year string) {
	l, err := c.client.Claims(context.Background(), c.region, c.claim, year)
	var got, want []string
	for _, r := range listing(c, "claims", l, err) {
		steps := ""
		for _, s := range r.Steps {
			steps += fmt.Sprint(s.At.Unix(), s.Code, s.Label, s.Opinion, ";")
		}
		got = append(got, fmt.Sprintln(r.ID, r.Institution.Code, r.Code, r.Label, r.Since.Unix(), r.Submitted.Unix(), sum(r.Total), sum(r.Paid), steps))
		if r.State == records.ClaimUnknown {
			c.t.Error("unknown state:", r)
		}
	}
	if recordsOf(c.region)["claims"].Transaction == "" {
		return
	}
	c.books(func(_ simulator.Enrolment, b *books.Books) {
		for _, r := range b.Claims {
			last, steps := r.Steps[len(r.Steps)-1], ""
			for _, s := range r.Steps {
				steps += fmt.Sprint(s.At.Unix(), s.Code, s.Label, s.Opinion, ";")
			}
			if r.Steps[0].At.Format("2006") == year {
				want = append(want, fmt.Sprintln(r.ID, r.Institution.Code, last.Code, last.Label, last.At.Unix(), r.Steps[0].At.Unix(), r.Total, given(r.Fund), steps))
			}
		}
	})
	c.same("claims", got, want)
}

func (c *compared) accumulated(year string) {
	l, err := c.client.Accumulated(context.Background(), c.region, c.claim, year)
	var got, want []string
	for _, r := range listing(c, "accumulated", l, err) {
		switch r.Kind {
		case records.AccumulatedTotal, records.AccumulatedDeductible:
			got = append(got, fmt.Sprintln(r.InsuranceType, r.Kind, sum(r.Fen)))
		case records.AccumulatedPool:
			if r.Visit == "" {
				got = append(got, fmt.Sprintln(r.InsuranceType, r.Kind, sum(r.Fen)))
			}
		case records.AccumulatedVisits:
			got = append(got, fmt.Sprintln(r.InsuranceType, r.Kind, *r.Count))
		}
	}
	c.books(func(e simulator.Enrolment, b *books.Books) {
		var total, fund, deductible balance.Fen
		visits, any := 0, false
		for _, s := range b.Settlements {
			if s.Seen.After(c.now) || s.At.Format("2006") != year {
				continue
			}
			any = true
			total, fund, deductible = total+s.Total, fund+s.Fund, deductible+s.Deductible
			visits += map[bool]int{true: 1, false: -1}[s.Reverses == ""]
		}
		want = append(want, fmt.Sprintln(e.Type, records.AccumulatedVisits, visits))
		if any {
			want = append(want, fmt.Sprintln(e.Type, records.AccumulatedTotal, total), fmt.Sprintln(e.Type, records.AccumulatedPool, fund),
				fmt.Sprintln(e.Type, records.AccumulatedDeductible, deductible))
		}
	})
	c.same("accumulated", got, want)
}

func (c *compared) quotas() {
	year := strconv.Itoa(c.now.In(balance.Shanghai).Year())
	l, err := c.client.Quotas(context.Background(), c.region, c.claim, year)
	if rows := listing(c, "quotas", l, err); rows != nil {
		c.seen["quotas"]++
		if len(rows) != 1 || rows[0].Key != "outpatient_pool" || rows[0].Left == nil || *rows[0].Left > 3000_00 {
			c.t.Errorf("quotas: %+v", rows)
		}
	}
	if _, err := c.client.Quotas(context.Background(), c.region, c.claim, "2025"); !errors.Is(err, desk.ErrUnsupported) {
		c.t.Error("what was left last year:", err)
	}
	d, err := c.client.Designated(context.Background(), c.region, c.claim, year)
	if err != nil || len(d.Rows) == 0 || d.Rows[0].Institution.Code != books.Institutions(c.region)[2].Code || d.Rows[0].To != "" {
		c.t.Errorf("designated: %+v %v", d, err)
	}
}

// TestListsThatCannotBeRead: no list is not an empty one; a row that cannot be read makes the others partial and never a
// zero; nothing unsigned is believed.
func TestListsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	world, base := serve(t)
	client := insurers(t, base)
	var who [2]simulator.Person // of regions A and C
	for _, p := range world.People() {
		for i, region := range []string{simulator.RegionA, simulator.RegionC} {
			if p.Enrolments[0].Region == region && p.Enrolments[0].PersonType == "1101" {
				who[i] = p
			}
		}
	}
	ask := func(p simulator.Person) (*records.Listing[records.Contribution], error) {
		region := p.Enrolments[0].Region
		return client.Contributions(context.Background(), region, identity.Claim{Region: region, Name: p.Name, IDType: p.CertType, IDNumber: p.IDNumber}, "2026")
	}
	fault := func(p simulator.Person, name string) {
		post(t, base+"/control/faults", fmt.Sprintf(`{"target":"insurer.%s","fault":%q,"times":2}`, p.Enrolments[0].Region, name))
	}
	clear := func() {
		request, err := http.NewRequest(http.MethodDelete, base+"/control/faults", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
	for _, p := range who {
		whole, err := ask(p)
		if err != nil || len(whole.Rows) == 0 {
			t.Fatal(whole, err)
		}
		fault(p, "list_missing")
		if _, err := ask(p); !errors.Is(err, desk.ErrMalformed) {
			t.Errorf("%s, no list: %v", p.Enrolments[0].Region, err)
		}
		clear()
		fault(p, "list_spoilt")
		if spoilt, err := ask(p); err != nil || spoilt.Coverage != balance.Partial || len(spoilt.Rows) != len(whole.Rows) {
			t.Errorf("%s, a spoilt row: %+v %v", p.Enrolments[0].Region, spoilt, err)
		}
		clear()
	}
	for _, name := range []string{"gm_unsigned", "gm_wrong_key"} {
		fault(who[1], name)
		var refused *insurer.Error
		if l, err := ask(who[1]); !errors.As(err, &refused) || !refused.Unsigned || refused.Class != insurer.ClassAccess {
			t.Errorf("%s: %+v %v", name, l, err)
		}
		clear()
	}
}
