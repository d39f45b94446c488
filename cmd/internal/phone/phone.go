// Package phone plays a person's phone against a running server: it taps what a mini-program would send, reads the SMS
// and the notifications that arrive. The tour, the crash test and the end-to-end tests use it.
package phone

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Phone is one user of one platform's app.
type Phone struct {
	API      string // base address of the server
	World    string // base address of the simulated platforms
	Platform string // wechat or alipay
	App      string
	User     string // any name; the simulated platform makes an open id of it
	Token    string // set by SignIn
	// Trace, when set, is told of every exchange with the server.
	Trace func(Exchange)
	HTTP  *http.Client
}

// Exchange is one request and its answer.
type Exchange struct {
	Method, Path string
	Request      string // JSON, "" for none
	Status       int
	Answer       string
}

// StatusError is an answer other than 2xx.
type StatusError struct {
	Status int
	Code   string // of the problem document
	Body   string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the server answered %d %s", e.Status, e.Code)
}

// New returns a phone with a client of its own.
func New(api, world, platform, app, user string) *Phone {
	return &Phone{API: api, World: world, Platform: platform, App: app, User: user,
		HTTP: &http.Client{Timeout: 40 * time.Second}}
}

// Call sends one request to the server and decodes a 2xx answer into out (nil to drop it, a *string to have it as it is).
func (p *Phone) Call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, p.API+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if p.Token != "" {
		request.Header.Set("Authorization", "Bearer "+p.Token)
	}
	status, answer, err := p.do(request)
	if err != nil {
		return err
	}
	if p.Trace != nil {
		p.Trace(Exchange{Method: method, Path: path, Request: string(body), Status: status, Answer: string(answer)})
	}
	if status/100 != 2 {
		var problem struct{ Code string }
		_ = json.Unmarshal(answer, &problem) // a body that is no problem document has no code
		return &StatusError{Status: status, Code: problem.Code, Body: string(answer)}
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	if text, as := out.(*string); as {
		*text = string(answer)
		return nil
	}
	return json.Unmarshal(answer, out)
}

func (p *Phone) do(request *http.Request) (int, []byte, error) {
	answer, err := p.HTTP.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
	return answer.StatusCode, body, err
}

// Control talks to the simulated world: GET with an empty body, else POST. The answer is text.
func (p *Phone) Control(ctx context.Context, path string, in any) (string, error) {
	method, body := http.MethodGet, []byte(nil)
	if in != nil {
		method = http.MethodPost
		var err error
		if body, err = json.Marshal(in); err != nil {
			return "", err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, p.World+"/control/"+path, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	status, answer, err := p.do(request)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("the simulated world answered %d to %s", status, path)
	}
	return strings.TrimSpace(string(answer)), err
}

// Code asks the platform for a sign-in code, as wx.login and my.getAuthCode do.
func (p *Phone) Code(ctx context.Context) (string, error) {
	query := url.Values{"app": {p.App}, "user": {p.User}}
	return p.Control(ctx, p.Platform+"/code?"+query.Encode(), nil)
}

// SignIn gets a code and exchanges it for a token.
func (p *Phone) SignIn(ctx context.Context) error {
	code, err := p.Code(ctx)
	if err != nil {
		return err
	}
	var answer struct{ Token string }
	p.Token = ""
	err = p.Call(ctx, http.MethodPost, "/v1/sessions", map[string]any{"platform": p.Platform, "app": p.App, "code": code}, &answer)
	p.Token = answer.Token
	return err
}

// Person is whom to link.
type Person struct {
	Name, IDNumber, IDType, Phone, Region string
}

// Attempt is a link attempt as the server shows it.
type Attempt struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Reason    string `json:"reason"`
	InsuredID string `json:"insured_id"`
}

