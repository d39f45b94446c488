package reminder_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/reminder"
	"yibao/reminder/remindertest"
)

// model drives two replicas over one store through random actions.
type model struct {
	*rig
	services  [2]*reminder.Service
	processes [2]*remindertest.Process
	mood      reminder.Outcome // the platform's answer
	accepts   bool             // does the platform accept a message with an unknown outcome?
	granted   int
	accepted  map[time.Time]int
	taken     int
}

func newModel(t *rapid.T) *model {
	cfg := rigConfig()
	cfg.Cooldown = []time.Duration{0, 3 * time.Hour}[rapid.IntRange(0, 1).Draw(t, "cooldown")]
	cfg.MaxAttempts, cfg.MaxFree, cfg.SendTimeout = 3, 1000, time.Microsecond
	m := &model{rig: newRig(t, cfg), accepted: map[time.Time]int{}}
	m.world.SetScript(m.platform)
	m.mood.Kind = reminder.OutcomeAccepted
	m.restart(0, nil)
	m.restart(1, nil)
	return m
}

func (m *model) restart(i int, plan func(string) remindertest.Fault) {
	m.services[i], m.processes[i] = m.start(plan)
}

// platform keeps the platform's own count of grants; a send beyond it fails the test.
func (m *model) platform(sent remindertest.Sent) reminder.Outcome {
	if m.taken >= m.granted {
		m.t.Fatalf("sent without a grant")
	}
	if m.mood.Kind == reminder.OutcomeAccepted || (m.mood.Kind == reminder.OutcomeUnknown && m.accepts) {
		m.taken++
		m.accepted[sent.Message.AsOf]++
	}
	return m.mood
}

func (m *model) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"balance": func(t *rapid.T) {
			m.world.Advance(time.Second) // each balance has a time of its own
			link := rapid.SampledFrom([]string{"u-1", "u-2"}).Draw(t, "link")
			m.world.SetBalance(link, rapid.SampledFrom([]balance.Fen{0, 4999, 5000, 5999, 6000}).Draw(t, "fen"))
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
			}).Draw(t, "mood")
			m.accepts = rapid.Bool().Draw(t, "accepts")
		},
		"grant": func(*rapid.T) { m.granted++; m.grant(1) },
		"rule": func(t *rapid.T) {
			set := reminder.Setting{Threshold: 5000, ShowAmount: rapid.Bool().Draw(t, "amount")}
			if rapid.IntRange(0, 3).Draw(t, "quiet") == 0 {
				set.Quiet = reminder.QuietHours{Start: 22 * 60, End: 7 * 60}
			}
			_, err := m.Put(context.Background(), m.caller, rapid.SampledFrom([]string{"u-1", "u-2"}).Draw(t, "link"), set)
			m.check(err)
		},
		"off": func(t *rapid.T) {
			if rapid.IntRange(0, 4).Draw(t, "sure") == 0 {
				m.check(m.Delete(context.Background(), m.caller, "u-1"))
			}
		},
		"evaluate": func(t *rapid.T) { m.work(t, (*reminder.Service).EvaluateDue) },
		"send":     func(t *rapid.T) { m.work(t, (*reminder.Service).SendDue) },
		"":         func(*rapid.T) { m.invariants() },
	}
}

// work lets one replica pass, perhaps with a fault after some calls; a killed one is replaced.
func (m *model) work(t *rapid.T, pass func(*reminder.Service, context.Context) (int, error)) {
	i := rapid.IntRange(0, 1).Draw(t, "replica")
	calls := rapid.IntRange(0, 40).Draw(t, "calls")
	fault := remindertest.Fault(rapid.IntRange(0, remindertest.Faults-1).Draw(t, "fault"))
	var mu sync.Mutex
	m.restart(i, func(string) remindertest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if calls--; calls == -1 {
			return fault
		}
		return remindertest.None
	})
	_, _ = pass(m.services[i], context.Background()) // the fault's error is expected
}

// invariants hold at every moment.
func (m *model) invariants() {
	for at, n := range m.accepted {
		if n > 1 {
			m.t.Fatalf("the fall of %v has %d messages", at, n)
		}
	}
	q := m.quota()
	if q.Free < 0 || q.Free+len(q.Reserved) > m.granted {
		m.t.Fatalf("quota %+v of %d grants", q, m.granted)
	}
}

// drain ends all faults and lets time pass until nothing is left to do.
func (m *model) drain() {
	m.world.SetDown(false)
	m.mood = reminder.Outcome{Kind: reminder.OutcomeAccepted, MessageID: "m"}
	m.granted += 20
	m.grant(20)
	m.restart(0, nil)
	for range 100 {
		m.world.Advance(time.Hour)
		_, err := m.services[0].EvaluateDue(context.Background())
		m.check(err)
		_, err = m.services[0].SendDue(context.Background())
		m.check(err)
		m.invariants()
	}
}

// settled checks the end: no fall is lost, and every unit is accounted for.
func (m *model) settled() {
	open, finished := m.store.All()
	if len(open) != 0 {
		m.t.Fatalf("still open: %+v", open[0])
	}
	byID, burnt := map[string]*reminder.Delivery{}, 0
	for _, d := range finished {
		byID[d.ID] = d
		if d.State == reminder.DeliveryAccepted || d.State == reminder.DeliveryUnknown {
			burnt++
		}
	}
	for _, rule := range m.store.Rules() {
		for episode := int64(1); episode <= rule.Episode; episode++ {
			if d := byID[reminder.DeliveryID(rule.ID, episode)]; d == nil || !d.Over() || d.EndedAt.IsZero() {
				m.t.Fatalf("lost fall %d of %s: %+v", episode, rule.LinkID, d)
			}
		}
		if rule.Outbox != nil {
			m.t.Fatalf("outbox left: %+v", rule)
		}
	}
	if q := m.quota(); len(q.Reserved) != 0 || q.Free != m.granted-burnt {
		m.t.Fatalf("quota %+v after %d grants and %d burnt", q, m.granted, burnt)
	}
}

func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		m.put()
		t.Repeat(m.actions())
		m.drain()
		m.settled()
	})
}

// TestReplicas lets four processes work at once on one store, killed at random, through four falls. Each fall is decided
// once and has one message at most, and no user gets two sends at a time.
func TestReplicas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(rt, rigConfig())
		r.world.SetScript(func(remindertest.Sent) reminder.Outcome {
			runtime.Gosched()
			return reminder.Outcome{Kind: reminder.OutcomeAccepted}
		})
		r.grant(10)
		r.put()
		kills := rapid.SliceOfN(rapid.IntRange(0, 60), 16, 16).Draw(rt, "kills")
		for i := range 4 {
			r.world.Advance(time.Hour)
			r.world.SetBalance("u-1", 1)
			r.swarm(kills[i*4 : i*4+4])
			for range 4 { // leases and the block of an unknown message run out
				r.later(5 * time.Minute)
			}
			r.fall(9000)
		}
		open, finished := r.store.All()
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
		var mu sync.Mutex
		service, _ := r.start(func(string) remindertest.Fault {
			mu.Lock()
			defer mu.Unlock()
			if calls--; calls < 0 {
				return remindertest.KillAfter
			}
			return remindertest.None
		})
		all.Go(func() {
			for range 3 {
				_, _ = service.EvaluateDue(context.Background()) // killed at some point
				_, _ = service.SendDue(context.Background())
			}
		})
	}
	all.Wait()
}
