package linking

import (
	"context"

	"yibao/identity"
)

// SetUnattended gives or withdraws the consent to unattended reading of a link in force, and returns the link. Giving wants
// the version of the text in force. Withdrawing covers the consent that was given with the link's reminder, too.
//
// The daily reading and the reminders ask the link itself, so one write of one document decides for all: after a kill
// either nothing has changed, and the client was told nothing, or everything goes by the new word. The change is recorded
// before it, for the memory of other processes. With a later word the earlier one changes nothing.
//
// Errors: identity.ErrNoSuchLink (also for another user's), identity.ErrConsentMissing, identity.ErrStore.
func (s *Service) SetUnattended(ctx context.Context, c *identity.Caller, linkID string, allow bool, version string) (identity.Link, error) {
	if allow && version != s.deps.Consent.Version {
		return identity.Link{}, identity.ErrConsentMissing
	}
	if _, err := c.Link(linkID); err != nil {
		return identity.Link{}, err
	}
	word := identity.Consent{At: s.deps.Now(), Unattended: allow}
	if allow {
		word.Version, word.TextHash = version, s.consentHash
	}
	if err := s.deps.Store.RecordChange(ctx, c.UserID); err != nil {
		return identity.Link{}, err
	}
	var link identity.Link
	_, err := s.deps.Store.UpdateUser(ctx, c.UserID, func(u *identity.PlatformUser) error {
		i := indexActive(u, linkID)
		if i < 0 {
			return identity.ErrNoSuchLink
		}
		if l := &u.Links[i]; !l.Reading.At.After(word.At) {
			l.Reading = word
			l.Reading.Guardian = l.Consent.Guardian
			l.Reading.Proof = s.deps.Digests.ConsentProof(identity.ReadingParts(u.ID, l.ID, l.Reading)...)
		}
		link = u.Links[i]
		return nil
	})
	s.deps.Forget(c.UserID)
	if err != nil {
		return identity.Link{}, identity.Missing(err, identity.ErrNoSuchLink)
	}
	if link.UnattendedAllowed() {
		s.readSoon(ctx, c.UserID, link)
	}
	return link, nil
}

// readSoon makes the first reading due. After a kill, or a failure of the store, it is taken at its daily time.
func (s *Service) readSoon(ctx context.Context, userID string, link identity.Link) {
	for _, f := range s.deps.Followers {
		if err := f.Linked(ctx, userID, link); err != nil {
			s.deps.Log.Warn("linking_reading_not_due", "region", link.Region, "error", err)
		}
	}
}
