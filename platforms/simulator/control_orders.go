package simulator

import (
	"net/http"
	"slices"

	"yibao/balance"
	"yibao/platforms/simulator/books"
)

// controlGrant is the tap in the subscribe sheet.
func (s *server) controlGrant(r *http.Request) (any, error) {
	var g struct {
		Platform string `json:"platform"`
		App      string `json:"app"`
		User     string `json:"user"`
		Template string `json:"template"`
		N        int    `json:"n"`
	}
	if err := decodeControl(r, &g); err != nil {
		return nil, err
	}
	app, err := s.app(g.Platform, g.App)
	if err != nil {
		return nil, err
	}
	if g.N == 0 {
		g.N = 1
	}
	user, err := userName(g.User)
	if err != nil || g.N < 1 || g.N > 1000 || !app.has(g.Template) {
		return nil, errGrant
	}
	if err = s.world.grant(g.Platform, app.id, user, g.Template, g.N); err != nil {
		return nil, err
	}
	n := s.world.quotaOf(g.Platform, app.id, OpenID(g.Platform, app.id, user), g.Template)
	return map[string]int{"allowed": n}, nil
}

type balanceOrder struct {
	IDNumber  string `json:"id_number"`
	Region    string `json:"region"`
	Yuan      string `json:"yuan"`
	Insurance string `json:"insurance_type"`
}

// controlBalance sets an account from now on.
func (s *server) controlBalance(r *http.Request) (any, error) {
	var order balanceOrder
	if r.URL.RawQuery != "" && r.ContentLength <= 0 {
		order = balanceOrder{r.FormValue("id_number"), r.FormValue("region"), r.FormValue("yuan"), r.FormValue("insurance_type")}
	} else if err := decodeControl(r, &order); err != nil {
		return nil, err
	}
	fen, err := balance.ParseYuan(order.Yuan)
	if err != nil {
		return nil, errYuan
	}
	_, row, err := s.account(order)
	if err != nil {
		return nil, err
	}
	if err = s.world.order(order.IDNumber, row.Region, row.Type, books.Event{At: s.now(), Do: books.Set, Fen: fen}); err != nil {
		return nil, err
	}
	return fen.Display(), nil
}

// bookOrder is a purchase, a credit or a reversal in somebody's books, now.
type bookOrder struct {
	IDNumber  string `json:"id_number"`
	Region    string `json:"region"`
	Insurance string `json:"insurance_type"`
	Yuan      string `json:"yuan"`
	Abroad    bool   `json:"abroad"`    // spend: in another province
	DaysLate  int    `json:"days_late"` // spend: until the list of settlements shows it
	Bill      string `json:"bill"`      // reverse: the settlement
}

// controlBooks makes something happen in the books, and answers what the account holds then.
func (s *server) controlBooks(do books.Do) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		var order bookOrder
		if err := decodeControl(r, &order); err != nil {
			return nil, err
		}
		person, row, err := s.account(balanceOrder{IDNumber: order.IDNumber, Region: order.Region, Insurance: order.Insurance})
		if err != nil {
			return nil, err
		}
		event := books.Event{At: s.now(), Do: do, Bill: order.Bill, Abroad: order.Abroad, Late: order.DaysLate}
		if do != books.Reverse {
			if event.Fen, err = balance.ParseYuan(order.Yuan); err != nil || event.Fen <= 0 {
				return nil, errYuan
			}
		} else if !slices.ContainsFunc(s.world.booksOf(person, row, event.At).Settlements, func(b books.Settlement) bool {
			return b.ID == order.Bill && !b.Reversed && b.Reverses == ""
		}) {
			return nil, errNoBill
		}
		if err = s.world.order(order.IDNumber, row.Region, row.Type, event); err != nil {
			return nil, err
		}
		fen, _ := s.world.holds(person, row, event.At)
		return fen.Display(), nil
	}
}

// controlShowBalance tells what the account holds now.
func (s *server) controlShowBalance(r *http.Request) (any, error) {
	person, row, err := s.account(balanceOrder{
		IDNumber: r.FormValue("id_number"), Region: r.FormValue("region"), Insurance: r.FormValue("insurance_type"),
	})
	if err != nil {
		return nil, err
	}
	fen, _ := s.world.holds(person, row, s.now())
	return fen.Display(), nil
}

// controlShowBooks tells everything in the books, also what lists do not show yet.
func (s *server) controlShowBooks(r *http.Request) (any, error) {
	person, row, err := s.account(balanceOrder{
		IDNumber: r.FormValue("id_number"), Region: r.FormValue("region"), Insurance: r.FormValue("insurance_type"),
	})
	if err != nil {
		return nil, err
	}
	return s.world.booksOf(person, row, s.now()), nil
}

// account finds the enrolment that is meant; without an insurance type the first that may have an account, without a
// region the first of all.
func (s *server) account(order balanceOrder) (*Person, Enrolment, error) {
	person := s.world.byID[order.IDNumber]
	if person == nil {
		return nil, Enrolment{}, errNoPerson
	}
	var found *Enrolment
	for i, e := range person.Enrolments {
		if (order.Region != "" && order.Region != e.Region) || (order.Insurance != "" && order.Insurance != e.Type) {
			continue
		}
		if found == nil || found.Account == "no" && e.Account != "no" {
			found = &person.Enrolments[i]
		}
	}
	if found == nil {
		return nil, Enrolment{}, errNoPerson
	}
	return person, *found, nil
}

func (s *server) controlFaults(*http.Request) (any, error) {
	return map[string]any{"pending": s.world.faults.pending(), "known": known}, nil
}

func (s *server) controlAddFault(r *http.Request) (any, error) {
	var f struct {
		Target string `json:"target"`
		Fault  string `json:"fault"`
		Times  int    `json:"times"`
		Detail string `json:"detail"`
		Millis int    `json:"ms"`
	}
	if err := decodeControl(r, &f); err != nil {
		return nil, err
	}
	if err := s.world.faults.add(fault{f.Target, f.Fault, f.Times, f.Detail, f.Millis}); err != nil {
		return nil, err
	}
	return s.world.faults.pending(), nil
}

func (s *server) controlClearFaults(r *http.Request) (any, error) {
	s.world.faults.clear(r.FormValue("target"))
	return s.world.faults.pending(), nil
}
