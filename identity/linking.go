package identity

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// LinkingConfig holds the limits of linking. A zero takes the default; all …Per… limits count over a sliding 24 hours.
type LinkingConfig struct {
	LinksPerUser   int // active links of one platform user; default 10
	LinksPerPerson int // links to one person; default 8
	Tries          int // wrong codes per attempt; default 5
	Sends          int // codes per attempt; default 3

	CodeTTL     time.Duration // default 5 min
	AttemptTTL  time.Duration // default 15 min
	ResendAfter time.Duration // default 60 s

	StartsPerUser    int // attempts of one platform user; default 20
	StartsPerAddress int // attempts from one address; default 100
	WrongPerPair     int // wrong codes of one platform user for one person; default 10
	SendsPerPair     int // codes of one platform user for one person; default 6
	SendsPerPhone    int // codes to one phone, whoever asks; default 10

	ConsentVersion string // of the text in force
	ConsentText    string
	// Apps says whether the app offers the region.
	Apps func(platform Platform, app, region string) bool
}

// LinkingDeps is what Linking needs.
type LinkingDeps struct {
	Store     Store
	Registry  Registry
	Codes     CodeSender
	Digests   Digests
	Followers []Follower
	Forget    func(userID string) // Sessions.Forget; nil where no session is verified in this process
	Now       func() time.Time    // default time.Now
	Log       *slog.Logger        // default: discard
}

// Linking proves links and ends them.
//
// Nothing in it tells a stranger whether a person exists: what is stored, answered and counted, and when, is the same
// for a matching, a mismatching and an unknown person. The upstream is asked in the background, its answer is kept
// nowhere, and only whether a message leaves depends on it.
type Linking struct {
	cfg         LinkingConfig
	deps        LinkingDeps
	consentHash string

	places  chan struct{} // one per background send that is queued or running
	running chan struct{} // one per background send that is running
	sending sync.WaitGroup
}

const (
	maxQueued  = 1024             // background sends; beyond them an attempt waits for the next pass of Run
	maxRunning = 32               // of them at the same time
	sendTime   = 30 * time.Second // of one background send, upstream and gateway together
)

