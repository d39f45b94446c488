package linking_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yibao/identity"
	"yibao/identity/linking"
)

// crowded is a world in which strangers have taken all three places of personA.
func crowded(t testing.TB) (*world, []identity.Link) {
	t.Helper()
	w := newWorld(func(c *linking.Config) { c.LinksPerPerson, c.SendsPerPhone, c.SendsPerPhoneHourly = 3, 1000, 1000 })
	var links []identity.Link
	for i := range 3 {
		links = append(links, w.link(t, fmt.Sprint("stranger-", i), personA, phoneA))
		w.clock.Advance(time.Minute)
	}
	return w, links
}

// provesAs starts and proves an attempt in the relation.
func (w *world) provesAs(t testing.TB, who string, relation identity.Relation) *identity.Attempt {
	t.Helper()
	r := request(personA)
	r.Relation = relation
	a, err := w.linking.Start(t.Context(), w.caller(who), r)
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	a, err = w.linking.Prove(t.Context(), w.caller(who), a.ID, code(w.phones.Last(phoneA)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestTheOwnerEndsOthersLinks: with all places taken, the person's own proof shows who is linked, and ends who the person
// does not want; then it goes on.
func TestTheOwnerEndsOthersLinks(t *testing.T) {
	t.Parallel()
	w, links := crowded(t)
	owner := w.caller("owner")
	a := w.provesAs(t, "owner", identity.Self)
	others, err := w.linking.Others(t.Context(), a)
	if err != nil || a.State != identity.AttemptFull || len(others) != 3 || w.linking.ExpiresIn(a) != 900 {
		t.Fatalf("%s %s, others %+v, %v", a.State, a.Reason, others, err)
	}
	for i, o := range others {
		if o.Platform != identity.WeChat || o.Relation != identity.Parent || !o.Since.Equal(links[i].Since) {
			t.Errorf("other %+v", o)
		}
		if strings.Contains(o.ID, links[i].ID) || o.ID == "" || w.linking.EndLinkTo(t.Context(), personA, o.ID) == nil {
			t.Error("the id is of use elsewhere")
		}
	}
	if again, err := w.linking.Prove(t.Context(), owner, a.ID, code("000000")); err != nil || again.State != identity.AttemptFull {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	if _, err := w.linking.EndOther(t.Context(), w.caller("stranger-0"), a.ID, others[1].ID); !errors.Is(err, identity.ErrNoSuchAttempt) {
		t.Errorf("by another user: %v", err)
	}
	if _, err := w.linking.EndOther(t.Context(), owner, a.ID, links[1].ID); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("by a link's id: %v", err)
	}
	for range 2 { // the second time because the answer was lost
		done, err := w.linking.EndOther(t.Context(), owner, a.ID, others[1].ID)
		if err != nil || done.State != identity.AttemptLinked {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	if len(w.caller("owner").Links) != 1 || len(w.caller("stranger-1").Links) != 0 || w.followers.known[links[1].ID] {
		t.Error("the owner is not linked, or the other still is")
	}
	for _, who := range []string{"stranger-0", "stranger-2"} {
		if len(w.caller(who).Links) != 1 {
			t.Errorf("%s lost a link", who)
		}
	}
	if _, err := w.linking.EndOther(t.Context(), owner, a.ID, others[0].ID); err != nil || len(w.caller("stranger-0").Links) != 1 {
		t.Errorf("more is ended once the attempt is over: %v", err)
	}
}

// TestOnlyAProvedSelfEndsOthers: nobody else is shown who is linked, nor before the right answer.
func TestOnlyAProvedSelfEndsOthers(t *testing.T) {
	t.Parallel()
	w, links := crowded(t)
	if a := w.provesAs(t, "nurse", identity.Other); a.State != identity.AttemptFailed || a.Reason != identity.FailedLimit {
		t.Errorf("as another: %s %s", a.State, a.Reason)
	}
	r := request(personA)
	r.Relation = identity.Self
	c := w.caller("owner")
	a, err := w.linking.Start(t.Context(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	if others, err := w.linking.Others(t.Context(), a); err != nil || others != nil {
		t.Errorf("before the proof: %+v, %v", others, err)
	}
	if _, err := w.linking.EndOther(t.Context(), c, a.ID, links[0].ID); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("before the proof: %v", err)
	}
	if n := len(w.contents().Slots); n != 3 {
		t.Errorf("%d slots", n)
	}
}

// TestAFullAttemptGoesOnOrExpires: it goes on by itself when there is room, and ends as link_limit when there is none.
func TestAFullAttemptGoesOnOrExpires(t *testing.T) {
	t.Parallel()
	for _, room := range []bool{true, false} {
		w, links := crowded(t)
		a := w.provesAs(t, "owner", identity.Self)
		if room {
			if err := w.linking.Unlink(t.Context(), w.caller("stranger-0"), links[0].ID); err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(time.Minute)
		} else {
			w.clock.Advance(15 * time.Minute)
			if got, err := w.linking.Attempt(t.Context(), w.caller("owner"), a.ID); err != nil || got.Reason != identity.FailedLimit {
				t.Errorf("before the pass: %+v, %v", got, err)
			}
		}
		asked := w.registry.Asked()
		if err := w.linking.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := w.contents()
		i := slices.IndexFunc(got.Attempts, func(x *identity.Attempt) bool { return x.ID == a.ID })
		if is := got.Attempts[i]; room != (is.State == identity.AttemptLinked) || !room && is.Reason != identity.FailedLimit || is.Claim.Name != "" {
			t.Errorf("room %v: %s %s", room, is.State, is.Reason)
		}
		if room != (w.registry.Asked() > asked) {
			t.Errorf("room %v: the upstream was asked %d times", room, w.registry.Asked()-asked)
		}
	}
}

// TestEndingOthersSurvivesKills ends the process at every database command of the end of one other link. The owner is
// linked at last, at the cost of that one alone.
func TestEndingOthersSurvivesKills(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		calls := 0
		for endingKilled(t, calls, lost) {
			calls++
		}
		if calls < 20 {
			t.Errorf("only %d calls tried", calls)
		}
	}
}

// endingKilled says whether the process died before the end.
func endingKilled(t *testing.T, calls int, lost bool) bool {
	w, links := crowded(t)
	w.db.SetTwice(false)
	a := w.provesAs(t, "owner", identity.Self)
	others, err := w.linking.Others(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	seen, dead := 0, false
	burn := func(here bool) func(string) error {
		return func(string) error {
			if here && !dead {
				seen++
				dead = seen > calls
			}
			if dead {
				return errKilled
			}
			return nil
		}
	}
	w.before(burn(!lost))
	w.db.SetAfter(named(burn(lost)))
	_, _ = w.linking.EndOther(t.Context(), w.caller("owner"), a.ID, others[2].ID)
	w.before(nil)
	w.db.SetAfter(nil)
	w.linking = w.process(w.db)
	if _, err := w.linking.EndOther(t.Context(), w.caller("owner"), a.ID, others[2].ID); err != nil {
		t.Errorf("killed after %d calls, asked again: %v", calls, err)
	}
	for range 2 {
		w.clock.Advance(time.Minute)
		if err := w.linking.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := w.contents()
	if len(w.caller("owner").Links) != 1 || len(got.Slots) != 3 || len(w.caller("stranger-0").Links) != 1 ||
		len(w.caller("stranger-1").Links) != 1 || len(w.caller("stranger-2").Links) != 0 || w.followers.known[links[2].ID] {
		t.Errorf("killed after %d calls: %d slots, the owner has %d links", calls, len(got.Slots), len(w.caller("owner").Links))
	}
	return dead
}

// TestTheOperatorEndsLinks finds a person by document and name, as they are typed.
func TestTheOperatorEndsLinks(t *testing.T) {
	t.Parallel()
	w, links := crowded(t)
	typed := identity.Claim{Name: " " + personA.Name, IDNumber: strings.ToLower(personA.IDNumber)}
	found, err := w.linking.LinksTo(t.Context(), typed)
	if err != nil || len(found) != 3 || found[0].ID != links[0].ID || found[0].Region != region {
		t.Fatalf("%+v, %v", found, err)
	}
	if err := w.linking.EndLinkTo(t.Context(), typed, links[1].ID); err != nil {
		t.Fatal(err)
	}
	if err := w.linking.EndLinkTo(t.Context(), typed, links[1].ID); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("twice: %v", err)
	}
	if err := w.linking.EndLinkTo(t.Context(), personB, links[0].ID); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("of another person: %v", err)
	}
	if found, err = w.linking.LinksTo(t.Context(), typed); err != nil || len(found) != 2 || len(w.caller("stranger-1").Links) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err = w.linking.LinksTo(t.Context(), nobody); err != nil || len(found) != 0 || len(w.db.IDs("person_keys")) != 1 {
		t.Errorf("an unknown person: %+v, %v", found, err)
	}
}
