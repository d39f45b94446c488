package app_test

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
	"yibao/platforms/simulator/books"
)

// The rows as a client reads them. A sum that is not given is nil.
type (
	fen   = *balance.Fen
	place struct{ Code, Name, Level string }
	bill  struct {
		ID, Kind, Code, Label, Where, Sums, State, Pair string
		Insurance                                       string `json:"insurance_type"`
		At                                              time.Time
		Institution                                     place
		OutOfArea                                       *bool `json:"out_of_area"`
		Total                                           fen   `json:"total_fen"`
		Fund                                            fen   `json:"fund_fen"`
		Account                                         fen   `json:"account_fen"`
		MutualAid                                       fen   `json:"mutual_aid_fen"`
		Cash                                            fen   `json:"cash_fen"`
		Hospital                                        fen   `json:"hospital_fen"`
		Deductible                                      fen   `json:"deductible_fen"`
	}
	item struct {
		Name, Code, Grade, Quantity string
		Price                       fen `json:"price_fen"`
		Sum                         fen `json:"sum_fen"`
	}
	entry struct {
		ID, Code, Settlement string
		At                   time.Time
		Amount               balance.Fen `json:"amount_fen"`
		Reversed             bool
	}
	paid struct {
		From, To, Paid string
		Insurance      string   `json:"insurance_type"`
		PaidOn         string   `json:"paid_on"`
		Base           fen      `json:"base_fen"`
		Employer       fen      `json:"employer_fen"`
		Personal       fen      `json:"personal_fen"`
		Subsidy        fen      `json:"subsidy_fen"`
		Total          fen      `json:"total_fen"`
		IntoAccount    fen      `json:"into_account_fen"`
		Months         []string `json:"missing_months"`
		Years          []string `json:"missing_years"`
	}
	claim struct {
		ID, State, Code, Label, Opinion string
		Institution                     place
		Since, Submitted                time.Time
		Days                            *int   `json:"days_in_step"`
		Next                            string `json:"next_step"`
		Total                           fen    `json:"total_fen"`
		Paid                            fen    `json:"paid_fen"`
		Steps                           []struct {
			At                   time.Time
			Code, Label, Opinion string
		}
	}
	flag struct {
		Kind, Day, Message string
		Settlements        []string
		Total              balance.Fen `json:"total_fen"`
		Usual              fen         `json:"usual_fen"`
		Compared           *int
	}
	year struct {
		Insurance  string `json:"insurance_type"`
		Paid       fen    `json:"paid_fen"`
		Deductible fen    `json:"deductible_fen"`
		Total      fen    `json:"total_fen"`
		InScope    fen    `json:"in_scope_fen"`
		Visits     *int64
	}
)

// reader reads one link's rows, and the books that they come from.
type reader struct {
	t      *testing.T
	s      *stage
	p      *phone.Phone
	person simulator.Person
	region string
	path   string
	seen   map[string]int // rows compared, by list
}

// TestRowsAreThoseOfTheBooks: for people of all three regions every figure of every list behind an account is that of the
// simulated world's own books, on as many pages as there are; what a region does not tell is said as that. Another user's
// link is not found, and the files open.
func TestRowsAreThoseOfTheBooks(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	p, stranger := s.signedIn(t, "wechat", "rows"), s.signedIn(t, "alipay", "stranger")
	linked, seen := map[string]int{}, map[string]int{}
	for _, who := range s.world.Simulator.People() {
		region := who.Enrolments[0].Region
		if linked[region] == 6 || who.Note != "ordinary" && len(who.Enrolments) < 2 {
			continue
		}
		link := s.linkSomehow(t, p, who)
		if link == "" {
			continue
		}
		linked[region]++
		r := &reader{t: t, s: s, p: p, person: who, region: region, path: "/v1/insured/" + link, seen: seen}
		r.settlements()
		r.unusual()
		r.ledger()
		r.contributions()
		r.claims()
		r.pooled()
		r.institutions()
		for _, list := range []string{"/settlements", "/settlements/unusual", "/settlements/x/lines", "/ledger", "/contributions", "/claims", "/pooled", "/institutions", "/insurance-code"} {
			if got := codeOf(t, stranger.Call(t.Context(), http.MethodGet, r.path+list, nil, nil)); got != "404 not_found" {
				t.Errorf("a stranger gets %q from %s", got, list)
			}
		}
	}
	for _, region := range []string{simulator.RegionA, simulator.RegionB, simulator.RegionC} {
		if linked[region] < 4 {
			t.Errorf("%d people of %s are linked", linked[region], region)
		}
	}
	for _, list := range []string{"settlements", "settlements reversed", "settlements out of area", "lines", "ledger", "contributions", "claims", "pooled", "quota", "unusual"} {
		if seen[list] == 0 {
			t.Errorf("nothing was compared of %s", list)
		}
	}
	t.Log(linked, seen)
}