// NewLinking checks the configuration and fills its defaults.
func NewLinking(cfg LinkingConfig, deps LinkingDeps) (*Linking, error) {
	if deps.Store == nil || deps.Registry == nil || deps.Codes == nil || deps.Digests == nil {
		return nil, errors.New("identity: linking needs store, registry, code sender and digests")
	}
	if cfg.Apps == nil || cfg.ConsentVersion == "" || cfg.ConsentText == "" {
		return nil, errors.New("identity: linking needs the consent text, its version, and what the apps offer")
	}
	if deps.Forget == nil {
		deps.Forget = func(string) {}
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	cfg.fillDefaults()
	return &Linking{
		cfg: cfg, deps: deps, consentHash: TextHash(cfg.ConsentText),
		places: make(chan struct{}, maxQueued), running: make(chan struct{}, maxRunning),
	}, nil
}

func (c *LinkingConfig) fillDefaults() {
	setDefault(&c.LinksPerUser, 10)
	setDefault(&c.LinksPerPerson, 8)
	setDefault(&c.Tries, 5)
	setDefault(&c.Sends, 3)
	setDefault(&c.CodeTTL, 5*time.Minute)
	setDefault(&c.AttemptTTL, 15*time.Minute)
	setDefault(&c.ResendAfter, time.Minute)
	setDefault(&c.StartsPerUser, 20)
	setDefault(&c.StartsPerAddress, 100)
	setDefault(&c.WrongPerPair, 10)
	setDefault(&c.SendsPerPair, 6)
	setDefault(&c.SendsPerPhone, 10)
}

// LinkRequest is what somebody asks to be linked to, as typed.
type LinkRequest struct {
	Region         string
	Name           string
	IDType         string // "" is the resident identity card
	IDNumber       string
	Relation       Relation
	Method         Method
	ConsentVersion string // of the text that was shown
	Unattended     bool   // may the server read the balance by itself?
	Guardian       bool   // consent is given as guardian of a person under 14
	Address        string // the caller's IP address
}

// Start stores an attempt and returns at once; the code is made and sent in the background.
//
// Errors: ErrNotOffered, ErrNameInvalid, ErrIDNumber, ErrConsentMissing, ErrGuardian, ErrLinkLimit (the caller's own
// links), *LimitError, ErrStore. None depends on whether the person exists.
func (l *Linking) Start(ctx context.Context, c *Caller, r LinkRequest) (*Attempt, error) {
	claim, consent, err := l.check(c, r)
	if err != nil {
		return nil, err
	}
	a := l.newAttempt(c.UserID, claim, consent, r)
	// Counted first: what a full user is told depends on whom they name.
	if err := l.countStart(ctx, &a, r.Address); err != nil {
		return nil, err
	}
	if err := l.checkPlace(ctx, c, &a); err != nil {
		return nil, err
	}
	// A kill after this write, before the background has begun: Run finds the attempt and sends.
	if err := l.deps.Store.InsertAttempt(ctx, a); err != nil {
		return nil, ErrStore
	}
	l.background(func(ctx context.Context) { l.sendFirst(ctx, a.ID) })
	return &a, nil
}

func (l *Linking) newAttempt(userID string, claim Claim, consent Consent, r LinkRequest) Attempt {
	now := consent.At
	a := Attempt{
		UserID: userID, Claim: claim, Relation: r.Relation, Method: r.Method, Consent: consent,
		InsuredHash: l.deps.Digests.Insured(claim.IDType, claim.IDNumber),
		State:       AttemptRequested, CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(l.cfg.AttemptTTL),
	}
	a.ID, a.LinkID = newAttemptIDs()
	return a
}

// startLimit is one of the limits that a start counts against.
type startLimit struct {
	key, op string
	limit   int
}

func (l *Linking) startLimits(a *Attempt, address string) []startLimit {
	limits := []startLimit{
		{sendsOfPair(a), sendOp(a.ID, 1), l.cfg.SendsPerPair},
		{startsOfUser(a.UserID), a.ID, l.cfg.StartsPerUser},
	}
	if address == "" {
		return limits
	}
	return append(limits, startLimit{l.startsOfAddress(address), a.ID, l.cfg.StartsPerAddress})
}

// countStart counts before anything is stored, so that a refused attempt leaves no document: first what only the user
// and this person share, then the user's own, and last the address, which strangers share behind one carrier's NAT. A
// start that is refused by one limit is not counted against any other. Mostly it writes nothing, as all are looked at
// first; starts at once may all pass that look, but each count is itself the check, and what was counted before the one
// that refuses is taken back.
//
// What is taken back belongs to no attempt. A kill, or a store that fails, in between leaves too much counted, for a
// day; never too little.
func (l *Linking) countStart(ctx context.Context, a *Attempt, address string) error {
	// Who has used up the wrong codes could not prove this attempt: no message is sent for it.
	if err := l.checkCount(ctx, wrongOfPair(a), l.cfg.WrongPerPair); err != nil {
		return err
	}
	limits := l.startLimits(a, address)
	for _, c := range limits {
		if err := l.checkCount(ctx, c.key, c.limit); err != nil {
			return err
		}
	}
	for i, c := range limits {
		if err := l.count(ctx, c.key, c.op, c.limit); err != nil {
			l.takeBack(ctx, limits[:i])
			return err
		}
	}
	return nil
}

func (l *Linking) takeBack(ctx context.Context, counted []startLimit) {
	for _, c := range counted {
		if l.uncount(ctx, c.key, c.op) != nil {
			l.deps.Log.Warn("a start that was refused stays counted")
		}
	}
}

// check decides from the request and the caller alone.
func (l *Linking) check(c *Caller, r LinkRequest) (Claim, Consent, error) {
	if !l.offered(c, r) || !validRelation(r.Relation) {
		return Claim{}, Consent{}, ErrNotOffered
	}
	claim, err := claimOf(r)
	if err != nil {
		return Claim{}, Consent{}, err
	}
	consent, err := l.consentOf(r, claim)
	if err != nil {
		return Claim{}, Consent{}, err
	}
	return claim, consent, nil
}

// checkPlace refuses one link more than the caller may have; to link again whom the caller has already takes no place.
func (l *Linking) checkPlace(ctx context.Context, c *Caller, a *Attempt) error {
	if len(c.Links) < l.cfg.LinksPerUser {
		return nil
	}
	for _, link := range c.Links {
		if link.Region != a.Claim.Region {
			continue
		}
		// Whoever cannot be read is taken for somebody else.
		if insured, err := l.insured(ctx, link.PersonID); err == nil && insured == a.InsuredHash {
			return nil
		}
	}
	return ErrLinkLimit
}

func (l *Linking) offered(c *Caller, r LinkRequest) bool {
	return isRegionCode(r.Region) && l.cfg.Apps(c.Platform, c.App, r.Region) &&
		r.Method == SMSOnFile && slices.Contains(l.deps.Registry.Methods(r.Region), r.Method)
}

func validRelation(r Relation) bool {
	switch r {
	case Self, Spouse, Parent, Child, Other:
		return true
	}
	return false
}

func claimOf(r LinkRequest) (Claim, error) {
	name, err := NormaliseName(r.Name)
	if err != nil {
		return Claim{}, err
	}
	idType := r.IDType
	if idType == "" {
		idType = IDResident
	}
	idType, number, err := documentOf(idType, r.IDNumber)
	if err != nil {
		return Claim{}, err
	}
	return Claim{Region: r.Region, Name: name, IDType: idType, IDNumber: number}, nil
}

// guardedUntil is the age below which the law asks for a guardian's consent (PIPL art. 31).
const guardedUntil = 14

// consentOf wants consent to the text in force. A person under 14 cannot consent: the guardian must say so, as who
// links a child or, being a grandparent for example, another; never as the child itself, its spouse or its child. Where
// the document tells no birth date, what the caller says about guardianship is kept as it is.
func (l *Linking) consentOf(r LinkRequest, claim Claim) (Consent, error) {
	now := l.deps.Now()
	if r.ConsentVersion != l.cfg.ConsentVersion {
		return Consent{}, ErrConsentMissing
	}
	guardian := r.Guardian
	if birth, ok := BirthDate(claim.IDType, claim.IDNumber); ok {
		if now.Before(birth) {
			return Consent{}, ErrIDNumber
		}
		young := isUnder(guardedUntil, birth, now)
		if young && (!r.Guardian || (r.Relation != Child && r.Relation != Other)) {
			return Consent{}, ErrGuardian
		}
		guardian = young
	}
	return Consent{
		Version: r.ConsentVersion, TextHash: l.consentHash, At: now, Unattended: r.Unattended, Guardian: guardian,
	}, nil
}

// Attempt returns one of the caller's attempts. Errors: ErrNoSuchAttempt (also for another user's), ErrStore.
func (l *Linking) Attempt(ctx context.Context, c *Caller, id string) (*Attempt, error) {
	a, err := l.own(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if l.expired(a) {
		a.fail(FailedExpired, l.deps.Now()) // as the next pass of Run will write it
	}
	return a, nil
}

func (l *Linking) own(ctx context.Context, c *Caller, id string) (*Attempt, error) {
	if !isID(id) {
		return nil, ErrNoSuchAttempt
	}
	a, err := l.deps.Store.Attempt(ctx, id)
	if err != nil {
		return nil, missing(err, ErrNoSuchAttempt)
	}
	if a.UserID != c.UserID {
		return nil, ErrNoSuchAttempt
	}
	return a, nil
}

// open tells whether a code can still be asked for or entered.
func (a *Attempt) open() bool { return a.State == AttemptRequested || a.State == AttemptWaiting }

func (l *Linking) expired(a *Attempt) bool { return a.open() && !l.deps.Now().Before(a.ExpiresAt) }

// fail ends the attempt, and drops what was claimed: nobody needs it any more.
func (a *Attempt) fail(reason string, now time.Time) {
	a.State, a.Reason, a.UpdatedAt = AttemptFailed, reason, now
	a.wipe()
}

func (a *Attempt) wipe() {
	a.Claim = Claim{Region: a.Claim.Region}
	a.CodeHash, a.InsuredHash = nil, ""
}

// SendsLeft says how often the caller may still ask for a code. The first one counts from the start on, whether the
// background has made it or not.
func (l *Linking) SendsLeft(a *Attempt) int {
	if !a.open() {
		return 0
	}
	return max(l.cfg.Sends-max(a.Sends, 1), 0)
}

// TriesLeft says how many wrong codes the attempt still bears.
func (l *Linking) TriesLeft(a *Attempt) int {
	if !a.open() {
		return 0
	}
	return max(l.cfg.Tries-a.Tries, 0)
}

// ExpiresIn is the time left to prove the attempt, in whole seconds, rounded up; 0 once nothing can be proved.
func (l *Linking) ExpiresIn(a *Attempt) int {
	left := a.ExpiresAt.Sub(l.deps.Now())
	if !a.open() || left <= 0 {
		return 0
	}
	return int((left + time.Second - 1) / time.Second)
}
