package linking_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/identity"
	"yibao/identity/linking"
)

var errKilled = errors.New("killed")

// machine drives linking at random, kills the process at random database commands, and checks what must hold in between.
type machine struct {
	*world
	fuse     atomic.Int64 // commands until the kill; negative: none is planned
	after    bool         // the last command happens, and its answer is lost
	dead     atomic.Bool
	attempts []tracked
	entered  map[string]bool      // attempts into which the right code was put
	unlinked map[string]bool      // links whose end was acknowledged
	ended    map[string]time.Time // when a user last ended a link to a person, and was told so
}

type tracked struct {
	id, who string
	claim   identity.Claim
	method  identity.Method
}

func newMachine() *machine { return newMachineFor(3) }

// newMachineFor allows so many links to one person.
func newMachineFor(links int) *machine {
	m := &machine{
		world: newWorld(func(c *linking.Config) {
			c.SendsPerPair, c.SendsPerPhone, c.StartsPerUser, c.WrongPerPair = 1000, 1000, 1000, 1000
			c.LinksPerPerson, c.LinksPerUser = links, 3
			c.CodesPerSecond, c.SendsPerPhoneHourly = 1_000_000, 1000
		}),
		entered: map[string]bool{}, unlinked: map[string]bool{}, ended: map[string]time.Time{},
	}
	for _, claim := range []identity.Claim{personA, personB} {
		m.registry.Card(claim, cardOf(claim), "right")
	}
	m.fuse.Store(-1)
	m.hook()
	return m
}

func (m *machine) hook() {
	m.before(func(string) error { return m.burn(!m.after) })
	m.db.SetAfter(named(func(string) error { return m.burn(m.after) }))
}

// burn counts down at one side of the calls; once dead, nothing of the process happens any more.
func (m *machine) burn(here bool) error {
	if m.dead.Load() {
		return errKilled
	}
	if here && m.fuse.Load() >= 0 && m.fuse.Add(-1) < 0 {
		m.dead.Store(true)
		return errKilled
	}
	return nil
}

func (m *machine) restart() {
	m.linking.Wait()
	m.fuse.Store(-1)
	m.dead.Store(false)
	m.linking = m.process(m.db)
}

var (
	crowd = []string{"user-1", "user-2"}
	folk  = []identity.Claim{personA, personB, nobody}
	kin   = []identity.Relation{identity.Self, identity.Parent}
	line  = map[string]string{personA.IDNumber: phoneA, personB.IDNumber: phoneB}
)

func (m *machine) startAny(t *rapid.T) {
	who := rapid.SampledFrom(crowd).Draw(t, "who")
	claim := rapid.SampledFrom(folk).Draw(t, "person")
	r := request(claim)
	r.Relation = rapid.SampledFrom(kin).Draw(t, "relation")
	r.Address, r.Unattended = "", rapid.Bool().Draw(t, "unattended")
	r.Method = rapid.SampledFrom([]identity.Method{identity.SMSOnFile, identity.SMSOnFile, identity.CardPassword}).Draw(t, "method")
	if a, err := m.linking.Start(context.Background(), m.caller(who), r); err == nil {
		m.attempts = append(m.attempts, tracked{a.ID, who, claim, r.Method})
	}
	m.linking.Wait()
}

// pick takes one of the last attempts; while there is none it starts one instead.
func (m *machine) pick(t *rapid.T) (a tracked, ok bool) {
	if len(m.attempts) == 0 {
		m.startAny(t)
		return tracked{}, false
	}
	return m.attempts[len(m.attempts)-1-rapid.IntRange(0, min(2, len(m.attempts)-1)).Draw(t, "attempt")], true
}

