package linking_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"yibao/identity"
	"yibao/store/memory"
)

// TestUnattendedIsGivenAndWithdrawn: the last word counts and is kept as a proof, whatever the consent of the link said.
func TestUnattendedIsGivenAndWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.link(t, "user-1", personA, phoneA) // with unattended reading
	linkID := w.caller("user-1").Links[0].ID
	given := w.caller("user-1").Links[0].Consent
	for i, allow := range []bool{false, false, true, true, false} {
		w.clock.Advance(time.Minute)
		version := ""
		if allow {
			version = consent
		}
		link, err := w.linking.SetUnattended(t.Context(), w.caller("user-1"), linkID, allow, version)
		if err != nil || link.UnattendedAllowed() != allow {
			t.Fatalf("step %d: %+v, %v", i, link, err)
		}
		stored := w.caller("user-1").Links[0]
		parts := identity.ReadingParts(w.caller("user-1").UserID, linkID, stored.Reading)
		if stored != link || stored.Consent != given || !w.keys.VerifyConsentProof(stored.Reading.Proof, parts...) {
			t.Errorf("step %d: stored %+v", i, stored)
		}
		if allow != (stored.Reading.TextHash != "") {
			t.Errorf("step %d: text %q", i, stored.Reading.TextHash)
		}
	}
	// A consent to the link that is given later is a later word.
	w.clock.Advance(time.Hour)
	w.link(t, "user-1", personA, phoneA)
	if l := w.caller("user-1").Links[0]; l.ID != linkID || !l.UnattendedAllowed() || l.UnattendedWithdrawn(w.clock.Now()) {
		t.Errorf("after linking again: %+v", l)
	}
}

// TestWithdrawalOutlivesAnOlderConsent: the user withdraws while a new proof of the same link is on its way.
func TestWithdrawalOutlivesAnOlderConsent(t *testing.T) {
	t.Parallel()
	w := newWorld()
	linkID := w.link(t, "user-1", personA, phoneA).ID
	a, err := w.linking.Start(t.Context(), w.caller("user-1"), request(personA))
	if err != nil {
		t.Fatal(err)
	}
	w.linking.Wait()
	w.clock.Advance(time.Minute)
	if _, err := w.linking.SetUnattended(t.Context(), w.caller("user-1"), linkID, false, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.linking.Prove(t.Context(), w.caller("user-1"), a.ID, code(w.phones.Last(phoneA))); err != nil {
		t.Fatal(err)
	}
	if l := w.caller("user-1").Links[0]; l.AttemptID != a.ID || l.UnattendedAllowed() {
		t.Errorf("%+v", l)
	}
}

func TestSetUnattendedRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld()
	linkID := w.link(t, "user-1", personA, phoneA).ID
	w.link(t, "user-2", personB, phoneB)
	before, changes := w.caller("user-1").Links[0], len(w.db.IDs("changes"))
	for name, c := range map[string]struct {
		user, link, version string
		allow               bool
		want                error
	}{
		"no consent":     {"user-1", linkID, "", true, identity.ErrConsentMissing},
		"an old text":    {"user-1", linkID, "v0", true, identity.ErrConsentMissing},
		"unknown":        {"user-1", "nothing", "", false, identity.ErrNoSuchLink},
		"another's link": {"user-2", linkID, "", false, identity.ErrNoSuchLink},
	} {
		if _, err := w.linking.SetUnattended(t.Context(), w.caller(c.user), c.link, c.allow, c.version); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := w.caller("user-1").Links[0]; after != before || len(w.db.IDs("changes")) != changes {
		t.Errorf("something was written: %+v", after)
	}
	c := w.caller("user-1")
	if err := w.linking.Unlink(t.Context(), c, linkID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.linking.SetUnattended(t.Context(), c, linkID, false, ""); !errors.Is(err, identity.ErrNoSuchLink) {
		t.Errorf("ended meanwhile: %v", err)
	}
}

// TestSetUnattendedKilledAnywhere: before and after each command there is the old word or the new one, the change is
// recorded first, and repeating ends it.
func TestSetUnattendedKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, allow := range []bool{true, false} {
		for kill := 0; ; kill++ {
			w := newWorld()
			linkID := w.link(t, "user-1", personA, phoneA).ID
			c := w.caller("user-1")
			if allow {
				if _, err := w.linking.SetUnattended(t.Context(), c, linkID, false, ""); err != nil {
					t.Fatal(err)
				}
			}
			w.clock.Advance(time.Minute)
			calls, recorded := 0, len(w.db.IDs("changes"))
			hook := func(_ context.Context, command memory.Command) error {
				if calls++; calls > kill {
					return errors.New("killed")
				}
				return nil
			}
			w.db.SetBefore(hook)
			w.db.SetAfter(hook)
			_, err := w.linking.SetUnattended(t.Context(), c, linkID, allow, consent)
			w.db.SetBefore(nil)
			w.db.SetAfter(nil)
			if now := w.caller("user-1").Links[0].UnattendedAllowed(); now == allow && len(w.db.IDs("changes")) == recorded {
				t.Errorf("killed at %d: the new word is there and no change was recorded", kill)
			}
			if link, err := w.linking.SetUnattended(t.Context(), c, linkID, allow, consent); err != nil || link.UnattendedAllowed() != allow {
				t.Errorf("killed at %d, repeated: %+v, %v", kill, link, err)
			}
			if err == nil {
				break
			}
		}
	}
}
