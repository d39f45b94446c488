// Package session signs platform users in and verifies their tokens.
package session

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yibao/config/setting"
	"yibao/identity"
)

// Config is the section token of the configuration. A zero is a value, not a default.
type Config struct {
	Key setting.Secret `koanf:"key"` // signs tokens; at least 32 characters; `server keys new` makes one
	TTL time.Duration  `koanf:"ttl"` // of a session and its token
}

// SetDefaults fills the section.
func (c *Config) SetDefaults() { *c = Config{TTL: 2 * time.Hour} }

// Check adds every problem of the section.
func (c *Config) Check(r setting.Report) {
	key, mend := c.Key.Reveal(), "give key_file; server keys new makes one"
	switch {
	case key == "":
		r.Add("key", "is missing", mend)
	case strings.HasPrefix(key, "{"), strings.HasPrefix(key, "-----BEGIN"):
		r.Add("key", "is a file of another purpose: a key set, a certificate or a key in PEM", mend)
	case len(key) < minTokenKey:
		r.Add("key", "is shorter than 32 characters", mend)
	default:
		r.Need(varied(key), "key", "can be guessed: it has few different characters, or repeats itself", mend)
	}
	r.Need(c.TTL >= time.Minute && c.TTL <= 24*time.Hour, "ttl", "must be between 1m and 24h", "the default is 2h")
}

// varied refuses keys that were typed instead of drawn. A drawn key of 32 hex digits has about 14 different ones, and less
// than 8 less often than once in ten million.
func varied(key string) bool {
	different := map[rune]bool{}
	for _, one := range key {
		different[one] = true
	}
	repeats := strings.Contains((key + key)[1:2*len(key)-1], key)
	return len(different) >= 8 && !repeats
}

const (
	pollEvery  = 5 * time.Second  // between two reads of the changes
	staleAfter = 30 * time.Second // without a good poll every request reads the store
	cacheSize  = 100_000          // verified tokens kept in memory
)

// Deps are the stores and platforms that the service needs.
type Deps struct {
	Users     identity.UserStore
	Sessions  identity.SessionStore
	Changes   identity.ChangeStore
	Platforms map[identity.Platform]identity.Authenticator
	Now       func() time.Time // rules token expiry; default time.Now
	Log       *slog.Logger     // default: discard
}

// SignedIn is the result of a sign-in.
type SignedIn struct {
	Token   string
	Session identity.Session
	User    *identity.PlatformUser
}

// Service signs platform users in and verifies their tokens.
//
// Verifying costs no store read: verified tokens are cached until they expire. Each change of a user's sessions or links is
// recorded before it is made, in the store's own time. Each replica polls the recorded changes, forgets the cached tokens of the user, and reads the
// user per request for a minute, by when the change is written. The process that revokes a session refuses it at once, the
// others after one poll at the latest. Without a good poll for staleAfter, nothing cached is trusted.
type Service struct {
	cfg     Config
	deps    Deps
	tokens  *tokens
	cache   *callers
	machine func() time.Time // ages of polls: real time, even where Now is moved

	polled atomic.Int64 // Unix nanoseconds at which the last good poll began, by the machine's clock; 0 before it
	pollMu sync.Mutex   // guards last and seen
	last   time.Time    // of the last good poll, by the store's clock
	seen   map[string]time.Time
}

// maxReading is how old a read may be to be cached; a slower one might have crossed a change and its whole hot time.
const maxReading = 10 * time.Second

const (
	maxSignInCode = 512 // bytes; WeChat's codes have 32, Alipay's 34
	maxAppName    = 64
)