func (m *machine) prove(t *rapid.T) {
	a, ok := m.pick(t)
	if !ok {
		return
	}
	sent := m.phones.Last(line[a.claim.IDNumber])
	guess := sent == "" || rapid.IntRange(0, 3).Draw(t, "guess") == 0
	answer := code(sent)
	switch {
	case a.method == identity.CardPassword && guess:
		answer = linking.Answer{CardNumber: cardOf(a.claim), Password: "wrong"}
	case a.method == identity.CardPassword:
		answer = linking.Answer{CardNumber: cardOf(a.claim), Password: "right"}
	case guess:
		answer = code(wrong(sent))
	}
	m.entered[a.id] = m.entered[a.id] || !guess
	_, _ = m.linking.Prove(context.Background(), m.caller(a.who), a.id, answer)
}

func cardOf(c identity.Claim) string { return "C" + c.IDNumber[10:] }

func (m *machine) resend(t *rapid.T) {
	a, ok := m.pick(t)
	if !ok {
		return
	}
	_, _ = m.linking.Resend(context.Background(), m.caller(a.who), a.id)
	m.linking.Wait()
}

func (m *machine) unlink(t *rapid.T) {
	c := m.caller(rapid.SampledFrom(crowd).Draw(t, "who"))
	if len(c.Links) == 0 {
		m.startAny(t) // there is no link to end yet
		return
	}
	m.end(m.linking, rapid.SampledFrom(c.Links).Draw(t, "link"), c)
}

// end ends a link, and notes what the user is told.
func (m *machine) end(l *linking.Service, link identity.Link, c *identity.Caller) {
	of := c.UserID + link.InsuredHash
	if l.Unlink(context.Background(), c, link.ID) == nil {
		m.unlinked[link.ID], m.ended[of] = true, m.clock.Now()
	}
}

// endOther has the person of one of the last attempts end somebody's link, if all places are taken.
func (m *machine) endOther(t *rapid.T) {
	a, ok := m.pick(t)
	if !ok {
		return
	}
	ctx, c := context.Background(), m.caller(a.who)
	attempt, err := m.linking.Attempt(ctx, c, a.id)
	if err != nil || attempt.State != identity.AttemptFull {
		return
	}
	others, err := m.linking.Others(ctx, attempt)
	if err != nil || len(others) == 0 {
		return
	}
	_, _ = m.linking.EndOther(ctx, c, a.id, others[0].ID)
}

func (m *machine) wait(t *rapid.T) {
	m.clock.Advance(time.Duration(rapid.SampledFrom([]int{1, 35, 61, 400}).Draw(t, "seconds")) * time.Second)
}

func (m *machine) plan(t *rapid.T) {
	if m.fuse.Load() < 0 && !m.dead.Load() {
		m.after = rapid.Bool().Draw(t, "answer lost")
		m.fuse.Store(int64(rapid.IntRange(0, 30).Draw(t, "commands")))
	}
}

func (m *machine) tick() {
	_ = m.linking.Tick(context.Background())
	m.linking.Wait()
}

// always holds at every moment, dead or alive.
func (m *machine) always(t rapid.TB) {
	c := m.contents()
	sends := 0
	for _, a := range c.Attempts {
		sends += a.Challenge.Sends
		if a.Tries > 5 || a.Challenge.Sends > 3 {
			t.Fatalf("%d tries, %d sends", a.Tries, a.Challenge.Sends)
		}
		if !m.entered[a.ID] && (a.State == identity.AttemptProved || a.State == identity.AttemptFull || a.State == identity.AttemptLinked) {
			t.Fatal("proved without the right code")
		}
	}
	if got := len(m.phones.Inbox()); got > sends {
		t.Fatalf("%d messages left, %d were counted", got, sends)
	}
	for _, p := range c.Persons {
		if len(p.Slots) > m.config.LinksPerPerson {
			t.Fatalf("%d links to one person", len(p.Slots))
		}
	}
	for _, u := range c.Users {
		seen := map[string]bool{}
		for _, l := range u.Links {
			if !m.entered["a"+strings.TrimPrefix(l.ID, "l")] {
				t.Fatal("a link without the right code")
			}
			if l.State != identity.LinkActive {
				continue
			}
			if seen[l.InsuredHash] || m.unlinked[l.ID] {
				t.Fatal("a link is there twice, or came back")
			}
			if l.Consent.At.Before(m.ended[u.ID+l.InsuredHash]) {
				t.Fatal("a consent from before the end is in force again")
			}
			seen[l.InsuredHash] = true
		}
	}
	if text, _ := json.Marshal(c); strings.Contains(string(text), phoneA) || strings.Contains(string(text), phoneB) {
		t.Fatal("an answer of the upstream was stored")
	}
}

