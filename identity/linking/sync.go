package linking

import (
	"context"
	"errors"
	"time"

	"yibao/identity"
	"yibao/identity/document"
)

const (
	// writeTime bounds one run of sync. It is shorter than lease, so that two runs never write one link at once, and than
	// identity.CleanAgain, so that no run outlives the second clean-up of the link that it writes.
	writeTime = 20 * time.Second
	lease     = 30 * time.Second
)

// sync brings a proved attempt to its end: linked, or failed. Run calls it again while the attempt is proved. The caller
// is told the state of the attempt, never a failure of ours: the proof is stored.
func (s *Service) sync(ctx context.Context, a *identity.Attempt) (*identity.Attempt, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	link, err := s.writeLink(ctx, a)
	reason := s.failure(a, err)
	if err != nil && reason == "" {
		s.deps.Log.Warn("linking_finished_later", "region", a.Claim.Region, "error", err)
		return a, nil
	}
	if errors.Is(err, errPersonFull) && a.Relation == identity.Self {
		return s.full(ctx, a)
	}
	if reason != "" {
		if err := s.undo(ctx, a); err != nil {
			s.deps.Log.Warn("linking_finished_later", "region", a.Claim.Region, "error", err)
			return a, nil
		}
	}
	done, err := s.deps.Store.UpdateAttempt(ctx, a.ID, func(a *identity.Attempt) error {
		if a.State != identity.AttemptProved {
			return identity.ErrAttemptOver
		}
		now := s.deps.Now()
		if reason != "" {
			a.Fail(reason, now)
		} else {
			a.State, a.LinkID, a.UpdatedAt = identity.AttemptLinked, link.ID, now
			a.Wipe()
		}
		a.ExpiresAt = now.Add(s.cfg.AttemptTTL)
		return nil
	})
	switch {
	case errors.Is(err, identity.ErrAttemptOver):
		return nil, identity.ErrAttemptOver
	case err != nil:
		return a, nil
	}
	return done, nil
}

// failure is the reason to give the attempt up for; "" where another run may succeed.
func (s *Service) failure(a *identity.Attempt, err error) string {
	switch {
	case errors.Is(err, identity.ErrNotEnrolled), errors.Is(err, identity.ErrMismatch):
		return identity.FailedChanged
	case errors.Is(err, identity.ErrLinkLimit):
		return identity.FailedLimit
	case errors.Is(err, identity.ErrWithdrawn):
		return identity.FailedEnded
	case errors.Is(err, identity.ErrUpstreamUnavailable) && s.deps.Now().After(a.ProvedAt.Add(s.cfg.CodeTTL+s.cfg.AttemptTTL)):
		return identity.FailedUpstream
	}
	return ""
}