// linkSomehow links by the phone on file, or by the card where the region has no phones; "" for who has neither, or has two
// enrolments of one insurance, whose books cannot be told apart.
func (s *stage) linkSomehow(t *testing.T, p *phone.Phone, who simulator.Person) string {
	t.Helper()
	types, region := map[string]bool{}, who.Enrolments[0].Region
	for _, e := range who.Enrolments {
		if e.Region == region && types[e.Type] {
			return ""
		}
		types[e.Type] = types[e.Type] || e.Region == region
	}
	if who.Phone != "" {
		return s.linkAny(t, p, who)
	}
	var started, done phone.Attempt
	request := map[string]any{"region": region, "name": who.Name, "id_type": who.CertType, "id_number": who.IDNumber, "relation": "self",
		"method": "card_password", "consent": map[string]any{"version": consentVersion, "unattended": true}}
	if err := p.Call(t.Context(), http.MethodPost, "/v1/link-attempts", request, &started); err != nil {
		return "" // a child
	}
	proof := map[string]any{"card_number": who.CardNumber, "password": who.CardPassword}
	if err := p.Call(t.Context(), http.MethodPost, "/v1/link-attempts/"+started.ID+"/proof", proof, &done); err != nil {
		t.Fatal(err)
	}
	return done.InsuredID
}

// rowsOf reads all pages of a list. told says whether the region tells it; if not, the problem must be typed.
func rowsOf[T any](r *reader, path, query string, told bool) (all []T) {
	r.t.Helper()
	for cursor := "start"; cursor != ""; {
		var page struct {
			Items []T
			Next  string
			Meta  struct {
				AsOf                                     time.Time `json:"as_of"`
				Source, Freshness, Coverage, Explanation string
				CompleteTo                               *string `json:"complete_to"`
				Notices                                  []struct{ Code string }
			}
		}
		at := r.path + path + "?" + query
		if cursor != "start" {
			at += "&cursor=" + cursor
		}
		err := r.p.Call(r.t.Context(), http.MethodGet, at, nil, &page)
		if !told {
			if got := codeOf(r.t, err); got != "409 unsupported" {
				r.t.Errorf("%s in %s: %q", path, r.region, got)
			}
			return nil
		}
		if err != nil {
			r.t.Fatalf("%s: %v", at, err)
		}
		if m := page.Meta; m.AsOf.IsZero() || m.Source == "" || m.Freshness != "fresh" || m.Coverage != "complete" || m.Explanation == "" || (m.CompleteTo == nil) != (len(m.Notices) == 0) {
			r.t.Errorf("%s: %+v", at, m)
		}
		all, cursor = append(all, page.Items...), page.Next
	}
	return all
}

// same compares rows with the books. A row may have come into the lists while they were read, so the books of either moment do.
func (r *reader) same(list string, before time.Time, got []string, want func(at time.Time) []string) {
	r.t.Helper()
	slices.Sort(got)
	old, present := want(before), want(time.Now())
	slices.Sort(old)
	slices.Sort(present)
	r.seen[list] += len(got)
	if !slices.Equal(got, old) && !slices.Equal(got, present) {
		r.t.Errorf("%s in %s, %s:\n%s\nwant\n%s", r.person.Note, r.region, list, strings.Join(got, "\n"), strings.Join(present, "\n"))
	}
}

// books goes through those of the region's enrolments.
func (r *reader) books(at time.Time, each func(insurance string, b *books.Books)) {
	for _, e := range r.person.Enrolments {
		if e.Region == r.region {
			each(e.Type, r.s.world.Simulator.Books(r.person.IDNumber, e.Region, e.Type, at))
		}
	}
}

func say(f fen) string {
	if f == nil {
		return "-"
	}
	return f.String()
}

