package reminder_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// There is one region, one app and one template.
const (
	region     = "990100"
	regionName = "示例市甲"
	app        = "demo"
	lowBalance = "low_balance"
	templateID = "tmpl-1"
)

// world is all that lies outside of the processes and the database: the clock, the upstream and the platform.
type world struct {
	mu       sync.Mutex
	now      time.Time
	answers  map[string]*balance.Answer
	down     bool
	asked    int // questions to the upstream
	regions  identity.Regions
	requests []request
	inFlight map[string]int
	parallel bool
	script   func(request) reminder.Outcome
}

// request is one message that reached the platform.
type request struct {
	To       reminder.Recipient
	Template string
	Message  reminder.Message
	At       time.Time
	Outcome  reminder.Outcome
	// Delivery is the delivery that the process worked on. Right if the process does one thing at a time.
	Delivery string
}

var _ reminder.Balances = (*world)(nil)

// newWorld starts at the time.
func newWorld(now time.Time) *world {
	return &world{now: now, regions: *directory(true), answers: map[string]*balance.Answer{}, inFlight: map[string]int{}}
}

// Now is the world's clock.
func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Advance moves the clock forward.
func (w *world) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// SetBalance gives the person one active enrolment with that balance, as of now.
func (w *world) SetBalance(personID string, fen balance.Fen) {
	w.SetEnrolments(personID, balance.Enrolment{
		InsuranceType: "310", Status: balance.StatusActive, Region: region,
		Account: balance.PersonalAccount{Exists: balance.AccountYes, Balance: &fen},
	})
}

// SetEnrolments sets the upstream's answer about the person, as of now.
func (w *world) SetEnrolments(personID string, enrolments ...balance.Enrolment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[personID] = &balance.Answer{Enrolments: enrolments, AsOf: w.now, Coverage: balance.Complete, Source: "test"}
}

// SetDown makes the upstream unreachable, or reachable again.
func (w *world) SetDown(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

// SetAttended makes the region refuse unattended questions, or allow them again. Nothing may be running.
func (w *world) SetAttended(attended bool) { w.regions = *directory(!attended) }

func directory(unattended bool) *identity.Regions {
	return identity.NewRegions([]identity.Region{{Code: region, Name: regionName, Unattended: unattended}}, nil)
}

// SetScript sets the platform's answers; nil accepts everything.
func (w *world) SetScript(script func(request) reminder.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script = script
}

// Fresh implements reminder.Balances.
func (w *world) Fresh(ctx context.Context, subject balance.Subject) (*balance.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
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

// send delivers a request: it is in the platform's book before the answer leaves.
func (w *world) send(r request) reminder.Outcome {
	w.mu.Lock()
	w.inFlight[r.To.OpenID]++
	w.parallel = w.parallel || w.inFlight[r.To.OpenID] > 1
	script := w.script
	r.At = w.now
	w.mu.Unlock()

	r.Outcome = reminder.Outcome{Kind: reminder.OutcomeAccepted, MessageID: "m"}
	if script != nil {
		r.Outcome = script(r) // may take its time: others must be able to be in flight
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFlight[r.To.OpenID]--
	w.requests = append(w.requests, r)
	return r.Outcome
}

// Sends returns all requests that reached the platform.
func (w *world) Sends() []request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

// SentInParallel says whether two sends to one user were ever in flight at once.
func (w *world) SentInParallel() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.parallel
}
