package linking_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
)

// slowRegistry takes its time over every question, and longer over people that it knows: it asks for their phone, too.
type slowRegistry struct {
	identity.Registry
	known, unknown time.Duration
}

func (r slowRegistry) Match(ctx context.Context, claim identity.Claim) (string, error) {
	phone, err := r.Registry.Match(ctx, claim)
	if err != nil {
		return phone, errors.Join(err, pause(ctx, r.unknown))
	}
	return phone, pause(ctx, r.known)
}

func (r slowRegistry) VerifyCard(ctx context.Context, _ identity.Claim, _, _ string) error {
	d := r.unknown
	_, err := r.Registry.Match(ctx, personA)
	if err == nil {
		d, err = r.known, identity.ErrMismatch
	}
	return errors.Join(err, pause(ctx, d))
}

type slowGateway struct {
	identity.CodeSender
	after func(phone string)
}

func (g slowGateway) SendCode(ctx context.Context, phone, code, request string) error {
	if err := pause(ctx, 10*time.Second); err != nil {
		return err
	}
	defer g.after(phone)
	return g.CodeSender.SendCode(ctx, phone, code, request)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// seen is all that a caller can see of an attempt, in the words of the API.
func seen(l *linking.Service, a *identity.Attempt, err error) string {
	text := ""
	if a != nil {
		state := a.State
		if state == identity.AttemptRequested {
			state = identity.AttemptWaiting // the API shows both as one
		}
		text = fmt.Sprint(state, a.Reason, " sends ", l.SendsLeft(a), " tries ", l.TriesLeft(a), " for ", l.ExpiresIn(a))
	}
	if err != nil {
		text += " " + err.Error()
	}
	var soon *identity.TooSoonError
	if errors.As(err, &soon) {
		text += " " + soon.RetryAfter.String()
	}
	var limit *identity.LimitError
	if errors.As(err, &limit) {
		text += " " + limit.RetryAfter.String()
	}
	return text
}

// besiege fills the queue of a region with starts for one claim, and notes for two minutes all that the attackers can see
// and when, with the time at which a code of their own arrives behind the others.
func besiege(t *testing.T, claim identity.Claim, prepare func(*world)) (notes []string) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(c *linking.Config) { c.CodesPerSecond, c.StartsPerAddress = 2, 1000 })
		ahead := time.Until(w.clock.Now()) // a bubble begins in the year 2000
		w.now = func() time.Time { return time.Now().Add(ahead) }
		prepare(w)
		begun := time.Now()
		note := func(what, text string) {
			notes = append(notes, fmt.Sprint(time.Since(begun), " ", what, ": ", text))
		}
		deps := w.deps(w.open(w.db))
		deps.Registry = slowRegistry{w.registry, 9 * time.Second, 3 * time.Second}
		var arrived atomic.Int64
		deps.Codes = slowGateway{w.phones, func(phone string) {
			if phone == phoneB {
				arrived.Store(int64(time.Since(begun)))
			}
		}}
		l, err := linking.New(w.config, deps)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = l.Run(ctx) })
		callers, ids := map[string]*identity.Caller{}, []string{}
		for i := range 64 {
			c := w.caller(fmt.Sprint("attacker-", i%16))
			a, err := l.Start(t.Context(), c, request(claim))
			if err != nil {
				t.Fatal(err)
			}
			callers[a.ID], ids = c, append(ids, a.ID)
			note("start", seen(l, a, nil))
		}
		if _, err := l.Start(t.Context(), w.caller("attacker-0"), request(personB)); err != nil {
			t.Fatal(err)
		}
		for second := range 120 {
			time.Sleep(time.Second)
			synctest.Wait()
			for _, n := range []int{0, 5, 20, 40, 63} {
				c, id := callers[ids[n]], ids[n]
				a, err := l.Attempt(t.Context(), c, id)
				note(fmt.Sprint("look at ", n), seen(l, a, err))
				a, err = l.Resend(t.Context(), c, id)
				note(fmt.Sprint("resend ", n), seen(l, a, err))
				if second%25 == n%25 {
					a, err = l.Prove(t.Context(), c, id, code("000000"))
					note(fmt.Sprint("prove ", n), seen(l, a, err))
				}
			}
		}
		note("the attackers' own code arrived", time.Duration(arrived.Load()).String())
		stop()
		running.Wait()
		l.Wait()
		if arrived.Load() == 0 {
			t.Error("no code arrived for somebody else in the region")
		}
	})
	return notes
}

