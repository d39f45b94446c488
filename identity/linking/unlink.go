package linking

import (
	"context"
	"slices"

	"yibao/identity"
)

// Unlink ends a link. From its return on the link is invisible everywhere; all that hangs on it is deleted at once where
// possible, else by Run.
//
// Order of writes, each repeatable: change recorded → link ending → slot left → followers delete. Before "ending" a kill
// leaves the link in force, and the client was told nothing; after it Run finds the ending link and cleans it up.
//
// Errors: identity.ErrNoSuchLink (also for another user's), identity.ErrStore.
func (s *Service) Unlink(ctx context.Context, c *identity.Caller, linkID string) error {
	return s.endLink(ctx, c.UserID, linkID)
}

func (s *Service) endLink(ctx context.Context, userID, linkID string) error {
	user, err := s.deps.Store.User(ctx, userID)
	if err != nil {
		return identity.Missing(err, identity.ErrNoSuchLink)
	}
	if indexActive(user, linkID) < 0 { // read first, so that made-up ids write nothing
		return identity.ErrNoSuchLink
	}
	if err := s.deps.Store.RecordChange(ctx, user.ID); err != nil {
		return err
	}
	var link identity.Link
	now := s.deps.Now()
	_, err = s.deps.Store.UpdateUser(ctx, userID, func(u *identity.PlatformUser) error {
		i := indexActive(u, linkID)
		if i < 0 {
			return identity.ErrNoSuchLink
		}
		u.Links[i].End(now)
		link = u.Links[i]
		return nil
	})
	s.deps.Forget(userID)
	if err != nil {
		return identity.Missing(err, identity.ErrNoSuchLink)
	}
	if err := s.clean(ctx, userID, link); err != nil {
		s.deps.Log.Warn("linking_cleaned_later", "region", link.Region, "error", err)
	}
	return nil
}

func indexActive(u *identity.PlatformUser, linkID string) int {
	return slices.IndexFunc(u.Links, func(l identity.Link) bool { return l.ID == linkID && l.State == identity.LinkActive })
}

// clean leaves the link's slot and has the followers delete all that hangs on the link. Repeating it is harmless.
//
// The slot goes first: of two last links that end at once, the later one then finds none left and has the shared data
// deleted. A person whose last slot is left is gone, so a link that begins meanwhile is to a new person.
func (s *Service) clean(ctx context.Context, userID string, link identity.Link) error {
	left, err := s.deps.Store.LeavePerson(ctx, link.PersonID, link.ID)
	if err != nil {
		return err
	}
	return s.unlinked(ctx, userID, link, left)
}

// cleanAgain cleans up the user's ending links that are due, then entombs them, and removes tombstones that are due. A run
// that wrote such a link while it ended is over by now, so nothing comes back.
func (s *Service) cleanAgain(ctx context.Context, user *identity.PlatformUser) error {
	now := s.deps.Now()
	due := func(l identity.Link) bool { return !l.DueAt().IsZero() && !now.Before(l.DueAt()) }
	for _, link := range user.Links {
		if link.State == identity.LinkEnding && due(link) {
			if err := s.clean(ctx, user.ID, link); err != nil {
				return err
			}
		}
	}
	_, err := s.deps.Store.UpdateUser(ctx, user.ID, func(u *identity.PlatformUser) error {
		u.Links = slices.DeleteFunc(u.Links, func(l identity.Link) bool { return l.State == identity.LinkEnded && due(l) })
		for i := range u.Links {
			if l := &u.Links[i]; l.State == identity.LinkEnding && due(*l) {
				l.Entomb()
			}
		}
		return nil
	})
	return identity.Missing(err, nil)
}
