package reminder

import (
	"time"

	"yibao/balance"
	"yibao/config/setting"
)

// Config is the section reminder of the configuration: times and limits. A zero is a value, not a default.
type Config struct {
	CheckEvery  time.Duration `koanf:"check_every"`  // between two evaluations of a rule
	Lease       time.Duration `koanf:"lease"`        // how long a claimed rule or user stays claimed after a crash
	Cooldown    time.Duration `koanf:"cooldown"`     // after a fall, before the next may fire; 0 for none
	DeliveryTTL time.Duration `koanf:"delivery_ttl"` // unsent so long after the decision: dropped
	UnknownFor  time.Duration `koanf:"unknown_for"`  // how long an unknown message blocks its template for the user
	SendTimeout time.Duration `koanf:"send_timeout"` // for one request to a platform
	Tick        time.Duration `koanf:"tick"`         // pause of an idle worker

	Batch       int `koanf:"batch"`        // rules or users claimed in one pass
	Parallel    int `koanf:"parallel"`     // of those, how many at once
	MaxAttempts int `koanf:"max_attempts"` // sends of one delivery after which nothing accepted becomes dropped
	MaxFree     int `koanf:"max_free"`     // more one-time grants than this are not counted

	DefaultMargin balance.Fen `koanf:"default_margin_fen"` // 0 for none

	DecisionAge time.Duration // an answer fetched longer ago is not fresh; package config copies balance.decision_age here
}

// SetDefaults fills the section.
func (c *Config) SetDefaults() {
	*c = Config{
		CheckEvery: time.Hour, Lease: 2 * time.Minute, Cooldown: 24 * time.Hour, DeliveryTTL: 72 * time.Hour,
		UnknownFor: 10 * time.Minute, SendTimeout: 10 * time.Second, Tick: 5 * time.Second, Batch: 50, Parallel: 4,
		MaxAttempts: 8, MaxFree: 50, DefaultMargin: 1000, DecisionAge: 30 * time.Minute,
	}
}

// Check adds every problem of the section.
func (c *Config) Check(r setting.Report) {
	r.Numbers(*c, "cooldown", "default_margin_fen")
	// A lease is renewed before a send when less than two send timeouts are left of it. A shorter lease would be renewed
	// before every message, or end during one.
	r.Knowing("send_timeout").Need(c.Lease >= 3*c.SendTimeout, "lease", "is shorter than three times send_timeout",
		"a lease that ends while a message is on its way makes its outcome unknown; the defaults are 2m and 10s")
}
