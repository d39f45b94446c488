package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yibao/platforms/simulator/books"
)

// Why a control request was refused; the texts go to the person who typed it.
var (
	errControl  = errors.New("the request is not JSON of the documented shape")
	errNoApp    = errors.New("no such app")
	errNoPerson = errors.New("no such person or enrolment")
	errYuan     = errors.New("yuan must be an amount like 12.34")
	errNoBill   = errors.New("no such settlement that could be taken back")
	errGrant    = errors.New("template and user must be given, the template known, n between 1 and 1000")
	errUser     = errors.New("user must be given: 1 to 64 characters")
	errWhose    = errors.New("give attempt, the id of a link attempt; or id, the ID number of a person; or phone")
	errNothing  = errors.New("nothing yet")
)

// controlHelp is what GET /control answers.
const controlHelp = `What can be asked of the simulated world. GET with query parameters, POST with JSON:

  GET     /control/wechat/code?app=demo&user=me   a sign-in code; /control/alipay/code likewise
  POST    /control/grant     {"platform":"wechat","app":"demo","user":"me","template":"demo-wechat-low-balance","n":1}
  GET     /control/balance?id_number=             what an account holds
  POST    /control/balance   {"id_number":"…","region":"990100","yuan":"12.34"}
  GET     /control/books?id_number=               ledger, settlements, contributions and claims
  POST    /control/spend     {"id_number":"…","yuan":"300"}   a purchase; abroad: true in another province, days_late: 5 shows it later
  POST    /control/credit    {"id_number":"…","yuan":"100"}   an injection into the account
  POST    /control/reverse   {"id_number":"…","bill":"S…"}    takes a settlement back
  GET     /control/inbox?user=&phone=&kind=&attempt=&after=&wait=   what arrived: kind is wechat, alipay or sms
  GET     /control/inbox/latest                   the last of them, as the phone shows it
  GET     /control/sms/latest?attempt=&wait=      the last code of a link attempt; or by ID number, ?id=, or by ?phone=
  GET     /control/people                         everybody; /control/people.txt is a line each
  GET     /control/stats                          requests by target
  GET     /control/faults                         every target with its faults, and what is pending
  POST    /control/faults    {"target":"insurer","fault":"http_503","times":3}   misbehave; times -1: until cleared
  DELETE  /control/faults                         behave again`

func (s *server) controlIndex(*http.Request) (any, error) { return controlHelp, nil }

// control mounts the control API; see Handler.
func (s *server) control(mux *http.ServeMux) {
	routes := map[string]func(*http.Request) (any, error){
		"GET /{$}":                      s.controlIndex,
		"GET /control":                  s.controlIndex,
		"GET /control/{$}":              s.controlIndex,
		"GET /control/{platform}/code":  s.controlCode,
		"POST /control/{platform}/code": s.controlCode,
		"POST /control/grant":           s.controlGrant,
		"POST /control/balance":         s.controlBalance,
		"GET /control/balance":          s.controlShowBalance,
		"GET /control/books":            s.controlShowBooks,
		"POST /control/spend":           s.controlBooks(books.Spend),
		"POST /control/credit":          s.controlBooks(books.Credit),
		"POST /control/reverse":         s.controlBooks(books.Reverse),
		"GET /control/inbox":            s.controlInbox,
		"GET /control/inbox/latest":     s.controlLastMessage,
		"GET /control/sms/latest":       s.controlLatest,
		"GET /control/people":           s.controlPeople,
		"GET /control/people.txt":       s.controlPeopleText,
		"GET /control/stats":            s.controlStats,
		"GET /control/faults":           s.controlFaults,
		"POST /control/faults":          s.controlAddFault,
		"DELETE /control/faults":        s.controlClearFaults,
	}
	for pattern, serve := range routes {
		mux.Handle(pattern, s.controlled(serve))
	}
}

