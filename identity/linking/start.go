package linking

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"yibao/identity"
	"yibao/identity/document"
)

// Request asks for a link, as typed.
type Request struct {
	Region         string
	Name           string
	IDType         string // "" is the resident identity card
	IDNumber       string
	Relation       identity.Relation
	Method         identity.Method
	ConsentVersion string // of the text that was shown
	Unattended     bool   // may the server read the balance by itself?
	Guardian       bool   // consent is given as guardian of a person under 14
	Address        string // the caller's IP address
}

// Start stores an attempt and returns at once; a challenge is made in the background.
//
// Errors: identity.ErrNotOffered, document.ErrName, document.ErrNumber, identity.ErrConsentMissing, identity.ErrGuardian,
// identity.ErrLinkLimit (the caller's own links), *identity.LimitError, identity.ErrStore. None depends on whether the
// person exists.
func (s *Service) Start(ctx context.Context, c *identity.Caller, r Request) (*identity.Attempt, error) {
	kind, offered := s.proofs[r.Method]
	if !offered || !s.deps.Regions.Offered(c.AppKey(), r.Region) || !r.Relation.Valid() ||
		!slices.Contains(s.deps.Regions.Region(r.Region).Methods, r.Method) {
		return nil, identity.ErrNotOffered
	}
	claim, err := claimOf(r)
	if err != nil {
		return nil, err
	}
	consent, err := s.consentOf(r, claim)
	if err != nil {
		return nil, err
	}
	insured := s.deps.Digests.Insured(claim)
	random := rand.Text()
	a := identity.Attempt{
		ID: "a" + random, LinkID: "l" + random, UserID: c.UserID, Claim: claim, Relation: r.Relation, Method: r.Method,
		Consent: consent, InsuredHash: insured[0], State: identity.AttemptWaiting,
		CreatedAt: consent.At, UpdatedAt: consent.At, ExpiresAt: consent.At.Add(s.cfg.AttemptTTL),
	}
	challenged, hasChallenge := kind.(challenger)
	if hasChallenge {
		challenged.request(&a, consent.At)
	}
	// Counted first: the error of a user with all places taken depends on the claim.
	ofUser, err := s.countUser(ctx, &a)
	if err != nil {
		return nil, err
	}
	if len(c.Links) >= s.cfg.LinksPerUser && !renews(c.Links, insured, claim.Region) {
		return nil, identity.ErrLinkLimit
	}
	if err := s.countAddress(ctx, &a, r.Address); err != nil {
		s.uncountAll(ctx, ofUser)
		return nil, err
	}
	// A kill after this write, before the background has begun: Run finds the attempt and makes the challenge.
	if err := s.deps.Store.InsertAttempt(ctx, a); err != nil {
		return nil, err
	}
	if hasChallenge {
		s.background(challenged, &a)
	}
	return &a, nil
}

// renews says whether a link to that person exists, so that a new proof takes no further place.
func renews(links []identity.Link, insured []string, region string) bool {
	return slices.ContainsFunc(links, func(l identity.Link) bool {
		return l.Region == region && slices.Contains(insured, l.InsuredHash)
	})
}

func claimOf(r Request) (identity.Claim, error) {
	name, err := document.NormaliseName(r.Name)
	if err != nil {
		return identity.Claim{}, err
	}
	kind := r.IDType
	if kind == "" {
		kind = document.Resident
	}
	kind, number, err := document.Of(kind, r.IDNumber)
	if err != nil {
		return identity.Claim{}, err
	}
	return identity.Claim{Region: r.Region, Name: name, IDType: kind, IDNumber: number}, nil
}

// guardedUntil is the age below which the law asks for a guardian's consent (PIPL art. 31).
const guardedUntil = 14

// consentOf wants consent to the text in force. A person under 14 cannot consent: a guardian must, who links a child or,
// as a grandparent for example, another; never as the child itself, its spouse or its child. Where the document has no
// birth date, the caller's word about guardianship is kept as it is.
func (s *Service) consentOf(r Request, claim identity.Claim) (identity.Consent, error) {
	now := s.deps.Now()
	if r.ConsentVersion != s.deps.Consent.Version {
		return identity.Consent{}, identity.ErrConsentMissing
	}
	guardian := r.Guardian
	if birth, ok := document.BirthDate(claim.IDType, claim.IDNumber); ok {
		if now.Before(birth) {
			return identity.Consent{}, document.ErrNumber
		}
		young := document.Under(guardedUntil, birth, now)
		if young && (!r.Guardian || (r.Relation != identity.Child && r.Relation != identity.Other)) {
			return identity.Consent{}, identity.ErrGuardian
		}
		guardian = young
	}
	return identity.Consent{
		Version: r.ConsentVersion, TextHash: s.consentHash, At: now, Unattended: r.Unattended, Guardian: guardian,
	}, nil
}

// Attempt returns one of the caller's attempts. Errors: identity.ErrNoSuchAttempt (also for another user's),
// identity.ErrStore.
func (s *Service) Attempt(ctx context.Context, c *identity.Caller, id string) (*identity.Attempt, error) {
	if !identity.IsID(id) {
		return nil, identity.ErrNoSuchAttempt
	}
	a, err := s.deps.Store.Attempt(ctx, id)
	if err != nil {
		return nil, identity.Missing(err, identity.ErrNoSuchAttempt)
	}
	if a.UserID != c.UserID {
		return nil, identity.ErrNoSuchAttempt
	}
	if s.expired(a) {
		s.close(a) // as the next pass of Run will write it
	}
	return a, nil
}

func (s *Service) expired(a *identity.Attempt) bool {
	return waits(a) && !s.deps.Now().Before(a.ExpiresAt)
}

// waits says whether the attempt waits for its user, until it expires.
func waits(a *identity.Attempt) bool { return a.Open() || a.State == identity.AttemptFull }

// close ends an attempt that has expired.
func (s *Service) close(a *identity.Attempt) {
	reason := identity.FailedExpired
	if a.State == identity.AttemptFull {
		reason = identity.FailedLimit
	}
	a.Fail(reason, s.deps.Now())
}

// SendsLeft is how many more codes the caller may ask for. Zero for a proof without codes.
func (s *Service) SendsLeft(a *identity.Attempt) int {
	if _, ok := s.proofs[a.Method].(challenger); !ok || !a.Open() {
		return 0
	}
	return max(maxSends-a.Challenge.Sends, 0)
}

// TriesLeft is how many more wrong answers the attempt takes.
func (s *Service) TriesLeft(a *identity.Attempt) int {
	if !a.Open() {
		return 0
	}
	return max(maxTries-a.Tries, 0)
}

// ExpiresIn is the time left to prove the attempt, or to end others' links, in whole seconds, rounded up; 0 for one that is
// over.
func (s *Service) ExpiresIn(a *identity.Attempt) int {
	left := a.ExpiresAt.Sub(s.deps.Now())
	if !waits(a) || left <= 0 {
		return 0
	}
	return int((left + time.Second - 1) / time.Second)
}
