package linking_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
)

var (
	rightCard = linking.Answer{CardNumber: "C1234567", Password: "s3cret-word"}
	wrongCard = linking.Answer{CardNumber: "C1234567", Password: "guess"}
)

func cardRequest(claim identity.Claim) linking.Request {
	r := request(claim)
	r.Method = identity.CardPassword
	return r
}

func newCardWorld(change ...func(*linking.Config)) *world {
	w := newWorld(change...)
	w.registry.Card(personA, rightCard.CardNumber, rightCard.Password)
	return w
}

func (w *world) startCard(t *testing.T, c *identity.Caller, claim identity.Claim) *identity.Attempt {
	t.Helper()
	a, err := w.linking.Start(t.Context(), c, cardRequest(claim))
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	return a
}

func TestCardPasswordLinks(t *testing.T) {
	t.Parallel()
	w := newCardWorld()
	c := w.caller("user-1")
	a := w.startCard(t, c, personA)
	if a.State != identity.AttemptWaiting || w.linking.SendsLeft(a) != 0 || len(w.phones.Inbox()) != 0 {
		t.Errorf("started: %s, %d sends, %d messages", a.State, w.linking.SendsLeft(a), len(w.phones.Inbox()))
	}
	if _, err := w.linking.Resend(t.Context(), c, a.ID); !errors.Is(err, identity.ErrNotOffered) {
		t.Errorf("resend: %v", err)
	}
	done, err := w.linking.Prove(t.Context(), c, a.ID, linking.Answer{CardNumber: "ｃ123 4567 ", Password: rightCard.Password})
	if err != nil || done.State != identity.AttemptLinked {
		t.Fatalf("%+v, %v", done, err)
	}
	if l := w.caller("user-1").Links[0]; l.Method != identity.CardPassword || l.Assurance != identity.AssuranceCardPassword {
		t.Errorf("link %+v", l)
	}
}

// TestWrongPasswordsAreCounted: like wrong codes, by attempt and by pair, also when many replicas are asked at once.
func TestWrongPasswordsAreCounted(t *testing.T) {
	t.Parallel()
	w := newCardWorld(func(c *linking.Config) { c.WrongPerPair = 7 })
	c := w.caller("user-1")
	a := w.startCard(t, c, personA)
	for _, incomplete := range []linking.Answer{{}, {Code: "123456"}, {CardNumber: "C1"}, {Password: "p"},
		{CardNumber: strings.Repeat("1", 33), Password: "p"}, {CardNumber: "1", Password: strings.Repeat("p", 65)}} {
		if got, err := w.linking.Prove(t.Context(), c, a.ID, incomplete); !errors.Is(err, linking.ErrPasswordWrong) || got.Tries != 0 {
			t.Errorf("%+v cost a try: %v", incomplete, err)
		}
	}
	asked := w.registry.Asked()
	var mu sync.Mutex
	answers := map[error]int{}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := w.another().Prove(t.Context(), c, a.ID, wrongCard)
			mu.Lock()
			defer mu.Unlock()
			answers[err]++
		})
	}
	all.Wait()
	if answers[linking.ErrPasswordWrong] != 5 || answers[identity.ErrAttemptOver] != 15 || w.registry.Asked()-asked != 5 {
		t.Errorf("answers %v, asked %d times", answers, w.registry.Asked()-asked)
	}
	if _, err := w.linking.Prove(t.Context(), c, a.ID, rightCard); !errors.Is(err, identity.ErrAttemptOver) {
		t.Errorf("the right password after five wrong ones: %v", err)
	}
	b := w.startCard(t, c, personA)
	for range 2 {
		if _, err := w.linking.Prove(t.Context(), c, b.ID, wrongCard); !errors.Is(err, linking.ErrPasswordWrong) {
			t.Error(err)
		}
	}
	var limit *identity.LimitError
	got, err := w.linking.Prove(t.Context(), c, b.ID, rightCard)
	if !errors.As(err, &limit) {
		t.Errorf("the pair is not locked: %+v, %v", got, err)
	}
	if stored, _ := w.linking.Attempt(t.Context(), c, b.ID); w.linking.TriesLeft(stored) != 3 {
		t.Errorf("a refusal by the limit cost a try: %d left", w.linking.TriesLeft(stored))
	}
}

