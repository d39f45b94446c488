package linking_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/document"
	"yibao/identity/linking"
	"yibao/store/memory"
)

func TestLinkAndUnlink(t *testing.T) {
	t.Parallel()
	w := newWorld()
	l := w.link(t, "user-1", personA, phoneA)
	if l.Region != region || l.Relation != identity.Parent || l.Assurance != identity.AssuranceSMS ||
		l.MaskedName != "测*甲" || !strings.HasPrefix(l.MaskedIDNumber, "1****") || !l.Consent.Unattended ||
		l.Consent.Version != consent || len(l.Consent.TextHash) != 64 || l.Consent.Guardian {
		t.Errorf("link %+v", l)
	}
	about := identity.Claim{Region: region, IDType: personA.IDType, IDNumber: personA.IDNumber}
	if l.Consent.Proof == "" || l.Consent.Proof != memory.Keys().ConsentProof(identity.ConsentParts(w.caller("user-1").UserID, about, l.Consent)...) {
		t.Error("the consent's proof does not cover who consented to what")
	}
	if !w.followers.known[l.ID] {
		t.Error("the followers were not told")
	}
	if err := w.linking.Unlink(t.Context(), w.caller("user-2"), l.ID); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("another's link: got %v", err)
	}
	if err := w.linking.Unlink(t.Context(), w.caller("user-1"), l.ID); err != nil {
		t.Fatal(err)
	}
	c := w.contents()
	if n := w.left(); n != 0 || len(w.caller("user-1").Links) != 0 {
		t.Errorf("%d things of persons stayed", n)
	}
	for _, a := range c.Attempts {
		if a.Claim != (identity.Claim{Region: region}) || a.InsuredHash != "" || a.Challenge.CodeHash != nil {
			t.Error("the attempt still names the person")
		}
	}
	if err := w.linking.Unlink(t.Context(), w.caller("user-1"), l.ID); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("twice: got %v", err)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*linking.Request)
		want   error
	}{
		"region":       {func(r *linking.Request) { r.Region = "99010" }, identity.ErrNotOffered},
		"no method":    {func(r *linking.Request) { r.Region = "990300" }, identity.ErrNotOffered},
		"method":       {func(r *linking.Request) { r.Method = "face" }, identity.ErrNotOffered},
		"relation":     {func(r *linking.Request) { r.Relation = "boss" }, identity.ErrNotOffered},
		"name":         {func(r *linking.Request) { r.Name = "1" }, document.ErrName},
		"number":       {func(r *linking.Request) { r.IDNumber = "110105194912310021" }, document.ErrNumber},
		"unborn":       {func(r *linking.Request) { r.IDNumber = number("99010020300101001") }, document.ErrNumber},
		"consent":      {func(r *linking.Request) { r.ConsentVersion = "v0" }, identity.ErrConsentMissing},
		"no consent":   {func(r *linking.Request) { r.ConsentVersion = "" }, identity.ErrConsentMissing},
		"minor":        {func(r *linking.Request) { r.IDNumber = minor.IDNumber }, identity.ErrGuardian},
		"minor itself": {asMinor(identity.Self), identity.ErrGuardian},
		"minor spouse": {asMinor(identity.Spouse), identity.ErrGuardian},
		"minor parent": {asMinor(identity.Parent), identity.ErrGuardian},
		"minor by the social security card": {func(r *linking.Request) {
			r.IDType, r.IDNumber, r.Relation = "90", minor.IDNumber, identity.Self
		}, identity.ErrGuardian},
		"minor with a permanent residence card": {func(r *linking.Request) {
			r.IDType, r.IDNumber = document.PermanentResident, "911840202004040049"
		}, identity.ErrGuardian},
		"minor with the card of before": {func(r *linking.Request) {
			r.IDType, r.IDNumber = document.PermanentResident, "USA310020040412"
		}, identity.ErrGuardian},
		"minor on the 14th birthday": {func(r *linking.Request) { r.IDNumber = number("99010020120301003") }, identity.ErrGuardian},
		"kind":                       {func(r *linking.Request) { r.IDType = "50" }, document.ErrNumber},
	} {
		w := newWorld()
		r := request(personA)
		c.change(&r)
		if _, err := w.linking.Start(t.Context(), w.caller("user-1"), r); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
		if got := w.contents(); len(got.Attempts)+len(got.Counters) != 0 {
			t.Errorf("%s: something was written", name)
		}
	}
}

func asMinor(relation identity.Relation) func(*linking.Request) {
	return func(r *linking.Request) {
		r.IDNumber, r.Guardian, r.Relation = minor.IDNumber, true, relation
	}
}

