package simulator

import (
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/platforms/simulator/books"
)

// model is what a world must remember, kept in the plainest way.
type model struct {
	codes   map[string]string // unused code → open id
	used    []string
	quota   map[string]int
	inbox   []string
	balance balance.Fen
	set     bool
}

// TestWorldRemembersEverything plays random orders against a world that is closed and opened again at any moment, and
// compares it with the model.
func TestWorldRemembersEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "world")
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		p := &played{rt: rt, dir: dir, model: model{codes: map[string]string{}, quota: map[string]int{}}}
		p.open()
		defer func() { _ = p.world.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"issue": p.issue, "use": p.use, "reuse": p.reuse, "grant": p.grant, "send": p.send, "balance": p.balance,
			"reopen": p.reopen, "": p.check,
		})
	})
}

type played struct {
	rt    *rapid.T
	dir   string
	world *World
	model model
	clock int64 // of the books; never stands still
}

var (
	somebody = rapid.SampledFrom([]string{"demo1", "demo2", "demo3"})
	someKind = rapid.SampledFrom([]string{wechatPlatform, alipayPlatform})
)

func (p *played) open() {
	world, err := OpenWorld(WorldOptions{Dir: p.dir})
	if err != nil {
		p.rt.Fatal(err)
	}
	p.world = world
}

func (p *played) reopen(*rapid.T) {
	_ = p.world.Close()
	p.open()
}

func (p *played) issue(rt *rapid.T) {
	kind, user := someKind.Draw(rt, "platform"), somebody.Draw(rt, "user")
	code, err := p.world.issueCode(kind, "app", user)
	if err != nil {
		rt.Fatal(err)
	}
	p.model.codes[kind+"/"+code] = OpenID(kind, "app", user)
}

func (p *played) use(rt *rapid.T) {
	for key, open := range p.model.codes {
		kind, code := key[:6], key[7:]
		if got, err := p.world.useCode(kind, "app", code); err != nil || got != open {
			rt.Fatalf("an unused code gives %q, %v", got, err)
		}
		delete(p.model.codes, key)
		p.model.used = append(p.model.used, key)
		return
	}
}

func (p *played) reuse(rt *rapid.T) {
	for _, key := range p.model.used {
		if _, err := p.world.useCode(key[:6], "app", key[7:]); err == nil {
			rt.Fatal("a code works twice")
		}
	}
}

func (p *played) grant(rt *rapid.T) {
	kind, user, n := someKind.Draw(rt, "platform"), somebody.Draw(rt, "user"), rapid.IntRange(1, 3).Draw(rt, "n")
	if err := p.world.grant(kind, "app", user, "template", n); err != nil {
		rt.Fatal(err)
	}
	p.model.quota[kind+user] += n
}

func (p *played) send(rt *rapid.T) {
	kind, user := someKind.Draw(rt, "platform"), somebody.Draw(rt, "user")
	text := fmt.Sprint("message ", len(p.model.inbox))
	_, err := p.world.accept(Message{Kind: kind, App: "app", OpenID: OpenID(kind, "app", user), Template: "template", Text: text}, 1, 1)
	if (err == nil) != (p.model.quota[kind+user] > 0) {
		rt.Fatalf("%d allowed, and the send says %v", p.model.quota[kind+user], err)
	}
	if err == nil {
		p.model.quota[kind+user]--
		p.model.inbox = append(p.model.inbox, text)
	}
}

func (p *played) balance(rt *rapid.T) {
	fen := balance.Fen(rapid.Int64Range(-1000, 1_000_000).Draw(rt, "fen"))
	p.clock++
	person := p.world.people[0]
	if err := p.world.order(person.IDNumber, RegionA, "310", books.Event{At: time.Unix(p.clock, 0), Do: books.Set, Fen: fen}); err != nil {
		rt.Fatal(err)
	}
	p.model.balance, p.model.set = fen, true
}

func (p *played) check(rt *rapid.T) {
	list := p.world.Inbox(InboxQuery{})
	if len(list) != len(p.model.inbox) {
		rt.Fatalf("%d messages, want %d", len(list), len(p.model.inbox))
	}
	for i, m := range list {
		if m.Text != p.model.inbox[i] || m.Seq != i+1 || m.User == "" {
			rt.Fatalf("place %d: %+v", i, m)
		}
	}
	for _, kind := range []string{wechatPlatform, alipayPlatform} {
		for _, user := range []string{"demo1", "demo2", "demo3"} {
			if n := p.world.quotaOf(kind, "app", OpenID(kind, "app", user), "template"); n != p.model.quota[kind+user] {
				rt.Fatalf("%s %s: %d allowed, want %d", kind, user, n, p.model.quota[kind+user])
			}
		}
	}
	person := &p.world.people[0]
	fen, set := p.world.holds(person, person.Enrolments[0], time.Unix(p.clock+1, 0))
	if set != p.model.set || set && fen != p.model.balance {
		rt.Fatalf("balance %v %t, want %v %t", fen, set, p.model.balance, p.model.set)
	}
}

func TestTokenHasAlwaysTimeLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := rapid.Int64Range(0, 1<<40).Draw(rt, "now")
		period, left := tokenNow(now)
		if left < 300 || left > tokenLife || now < period*tokenPeriod {
			rt.Fatalf("at %d: period %d, %d s left", now, period, left)
		}
		// The one before is given out no more, and valid for the first 300 s of this one's time.
		before := (period-1)*tokenPeriod + tokenLife
		if valid := now < before; valid != (now-period*tokenPeriod < 300) {
			rt.Fatalf("at %d the last token's validity is %t", now, valid)
		}
	})
}