// TestNoAnswerCostsNoTry: while the upstream is away, neither the attempt nor the pair loses a try.
func TestNoAnswerCostsNoTry(t *testing.T) {
	t.Parallel()
	w := newCardWorld()
	c := w.caller("user-1")
	a := w.startCard(t, c, personA)
	w.registry.Fail(errors.New("down"))
	for range 30 {
		if _, err := w.linking.Prove(t.Context(), c, a.ID, rightCard); !errors.Is(err, identity.ErrUpstreamUnavailable) {
			t.Fatal(err)
		}
	}
	w.registry.Fail(nil)
	if got, err := w.linking.Prove(t.Context(), c, a.ID, rightCard); err != nil || got.State != identity.AttemptLinked {
		t.Errorf("%+v, %v", got, err)
	}
	for key, n := range hits(w) {
		if strings.HasPrefix(key, "wrong:") && n != 0 {
			t.Errorf("%d guesses stay counted", n)
		}
	}
}

// TestPasswordIsNowhere looks for card number and password in the database and in the log.
func TestPasswordIsNowhere(t *testing.T) {
	t.Parallel()
	w := newCardWorld()
	var log bytes.Buffer
	deps := w.deps(w.open(w.db))
	deps.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	l, err := linking.New(w.config, deps)
	if err != nil {
		t.Fatal(err)
	}
	w.linking = l
	c := w.caller("user-1")
	a := w.startCard(t, c, personA)
	for _, answer := range []linking.Answer{wrongCard, rightCard} {
		w.registry.Fail(errors.New("down: " + answer.Password))
		_, _ = l.Prove(t.Context(), c, a.ID, answer)
		w.registry.Fail(nil)
		_, _ = l.Prove(t.Context(), c, a.ID, answer)
	}
	if log.Len() == 0 {
		t.Error("the failing upstream is not logged")
	}
	stored, err := json.Marshal(w.contents())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{rightCard.CardNumber, rightCard.Password, wrongCard.Password} {
		if strings.Contains(log.String(), secret) || strings.Contains(string(stored), secret) {
			t.Error("the answer is logged or stored")
		}
		for _, collection := range []string{"link_attempts", "platform_users", "persons", "counters"} {
			for _, raw := range w.db.Documents(collection) {
				if bytes.Contains(raw, []byte(secret)) {
					t.Errorf("the answer is stored in %s", collection)
				}
			}
		}
	}
}

// TestCardTellsNobodyWhoExists: an unknown person, another name and a wrong password are the same, to the last command.
func TestCardTellsNobodyWhoExists(t *testing.T) {
	t.Parallel()
	var want []string
	var wantCounts int
	for name, claim := range kinds() {
		w := newCardWorld()
		c := w.caller("user-1")
		w.db.ResetCounts()
		a := w.startCard(t, c, claim)
		notes := []string{shape(t, w.linking, a)}
		for range 6 {
			got, err := w.linking.Prove(t.Context(), c, a.ID, wrongCard)
			note := err.Error()
			if got != nil {
				note += shape(t, w.linking, got)
			}
			notes = append(notes, note)
		}
		counts := total(w.db.Counts())
		if want == nil {
			want, wantCounts = notes, counts
		}
		if strings.Join(notes, "\n") != strings.Join(want, "\n") || counts != wantCounts {
			t.Errorf("%s: %d commands, want %d\n%s\nwant\n%s", name, counts, wantCounts, notes, want)
		}
	}
}

// TestASurerProofCounts links by card, then by SMS, then by card again.
func TestASurerProofCounts(t *testing.T) {
	t.Parallel()
	w := newCardWorld()
	c := w.caller("user-1")
	by := func(method identity.Method, answer func() linking.Answer) identity.Link {
		w.clock.Advance(time.Minute)
		r := request(personA)
		r.Method = method
		a, err := w.linking.Start(t.Context(), c, r)
		if err != nil {
			t.Fatal(err)
		}
		w.linking.Wait()
		if _, err := w.linking.Prove(t.Context(), c, a.ID, answer()); err != nil {
			t.Fatal(err)
		}
		return w.caller("user-1").Links[0]
	}
	card := func() linking.Answer { return rightCard }
	sms := func() linking.Answer { return code(w.phones.Last(phoneA)) }
	for _, step := range []struct {
		method identity.Method
		answer func() linking.Answer
		want   identity.Assurance
	}{
		{identity.CardPassword, card, identity.AssuranceCardPassword}, {identity.SMSOnFile, sms, identity.AssuranceSMS},
		{identity.CardPassword, card, identity.AssuranceSMS},
	} {
		if l := by(step.method, step.answer); l.Assurance != step.want {
			t.Errorf("after %s: assurance %d, want %d", step.method, l.Assurance, step.want)
		}
	}
}