// StartLink sends what a person filled in.
func (p *Phone) StartLink(ctx context.Context, person Person, consent string) (*Attempt, error) {
	if person.IDType == "" {
		person.IDType = "01"
	}
	var attempt Attempt
	err := p.Call(ctx, http.MethodPost, "/v1/link-attempts", map[string]any{
		"region": person.Region, "name": person.Name, "id_type": person.IDType, "id_number": person.IDNumber,
		"relation": "self", "method": "sms_on_file", "consent": map[string]any{"version": consent, "unattended": true},
	}, &attempt)
	return &attempt, err
}

// Message is one message that arrived on a simulated phone.
type Message struct {
	Seq      int               `json:"seq"`
	At       time.Time         `json:"at"`
	Kind     string            `json:"kind"`
	User     string            `json:"user"`
	Phone    string            `json:"phone"`
	Template string            `json:"template"`
	Text     string            `json:"text"`
	Values   map[string]string `json:"values"`
}

// Inbox lists the messages that match the query (user, phone, kind, after, wait in seconds).
func (p *Phone) Inbox(ctx context.Context, query url.Values) ([]Message, error) {
	text, err := p.Control(ctx, "inbox?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	var list []Message
	return list, json.Unmarshal([]byte(text), &list)
}

// LastSeq is the number of the newest message, 0 for none.
func (p *Phone) LastSeq(ctx context.Context) (int, error) {
	list, err := p.Inbox(ctx, url.Values{})
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[len(list)-1].Seq, nil
}

// Link goes the whole way: attempt, SMS, proof. It returns the {id} of /v1/insured/{id}.
func (p *Phone) Link(ctx context.Context, person Person, consent string) (string, error) {
	attempt, err := p.StartLink(ctx, person, consent)
	if err != nil {
		return "", err
	}
	sms, err := p.Inbox(ctx, url.Values{"attempt": {attempt.ID}, "wait": {"30"}})
	if err != nil {
		return "", err
	}
	if len(sms) == 0 {
		return "", fmt.Errorf("no SMS arrived")
	}
	return p.prove(ctx, attempt.ID, sms[len(sms)-1].Values["code"])
}

func (p *Phone) prove(ctx context.Context, attemptID, code string) (string, error) {
	var attempt Attempt
	err := p.Call(ctx, http.MethodPost, "/v1/link-attempts/"+attemptID+"/proof", map[string]any{"code": code}, &attempt)
	for tries := 0; err == nil && attempt.State == "proving" && tries < 300; tries++ {
		time.Sleep(100 * time.Millisecond)
		err = p.Call(ctx, http.MethodGet, "/v1/link-attempts/"+attemptID, nil, &attempt)
	}
	if err == nil && attempt.State != "linked" {
		err = fmt.Errorf("the link attempt ended as %s %s", attempt.State, attempt.Reason)
	}
	return attempt.InsuredID, err
}

// Grant taps "allow" in the platform's subscribe sheet n times and reports it to the server, as the mini-program does.
func (p *Phone) Grant(ctx context.Context, n int) error {
	var list struct {
		Templates []struct {
			Name       string `json:"name"`
			TemplateID string `json:"template_id"`
		} `json:"templates"`
	}
	if err := p.Call(ctx, http.MethodGet, "/v1/templates", nil, &list); err != nil {
		return err
	}
	if len(list.Templates) == 0 {
		return fmt.Errorf("the app has no template")
	}
	id := list.Templates[0].TemplateID
	for range n {
		_, err := p.Control(ctx, "grant", map[string]any{"platform": p.Platform, "app": p.App, "user": p.User, "template": id, "n": 1})
		if err != nil {
			return err
		}
		report := map[string]any{"report_id": rand.Text(), "results": map[string]string{id: "accept"}}
		if err := p.Call(ctx, http.MethodPost, "/v1/subscriptions", report, nil); err != nil {
			return err
		}
	}
	return nil
}

// SetBalance sets a person's account in the simulated insurer from now on.
func (p *Phone) SetBalance(ctx context.Context, person Person, yuan string) error {
	_, err := p.Control(ctx, "balance", map[string]any{"id_number": person.IDNumber, "region": person.Region, "yuan": yuan})
	return err
}
