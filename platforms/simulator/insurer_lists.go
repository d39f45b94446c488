package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"yibao/balance"
	"yibao/platforms/simulator/books"
)

// listKind is a transaction that tells rows out of a person's books. Those that begin with L are a region's own invention.
type listKind struct {
	fields []string // of the question, besides psn_no; all must be there
	node   string   // where the rows stand in the output; "" for an output that is the list itself
	rows   func(a *insurerCall, b *books.Books, e Enrolment) []map[string]any
}

const (
	infnoContributions   = "90100" // without amounts, as the one region that is known tells them
	infnoFullPaid        = "L200"  // with amounts
	infnoSettlements     = "L203"
	infnoLines           = "5204"
	infnoLedger          = "L204"
	infnoClaims          = "L205"
	infnoAccumulated     = "5206"
	infnoInstitutions    = "5302"
	infnoDiseases        = "5301"
	dateTime             = "2006-01-02 15:04:05"
	localQuotaOutpatient = 3000_00 // what the pooled fund pays of outpatient bills a year, where a region tells what is left
)

var listKinds = map[string]listKind{
	infnoContributions: {nil, "", (*insurerCall).contributionsOnly},
	infnoFullPaid:      {[]string{"year"}, "clctdetl", (*insurerCall).contributions},
	infnoSettlements:   {[]string{"begntime", "endtime", "page_num", "page_size"}, "setlinfo", (*insurerCall).settlements},
	infnoLines:         {[]string{"setl_id", "mdtrt_id"}, "", (*insurerCall).lines},
	infnoLedger:        {[]string{"year"}, "acctdetl", (*insurerCall).ledger},
	infnoClaims:        {nil, "claiminfo", (*insurerCall).claims},
	infnoAccumulated:   {nil, "cuminfo", (*insurerCall).accumulated},
	infnoInstitutions:  {[]string{"biz_appy_type"}, "psnfixmedin", (*insurerCall).institutions},
	infnoDiseases:      {nil, "feedetail", (*insurerCall).diseases},
}

// ListsOf are the transactions about rows that a region has. The first city tells contributions without amounts, the second
// no ledger and no claims.
func ListsOf(region string) []string {
	switch region {
	case RegionA:
		return []string{infnoContributions, infnoSettlements, infnoLines, infnoLedger, infnoClaims, infnoAccumulated, infnoInstitutions, infnoDiseases}
	case RegionB:
		return []string{infnoFullPaid, infnoSettlements, infnoLines, infnoAccumulated, infnoInstitutions}
	}
	return []string{infnoFullPaid, infnoSettlements, infnoLines, infnoLedger, infnoClaims, infnoAccumulated, infnoInstitutions, infnoDiseases}
}

// listed answers a question for rows. Each enrolment of the region has its own; a list that is not of one insurance has
// those of all.
func (s *server) listed(a *insurerCall) reply {
	kind, served := listKinds[a.infno]
	if !served || !slices.Contains(a.region.Lists, a.infno) {
		return a.refuse("FSI-不支持的交易[svcBO_404]")
	}
	if want := append([]string{"psn_no"}, kind.fields...); !slices.Equal(slices.Sorted(maps.Keys(a.asked)), slices.Sorted(slices.Values(want))) {
		return a.refuse("FSI-报文参数不合法：input[envBO_002]")
	}
	person := s.world.byNumber(a.asked["psn_no"])
	if person == nil || len(person.in(a.region.Code)) == 0 {
		return a.refuse(DefaultNotFoundText)
	}
	rows := []map[string]any{}
	for _, e := range person.in(a.region.Code) {
		rows = append(rows, kind.rows(a, s.world.booksOf(person, e, a.now), e)...)
	}
	if size, err := strconv.Atoi(a.asked["page_size"]); err == nil {
		page, _ := strconv.Atoi(a.asked["page_num"])
		if size < 1 || size > 200 || page < 1 {
			return a.refuse("FSI-报文参数不合法：page_num[envBO_003]")
		}
		rows = rows[min((page-1)*size, len(rows)):min(page*size, len(rows))]
	}
	switch {
	case a.fault.is("list_missing"):
		return a.succeed(map[string]any{})
	case a.fault.is("list_spoilt"):
		rows = append(rows, map[string]any{"insutype": []any{1}, "clct_sumamt": "一元"})
	}
	if kind.node == "" {
		return a.succeedList(rows)
	}
	return a.succeed(map[string]any{kind.node: rows})
}

func (w *World) byNumber(psn string) *Person {
	for i := range w.people {
		if psnNo(&w.people[i]) == psn {
			return &w.people[i]
		}
	}
	return nil
}

// seen says whether a list shows a row already.
func (a *insurerCall) seen(at time.Time) bool { return !at.After(a.now) }