// given is a sum that the simulated insurers leave out where there is none.
func given(f balance.Fen) string {
	if f == 0 {
		return "-"
	}
	return f.String()
}

const sinceBegin = "from=2025-01-01"

func (r *reader) settlements() {
	before := time.Now()
	bills := rowsOf[bill](r, "/settlements", sinceBegin+"&limit=7", true)
	var got []string
	for i, b := range bills {
		got = append(got, fmt.Sprintln(b.ID, b.Insurance, b.At.Unix(), b.Institution, b.Kind, b.Code, b.Where, *b.OutOfArea, say(b.Total), say(b.Fund), say(b.Account),
			say(b.MutualAid), say(b.Cash), say(b.Hospital), say(b.Deductible), b.Sums, b.State, b.Pair))
		if i > 0 && b.At.After(bills[i-1].At) {
			r.t.Errorf("%s is older than %s", bills[i-1].ID, b.ID)
		}
	}
	r.same("settlements", before, got, func(at time.Time) (want []string) {
		kinds := map[string]string{"11": "outpatient", "21": "inpatient", "41": "pharmacy"}
		r.books(at, func(insurance string, b *books.Books) {
			back := map[string]string{} // bill → the bill that takes it back
			for _, s := range b.Settlements {
				if !s.Seen.After(at) {
					back[s.Reverses] = s.ID
				}
			}
			for _, s := range b.Settlements {
				if s.Seen.After(at) {
					continue
				}
				state, pair := "valid", ""
				switch {
				case s.Reverses != "":
					state, pair = "reversal", s.Reverses
				case s.Reversed:
					state, pair = "reversed", back[s.ID]
				}
				out := s.PayLoc != "2"
				r.seen["settlements reversed"] += map[bool]int{true: 1}[pair != ""]
				r.seen["settlements out of area"] += map[bool]int{true: 1}[out]
				want = append(want, fmt.Sprintln(s.ID, insurance, s.At.Unix(), place{s.Institution.Code, s.Institution.Name, s.Institution.Level}, kinds[s.MedType], s.MedType,
					map[string]string{"2": "local", "4": "out_of_province"}[s.PayLoc], out, s.Total, s.Fund, s.Account, given(s.MutualAid), s.Cash, given(s.Hospital),
					s.Deductible, "agree", state, pair))
			}
		})
		return want
	})
	if len(bills) > 0 {
		r.lines(bills[len(bills)-1].ID)
		r.filters(bills)
		r.file(bills)
	}
	if got := codeOf(r.t, r.p.Call(r.t.Context(), http.MethodGet, r.path+"/settlements/NOBODYS/lines", nil, nil)); got != "404 no_such_bill" {
		r.t.Errorf("the items of no bill: %q", got)
	}
}

// filters compares what the filters leave with the whole list.
func (r *reader) filters(bills []bill) {
	first := bills[0]
	for query, fits := range map[string]func(bill) bool{
		"kind=" + first.Kind:                    func(b bill) bool { return b.Kind == first.Kind },
		"institution=" + first.Institution.Code: func(b bill) bool { return b.Institution.Code == first.Institution.Code },
		"min_fen=10000&max_fen=20000":           func(b bill) bool { return *b.Total >= 100_00 && *b.Total <= 200_00 },
		"insurance_type=" + first.Insurance:     func(b bill) bool { return b.Insurance == first.Insurance },
		"to=" + first.At.In(balance.Shanghai).Format(time.DateOnly) + "&kind=pharmacy": func(b bill) bool { return b.Kind == "pharmacy" },
	} {
		n := 0
		for _, b := range bills {
			if fits(b) {
				n++
			}
		}
		if got := rowsOf[bill](r, "/settlements", sinceBegin+"&limit=100&"+query, true); len(got) != n {
			r.t.Errorf("%s: %d rows, want %d", query, len(got), n)
		}
	}
}

