package reminder_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/reminder"
)

// machine drives two processes on one database through random actions. Each may be killed at any outside call, lose its
// connections for some calls, or stall while the other works. Only one thing happens at a time, so a run can be repeated.
type machine struct {
	*rig
	processes [2]*process
	mood      reminder.Outcome // the platform's answer
	accepts   bool             // does the platform accept a message with an unknown outcome?
	granted   int
	allowed   int            // by the platform's count
	revoked   bool           // did the platform ever end a subscription by itself?
	sends     map[string]int // by delivery
	accepted  map[string]int // by delivery
	reverse   bool           // the order in which due rules are claimed
	wrong     string         // found during a send
}

var (
	bothLinks = []string{"u-1", "u-2"}
	fens      = []balance.Fen{0, 4999, 5000, 5999, 6000}
)

func newMachine(t *rapid.T) *machine {
	cfg := rigConfig()
	cfg.Cooldown = []time.Duration{0, 3 * time.Hour}[rapid.IntRange(0, 1).Draw(t, "cooldown")]
	cfg.MaxAttempts, cfg.MaxFree, cfg.Parallel = 3, 1000, 1
	m := &machine{rig: newRig(t, cfg), sends: map[string]int{}, accepted: map[string]int{}}
	m.world.SetScript(m.platform)
	m.mood.Kind = reminder.OutcomeAccepted
	m.shuffle = func(n int, swap func(i, j int)) {
		for i := 0; m.reverse && i < n/2; i++ {
			swap(i, n-1-i)
		}
	}
	m.revive()
	return m
}

// revive replaces killed processes.
func (m *machine) revive() {
	for i, p := range m.processes {
		if p == nil || p.dead.Load() {
			m.processes[i] = m.start(nil, nil)
		}
	}
}

// platform keeps the platform's own count of grants.
func (m *machine) platform(r request) reminder.Outcome {
	m.sends[r.Delivery]++
	switch {
	case m.mood == notSubscribed: // the user has ended the subscription there
		m.allowed, m.revoked = 0, true
	case m.allowed == 0 && m.revoked:
		return notSubscribed
	case m.allowed == 0:
		m.wrong = "sent without a grant"
	case m.mood.Kind == reminder.OutcomeAccepted || (m.mood.Kind == reminder.OutcomeUnknown && m.accepts):
		m.allowed--
		m.accepted[r.Delivery]++
	}
	return m.mood
}

func (m *machine) subscribe(n int) {
	m.granted += n
	m.allowed += n
	m.grant(n)
}

func (m *machine) actions() map[string]func(*rapid.T) {
	evaluate, send := (*reminder.Service).EvaluateDue, (*reminder.Service).SendDue
	return map[string]func(*rapid.T){
		"balance": func(t *rapid.T) {
			m.world.Advance(time.Second)
			m.world.SetBalance(rapid.SampledFrom(bothLinks).Draw(t, "link"), rapid.SampledFrom(fens).Draw(t, "fen"))
		},
		"time": func(t *rapid.T) {
			m.world.Advance(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 3 * time.Minute, time.Hour, 30 * time.Hour}).Draw(t, "by"))
		},
		"upstream": func(t *rapid.T) { m.world.SetDown(rapid.IntRange(0, 3).Draw(t, "down") == 0) },
		"mood": func(t *rapid.T) {
			m.mood = rapid.SampledFrom([]reminder.Outcome{
				{Kind: reminder.OutcomeAccepted, MessageID: "m"},
				{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, RetryAfter: time.Minute},
				{Kind: reminder.OutcomePermanent, Reason: reminder.ReasonBadText},
				{Kind: reminder.OutcomeUnknown},
				notSubscribed,
			}).Draw(t, "mood")
			m.accepts = rapid.Bool().Draw(t, "accepts")
		},
		"grant": func(*rapid.T) { m.subscribe(1) },
		"rule": func(t *rapid.T) {
			set := reminder.Setting{Threshold: 5000, ShowAmount: rapid.Bool().Draw(t, "amount")}
			if rapid.IntRange(0, 3).Draw(t, "quiet") == 0 {
				set.Quiet = reminder.QuietHours{Start: 22 * 60, End: 7 * 60}
			}
			_, err := m.Put(context.Background(), m.caller, rapid.SampledFrom(bothLinks).Draw(t, "link"), set)
			m.check(err)
		},
		"off": func(t *rapid.T) {
			if rapid.IntRange(0, 4).Draw(t, "sure") == 0 {
				m.check(m.Delete(context.Background(), m.caller, "u-1"))
			}
		},
		"evaluate": func(t *rapid.T) { m.work(t, evaluate) },
		"send":     func(t *rapid.T) { m.work(t, send) },
		"":         func(*rapid.T) { m.invariants() },
	}
}