func (a *insurerCall) contributionsOnly(b *books.Books, e Enrolment) (rows []map[string]any) {
	for _, c := range b.Contributions {
		if a.seen(c.Seen) {
			rows = append(rows, map[string]any{"insutype": e.Type, "clct_type": "10", "clct_flag": "1", "accrym_begn": month(c.From), "accrym_end": month(c.To),
				"clct_time": c.PaidAt.Format(time.DateOnly), "poolarea_no": e.Region})
		}
	}
	return rows
}

func (a *insurerCall) contributions(b *books.Books, e Enrolment) (rows []map[string]any) {
	for _, c := range b.Contributions {
		if !a.seen(c.Seen) || c.From[:4] != a.asked["year"] {
			continue
		}
		row := map[string]any{"insutype": e.Type, "clct_type": "10", "clct_flag": "1", "revs_flag": "Z", "accrym_begn": month(c.From), "accrym_end": month(c.To),
			"clct_time": c.PaidAt.Format(dateTime), "psn_clct_amt": a.money(c.Personal), "clct_sumamt": a.money(c.Employer + c.Personal + c.Subsidy)}
		if c.Base != 0 {
			row["psn_clctstd"], row["emp_clct_amt"], row["psn_clct_into_acct_amt"] = a.money(c.Base), a.money(c.Employer), a.money(c.IntoAccount)
		} else {
			row["finsubs_amt"] = a.money(c.Subsidy)
		}
		rows = append(rows, row)
		if c.From[5:] == "03" { // a booking that was reversed: two rows that are nothing together
			for _, flag := range []string{"+", "-"} {
				twin := maps.Clone(row)
				twin["revs_flag"] = flag
				rows = append(rows, twin)
			}
		}
	}
	return rows
}

func month(text string) string { return strings.ReplaceAll(text, "-", "") }

func (a *insurerCall) settlements(b *books.Books, e Enrolment) (rows []map[string]any) {
	from, err1 := time.ParseInLocation(dateTime, a.asked["begntime"], balance.Shanghai)
	to, err2 := time.ParseInLocation(dateTime, a.asked["endtime"], balance.Shanghai)
	if err1 != nil || err2 != nil {
		return nil
	}
	for _, s := range b.Settlements {
		if !a.seen(s.Seen) || s.At.Before(from) || s.At.After(to) {
			continue
		}
		flag := "0"
		if s.Reversed {
			flag = "1"
		}
		row := map[string]any{
			"setl_id": s.ID, "mdtrt_id": s.Visit, "insutype": e.Type, "setl_time": s.At.Format(dateTime), "fixmedins_code": s.Institution.Code,
			"fixmedins_name": s.Institution.Name, "hosp_lv": s.Institution.Level, "med_type": s.MedType, "pay_loc": s.PayLoc, "refd_setl_flag": flag, "vali_flag": "1",
			"medfee_sumamt": a.money(s.Total), "inscp_scp_amt": a.money(s.InScope), "act_pay_dedc": a.money(s.Deductible), "fund_pay_sumamt": a.money(s.Fund),
			"acct_pay": a.money(s.Account), "cash_payamt": a.money(s.Cash), "acct_mulaid_pay": nil, "hosp_part_amt": nil,
			"psn_pay": a.money(s.Account + s.Cash + s.MutualAid),
		}
		if s.MutualAid != 0 {
			row["acct_mulaid_pay"] = a.money(s.MutualAid)
		}
		if s.Hospital != 0 {
			row["hosp_part_amt"] = a.money(s.Hospital)
		}
		rows = append(rows, row)
	}
	return rows
}

func (a *insurerCall) lines(b *books.Books, _ Enrolment) (rows []map[string]any) {
	for _, s := range b.Settlements {
		if s.ID != a.asked["setl_id"] || s.Visit != a.asked["mdtrt_id"] {
			continue
		}
		for i, l := range s.Lines {
			rows = append(rows, map[string]any{"feedetl_sn": fmt.Sprintf("%s%02d", s.ID, i), "fee_ocur_time": s.At.Format(dateTime), "hilist_name": l.Name,
				"hilist_code": l.Code, "chrgitm_lv": l.Grade, "cnt": a.number(l.Count), "pric": a.money(l.Price), "det_item_fee_sumamt": a.money(l.Sum),
				"selfpay_prop": map[string]string{"01": "0", "02": "0.1", "03": "1"}[l.Grade]})
		}
	}
	return rows
}