func TestGuardianLinksChild(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, relation := range []identity.Relation{identity.Child, identity.Other} {
		r := request(minor)
		r.Guardian, r.Relation = true, relation
		a, err := w.linking.Start(t.Context(), w.caller("user-1"), r)
		w.linking.Wait()
		if err != nil || !a.Consent.Guardian {
			t.Errorf("%s: %v", relation, err)
		}
	}
	r := request(personA)
	r.Guardian = true
	if a, err := w.linking.Start(t.Context(), w.caller("user-1"), r); err != nil || a.Consent.Guardian {
		t.Errorf("an adult got a guardian: %v", err)
	}
	w.linking.Wait()
}

// TestAgeIsReachedTheDayAfter: who had the 14th birthday yesterday consents alone.
func TestAgeIsReachedTheDayAfter(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := request(personA)
	r.IDNumber = number("99010020120228003")
	if a, err := w.linking.Start(t.Context(), w.caller("user-1"), r); err != nil || a.Consent.Guardian {
		t.Error(err)
	}
	w.linking.Wait()
}

func TestStartRefusesAnotherApp(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.caller("user-1")
	c.App = "other"
	if _, err := w.linking.Start(t.Context(), c, request(personA)); !errors.Is(err, identity.ErrNotOffered) {
		t.Errorf("got %v", err)
	}
}

// TestOnePersonUnderEveryKind links one resident number as two kinds of document: one person, and one count of codes.
func TestOnePersonUnderEveryKind(t *testing.T) {
	t.Parallel()
	w := newWorld()
	card := personA
	card.IDType = "90"
	first, second := w.link(t, "user-1", personA, phoneA), w.link(t, "user-2", card, phoneA)
	if first.PersonID != second.PersonID || len(w.contents().Persons) != 1 {
		t.Error("one number is two persons")
	}
	w.start(t, w.caller("user-1"), card)
	for _, c := range w.contents().Counters {
		if strings.HasPrefix(c.Key, "sends:"+w.caller("user-1").UserID) && len(c.Hits) != 2 {
			t.Error("another kind of document has a count of its own")
		}
	}
}

// kinds are the three people that a stranger must not tell apart.
func kinds() map[string]identity.Claim {
	mismatch := personA
	mismatch.Name = nobody.Name
	return map[string]identity.Claim{"matching": personA, "mismatching": mismatch, "unknown": nobody}
}

