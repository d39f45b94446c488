// Package linking proves links between platform users and insured persons, and ends them.
//
// Nothing in it tells a stranger whether a person exists: documents, answers, counters and times are the same for a
// matching, a mismatching and an unknown person. The upstream is asked in the background, its answer is not kept, and only
// the message to the phone depends on it.
package linking

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"yibao/identity"
)

// Config holds the limits of linking. Zero takes the default; all …Per… limits count over a sliding 24 hours.
type Config struct {
	LinksPerUser   int // active links of one platform user; default 10
	LinksPerPerson int // links to one person; default 8
	Tries          int // wrong answers per attempt; default 5
	Sends          int // codes per attempt; default 3

	CodeTTL     time.Duration // default 5 min
	AttemptTTL  time.Duration // default 15 min
	ResendAfter time.Duration // default 60 s

	StartsPerUser    int // attempts of one platform user; default 20
	StartsPerAddress int // attempts from one address; default 100
	WrongPerPair     int // wrong answers of one platform user for one person; default 10
	SendsPerPair     int // codes of one platform user for one person; default 6
	SendsPerPhone    int // codes to one phone, from all users; default 10

	ConsentVersion string // of the text in force
	ConsentText    string
}

// Deps are the ports that the service needs.
type Deps struct {
	Store     identity.Store
	Registry  identity.Registry
	Regions   *identity.Regions
	Codes     identity.CodeSender
	Digests   identity.Digests
	Followers []identity.Follower
	Forget    func(userID string) // removes the user from this process' memory of sessions; nil where it has none
	Now       func() time.Time    // default time.Now
	Log       *slog.Logger        // default: discard
}

// Service proves links and ends them. See the package comment.
type Service struct {
	cfg         Config
	deps        Deps
	consentHash string
	proofs      map[identity.Method]proof

	places  chan struct{} // one per background send that is queued or running
	running chan struct{} // one per background send that is running
	sending sync.WaitGroup
}

// New checks the configuration and fills its defaults.
func New(cfg Config, deps Deps) (*Service, error) {
	if deps.Store == nil || deps.Registry == nil || deps.Regions == nil || deps.Codes == nil || deps.Digests == nil {
		return nil, errors.New("linking: store, registry, regions, code sender and digests are needed")
	}
	if cfg.ConsentVersion == "" || cfg.ConsentText == "" {
		return nil, errors.New("linking: the consent text and its version are needed")
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
	s := &Service{
		cfg: cfg, deps: deps, consentHash: identity.TextHash(cfg.ConsentText),
		places: make(chan struct{}, maxQueued), running: make(chan struct{}, maxRunning),
	}
	s.proofs = map[identity.Method]proof{identity.SMSOnFile: sms{s}, identity.CardPassword: card{s}}
	return s, nil
}

func (c *Config) fillDefaults() {
	identity.Default(&c.LinksPerUser, 10)
	identity.Default(&c.LinksPerPerson, 8)
	identity.Default(&c.Tries, 5)
	identity.Default(&c.Sends, 3)
	identity.Default(&c.CodeTTL, 5*time.Minute)
	identity.Default(&c.AttemptTTL, 15*time.Minute)
	identity.Default(&c.ResendAfter, time.Minute)
	identity.Default(&c.StartsPerUser, 20)
	identity.Default(&c.StartsPerAddress, 100)
	identity.Default(&c.WrongPerPair, 10)
	identity.Default(&c.SendsPerPair, 6)
	identity.Default(&c.SendsPerPhone, 10)
}