// work lets one process pass, perhaps with a mishap.
func (m *machine) work(t *rapid.T, pass func(*reminder.Service, context.Context) (int, error)) {
	m.revive()
	i := rapid.IntRange(0, 1).Draw(t, "process")
	m.reverse = rapid.Bool().Draw(t, "reverse")
	p := m.processes[i]
	switch mishap := rapid.IntRange(0, 3).Draw(t, "mishap"); mishap {
	case 0, 1:
		f := fault{after: rapid.Bool().Draw(t, "after"), kill: mishap == 0, length: rapid.SampledFrom([]int{1, 2, 3, 30}).Draw(t, "length")}
		p.before, p.after = f.hooks(m.drawCall(t), new(string))
	case 2:
		p.before = nth(m.drawCall(t), "", m.drawStall(t, m.processes[1-i]))
	}
	_, _ = pass(p.Service, context.Background()) // the fault's error is expected
	p.before, p.after = nil, nil
}

func (m *machine) drawCall(t *rapid.T) int { return rapid.IntRange(1, 60).Draw(t, "call") }

// drawStall draws the events between two calls of one process: time passes, balances change, and the other process works,
// perhaps until it is killed. Then the first one goes on or is killed, too.
func (m *machine) drawStall(t *rapid.T, other *process) (run func() error) {
	var events []func()
	for range rapid.IntRange(1, 4).Draw(t, "events") {
		killed := rapid.SampledFrom([]int{0, 0, 10, 20, 30, 40}).Draw(t, "killed")
		hooked := func(pass func(context.Context) (int, error)) func() {
			return func() {
				other.before = nth(killed, "", kill)
				_, _ = pass(context.Background())
				other.before = nil
			}
		}
		link, fen := rapid.SampledFrom(bothLinks).Draw(t, "link"), rapid.SampledFrom(fens).Draw(t, "fen")
		events = append(events, rapid.SampledFrom([]func(){
			func() { m.world.Advance(3 * time.Minute) }, // longer than a lease
			func() { m.world.Advance(time.Second); m.world.SetBalance(link, fen) },
			hooked(other.EvaluateDue),
			hooked(other.SendDue),
		}).Draw(t, "event"))
	}
	dies := rapid.IntRange(0, 3).Draw(t, "dies") == 0
	return func() error {
		for _, event := range events {
			event()
		}
		if dies {
			return errKilled
		}
		return nil
	}
}

// invariants hold at every moment.
func (m *machine) invariants() {
	if m.wrong != "" {
		m.t.Fatalf("%s", m.wrong)
	}
	for id, n := range m.sends {
		if m.accepted[id] > 1 || n > m.cfg.MaxAttempts {
			m.t.Fatalf("delivery %s has %d messages after %d sends", id, m.accepted[id], n)
		}
	}
	q := m.quota()
	if q.Free < 0 || q.Free+len(q.Reserved) > m.granted {
		m.t.Fatalf("quota %+v of %d grants", q, m.granted)
	}
}

// drain ends all faults and lets time pass until nothing is left to do.
func (m *machine) drain() {
	m.world.SetDown(false)
	m.mood = reminder.Outcome{Kind: reminder.OutcomeAccepted, MessageID: "m"}
	m.subscribe(20)
	m.revive()
	m.rest()
	// One more fall of each link, so that units of deliveries that are gone are given back.
	for _, link := range bothLinks {
		m.world.SetBalance(link, 10000)
		_, err := m.Put(context.Background(), m.caller, link, reminder.Setting{Threshold: 5000})
		m.check(err)
	}
	m.rest()
	for _, link := range bothLinks {
		m.world.SetBalance(link, 1)
	}
	m.rest()
}