// shape is all that can be seen of an attempt but what names it or what its owner typed.
func shape(t testing.TB, l *linking.Service, a *identity.Attempt) string {
	t.Helper()
	c := *a
	c.ID, c.LinkID, c.InsuredHash, c.Claim = "", "", "", identity.Claim{}
	if len(c.Challenge.CodeHash) > 0 {
		c.Challenge.CodeHash = make([]byte, len(c.Challenge.CodeHash))
	}
	text, err := json.Marshal(map[string]any{
		"attempt": c, "sends": l.SendsLeft(a), "tries": l.TriesLeft(a), "expires": l.ExpiresIn(a),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// walk takes an attempt through start, wrong codes and resends, and notes everything that can be told.
func walk(t testing.TB, claim identity.Claim) (notes []string, calls map[string]int, counters int) {
	w := newWorld()
	c := w.caller("user-1")
	w.db.ResetCounts()
	note := func(a *identity.Attempt, err error) {
		w.linking.Wait()
		line := ""
		if a != nil {
			line = shape(t, w.linking, a)
		}
		var limit *identity.LimitError
		if errors.As(err, &limit) {
			line += limit.RetryAfter.String()
		}
		var soon *identity.TooSoonError
		if errors.As(err, &soon) {
			line += soon.RetryAfter.String()
		}
		if err != nil {
			line += err.Error()
		}
		notes = append(notes, line)
	}
	a := w.start(t, c, claim)
	note(a, nil)
	note(w.linking.Attempt(t.Context(), c, a.ID))
	for range 2 {
		note(w.linking.Prove(t.Context(), c, a.ID, code(wrong(w.phones.Last(phoneA)))))
		note(w.linking.Resend(t.Context(), c, a.ID))
		w.clock.Advance(time.Minute)
		note(w.linking.Resend(t.Context(), c, a.ID))
	}
	w.clock.Advance(time.Minute)
	note(w.linking.Resend(t.Context(), c, a.ID))
	for range 4 {
		note(w.linking.Prove(t.Context(), c, a.ID, code(wrong(w.phones.Last(phoneA)))))
	}
	note(w.linking.Attempt(t.Context(), c, a.ID))
	return notes, w.db.Counts(), len(w.contents().Counters)
}

func TestNothingTellsWhetherThePersonExists(t *testing.T) {
	t.Parallel()
	want, wantCalls, wantCounters := walk(t, personA)
	for name, claim := range kinds() {
		notes, calls, counters := walk(t, claim)
		for i := range want {
			if notes[i] != want[i] {
				t.Errorf("%s, step %d:\n got %s\nwant %s", name, i, notes[i], want[i])
			}
		}
		if !maps.Equal(calls, wantCalls) || counters != wantCounters {
			t.Errorf("%s: calls %v counters %d, want %v, %d", name, calls, counters, wantCalls, wantCounters)
		}
	}
}

func TestOnlyTheMatchingPersonGetsAMessage(t *testing.T) {
	t.Parallel()
	for name, claim := range kinds() {
		w := newWorld()
		a := w.start(t, w.caller("user-1"), claim)
		if got, want := len(w.phones.Inbox()), map[bool]int{true: 1}[name == "matching"]; got != want {
			t.Errorf("%s: %d messages", name, got)
		}
		stored, err := json.Marshal(w.contents())
		if err != nil || strings.Contains(string(stored), phoneA) || strings.Contains(string(stored), "000001") {
			t.Errorf("%s: the upstream's answer was stored", name)
		}
		if stored := w.contents().Attempts[0]; stored.State != identity.AttemptWaiting || a.Challenge.Sends != 1 {
			t.Errorf("%s: state %s", name, stored.State)
		}
	}
}

func TestUpstreamDownLooksTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.registry.Fail(identity.ErrUpstreamUnavailable)
	w.start(t, w.caller("user-1"), personA)
	if a := w.contents().Attempts[0]; a.State != identity.AttemptWaiting || len(w.phones.Inbox()) != 0 {
		t.Errorf("state %s, %d messages", a.State, len(w.phones.Inbox()))
	}
}

func TestForeignAttemptsAreUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.start(t, w.caller("user-1"), personA)
	other := w.caller("user-2")
	for _, id := range []string{a.ID, "", "unknown", strings.Repeat("x", 300)} {
		_, err1 := w.linking.Attempt(t.Context(), other, id)
		_, err2 := w.linking.Resend(t.Context(), other, id)
		_, err3 := w.linking.Prove(t.Context(), other, id, code(w.phones.Last(phoneA)))
		for _, err := range []error{err1, err2, err3} {
			if !errors.Is(err, identity.ErrNoSuchAttempt) {
				t.Errorf("got %v", err)
			}
		}
	}
}

func TestLogsNothingPersonal(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var log bytes.Buffer
	w.registry.Fail(errors.New(personA.Name + personA.IDNumber))
	deps := w.deps(w.peek)
	deps.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	l, err := linking.New(w.config, deps)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Start(t.Context(), w.caller("user-1"), request(personA)); err != nil {
		t.Fatal(err)
	}
	l.Wait()
	if log.Len() == 0 {
		t.Error("the failing upstream is not logged")
	}
	for _, secret := range []string{personA.Name, personA.IDNumber, "user-1"} {
		if strings.Contains(log.String(), secret) {
			t.Error("the log holds something personal")
		}
	}
}

func TestNewLinkingChecks(t *testing.T) {
	t.Parallel()
	w := newWorld()
	if _, err := linking.New(w.config, linking.Deps{}); err == nil {
		t.Error("no store was taken")
	}
	deps := w.deps(w.peek)
	if _, err := linking.New(w.config, deps); err != nil {
		t.Error(err)
	}
	deps.Consent.Text = ""
	if _, err := linking.New(w.config, deps); err == nil {
		t.Error("no consent text was taken")
	}
}

// TestEachRegionKeepsItsSpelling links one person in two regions that spell the name differently: neither link takes the
// other's name, and a changed spelling takes the place of its own region's.
func TestEachRegionKeepsItsSpelling(t *testing.T) {
	t.Parallel()
	w := newWorld()
	here, there := personA, personA
	here.Name, there.Name, there.Region = "阿依古丽·测试", "阿依古丽测试", "990200"
	w.registry.Add(here, phoneA)
	w.registry.Add(there, phoneB)
	w.link(t, "user-1", here, phoneA)
	w.link(t, "user-2", there, phoneB)
	p := w.contents().Persons[0]
	if p.Names[here.Region] != here.Name || p.Names[there.Region] != there.Name {
		t.Errorf("names %q and %q", p.Names[here.Region], p.Names[there.Region])
	}
	here.Name, there.Name = there.Name, here.Name
	w.registry.Add(here, phoneA)
	w.link(t, "user-1", here, phoneA)
	if p = w.contents().Persons[0]; p.Names[here.Region] != here.Name || p.Names[there.Region] != here.Name {
		t.Errorf("after a change, names %q and %q", p.Names[here.Region], p.Names[there.Region])
	}
}

// TestLinkedAgainAsAnother links a person that the user has already, with another relation: the link becomes that.
func TestLinkedAgainAsAnother(t *testing.T) {
	t.Parallel()
	w := newWorld()
	as := func(relation identity.Relation) identity.Link {
		w.clock.Advance(time.Hour)
		r := request(personA)
		r.Relation = relation
		a, err := w.linking.Start(t.Context(), w.caller("user-1"), r)
		if err != nil {
			t.Fatal(err)
		}
		w.linking.Wait()
		done, err := w.linking.Prove(t.Context(), w.caller("user-1"), a.ID, code(w.phones.Last(phoneA)))
		if err != nil || done.State != identity.AttemptLinked {
			t.Fatal(done, err)
		}
		l, err := w.caller("user-1").Link(done.LinkID)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := as(identity.Child)
	for _, relation := range []identity.Relation{identity.Self, identity.Spouse, identity.Self, identity.Other} {
		l := as(relation)
		now := w.clock.Now()
		if l.ID != first.ID || l.Relation != relation || !l.Since.Equal(first.Since) || !l.Consent.At.Equal(now) {
			t.Errorf("as %s: %+v", relation, l)
		}
		c := w.contents()
		if len(c.Slots) != 1 || c.Slots[0].LinkID != l.ID || !c.Slots[0].ConsentAt.Equal(now) {
			t.Errorf("as %s: slots %+v", relation, c.Slots)
		}
	}
}

// TestAnotherRelationRestsOnItsOwnProof: what was proved more surely was proved as somebody else.
func TestAnotherRelationRestsOnItsOwnProof(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		relation identity.Relation
		want     identity.Assurance
	}{{identity.Parent, identity.AssuranceFace}, {identity.Self, identity.AssuranceSMS}} {
		w := newWorld()
		w.link(t, "user-1", personA, phoneA)
		if _, err := w.peek.UpdateUser(t.Context(), w.caller("user-1").UserID, func(u *identity.PlatformUser) error {
			u.Links[0].Assurance = identity.AssuranceFace
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		r := request(personA)
		r.Relation = c.relation
		a, err := w.linking.Start(t.Context(), w.caller("user-1"), r)
		if err != nil {
			t.Fatal(err)
		}
		w.linking.Wait()
		if _, err := w.linking.Prove(t.Context(), w.caller("user-1"), a.ID, code(w.phones.Last(phoneA))); err != nil {
			t.Fatal(err)
		}
		if l := w.caller("user-1").Links[0]; l.Relation != c.relation || l.Assurance != c.want {
			t.Errorf("%s: assurance %d as %s", c.relation, l.Assurance, l.Relation)
		}
	}
}

// TestOlderConsentNeverReplacesANewerOne proves two attempts for a link in force, the later one first.
func TestOlderConsentNeverReplacesANewerOne(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.link(t, "user-1", personA, phoneA)
	c := w.caller("user-1")
	w.clock.Advance(time.Minute)
	older := w.start(t, c, personA)
	sent := w.phones.Last(phoneA)
	w.clock.Advance(time.Minute)
	r := request(personA)
	r.Unattended = false
	newer, err := w.linking.Start(t.Context(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	for _, proof := range [][2]string{{newer.ID, w.phones.Last(phoneA)}, {older.ID, sent}} {
		if a, err := w.linking.Prove(t.Context(), c, proof[0], code(proof[1])); err != nil || a.State != identity.AttemptLinked {
			t.Fatal(a, err)
		}
	}
	got := w.contents()
	if l := got.Users[0].Links[0]; l.Consent.Unattended || l.AttemptID != newer.ID {
		t.Errorf("the older consent is in force: %+v", l)
	}
}

// TestLinkedAgainMakesALostSlot: a link that lost its slot is whole again once it is proved again.
func TestLinkedAgainMakesALostSlot(t *testing.T) {
	t.Parallel()
	w := newWorld(func(c *linking.Config) { c.LinksPerPerson = 2 })
	l := w.link(t, "user-1", personA, phoneA)
	w.link(t, "user-2", personA, phoneA)
	if _, err := w.peek.LeavePerson(t.Context(), l.PersonID, l.ID); err != nil {
		t.Fatal(err)
	}
	if again := w.link(t, "user-1", personA, phoneA); again.ID != l.ID || again.PersonID != l.PersonID {
		t.Errorf("got %+v", again)
	}
	slots := w.contents().Slots
	if len(slots) != 2 || slots[0].LinkID == slots[1].LinkID || slots[0].UserID == slots[1].UserID {
		t.Errorf("slots %+v", slots)
	}
}