func (a *insurerCall) ledger(b *books.Books, _ Enrolment) (rows []map[string]any) {
	for _, e := range b.Ledger {
		if !a.seen(e.Seen) || e.At.Format("2006") != a.asked["year"] {
			continue
		}
		flag := "Z"
		switch {
		case e.Reversed:
			flag = "+"
		case e.Reverses != "":
			flag = "-"
		}
		row := map[string]any{"acct_detl_id": e.ID, "acct_modi_date": e.At.Format(dateTime), "acct_incexpd_type": e.Type, "inc_sumamt": nil,
			"expd_sumamt": nil, "revs_flag": flag, "setl_id": e.Bill}
		if e.Fen >= 0 && e.Type < "200" {
			row["inc_sumamt"] = a.money(e.Fen)
		} else {
			row["expd_sumamt"] = a.money(-e.Fen)
		}
		rows = append(rows, row)
	}
	return rows
}

func (a *insurerCall) claims(b *books.Books, _ Enrolment) (rows []map[string]any) {
	for _, c := range b.Claims {
		last, steps := c.Steps[len(c.Steps)-1], []map[string]any{}
		for _, s := range c.Steps {
			steps = append(steps, map[string]any{"flag": s.Code, "flag_name": s.Label, "step_time": s.At.Format(dateTime), "opinion": s.Opinion})
		}
		row := map[string]any{"claim_no": c.ID, "flag": last.Code, "flag_name": last.Label, "step_time": last.At.Format(dateTime), "opinion": last.Opinion,
			"apply_time": c.Steps[0].At.Format(dateTime), "fixmedins_code": c.Institution.Code, "fixmedins_name": c.Institution.Name,
			"medfee_sumamt": a.money(c.Total), "fund_pay_sumamt": nil, "steps": steps}
		if c.Fund != 0 {
			row["fund_pay_sumamt"] = a.money(c.Fund)
		}
		rows = append(rows, row)
	}
	return rows
}

// accumulated are this year's and last year's figures of the bills that a list shows.
func (a *insurerCall) accumulated(b *books.Books, e Enrolment) (rows []map[string]any) {
	pool := map[string]string{"310": "D310101", "390": "D390101"}[e.Type]
	for _, year := range []string{a.now.In(balance.Shanghai).AddDate(-1, 0, 0).Format("2006"), a.now.In(balance.Shanghai).Format("2006")} {
		sums, visits := map[string]balance.Fen{}, 0
		for _, s := range b.Settlements {
			if !a.seen(s.Seen) || s.At.Format("2006") != year {
				continue
			}
			visits += map[bool]int{true: 1, false: -1}[s.Reverses == ""]
			sums["F0000"] += s.Total
			sums["S0000"] += s.InScope
			sums["Q0000"] += s.Deductible
			sums["D310201"] += s.Account
			sums[pool] += s.Fund
			if s.MedType == "21" {
				sums[pool+"_BIZ21"] += s.Fund
			}
		}
		row := func(code string, value any) {
			rows = append(rows, map[string]any{"insutype": e.Type, "year": year, "cum_ym": year + "12", "cum_type_code": code, "cum": value})
		}
		row("C0000", a.money(balance.Fen(visits*100)))
		for _, code := range slices.Sorted(maps.Keys(sums)) {
			row(code, a.money(sums[code]))
		}
	}
	return rows
}

func (a *insurerCall) institutions(_ *books.Books, e Enrolment) []map[string]any {
	place := books.Institutions(e.Region)[2]
	return []map[string]any{{"psn_no": a.asked["psn_no"], "insutype": e.Type, "fix_srt_no": "1", "fixmedins_code": place.Code,
		"fixmedins_name": place.Name, "begndate": "2024-01-01", "enddate": "9999-12-31", "memo": ""}}
}

// diseases: those with an even person number have one registered.
func (a *insurerCall) diseases(*books.Books, Enrolment) []map[string]any {
	if psn := a.asked["psn_no"]; psn[len(psn)-1]%2 == 0 {
		return []map[string]any{{"opsp_dise_code": "M03900", "opsp_dise_name": "高血压", "begndate": "2024-05-01", "enddate": "9999-12-31"}}
	}
	return []map[string]any{}
}

// number writes a whole number as the region does.
func (a *insurerCall) number(n int) any {
	if a.region.NumberMode == "number" {
		return n
	}
	return strconv.Itoa(n)
}

// quotaLeft is what the region says is left for outpatient visits this year, "" where it does not say.
func (s *World) quotaLeft(a *insurerCall, p *Person) string {
	var paid balance.Fen
	for _, e := range p.in(a.region.Code) {
		for _, b := range s.booksOf(p, e, a.now).Settlements {
			if b.MedType == "11" && b.At.Year() == a.now.In(balance.Shanghai).Year() {
				paid += b.Fund
			}
		}
	}
	return max(localQuotaOutpatient-paid, 0).String()
}