// file reads the list as a file, which has the same rows and sums.
func (r *reader) file(bills []bill) {
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.s.api+r.path+"/settlements?"+sinceBegin, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.p.Token)
	request.Header.Set("Accept", "text/csv")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || !strings.HasPrefix(string(text), "\ufeff") || answer.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		r.t.Fatal(answer.Header, err)
	}
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	if err != nil || len(lines) != len(bills)+1 {
		r.t.Fatalf("%d lines for %d bills, %v", len(lines), len(bills), err)
	}
	for i, b := range bills {
		if line := lines[i+1]; line[0] != b.ID || line[6] != b.Total.String() || line[11] != strings.Trim(say(b.Hospital), "-") {
			r.t.Errorf("%v, want %s %s", line, b.ID, say(b.Total))
		}
	}
}

func (r *reader) lines(id string) {
	before := time.Now()
	var got []string
	for _, l := range rowsOf[item](r, "/settlements/"+id+"/lines", "limit=2", true) {
		got = append(got, fmt.Sprintln(l.Name, l.Code, l.Grade, l.Quantity, say(l.Price), say(l.Sum)))
	}
	r.same("lines", before, got, func(at time.Time) (want []string) {
		r.books(at, func(_ string, b *books.Books) {
			for _, s := range b.Settlements {
				for _, l := range s.Lines {
					if s.ID == id {
						want = append(want, fmt.Sprintln(l.Name, l.Code, map[string]string{"01": "A", "02": "B", "03": "C"}[l.Grade], l.Count, l.Price, l.Sum))
					}
				}
			}
		})
		return want
	})
}

// unusual compares with a reckoning of its own.
func (r *reader) unusual() {
	before := time.Now()
	var got []string
	for _, f := range rowsOf[flag](r, "/settlements/unusual", sinceBegin, true) {
		compared := 0
		if f.Compared != nil {
			compared = *f.Compared
		}
		if !strings.Contains(f.Message, "¥") {
			r.t.Errorf("no figures: %s", f.Message)
		}
		got = append(got, fmt.Sprintln(f.Kind, f.Day, f.Settlements, f.Total, say(f.Usual), compared))
	}
	r.same("unusual", before, got, func(at time.Time) []string { return r.odd(at) })
}

func (r *reader) odd(at time.Time) (want []string) {
	var bills []books.Settlement
	r.books(at, func(_ string, b *books.Books) {
		for _, s := range b.Settlements {
			back := slices.IndexFunc(b.Settlements, func(o books.Settlement) bool { return o.Reverses == s.ID && !o.Seen.After(at) })
			if !s.Seen.After(at) && s.Reverses == "" && back < 0 {
				bills = append(bills, s)
			}
		}
	})
	slices.SortFunc(bills, func(a, b books.Settlement) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) })
	for i, b := range bills {
		day := string(balance.DayOf(b.At))
		var before []balance.Fen
		for _, a := range bills[:i] {
			if a.MedType == b.MedType {
				before = append(before, a.Total)
			}
			if string(balance.DayOf(a.At)) != day {
				continue
			}
			if a.Institution == b.Institution && a.Total == b.Total {
				want = append(want, fmt.Sprintln("repeated", day, []string{a.ID, b.ID}, a.Total+b.Total, "-", 0))
			}
			if (a.PayLoc == "2") != (b.PayLoc == "2") {
				want = append(want, fmt.Sprintln("two_regions", day, []string{a.ID, b.ID}, a.Total+b.Total, "-", 0))
			}
		}
		if slices.Sort(before); len(before) >= 6 {
			if usual := before[(len(before)-1)/2]; b.Total >= 3*usual && b.Total >= usual+100_00 {
				want = append(want, fmt.Sprintln("high", day, []string{b.ID}, b.Total, usual, len(before)))
			}
		}
	}
	return want
}

func (r *reader) ledger() {
	before := time.Now()
	told := r.region != simulator.RegionB
	var got []string
	for _, e := range rowsOf[entry](r, "/ledger", sinceBegin+"&limit=50", told) {
		got = append(got, fmt.Sprintln(e.ID, e.At.Unix(), e.Code, e.Amount, e.Settlement, e.Reversed))
	}
	if !told {
		return
	}
	r.same("ledger", before, got, func(at time.Time) (want []string) {
		r.books(at, func(_ string, b *books.Books) {
			for _, e := range b.Ledger {
				if !e.Seen.After(at) {
					want = append(want, fmt.Sprintln(e.ID, e.At.Unix(), e.Type, e.Fen, e.Bill, e.Reversed || e.Reverses != ""))
				}
			}
		})
		return want
	})
}

