package simulator

import (
	"errors"
	"strings"
	"time"
)

// Message is one message that a simulated phone shows.
type Message struct {
	Seq      int               `json:"seq"`
	At       time.Time         `json:"at"`   // by the world's clock
	Kind     string            `json:"kind"` // wechat, alipay, sms
	App      string            `json:"app,omitempty"`
	User     string            `json:"user,omitempty"` // as the control API named the user
	OpenID   string            `json:"open_id,omitempty"`
	Phone    string            `json:"phone,omitempty"`
	Request  string            `json:"request_id,omitempty"` // of an SMS: its attempt and the number of the code in it
	Template string            `json:"template"`
	Text     string            `json:"text"` // as the phone shows it: title, then a line per value
	Page     string            `json:"page,omitempty"`
	Values   map[string]string `json:"values"`
}

// InboxQuery picks messages; empty fields pick all.
type InboxQuery struct {
	User, Phone, Kind string
	Attempt           string // codes of that link attempt
	After             int    // messages with a greater Seq
}

func (q InboxQuery) matches(m Message) bool {
	return (q.User == "" || q.User == m.User) && (q.Phone == "" || q.Phone == m.Phone) &&
		(q.Kind == "" || q.Kind == m.Kind) && (q.Attempt == "" || strings.HasPrefix(m.Request, q.Attempt+"-")) && m.Seq > q.After
}

// Inbox lists accepted messages in order of arrival.
func (w *World) Inbox(query InboxQuery) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := []Message{}
	for _, m := range w.inbox {
		if query.matches(m) {
			list = append(list, m)
		}
	}
	return list
}

// await waits for at least one message that matches, until the time or the end of the world.
func (w *World) await(query InboxQuery, patience time.Duration) []Message {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		w.mu.Lock()
		arrived := w.arrived
		w.mu.Unlock()
		if list := w.Inbox(query); len(list) > 0 {
			return list
		}
		select {
		case <-arrived:
		case <-timeout.C:
			return nil
		case <-w.done:
			return nil
		}
	}
}

var errNoQuota = errors.New("simulator: no quota")

// accept takes a message on. Message and used quota are one line of the journal, synced before the caller answers: a
// kill between the two never leaves one without the other. errNoQuota when needs is set and the user allows none.
func (w *World) accept(m Message, needs, uses int) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := quotaKey{m.Kind, m.App, m.OpenID, m.Template}
	if w.quota[key] < needs {
		return 0, errNoQuota
	}
	m.Seq = len(w.inbox) + 1
	m.User = w.users[userKey{m.Kind, m.App, m.OpenID}]
	return m.Seq, w.commit(record{
		Kind: "message", At: m.At, Platform: m.Kind, App: m.App, OpenID: m.OpenID, Template: m.Template, N: uses,
		Message: &m,
	})
}

// shown is the text as a phone shows it.
func shown(title string, lines []string) string {
	return strings.Join(append([]string{title}, lines...), "\n")
}
