package reminder_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"yibao/identity"
	"yibao/reminder"
	"yibao/store"
	"yibao/store/memory"
)

// A hook returns errKilled to kill the process: nothing of it happens any more. Any other error fails the one call.
var (
	errKilled = errors.New("killed")
	errLost   = errors.New("connection lost")
)

// hook is asked about each outside call of a process: "send", or a database command such as "rules.find". A find of one
// document by its _id is called "rules.get". A hook may take its time, and let other processes work.
type hook func(call string) error

// process is one process: a database client, a store and a service of its own. An error of before means that the call did
// not happen; an error of after means that it did and that its answer is lost. A restart is a new process.
type process struct {
	*reminder.Service
	world         *world
	db            *memory.Client
	before, after hook
	dead          atomic.Bool

	mu       sync.Mutex
	delivery string // the last one that was read or written by its id
}

// start starts a process. Each of its update functions runs twice, as the first write loses a race, until a test that
// counts writes turns that off. A test may start it with hooks, or set them while the process does nothing.
func (r *rig) start(before, after hook) *process {
	p := &process{world: r.world, db: r.server.Connect(), before: before, after: after}
	s := r.open(p.db)
	p.db.SetTwice(true)
	p.db.SetBefore(func(_ context.Context, c memory.Command) error { return p.ask(p.before, p.name(c)) })
	p.db.SetAfter(func(_ context.Context, c memory.Command) error { return p.ask(p.after, p.name(c)) })
	deps := reminder.Deps{
		Store: s, Users: s, Balances: r.world, Regions: &r.world.regions, Now: r.world.Now,
		Senders: map[identity.Platform]reminder.Sender{identity.WeChat: p},
		Templates: []reminder.Template{{
			Name: lowBalance, Platform: identity.WeChat, App: app, TemplateID: templateID, Kind: reminder.OneTime, Title: "余额提醒",
		}},
	}
	if r.deps != nil {
		r.deps(&deps)
	}
	p.Service = reminder.NewService(r.cfg, deps)
	return p
}

func (r *rig) open(db *memory.Client) *store.Store {
	return memory.Open(db, func(o *store.Options) {
		o.Now = r.world.Now
		o.Shuffle = func(n int, swap func(i, j int)) {
			if r.shuffle != nil {
				r.shuffle(n, swap)
			}
		}
	})
}

func (p *process) name(c memory.Command) string {
	if c.Collection == "deliveries" && c.ID != "" {
		p.mu.Lock()
		p.delivery = c.ID
		p.mu.Unlock()
	}
	if c.Name == "find" && c.ID != "" {
		return c.Collection + ".get"
	}
	return c.String()
}

func (p *process) ask(h hook, call string) error {
	if p.dead.Load() {
		return errKilled
	}
	if h == nil {
		return nil
	}
	err := h(call)
	if errors.Is(err, errKilled) {
		p.dead.Store(true)
	}
	return err
}

// Send implements reminder.Sender. An error of a hook makes the outcome unknown.
func (p *process) Send(_ context.Context, to reminder.Recipient, template string, m reminder.Message) reminder.Outcome {
	unknown := reminder.Outcome{Kind: reminder.OutcomeUnknown}
	if p.ask(p.before, "send") != nil {
		return unknown
	}
	p.mu.Lock()
	delivery := p.delivery
	p.mu.Unlock()
	outcome := p.world.send(request{To: to, Template: template, Message: m, Delivery: delivery})
	if p.ask(p.after, "send") != nil {
		return unknown
	}
	return outcome
}

// nth does something at the nth of the calls, from 1 on; "" stands for every call.
func nth(n int, call string, do func() error) hook {
	var mu sync.Mutex
	return func(c string) error {
		mu.Lock()
		if call == "" || c == call {
			n--
		}
		now := n == 0 && (call == "" || c == call)
		mu.Unlock()
		if now {
			return do()
		}
		return nil
	}
}

// fault is one mishap of a process.
type fault struct {
	after  bool // it happens, and its answer is lost
	kill   bool
	length int // of an outage, in calls
}

// faults are outages of one call, which the store makes up for; of two, so that it cannot find the write whose answer is
// lost; and of more than any repetition lasts.
var faults = []fault{
	{kill: true}, {kill: true, after: true},
	{length: 1}, {length: 1, after: true},
	{length: 2}, {length: 2, after: true},
	{length: 30}, {length: 30, after: true},
}

// hooks lets the fault happen from the nth call on, and then notes the name of that call.
func (f fault) hooks(n int, hit *string) (before, after hook) {
	seen := 0
	var mu sync.Mutex
	h := func(call string) error {
		mu.Lock()
		defer mu.Unlock()
		seen++
		switch {
		case seen == n:
			*hit = call
		case seen < n || seen >= n+f.length:
			return nil
		}
		if f.kill {
			return errKilled
		}
		return errLost
	}
	if f.after {
		return nil, h
	}
	return h, nil
}

func kill() error { return errKilled }

func lose() error { return errLost }
