package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// SessionsConfig says how long what is believed. A zero takes the default.
type SessionsConfig struct {
	TokenKey   []byte        // signs tokens; at least 32 bytes
	TokenTTL   time.Duration // of a session and its token; default 2 h
	PollEvery  time.Duration // between two reads of the changes; default 5 s
	StaleAfter time.Duration // without a good poll every request reads the store; default 30 s
	CacheSize  int           // verified tokens kept in memory; default 100,000
}

// SessionsDeps is what Sessions needs.
type SessionsDeps struct {
	Users     UserStore
	Sessions  SessionStore
	Changes   ChangeStore
	Platforms map[Platform]Authenticator
	Now       func() time.Time // rules token expiry; default time.Now
	Log       *slog.Logger     // default: discard
}

// SignedIn is what a sign-in gives.
type SignedIn struct {
	Token   string
	Session Session
	User    *PlatformUser
}

// Sessions signs platform users in and verifies their tokens.
//
// Verifying costs no store read: verified tokens are cached until they expire. Whoever changes a user's sessions or
// links records the change first; each replica polls the changes, forgets what it cached of that user, and reads that
// user per request for a minute, by when the change is written. A revoked session is refused at once by the process
// that revoked it, and by the others after one poll at the latest. Without a good poll for StaleAfter, nothing cached
// is believed.
type Sessions struct {
	cfg     SessionsConfig
	deps    SessionsDeps
	tokens  *tokens
	cache   *verified
	machine func() time.Time // ages of polls: real time, even where Now is moved

	polled atomic.Int64 // Unix nanoseconds at which the last good poll began; 0 before it
	pollMu sync.Mutex   // guards seen
	seen   map[string]time.Time
}

// maxReading is how old a read may be to be cached; a slower one might have crossed a change and its whole hot time.
const maxReading = 10 * time.Second

const (
	maxSignInCode = 512 // bytes; WeChat's codes have 32, Alipay's 34
	maxAppName    = 64
)