// TestAttackLearnsNothingByTime fills a region's queue while upstream and gateway are slow. What the attackers see, and when,
// is the same for people who exist and for people who do not.
func TestAttackLearnsNothingByTime(t *testing.T) {
	t.Parallel()
	nothing := func(*world) {}
	want := besiege(t, nobody, nothing)
	mismatch := personA
	mismatch.Name = nobody.Name
	for name, c := range map[string]struct {
		claim   identity.Claim
		prepare func(*world)
	}{
		"matching":       {personA, nothing},
		"another's name": {mismatch, nothing},
		"no phone":       {personA, func(w *world) { w.registry.Add(personA, "") }},
		"budget used up": {personA, func(w *world) {
			for i := range 30 {
				w.start(t, w.caller(fmt.Sprint("earlier-", i)), personA)
			}
		}},
	} {
		got := besiege(t, c.claim, c.prepare)
		if len(got) != len(want) {
			t.Errorf("%s: %d notes, of an unknown person %d", name, len(got), len(want))
			continue
		}
		differ := 0
		for i := range want {
			if got[i] != want[i] {
				if differ++; differ <= 3 {
					t.Errorf("%s:\n got %s\nwant %s", name, got[i], want[i])
				}
			}
		}
		if differ > 3 {
			t.Errorf("%s: %d of %d notes differ", name, differ, len(want))
		}
	}
}

// TestAttackUsesUpNobodysCodes has two accounts ask ten times for codes to somebody's phone: the owner, new here, gets one. A
// whole crowd cannot keep one from an account that is linked to the person.
func TestAttackUsesUpNobodysCodes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	gets := func(who string) bool {
		before := len(w.phones.Inbox())
		w.start(t, w.caller(who), personA)
		return len(w.phones.Inbox()) > before
	}
	sent := 0
	for i := range 10 {
		if gets(fmt.Sprint("attacker-", i%2)) {
			sent++
		}
	}
	if sent == 0 || sent > w.config.SendsPerPhone/2 {
		t.Errorf("two strangers got %d codes sent", sent)
	}
	if !gets("owner") {
		t.Error("the owner gets no code")
	}
	w = newWorld(func(c *linking.Config) { c.StartsPerAddress, c.CodesPerSecond = 1000, 1_000_000 })
	first := w.link(t, "owner", personA, phoneA)
	w.link(t, "child", personA, phoneA)
	if err := w.linking.Unlink(t.Context(), w.caller("owner"), first.ID); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		gets(fmt.Sprint("crowd-", i))
	}
	if gets("crowd-41") {
		t.Error("the phone has no limit")
	}
	for _, who := range []string{"owner", "child"} {
		if !gets(who) {
			t.Errorf("%s, who is or was linked, gets no code", who)
		}
	}
	w.clock.Advance(time.Hour)
	if !gets("crowd-42") {
		t.Error("an hour later nobody new gets a code")
	}
	for i := range 400 {
		w.clock.Advance(5 * time.Minute)
		gets(fmt.Sprint("crowd-", 43+i))
	}
	if n := len(w.phones.Inbox()); n > 5*w.config.SendsPerPhone {
		t.Errorf("the phone got %d messages in a day and a half", n)
	}
}

// TestAttackLearnsNothingByTheTimeOfAWrongPassword: the upstream is fast about people that it does not know.
func TestAttackLearnsNothingByTheTimeOfAWrongPassword(t *testing.T) {
	t.Parallel()
	took := map[bool]time.Duration{}
	for _, known := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			if !known {
				w.registry.Remove(personA)
			}
			deps := w.deps(w.open(w.db))
			deps.Cards, deps.Step = slowRegistry{w.registry, 700 * time.Millisecond, 20 * time.Millisecond}, time.Second
			l, err := linking.New(w.config, deps)
			if err != nil {
				t.Fatal(err)
			}
			c := w.caller("user-1")
			a, err := l.Start(t.Context(), c, cardRequest(personA))
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if _, err := l.Prove(t.Context(), c, a.ID, wrongCard); !errors.Is(err, linking.ErrPasswordWrong) {
				t.Error(err)
			}
			took[known] = time.Since(begun)
		})
	}
	if took[true] != took[false] || took[true] != time.Second {
		t.Errorf("a wrong password takes %s, of an unknown person %s", took[true], took[false])
	}
}