// settled holds once a living process had the time to finish everything.
func (m *machine) settled(t rapid.TB) {
	m.restart()
	for range 4 {
		m.clock.Advance(time.Hour)
		m.tick()
	}
	c := m.contents()
	slots, of := map[string]identity.Slot{}, map[string]string{}
	for _, p := range c.Persons {
		for _, slot := range p.Slots {
			slots[slot.LinkID], of[slot.LinkID] = slot, p.ID
		}
	}
	links, people := 0, map[string]bool{}
	for _, u := range c.Users {
		for _, l := range u.Links {
			if l.State == identity.LinkEnded {
				continue
			}
			if slot, ok := slots[l.ID]; l.State != identity.LinkActive || !ok || of[l.ID] != l.PersonID || slot != l.Slot(u.ID) {
				t.Fatalf("link %s does not match its slot: %+v, %+v", l.State, l, slot)
			}
			if !m.followers.known[l.ID] {
				t.Fatal("the followers do not know a link")
			}
			links++
			people[l.PersonID] = true
		}
	}
	if len(slots) != links || len(m.followers.known) != links || len(m.db.IDs("persons")) != len(people) ||
		len(m.db.IDs("person_keys")) != len(people) || len(m.followers.shared) != len(people) {
		t.Fatalf("%d links, %d slots, followers know %d; %d people with links, %d stored, %d keys, followers keep %d", links,
			len(slots), len(m.followers.known), len(people), len(m.db.IDs("persons")), len(m.db.IDs("person_keys")),
			len(m.followers.shared))
	}
	for _, a := range c.Attempts {
		over := a.State == identity.AttemptLinked || a.State == identity.AttemptFailed
		if !over || a.Claim.Name != "" || a.Claim.IDNumber != "" || a.Challenge.CodeHash != nil {
			t.Fatalf("attempt %s is not over", a.State)
		}
	}
}

// TestLinkingSurvivesKills is the property of the whole package: killed at any database command, before or after it,
// any number of times, linking ends with links, slots, persons, attempts and followers that agree.
func TestLinkingSurvivesKills(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMachineFor(rapid.SampledFrom([]int{1, 3}).Draw(t, "links to one person"))
		t.Repeat(map[string]func(*rapid.T){
			"start":    m.startAny,
			"prove":    m.prove,
			"prove2":   m.prove,
			"resend":   m.resend,
			"unlink":   m.unlink,
			"others":   m.endOther,
			"wait":     m.wait,
			"tick":     func(*rapid.T) { m.tick() },
			"kill":     m.plan,
			"restart":  func(*rapid.T) { m.restart() },
			"upstream": func(t *rapid.T) { m.registry.Fail(rapid.SampledFrom([]error{nil, errKilled}).Draw(t, "down")) },
			"":         func(t *rapid.T) { m.always(t) },
		})
		m.registry.Fail(nil)
		m.settled(t)
	})
}

// TestKilledAtEveryStep walks one link and its end, once for every database command at which the process can die; then a new
// process walks on from there, as a user would who asks again.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		m.after = rapid.Bool().Draw(t, "answer lost")
		m.fuse.Store(int64(rapid.IntRange(0, 120).Draw(t, "commands")))
		m.story()
		m.always(t)
		m.settled(t)
		m.story()
		m.settled(t)
		if m.left() != 0 {
			t.Fatal("something stayed after the end")
		}
	})
}

// story links a person, as self, and ends the user's links.
func (m *machine) story() {
	ctx := context.Background()
	r := request(personA)
	r.Relation = identity.Self
	if a, err := m.linking.Start(ctx, m.caller("user-1"), r); err == nil {
		m.linking.Wait()
		m.entered[a.ID] = true
		_, _ = m.linking.Prove(ctx, m.caller("user-1"), a.ID, code(m.phones.Last(phoneA)))
	}
	for _, l := range m.caller("user-1").Links {
		m.end(m.linking, l, m.caller("user-1"))
	}
}