// New wants a configuration that Check accepts.
func New(cfg Config, deps Deps) (*Service, error) {
	if deps.Users == nil || deps.Sessions == nil || deps.Changes == nil {
		return nil, errors.New("session: a store is missing")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	tokens, err := newTokens([]byte(cfg.Key.Reveal()), deps.Now)
	if err != nil {
		return nil, err
	}
	return &Service{
		cfg: cfg, deps: deps, tokens: tokens, cache: newCallers(cacheSize),
		machine: time.Now, seen: make(map[string]time.Time),
	}, nil
}

// SignIn exchanges the platform's code for a token. The adapter checks the code's form; only its length is bounded here.
//
// Errors: those of identity.Authenticator, and identity.ErrStore. A kill between the writes leaves a user without a session,
// or a session whose token was never delivered. Both are harmless, and the client signs in again with a new code.
func (s *Service) SignIn(ctx context.Context, p identity.Platform, app, code string) (*SignedIn, error) {
	platform := s.deps.Platforms[p]
	if platform == nil || len(app) > maxAppName {
		return nil, identity.ErrNoSuchApp
	}
	if code == "" || len(code) > maxSignInCode {
		return nil, identity.ErrCodeInvalid
	}
	account, err := platform.SignIn(ctx, app, code)
	if err != nil {
		return nil, platformError(err)
	}
	if account.OpenID == "" && account.UserID == "" || account.Platform != p {
		return nil, identity.ErrPlatformUnavailable
	}
	now := s.deps.Now()
	user, err := s.deps.Users.SignedIn(ctx, account, now)
	if err != nil {
		return nil, err
	}
	session := identity.Session{
		ID: rand.Text(), UserID: user.ID, CreatedAt: now,
		ExpiresAt: now.Add(s.cfg.TTL).Truncate(time.Second), // as the token says it
	}
	if err := s.deps.Sessions.InsertSession(ctx, session); err != nil {
		return nil, err
	}
	token, err := s.tokens.sign(session)
	if err != nil {
		return nil, err
	}
	return &SignedIn{Token: token, Session: session, User: user}, nil
}

// platformError lets only our own errors out: a platform SDK's texts carry secrets.
func platformError(err error) error {
	for _, known := range []error{
		identity.ErrNoSuchApp, identity.ErrCodeInvalid, identity.ErrSignInTooOften, identity.ErrPlatformBusy, identity.ErrUserBlocked,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return identity.ErrPlatformUnavailable
}

// Verify returns the caller behind a token: from memory while that is fresh, else from the store.
//
// Errors: identity.ErrTokenInvalid (also for expired and revoked ones), identity.ErrStore.
func (s *Service) Verify(ctx context.Context, token string) (*identity.Caller, error) {
	begun := s.machine()
	fresh := s.fresh(begun)
	if fresh {
		if caller, ok := s.cache.get(token, s.deps.Now()); ok {
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
		s.cache.add(token, caller, end)
	}
	return caller, nil
}

// read asks the store for the session and for the user's links.
func (s *Service) read(ctx context.Context, c *claims) (*identity.Caller, error) {
	session, err := s.deps.Sessions.Session(ctx, c.SessionID)
	if err != nil {
		return nil, identity.Missing(err, identity.ErrTokenInvalid)
	}
	if session.UserID != c.Subject || !s.deps.Now().Before(session.ExpiresAt) {
		return nil, identity.ErrTokenInvalid
	}
	user, err := s.deps.Users.User(ctx, session.UserID)
	if err != nil {
		return nil, identity.Missing(err, identity.ErrTokenInvalid)
	}
	if user.ID != session.UserID { // the user has become part of another, whose sessions alone are listed and ended
		return nil, identity.ErrTokenInvalid
	}
	return &identity.Caller{
		UserID: user.ID, SessionID: session.ID,
		Platform: user.Account.Platform, App: user.Account.App,
		ExpiresAt: c.ExpiresAt.Time,
		Links:     user.Active(),
	}, nil
}

// List returns up to limit of the caller's sessions that are still valid, newest first. Next is the page that follows, ""
// behind the last one; the first page is "". Sessions that begin or end meanwhile move no other from its page to the next.
//
// Errors: identity.ErrPage, identity.ErrStore.
func (s *Service) List(ctx context.Context, c *identity.Caller, page string, limit int) (list []identity.Session, next string, err error) {
	behind, err := parsePage(page)
	if err != nil {
		return nil, "", err
	}
	list, err = s.deps.Sessions.SessionsOf(ctx, c.UserID, s.deps.Now(), behind, limit+1)
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	list = list[:limit]
	return list, pageBehind(list[limit-1]), nil
}

// SignOut ends one of the caller's sessions; another user's id is as unknown as any.
//
// The change is recorded before the session goes: a kill in between costs the replicas a few reads, the other order
// would leave a revoked session alive in their memory. Errors: identity.ErrNoSuchSession, identity.ErrStore.
func (s *Service) SignOut(ctx context.Context, c *identity.Caller, sessionID string) error {
	if !identity.IsID(sessionID) {
		return identity.ErrNoSuchSession
	}
	// Read first, so that made-up ids write nothing.
	session, err := s.deps.Sessions.Session(ctx, sessionID)
	if err != nil {
		return identity.Missing(err, identity.ErrNoSuchSession)
	}
	if session.UserID != c.UserID {
		return identity.ErrNoSuchSession
	}
	if err := s.deps.Changes.RecordChange(ctx, c.UserID); err != nil {
		return err
	}
	err = s.deps.Sessions.DeleteSession(ctx, c.UserID, sessionID)
	s.Forget(c.UserID) // also after an error: a write without an answer may have happened
	return identity.Missing(err, identity.ErrNoSuchSession)
}

// SignOutAll ends the caller's sessions, all of them or all but the one in use. It writes as SignOut does; a kill in
// between leaves some sessions, and the caller, who was told nothing, repeats it. Errors: identity.ErrStore.
func (s *Service) SignOutAll(ctx context.Context, c *identity.Caller, keepCurrent bool) error {
	keep := ""
	if keepCurrent {
		keep = c.SessionID
	}
	if err := s.deps.Changes.RecordChange(ctx, c.UserID); err != nil {
		return err
	}
	defer s.Forget(c.UserID)
	return s.deps.Sessions.DeleteSessions(ctx, c.UserID, keep)
}

// Forget removes the user's tokens from this process' memory. For a minute the user is read per request.
func (s *Service) Forget(userID string) { s.cache.forget(s.machine(), userID) }
