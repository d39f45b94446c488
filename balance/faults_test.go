package balance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/store"
	"yibao/store/memory"
)

// toldUpstream answers as the test says.
type toldUpstream struct {
	now   func() time.Time
	err   error
	asked int
}

func (u *toldUpstream) Enrolments(context.Context, string, identity.Claim) (*balance.Answer, error) {
	u.asked++
	if u.err != nil {
		return nil, u.err
	}
	return &balance.Answer{FetchedAt: u.now(), Coverage: balance.Complete}, nil
}

// TestAfterAClockRanAhead: an answer, or a pause after failures, from a clock that ran ahead does not last until the right
// clock has caught up.
func TestAfterAClockRanAhead(t *testing.T) {
	t.Parallel()
	const jump = 24 * time.Hour
	now := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	kept, _ := memory.New(func(o *store.Options) { o.Now = clock })
	claim := identity.Claim{Region: "990100", Name: "测试甲", IDType: "01", IDNumber: "000000000000000001"}
	person, err := kept.UpdatePersonOf(t.Context(), claim, now, func(p *identity.Person) error {
		return p.Join(identity.Slot{LinkID: "link", Region: claim.Region}, claim.Name, 1)
	})
	if err != nil {
		t.Fatal(err)
	}
	upstream := &toldUpstream{now: clock}
	var cfg balance.Config
	cfg.SetDefaults()
	s := balance.NewService(cfg, balance.Deps{Upstream: upstream, People: kept, Store: kept, Now: clock,
		Regions: identity.NewRegions([]identity.Region{{Code: claim.Region}}, nil)})
	link := identity.Link{ID: "link", PersonID: person.ID, Region: claim.Region, State: identity.LinkActive}
	if err := s.Linked(t.Context(), "u", link); err != nil {
		t.Fatal(err)
	}
	caller := &identity.Caller{UserID: "u", Links: []identity.Link{link}}
	ask := func(asked int, want error) {
		t.Helper()
		if _, err := s.Current(t.Context(), caller, "link"); !errors.Is(err, want) {
			t.Error(err)
		}
		if upstream.asked != asked {
			t.Errorf("asked %d times, want %d", upstream.asked, asked)
		}
	}
	now = now.Add(jump)
	upstream.err = balance.ErrMalformed
	ask(1, balance.ErrNoReading)
	ask(2, balance.ErrNoReading)
	ask(2, balance.ErrNoReading) // paused
	now = now.Add(-jump)
	upstream.err = nil
	ask(3, nil)
	ask(3, nil) // in memory
	now = now.Add(jump)
	ask(4, nil)
	now = now.Add(-jump)
	ask(5, nil)
}
