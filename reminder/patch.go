package reminder

import (
	"context"
	"errors"

	"yibao/identity"
)

// maxPatchTries bounds a patch against others of the same rule.
const maxPatchTries = 8

// Patch changes parts of the link's reminder. Change gets the present terms and may run again; its error is returned. Terms
// that say when to remind (threshold, margin, insurance) start from the present balance, as with Put. The others leave the
// rule's state as it is, so a fall that nobody has looked at yet is still told.
//
// The write holds only on the terms that were read: of two patches at once neither undoes the other. It is one update of
// one document, so a kill leaves the old terms or the new ones.
//
// Errors: identity.ErrNoSuchLink, ErrNoRule, ErrThreshold, ErrMargin, ErrQuietHours, ErrNoTemplate, ErrUnattended,
// ErrNoConsent, ErrNoAccount, identity.ErrStore.
func (s *Service) Patch(ctx context.Context, c *identity.Caller, linkID string, change func(*Setting) error) (*Rule, error) {
	link, err := c.Link(linkID)
	if err != nil {
		return nil, err
	}
	for range maxPatchTries {
		rule, err := s.Get(ctx, c, linkID)
		if err != nil {
			return nil, err
		}
		set := settingOf(rule)
		if err := change(&set); err != nil {
			return nil, err
		}
		patched, err := s.patch(ctx, c, link, rule, set)
		if !errors.Is(err, errChanged) {
			return patched, err
		}
	}
	return nil, identity.ErrStore
}

// settingOf is the setting that makes the rule's present terms.
func settingOf(r *Rule) Setting {
	margin := r.Margin
	return Setting{
		Threshold: r.Threshold, Margin: &margin, InsuranceType: r.InsuranceType, Template: r.Template,
		ShowAmount: r.ShowAmount, Quiet: r.Quiet, Given: r.Consent,
	}
}

// patch writes the setting in place of the rule that was read; errChanged when that has other terms by now.
func (s *Service) patch(ctx context.Context, c *identity.Caller, link identity.Link, read *Rule, set Setting) (*Rule, error) {
	terms, err := s.terms(c, link, set)
	if err != nil {
		return nil, err
	}
	asRead := func(current *Rule) error {
		switch {
		case current == nil:
			return ErrNoRule
		case current.ID != read.ID || !sameTerms(current, read):
			return errChanged
		}
		return nil
	}
	terms.InsuranceType = set.InsuranceType
	if terms.Threshold != read.Threshold || terms.Margin != read.Margin || terms.InsuranceType != read.InsuranceType {
		return s.set(ctx, link, set, terms, asRead)
	}
	if sameTerms(&terms, read) {
		return read, nil
	}
	rule, err := s.Store.UpdateRule(ctx, link.ID, func(current *Rule) error {
		if err := asRead(current); err != nil {
			return err
		}
		current.Template, current.ShowAmount, current.Quiet, current.Consent = terms.Template, terms.ShowAmount, terms.Quiet, terms.Consent
		current.DueAt = s.now() // a new consent may allow a question at once
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil, ErrNoRule
	}
	return rule, err
}

// sameTerms says whether two rules were set alike, whatever has come of them.
func sameTerms(a, b *Rule) bool {
	return a.Threshold == b.Threshold && a.Margin == b.Margin && a.InsuranceType == b.InsuranceType && a.Template == b.Template &&
		a.ShowAmount == b.ShowAmount && a.Quiet == b.Quiet && a.Consent == b.Consent
}