func (r *reader) contributions() {
	before := time.Now()
	var got []string
	for _, c := range rowsOf[paid](r, "/contributions", sinceBegin+"&limit=5", true) {
		got = append(got, fmt.Sprintln(c.Insurance, c.From, c.To, c.Paid, c.PaidOn, say(c.Base), say(c.Employer), say(c.Personal), say(c.Subsidy), say(c.Total), say(c.IntoAccount),
			c.Months, c.Years))
	}
	r.same("contributions", before, got, func(at time.Time) (want []string) {
		r.books(at, func(insurance string, b *books.Books) {
			last := ""
			for _, c := range b.Contributions {
				if c.Seen.After(at) {
					continue
				}
				missing := []string{}
				for m := next(last); last != "" && c.From == c.To && m < c.From; m = next(m) {
					missing = append(missing, m)
				}
				last = c.To
				sums := []string{given(c.Base), given(c.Employer), given(c.Personal), given(c.Subsidy), given(c.Employer + c.Personal + c.Subsidy), given(c.IntoAccount)}
				if r.region == simulator.RegionA {
					sums = slices.Repeat([]string{"-"}, 6)
				}
				r.seen["missing months"] += len(missing)
				want = append(want, fmt.Sprintln(insurance, c.From, c.To, "paid", balance.DayOf(c.PaidAt), strings.Join(sums, " "), missing, []string{}))
			}
		})
		return want
	})
}

// next is the month after.
func next(month string) string {
	at, _ := time.Parse("2006-01", month)
	return at.AddDate(0, 1, 0).Format("2006-01")
}

func (r *reader) claims() {
	before := time.Now()
	told := r.region != simulator.RegionB
	var got []string
	for _, c := range rowsOf[claim](r, "/claims", sinceBegin, told) {
		days := -1
		if c.Days != nil {
			days = *c.Days
		}
		got = append(got, fmt.Sprintln(c.ID, c.Institution.Name, c.State, c.Code, c.Label, c.Opinion, c.Since.Unix(), c.Submitted.Unix(), days, c.Next != "", say(c.Total), say(c.Paid), len(c.Steps),
			c.Steps[0].Label))
	}
	if !told {
		return
	}
	states := map[string]string{"0": "submitted", "11": "accepted", "4": "in_review", "5": "returned", "6": "approved", "7": "refused", "8": "paid", "9": "failed"}
	r.same("claims", before, got, func(at time.Time) (want []string) {
		r.books(at, func(_ string, b *books.Books) {
			for _, c := range b.Claims {
				step := c.Steps[len(c.Steps)-1]
				days := -1
				for day := step.At; step.Code != "7" && step.Code != "8"; day = day.AddDate(0, 0, 1) {
					if days++; balance.DayOf(day) >= balance.DayOf(at) {
						break
					}
				}
				want = append(want, fmt.Sprintln(c.ID, c.Institution.Name, states[step.Code], step.Code, step.Label, step.Opinion, step.At.Unix(), c.Steps[0].At.Unix(), days, true,
					c.Total, given(c.Fund), len(c.Steps), c.Steps[0].Label))
			}
		})
		return want
	})
}

func (r *reader) pooled() {
	for _, y := range []string{"2025", time.Now().In(balance.Shanghai).Format("2006")} {
		before := time.Now()
		var view struct {
			Items []year
			Quota struct {
				State string
				Left  []struct {
					Name   string
					Amount fen `json:"amount_fen"`
				}
			}
		}
		if err := r.p.Call(r.t.Context(), http.MethodGet, r.path+"/pooled?year="+y, nil, &view); err != nil {
			r.t.Fatal(err)
		}
		var got []string
		for _, i := range view.Items {
			got = append(got, fmt.Sprintln(i.Insurance, say(i.Paid), say(i.Deductible), say(i.Total), say(i.InScope), *i.Visits))
		}
		var outpatient balance.Fen
		r.same("pooled", before, got, func(at time.Time) (want []string) {
			outpatient = 0
			r.books(at, func(insurance string, b *books.Books) {
				var fund, deductible, total, inScope balance.Fen
				visits, any := 0, false
				for _, s := range b.Settlements {
					if s.At.Format("2006") != y {
						continue
					}
					if s.MedType == "11" {
						outpatient += s.Fund
					}
					if s.Seen.After(at) {
						continue
					}
					any = true
					fund, deductible, total, inScope = fund+s.Fund, deductible+s.Deductible, total+s.Total, inScope+s.InScope
					visits += map[bool]int{true: 1, false: -1}[s.Reverses == ""]
				}
				figures := fmt.Sprint(fund, " ", deductible, " ", total, " ", inScope)
				if !any {
					figures = "- - - -"
				}
				want = append(want, fmt.Sprintln(insurance, figures, visits))
			})
			return want
		})
		present := y != "2025" && r.region != simulator.RegionB
		switch {
		case !present && (view.Quota.State != "not_told" || len(view.Quota.Left) != 0):
			r.t.Errorf("%s in %s: %+v", y, r.region, view.Quota)
		case present && (view.Quota.State != "told" || len(view.Quota.Left) != 1 || *view.Quota.Left[0].Amount != max(3000_00-outpatient, 0)):
			r.t.Errorf("%s in %s: %+v, paid %s", y, r.region, view.Quota, outpatient)
		case present:
			r.seen["quota"]++
		}
	}
}

