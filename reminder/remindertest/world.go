package remindertest

import (
	"context"
	"strconv"
	"sync"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// Region is the region of all persons in the World.
const (
	Region     = "990100"
	RegionName = "示例市甲"
)

// App and Template are the one app and the one template of the World.
const (
	App        = "demo"
	Template   = "low_balance"
	TemplateID = "tmpl-1"
)

// World is everything outside the service: the clock, users with their links, balances and the platform. It implements
// reminder.Balances, reminder.Users and reminder.Sender.
type World struct {
	mu       sync.Mutex
	now      time.Time
	users    map[string]*identity.PlatformUser
	answers  map[string]*balance.Answer
	down     bool
	regions  identity.Regions
	sends    []Sent
	inFlight map[string]int
	parallel bool
	script   func(Sent) reminder.Outcome
}

// Sent is one request that reached the platform.
type Sent struct {
	To       reminder.Recipient
	Template string
	Message  reminder.Message
	At       time.Time
	Outcome  reminder.Outcome
}

var (
	_ reminder.Balances = (*World)(nil)
	_ reminder.Users    = (*World)(nil)
	_ reminder.Sender   = (*World)(nil)
)

// NewWorld starts at the time.
func NewWorld(now time.Time) *World {
	return &World{
		now:      now,
		regions:  *directory(true),
		users:    map[string]*identity.PlatformUser{},
		answers:  map[string]*balance.Answer{},
		inFlight: map[string]int{},
	}
}

// Now is the world's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Advance moves the clock forward.
func (w *World) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// AddUser adds a user with n links and returns the caller: links "USER-1", "USER-2" … to persons of the same names.
func (w *World) AddUser(id string, n int) *identity.Caller {
	w.mu.Lock()
	defer w.mu.Unlock()
	user := &identity.PlatformUser{ID: id, Account: identity.PlatformAccount{
		Platform: identity.WeChat, App: App, OpenID: "open-" + id,
	}}
	for i := range n {
		name := id + "-" + strconv.Itoa(i+1)
		user.Links = append(user.Links, identity.Link{
			ID: name, PersonID: name, Region: Region, Relation: identity.Self, State: identity.LinkActive,
			MaskedName: "测*甲", Consent: identity.Consent{Version: "1", Unattended: true},
		})
	}
	w.users[id] = user
	links := append([]identity.Link(nil), user.Links...)
	return &identity.Caller{UserID: id, Platform: identity.WeChat, App: App, Links: links}
}

// EditUser changes a user; fn gets nil for a missing one.
func (w *World) EditUser(id string, fn func(*identity.PlatformUser)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fn(w.users[id])
}

// RemoveUser deletes a user.
func (w *World) RemoveUser(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.users, id)
}

// SetBalance gives the person one active enrolment with that balance, as of now.
func (w *World) SetBalance(personID string, fen balance.Fen) {
	w.SetEnrolments(personID, balance.Enrolment{
		InsuranceType: "310", Status: balance.StatusActive, Region: Region,
		Account: balance.PersonalAccount{Exists: balance.AccountYes, Balance: &fen},
	})
}

// SetEnrolments sets the upstream's answer about the person, as of now.
func (w *World) SetEnrolments(personID string, enrolments ...balance.Enrolment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[personID] = &balance.Answer{Enrolments: enrolments, AsOf: w.now, Completeness: balance.Complete, Source: "test"}
}

// SetDown makes the upstream unreachable, or reachable again.
func (w *World) SetDown(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

// SetAttended makes the region refuse unattended questions, or allow them again. Nothing may be running.
func (w *World) SetAttended(attended bool) { w.regions = *directory(!attended) }

func directory(unattended bool) *identity.Regions {
	return identity.NewRegions([]identity.Region{{Code: Region, Name: RegionName, Unattended: unattended}}, nil)
}

// SetScript sets the platform's answers; nil accepts everything.
func (w *World) SetScript(script func(Sent) reminder.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script = script
}

// Fresh implements reminder.Balances.
func (w *World) Fresh(ctx context.Context, subject balance.Subject) (*balance.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil || w.down {
		return nil, balance.ErrTimeout
	}
	answer, ok := w.answers[subject.PersonID]
	if !ok {
		return nil, balance.ErrNotEnrolled
	}
	fresh := answer.Clone()
	fresh.FetchedAt = w.now
	return fresh, nil
}

// User implements reminder.Users.
func (w *World) User(_ context.Context, id string) (*identity.PlatformUser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	user, ok := w.users[id]
	if !ok {
		return nil, identity.ErrNotFound
	}
	c := *user
	c.Links = append([]identity.Link(nil), user.Links...)
	return &c, nil
}

// Send implements reminder.Sender: the request is in the platform's book before the answer leaves.
func (w *World) Send(_ context.Context, to reminder.Recipient, template string, m reminder.Message) reminder.Outcome {
	w.mu.Lock()
	w.inFlight[to.OpenID]++
	w.parallel = w.parallel || w.inFlight[to.OpenID] > 1
	script := w.script
	sent := Sent{To: to, Template: template, Message: m, At: w.now}
	w.mu.Unlock()

	sent.Outcome = reminder.Outcome{Kind: reminder.OutcomeAccepted, MessageID: "m"}
	if script != nil {
		sent.Outcome = script(sent) // may take its time: others must be able to be in flight
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFlight[to.OpenID]--
	w.sends = append(w.sends, sent)
	return sent.Outcome
}

// Sends returns all requests that reached the platform.
func (w *World) Sends() []Sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Sent(nil), w.sends...)
}

// SentInParallel says whether two sends to one user were ever in flight at once.
func (w *World) SentInParallel() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.parallel
}

// Deps wires a service to this world through the process.
func (w *World) Deps(p *Process) reminder.Deps {
	return reminder.Deps{
		Store: p, Balances: w, Users: w, Regions: &w.regions, Now: w.Now,
		Senders: map[identity.Platform]reminder.Sender{identity.WeChat: p},
		Templates: []reminder.Template{{
			Name: Template, Platform: identity.WeChat, App: App, TemplateID: TemplateID, Kind: reminder.OneTime, Title: "余额提醒",
		}},
	}
}