// rest lets five hours pass, more than a cooldown, and then as many as messages are open.
func (m *machine) rest() {
	p := m.processes[0]
	for hour := 0; hour < 5 || len(m.server.IDs("deliveries")) > 0; hour++ {
		if hour == 200 {
			m.t.Fatalf("no end")
		}
		m.world.Advance(time.Hour)
		_, err := p.EvaluateDue(context.Background())
		m.check(err)
		_, err = p.SendDue(context.Background())
		m.check(err)
		m.invariants()
	}
}

// settled checks the end: no fall is lost, and every unit is accounted for.
func (m *machine) settled() {
	_, finished := m.deliveries()
	byID, burnt := map[string]reminder.Delivery{}, 0
	for _, d := range finished {
		byID[d.ID] = d
		if d.State == reminder.DeliveryAccepted || d.State == reminder.DeliveryUnknown {
			burnt++
		}
	}
	for _, rule := range m.rules() {
		for episode := int64(1); episode <= rule.Episode; episode++ {
			if d, ok := byID[reminder.DeliveryID(rule.ID, episode)]; !ok || !d.Over() || d.EndedAt.IsZero() {
				m.t.Fatalf("lost fall %d of %s: %+v", episode, rule.LinkID, d)
			}
		}
		last := byID[reminder.DeliveryID(rule.ID, rule.Episode)]
		if rule.Outbox != nil || rule.State != reminder.StateBelow || last.State != reminder.DeliveryAccepted {
			m.t.Fatalf("the last fall of %s is %s/%s: %+v", rule.LinkID, last.State, last.Reason, rule)
		}
	}
	if q := m.quota(); len(q.Reserved) != 0 || (q.Free != m.granted-burnt && !m.revoked) {
		m.t.Fatalf("quota %+v after %d grants and %d burnt", q, m.granted, burnt)
	}
}

// TestRemindersSurviveKills is the property of the whole package.
func TestRemindersSurviveKills(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		m.put()
		t.Repeat(m.actions())
		m.drain()
		m.settled()
	})
}

// TestReplicas lets four processes work at once on one database, killed at random, through four falls. Each fall is decided
// once and has one message at most, and no user gets two sends at a time.
func TestReplicas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(rt, rigConfig())
		r.world.SetScript(func(request) reminder.Outcome {
			runtime.Gosched()
			return reminder.Outcome{Kind: reminder.OutcomeAccepted}
		})
		r.grant(10)
		r.put()
		kills := rapid.SliceOfN(rapid.IntRange(1, 150), 16, 16).Draw(rt, "kills")
		for four := range slices.Chunk(kills, 4) {
			r.world.Advance(time.Hour)
			r.world.SetBalance("u-1", 1)
			r.swarm(four)
			for range 4 { // leases and the block of an unknown message run out
				r.later(5 * time.Minute)
			}
			r.fall(9000)
		}
		open, finished := r.deliveries()
		if rule := r.rule(); rule.Episode != 4 || len(open) != 0 || len(finished) != 4 {
			rt.Fatalf("episode %d, %d open, %d finished", rule.Episode, len(open), len(finished))
		}
		if n := len(r.world.Sends()); n > 4 || r.world.SentInParallel() {
			rt.Fatalf("%d sends, in parallel: %v", n, r.world.SentInParallel())
		}
		if q := r.quota(); q.Free != 6 || len(q.Reserved) != 0 {
			rt.Fatalf("quota %+v", q)
		}
	})
}

// swarm runs a process per entry, each killed after so many calls.
func (r *rig) swarm(kills []int) {
	var all sync.WaitGroup
	for _, calls := range kills {
		p := r.start(nil, nth(calls, "", kill))
		all.Go(func() {
			for range 3 {
				_, _ = p.EvaluateDue(context.Background()) // killed at some point
				_, _ = p.SendDue(context.Background())
			}
		})
	}
	all.Wait()
}
