package reminder

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// The line may be set from ¥1 to ¥1,000,000.
const (
	MinThreshold balance.Fen = 100
	MaxThreshold balance.Fen = 100_000_000
)

// urbanEmployees is 职工基本医疗保险 in the national code table, the insurance that normally has a personal account.
const urbanEmployees = "310"

// Setting is what the owner of a link asks for.
type Setting struct {
	Threshold     balance.Fen
	Margin        *balance.Fen // nil: the default
	InsuranceType string       // "": the enrolment with a personal account
	Template      string       // our name; "": the app's first
	ShowAmount    bool
	Quiet         QuietHours
	// ConsentVersion is the version of the text by which the owner agrees that the server reads the balance by itself
	// for this reminder; "" where the link's own consent says so.
	ConsentVersion string
}

// Put sets the link's reminder: a new one, or new terms for the one it has. Either way it starts from the balance as it
// is now: one already below the line is told in the returned rule (StateBelow, ReasonAlreadyBelow) and waits for
// recovery. Where the upstream cannot be asked just now the rule stays in StateNew, with the reason, and the worker
// finds out soon.
//
// Errors: identity.ErrNoSuchLink, ErrThreshold, ErrMargin, ErrQuietHours, ErrNoTemplate, ErrUnattended, ErrNoConsent,
// ErrNoAccount.
func (s *Service) Put(ctx context.Context, c *identity.Caller, linkID string, set Setting) (*Rule, error) {
	link, err := c.Link(linkID)
	if err != nil {
		return nil, err
	}
	wish, err := s.wish(c, link, set)
	if err != nil {
		return nil, err
	}
	answer := s.ask(ctx, balance.Subject{PersonID: link.PersonID, Region: link.Region})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if wish.InsuranceType, err = insuranceToWatch(set.InsuranceType, link.Region, answer); err != nil {
		return nil, err
	}
	told, err := s.Store.DeliveriesOf(ctx, linkID, recentFalls)
	if err != nil {
		return nil, err
	}
	facts := Facts{Link: &link, Unattended: true, Answer: answer}
	guessed := set.InsuranceType == "" && answer == nil
	now, id := s.now(), rand.Text()
	return s.Store.PutRule(ctx, linkID, func(current *Rule) (*Rule, error) {
		wish := wish // may run again
		if guessed && current != nil {
			wish.InsuranceType = current.InsuranceType // chosen when the upstream could be asked
		}
		return s.merge(current, told, wish, id, facts, now), nil
	})
}

// wish checks the setting and makes of it the rule that the owner wants, without state.
func (s *Service) wish(c *identity.Caller, link identity.Link, set Setting) (Rule, error) {
	margin := s.cfg.DefaultMargin
	if set.Margin != nil {
		margin = *set.Margin
	}
	template, ok := s.template(c.Platform, c.App, set.Template)
	rule := Rule{
		LinkID: link.ID, UserID: c.UserID, PersonID: link.PersonID, Region: link.Region,
		Platform: c.Platform, App: c.App, Template: template.Name,
		Threshold: set.Threshold, Margin: margin, ShowAmount: set.ShowAmount, Quiet: set.Quiet,
	}
	if set.ConsentVersion != "" {
		rule.Consent = s.consent(c.UserID, link.ID, set.ConsentVersion)
	}
	switch {
	case set.Threshold < MinThreshold || set.Threshold > MaxThreshold:
		return rule, ErrThreshold
	case margin < 0 || margin > MaxThreshold:
		return rule, ErrMargin
	case !set.Quiet.Valid():
		return rule, ErrQuietHours
	case !ok:
		return rule, ErrNoTemplate
	case !s.Regions.Region(link.Region).Unattended:
		return rule, ErrUnattended
	case !consented(rule, link):
		return rule, ErrNoConsent
	}
	return rule, nil
}

// consent makes the owner's agreement to regular reading, given with the rule, as provable as the one given with the link:
// its proof covers who agreed, through which link, to what and when.
func (s *Service) consent(userID, linkID, version string) identity.Consent {
	consent := identity.Consent{Version: version, TextHash: s.ConsentHash, At: s.now(), Unattended: true}
	if s.ConsentProof != nil {
		consent.Proof = s.ConsentProof("reminder", userID, linkID, version, s.ConsentHash, consent.At.UTC().Format(time.RFC3339))
	}
	return consent
}

