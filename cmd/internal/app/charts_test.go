package app_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
	"yibao/platforms/simulator/books"
)

// barChart is a chart of rows in the format "series".
type barChart struct {
	Meta struct {
		AsOf     time.Time `json:"as_of"`
		Coverage string
		Amounts  string
		Complete balance.Day `json:"complete_to"`
		Summary  []struct {
			Key   string
			Total balance.Fen `json:"total_fen"`
		}
	}
	Chart struct {
		Categories []string
		Series     []struct {
			Key, Name string
			Data      []*float64
		}
	}
}

// sums are amounts by month and key.
type sums map[string]balance.Fen

func (s sums) add(at time.Time, key string, fen balance.Fen) {
	s[at.In(balance.Shanghai).Format("2006-01")+" "+key] += fen
}

// TestChartsAreTheBooks asks for every chart of some employees, retirees and residents of each region, and for the pictures.
// Each figure is that of the simulated world's own books, and where these have nothing there is no figure, or 0 where the
// region says that its list is complete.
func TestChartsAreTheBooks(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	for _, region := range []string{simulator.RegionA, simulator.RegionB, simulator.RegionC} {
		p := s.signedIn(t, "wechat", "charts-"+region)
		for _, who := range s.ofEachKind(region) {
			t.Run(region+" "+who.Enrolments[0].PersonType+" "+who.Name, func(t *testing.T) {
				own := "/v1/insured/" + s.linkByCard(t, p, who, region) + "/charts/"
				s.compareFlow(t, p, own, who, region)
				s.compareSpending(t, p, own, who, region)
				s.compareContributions(t, p, own, who, region)
				s.compareTrend(t, p, own, who, region)
			})
		}
	}
}

// ofEachKind finds people of the region, three of each kind, and all who are special in their account.
func (s *stage) ofEachKind(region string) (found []simulator.Person) {
	kinds := map[string]int{}
	for _, p := range s.world.Simulator.People() {
		if len(p.Enrolments) != 1 || p.Enrolments[0].Region != region || p.Registered != "" ||
			strings.HasPrefix(p.Enrolments[0].PersonType, "14") { // a child needs a guardian
			continue
		}
		kind := p.Enrolments[0].PersonType + p.Enrolments[0].Status + p.Enrolments[0].Account
		if kinds[kind]++; kinds[kind] <= 3 || strings.HasPrefix(p.Note, "personal account of") {
			found = append(found, p)
		}
	}
	return found
}

func (s *stage) linkByCard(t *testing.T, p *phone.Phone, who simulator.Person, region string) string {
	t.Helper()
	var started, done phone.Attempt
	if err := p.Call(t.Context(), http.MethodPost, "/v1/link-attempts", map[string]any{
		"region": region, "name": who.Name, "id_type": who.CertType, "id_number": who.IDNumber, "relation": "self",
		"method": "card_password", "consent": map[string]any{"version": consentVersion, "unattended": true},
	}, &started); err != nil {
		t.Fatal(err)
	}
	if err := p.Call(t.Context(), http.MethodPost, "/v1/link-attempts/"+started.ID+"/proof",
		map[string]any{"card_number": who.CardNumber, "password": who.CardPassword}, &done); err != nil || done.State != "linked" {
		t.Fatalf("%v %+v", err, done)
	}
	return done.InsuredID
}

// books are the person's, as they were when the region answered.
func (s *stage) books(who simulator.Person, region string, at time.Time) *books.Books {
	return s.world.Simulator.Books(who.IDNumber, region, who.Enrolments[0].Type, at)
}

// from is the first day of the charts: the turn of a year lies behind it, and bills that were taken back.
const from = balance.Day("2025-02-01")