// recordingDigests remembers the hashes of everything that looks like a code.
type recordingDigests struct {
	identity.Digests
	mu    sync.Mutex
	codes [][]byte
}

func (d *recordingDigests) Code(attemptID, code string) []byte {
	hash := d.Digests.Code(attemptID, code)
	if len(code) == 6 {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.codes = append(d.codes, hash)
	}
	return hash
}

// TestAttackGuessesNoCodeThatNeverLeft: where no message left, none of the million codes is right, and what is stored has
// the form that it has for everybody.
func TestAttackGuessesNoCodeThatNeverLeft(t *testing.T) {
	t.Parallel()
	mismatch := personA
	mismatch.Name = nobody.Name
	for name, c := range map[string]struct {
		claim   identity.Claim
		prepare func(*world)
		left    bool
	}{
		"sent":             {personA, func(*world) {}, true},
		"perhaps sent":     {personA, func(w *world) { w.phones.Fail(errors.New("no answer")) }, true},
		"gateway refuses":  {personA, func(w *world) { w.phones.Fail(identity.ErrNotSent) }, false},
		"upstream down":    {personA, func(w *world) { w.registry.Fail(errors.New("down")) }, false},
		"no phone":         {personA, func(w *world) { w.registry.Add(personA, "") }, false},
		"phone used up":    {personA, func(w *world) { w.config.SendsPerPhone = 0 }, false},
		"another's name":   {mismatch, func(*world) {}, false},
		"unknown":          {nobody, func(*world) {}, false},
		"not yet answered": {personA, func(w *world) { w.before(stopAt("link_attempts.find")) }, false},
		"too late":         {personA, func(w *world) { w.config.CodeTTL = 0 }, true},
	} {
		w := newWorld()
		c.prepare(w)
		digests := &recordingDigests{Digests: w.keys}
		deps := w.deps(w.open(w.db))
		deps.Digests = digests
		l, err := linking.New(w.config, deps)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Start(t.Context(), w.caller("user-1"), request(c.claim)); err != nil {
			t.Fatal(err)
		}
		l.Wait()
		w.before(nil)
		stored := w.contents().Attempts[0].Challenge.CodeHash
		right := slices.ContainsFunc(digests.codes, func(hash []byte) bool { return bytes.Equal(hash, stored) })
		if right != c.left || len(stored) != 32 {
			t.Errorf("%s: a code is right: %v; %d bytes are stored", name, right, len(stored))
		}
	}
}

func stopAt(command string) func(string) error {
	return func(next string) error {
		if next == command {
			return errKilled
		}
		return nil
	}
}

// TestAttackByManyAccountsIsSeen has 25 accounts guess at one person, who does not exist: the operator is alarmed, and each
// account sees what it would see alone.
func TestAttackByManyAccountsIsSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.StartsPerAddress, c.CodesPerSecond = 1000, 1_000_000 })
	var log bytes.Buffer
	deps := w.deps(w.open(w.db))
	deps.Log = slog.New(slog.NewTextHandler(&log, nil))
	l, err := linking.New(w.config, deps)
	if err != nil {
		t.Fatal(err)
	}
	for account := range 25 {
		c := w.caller(fmt.Sprint("attacker-", account))
		for range 2 {
			a, err := l.Start(t.Context(), c, request(nobody))
			if err != nil {
				t.Fatal(err)
			}
			l.Wait()
			for try := range 5 {
				got, err := l.Prove(t.Context(), c, a.ID, code("000000"))
				if !errors.Is(err, linking.ErrCodeWrong) || l.TriesLeft(got) != 4-try {
					t.Fatalf("account %d, try %d: %v", account, try, err)
				}
			}
		}
	}
	if w.alarms != 250/w.config.GuessAlarm || strings.Count(log.String(), "linking_guessing") != w.alarms {
		t.Errorf("%d alarms, log:\n%s", w.alarms, log.String())
	}
	if strings.Contains(log.String(), nobody.IDNumber) {
		t.Error("the alarm names the person")
	}
}
