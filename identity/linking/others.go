package linking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"yibao/identity"
)

// errPersonFull says that all places of the person are taken; of the user's own there may be some.
var errPersonFull = fmt.Errorf("linking: the person has %w", identity.ErrLinkLimit)

// Other is a link to a person as that person, or the operator, may see it: it does not say whose it is.
type Other struct {
	ID       string // of EndOther: opaque, and of no use in another attempt; of EndLinkTo: the link's
	Platform identity.Platform
	Region   string
	Relation identity.Relation // what the person is to the user, as the user says
	Since    time.Time

	userID string
	link   identity.Link
}

// full leaves a self-proof waiting: whoever holds the person's own phone decides who else is linked. It has no slot.
func (s *Service) full(ctx context.Context, a *identity.Attempt) (*identity.Attempt, error) {
	waiting, err := s.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if a.State != identity.AttemptProved {
			return identity.ErrAttemptOver
		}
		now := s.deps.Now()
		a.State, a.UpdatedAt, a.ExpiresAt = identity.AttemptFull, now, now.Add(s.cfg.AttemptTTL)
		return nil
	})
	if errors.Is(err, identity.ErrAttemptOver) {
		return nil, err
	}
	if err != nil {
		return a, nil // proved as before; Run comes here again
	}
	return waiting, nil
}

// Others lists the links to the person of an attempt, oldest first; none unless the person has proved it and all places
// are taken. The attempt is the caller's own, as one of the other methods has returned it.
//
// Errors: identity.ErrStore.
func (s *Service) Others(ctx context.Context, a *identity.Attempt) ([]Other, error) {
	if a.State != identity.AttemptFull {
		return nil, nil
	}
	others, err := s.linksTo(ctx, a.Claim)
	others = active(others)
	for i := range others {
		others[i].ID = s.idWithin(a, others[i])
	}
	return others, err
}

func (s *Service) idWithin(a *identity.Attempt, o Other) string {
	return s.deps.Digests.Subject("other", a.ID+":"+o.link.ID)[:32]
}

// EndOther ends one of Others, as its user would, and goes on with the attempt: it is then linked, proved as after Prove, or
// full as before. When an answer of ours was lost the client asks again, to no further effect.
//
// Order of writes, each repeatable: those of Unlink → attempt proved → those of Prove. A kill in between leaves an attempt
// that waits though there is room, or will be once the link is cleaned up; Run goes on with it, as does the same call.
//
// Errors: identity.ErrNoSuchAttempt, identity.ErrAttemptOver, identity.ErrNoSuchLink, identity.ErrStore.
func (s *Service) EndOther(ctx context.Context, c *identity.Caller, id, otherID string) (*identity.Attempt, error) {
	a, err := s.Attempt(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if a.Open() {
		return nil, identity.ErrNoSuchLink
	}
	if a.State != identity.AttemptFull {
		return s.proved(ctx, a)
	}
	others, err := s.linksTo(ctx, a.Claim)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(others, func(o Other) bool { return s.idWithin(a, o) == otherID }); i >= 0 {
		if err := s.endTo(ctx, others[i], "person"); err != nil {
			return nil, err
		}
		return s.reopen(ctx, a)
	}
	room, err := s.hasRoom(ctx, a)
	if err != nil {
		return nil, err
	}
	if !room {
		return nil, identity.ErrNoSuchLink
	}
	return s.reopen(ctx, a) // this one ended it when it was asked before
}

// LinksTo lists the links to a person, oldest first, for the operator. The claim's region does not matter.
//
// Errors: document.ErrName, document.ErrNumber, identity.ErrStore.
func (s *Service) LinksTo(ctx context.Context, claim identity.Claim) ([]Other, error) {
	claim, err := claimOf(Request{Name: claim.Name, IDType: claim.IDType, IDNumber: claim.IDNumber})
	if err != nil {
		return nil, err
	}
	links, err := s.linksTo(ctx, claim)
	return active(links), err
}

// EndLinkTo ends one of LinksTo, as its user would. Errors: identity.ErrNoSuchLink and those of LinksTo.
func (s *Service) EndLinkTo(ctx context.Context, claim identity.Claim, linkID string) error {
	links, err := s.LinksTo(ctx, claim)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(links, func(o Other) bool { return o.ID == linkID })
	if i < 0 {
		return identity.ErrNoSuchLink
	}
	return s.endTo(ctx, links[i], "operator")
}

// endTo ends a link that is not the caller's. Of one that has ended meanwhile the slot is left, if it is there still.
func (s *Service) endTo(ctx context.Context, o Other, by string) error {
	if o.link.State == identity.LinkEnding {
		return s.clean(ctx, o.userID, o.link)
	}
	err := s.endLink(ctx, o.userID, o.link.ID)
	if err != nil && !errors.Is(err, identity.ErrNoSuchLink) {
		return err
	}
	s.deps.Log.Info("linking_ended_by_other", "region", o.Region, "by", by)
	return nil
}

// active are those in force.
func active(links []Other) []Other {
	return slices.DeleteFunc(links, func(o Other) bool { return o.link.State != identity.LinkActive })
}

// linksTo reads the links behind the person's slots, in force and ending. A slot without its link is just being written.
func (s *Service) linksTo(ctx context.Context, claim identity.Claim) ([]Other, error) {
	slots, err := s.deps.Store.SlotsOf(ctx, claim)
	if err != nil {
		return nil, err
	}
	var others []Other
	for _, slot := range slots {
		user, err := s.deps.Store.User(ctx, slot.UserID)
		if errors.Is(err, identity.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(user.Links, func(l identity.Link) bool { return l.ID == slot.LinkID }); i >= 0 {
			l := user.Links[i]
			others = append(others, Other{
				ID: l.ID, Platform: user.Account.Platform, Region: l.Region, Relation: l.Relation, Since: l.Since,
				userID: user.ID, link: l,
			})
		}
	}
	return others, nil
}

func (s *Service) hasRoom(ctx context.Context, a *identity.Attempt) (bool, error) {
	slots, err := s.deps.Store.SlotsOf(ctx, a.Claim)
	return err == nil && len(slots) < s.cfg.LinksPerPerson, err
}

// reopen makes a full attempt proved again and syncs it. Of two at once, one does.
func (s *Service) reopen(ctx context.Context, a *identity.Attempt) (*identity.Attempt, error) {
	var stored identity.Attempt
	again, err := s.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		stored = *a
		if a.State != identity.AttemptFull || s.expired(a) {
			return errDecided
		}
		now := s.deps.Now()
		a.State, a.UpdatedAt, a.ExpiresAt = identity.AttemptProved, now, now.Add(day)
		return nil
	})
	if errors.Is(err, errDecided) {
		return s.proved(ctx, &stored)
	}
	if err != nil {
		return nil, identity.Missing(err, identity.ErrNoSuchAttempt)
	}
	return s.sync(ctx, again)
}