// writeLink reads the state and goes on from there, so a run after a kill between any two writes, or after a lost answer,
// repeats them to no effect:
//
//	upstream confirms → slot → change recorded → link → slot follows the link → followers
//
// The slot comes before a new link, since the person's limit may refuse it; a kill in between leaves a slot that the next
// run uses or undo removes. A link in force is renewed before its slot, and from then on the attempt is finished whatever
// the upstream says: a link is never half renewed for good. A link that ends meanwhile is cleaned up once more after
// identity.CleanAgain, by when this run is over.
func (s *Service) writeLink(ctx context.Context, a *identity.Attempt) (identity.Link, error) {
	user, err := s.deps.Store.User(ctx, a.UserID)
	if err != nil {
		return identity.Link{}, identity.Missing(err, identity.ErrWithdrawn)
	}
	insured := s.deps.Digests.Insured(a.Claim)
	if user.Withdrew(a, insured) {
		return identity.Link{}, identity.ErrWithdrawn
	}
	link, linked := user.LinkTo(insured, a.Claim.Region)
	if !linked || link.AttemptID != a.ID && !link.Consent.At.After(a.Consent.At) { // else this or a later attempt has written it
		if err := s.confirm(ctx, a.Claim); err != nil {
			return identity.Link{}, err
		}
		next := s.linkOf(a, insured[0])
		if !linked {
			person, err := s.deps.Store.UpdatePersonOf(ctx, a.Claim, next.Since, func(p *identity.Person) error {
				return p.Join(next.Slot(user.ID), a.Claim.Name, s.cfg.LinksPerPerson)
			})
			if errors.Is(err, identity.ErrLinkLimit) {
				return identity.Link{}, errPersonFull
			}
			if err != nil {
				return identity.Link{}, err
			}
			next.PersonID = person.ID
		}
		if err := s.deps.Store.RecordChange(ctx, user.ID); err != nil { // before the change: see package session
			return identity.Link{}, err
		}
		_, err := s.deps.Store.UpdateUser(ctx, user.ID, func(u *identity.PlatformUser) error {
			var err error
			link, err = u.Put(next, a, insured, s.cfg.LinksPerUser)
			return err
		})
		s.deps.Forget(user.ID)
		if err != nil {
			return identity.Link{}, err
		}
	}
	if link.ID != a.LinkID { // renewed: its own slot follows, and one that this attempt took is left
		_, err := s.deps.Store.UpdatePerson(ctx, link.PersonID, func(p *identity.Person) error {
			name := a.Claim.Name
			if link.AttemptID != a.ID {
				name = p.Names[link.Region] // a later attempt won, and the region has confirmed its name last
			}
			p.Leave(a.LinkID)
			return p.Join(link.Slot(user.ID), name, len(p.Slots)+1) // no limit: the link was counted when it was made
		})
		if err != nil && !errors.Is(err, identity.ErrNotFound) { // not found: the link has just ended
			return identity.Link{}, err
		}
	}
	for _, f := range s.deps.Followers {
		if err := f.Linked(ctx, a.UserID, link); err != nil {
			return identity.Link{}, err
		}
	}
	return link, nil
}

// confirm asks the upstream once more about the claimed person.
func (s *Service) confirm(ctx context.Context, claim identity.Claim) error {
	err := s.lane(claim.Region).ask(func() error {
		_, err := s.deps.Registry.Match(ctx, claim)
		return err
	})
	if errors.Is(err, errOpen) {
		return identity.ErrUpstreamUnavailable
	}
	return err
}

// linkOf is the link that the attempt proves, without its person. The consent gets its proof here: attempts keep none, as
// it is a hash of the claimed person.
func (s *Service) linkOf(a *identity.Attempt, insured string) identity.Link {
	consent := a.Consent
	consent.Proof = s.deps.Digests.ConsentProof(identity.ConsentParts(a.UserID, a.Claim, consent)...)
	return identity.Link{
		ID: a.LinkID, InsuredHash: insured, Region: a.Claim.Region, Relation: a.Relation, Method: a.Method,
		Assurance: s.proofs[a.Method].assurance(), Consent: consent, MaskedName: document.MaskName(a.Claim.Name),
		MaskedIDNumber: document.MaskNumber(a.Claim.IDNumber), Since: s.deps.Now(), State: identity.LinkActive, AttemptID: a.ID,
	}
}

// undo leaves the slot that a run of the attempt may have taken. The followers are told as of a link that ends: while the
// slot was there, another link may have ended and left shared data to it.
func (s *Service) undo(ctx context.Context, a *identity.Attempt) error {
	id, left, err := s.deps.Store.LeavePersonOf(ctx, a.Claim, a.LinkID)
	if err != nil || id == "" {
		return err
	}
	return s.unlinked(ctx, a.UserID, identity.Link{ID: a.LinkID, PersonID: id, Region: a.Claim.Region, Relation: a.Relation}, left)
}

func (s *Service) unlinked(ctx context.Context, userID string, link identity.Link, left []identity.Slot) error {
	for _, f := range s.deps.Followers {
		if err := f.Unlinked(ctx, userID, link, left); err != nil {
			return err
		}
	}
	return nil
}
