package reminder

import (
	"cmp"
	"context"
	"crypto/rand"
	"strings"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// The threshold may be set from ¥1 to ¥1,000,000.
const (
	MinThreshold balance.Fen = 100
	MaxThreshold balance.Fen = 100_000_000
)

// urbanEmployees is 职工基本医疗保险 in the national code table, the insurance that normally has a personal account.
const urbanEmployees = "310"

// Setting holds the terms that the owner of a link chooses.
type Setting struct {
	Threshold     balance.Fen
	Margin        *balance.Fen // nil: the default
	InsuranceType string       // "": the enrolment with a personal account
	Template      string       // our name; "": the app's first
	ShowAmount    bool
	Quiet         QuietHours
	// ConsentVersion is the version of the text by which the owner agrees to unattended reading for this reminder; ""
	// if the link's own consent covers it.
	ConsentVersion string
	Given          identity.Consent // such a consent given before, which stays unless there is a ConsentVersion; see Patch
}

// Put sets the link's reminder: a new one, or new terms for the present one. Either way it starts from the present balance.
// If that is below the threshold already, the returned rule says so (StateBelow, ReasonAlreadyBelow) and waits for
// recovery. Without an answer of the upstream the rule stays in StateNew, with the reason, and the worker asks soon.
//
// Errors: identity.ErrNoSuchLink, ErrThreshold, ErrMargin, ErrQuietHours, ErrNoTemplate, ErrUnattended, ErrNoConsent,
// ErrNoAccount.
func (s *Service) Put(ctx context.Context, c *identity.Caller, linkID string, set Setting) (*Rule, error) {
	link, err := c.Link(linkID)
	if err != nil {
		return nil, err
	}
	terms, err := s.terms(c, link, set)
	if err != nil {
		return nil, err
	}
	return s.set(ctx, link, set, terms, func(*Rule) error { return nil })
}

// set writes a rule of these terms, judged anew. Check may refuse the rule that is there, nil for none.
func (s *Service) set(ctx context.Context, link identity.Link, set Setting, terms Rule, check func(current *Rule) error) (*Rule, error) {
	answer, busy := s.ask(ctx, balance.Subject{PersonID: link.PersonID, Region: link.Region})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var err error
	if terms.InsuranceType, err = insuranceToWatch(set.InsuranceType, link.Region, answer); err != nil {
		return nil, err
	}
	recent, err := s.Store.DeliveriesOf(ctx, link.ID, recentFalls)
	if err != nil {
		return nil, err
	}
	facts := Facts{Link: &link, Unattended: true, Answer: answer, Busy: busy}
	guessed := set.InsuranceType == "" && answer == nil
	now, id := s.now(), rand.Text()
	return s.Store.PutRule(ctx, link.ID, func(current *Rule) (*Rule, error) {
		if err := check(current); err != nil {
			return nil, err
		}
		terms := terms // the function may run again
		if guessed && current != nil {
			terms.InsuranceType = current.InsuranceType // chosen with an answer of the upstream
		}
		return s.merge(current, recent, terms, id, facts, now), nil
	})
}

// terms checks the setting and returns it as a rule without state.
func (s *Service) terms(c *identity.Caller, link identity.Link, set Setting) (Rule, error) {
	margin := s.cfg.DefaultMargin
	if set.Margin != nil {
		margin = *set.Margin
	}
	template, ok := s.template(c.Platform, c.App, set.Template)
	rule := Rule{
		LinkID: link.ID, UserID: c.UserID, PersonID: link.PersonID, Region: link.Region,
		Platform: c.Platform, App: c.App, Template: template.Name,
		Threshold: set.Threshold, Margin: margin, ShowAmount: set.ShowAmount, Quiet: set.Quiet, Consent: set.Given,
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

// consent makes the owner's consent to regular reading, given with the rule, as provable as one given with the link: its
// proof covers the user, the link, the text and the time.
func (s *Service) consent(userID, linkID, version string) identity.Consent {
	consent := identity.Consent{Version: version, TextHash: s.ConsentHash, At: s.now(), Unattended: true}
	if s.ConsentProof != nil {
		consent.Proof = s.ConsentProof("reminder", userID, linkID, version, s.ConsentHash, consent.At.UTC().Format(time.RFC3339))
	}
	return consent
}

// merge makes the rule to be written; pure. A rule with new terms keeps id, episode and outbox: falls are counted on, and
// a decided message is not lost (just before its send it is checked against the new terms). Another insurance makes
// another rule, because a message about the old one must not go out with the new one's balance.
func (s *Service) merge(current *Rule, recent []Delivery, terms Rule, id string, facts Facts, now time.Time) *Rule {
	rule := terms
	rule.ID, rule.CreatedAt = id, now
	rule.State = StateNew
	fallen := s.lastFall(recent, terms, now)
	if current != nil && current.InsuranceType == terms.InsuranceType {
		rule.ID, rule.CreatedAt = current.ID, current.CreatedAt
		rule.Episode, rule.Outbox = current.Episode, current.Outbox
		fallen = *current
	}
	// The fall is judged with the threshold of its own rule.
	if _, reason := watched(fallen, facts.Answer, now, s.cfg); reason == ReasonNotFresh {
		facts.Answer = nil
	}
	decision := Decide(rule, facts, now, s.cfg)
	rule.FiredAt = fallen.FiredAt
	rule.State, rule.LastReason, rule.EvaluatedAt = decision.State, decision.Reason, now
	rule.DueAt = s.nextDue(&rule, decision, now)
	if rule.Outbox != nil {
		rule.DueAt = now // to be handed over at once
	}
	return &rule
}

// recentFalls bounds the deliveries that lastFall reads.
const recentFalls = 20

// lastFall returns the terms with threshold and time of the last fall of the same insurance that has a delivery, from an
// earlier rule of the link. That rule is deleted, but a process may still cache an answer from before the fall. Such an
// answer must not arm the new rule, or the same fall would fire twice. A fall longer ago than DecisionAge does not count:
// answers from before it are not fresh. The earlier rule's cooldown does not hold for the new one.
func (s *Service) lastFall(recent []Delivery, terms Rule, now time.Time) Rule {
	for _, d := range recent {
		if d.Message.Insurance == s.InsuranceName(terms.InsuranceType) && now.Sub(d.CreatedAt) <= s.cfg.DecisionAge {
			terms.Threshold, terms.FiredAt = d.Message.Threshold, d.CreatedAt
			break
		}
	}
	return terms
}

// insuranceToWatch checks the wanted insurance, or chooses the one with a personal account. An account that may exist is
// allowed; the rule then says that it is not known. Without an answer nothing is checked now.
func insuranceToWatch(wanted, region string, answer *balance.Answer) (string, error) {
	if len(wanted) > 6 || strings.Trim(wanted, "0123456789") != "" {
		return "", ErrNoAccount
	}
	if answer == nil {
		return cmp.Or(wanted, urbanEmployees), nil
	}
	if wanted != "" {
		e := balance.Standing(answer.Enrolments, wanted, region)
		if e == nil || e.Account.Exists == balance.AccountNo {
			return "", ErrNoAccount
		}
		return wanted, nil
	}
	for _, exists := range []balance.Existence{balance.AccountYes, balance.AccountUnknown} {
		if insurance := preferred(answer.Enrolments, exists); insurance != "" {
			return insurance, nil
		}
	}
	return "", ErrNoAccount
}

// preferred chooses among the insurances with that existence of an account: the employees' one, else the first active one,
// else the first.
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
	return cmp.Or(active, first)
}