// TestRenewalSurvivesKills links somebody again, with another consent and another relation, and ends the process once at
// every database command; then the upstream stays away, or no longer knows the person, until the attempt is given up. The link
// that was in force is so still, with its slot, its person and what was kept of it, and is wholly as before or wholly new.
func TestRenewalSurvivesKills(t *testing.T) {
	t.Parallel()
	for _, change := range [][2]identity.Relation{
		{identity.Self, identity.Self}, {identity.Self, identity.Parent}, {identity.Parent, identity.Self},
	} {
		for _, lost := range []bool{false, true} {
			for _, away := range []error{identity.ErrUpstreamUnavailable, identity.ErrNotEnrolled} {
				calls := 0
				for renewalKilled(t, change, calls, lost, away) {
					calls++
				}
				if calls < 10 {
					t.Errorf("only %d calls tried", calls)
				}
			}
		}
	}
}

// renewalKilled says whether the process died before the renewal had ended.
func renewalKilled(t *testing.T, change [2]identity.Relation, calls int, lost bool, away error) bool {
	m := newMachine()
	first := m.linkAs(change[0], true)
	m.clock.Advance(time.Hour)
	m.after = lost
	m.fuse.Store(int64(calls))
	m.linkAs(change[1], false)
	m.always(t)
	killed := m.dead.Load()
	m.restart()
	m.registry.Fail(away)
	m.settled(t)
	links := m.caller("user-1").Links
	if len(links) != 1 || links[0].ID != first.ID || !links[0].Since.Equal(first.Since) || !m.followers.known[first.ID] {
		t.Fatalf("killed after %d calls: of the link in force came %+v", calls, links)
	}
	is := links[0]
	renewed := is.AttemptID != first.AttemptID
	if is.Consent.Unattended == renewed || is.Consent.At.Equal(first.Consent.At) == renewed ||
		is.Relation != change[map[bool]int{true: 1}[renewed]] {
		t.Fatalf("killed after %d calls: half renewed: %+v", calls, is)
	}
	for _, a := range m.contents().Attempts {
		if a.ID != first.AttemptID && (a.State == identity.AttemptLinked) != (a.ID == is.AttemptID) {
			t.Fatalf("killed after %d calls: the attempt is %s", calls, a.State)
		}
	}
	return killed
}

// linkAs links personA to user-1, as far as the process lives, and returns the user's only link.
func (m *machine) linkAs(relation identity.Relation, unattended bool) identity.Link {
	ctx := context.Background()
	r := request(personA)
	r.Relation, r.Unattended = relation, unattended
	if a, err := m.linking.Start(ctx, m.caller("user-1"), r); err == nil {
		m.linking.Wait()
		m.entered[a.ID] = true
		_, _ = m.linking.Prove(ctx, m.caller("user-1"), a.ID, code(m.phones.Last(phoneA)))
	}
	return m.caller("user-1").Links[0]
}

// TestUnlinkDuringRenewal stalls a renewal before each of its database commands, and ends the link wholly meanwhile.
func TestUnlinkDuringRenewal(t *testing.T) {
	t.Parallel()
	calls := 0
	for at := 0; at <= calls; at++ {
		m := newMachine()
		first := m.linkAs(identity.Parent, true)
		m.clock.Advance(time.Hour)
		seen := m.meanwhile(at, func() {
			m.clock.Advance(time.Second)
			m.end(m.another(), first, m.caller("user-1"))
		})
		r := request(personA)
		r.Relation, r.Unattended = identity.Self, false
		c := m.caller("user-1")
		if a, err := m.linking.Start(t.Context(), c, r); err == nil {
			m.linking.Wait()
			m.entered[a.ID] = true
			_, _ = m.linking.Prove(t.Context(), c, a.ID, code(m.phones.Last(phoneA)))
		}
		calls = seen() - 1
		m.always(t)
		m.settled(t)
		m.always(t)
		if calls >= at && (!m.unlinked[first.ID] || len(m.caller("user-1").Links) != 0) {
			t.Errorf("at call %d: the link did not end", at)
		}
	}
	if calls < 20 {
		t.Errorf("only %d places tried", calls)
	}
}