// merge makes the rule to be written; pure. Terms that change keep id, episode and outbox: the falls go on being
// counted, and a message already decided is not forgotten (just before its send it is held against the new terms).
// Another insurance is another rule: a message about the old one must never go out with the new one's balance.
func (s *Service) merge(current *Rule, told []Delivery, wish Rule, id string, facts Facts, now time.Time) *Rule {
	rule := wish
	rule.ID, rule.CreatedAt = id, now
	rule.State = StateNew
	fallen := s.lastFall(told, wish, now)
	if current != nil && current.InsuranceType == wish.InsuranceType {
		rule.ID, rule.CreatedAt = current.ID, current.CreatedAt
		rule.Episode, rule.Outbox = current.Episode, current.Outbox
		fallen = *current
	}
	if _, reason := known(fallen, facts.Answer, now, s.cfg); reason == ReasonNotFresh {
		facts.Answer = nil // by the terms that it fell by
	}
	decision := Decide(rule, facts, now, s.cfg)
	rule.FiredAt = fallen.FiredAt
	rule.State, rule.LastReason = decision.State, decision.Reason
	rule.EvaluatedAt, rule.UpdatedAt = now, now
	rule.DueAt = s.nextDue(&rule, decision.Reason, now)
	if rule.Outbox != nil {
		rule.DueAt = now // to be finished at once
	}
	return &rule
}

// recentFalls bounds how many deliveries lastFall goes through.
const recentFalls = 20

// lastFall returns the wish with the line and the time of the last fall of the same insurance that an earlier rule of
// the link has told of. That rule is gone; but a process may hold an answer from before the fall, by which a new rule
// would be armed, and the fall told twice. A fall longer ago than an answer counts as fresh is none: nobody holds such
// an answer. The cooldown of the earlier rule is not the new one's.
func (s *Service) lastFall(told []Delivery, wish Rule, now time.Time) Rule {
	for _, d := range told {
		if d.Message.Insurance == s.InsuranceName(wish.InsuranceType) && now.Sub(d.CreatedAt) <= s.cfg.DecisionAge {
			wish.Threshold, wish.FiredAt = d.Message.Threshold, d.CreatedAt
			break
		}
	}
	return wish
}

// insuranceToWatch checks the insurance that was asked for, or chooses the one with a personal account. An account that
// may exist is allowed: the rule then says that it is not known. With no answer nothing can be checked now.
func insuranceToWatch(asked, region string, answer *balance.Answer) (string, error) {
	if len(asked) > 6 || strings.Trim(asked, "0123456789") != "" {
		return "", ErrNoAccount
	}
	if answer == nil {
		if asked == "" {
			return urbanEmployees, nil
		}
		return asked, nil
	}
	if asked != "" {
		e := balance.Standing(answer.Enrolments, asked, region)
		if e == nil || e.Account.Exists == balance.AccountNo {
			return "", ErrNoAccount
		}
		return asked, nil
	}
	for _, exists := range []balance.Existence{balance.AccountYes, balance.AccountUnknown} {
		if insurance := preferred(answer.Enrolments, exists); insurance != "" {
			return insurance, nil
		}
	}
	return "", ErrNoAccount
}

// preferred is the insurance among those whose account exists so: the employees' where it is one of them, else the first
// active one, else the first.
func preferred(enrolments []balance.Enrolment, exists balance.Existence) string {
	first, active := "", ""
	for _, e := range enrolments {
		if e.Account.Exists != exists {
			continue
		}
		if e.InsuranceType == urbanEmployees {
			return urbanEmployees
		}
		if first == "" {
			first = e.InsuranceType
		}
		if active == "" && e.Status == balance.StatusActive {
			active = e.InsuranceType
		}
	}
	if active != "" {
		return active
	}
	return first
}

// Get returns the link's reminder. Errors: identity.ErrNoSuchLink, ErrNoRule.
func (s *Service) Get(ctx context.Context, c *identity.Caller, linkID string) (*Rule, error) {
	if _, err := c.Link(linkID); err != nil {
		return nil, err
	}
	rule, err := s.Store.Rule(ctx, linkID)
	if errors.Is(err, ErrNotFound) {
		return nil, ErrNoRule
	}
	return rule, err
}

// Delete removes the link's reminder; one that is not there is no error. Its pending deliveries are dropped just before
// they would be sent. Errors: identity.ErrNoSuchLink.
func (s *Service) Delete(ctx context.Context, c *identity.Caller, linkID string) error {
	if _, err := c.Link(linkID); err != nil {
		return err
	}
	if err := s.Store.DeleteRule(ctx, linkID); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// Deliveries lists the link's deliveries, newest first, 1 to 100 of them. Errors: identity.ErrNoSuchLink.
func (s *Service) Deliveries(ctx context.Context, c *identity.Caller, linkID string, limit int) ([]Delivery, error) {
	if _, err := c.Link(linkID); err != nil {
		return nil, err
	}
	return s.Store.DeliveriesOf(ctx, linkID, min(max(limit, 1), 100))
}
