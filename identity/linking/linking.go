// Package linking proves links between platform users and insured persons, and ends them.
//
// Nothing in it tells a stranger whether a person exists: documents, answers, counters and times are the same for a
// matching, a mismatching and an unknown person. The upstream is asked in the background, at times that depend on no outcome;
// its answer is not kept, and only the message to the phone depends on it. See sms and lane.
package linking

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"yibao/config/setting"
	"yibao/identity"
)

// Config is the section linking of the configuration: the limits of proofs. Counts are per 24 hours, which slide, unless
// said otherwise. A zero is a value, not a default.
type Config struct {
	LinksPerUser        int           `koanf:"links_per_user"`   // active links of one platform user
	LinksPerPerson      int           `koanf:"links_per_person"` // links to one person
	CodeTTL             time.Duration `koanf:"code_ttl"`
	AttemptTTL          time.Duration `koanf:"attempt_ttl"`
	ResendAfter         time.Duration `koanf:"resend_after"`           // the last code
	StartsPerUser       int           `koanf:"starts_per_user"`        // attempts of one platform user
	StartsPerAddress    int           `koanf:"starts_per_address"`     // attempts from one address in ten minutes; from an IPv6 /48, eight times as many
	WrongPerPair        int           `koanf:"wrong_codes_per_pair"`   // wrong answers of one platform user for one person
	GuessAlarm          int           `koanf:"guess_alarm"`            // wrong answers of all users for one person that alarm the operator
	SendsPerPair        int           `koanf:"sends_per_pair"`         // codes of one platform user for one person
	SendsPerPhone       int           `koanf:"sends_per_phone"`        // codes to one phone: see budget
	SendsPerPhoneHourly int           `koanf:"sends_per_phone_hourly"` // of these in one hour
	CodesPerSecond      int           `koanf:"codes_per_second"`       // that one process begins to make, in each region
}

const (
	maxTries = 5 // wrong answers per attempt
	maxSends = 3 // codes per attempt
)

// SetDefaults fills the section.
func (c *Config) SetDefaults() {
	*c = Config{
		LinksPerUser: 10, LinksPerPerson: 8, CodeTTL: 5 * time.Minute, AttemptTTL: 15 * time.Minute,
		ResendAfter: time.Minute, StartsPerUser: 20, StartsPerAddress: 60, WrongPerPair: 10, GuessAlarm: 30,
		SendsPerPair: 6, SendsPerPhone: 10, SendsPerPhoneHourly: 5, CodesPerSecond: 10,
	}
}

// Check adds every problem of the section.
func (c *Config) Check(r setting.Report) {
	r.Numbers(*c)
	r.Knowing("code_ttl").Need(c.AttemptTTL >= c.CodeTTL, "attempt_ttl", "is shorter than code_ttl", "the default is 15m")
}

// Deps are the ports that the service needs.
type Deps struct {
	Store     identity.Store
	Registry  identity.Registry
	Regions   *identity.Regions
	Codes     identity.CodeSender
	Cards     Cards
	Digests   identity.Digests
	Consent   identity.ConsentText // in force
	Followers []identity.Follower
	Forget    func(userID string) // removes the user from this process' memory of sessions; nil where it has none
	Alarm     func(region string) // many wrong answers for one person came together, see noteGuess; nil for none
	Step      time.Duration       // wrong answers that an upstream has judged are told at multiples of it; default one second
	Now       func() time.Time    // default time.Now
	Log       *slog.Logger        // default: discard
}

// Service proves links and ends them. See the package comment.
type Service struct {
	cfg         Config
	deps        Deps
	consentHash string
	proofs      map[identity.Method]proof

	lanes   map[string]*lane // by region
	jobs    sync.Map         // challenges that are queued or under way, by sendOp
	sending sync.WaitGroup   // the same
	passes  sync.WaitGroup   // of Run, over a region's proved attempts
	life    context.Context  // ends with Run
	end     context.CancelFunc
}

// New wants a configuration that Check accepts.
func New(cfg Config, deps Deps) (*Service, error) {
	if deps.Store == nil || deps.Registry == nil || deps.Regions == nil || deps.Codes == nil || deps.Cards == nil || deps.Digests == nil {
		return nil, errors.New("linking: store, registry, regions, code sender, cards and digests are needed")
	}
	if deps.Consent.Version == "" || deps.Consent.Text == "" || deps.Consent.Unattended == "" {
		return nil, errors.New("linking: the consent texts and their version are needed")
	}
	if deps.Forget == nil {
		deps.Forget = func(string) {}
	}
	if deps.Alarm == nil {
		deps.Alarm = func(string) {}
	}
	if deps.Step == 0 {
		deps.Step = time.Second
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, deps: deps, consentHash: deps.Consent.Hash()}
	s.life, s.end = context.WithCancel(context.Background())
	s.lanes = map[string]*lane{"": s.newLane("")}
	for _, region := range deps.Regions.All() {
		s.lanes[region.Code] = s.newLane(region.Code)
	}
	s.proofs = map[identity.Method]proof{identity.SMSOnFile: sms{s}, identity.CardPassword: card{s}}
	return s, nil
}