// controlled checks the token and writes the result: a string as plain text, for people with curl and no jq; anything
// else as JSON.
func (s *server) controlled(serve func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := s.options.ControlToken; token != "" && r.Header.Get("X-Control-Token") != token && r.URL.Query().Get("token") != token {
			put(w, reply{status: http.StatusForbidden, contentType: "text/plain; charset=utf-8", body: []byte("the control token is missing or wrong\n")})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		result, err := serve(r)
		switch text, plain := result.(string); {
		case errors.Is(err, errNothing):
			put(w, reply{status: http.StatusNotFound, contentType: "text/plain; charset=utf-8", body: []byte(err.Error() + "\n")})
		case err != nil:
			put(w, reply{status: http.StatusBadRequest, contentType: "text/plain; charset=utf-8", body: []byte(err.Error() + "\n")})
		case plain:
			put(w, reply{status: http.StatusOK, contentType: "text/plain; charset=utf-8", body: []byte(text + "\n")})
		default:
			body, _ := json.MarshalIndent(result, "", "  ") // our own types
			put(w, reply{status: http.StatusOK, contentType: "application/json; charset=utf-8", body: append(body, '\n')})
		}
	})
}

// controlCode is what the platform's client does when the mini-program asks to sign in.
func (s *server) controlCode(r *http.Request) (any, error) {
	platform := r.PathValue("platform")
	app, err := s.app(platform, r.FormValue("app"))
	if err != nil {
		return nil, err
	}
	user, err := userName(r.FormValue("user"))
	if err != nil {
		return nil, err
	}
	return s.world.issueCode(platform, app.id, user)
}

func userName(user string) (string, error) {
	if user == "" || len(user) > 64 || hasControl(user) {
		return "", errUser
	}
	return user, nil
}

// maxWait bounds how long a question for a message waits.
const maxWait = 30 * time.Second

func (s *server) query(r *http.Request, q InboxQuery) ([]Message, error) {
	after, err := number(r.FormValue("after"))
	if err != nil {
		return nil, err
	}
	wait, err := number(r.FormValue("wait"))
	if err != nil {
		return nil, err
	}
	q.After = after
	if wait == 0 {
		return s.world.Inbox(q), nil
	}
	if list := s.world.await(q, min(time.Duration(wait)*time.Second, maxWait)); list != nil {
		return list, nil
	}
	return []Message{}, nil
}

// number reads a count; nothing is 0.
func number(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<30 {
		return 0, errControl
	}
	return n, nil
}

func (s *server) controlInbox(r *http.Request) (any, error) {
	return s.query(r, InboxQuery{User: r.FormValue("user"), Phone: r.FormValue("phone"), Kind: r.FormValue("kind"), Attempt: r.FormValue("attempt")})
}

// controlLastMessage is the last message as the phone shows it.
func (s *server) controlLastMessage(r *http.Request) (any, error) {
	list, err := s.query(r, InboxQuery{User: r.FormValue("user"), Phone: r.FormValue("phone"), Kind: r.FormValue("kind"), Attempt: r.FormValue("attempt")})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errNothing
	}
	return list[len(list)-1].Text, nil
}

// controlLatest is the last code of a link attempt, or that a phone got, by its number or by the person it belongs to.
func (s *server) controlLatest(r *http.Request) (any, error) {
	phone, attempt := r.FormValue("phone"), r.FormValue("attempt")
	if person := s.world.byID[r.FormValue("id")]; phone == "" && person != nil {
		phone = person.Phone
	}
	switch {
	case phone == "" && attempt == "" && r.FormValue("id") == "":
		return nil, errWhose
	case phone == "" && r.FormValue("id") != "":
		return nil, errNoPerson
	}
	list, err := s.query(r, InboxQuery{Phone: phone, Attempt: attempt, Kind: smsKind})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errNothing
	}
	return list[len(list)-1].Values["code"], nil
}

func (s *server) controlPeople(r *http.Request) (any, error) {
	region := r.FormValue("region")
	list := []Person{}
	for _, p := range s.world.People() {
		if region == "" || len(p.in(region)) > 0 {
			list = append(list, p)
		}
	}
	return list, nil
}

// controlPeopleText is a line for each person, for reading.
func (s *server) controlPeopleText(r *http.Request) (any, error) {
	var lines []string
	for _, p := range s.world.People() {
		region := p.Enrolments[0].Region
		if asked := r.FormValue("region"); asked == "" || len(p.in(asked)) > 0 {
			lines = append(lines, strings.Join([]string{region, p.IDNumber, p.CertType, cmp.Or(p.Phone, "-"), p.Name, p.Note}, "\t"))
		}
	}
	return strings.Join(lines, "\n"), nil
}

func (s *server) controlStats(*http.Request) (any, error) { return s.world.stats.all(), nil }

func decodeControl(r *http.Request, v any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if decoder.Decode(v) != nil {
		return errControl
	}
	return nil
}