// TestOvertakenRenewalIsKilled stalls a renewal before each of its database commands, lets a newer one finish wholly meanwhile,
// and kills the older a few calls later; then the upstream stays away. Link and slot hold the newer consent.
func TestOvertakenRenewalIsKilled(t *testing.T) {
	t.Parallel()
	calls := 0
	for at := 0; at <= calls; at++ {
		for fuse := range int64(5) {
			for _, lost := range []bool{false, true} {
				for _, newer := range []identity.Relation{identity.Child, identity.Self} {
					calls = max(calls, renewalOvertaken(t, newer, at, fuse, lost))
				}
			}
		}
	}
	if calls < 10 {
		t.Errorf("only %d places tried", calls)
	}
}

// renewalOvertaken answers how many calls the older renewal came to.
func renewalOvertaken(t *testing.T, relation identity.Relation, at int, fuse int64, lost bool) int {
	m := newMachine()
	m.after = lost
	m.linkAs(identity.Spouse, true)
	m.clock.Advance(time.Hour)
	c := m.caller("user-1")
	older, olderCode := m.startAs(t, c, identity.Parent, true)
	m.clock.Advance(time.Minute)
	newer, newerCode := m.startAs(t, c, relation, false)
	seen := 0
	m.before(func(string) error {
		if seen++; seen == at+1 {
			if _, err := m.another().Prove(t.Context(), c, newer, code(newerCode)); err != nil {
				t.Error(err)
			}
			m.fuse.Store(fuse)
		}
		return m.burn(!m.after)
	})
	_, _ = m.linking.Prove(t.Context(), c, older, code(olderCode))
	m.hook()
	m.always(t)
	m.registry.Fail(identity.ErrUpstreamUnavailable)
	m.settled(t)
	if l := m.caller("user-1").Links[0]; seen > at && (l.Relation != relation || l.Consent.Unattended) {
		t.Errorf("at call %d, killed %d later: the older consent is in force: %+v", at, fuse, l)
	}
	return seen - 1
}

// startAs starts to link personA, and returns the attempt's id and its code.
func (m *machine) startAs(t *testing.T, c *identity.Caller, relation identity.Relation, unattended bool) (id, code string) {
	t.Helper()
	r := request(personA)
	r.Relation, r.Unattended = relation, unattended
	a, err := m.linking.Start(t.Context(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	m.linking.Wait()
	m.entered[a.ID] = true
	return a.ID, m.phones.Last(phoneA)
}

// TestUnlinkAfterKilledRenewal kills a renewal after any of its database commands, has another renewal finish or not, and ends
// the link: no consent from before makes a link again, whatever Run finds.
func TestUnlinkAfterKilledRenewal(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		calls := 0
		for unlinkedAfterKill(t, calls, again) {
			calls++
		}
		if calls < 10 {
			t.Errorf("only %d calls tried", calls)
		}
	}
}

// unlinkedAfterKill says whether the process died before the first renewal had ended.
func unlinkedAfterKill(t *testing.T, calls int, again bool) bool {
	m := newMachine()
	first := m.linkAs(identity.Self, true)
	m.clock.Advance(time.Hour)
	m.fuse.Store(int64(calls))
	m.linkAs(identity.Parent, false)
	killed := m.dead.Load()
	m.restart()
	m.clock.Advance(5 * time.Second)
	if again {
		m.linkAs(identity.Spouse, false)
		m.clock.Advance(5 * time.Second)
	}
	m.end(m.linking, first, m.caller("user-1"))
	m.settled(t)
	m.always(t)
	if links := m.caller("user-1").Links; len(links) != 0 {
		t.Errorf("killed after %d calls, renewed again %v: linked again as %s", calls, again, links[0].Relation)
	}
	return killed
}