// NewSessions checks the configuration and fills its defaults.
func NewSessions(cfg SessionsConfig, deps SessionsDeps) (*Sessions, error) {
	if deps.Users == nil || deps.Sessions == nil || deps.Changes == nil {
		return nil, errors.New("identity: sessions need a store")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	setDefault(&cfg.TokenTTL, 2*time.Hour)
	setDefault(&cfg.PollEvery, 5*time.Second)
	setDefault(&cfg.StaleAfter, 30*time.Second)
	setDefault(&cfg.CacheSize, 100_000)
	tokens, err := newTokens(cfg.TokenKey, deps.Now)
	if err != nil {
		return nil, err
	}
	return &Sessions{
		cfg: cfg, deps: deps, tokens: tokens, cache: newVerified(cfg.CacheSize),
		machine: time.Now, seen: make(map[string]time.Time),
	}, nil
}

func setDefault[T ~int | ~int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// SignIn exchanges the platform's code for a token. The code's form is the adapter's business; only its length is
// bounded here.
//
// Errors: those of Authenticator, and ErrStore. A kill between the writes leaves a user without a session, or a session
// whose token nobody got; both are harmless, and the client signs in again with a new code.
func (s *Sessions) SignIn(ctx context.Context, p Platform, app, code string) (*SignedIn, error) {
	platform := s.deps.Platforms[p]
	if platform == nil || len(app) > maxAppName {
		return nil, ErrNoSuchApp
	}
	if code == "" || len(code) > maxSignInCode {
		return nil, ErrCodeInvalid
	}
	account, err := platform.SignIn(ctx, app, code)
	if err != nil {
		return nil, platformError(err)
	}
	if account.OpenID == "" || account.Platform != p {
		return nil, ErrPlatformUnavailable
	}
	return s.begin(ctx, account)
}

func (s *Sessions) begin(ctx context.Context, account PlatformAccount) (*SignedIn, error) {
	now := s.deps.Now()
	user, err := s.deps.Users.SignedIn(ctx, account, now)
	if err != nil {
		return nil, ErrStore
	}
	session := Session{
		ID: rand.Text(), UserID: user.ID, CreatedAt: now,
		ExpiresAt: now.Add(s.cfg.TokenTTL).Truncate(time.Second), // as the token says it
	}
	if err := s.deps.Sessions.InsertSession(ctx, session); err != nil {
		return nil, ErrStore
	}
	token, err := s.tokens.sign(session, time.Time{})
	if err != nil {
		return nil, err
	}
	return &SignedIn{Token: token, Session: session, User: user}, nil
}

// platformError lets only our own errors out: a platform SDK's texts carry secrets.
func platformError(err error) error {
	for _, known := range []error{ErrNoSuchApp, ErrCodeInvalid, ErrSignInTooOften, ErrPlatformBusy, ErrUserBlocked} {
		if errors.Is(err, known) {
			return known
		}
	}
	return ErrPlatformUnavailable
}

// Verify returns who is behind a token: from memory where that may be believed, else from the store.
//
// Errors: ErrTokenInvalid (also for expired and revoked ones), ErrStore.
func (s *Sessions) Verify(ctx context.Context, token string) (*Caller, error) {
	begun := s.machine()
	fresh := s.fresh(begun)
	if fresh {
		if caller, ok := s.cache.get(token, s.deps.Now().UnixNano()); ok {
			return caller, nil
		}
	}
	c, err := s.tokens.parse(token)
	if err != nil {
		return nil, err
	}
	caller, err := s.read(ctx, c)
	if err != nil {
		return nil, err
	}
	if end := s.machine(); fresh && end.Sub(begun) < maxReading {
		s.cache.add(token, caller, s.cfg.CacheSize, end)
	}
	return caller, nil
}

// read asks the store for the session and for the user's links.
func (s *Sessions) read(ctx context.Context, c *claims) (*Caller, error) {
	session, err := s.deps.Sessions.Session(ctx, c.SessionID)
	if err != nil {
		return nil, missing(err, ErrTokenInvalid)
	}
	if session.UserID != c.Subject || !s.deps.Now().Before(session.ExpiresAt) {
		return nil, ErrTokenInvalid
	}
	user, err := s.deps.Users.User(ctx, session.UserID)
	if err != nil {
		return nil, missing(err, ErrTokenInvalid)
	}
	return &Caller{
		UserID: user.ID, SessionID: session.ID,
		Platform: user.Account.Platform, App: user.Account.App,
		ExpiresAt: c.ExpiresAt.Time, StepUpAt: c.stepUpAt(),
		Links: slices.DeleteFunc(slices.Clone(user.Links), func(l Link) bool { return l.State != LinkActive }),
	}, nil
}

// List returns the caller's sessions that are still valid. Returns ErrStore.
func (s *Sessions) List(ctx context.Context, c *Caller) ([]Session, error) {
	sessions, err := s.deps.Sessions.SessionsOf(ctx, c.UserID, s.deps.Now())
	return sessions, storeError(err)
}

// SignOut ends one of the caller's sessions; another user's id is as unknown as any.
//
// The change is recorded before the session goes: a kill in between costs the replicas a few reads, the other order
// would leave a revoked session alive in their memory. Errors: ErrNoSuchSession, ErrStore.
func (s *Sessions) SignOut(ctx context.Context, c *Caller, sessionID string) error {
	if !isID(sessionID) {
		return ErrNoSuchSession
	}
	// Read first, so that made-up ids write nothing.
	session, err := s.deps.Sessions.Session(ctx, sessionID)
	if err != nil {
		return missing(err, ErrNoSuchSession)
	}
	if session.UserID != c.UserID {
		return ErrNoSuchSession
	}
	if err := s.deps.Changes.RecordChange(ctx, c.UserID); err != nil {
		return ErrStore
	}
	err = s.deps.Sessions.DeleteSession(ctx, c.UserID, sessionID)
	s.Forget(c.UserID) // whatever the store said: a write without an answer may have happened
	return missing(err, ErrNoSuchSession)
}

// Forget drops what this process knows of the user; for a minute the user is read per request.
func (s *Sessions) Forget(userID string) { s.cache.forget(s.machine(), userID) }
