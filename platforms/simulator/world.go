package simulator

import (
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"yibao/platforms/simulator/books"
)

// WorldOptions says where a world is kept and by which clock it lives.
type WorldOptions struct {
	Dir string           // folder of the journal; "" keeps everything in memory only
	Now func() time.Time // rules the books; nil for the machine's clock
	Log *slog.Logger     // nil for none
}

// World is the state behind the servers: people and their books, codes, quotas, and the inbox. It is safe for
// concurrent use. Several handlers, with different clocks, may stand before one world.
type World struct {
	now     func() time.Time
	log     *slog.Logger
	people  []Person
	byID    map[string]*Person
	faults  *faults
	stats   *stats
	done    chan struct{} // closed by Close: frees what hangs
	closing sync.Once

	mu      sync.Mutex
	journal *journal
	users   map[userKey]string        // → the name that the control API knows
	codes   map[codeKey]*issuedCode   // sign-in codes
	quota   map[quotaKey]int          // messages that a user still allows
	books   map[bookKey][]books.Event // what the control API ordered, oldest first
	inbox   []Message                 // in order of arrival
	arrived chan struct{}             // closed and made anew at each arrival
	seen    map[string]time.Time      // nonces and the like → when they may come again
	tokens  map[string]int            // WeChat app id → generation of its access tokens
	forced  map[string][]time.Time    // WeChat app id → forced refreshes of the last day
	sending map[userKey]struct{}      // WeChat users that a message is being sent to
}

type userKey struct{ platform, app, openID string }

type codeKey struct{ platform, code string }

type quotaKey struct{ platform, app, openID, template string }

type bookKey struct{ idNumber, region, insurance string }

type issuedCode struct {
	app, openID string
	at          time.Time
	used        bool
}

// record is one line of the journal.
type record struct {
	Kind     string       `json:"kind"` // code, used, grant, event, message
	At       time.Time    `json:"at"`
	Platform string       `json:"platform,omitempty"`
	App      string       `json:"app,omitempty"`
	User     string       `json:"user,omitempty"`
	OpenID   string       `json:"open_id,omitempty"`
	Code     string       `json:"code,omitempty"`
	Template string       `json:"template,omitempty"`
	N        int          `json:"n,omitempty"`
	IDNumber string       `json:"id_number,omitempty"`
	Region   string       `json:"region,omitempty"`
	Type     string       `json:"insurance_type,omitempty"`
	Event    *books.Event `json:"event,omitempty"`
	Message  *Message     `json:"message,omitempty"`
}

var errRecord = errors.New("not a line of a simulated world")

// OpenWorld opens the world kept in the folder, or begins one.
func OpenWorld(options WorldOptions) (*World, error) {
	w := newWorld(options)
	kept, err := openJournal(options.Dir, w.replay)
	if err != nil {
		return nil, err
	}
	w.journal = kept
	return w, nil
}

func newWorld(options WorldOptions) *World {
	w := &World{
		now: options.Now, log: options.Log, people: invent(), byID: map[string]*Person{},
		faults: newFaults(), stats: newStats(), done: make(chan struct{}),
		users: map[userKey]string{}, codes: map[codeKey]*issuedCode{}, quota: map[quotaKey]int{},
		books: map[bookKey][]books.Event{}, arrived: make(chan struct{}), seen: map[string]time.Time{},
		tokens: map[string]int{}, forced: map[string][]time.Time{}, sending: map[userKey]struct{}{},
	}
	if w.now == nil {
		w.now = time.Now
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	for i := range w.people {
		w.byID[w.people[i].IDNumber] = &w.people[i]
	}
	return w
}

// Close frees every request that hangs and closes the journal.
func (w *World) Close() error {
	var err error
	w.closing.Do(func() {
		close(w.done)
		w.mu.Lock()
		defer w.mu.Unlock()
		err = w.journal.close()
	})
	return err
}

func (w *World) replay(line []byte) error {
	var r record
	if json.Unmarshal(line, &r) != nil || r.Kind == "" {
		return errRecord
	}
	return w.apply(r)
}

// commit makes a fact durable before it counts: an answer that rests on it may be given only afterwards. The caller
// holds w.mu.
func (w *World) commit(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err = w.journal.append(line); err != nil {
		w.log.Error("simulator_journal_unwritten", "kind", r.Kind)
		return err
	}
	return w.apply(r)
}

func (w *World) apply(r record) error {
	switch r.Kind {
	case "code":
		w.users[userKey{r.Platform, r.App, r.OpenID}] = r.User
		w.codes[codeKey{r.Platform, r.Code}] = &issuedCode{app: r.App, openID: r.OpenID, at: r.At}
	case "used":
		if code := w.codes[codeKey{r.Platform, r.Code}]; code != nil {
			code.used = true
		}
	case "grant":
		w.users[userKey{r.Platform, r.App, r.OpenID}] = r.User
		w.quota[quotaKey{r.Platform, r.App, r.OpenID, r.Template}] += r.N
	case "event":
		if r.Event == nil {
			return errRecord
		}
		key := bookKey{r.IDNumber, r.Region, r.Type}
		w.books[key] = insertByTime(w.books[key], *r.Event)
	case "message":
		return w.applyMessage(r)
	default:
		return errRecord
	}
	return nil
}

func (w *World) applyMessage(r record) error {
	if r.Message == nil {
		return errRecord
	}
	w.inbox = append(w.inbox, *r.Message)
	w.quota[quotaKey{r.Platform, r.App, r.OpenID, r.Template}] -= r.N
	close(w.arrived)
	w.arrived = make(chan struct{})
	return nil
}

// once answers false when the key was seen already and its time is not over. The machine's clock counts.
func (w *World) once(key string, keep time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if until, there := w.seen[key]; there && now.Before(until) {
		return false
	}
	if len(w.seen) > 1<<16 {
		for old, until := range w.seen {
			if now.After(until) {
				delete(w.seen, old)
			}
		}
	}
	w.seen[key] = now.Add(keep)
	return true
}