func (r *reader) institutions() {
	got := rowsOf[struct {
		Kind, Disease, From, To string
		Institution             *place
	}](r, "/institutions", "", true)
	want := books.Institutions(r.region)[2]
	n := 0
	for _, d := range got {
		switch {
		case d.Kind == "institution" && d.Institution != nil && d.Institution.Name == want.Name && d.Institution.Code == want.Code && d.From == "2024-01-01" && d.To == "":
			n++
		case d.Kind == "disease" && d.Disease == "高血压" && d.Institution == nil && r.region != simulator.RegionB:
		default:
			r.t.Errorf("in %s: %+v", r.region, d)
		}
	}
	if n == 0 {
		r.t.Errorf("no institution in %s: %+v", r.region, got)
	}
	var code struct {
		Configured    bool
		Path, Message string
	}
	err := r.p.Call(r.t.Context(), http.MethodGet, r.path+"/insurance-code", nil, &code)
	if err != nil || code.Configured != (r.region == simulator.RegionA) || code.Configured != (code.Path == "pages/code/index") || code.Message == "" {
		r.t.Errorf("%+v %v", code, err)
	}
}

// TestListsOutliveTheInsurer: while it gives no answer, rows that were read before are shown with their age and a word about it;
// of others it is said that they cannot be had, and another region's are as always.
func TestListsOutliveTheInsurer(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	p, other := s.signedIn(t, "wechat", "lists"), s.holder(t, simulator.RegionC)
	path, elsewhere := "/v1/insured/"+s.link(t, p, s.withAccount()[0]), "/v1/insured/"+s.linkAny(t, p, other)
	type list struct {
		Items []bill
		Meta  struct {
			Freshness string
			Reason    string `json:"stale_reason"`
			Notices   []struct{ Code, Message, At string }
		}
	}
	var before, after, apart list
	if err := p.Call(t.Context(), http.MethodGet, path+"/settlements?limit=100", nil, &before); err != nil || len(before.Items) == 0 {
		t.Fatal(before, err)
	}
	s.pass(11 * time.Minute) // records.fresh_for
	s.misbehave(t, "insurer."+simulator.RegionA, "http_503", always)
	if err := p.Call(t.Context(), http.MethodGet, path+"/settlements?limit=100", nil, &after); err != nil {
		t.Fatal(err)
	}
	if m := after.Meta; m.Freshness != "stale" || m.Reason != "no_answer" || len(m.Notices) != 2 || m.Notices[0].Code != "stale" || m.Notices[0].At == "" {
		t.Errorf("%+v", m)
	}
	if fmt.Sprint(len(after.Items), after.Items[0].ID) != fmt.Sprint(len(before.Items), before.Items[0].ID) {
		t.Errorf("%d rows, %d before", len(after.Items), len(before.Items))
	}
	if got := codeOf(t, p.Call(t.Context(), http.MethodGet, path+"/ledger", nil, nil)); got != "503 no_reading" {
		t.Errorf("never read: %q", got)
	}
	if err := p.Call(t.Context(), http.MethodGet, elsewhere+"/settlements", nil, &apart); err != nil || apart.Meta.Freshness != "fresh" {
		t.Errorf("another region: %+v %v", apart.Meta, err)
	}
}