func (s *stage) chart(t *testing.T, p *phone.Phone, path string) (c barChart) {
	t.Helper()
	if err := p.Call(t.Context(), http.MethodGet, path, nil, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *stage) compareFlow(t *testing.T, p *phone.Phone, own string, who simulator.Person, region string) {
	t.Helper()
	if region == simulator.RegionB { // has no ledger
		for _, form := range []string{"flow", "flow.svg"} {
			if got := codeOf(t, p.Call(t.Context(), http.MethodGet, own+form, nil, nil)); got != "409 unsupported" {
				t.Errorf("%s without a ledger: %q", form, got)
			}
		}
		return
	}
	c := s.chart(t, p, own+"flow?from="+string(from))
	want := sums{}
	var opening, closing balance.Fen
	for _, e := range s.books(who, region, c.Meta.AsOf).Ledger {
		if e.Seen.After(c.Meta.AsOf) || e.Reversed || e.Reverses != "" {
			continue
		}
		if closing += e.Fen; e.At.Before(from.Start()) {
			opening += e.Fen
			continue
		}
		switch e.Type {
		case books.TypeCarried, books.TypeCarryOut:
		case books.TypeInterest:
			want.add(e.At, "interest", e.Fen)
		case books.TypeSpent:
			want.add(e.At, "out", e.Fen)
		default:
			want.add(e.At, "in", e.Fen)
		}
	}
	s.compareChart(t, p, own+"flow", "?from="+string(from), c, want)
	for _, one := range c.Meta.Summary {
		opening += one.Total
	}
	if opening != closing {
		t.Errorf("the balance before and all series make %s, the ledger %s", opening, closing)
	}
}

func (s *stage) compareSpending(t *testing.T, p *phone.Phone, own string, who simulator.Person, region string) {
	t.Helper()
	c := s.chart(t, p, own+"spending?from="+string(from))
	byPlaces := s.chart(t, p, own+"spending?by=institution&from="+string(from))
	places := map[string]bool{}
	for _, one := range byPlaces.Chart.Series {
		places[one.Key] = true
	}
	byKind, byPlace := sums{}, sums{}
	for _, b := range s.books(who, region, c.Meta.AsOf).Settlements {
		if b.Seen.After(c.Meta.AsOf) || b.Reversed || b.Reverses != "" || b.At.Before(from.Start()) {
			continue
		}
		byKind.add(b.At, map[string]string{"11": "outpatient", "21": "inpatient", "41": "pharmacy"}[b.MedType], b.Total)
		place := b.Institution.Code
		if !places[place] {
			place = "rest"
		}
		byPlace.add(b.At, place, b.Total)
	}
	s.compareChart(t, p, own+"spending", "?from="+string(from), c, byKind)
	s.compareChart(t, p, own+"spending", "?by=institution&from="+string(from), byPlaces, byPlace)
}

func (s *stage) compareContributions(t *testing.T, p *phone.Phone, own string, who simulator.Person, region string) {
	t.Helper()
	c := s.chart(t, p, own+"contributions?from="+string(from))
	want, rows := sums{}, 0
	for _, one := range s.books(who, region, c.Meta.AsOf).Contributions {
		if one.Seen.After(c.Meta.AsOf) || one.From < from.Month() {
			continue
		}
		rows++
		at, _ := time.ParseInLocation("2006-01", one.From, balance.Shanghai)
		for key, fen := range map[string]balance.Fen{"employer": one.Employer, "personal": one.Personal, "subsidy": one.Subsidy} {
			if fen != 0 {
				want.add(at, key, fen)
			}
		}
	}
	if region == simulator.RegionA && rows > 0 { // tells months, and no amounts
		if c.Meta.Amounts != "not_given" || c.Meta.Coverage != "unsupported" || len(c.Chart.Series) != 0 {
			t.Errorf("without amounts: %+v", c)
		}
		return
	}
	if c.Meta.Amounts != "given" {
		t.Errorf("amounts are %s", c.Meta.Amounts)
	}
	s.compareChart(t, p, own+"contributions", "?from="+string(from), c, want)
}

// compareTrend reads the balance, which becomes the point of today.
func (s *stage) compareTrend(t *testing.T, p *phone.Phone, own string, who simulator.Person, region string) {
	t.Helper()
	var answer struct {
		Meta struct {
			AsOf time.Time `json:"as_of"`
		}
	}
	if err := p.Call(t.Context(), http.MethodGet, strings.Replace(own, "/charts/", "/balance", 1), nil, &answer); err != nil {
		t.Fatal(err)
	}
	c := s.chart(t, p, own+"trend")
	if account := who.Enrolments[0].Account; account != "yes" {
		if len(c.Chart.Series) != 0 || c.Meta.Coverage != map[string]string{"no": "unsupported", "unknown": "partial"}[account] {
			t.Errorf("without an account: %+v", c)
		}
		return
	}
	data := c.Chart.Series[0].Data
	if last, want := data[len(data)-1], s.books(who, region, answer.Meta.AsOf).Balance(); last == nil || fenOf(*last) != want {
		t.Errorf("the trend ends with %v, want %s", last, want)
	}
}

func fenOf(yuan float64) balance.Fen {
	fen, err := balance.ParseYuan(fmt.Sprintf("%.2f", yuan))
	if err != nil {
		panic(err)
	}
	return fen
}

// compareChart holds every figure against the sums, in every format, and counts the bars of the picture.
func (s *stage) compareChart(t *testing.T, p *phone.Phone, path, query string, c barChart, want sums) {
	t.Helper()
	got, bars := sums{}, 0
	for _, one := range c.Chart.Series {
		for i, f := range one.Data {
			month := c.Chart.Categories[i]
			_, booked := want[month+" "+one.Key]
			switch {
			case f == nil && booked:
				t.Errorf("%s: %s of %s is missing", path, one.Key, month)
			case f != nil && !booked && (*f != 0 || (balance.Day(month+"-01")).MonthEnd() > c.Meta.Complete):
				t.Errorf("%s: %s of %s is %v, and the books have nothing", path, one.Key, month, *f)
			case f != nil:
				got[month+" "+one.Key] = fenOf(*f)
				if *f != 0 {
					bars++
				}
			}
		}
	}
	for key, fen := range want {
		if got[key] != fen {
			t.Errorf("%s: %s is %s, want %s", path, key, got[key], fen)
		}
	}
	var rows struct {
		Chart []struct {
			Date, Type string
			Value      *float64
		}
	}
	var drawn struct {
		Chart struct{ Series []struct{ Data []*float64 } }
	}
	if err := p.Call(t.Context(), http.MethodGet, path+query+"&format=f2", nil, &rows); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"echarts", "ucharts"} {
		if err := p.Call(t.Context(), http.MethodGet, path+query+"&format="+format, nil, &drawn); err != nil {
			t.Fatal(err)
		}
		n := 0
		for i, one := range c.Chart.Series {
			for month, f := range one.Data {
				d, r := drawn.Chart.Series[i].Data[month], rows.Chart[n].Value
				n++
				if (f == nil) != (d == nil) || (f == nil) != (r == nil) || f != nil && (*f != *d || *f != *r) {
					t.Errorf("%s: %s of %s differs in %s or f2", path, one.Key, c.Chart.Categories[month], format)
				}
			}
		}
	}
	var svg string
	if err := p.Call(t.Context(), http.MethodGet, path+".svg"+query, nil, &svg); err != nil {
		t.Fatal(err)
	}
	if n := len(regexp.MustCompile(`<rect class="f\d bar"`).FindAllString(svg, -1)); n != bars {
		t.Errorf("%s: the picture has %d bars, want %d", path, n, bars)
	}
}
